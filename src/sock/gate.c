#include "sallyport/gate.h"

#include <assert.h>
#include <stddef.h>

#include "sallyport/sock.h"

enum {
	/* Below, an MTA's own work is as long as a round trip. */
	NEAR_US = 4000,
	/* Without the kernel's measure: a client that is far away, ... */
	FAR_US = 10000,
	FAR_TIMES = 8,
	/* ... a HELO that was there already, ... */
	AT_ONCE_US = 2000,
	/* ... and a greeting held long enough to speak before it. */
	HELD_MS = 500
};

void sp_gate_begin(struct sp_gate *gate, const struct sp_gate_plan *plan,
		   int64_t now_ms)
{
	assert(plan->step_ms >= 1 && plan->delay_ms >= 0);
	*gate = (struct sp_gate){
		.fact = { .answer = SP_GATE_WAITING,
			  .why = plan->is_tls ? SP_GATE_TLS : SP_GATE_TOLD },
		.next_ms = now_ms,
		.began_ms = now_ms,
		.until_ms = now_ms + plan->delay_ms,
		.step_ms = plan->step_ms,
		.is_judged = !plan->is_tls,
	};
}

void sp_gate_shorten(struct sp_gate *gate, int64_t until_ms)
{
	if (until_ms >= gate->until_ms)
		return;
	gate->until_ms = until_ms;
	if (gate->next_ms > until_ms)
		gate->next_ms = until_ms;
}

static bool end(struct sp_gate *gate, enum sp_gate_answer answer)
{
	gate->fact.answer = answer;
	return false;
}

static bool hang_up(struct sp_gate *gate)
{
	gate->fact.has_hung_up = true;
	return end(gate, gate->is_judged ? SP_GATE_HUNG_UP : SP_GATE_UNKNOWN);
}

/* From now on nothing can be said of this client. */
static void give_up(struct sp_gate *gate, enum sp_gate_why why)
{
	gate->is_judged = false;
	gate->fact.why = why;
}

static bool go_on(struct sp_gate *gate, int64_t now_ms)
{
	if (now_ms >= gate->until_ms)
		return end(gate, gate->fact.why == SP_GATE_TOLD
					 ? SP_GATE_QUIET
					 : SP_GATE_UNKNOWN);
	gate->next_ms = now_ms + gate->step_ms;
	if (gate->next_ms > gate->until_ms)
		gate->next_ms = gate->until_ms;
	return true;
}

/* Of a look that did not find it: for the moment, or for good. */
static void note_failure(struct sp_gate *gate, const struct sp_sock_look *look)
{
	if (!gate->is_judged)
		return;
	gate->fact.error = look->error;
	gate->fact.why = look->result == SP_SOCK_GONE ? SP_GATE_UNSEEN
						      : SP_GATE_UNAVAILABLE;
}

static void note_success(struct sp_gate *gate, const struct sp_sock_look *look)
{
	gate->number = look->number;
	if (gate->fact.rtt_us == 0)
		gate->fact.rtt_us = look->rtt_us;
	if (!gate->is_judged)
		return;
	gate->fact.error = 0;
	gate->fact.why = SP_GATE_TOLD;
}

/* True when that is the end. */
static bool is_greeted(struct sp_gate *gate, const struct sp_sock_look *look,
		       bool is_first)
{
	if (!gate->is_judged || look->sent_bytes == 0)
		return false;
	give_up(gate,
		is_first ? SP_GATE_GREETED_BEFORE : SP_GATE_GREETED_MEANWHILE);
	return !is_first;
}

