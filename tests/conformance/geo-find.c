/*
 * geo-find: for the tests of src/geo, a line in, a line out.
 *
 *   open COUNTRY ASN        files, "-" for none; comes from what was open before
 *   check country|asn FILE  "good", or what is the matter
 *   find ADDRESS            "DE 64500", "-" for what is not known
 *   look country|asn        "PATH TYPE BUILT TROUBLE" as far as they are known
 *   fuzz country|asn FILE   its places, whatever it is: "done"
 */
#include "sallyport/geo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/ip.h"

static struct sp_geo *now;

static const char *none_if_empty(const char *text)
{
	return *text != '\0' ? text : "-";
}

static const char *path_of(const char *word)
{
	return strcmp(word, "-") == 0 ? "" : word;
}

static enum sp_geo_kind kind_of(const char *word)
{
	return strcmp(word, "asn") == 0 ? SP_GEO_ASN : SP_GEO_COUNTRY;
}

static void open_files(const char *country, const char *asn)
{
	const struct sp_geo_files files = { { path_of(country),
					      path_of(asn) } };
	struct sp_geo *before = now;

	if (sp_geo_new(&files, before, &now) != SP_OK)
		abort();
	sp_geo_free(&before);
	(void)puts("done");
}

static void find(const struct sp_geo *geo, const char *address)
{
	struct sp_place place;
	struct sp_ip client;

	(void)sp_ip_parse(address, &client);
	sp_geo_find(geo, &client, &place);
	(void)printf("%s %s\n", none_if_empty(place.country),
		     none_if_empty(place.asn));
}

static void check(const char *kind, const char *path)
{
	char reason[SP_GEO_REASON_SIZE];

	(void)puts(sp_geo_check(path, kind_of(kind), reason) ? "good" : reason);
}

static void look(const char *kind)
{
	struct sp_geo_view view;

	sp_geo_look(now, kind_of(kind), &view);
	(void)printf("%s %s %s %" PRId64 " %s\n", none_if_empty(view.path),
		     view.is_open ? "open" : "closed", none_if_empty(view.type),
		     view.built_sec, none_if_empty(view.trouble));
}

/* Addresses all over both trees. */
static void fuzz(const char *kind, const char *path)
{
	bool is_country = kind_of(kind) == SP_GEO_COUNTRY;
	const struct sp_geo_files files = { { is_country ? path : "",
					      is_country ? "" : path } };
	struct sp_geo *geo;
	struct sp_place place;

	if (sp_geo_new(&files, NULL, &geo) != SP_OK)
		abort();
	for (unsigned i = 0; i < 512; i++) {
		struct sp_ip client = {
			.family = i % 2 == 0 ? SP_IP_4 : SP_IP_6,
			.bytes = { (uint8_t)(i * 37), (uint8_t)(i / 2), 2, 1 },
		};

		sp_geo_find(geo, &client, &place);
	}
	sp_geo_free(&geo);
	(void)puts("done");
}

static void obey(char *line)
{
	char *rest = line;
	const char *verb = strsep(&rest, " ");
	const char *first = strsep(&rest, " ");
	const char *second = strsep(&rest, " ");

	if (first == NULL)
		abort();
	if (strcmp(verb, "find") == 0)
		find(now, first);
	else if (strcmp(verb, "look") == 0)
		look(first);
	else if (second == NULL)
		abort();
	else if (strcmp(verb, "open") == 0)
		open_files(first, second);
	else if (strcmp(verb, "check") == 0)
		check(first, second);
	else if (strcmp(verb, "fuzz") == 0)
		fuzz(first, second);
	else
		abort();
	(void)fflush(stdout);
}

int main(void)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		obey(line);
	}
	sp_geo_free(&now);
	return 0;
}
