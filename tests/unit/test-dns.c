/* test-dns.c - batches, groups and follow-ups against a DNS server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/dns_world.h"
#include "sallyport/clock.h"

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

enum {
	OTHER_GROUP = 2
};

/* ------------------------------------------------------------------ sharing */

static void test_one_batch_asks_once(void **state)
{
	struct world *world = *state;
	unsigned first = world_ask(world->batch, "slow.example.org", SP_DNS_A);

	assert_int_equal(world_ask(world->batch, "SLOW.example.org.", SP_DNS_A),
			 first);
	assert_int_not_equal(
		world_ask(world->batch, "slow.example.org", SP_DNS_AAAA),
		first);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP,
				sp_clock_mono_ms() + 5000));
	assert_int_equal(world_ask(world->batch, "slow.example.org", SP_DNS_A),
			 first);
	assert_int_equal(test_dns_count(world->server, "slow.example.org"), 2);
}

static void test_many_sessions_ask_once(void **state)
{
	struct world *world = *state;
	struct sp_dns_batch *batches[50];

	for (size_t i = 0; i < COUNT(batches); i++) {
		batches[i] = sp_dns_batch_new(world->dns);
		world_ask(batches[i], "slow.example.org", SP_DNS_A);
	}
	for (size_t i = 0; i < COUNT(batches); i++) {
		assert_true(sp_dns_wait(batches[i], WORLD_GROUP,
					sp_clock_mono_ms() + 5000));
		assert_int_equal(sp_dns_answer_get(batches[i], 0)->status,
				 SP_DNS_FOUND);
	}
	/* Half of them go first: the answer is still the others'. */
	for (size_t i = 0; i < COUNT(batches); i += 2)
		sp_dns_batch_free(&batches[i]);
	for (size_t i = 1; i < COUNT(batches); i += 2) {
		assert_int_equal(sp_dns_answer_get(batches[i], 0)->count, 1);
		sp_dns_batch_free(&batches[i]);
	}
	assert_int_equal(test_dns_count(world->server, "slow.example.org"), 1);
	assert_int_equal(world_health(world).shared, 49);
}

static void test_a_late_answer_warms_the_cache(void **state)
{
	struct world *world = *state;
	int64_t begin_ms;

	world_ask(world->batch, "slow.example.org", SP_DNS_A);
	assert_false(sp_dns_wait(world->batch, WORLD_GROUP,
				 sp_clock_mono_ms() + 10));
	assert_int_equal(sp_dns_answer_get(world->batch, 0)->status,
			 SP_DNS_PENDING);
	sp_dns_batch_clear(world->batch);
	world_nap_ms(500);
	assert_int_equal(world_health(world).in_flight, 0);
	begin_ms = sp_clock_mono_ms();
	assert_int_equal(
		world_look_up(world, "slow.example.org", SP_DNS_A)->status,
		SP_DNS_FOUND);
	assert_true(sp_clock_mono_ms() - begin_ms < 100);
	assert_int_equal(test_dns_count(world->server, "slow.example.org"), 1);
}

/* --------------------------------------------------------------- follow-ups */

struct chain {
	unsigned calls;
	unsigned address; /* the question's number */
	uint32_t groups;
};

static void note_call(struct sp_dns_batch *batch,
		      const struct sp_dns_answer *answer, void *context)
{
	struct chain *chain = context;

	(void)batch;
	(void)answer;
	chain->calls++;
}

static void ask_address(struct sp_dns_batch *batch,
			const struct sp_dns_answer *answer, void *context)
{
	struct chain *chain = context;
	struct sp_dns_question question = { .type = SP_DNS_A };
	struct sp_dns_name name;

	chain->calls++;
	chain->address = SP_DNS_NO_QUESTION;
	if (answer->status != SP_DNS_FOUND || answer->count == 0)
		return;
	sp_dns_name_domain(answer->records[0].text, answer->records[0].length,
			   &name);
	question.name = &name;
	chain->address = sp_dns_ask(batch, &question);
}

static unsigned ask_chain(struct sp_dns_batch *batch, const char *ip_text,
			  struct chain *chain)
{
	struct sp_dns_name name;
	struct sp_dns_question question = { .name = &name,
					    .type = SP_DNS_PTR,
					    .groups = WORLD_GROUP,
					    .follow = ask_address,
					    .context = chain };
	struct sp_ip ip;

