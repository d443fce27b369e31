/* test-submitter-many.c - many sessions, several machines, Redis coming and
 * going: a submitter is one all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "../support/submitter_world.h"
#include "sallyport/clock.h"
#include "sallyport/store.h"

enum {
	CROWD = 200,
	MACHINES = 2
};

/* --- many at once --------------------------------------------------------- */

struct session {
	pthread_t thread;
	const struct sp_submitter_books *books;
	const struct sp_class *class;
	char recipient[32];
	struct sp_submitter_answer answer;
	enum sp_err err;
};

static void *send_one(void *argument)
{
	struct session *session = argument;
	struct sp_submitter_question question = {
		.submitter = ALICE,
		.class = session->class,
		.recipient = session->recipient,
		.network = "192.0.2.0/24",
		.now_ms = START,
	};

	question.adds[SP_COUNTED_MESSAGES] = 1;
	question.adds[SP_COUNTED_RECIPIENTS] = 1;
	session->err =
		sp_submitter_ask(session->books, &question,
				 sp_clock_mono_ms() + 20000, &session->answer);
	return NULL;
}

/* What became of all of them. */
struct outcome {
	unsigned ok, counted, told, failed;
};

static struct outcome send_all(const struct submitter_world *world,
			       const struct sp_submitter_books *machines)
{
	static struct session sessions[CROWD];
	struct outcome outcome = { 0 };

	for (int i = 0; i < CROWD; i++) {
		sessions[i].books = &machines[i % MACHINES];
		sessions[i].class = world->class;
		snprintf(sessions[i].recipient, sizeof(sessions[i].recipient),
			 "user%d@here.test", i);
		assert_int_equal(pthread_create(&sessions[i].thread, NULL,
						send_one, &sessions[i]),
				 0);
	}
	for (int i = 0; i < CROWD; i++)
		pthread_join(sessions[i].thread, NULL);
	for (int i = 0; i < CROWD; i++) {
		const struct sp_submitter_answer *answer = &sessions[i].answer;

		outcome.ok += answer->standing.state == SP_SUBMITTER_OK;
		outcome.counted += answer->is_counted;
		outcome.told += answer->is_new;
		outcome.failed += sessions[i].err != SP_OK;
	}
	return outcome;
}

/* The first is the world's; each has a store and a memory of its own. */
static void make_machines(const struct submitter_world *world,
			  struct sp_submitter_books machines_out[MACHINES])
{
	machines_out[0] = world->books;
	machines_out[1] = world->books;
	machines_out[1].store = submitter_world_dial(world);
	assert_int_equal(sp_submitter_memory_new(100, &machines_out[1].memory),
			 SP_OK);
}

static void end_machines(struct sp_submitter_books machines[MACHINES])
{
	sp_store_free(&machines[1].store);
	sp_submitter_memory_free(&machines[1].memory);
}

struct crowd_row {
	const char *sentence;
	const char *limit;
	unsigned ok, counted;
};

static const struct crowd_row crowds[] = {
	{ "recipients, locked", "recipients: 20/1h locked", 20, 20 },
	{ "recipients, held", "recipients: 20/1h hold", 20, 200 },
	{ "different recipients, locked", "distinct-recipients: 20/1d locked",
	  20, 20 },
	{ "mails, locked", "messages: 20/30d locked", 20, 20 },
};

/* Two machines, one Redis, 200 sessions of one login at once. */
static void test_exactly_as_many_pass_as_the_limit_says(void **state)
{
	struct submitter_world *world = *state;

	for (size_t i = 0; i < sizeof(crowds) / sizeof(*crowds); i++) {
		const char *const limits[] = { crowds[i].limit, NULL };
		struct sp_submitter_books machines[MACHINES];
		struct outcome outcome;

		print_message("  %s\n", crowds[i].sentence);
		submitter_world_wipe(world);
		submitter_world_limit(world, limits);
		make_machines(world, machines);
		outcome = send_all(world, machines);
		end_machines(machines);
		assert_int_equal(outcome.failed, 0);
		assert_int_equal(outcome.ok, crowds[i].ok);
		assert_int_equal(outcome.counted, crowds[i].counted);
		assert_int_equal(outcome.told, 1);
	}
}

