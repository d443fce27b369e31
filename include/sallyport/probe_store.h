/*
 * probe_store.h - what a client's network tried in vain lately.
 *
 * One key, sp:probe:{IDENTITY}, with a window that slides in twelve slices
 * (redis-schema/README.md). Greylisting reads it along with its own question
 * (sp_greylist_ask), so that a usual mail asks Redis once.
 *
 * Time:     the caller's wall clock, as greylist_store.h.
 * Failure:  as store.h.
 * Threads:  any.
 */
#ifndef SALLYPORT_PROBE_STORE_H
#define SALLYPORT_PROBE_STORE_H

#include <stdint.h>

#include "sallyport/err.h"

struct sp_store;

/* What did not come of it: two kinds of recipients that the mail server did not
 * take, and connections. */
struct sp_probe_counts {
	uint32_t unknown; /* no such user */
	uint32_t relay;	  /* not ours to deliver */
	uint32_t hung_up; /* before they were greeted */
};

struct sp_probe_question {
	const char *identity; /* "net:192.0.2.0/24" */
	int64_t window_ms;    /* exact to a twelfth: a slice goes as a whole */
	int64_t now_ms;	      /* wall */
	struct sp_probe_counts more; /* to add; with zeros nothing is written */
};

/* Add `more`, and sum up the window, these included. One round trip. */
enum sp_err sp_probe_count(struct sp_store *store,
			   const struct sp_probe_question *question,
			   int64_t deadline_ms,
			   struct sp_probe_counts *sum_out);

#endif
