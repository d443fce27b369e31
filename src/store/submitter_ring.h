/*
 * submitter_ring.h - a sum within a window that slides: the current twelfth of
 * it and the twelve before. The same as redis-schema/submitter-count.lua does.
 *
 * Threads:  one thread at a time.
 */
#ifndef SALLYPORT_STORE_SUBMITTER_RING_H
#define SALLYPORT_STORE_SUBMITTER_RING_H

#include <stdint.h>

enum {
	SP_RING_SLICES = 12
};

struct sp_ring {
	int64_t window_ms;
	int64_t slice; /* the number of the latest one */
	uint32_t counts[SP_RING_SLICES + 1];
};

/* Empty. */
void sp_ring_init(struct sp_ring *ring, int64_t window_ms);

/* Let go what is too old at `now_ms`. Returns what is left, in sum. What lies in
 * the future (a clock was set back) counts as now. */
uint32_t sp_ring_slide(struct sp_ring *ring, int64_t now_ms);

/* Add to what has slid to now. */
void sp_ring_add(struct sp_ring *ring, uint32_t count);

/* Have it hold `sum`, as if all of it were of now. */
void sp_ring_set(struct sp_ring *ring, int64_t now_ms, uint32_t sum);

#endif
