/*
 * event_store.h - what Redis keeps of verdicts: events, and counters.
 *
 * An event is one mail: a JSON object that says all about it (its members are in
 * redis-schema/README.md), the facts that its verdict was made of, and words to
 * find it by. The latest `record.events` are kept, no longer than `record.keep`.
 *
 *   id/01JD...        queue/4XyZ...      verdict/reject    would/defer
 *   client/192.0.2.1  from/a.example     greylist/new      finding/SPF_FAIL
 *   submitter/sasl:alice@example.org
 *
 * Words are printable without spaces; of other bytes, and of '%', %HH stands
 * there (sp_event_word writes them).
 *
 * Everything is found by its index: no call here runs over all keys.
 *
 * Time:     the caller's wall clock.
 * Failure:  as store.h.
 * Threads:  any.
 */
#ifndef SALLYPORT_EVENT_STORE_H
#define SALLYPORT_EVENT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"

struct sp_store;
struct sp_store_reply;
struct sp_text;

enum {
	SP_EVENT_PLACE_SIZE = 44, /* "1763760000000-12": in the stream */
	SP_EVENT_WORD_SIZE = 160,
	SP_EVENT_BATCH = 8, /* events of one call */
	SP_EVENT_PAGE = 100,
	SP_EVENT_FILTER_WORDS = 4
};

/* "client/" and "192.0.2.1"; a space before it unless the text is empty. A word
 * is cut at SP_EVENT_WORD_SIZE; NULL and "" add nothing. */
void sp_event_word(struct sp_text *words, const char *kind, const char *value);

/* No line's end in any of them. */
struct sp_event {
	const char *words; /* with spaces between */
	const char *json;
	const char *facts; /* "": not kept */
};

struct sp_event_batch {
	size_t count; /* 0..SP_EVENT_BATCH */
	const struct sp_event *events;
	const char *counts; /* "mails 2 verdict/accept 2": added to the
			       counters of now */
	int64_t now_ms;	    /* wall */
	unsigned most;	    /* that are kept; 0: none is added */
	int64_t keep_ms;
};

/* All of it in one step. */
enum sp_err sp_event_add(struct sp_store *store,
			 const struct sp_event_batch *batch,
			 int64_t deadline_ms);

/* Which events; all of it must hold. */
struct sp_event_filter {
	/* Those that are not NULL, the rarest first: it decides what is looked
	 * at. */
	const char *words[SP_EVENT_FILTER_WORDS];
	const char *text; /* in lower case, somewhere in the JSON; NULL: any */
	const char
		*before; /* a page's `next`; NULL or "": from the latest on */
	int64_t since_ms;
	unsigned limit; /* 1..SP_EVENT_PAGE */
	bool has_facts; /* they are wanted */
};

struct sp_event_view {
	const char *place; /* its millisecond and a number */
	const char *json;
	const char *facts; /* "": not asked for, or not kept */
};

/* Give it back with sp_event_page_clear. */
struct sp_event_page {
	size_t count;
	struct sp_event_view events[SP_EVENT_PAGE]; /* the latest first */
	/* There may be more from there on, also when none was found here: so
	 * many events are looked at for a page and no more. "": that is all. */
	char next[SP_EVENT_PLACE_SIZE];
	struct sp_store_reply *reply; /* what the texts stand in */
};

enum sp_err sp_event_read(struct sp_store *store,
			  const struct sp_event_filter *filter,
			  int64_t deadline_ms, struct sp_event_page *page_out);
void sp_event_page_clear(struct sp_event_page *page);

/* How many there are, and when the oldest was noted (wall; 0: there is none). */
struct sp_event_extent {
	uint64_t count;
	int64_t oldest_ms;
};
enum sp_err sp_event_extent(struct sp_store *store, int64_t deadline_ms,
			    struct sp_event_extent *extent_out);

/*
 * Counters: mails, verdict/OUTCOME, would/OUTCOME, finding/NAME,
 * greylist/STATE, degraded/WHAT, waited/SECONDS (of those that came back in
 * time: they took no longer than that, and longer than the next lower) and
 * waited/more.
 */
enum sp_count_unit {
	SP_COUNT_MINUTES, /* kept for a day */
	SP_COUNT_HOURS,	  /* 32 days */
	SP_COUNT_DAYS	  /* 400 days */
};

struct sp_count_view {
	int64_t begins_ms; /* wall: of the minute, hour or day */
	const char *name;
	int64_t count;
};

/* Of which time; a part of a unit counts as the whole. */
struct sp_count_span {
	enum sp_count_unit unit;
	int64_t from_ms, until_ms;
};

/* Calls `found` for each counter that is there, in no order. SP_ERR_RANGE: more
 * than 48 keys (2 days in minutes, 48 in hours, 4 years in days). */
enum sp_err sp_count_read(struct sp_store *store,
			  const struct sp_count_span *span, int64_t deadline_ms,
			  void (*found)(const struct sp_count_view *view,
					void *context),
			  void *context);

#endif
