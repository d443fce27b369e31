/*
 * counters.h - how often what happened, since the start.
 *
 * Threads:  any; each counter is an atomic by itself.
 */
#ifndef SALLYPORT_COUNTERS_H
#define SALLYPORT_COUNTERS_H

#include <stdint.h>

enum sp_counter {
	SP_COUNT_CONNECTIONS,
	SP_COUNT_CONNECTIONS_OPEN, /* goes down too */
	SP_COUNT_MAILS,
	SP_COUNT_MAILS_OPEN, /* goes down too */
	SP_COUNT_VERDICT_ACCEPT,
	SP_COUNT_VERDICT_HOLD,
	SP_COUNT_VERDICT_DEFER,
	SP_COUNT_VERDICT_REJECT,
	SP_COUNT_VERDICT_MIXED,
	SP_COUNT_VERDICT_ABORTED,
	SP_COUNT_WOULD_HOLD,
	SP_COUNT_WOULD_DEFER,
	SP_COUNT_WOULD_REJECT,
	SP_COUNT_DEGRADED,
	SP_COUNT_HELD_NOW,	/* greetings, and answers; goes down too */
	SP_COUNT_HELD,		/* greetings */
	SP_COUNT_HELD_FOR_LESS, /* or not at all, because others were held */
	SP_COUNT_TALKERS,
	SP_COUNT_HANG_UPS,
	SP_COUNT_SUBMITTERS_WATCHED, /* that came into that state */
	SP_COUNT_SUBMITTERS_HELD,
	SP_COUNT_SUBMITTERS_LOCKED,
	SP_COUNT_RELOADS,
	SP_COUNT_EVENTS_KEPT,	 /* verdicts, in Redis */
	SP_COUNT_EVENTS_DROPPED, /* not: it was gone, or too slow */
	SP_COUNTERS
};

void sp_count(enum sp_counter counter);
void sp_count_down(enum sp_counter counter);
uint64_t sp_counter_value(enum sp_counter counter);

#endif
