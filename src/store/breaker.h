/*
 * breaker.h - when to stop asking a store that does not answer.
 *
 * Closed: everybody asks. After `failures_max` failures in a row it opens:
 * nobody asks for `pause_ms`. Then one caller is let through to try; its
 * success closes the breaker, its failure begins another pause.
 *
 * Threads:  any. Times are monotonic milliseconds.
 */
#ifndef SALLYPORT_STORE_BREAKER_H
#define SALLYPORT_STORE_BREAKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct sp_breaker {
	pthread_mutex_t lock;
	unsigned failures_max; /* 0: never opens */
	int64_t pause_ms;
	/* guarded by lock */
	unsigned failures;
	bool is_open;
	bool is_probing; /* one caller is trying now */
	int64_t opened_ms;
	int64_t next_probe_ms;
};

enum sp_breaker_pass {
	SP_BREAKER_PASS_BY, /* do not ask; sp_breaker_leave is not called */
	SP_BREAKER_ASK,
	SP_BREAKER_PROBE /* ask: the one try after a pause */
};

enum sp_breaker_outcome {
	SP_BREAKER_GOOD,
	SP_BREAKER_BAD,
	SP_BREAKER_UNDECIDED /* nothing was learned about the store */
};

enum sp_breaker_event {
	SP_BREAKER_NOTHING,
	SP_BREAKER_OPENED,
	SP_BREAKER_CLOSED
};

void sp_breaker_init(struct sp_breaker *breaker, unsigned failures_max,
		     int64_t pause_ms);
void sp_breaker_clear(struct sp_breaker *breaker);

enum sp_breaker_pass sp_breaker_enter(struct sp_breaker *breaker,
				      int64_t now_ms);

/* What came of a question that was let through. `open_ms_out` is how long the
 * breaker was open when this closed it, otherwise 0. */
enum sp_breaker_event sp_breaker_leave(struct sp_breaker *breaker,
				       enum sp_breaker_pass pass,
				       enum sp_breaker_outcome outcome,
				       int64_t now_ms, int64_t *open_ms_out);

bool sp_breaker_is_open(struct sp_breaker *breaker);

#endif
