/*
 * pulse.h - whether the resolver lives.
 *
 * Failures alone say little: a stranger who mails from ten domains whose
 * servers are silent makes ten questions time out at a healthy resolver, and
 * answers alone say little too: they may come from our own cache. So when
 * something failed, or has been waiting for long, a *probe* is sent, a question
 * that every resolver answers at once and that no cache can answer. The
 * resolver is dead after `failures_max` failures with an unanswered probe; it
 * lives again with the first probe answered. To wait for SP_PULSE_OVERDUE_MS is
 * a failure, whether or not anybody waits longer.
 *
 * There may be resolvers that do not answer the probe. As long as it was never
 * answered, any good answer is a sign of life.
 *
 * Threads:  the resolver's lock guards it. Times are monotonic milliseconds.
 */
#ifndef SALLYPORT_DNS_PULSE_H
#define SALLYPORT_DNS_PULSE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SP_PULSE_OVERDUE_MS = 1000, /* a living resolver has answered by then */
	SP_PULSE_PAUSE_MS = 1000    /* between two probes */
};

struct sp_pulse {
	unsigned failures_max;
	unsigned failures; /* since the last sign of life */
	bool is_dead;
	bool is_probe_known;  /* a probe was answered once */
	bool is_probe_failed; /* since the last sign of life */
	unsigned probes;      /* in flight */
	int64_t probe_ms;     /* the first since the last sign of life */
	int64_t next_probe_ms;
	int64_t next_pass_ms;
	int64_t alive_ms; /* the last sign of life */
	int64_t changed_ms;
};

enum sp_pulse_event {
	SP_PULSE_NOTHING,
	SP_PULSE_DIED,
	SP_PULSE_REVIVED
};

void sp_pulse_init(struct sp_pulse *pulse, unsigned failures_max,
		   int64_t now_ms);

/* Whether to ask. A dead resolver that never answered a probe is asked a real
 * question now and then. */
bool sp_pulse_lets_pass(struct sp_pulse *pulse, int64_t now_ms);

/* What became of a question asked at `asked_ms`. */
enum sp_pulse_event sp_pulse_good(struct sp_pulse *pulse, int64_t now_ms);
enum sp_pulse_event sp_pulse_bad(struct sp_pulse *pulse, int64_t asked_ms,
				 int64_t now_ms);

/* Whether to send a probe now; `oldest_ms` is when the oldest question that is
 * still pending was asked, -1 without one. True counts as sent. */
bool sp_pulse_wants_probe(struct sp_pulse *pulse, int64_t oldest_ms,
			  int64_t now_ms);

/* What became of a probe sent at `asked_ms`. */
enum sp_pulse_event sp_pulse_probed(struct sp_pulse *pulse, int64_t asked_ms,
				    bool is_good, int64_t now_ms);

/* Call it now and then: an unanswered probe says something too. */
enum sp_pulse_event sp_pulse_tick(struct sp_pulse *pulse, int64_t now_ms);

#endif