/* Without Redis each machine counts for itself, as exactly. */
static void test_each_machine_counts_when_redis_is_gone(void **state)
{
	static const char *const limits[] = { "recipients: 20/1h locked",
					      "distinct-recipients: 90/1h hold",
					      NULL };
	struct submitter_world *world = *state;
	struct sp_submitter_books machines[MACHINES];
	struct outcome outcome;

	submitter_world_wipe(world);
	submitter_world_limit(world, limits);
	make_machines(world, machines);
	machines[0].store = submitter_world_dial_nobody();
	sp_store_free(&machines[1].store);
	machines[1].store = submitter_world_dial_nobody();
	outcome = send_all(world, machines);
	sp_store_free(&machines[0].store);
	end_machines(machines);
	assert_int_equal(outcome.failed, CROWD);
	assert_int_equal(outcome.ok, 2 * 20);
	assert_int_equal(outcome.counted, 2 * 20);
	assert_int_equal(outcome.told, 2);
}

/* --- Redis dies ------------------------------------------------------------- */

static void test_redis_dies_in_the_middle(void **state)
{
	static const char *const limits[] = { "recipients: 20/1h hold", NULL };
	struct submitter_world *world = *state;
	struct sp_submitter_books machines[MACHINES];

	submitter_world_wipe(world);
	submitter_world_limit(world, limits);
	for (int i = 0; i < 15; i++)
		assert_string_equal(
			submitter_world_ask(world, START, "recipients 1"),
			"ok");
	redis_server_kill(&world->redis);
	/* Sums go on from what Redis said last. */
	for (int i = 0; i < 5; i++)
		assert_string_equal(submitter_world_ask(world, START + SECOND,
							"recipients 1"),
				    "ok");
	assert_true(submitter_world_answer.is_from_memory);
	assert_string_equal(
		submitter_world_ask(world, START + SECOND, "recipients 1"),
		"hold new");
	redis_server_restart(&world->redis);
	sp_store_free(&world->store);
	world->store = submitter_world_dial(world);
	world->books.store = world->store;
	/* The next mail brings it what was found meanwhile; told it was. */
	assert_string_equal(
		submitter_world_ask(world, START + MINUTE, "recipients 1"),
		"hold");
	assert_false(submitter_world_answer.is_from_memory);
	assert_int_equal(submitter_world_answer.standing.since_ms,
			 START + SECOND);
	assert_int_equal(submitter_world_answer.standing.why.count, 21);
	/* So another machine knows it too. */
	make_machines(world, machines);
	world->books = machines[1];
	assert_string_equal(
		submitter_world_ask(world, START + MINUTE, "messages 1"),
		"hold");
	world->books = machines[0];
	end_machines(machines);
}

static void look(struct submitter_world *world, int64_t now_ms,
		 struct sp_submitter_standing *standing_out)
{
	sp_submitter_look(&world->books, ALICE, now_ms,
			  sp_clock_mono_ms() + 5000, standing_out);
}

static void test_known_locks_hold_without_redis(void **state)
{
	static const char *const limits[] = { "recipients: 20/1h locked",
					      NULL };
	struct submitter_world *world = *state;
	struct sp_store *nobody = submitter_world_dial_nobody();
	struct sp_submitter_standing standing;

	submitter_world_wipe(world);
	submitter_world_limit(world, limits);
	assert_string_equal(submitter_world_ask(world, START, "recipients 21"),
			    "locked new refused");
	world->books.store = nobody;
	look(world, START + DAY, &standing);
	assert_int_equal(standing.state, SP_SUBMITTER_LOCKED);
	assert_int_equal(standing.why.count, 21);
	assert_string_equal(
		submitter_world_ask(world, START + DAY, "recipients 1"),
		"locked refused");
	look(world, START + 7 * DAY - 1, &standing);
	assert_int_equal(standing.state, SP_SUBMITTER_LOCKED);
	look(world, START + 7 * DAY, &standing);
	assert_int_equal(standing.state, SP_SUBMITTER_OK);
	sp_store_free(&nobody);
}

static uint64_t questions(const struct submitter_world *world)
{
	struct sp_store_health health;

	sp_store_health(world->store, &health);
	return health.questions;
}

/* By another machine. */
static void set_state(struct submitter_world *world,
		      enum sp_submitter_state state, int64_t now_ms)
{
	const struct sp_submitter_order order = {
		.submitter = ALICE,
		.state = state,
		.until_ms = now_ms + DAY,
		.words = "ticket 4711",
		.now_ms = now_ms,
	};
	struct sp_submitter_books books = world->books;
	struct sp_submitter_standing was;

