#include "user_view.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "sallyport/config.h"
#include "sallyport/submitter_store.h"
#include "sallyport/text.h"
#include "views.h"

enum {
	TIME_SIZE = 32,
	LIMIT_SIZE = 96,
	WHY_SIZE = SP_SUBMITTER_WORDS_SIZE + 96
};

static void put(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static void put_text(json_t *object, const char *name, const char *text)
{
	put(object, name, sp_view_text(text));
}

static void put_number(json_t *object, const char *name, int64_t number)
{
	put(object, name, json_integer((json_int_t)number));
}

void sp_view_time(json_t *object, const char *name, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char key[64], shown[TIME_SIZE];
	struct sp_text text;
	struct tm parts;

	sp_text_init(&text, key, sizeof(key));
	sp_text_addf(&text, "%s_ms", name);
	if (ms <= 0 || gmtime_r(&seconds, &parts) == NULL) {
		put(object, name, json_null());
		put(object, key, json_null());
		return;
	}
	strftime(shown, sizeof(shown), "%Y-%m-%dT%H:%M:%SZ", &parts);
	put_text(object, name, shown);
	put_number(object, key, ms);
}

/* --- a state -------------------------------------------------------------- */

void sp_view_standing(json_t *object,
		      const struct sp_submitter_standing *standing)
{
	bool is_ok = standing->state == SP_SUBMITTER_OK;
	char why[WHY_SIZE] = "";
	struct sp_text text;

	sp_text_init(&text, why, sizeof(why));
	if (!is_ok)
		sp_submitter_why_write(&standing->why, &text);
	put_text(object, "state", sp_submitter_state_name(standing->state));
	sp_view_time(object, "since", is_ok ? 0 : standing->since_ms);
	sp_view_time(object, "until", is_ok ? 0 : standing->until_ms);
	put(object, "observed", json_boolean(standing->is_observed));
	put(object, "why", is_ok ? json_null() : sp_view_text(why));
	put_text(object, "cause",
		 is_ok ? "none" : sp_submitter_cause_name(standing->why.cause));
}

static json_t *view_before(const struct sp_submitter_entry *entry)
{
	json_t *object;

	if (entry->was.state == SP_SUBMITTER_OK)
		return json_null();
	object = json_object();
	sp_view_standing(object, &entry->was);
	sp_view_time(object, "ended", entry->ended_ms);
	put(object, "released", json_boolean(entry->was_released));
	return object;
}

/* --- limits --------------------------------------------------------------- */

static void put_stands(json_t *object, const struct sp_stands *stands)
{
	bool is_written = stands->file != NULL && stands->line > 0;

	put(object, "file",
	    is_written ? sp_view_text(stands->file) : json_null());
	put(object, "line",
	    is_written ? json_integer(stands->line) : json_null());
}

static json_t *limit_text(const struct sp_limit *limit)
{
	char bytes[LIMIT_SIZE];
	struct sp_text text;

	sp_text_init(&text, bytes, sizeof(bytes));
	sp_limit_write(limit, &text);
	return sp_view_text(bytes);
}

static json_t *view_limit(const struct sp_limit *limit)
{
	json_t *object = json_object();

	put(object, "limit", limit_text(limit));
	put_text(object, "counted", sp_counted_name(limit->counted));
	put_number(object, "window_ms", limit->window_ms);
	put_number(object, "most", limit->most);
	put_text(object, "leads_to", sp_submitter_state_name(limit->state));
	put_stands(object, &limit->stands);
	return object;
}

static json_t *view_limits(const struct sp_submitter_entry *entry)
{
	json_t *array = json_array();

	for (size_t i = 0; i < entry->class->count; i++) {
		const struct sp_limit *limit = &entry->class->limits[i];
		json_t *object = view_limit(limit);

		put_number(object, "count", entry->counts[i]);
		put(object, "share",
		    json_real(sp_limit_share(limit, entry->counts[i]) /
			      1000.0));
		put(object, "usual",
		    entry->usual[i] > 0 ? json_integer(entry->usual[i])
					: json_null());
		json_array_append_new(array, object);
	}
	return array;
}

json_t *sp_view_class(const struct sp_class *class)
{
	json_t *object = json_object();
	json_t *limits = json_array();

	for (size_t i = 0; i < class->count; i++)
		json_array_append_new(limits, view_limit(&class->limits[i]));
	put_text(object, "name", class->name);
	put(object, "limits", limits);
	return object;
}

json_t *sp_view_class_reason(const struct sp_class_reason *reason)
{
	json_t *object;

	if (reason->by[0] == '\0')
		return json_null();
	object = json_object();
	put_text(object, "by", reason->by);
	put_text(object, "whom", reason->whom);
	put_stands(object, &reason->stands);
	return object;
}

json_t *sp_view_unusual(const struct sp_unusual_config *unusual)
{
	json_t *object;

	if (unusual->state == SP_SUBMITTER_OK)
		return json_null();
	object = json_object();
	put_text(object, "leads_to", sp_submitter_state_name(unusual->state));
	put(object, "factor", json_real(unusual->factor));
	put_number(object, "after_ms", unusual->after_ms);
	put_number(object, "hour", unusual->hour);
	put_number(object, "day", unusual->day);
	put_number(object, "networks", unusual->networks);
	put_number(object, "countries", unusual->countries);
	return object;
}

/* --- a submitter ---------------------------------------------------------- */

static const char *kind_of(const char *submitter)
{
	return strncmp(submitter, "uid:", 4) == 0   ? "user"
	       : strncmp(submitter, "net:", 4) == 0 ? "network"
						    : "login";
}

/* The lowest limit of that window. */
static json_t *most_of(const struct sp_class *class,
		       const struct sp_submitter_traffic *traffic)
{
	const struct sp_limit *lowest = NULL;

	for (size_t i = 0; i < class->count; i++) {
		const struct sp_limit *limit = &class->limits[i];

		if (limit->counted == traffic->counted &&
		    limit->window_ms == traffic->window_ms &&
		    (lowest == NULL || limit->most < lowest->most))
			lowest = limit;
	}
	return lowest == NULL ? json_null() : json_integer(lowest->most);
}

/* hour and day, each with messages and recipients. */
static void put_traffic(json_t *object, const struct sp_submitter_entry *entry)
{
	json_t *windows[2] = { json_object(), json_object() };

	for (size_t i = 0; i < SP_SUBMITTER_TRAFFIC; i++) {
		const struct sp_submitter_traffic *traffic = &entry->traffic[i];
		json_t *cell = json_object();
		json_t *most = most_of(entry->class, traffic);

		/* What a limit counts, and is not there, is none. */
		put(cell, "count",
		    traffic->is_kept || json_is_integer(most)
			    ? json_integer(traffic->count)
			    : json_null());
		put(cell, "most", most);
		put(windows[i / 2], sp_counted_name(traffic->counted), cell);
	}
	put(object, "hour", windows[0]);
	put(object, "day", windows[1]);
}

static json_t *view_nearest(const struct sp_submitter_entry *entry)
{
	size_t limit;
	uint32_t share = sp_submitter_share(entry, &limit);
	json_t *object;

	if (share == 0)
		return json_null();
	object = json_object();
	put(object, "limit", limit_text(&entry->class->limits[limit]));
	put(object, "share", json_real(share / 1000.0));
	return object;
}

json_t *sp_view_user(const struct sp_submitter_entry *entry, int64_t now_ms)
{
	const struct sp_submitter_standing *standing = &entry->standing;
	bool is_ok = standing->state == SP_SUBMITTER_OK;
	json_t *object = json_object();

	put_text(object, "submitter", entry->submitter);
	put_text(object, "kind", kind_of(entry->submitter));
	sp_view_standing(object, standing);
	put(object, "left_ms",
	    is_ok ? json_null() : json_integer(standing->until_ms - now_ms));
	put_text(object, "class", entry->class->name);
	sp_view_time(object, "first_mail", entry->first_ms);
	sp_view_time(object, "last_mail", entry->last_ms);
	put_traffic(object, entry);
	put(object, "nearest", view_nearest(entry));
	return object;
}

static json_t *view_places(const struct sp_submitter_entry *entry)
{
	json_t *array = json_array();

	for (size_t i = 0; i < entry->place_count; i++) {
		const struct sp_submitter_place *place = &entry->places[i];
		json_t *object = json_object();

		put_text(object, "kind", sp_counted_name(place->counted));
		put_text(object, "place", place->text);
		sp_view_time(object, "last", place->last_ms);
		json_array_append_new(array, object);
	}
	return array;
}

json_t *sp_view_user_whole(const struct sp_submitter_entry *entry,
			   const struct sp_class_reason *reason, int64_t now_ms)
{
	json_t *object = sp_view_user(entry, now_ms);

	put(object, "before", view_before(entry));
	put(object, "class_reason", sp_view_class_reason(reason));
	put(object, "limits", view_limits(entry));
	put(object, "places", view_places(entry));
	return object;
}
