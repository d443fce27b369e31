/*
 * walk.h - a walk over all keys of a kind, in short steps: a moment of Redis
 * each, however many keys there are.
 *
 * Threads:  any.
 */
#ifndef SALLYPORT_STORE_WALK_H
#define SALLYPORT_STORE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/store.h"

enum {
	SP_WALK_BATCH = 256 /* keys that are visited together, at most */
};

/* What is done with one batch of keys; *go_on_out = false ends the walk. */
struct sp_walker {
	enum sp_err (*visit)(struct sp_store *store,
			     const struct sp_store_bytes *keys, size_t count,
			     bool *go_on_out, void *context);
	void *context;
};

/* All keys that match `pattern` (as SCAN's MATCH). One that comes or goes
 * meanwhile may be seen or not, or twice. */
enum sp_err sp_walk(struct sp_store *store, const char *pattern,
		    const struct sp_walker *walker);

/* The deadline of one command: each of a long walk has its own time. */
int64_t sp_walk_soon(void);

#endif
