#include "submitter_ring.h"

#include <string.h>

static uint32_t add(uint32_t a, uint32_t b)
{
	return b > UINT32_MAX - a ? UINT32_MAX : a + b;
}

void sp_ring_init(struct sp_ring *ring, int64_t window_ms)
{
	*ring = (struct sp_ring){ .window_ms = window_ms };
}

static int64_t slice_at(const struct sp_ring *ring, int64_t now_ms)
{
	int64_t width_ms =
		(ring->window_ms + SP_RING_SLICES - 1) / SP_RING_SLICES;

	return now_ms / width_ms;
}

uint32_t sp_ring_slide(struct sp_ring *ring, int64_t now_ms)
{
	const int64_t slice = slice_at(ring, now_ms);
	uint32_t counts[SP_RING_SLICES + 1] = { 0 };
	int64_t age = slice - ring->slice;
	uint32_t sum = 0;

	for (int i = 0; i <= SP_RING_SLICES && age <= SP_RING_SLICES;
	     i++, age++) {
		int64_t here = age < 0 ? 0 : age;

		counts[here] = add(counts[here], ring->counts[i]);
		sum = add(sum, ring->counts[i]);
	}
	ring->slice = slice;
	memcpy(ring->counts, counts, sizeof(counts));
	return sum;
}

void sp_ring_add(struct sp_ring *ring, uint32_t count)
{
	ring->counts[0] = add(ring->counts[0], count);
}

void sp_ring_set(struct sp_ring *ring, int64_t now_ms, uint32_t sum)
{
	memset(ring->counts, 0, sizeof(ring->counts));
	ring->slice = slice_at(ring, now_ms);
	ring->counts[0] = sum;
}
