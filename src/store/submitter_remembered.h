/*
 * submitter_remembered.h - what the memory of submitters is made of (inside
 * src/store only): submitter_memory.c counts in it, submitter_recall.c shows
 * and changes it for the operator.
 *
 * Threads:  everything under the memory's lock.
 */
#ifndef SALLYPORT_STORE_SUBMITTER_REMEMBERED_H
#define SALLYPORT_STORE_SUBMITTER_REMEMBERED_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/submitter_store.h"
#include "submitter_memory.h"
#include "submitter_ring.h"

enum {
	SP_DISTINCT_KINDS = SP_COUNTED_KINDS - SP_COUNTED_DISTINCT
};

/* The sum of one thing within one window. */
struct sp_remembered_sum {
	enum sp_counted counted;
	struct sp_ring ring;
};

/* Something that counts once, and when it was there last. */
struct sp_sighting {
	uint64_t what;
	int64_t last_ms;
};

/* The latest first. */
struct sp_sightings {
	struct sp_sighting *items;
	size_t count, room;
};

struct sp_remembered {
	struct sp_remembered *next_in_bucket;
	struct sp_remembered *newer, *older;
	char submitter[SP_SUBMITTER_SIZE];
	struct sp_submitter_standing standing;
	bool is_unsaved; /* found here, and Redis does not know */
	/* Of the limit that its latest mail has come nearest to, thousandths. */
	uint32_t share;
	struct sp_index_news indexed; /* what the index was told last */
	struct sp_remembered_sum *sums;
	size_t sum_count;
	struct sp_sightings seen[SP_DISTINCT_KINDS];
};

struct sp_submitter_memory {
	pthread_mutex_t lock;
	size_t most, count, bytes; /* guarded by lock, like all below */
	int64_t locked_until_ms;   /* the longest lock that was met */
	struct sp_remembered *newest, *oldest;
	size_t bucket_count; /* a power of two */
	struct sp_remembered **buckets;
};

/* NULL when it is not remembered. */
struct sp_remembered *sp_memory_find(struct sp_submitter_memory *memory,
				     const char *submitter);

/* The one that is there, or a new one; it is the newest now. */
struct sp_remembered *sp_memory_find_or_add(struct sp_submitter_memory *memory,
					    const char *submitter);

/* What is over is over. */
void sp_memory_let_go(struct sp_remembered *entry, int64_t now_ms);

/* One more that MAIL is answered for; see sp_submitter_memory_has_locks. */
void sp_memory_note_lock(struct sp_submitter_memory *memory,
			 const struct sp_submitter_standing *standing);

void sp_memory_forget(struct sp_submitter_memory *memory,
		      struct sp_remembered *entry);

#endif