	sp_ip_parse(ip_text, &ip);
	sp_dns_name_reverse(&ip, NULL, &name);
	return sp_dns_ask(batch, &question);
}

static void test_a_chain_goes_on_by_itself(void **state)
{
	struct world *world = *state;
	struct chain chain = { 0 };
	const struct sp_dns_answer *answer;
	int64_t end_ms = sp_clock_mono_ms() + 5000;
	struct sp_dns_view view;

	ask_chain(world->batch, "192.0.2.50", &chain);
	/* The session does other things; it does not wait. */
	while ((!sp_dns_question_get(world->batch, 1, &view) ||
		view.answer->status == SP_DNS_PENDING) &&
	       sp_clock_mono_ms() < end_ms)
		world_nap_ms(10);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP, sp_clock_mono_ms()));
	answer = sp_dns_answer_get(world->batch, chain.address);
	assert_int_equal(answer->status, SP_DNS_FOUND);
	assert_int_equal(answer->records[0].ip.bytes[3], 50);
	assert_int_equal(chain.calls, 1);
}

/* With nothing in its cache. */
static int64_t time_chain(struct world *world)
{
	struct chain chain = { 0 };
	int64_t begin_ms;

	world_close(world);
	world_open(world);
	begin_ms = sp_clock_mono_ms();
	ask_chain(world->batch, "192.0.2.50", &chain);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP, begin_ms + 5000));
	return sp_clock_mono_ms() - begin_ms;
}

static void test_a_chain_takes_its_round_trips(void **state)
{
	int64_t best_ms = INT64_MAX;

	/* The machine may be busy: it must be possible. */
	for (unsigned i = 0; i < 20 && best_ms >= 125; i++) {
		int64_t took_ms = time_chain(*state);

		best_ms = took_ms < best_ms ? took_ms : best_ms;
	}
	assert_in_range(best_ms, 100, 124);
}

static void release_group(struct sp_dns_batch *batch,
			  const struct sp_dns_answer *answer, void *context)
{
	(void)answer;
	(void)context;
	sp_dns_release(batch, WORLD_GROUP);
}

static void test_nobody_waits_for_a_released_group(void **state)
{
	struct world *world = *state;
	struct sp_dns_name name = { "fifty.example.org" };
	struct sp_dns_question question = { .name = &name,
					    .type = SP_DNS_A,
					    .groups = WORLD_GROUP,
					    .follow = release_group };
	unsigned silent =
		world_ask(world->batch, "silent.example.org", SP_DNS_A);

	sp_dns_ask(world->batch, &question);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP,
				sp_clock_mono_ms() + 5000));
	assert_int_equal(sp_dns_answer_get(world->batch, silent)->status,
			 SP_DNS_PENDING);
	/* The batch as new knows nothing of it. */
	sp_dns_batch_clear(world->batch);
	world_ask(world->batch, "silent.example.org", SP_DNS_A);
	assert_false(sp_dns_wait(world->batch, WORLD_GROUP,
				 sp_clock_mono_ms() + 10));
}

static void test_groups_are_waited_for_alone(void **state)
{
	struct world *world = *state;
	struct sp_dns_name name = { "slow.example.org" };
	struct sp_dns_question slow = { .name = &name,
					.type = SP_DNS_A,
					.groups = OTHER_GROUP };
	int64_t begin_ms = sp_clock_mono_ms();

	sp_dns_ask(world->batch, &slow);
	world_ask(world->batch, "mx.example.org", SP_DNS_A);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP, begin_ms + 5000));
	assert_true(sp_clock_mono_ms() - begin_ms < 200);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP | OTHER_GROUP,
				begin_ms + 5000));
	assert_true(sp_clock_mono_ms() - begin_ms >= 300);
}

static void test_a_follow_up_is_called_whatever_comes(void **state)
{
	static const char *const names[] = { "no.example.org",
					     "servfail.example.org",
					     "silent.example.org",
					     "mx.example.org", "not a name" };
	struct world *world = *state;
	struct chain chain = { 0 };
	struct sp_dns_name name;
	struct sp_dns_question question = { .name = &name,
					    .type = SP_DNS_A,
					    .groups = WORLD_GROUP,
					    .follow = note_call,
					    .context = &chain };

	for (size_t i = 0; i < COUNT(names); i++) {
		sp_dns_name_domain(names[i], strlen(names[i]), &name);
		sp_dns_ask(world->batch, &question);
	}
	/* Answered before, and asked for by somebody else as well. */
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP,
				sp_clock_mono_ms() + 5000));
	sp_dns_name_domain(names[0], strlen(names[0]), &name);
	sp_dns_ask(world->batch, &question);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP,
				sp_clock_mono_ms() + 5000));
	assert_int_equal(chain.calls, 6);
	assert_int_equal(test_dns_count(world->server, names[0]), 1);
}