	assert_int_equal(sp_submitter_memory_new(10, &books.memory), SP_OK);
	assert_int_equal(sp_submitter_set(&books, &order, &was), SP_OK);
	sp_submitter_memory_free(&books.memory);
}

static void test_a_look_asks_redis_of_known_locks_only(void **state)
{
	static const char *const limits[] = { "recipients: 20/1h hold", NULL };
	struct submitter_world *world = *state;
	struct sp_submitter_standing standing;
	uint64_t before = questions(world);

	submitter_world_wipe(world);
	submitter_world_limit(world, limits);
	look(world, START, &standing);
	assert_int_equal(standing.state, SP_SUBMITTER_OK);
	assert_int_equal(questions(world), before);
	/* Locked by hand: this machine learns it with the next recipient. */
	set_state(world, SP_SUBMITTER_LOCKED, START);
	look(world, START, &standing);
	assert_int_equal(standing.state, SP_SUBMITTER_OK);
	assert_string_equal(submitter_world_ask(world, START, "recipients 1"),
			    "locked refused");
	before = questions(world);
	look(world, START, &standing);
	assert_int_equal(standing.state, SP_SUBMITTER_LOCKED);
	assert_string_equal(standing.why.words, "ticket 4711");
	assert_int_equal(questions(world), before + 1);
	/* And released by hand: with the next look. */
	set_state(world, SP_SUBMITTER_OK, START + 1);
	look(world, START + 2, &standing);
	assert_int_equal(standing.state, SP_SUBMITTER_OK);
	before = questions(world);
	look(world, START + 2, &standing);
	assert_int_equal(questions(world), before);
}

/* It was found without Redis; the operator has released it meanwhile. */
static void test_a_release_counts_more_than_what_was_found_before(void **state)
{
	static const char *const limits[] = { "recipients: 20/1h locked",
					      NULL };
	struct submitter_world *world = *state;
	struct sp_store *nobody = submitter_world_dial_nobody();
	struct sp_submitter_standing standing;

	for (int is_later = 0; is_later < 2; is_later++) {
		submitter_world_wipe(world);
		submitter_world_limit(world, limits);
		set_state(world, SP_SUBMITTER_HOLD, START);
		world->books.store = nobody;
		submitter_world_ask(world, START + HOUR, "recipients 21");
		world->books.store = world->store;
		set_state(world, SP_SUBMITTER_OK,
			  START + (is_later ? 2 * HOUR : MINUTE));
		look(world, START + 3 * HOUR, &standing);
		assert_int_equal(standing.state, is_later
							 ? SP_SUBMITTER_OK
							 : SP_SUBMITTER_LOCKED);
	}
	sp_store_free(&nobody);
}

/* It was found without Redis, and while nothing was enforced. */
static void test_what_was_observed_without_redis_locks_nobody(void **state)
{
	static const char *const limits[] = { "recipients: 20/1h locked",
					      NULL };
	struct submitter_world *world = *state;
	struct sp_store *nobody = submitter_world_dial_nobody();

	submitter_world_wipe(world);
	submitter_world_limit(world, limits);
	world->config.mode = SP_MODE_OBSERVE;
	world->books.store = nobody;
	submitter_world_ask(world, START, "recipients 21");
	assert_int_equal(submitter_world_answer.standing.state,
			 SP_SUBMITTER_LOCKED);
	world->books.store = world->store;
	world->config.mode = SP_MODE_ENFORCE;
	assert_string_equal(
		submitter_world_ask(world, START + 2 * HOUR, "recipients 1"),
		"ok");
	sp_store_free(&nobody);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exactly_as_many_pass_as_the_limit_says),
		cmocka_unit_test(test_each_machine_counts_when_redis_is_gone),
		cmocka_unit_test(test_redis_dies_in_the_middle),
		cmocka_unit_test(test_known_locks_hold_without_redis),
		cmocka_unit_test(test_a_look_asks_redis_of_known_locks_only),
		cmocka_unit_test(
			test_a_release_counts_more_than_what_was_found_before),
		cmocka_unit_test(
			test_what_was_observed_without_redis_locks_nobody),
	};

	return cmocka_run_group_tests(tests, submitter_world_set_up,
				      submitter_world_tear_down);
}
