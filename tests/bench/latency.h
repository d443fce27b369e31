/*
 * latency.h - how long the stages took, and their percentiles.
 *
 * Every sample is kept, so percentiles are exact.
 *
 * Threads:  one per struct latencies; latencies_add_all merges afterwards.
 */
#ifndef SALLYPORT_BENCH_LATENCY_H
#define SALLYPORT_BENCH_LATENCY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum latency_stage {
	LATENCY_OPEN, /* connect to the milter and negotiate */
	LATENCY_RCPT, /* from RCPT sent to its reply; what was sent before and
			 gets no reply is worked on in that time */
	LATENCY_EOM,  /* headers, body and end of message, to its reply */
	LATENCY_MAIL, /* MAIL to the last reply, the waiting only */
	LATENCY_SESSION, /* from the client's arrival to the last reply,
			    without its own pauses */
	LATENCY_STAGES
};

struct latencies {
	struct {
		uint32_t *us;
		size_t count, room;
	} stages[LATENCY_STAGES];
};

void latencies_add(struct latencies *latencies, enum latency_stage stage,
		   int64_t us);
void latencies_add_all(struct latencies *to, const struct latencies *from);
void latencies_clear(struct latencies *latencies);

/* {"open":{"p50_us":..,"p95_us":..,"p99_us":..,"max_us":..},...} */
void latencies_print(struct latencies *latencies, FILE *to);

#endif
