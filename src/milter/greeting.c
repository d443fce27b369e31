/*
 * Holding a greeting back, and an answer to whom nobody wants. The MTA says
 * nothing to its client until our callback returns; meanwhile the kernel tells
 * what the client does (gate.h).
 *
 * A thread of libmilter's pool waits here, one for each that is held; who else
 * wants one gets it (handoff.h). So there is a bound on how many are held, and
 * from half of it on they are held for less.
 */
#include "milter.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sallyport/check.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/counters.h"
#include "sallyport/log.h"
#include "sallyport/policy.h"
#include "sallyport/record.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/sock.h"

enum {
	LOOK_EVERY_MS = 50,
	TARPIT_STEP_MS = 100
};

static atomic_uint held;
static atomic_bool is_ending;

/* The kernel shows us clients' connections. Then one that it does not show has
 * come by XCLIENT or PROXY, and its MTA is somebody's server in between: no
 * client whose time could tell anything. */
static atomic_bool has_seen_any;

void sp_greeting_end_all(void)
{
	atomic_store(&is_ending, true);
}

static unsigned most_held(const struct sp_greeting_config *config)
{
	unsigned half = config->mta_processes / 2;

	return config->held_at_most < half ? config->held_at_most : half;
}

/* The delay that there is room for; one more is held then. */
static int64_t take_place(const struct sp_greeting_config *config,
			  int64_t delay_ms)
{
	static struct sp_log_limit limit = { .every_ms = 60000 };
	unsigned most = most_held(config);
	unsigned before = atomic_fetch_add(&held, 1);
	int64_t given_ms = sp_gate_delay_ms(delay_ms, before, most);

	sp_count(SP_COUNT_HELD_NOW);
	if (given_ms < delay_ms) {
		sp_count(SP_COUNT_HELD_FOR_LESS);
		sp_log_limited(
			&limit, SP_LOG_WARNING,
			"greeting: %u of %u are held, so others are held "
			"for less than %lld ms",
			before, most, (long long)delay_ms);
	}
	return given_ms;
}

static void leave_place(void)
{
	atomic_fetch_sub(&held, 1);
	sp_count_down(SP_COUNT_HELD_NOW);
}

static void sleep_until(int64_t until_ms)
{
	const struct timespec until = {
		.tv_sec = until_ms / 1000,
		.tv_nsec = until_ms % 1000 * 1000000,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) ==
	       EINTR)
		;
}

static int64_t wanted_ms(struct sp_session *session)
{
	struct sp_facts facts;

	sp_session_facts(session, SP_STAGE_GREETING, &facts);
	return sp_policy_greeting_ms(&facts, session->service->config);
}

/* What has come of the lookups may end it; so does the daemon's own end. */
static void end_if_over(struct sp_session *session)
{
	sp_checks_run(session, SP_STAGE_GREETING);
	if (atomic_load(&is_ending) || wanted_ms(session) == 0)
		sp_gate_shorten(&session->connection.gate, sp_clock_mono_ms());
}

static void watch(struct sp_session *session, struct sp_sock_ends *ends)
{
	struct sp_gate *gate = &session->connection.gate;
	struct sp_sock_look look;

	end_if_over(session);
	/* Once: where the MTA does not tell its own address it is searched. */
	sp_sock_find(ends, &look);
	while (sp_gate_step(gate, sp_clock_mono_ms(), &look)) {
		sleep_until(gate->next_ms);
		end_if_over(session);
		sp_sock_look(ends, &look);
	}
}

/* Once an hour: an operator who waits for early talkers should know why there
 * are none. */
static void say_blind(const struct sp_gate_fact *fact)
{
	static struct sp_log_limit limit = { .every_ms = 3600000 };

	if (fact->answer == SP_GATE_UNKNOWN && fact->why != SP_GATE_TLS)
		sp_log_limited(&limit, SP_LOG_WARNING,
			       "greeting: it cannot be seen what a client does "
			       "while it waits: %s%s%s",
			       sp_gate_why_text(fact->why),
			       fact->error ? ": " : "",
			       fact->error ? strerror(fact->error) : "");
}

static void count(const struct sp_gate_fact *fact)
{
	sp_count(SP_COUNT_HELD);
	if (fact->answer == SP_GATE_TALKED)
		sp_count(SP_COUNT_TALKERS);
	if (fact->answer == SP_GATE_HUNG_UP)
		sp_count(SP_COUNT_HANG_UPS);
}

