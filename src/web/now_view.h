/*
 * now_view.h - GET /api/now: what happens at this moment (README: its members).
 *
 * Threads:  HTTP's only.
 */
#ifndef SALLYPORT_WEB_NOW_VIEW_H
#define SALLYPORT_WEB_NOW_VIEW_H

#include "call.h"
#include "sallyport/timing.h"

enum {
	SP_NOW_SAMPLES = 32
};

/* How mails have waited, as it was now and then in the last minutes: what is
 * said of "now" is what came since. Zero-initialised. */
struct sp_now_history {
	size_t count;
	struct {
		int64_t at_ms; /* monotonic */
		struct sp_timing_view view;
	} samples[SP_NOW_SAMPLES]; /* the oldest first */
};

void sp_view_now(const struct sp_web_call *call);

#endif
