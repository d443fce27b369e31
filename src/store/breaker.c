/* breaker.c - see breaker.h. */
#include "breaker.h"

void sp_breaker_init(struct sp_breaker *breaker, unsigned failures_max,
		     int64_t pause_ms)
{
	*breaker = (struct sp_breaker){
		.failures_max = failures_max,
		.pause_ms = pause_ms,
	};
	pthread_mutex_init(&breaker->lock, NULL);
}

void sp_breaker_clear(struct sp_breaker *breaker)
{
	pthread_mutex_destroy(&breaker->lock);
}

enum sp_breaker_pass sp_breaker_enter(struct sp_breaker *breaker,
				      int64_t now_ms)
{
	enum sp_breaker_pass pass = SP_BREAKER_ASK;

	pthread_mutex_lock(&breaker->lock);
	if (breaker->is_open) {
		pass = SP_BREAKER_PASS_BY;
		if (!breaker->is_probing && now_ms >= breaker->next_probe_ms) {
			breaker->is_probing = true;
			pass = SP_BREAKER_PROBE;
		}
	}
	pthread_mutex_unlock(&breaker->lock);
	return pass;
}

static enum sp_breaker_event note_good(struct sp_breaker *breaker,
				       int64_t now_ms, int64_t *open_ms_out)
{
	breaker->failures = 0;
	if (!breaker->is_open)
		return SP_BREAKER_NOTHING;
	/* Also by a question asked before it opened: the store does answer. */
	breaker->is_open = false;
	*open_ms_out = now_ms - breaker->opened_ms;
	return SP_BREAKER_CLOSED;
}

static enum sp_breaker_event note_bad(struct sp_breaker *breaker,
				      enum sp_breaker_pass pass, int64_t now_ms)
{
	if (breaker->is_open) {
		/* Questions still under way when it opened end in failure too;
		 * only the probe's failure says something new. */
		if (pass == SP_BREAKER_PROBE)
			breaker->next_probe_ms = now_ms + breaker->pause_ms;
		return SP_BREAKER_NOTHING;
	}
	breaker->failures++;
	if (breaker->failures_max == 0 ||
	    breaker->failures < breaker->failures_max)
		return SP_BREAKER_NOTHING;
	breaker->is_open = true;
	breaker->opened_ms = now_ms;
	breaker->next_probe_ms = now_ms + breaker->pause_ms;
	return SP_BREAKER_OPENED;
}

enum sp_breaker_event sp_breaker_leave(struct sp_breaker *breaker,
				       enum sp_breaker_pass pass,
				       enum sp_breaker_outcome outcome,
				       int64_t now_ms, int64_t *open_ms_out)
{
	enum sp_breaker_event event = SP_BREAKER_NOTHING;

	*open_ms_out = 0;
	pthread_mutex_lock(&breaker->lock);
	if (pass == SP_BREAKER_PROBE)
		breaker->is_probing = false;
	if (outcome == SP_BREAKER_GOOD)
		event = note_good(breaker, now_ms, open_ms_out);
	else if (outcome == SP_BREAKER_BAD)
		event = note_bad(breaker, pass, now_ms);
	pthread_mutex_unlock(&breaker->lock);
	return event;
}

bool sp_breaker_is_open(struct sp_breaker *breaker)
{
	bool is_open;

	pthread_mutex_lock(&breaker->lock);
	is_open = breaker->is_open;
	pthread_mutex_unlock(&breaker->lock);
	return is_open;
}
