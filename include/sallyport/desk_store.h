/*
 * desk_store.h - who is waiting because of greylisting, what came of it, and
 *                what the operator says to it.
 *
 * An index for people, under hash tags of its own: no mail asks it, and losing it
 * costs nothing but the list (redis-schema/README.md). A mail that has to wait
 * is noted there, and so is one that came back; nothing else is, and neither is
 * what would only have had to wait.
 *
 * Failure:  as store.h.
 * Threads:  any.
 */
#ifndef SALLYPORT_DESK_STORE_H
#define SALLYPORT_DESK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"
#include "sallyport/greylist_store.h"

struct sp_greylist_config;
struct sp_store;

enum {
	SP_DESK_PAGE_MAX = 100,
	SP_DESK_IDENTITIES_MAX = 100,
	SP_DESK_BUCKETS = 16, /* the last one has no end */
	SP_DESK_DAYS = 30,
	SP_EXPECT_MS = 15 * 60 * 1000
};

/* Note what greylisting answered to `question`, if it is of interest. */
enum sp_err sp_desk_note(struct sp_store *store,
			 const struct sp_greylist_config *config,
			 const struct sp_greylist_question *question,
			 const struct sp_greylist_answer *answer,
			 int64_t deadline_ms);

struct sp_desk_filter {
	const char *text; /* in lower case, somewhere in identity, sender or
			     recipient; "" = any */
	bool is_oldest_first;
	uint32_t offset; /* 0, or a page's `next` */
	size_t limit;	 /* 1..SP_DESK_PAGE_MAX */
	int64_t now_ms;	 /* wall */
};

struct sp_desk_page {
	uint64_t waiting; /* in all, whatever the filter */
	size_t count;
	struct sp_greylist_entry entries[SP_DESK_PAGE_MAX];
	/* From there on more can be looked at; 0: that was the last. */
	uint32_t next;
};

/* Those who wait, and have not come back yet. In short steps until the page is
 * full, all were looked at, or half of the time is over. Who comes or goes
 * meanwhile may be missed between two pages, or be on both. */
enum sp_err sp_desk_read(struct sp_store *store,
			 const struct sp_greylist_config *config,
			 const struct sp_desk_filter *filter,
			 int64_t deadline_ms, struct sp_desk_page *page_out);

/* What came of having to wait. */
struct sp_desk_outcome {
	uint64_t begun;
	uint64_t came;
	uint64_t never;		      /* within the retry window */
	uint64_t never_honest;	      /* of these: SPF passed, and on no list */
	uint64_t in[SP_DESK_BUCKETS]; /* of those who came: how long after */
};

/* The end of a bucket in seconds; `bucket` is not the last. */
unsigned sp_desk_bound_sec(unsigned bucket);

/* Within what time `share` (0..1) of those who came back did, in seconds;
 * evenly between bounds. 0: nobody came. */
double sp_desk_quantile_sec(const struct sp_desk_outcome *outcome,
			    double share);

/* Of the last SP_DESK_DAYS days, today included. */
enum sp_err sp_desk_sum(struct sp_store *store, int64_t now_ms,
			int64_t deadline_ms,
			struct sp_desk_outcome *outcome_out);

struct sp_desk_identity {
	char identity[SP_IDENTITY_SIZE];
	int64_t last_ms; /* it had to wait */
	struct sp_desk_outcome outcome;
};

/* Of the `count` (SP_DESK_IDENTITIES_MAX at most) identities that had to wait
 * last, since they are kept: 32 days without having to wait. */
enum sp_err sp_desk_identities(struct sp_store *store, size_t count,
			       int64_t deadline_ms,
			       struct sp_desk_identity *identities_out,
			       size_t *count_out);

/* --- the operator's words -------------------------------------------------- */

/* It is known from now on, as if it had passed often enough. SP_ERR_RANGE:
 * greylist.known-after is 0, nobody is ever known. */
enum sp_err sp_greylist_trust(struct sp_store *store,
			      const struct sp_greylist_config *config,
			      const char *identity, int64_t now_ms);

/* Mail to `recipient` (sp_address_key) need not wait for SP_EXPECT_MS. */
enum sp_err sp_greylist_expect(struct sp_store *store, const char *recipient,
			       int64_t now_ms);

#endif