/* Asks for ever, if it is let. */
static void ask_more(struct sp_dns_batch *batch,
		     const struct sp_dns_answer *answer, void *context)
{
	struct chain *chain = context;
	struct sp_dns_name name;
	struct sp_dns_question question = { .name = &name,
					    .type = SP_DNS_A,
					    .follow = ask_more,
					    .context = chain };

	(void)answer;
	chain->calls++;
	snprintf(name.text, sizeof(name.text), "n%u.wild.example.org",
		 chain->calls);
	chain->address = sp_dns_ask(batch, &question);
}

static void test_a_batch_is_bounded(void **state)
{
	struct world *world = *state;
	struct chain chain = { 0 };
	struct sp_dns_name name = { "n.wild.example.org" };
	struct sp_dns_question question = { .name = &name,
					    .type = SP_DNS_A,
					    .groups = WORLD_GROUP,
					    .follow = ask_more,
					    .context = &chain };

	sp_dns_ask(world->batch, &question);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP,
				sp_clock_mono_ms() + 5000));
	assert_int_equal(chain.calls, SP_DNS_QUESTIONS_MAX);
	assert_int_equal(chain.address, SP_DNS_NO_QUESTION);
	assert_int_equal(sp_dns_answer_get(world->batch, chain.address)->status,
			 SP_DNS_NOT_ASKED);
	assert_int_equal(world_health(world).not_asked, 1);
}

/* ----------------------------------------------------------------- waiting */

static void test_a_silent_server_costs_the_deadline_once(void **state)
{
	struct world *world = *state;
	int64_t begin_ms = sp_clock_mono_ms();
	char name[64];

	for (unsigned i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "n%u.silent.example.org", i);
		world_ask(world->batch, name, SP_DNS_A);
	}
	world_ask(world->batch, "mx.example.org", SP_DNS_A);
	assert_false(sp_dns_wait(world->batch, WORLD_GROUP, begin_ms + 200));
	assert_in_range(sp_clock_mono_ms() - begin_ms, 199, 500);
	assert_int_equal(sp_dns_answer_get(world->batch, 0)->status,
			 SP_DNS_PENDING);
	assert_int_equal(sp_dns_answer_get(world->batch, 20)->status,
			 SP_DNS_FOUND);
	/* The questions' own limit ends them, and 20 silent domains do not
	 * look like a dead resolver. */
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP, begin_ms + 5000));
	assert_in_range(sp_clock_mono_ms() - begin_ms, 999, 2000);
	assert_int_equal(sp_dns_answer_get(world->batch, 0)->status,
			 SP_DNS_TIMEOUT);
	assert_int_equal(world_health(world).timeouts, 20);
	world_nap_ms(1500);
	assert_false(world_health(world).is_dead);
}

/* Its lookup is still under way, but nobody's any more: the dispatcher sleeps. */
static void test_who_joins_a_forgotten_lookup_does_not_wait_for_ever(
	void **state)
{
	struct world *world = *state;

	world_ask(world->batch, "silent.example.org", SP_DNS_A);
	world_nap_ms(20);
	sp_dns_batch_clear(world->batch);
	world_nap_ms(200);
	world_ask(world->batch, "silent.example.org", SP_DNS_A);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP,
				sp_clock_mono_ms() + 3000));
	assert_int_equal(sp_dns_answer_get(world->batch, 0)->status,
			 SP_DNS_TIMEOUT);
}

static void test_a_batch_is_cleared_in_flight(void **state)
{
	struct world *world = *state;
	struct chain chain = { 0 };
	char name[64];

	world_close(world);
	world->config.max_in_flight = 8192;
	world->config.timeout_ms = 10000;
	world_open(world);
	for (unsigned round = 0; round < 200; round++) {
		for (unsigned i = 0; i < 20; i++) {
			snprintf(name, sizeof(name), "r%un%u.slow.example.org",
				 round, i);
			world_ask(world->batch, name, SP_DNS_A);
		}
		ask_chain(world->batch, "192.0.2.50", &chain);
		sp_dns_wait(world->batch, WORLD_GROUP,
			    sp_clock_mono_ms() + round % 3);
		sp_dns_batch_clear(world->batch);
		assert_true(sp_dns_wait(world->batch, WORLD_GROUP, 0));
	}
	assert_int_equal(
		world_look_up(world, "mx.example.org", SP_DNS_A)->status,
		SP_DNS_FOUND);
}

