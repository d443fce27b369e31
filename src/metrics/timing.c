#include "sallyport/timing.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

static const int64_t bounds_us[SP_TIMING_BUCKETS - 1] = {
	500,	1000,	2500,	5000,	 10000,	  25000,   50000,
	100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,
};

static struct {
	_Atomic uint64_t counts[SP_TIMING_BUCKETS];
	_Atomic uint64_t sum_us;
} timings[SP_TIMING_END];

int64_t sp_timing_bound_us(unsigned bucket)
{
	return bounds_us[bucket];
}

void sp_timing_add(enum sp_timing timing, int64_t took_us)
{
	unsigned bucket = 0;

	if (took_us < 0)
		took_us = 0;
	while (bucket < SP_TIMING_BUCKETS - 1 && took_us > bounds_us[bucket])
		bucket++;
	atomic_fetch_add_explicit(&timings[timing].counts[bucket], 1,
				  memory_order_relaxed);
	atomic_fetch_add_explicit(&timings[timing].sum_us, (uint64_t)took_us,
				  memory_order_relaxed);
}

void sp_timing_get(enum sp_timing timing, struct sp_timing_view *view_out)
{
	memset(view_out, 0, sizeof(*view_out));
	view_out->sum_us = atomic_load_explicit(&timings[timing].sum_us,
						memory_order_relaxed);
	for (size_t i = 0; i < SP_TIMING_BUCKETS; i++) {
		view_out->counts[i] = atomic_load_explicit(
			&timings[timing].counts[i], memory_order_relaxed);
		view_out->count += view_out->counts[i];
	}
}

double sp_timing_quantile_us(const struct sp_timing_view *view, double share)
{
	double wanted = share * (double)view->count;
	double below = 0, begin_us = 0;

	if (view->count == 0)
		return 0;
	for (unsigned i = 0; i < SP_TIMING_BUCKETS - 1; i++) {
		double here = (double)view->counts[i];

		if (here > 0 && below + here >= wanted)
			return begin_us + ((double)bounds_us[i] - begin_us) *
						  (wanted - below) / here;
		below += here;
		begin_us = (double)bounds_us[i];
	}
	return begin_us;
}
