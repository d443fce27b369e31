#include "sallyport/geo.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "database.h"
#include "sallyport/log.h"
#include "sallyport/text.h"

struct part {
	char *path; /* "" = none */
	struct sp_geo_database *database;
	char trouble[SP_GEO_REASON_SIZE];
};

struct sp_geo {
	struct part parts[SP_GEO_KINDS];
};

const char *sp_geo_option(enum sp_geo_kind kind)
{
	return kind == SP_GEO_COUNTRY ? "outbound.country-database"
				      : "outbound.asn-database";
}

static void say_opened(const struct part *part, enum sp_geo_kind kind)
{
	time_t built = (time_t)sp_geo_database_built_sec(part->database);
	char day[32] = "a day that it does not say";
	struct tm utc;

	if (built > 0 && gmtime_r(&built, &utc) != NULL)
		(void)strftime(day, sizeof(day), "%Y-%m-%d", &utc);
	sp_log(SP_LOG_INFO, "%s: %s: %s of %s", sp_geo_option(kind), part->path,
	       sp_geo_database_type(part->database), day);
}

static void say_trouble(const struct part *part, enum sp_geo_kind kind)
{
	const char *counted = kind == SP_GEO_COUNTRY ? "countries" : "asns";

	if (part->database != NULL)
		sp_log(SP_LOG_ERROR,
		       "%s: %s %s; what was read before stays in use. Put it "
		       "right and reload",
		       sp_geo_option(kind), part->path, part->trouble);
	else
		sp_log(SP_LOG_ERROR,
		       "%s: %s %s; %s are not counted. Put it right and reload",
		       sp_geo_option(kind), part->path, part->trouble, counted);
}

static void open_part(struct part *part, const struct part *old,
		      enum sp_geo_kind kind)
{
	bool is_same_path = old != NULL && strcmp(old->path, part->path) == 0;
	struct sp_geo_database *before = is_same_path ? old->database : NULL;

	if (before != NULL && sp_geo_database_is_of(before, part->path)) {
		part->database = sp_geo_database_ref(before);
		return;
	}
	part->database = sp_geo_database_open(part->path, kind, part->trouble);
	if (part->database != NULL) {
		say_opened(part, kind);
		return;
	}
	part->database = sp_geo_database_ref(before);
	say_trouble(part, kind);
}

enum sp_err sp_geo_new(const struct sp_geo_files *files,
		       const struct sp_geo *old, struct sp_geo **geo_out)
{
	struct sp_geo *geo = calloc(1, sizeof(*geo));

	*geo_out = NULL;
	if (geo == NULL)
		return SP_ERR_NO_MEMORY;
	for (enum sp_geo_kind kind = 0; kind < SP_GEO_KINDS; kind++) {
		struct part *part = &geo->parts[kind];

		part->path = strdup(files->paths[kind]);
		if (part->path == NULL) {
			sp_geo_free(&geo);
			return SP_ERR_NO_MEMORY;
		}
		if (part->path[0] != '\0')
			open_part(part, old != NULL ? &old->parts[kind] : NULL,
				  kind);
	}
	*geo_out = geo;
	return SP_OK;
}

void sp_geo_free(struct sp_geo **geo)
{
	if (*geo == NULL)
		return;
	for (size_t i = 0; i < SP_GEO_KINDS; i++) {
		free((*geo)->parts[i].path);
		sp_geo_database_unref(&(*geo)->parts[i].database);
	}
	free(*geo);
	*geo = NULL;
}

void sp_geo_find(const struct sp_geo *geo, const struct sp_ip *client,
		 struct sp_place *place_out)
{
	*place_out = (struct sp_place){ .country = "" };
	for (size_t i = 0; geo != NULL && i < SP_GEO_KINDS; i++)
		if (geo->parts[i].database != NULL)
			sp_geo_database_find(geo->parts[i].database, client,
					     place_out);
}

void sp_geo_look(const struct sp_geo *geo, enum sp_geo_kind kind,
		 struct sp_geo_view *view_out)
{
	const struct part *part = &geo->parts[kind];

	*view_out = (struct sp_geo_view){
		.path = part->path,
		.is_open = part->database != NULL,
		.type = "",
		.trouble = part->trouble,
	};
	if (part->database == NULL)
		return;
	view_out->type = sp_geo_database_type(part->database);
	view_out->built_sec = sp_geo_database_built_sec(part->database);
}

bool sp_geo_check(const char *path, enum sp_geo_kind kind,
		  char reason_out[SP_GEO_REASON_SIZE])
{
	struct sp_geo_database *database =
		sp_geo_database_open(path, kind, reason_out);
	bool is_good = database != NULL;

	sp_geo_database_unref(&database);
	return is_good;
}
