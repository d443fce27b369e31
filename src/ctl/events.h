/*
 * events.h - Redis's events, for the commands that read them.
 *
 * Threads:  one at a time.
 */
#ifndef SP_CTL_EVENTS_H
#define SP_CTL_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "command.h"
#include "sallyport/event_store.h"

struct sp_store;

/* The store of `ctl->config`. Says why not; SP_EXIT_FINE or
 * SP_EXIT_UNREACHABLE. */
int sp_events_open(const struct sp_ctl *ctl, struct sp_store **store_out);

/* Say that Redis did not answer; returns SP_EXIT_UNREACHABLE. */
int sp_events_fail(const struct sp_store *store, enum sp_err err);

/* One page with facts; the deadline is this command's. */
enum sp_err sp_events_page(struct sp_store *store,
			   const struct sp_event_filter *filter,
			   struct sp_event_page *page_out);

/* "90s", "24h", "7d" in milliseconds; false when it is none. */
bool sp_events_parse_span(const char *text, int64_t *ms_out);

#endif
