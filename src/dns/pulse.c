#include "pulse.h"

void sp_pulse_init(struct sp_pulse *pulse, unsigned failures_max,
		   int64_t now_ms)
{
	*pulse = (struct sp_pulse){
		.failures_max = failures_max,
		.changed_ms = now_ms,
		/* The first probe is sent with the first question, to learn
		 * whether this resolver answers it. */
		.alive_ms = -1,
	};
}

bool sp_pulse_lets_pass(struct sp_pulse *pulse, int64_t now_ms)
{
	if (!pulse->is_dead)
		return true;
	if (pulse->is_probe_known || now_ms < pulse->next_pass_ms)
		return false;
	pulse->next_pass_ms = now_ms + SP_PULSE_PAUSE_MS;
	return true;
}

static enum sp_pulse_event live(struct sp_pulse *pulse, int64_t now_ms)
{
	bool was_dead = pulse->is_dead;

	pulse->failures = 0;
	pulse->is_probe_failed = false;
	pulse->alive_ms = now_ms;
	pulse->is_dead = false;
	if (!was_dead)
		return SP_PULSE_NOTHING;
	pulse->changed_ms = now_ms;
	return SP_PULSE_REVIVED;
}

static enum sp_pulse_event judge(struct sp_pulse *pulse, int64_t now_ms)
{
	if (pulse->is_dead || !pulse->is_probe_failed ||
	    pulse->failures < pulse->failures_max)
		return SP_PULSE_NOTHING;
	pulse->is_dead = true;
	pulse->changed_ms = now_ms;
	pulse->next_pass_ms = now_ms + SP_PULSE_PAUSE_MS;
	return SP_PULSE_DIED;
}

enum sp_pulse_event sp_pulse_good(struct sp_pulse *pulse, int64_t now_ms)
{
	/* It may come from the cache. */
	if (pulse->is_probe_known)
		return SP_PULSE_NOTHING;
	return live(pulse, now_ms);
}

enum sp_pulse_event sp_pulse_bad(struct sp_pulse *pulse, int64_t asked_ms,
				 int64_t now_ms)
{
	/* The resolver answered something since: this one's own servers, not
	 * the resolver, were silent. */
	if (asked_ms < pulse->alive_ms)
		return SP_PULSE_NOTHING;
	pulse->failures++;
	return judge(pulse, now_ms);
}

bool sp_pulse_wants_probe(struct sp_pulse *pulse, int64_t oldest_ms,
			  int64_t now_ms)
{
	bool is_overdue = oldest_ms >= 0 && oldest_ms >= pulse->alive_ms &&
			  now_ms - oldest_ms >= SP_PULSE_OVERDUE_MS;
	bool is_first = pulse->alive_ms < 0 && oldest_ms >= 0;

	if (now_ms < pulse->next_probe_ms)
		return false;
	if (!pulse->is_dead && pulse->failures == 0 && !is_overdue && !is_first)
		return false;
	if (pulse->probes++ == 0 || pulse->probe_ms < pulse->alive_ms)
		pulse->probe_ms = now_ms;
	pulse->next_probe_ms = now_ms + SP_PULSE_PAUSE_MS;
	return true;
}

enum sp_pulse_event sp_pulse_probed(struct sp_pulse *pulse, int64_t asked_ms,
				    bool is_good, int64_t now_ms)
{
	pulse->probes--;
	if (is_good) {
		pulse->is_probe_known = true;
		return live(pulse, now_ms);
	}
	if (asked_ms < pulse->alive_ms)
		return SP_PULSE_NOTHING;
	pulse->is_probe_failed = true;
	return judge(pulse, now_ms);
}

enum sp_pulse_event sp_pulse_tick(struct sp_pulse *pulse, int64_t now_ms)
{
	/* A probe sent before the last sign of life may still be retried by
	 * libunbound; it is no new evidence. */
	if (pulse->probes == 0 || pulse->probe_ms < pulse->alive_ms ||
	    now_ms - pulse->probe_ms < SP_PULSE_OVERDUE_MS)
		return SP_PULSE_NOTHING;
	pulse->is_probe_failed = true;
	return judge(pulse, now_ms);
}