static bool judge(struct sp_gate *gate, int64_t now_ms,
		  const struct sp_sock_look *look)
{
	bool is_first = gate->number == 0;

	/* A reset, or its place has been taken by another connection. */
	if (!is_first &&
	    (look->result == SP_SOCK_GONE ||
	     (look->result == SP_SOCK_FOUND && look->number != gate->number)))
		return hang_up(gate);
	if (look->result != SP_SOCK_FOUND) {
		note_failure(gate, look);
		return go_on(gate, now_ms);
	}
	note_success(gate, look);
	if (is_greeted(gate, look, is_first))
		return end(gate, SP_GATE_UNKNOWN);
	if (gate->is_judged && look->received_bytes > 0) {
		gate->fact.bytes = look->received_bytes;
		gate->fact.has_hung_up = look->has_finished;
		return end(gate, SP_GATE_TALKED);
	}
	return look->has_finished ? hang_up(gate) : go_on(gate, now_ms);
}

bool sp_gate_step(struct sp_gate *gate, int64_t now_ms,
		  const struct sp_sock_look *look)
{
	gate->fact.held_ms = now_ms - gate->began_ms;
	return judge(gate, now_ms, look);
}

int64_t sp_gate_delay_ms(int64_t delay_ms, unsigned held, unsigned most)
{
	unsigned half = most / 2;

	if (held >= most)
		return 0;
	if (held < half)
		return delay_ms;
	return delay_ms * (most - held) / (most - half);
}

static enum sp_gate_answer infer_from_kernel(int64_t helo_us, int64_t rtt_us)
{
	if (rtt_us < NEAR_US)
		return SP_GATE_UNKNOWN;
	if (helo_us < rtt_us / 2)
		return SP_GATE_TALKED;
	return helo_us >= rtt_us ? SP_GATE_QUIET : SP_GATE_UNKNOWN;
}

static enum sp_gate_answer infer_from_dialogue(const struct sp_gate_gap *gap,
					       int64_t held_ms)
{
	if (gap->round_us < FAR_US)
		return SP_GATE_UNKNOWN;
	if (gap->helo_us < AT_ONCE_US && held_ms >= HELD_MS &&
	    gap->helo_us * FAR_TIMES <= gap->round_us)
		return SP_GATE_TALKED;
	return gap->helo_us >= FAR_US ? SP_GATE_QUIET : SP_GATE_UNKNOWN;
}

void sp_gate_judge_gap(const struct sp_gate_gap *gap, struct sp_gate_fact *fact)
{
	enum sp_gate_answer answer;

	if (fact->answer != SP_GATE_UNKNOWN || gap->helo_us <= 0 ||
	    (fact->why != SP_GATE_UNSEEN && fact->why != SP_GATE_UNAVAILABLE))
		return;
	answer = fact->rtt_us > 0
			 ? infer_from_kernel(gap->helo_us, fact->rtt_us)
			 : infer_from_dialogue(gap, fact->held_ms);
	if (answer == SP_GATE_UNKNOWN)
		return;
	fact->answer = answer;
	fact->why = SP_GATE_TOLD;
	fact->error = 0;
	fact->is_inferred = true;
}

const char *sp_gate_answer_text(enum sp_gate_answer answer)
{
	static const char *const texts[] = {
		[SP_GATE_NOT_RUN] = "none",    [SP_GATE_WAITING] = "waiting",
		[SP_GATE_QUIET] = "quiet",     [SP_GATE_TALKED] = "talked",
		[SP_GATE_HUNG_UP] = "hung-up", [SP_GATE_UNKNOWN] = "unknown",
	};

	return texts[answer];
}

const char *sp_gate_why_text(enum sp_gate_why why)
{
	static const char *const texts[] = {
		[SP_GATE_TOLD] = "",
		[SP_GATE_TLS] = "the session began with TLS, where the client "
				"speaks first",
		[SP_GATE_UNSEEN] =
			"the kernel shows no such connection: the MTA is on "
			"another machine or in a container, or the client's "
			"address came by XCLIENT or PROXY",
		[SP_GATE_UNAVAILABLE] = "the kernel could not be asked",
		[SP_GATE_GREETED_BEFORE] =
			"the MTA had greeted the client before it asked us",
		[SP_GATE_GREETED_MEANWHILE] =
			"the MTA did not wait for us: greeting.delay is longer "
			"than its timeout (Postfix: milter_command_timeout, "
			"Sendmail: R:)",
	};

	return texts[why];
}