static void test_it_ends_with_lookups_in_flight(void **state)
{
	struct world *world = *state;
	char name[64];
	int64_t begin_ms;

	for (unsigned i = 0; i < 64; i++) {
		snprintf(name, sizeof(name), "n%u.silent.example.org", i);
		world_ask(world->batch, name, SP_DNS_A);
	}
	world_nap_ms(20);
	begin_ms = sp_clock_mono_ms();
	world_close(world);
	assert_true(sp_clock_mono_ms() - begin_ms < 1000);
	world_open(world);
}

static void test_lookups_in_flight_are_bounded(void **state)
{
	struct world *world = *state;
	struct sp_dns_health health;
	char name[64];

	world_close(world);
	world->config.max_in_flight = 16;
	world_open(world);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "n%u.slow.example.org", i);
		world_ask(world->batch, name, SP_DNS_A);
	}
	health = world_health(world);
	assert_int_equal(health.in_flight, 16);
	assert_int_equal(health.not_asked, 24);
	assert_int_equal(sp_dns_answer_get(world->batch, 39)->status,
			 SP_DNS_NOT_ASKED);
	/* What is asked already may be joined. */
	sp_dns_batch_clear(world->batch);
	assert_int_equal(
		world_look_up(world, "n3.slow.example.org", SP_DNS_A)->status,
		SP_DNS_FOUND);
}

/* ---------------------------------------------------------------- parallel */

struct session {
	pthread_t thread;
	struct world *world;
	unsigned number;
	unsigned found;
};

static void *run_session(void *argument)
{
	struct session *session = argument;
	struct sp_dns_batch *batch = sp_dns_batch_new(session->world->dns);
	struct chain chain = { 0 };
	char name[64];

	for (unsigned i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "s%un%u.slow.example.org",
			 session->number / 2, i);
		world_ask(batch, name, SP_DNS_A);
	}
	ask_chain(batch, "192.0.2.50", &chain);
	sp_dns_wait(batch, WORLD_GROUP, sp_clock_mono_ms() + 10000);
	for (unsigned i = 0; i < 11; i++)
		session->found +=
			sp_dns_answer_get(batch, i)->status == SP_DNS_FOUND;
	session->found +=
		sp_dns_answer_get(batch, chain.address)->status == SP_DNS_FOUND;
	sp_dns_batch_free(&batch);
	return NULL;
}

static void test_500_batches_at_once(void **state)
{
	struct world *world = *state;
	struct session *sessions = calloc(500, sizeof(*sessions));
	unsigned found = 0;

	world_close(world);
	world->config.timeout_ms = 5000;
	world_open(world);
	for (unsigned i = 0; i < 500; i++) {
		sessions[i].world = world;
		sessions[i].number = i;
		assert_int_equal(pthread_create(&sessions[i].thread, NULL,
						run_session, &sessions[i]),
				 0);
	}
	for (unsigned i = 0; i < 500; i++) {
		pthread_join(sessions[i].thread, NULL);
		found += sessions[i].found;
	}
	free(sessions);
	assert_int_equal(found, 500 * 12);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_batch_asks_once),
		TEST(test_many_sessions_ask_once),
		TEST(test_a_late_answer_warms_the_cache),
		TEST(test_a_chain_goes_on_by_itself),
		TEST(test_a_chain_takes_its_round_trips),
		TEST(test_nobody_waits_for_a_released_group),
		TEST(test_groups_are_waited_for_alone),
		TEST(test_a_follow_up_is_called_whatever_comes),
		TEST(test_a_batch_is_bounded),
		TEST(test_a_silent_server_costs_the_deadline_once),
		TEST(test_who_joins_a_forgotten_lookup_does_not_wait_for_ever),
		TEST(test_a_batch_is_cleared_in_flight),
		TEST(test_it_ends_with_lookups_in_flight),
		TEST(test_lookups_in_flight_are_bounded),
		TEST(test_500_batches_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
