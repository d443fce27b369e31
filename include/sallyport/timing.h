/*
 * timing.h - how long things take, as histograms since the start.
 *
 * Threads:  any; each bucket is an atomic by itself, so a view may be a moment
 *           apart within itself.
 */
#ifndef SALLYPORT_TIMING_H
#define SALLYPORT_TIMING_H

#include <stdint.h>

enum {
	SP_TIMING_BUCKETS = 15, /* the last one has no end */
	SP_TIMING_STAGES = 12	/* room for every enum sp_stage */
};

enum sp_timing {
	SP_TIMING_MAIL,	 /* what one mail waited for our checks, in sum */
	SP_TIMING_STORE, /* Redis's answer to one question, or its failure */
	SP_TIMING_DNS,	 /* the resolver's, of those not known before */
	SP_TIMING_STAGE, /* the checks of the first stage, once; others follow */
	SP_TIMING_END = SP_TIMING_STAGE + SP_TIMING_STAGES
};

struct sp_timing_view {
	uint64_t counts[SP_TIMING_BUCKETS]; /* each its own, not cumulated */
	uint64_t count;			    /* the sum of these */
	uint64_t sum_us;
};

/* The end of a bucket, which belongs to it; `bucket` is not the last. */
int64_t sp_timing_bound_us(unsigned bucket);

void sp_timing_add(enum sp_timing timing, int64_t took_us);
void sp_timing_get(enum sp_timing timing, struct sp_timing_view *view_out);

/* Below what time `share` (0..1) of all lies: between the bounds of its bucket
 * as if they lay evenly there. 0 without any; the last bound when it is behind
 * that. */
double sp_timing_quantile_us(const struct sp_timing_view *view, double share);

#endif
