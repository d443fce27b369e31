#include "events.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/store.h"

enum {
	PAGE_MS = 10000
};

int sp_events_open(const struct sp_ctl *ctl, struct sp_store **store_out)
{
	if (sp_store_new(&ctl->config->redis, store_out) == SP_OK)
		return SP_EXIT_FINE;
	return sp_ctl_fail(SP_EXIT_UNREACHABLE, "the store cannot be set up");
}

int sp_events_fail(const struct sp_store *store, enum sp_err err)
{
	struct sp_store_health health;

	sp_store_health(store, &health);
	return sp_ctl_fail(SP_EXIT_UNREACHABLE, "Redis: %s%s%s",
			   sp_err_text(err), health.last_error[0] ? ": " : "",
			   health.last_error);
}

enum sp_err sp_events_page(struct sp_store *store,
			   const struct sp_event_filter *filter,
			   struct sp_event_page *page_out)
{
	return sp_event_read(store, filter, sp_clock_mono_ms() + PAGE_MS,
			     page_out);
}

bool sp_events_parse_span(const char *text, int64_t *ms_out)
{
	static const struct {
		char unit;
		int64_t ms;
	} rows[] = {
		{ 's', 1000 },	   { 'm', 60000 },     { 'h', 3600000 },
		{ 'd', 86400000 }, { 'w', 604800000 },
	};
	char *end;
	long number = strtol(text, &end, 10);

	if (end == text || number < 1 || number > 1000000 || end[0] == '\0' ||
	    end[1] != '\0')
		return false;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].unit == *end) {
			*ms_out = number * rows[i].ms;
			return true;
		}
	return false;
}