/* Who leaves without a mail has no verdict: this is his line. */
static void log_end(const struct sp_session *session)
{
	const struct sp_gate_fact *fact = &session->connection.gate.fact;
	char client[SP_IP_TEXT_SIZE];
	struct sp_log_event event;

	sp_log_event_begin(&event, SP_LOG_INFO, "greeting");
	sp_log_event_text(&event, "client",
			  sp_ip_format(&session->connection.client, client));
	sp_log_event_text(&event, "name", session->connection.client_name);
	sp_log_event_text(&event, "greeting",
			  sp_gate_answer_text(fact->answer));
	sp_log_event_number(&event, "bytes", (int64_t)fact->bytes);
	sp_log_event_number(&event, "held_ms", fact->held_ms);
	sp_log_event_end(&event);
}

static void remember_hang_up(struct sp_session *session)
{
	sp_session_note_hang_up(session);
	sp_record_probes(session);
}

bool sp_greeting_hold(struct sp_session *session, bool is_tls)
{
	const struct sp_config *config = session->service->config;
	struct sp_connection *connection = &session->connection;
	const struct sp_gate_fact *fact = &connection->gate.fact;
	struct sp_sock_ends ends = {
		.own = connection->own_address,
		.peer = connection->client,
		.own_port = connection->own_port,
		.peer_port = connection->client_port,
	};

	if (wanted_ms(session) == 0)
		return true;
	sp_gate_begin(&connection->gate,
		      &(struct sp_gate_plan){
			      .delay_ms = take_place(&config->greeting,
						     config->greeting.delay_ms),
			      .step_ms = LOOK_EVERY_MS,
			      .is_tls = is_tls,
		      },
		      sp_clock_mono_ms());
	watch(session, &ends);
	leave_place();
	connection->greeted_us = sp_clock_mono_us();
	if (fact->rtt_us > 0)
		atomic_store(&has_seen_any, true);
	count(fact);
	say_blind(fact);
	if (fact->answer == SP_GATE_HUNG_UP)
		remember_hang_up(session);
	if (fact->has_hung_up || fact->answer == SP_GATE_TALKED)
		log_end(session);
	return fact->answer != SP_GATE_TALKED ||
	       config->greeting.early_talker != SP_EARLY_TALKER_CLOSE;
}

void sp_greeting_note_helo(struct sp_session *session)
{
	struct sp_connection *connection = &session->connection;

	/* The first one answers the greeting, a second one comes after
	 * STARTTLS. */
	if (connection->greeted_us > 0)
		connection->helo_gap_us =
			sp_clock_mono_us() - connection->greeted_us;
	connection->greeted_us = 0;
	connection->helo_us = sp_clock_mono_us();
}

void sp_greeting_note_mail(struct sp_session *session)
{
	struct sp_connection *connection = &session->connection;
	struct sp_gate_fact *fact = &connection->gate.fact;

	if (connection->helo_gap_us > 0 && connection->helo_us > 0 &&
	    !(fact->why == SP_GATE_UNSEEN && atomic_load(&has_seen_any)))
		sp_gate_judge_gap(
			&(struct sp_gate_gap){
				.helo_us = connection->helo_gap_us,
				.round_us = sp_clock_mono_us() -
					    connection->helo_us,
			},
			fact);
	connection->helo_us = 0;
}

void sp_greeting_tarpit(const struct sp_session *session,
			const struct sp_verdict *verdict)
{
	const struct sp_greeting_config *config =
		&session->service->config->greeting;
	int64_t until_ms;

	if (config->tarpit_ms == 0 || config->mode != SP_MODE_ENFORCE ||
	    verdict->action != SP_ACTION_REFUSE ||
	    verdict->score < verdict->refuse)
		return;
	until_ms = sp_clock_mono_ms() + take_place(config, config->tarpit_ms);
	while (!atomic_load(&is_ending) && sp_clock_mono_ms() < until_ms) {
		int64_t next_ms = sp_clock_mono_ms() + TARPIT_STEP_MS;

		sleep_until(next_ms < until_ms ? next_ms : until_ms);
	}
	leave_place();
}
