/* test-dns-memory.c - what is known already is answered at once, follow-ups and
 * all, on the thread that asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/dns_world.h"
#include "sallyport/clock.h"

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

enum {
	LONG_MS = 5000,
	THREADS = 8,
	ROUNDS = 300
};

/* As another session sees it, right after asking. */
static struct sp_dns_view ask_at_once(struct world *world, const char *name,
				      enum sp_dns_type type)
{
	struct sp_dns_view view;

	sp_dns_batch_clear(world->batch);
	assert_true(sp_dns_question_get(
		world->batch, world_ask(world->batch, name, type), &view));
	return view;
}

/* --------------------------------------------------------------- one answer */

static const struct {
	const char *label, *name;
	enum sp_dns_type type;
	enum sp_dns_status status; /* PENDING: it is asked anew */
} memory_rows[] = {
	{ "an address", "mx.example.org", SP_DNS_A, SP_DNS_FOUND },
	{ "whatever the case", "MX.example.ORG", SP_DNS_A, SP_DNS_FOUND },
	{ "exchangers", "example.org", SP_DNS_MX, SP_DNS_FOUND },
	{ "an alias", "alias.example.org", SP_DNS_A, SP_DNS_FOUND },
	{ "no such name", "no.example.org", SP_DNS_A, SP_DNS_NXDOMAIN },
	{ "no such type", "mx.example.org", SP_DNS_TXT, SP_DNS_NODATA },
	{ "a long text", "huge.example.org", SP_DNS_TXT, SP_DNS_FOUND },
	{ "a failure is asked for anew", "servfail.example.org", SP_DNS_A,
	  SP_DNS_PENDING },
	{ "so is silence", "silent.example.org", SP_DNS_A, SP_DNS_PENDING },
};

static void test_what_was_answered_is_there_at_once(void **state)
{
	struct world *world = *state;
	int failures = 0;

	for (size_t i = 0; i < COUNT(memory_rows); i++) {
		struct sp_dns_health before;
		struct sp_dns_view view;
		bool is_known = memory_rows[i].status != SP_DNS_PENDING;

		world_look_up(world, memory_rows[i].name, memory_rows[i].type);
		before = world_health(world);
		view = ask_at_once(world, memory_rows[i].name,
				   memory_rows[i].type);
		if (view.answer->status == memory_rows[i].status &&
		    view.is_cached == is_known &&
		    view.took_us == (is_known ? 0 : -1) &&
		    world_health(world).cached == before.cached + is_known &&
		    (!is_known || world_health(world).sent == before.sent))
			continue;
		print_error("%s: %s\n", memory_rows[i].label,
			    sp_dns_status_text(view.answer->status));
		failures++;
	}
	assert_int_equal(failures, 0);
	assert_int_equal(test_dns_count(world->server, "mx.example.org"), 2);
	assert_int_equal(test_dns_count(world->server, "no.example.org"), 1);
}

static void test_it_says_the_same(void **state)
{
	struct world *world = *state;
	struct sp_dns_view view;

	world_look_up(world, "alias.example.org", SP_DNS_A);
	view = ask_at_once(world, "alias.example.org", SP_DNS_A);
	assert_int_equal(view.answer->count, 1);
	assert_int_equal(view.answer->records[0].ip.bytes[3], 7);
	assert_string_equal(view.answer->alias, "mx.example.org");
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP, 0));
}

static void test_time_runs_for_answers(void **state)
{
	struct world *world = *state;
	struct sp_dns_view view;

	world_look_up(world, "mx.example.org", SP_DNS_A);
	test_dns_ttl(world->server, 1);
	world_look_up(world, "two.example.org", SP_DNS_A);
	test_dns_ttl(world->server, 0);
	world_look_up(world, "reserved.test", SP_DNS_A);

	view = ask_at_once(world, "reserved.test", SP_DNS_A);
	assert_int_equal(view.answer->status, SP_DNS_PENDING);
	world_nap_ms(1100);
	view = ask_at_once(world, "two.example.org", SP_DNS_A);
	assert_int_equal(view.answer->status, SP_DNS_PENDING);
	view = ask_at_once(world, "mx.example.org", SP_DNS_A);
	assert_int_equal(view.answer->status, SP_DNS_FOUND);
	assert_in_range(view.answer->ttl_sec, 200, 299);
}

static void test_another_resolver_begins_with_nothing(void **state)
{
	struct world *world = *state;

	world_look_up(world, "mx.example.org", SP_DNS_A);
	world_close(world);
	world_open(world);
	assert_int_equal(
		ask_at_once(world, "mx.example.org", SP_DNS_A).answer->status,
		SP_DNS_PENDING);
}

/* ---------------------------------------------------------------- follow-ups */

struct chain {
	pthread_t asker;
	unsigned calls, elsewhere; /* ... on another thread */
	unsigned depth, deepest;   /* follow-ups within follow-ups */
	unsigned last;		   /* question's number */
};

static void enter(struct chain *chain)
{
	chain->calls++;
	chain->elsewhere += !pthread_equal(pthread_self(), chain->asker);
	if (++chain->depth > chain->deepest)
		chain->deepest = chain->depth;
}

static void ask_address(struct sp_dns_batch *batch,
			const struct sp_dns_answer *answer, void *context)
{
	struct chain *chain = context;
	struct sp_dns_question question = { .type = SP_DNS_A };
	struct sp_dns_name name;

	enter(chain);
	if (answer->status == SP_DNS_FOUND && answer->count > 0) {
		sp_dns_name_domain(answer->records[0].text,
				   answer->records[0].length, &name);
		question.name = &name;
		chain->last = sp_dns_ask(batch, &question);
	}
	chain->depth--;
}

static void begin_chain(struct chain *chain)
{
	*chain = (struct chain){ .asker = pthread_self(),
				 .last = SP_DNS_NO_QUESTION };
}

static void ask_chain(struct sp_dns_batch *batch, const char *ip_text,
		      struct chain *chain)
{
	struct sp_dns_name name;
	struct sp_dns_question question = { .name = &name,
					    .type = SP_DNS_PTR,
					    .groups = WORLD_GROUP,
					    .follow = ask_address,
					    .context = chain };
	struct sp_ip ip;

	begin_chain(chain);
	sp_ip_parse(ip_text, &ip);
	sp_dns_name_reverse(&ip, NULL, &name);
	sp_dns_ask(batch, &question);
}

static void test_a_known_chain_is_over_at_once(void **state)
{
	struct world *world = *state;
	struct chain chain;
	struct sp_dns_view view;

	ask_chain(world->batch, "192.0.2.50", &chain);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP,
				sp_clock_mono_ms() + LONG_MS));
	assert_int_equal(chain.elsewhere, 1);
	sp_dns_batch_clear(world->batch);
	ask_chain(world->batch, "192.0.2.50", &chain);
	assert_int_equal(chain.calls, 1);
	assert_int_equal(chain.elsewhere, 0);
	assert_true(sp_dns_question_get(world->batch, chain.last, &view));
	assert_int_equal(view.answer->status, SP_DNS_FOUND);
	assert_true(view.is_cached);
	assert_int_equal(view.groups, WORLD_GROUP);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP, 0));
}

static void test_a_chain_goes_on_where_memory_ends(void **state)
{
	struct world *world = *state;
	struct chain chain;

	world_look_up(world, "50.2.0.192.in-addr.arpa", SP_DNS_PTR);
	sp_dns_batch_clear(world->batch);
	ask_chain(world->batch, "192.0.2.50", &chain);
	assert_int_equal(chain.calls, 1);
	assert_int_equal(chain.elsewhere, 0);
	assert_int_equal(sp_dns_answer_get(world->batch, chain.last)->status,
			 SP_DNS_PENDING);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP,
				sp_clock_mono_ms() + LONG_MS));
	assert_int_equal(sp_dns_answer_get(world->batch, chain.last)->status,
			 SP_DNS_FOUND);
}

/* One name after the other, as many as a batch takes. */
static void ask_next(struct sp_dns_batch *batch,
		     const struct sp_dns_answer *answer, void *context)
{
	struct chain *chain = context;
	struct sp_dns_name name;
	struct sp_dns_question question = { .name = &name,
					    .type = SP_DNS_A,
					    .follow = ask_next,
					    .context = chain };

	(void)answer;
	enter(chain);
	snprintf(name.text, sizeof(name.text), "n%u.wild.example.org",
		 chain->calls);
	chain->last = sp_dns_ask(batch, &question);
	chain->depth--;
}

static void ask_first(struct sp_dns_batch *batch, struct chain *chain)
{
	struct sp_dns_name name = { "n0.wild.example.org" };
	struct sp_dns_question question = { .name = &name,
					    .type = SP_DNS_A,
					    .groups = WORLD_GROUP,
					    .follow = ask_next,
					    .context = chain };

	begin_chain(chain);
	sp_dns_ask(batch, &question);
}

static void test_a_chain_is_no_recursion(void **state)
{
	struct world *world = *state;
	struct chain chain;

	ask_first(world->batch, &chain);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP,
				sp_clock_mono_ms() + LONG_MS));
	sp_dns_batch_clear(world->batch);
	ask_first(world->batch, &chain);
	assert_int_equal(chain.calls, SP_DNS_QUESTIONS_MAX);
	assert_int_equal(chain.elsewhere, 0);
	assert_int_equal(chain.deepest, 1);
	assert_int_equal(chain.last, SP_DNS_NO_QUESTION);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP, 0));
}

static void test_what_is_no_question_is_followed_up_at_once(void **state)
{
	struct world *world = *state;
	struct sp_dns_name name = { "" };
	struct chain chain;
	struct sp_dns_question question = { .name = &name,
					    .type = SP_DNS_A,
					    .groups = WORLD_GROUP,
					    .follow = ask_address,
					    .context = &chain };

	begin_chain(&chain);
	sp_dns_ask(world->batch, &question);
	assert_int_equal(chain.calls, 1);
	assert_int_equal(chain.elsewhere, 0);
}

/* ------------------------------------------------------------------- clearing */

struct busy {
	atomic_uint running, overlaps, calls;
	atomic_bool is_begun, is_over;
	unsigned nap_ms;
};

static void be_busy(struct sp_dns_batch *batch,
		    const struct sp_dns_answer *answer, void *context)
{
	struct busy *busy = context;

	(void)batch;
	(void)answer;
	if (atomic_fetch_add(&busy->running, 1) > 0)
		atomic_fetch_add(&busy->overlaps, 1);
	atomic_fetch_add(&busy->calls, 1);
	atomic_store(&busy->is_begun, true);
	if (busy->nap_ms > 0)
		world_nap_ms(busy->nap_ms);
	atomic_fetch_sub(&busy->running, 1);
	atomic_store(&busy->is_over, true);
}

static void ask_busy(struct sp_dns_batch *batch, const char *text,
		     struct busy *busy)
{
	struct sp_dns_name name;
	struct sp_dns_question question = { .name = &name,
					    .type = SP_DNS_A,
					    .groups = WORLD_GROUP,
					    .follow = be_busy,
					    .context = busy };

	sp_dns_name_domain(text, strlen(text), &name);
	sp_dns_ask(batch, &question);
}

static void test_clearing_waits_for_the_follow_up_that_runs(void **state)
{
	struct world *world = *state;
	struct busy busy = { .nap_ms = 100 };

	world_look_up(world, "two.example.org", SP_DNS_A);
	sp_dns_batch_clear(world->batch);
	ask_busy(world->batch, "mx.example.org", &busy);
	while (!atomic_load(&busy.is_begun))
		world_nap_ms(1);
	/* Known, but it is not its turn: the dispatcher's is not over. */
	ask_busy(world->batch, "two.example.org", &busy);
	assert_int_equal(atomic_load(&busy.calls), 1);
	sp_dns_batch_clear(world->batch);
	assert_true(atomic_load(&busy.is_over));
	assert_int_equal(atomic_load(&busy.running), 0);
	/* What had not begun never does. */
	world_nap_ms(50);
	assert_int_equal(atomic_load(&busy.calls), 1);
}

/* Also what may not be kept for others. */
static void test_a_batch_remembers_for_itself(void **state)
{
	struct world *world = *state;
	struct busy busy = { .nap_ms = 0 };

	test_dns_ttl(world->server, 0);
	world_look_up(world, "mx.example.org", SP_DNS_A);
	ask_busy(world->batch, "mx.example.org", &busy);
	assert_int_equal(atomic_load(&busy.calls), 1);
	assert_int_equal(test_dns_count(world->server, "mx.example.org"), 1);
}

static void test_one_follow_up_at_a_time(void **state)
{
	struct world *world = *state;
	struct busy busy = { .nap_ms = 1 };
	char name[64];

	world_look_up(world, "two.example.org", SP_DNS_A);
	sp_dns_batch_clear(world->batch);
	for (unsigned i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "n%u.wild.example.org", i);
		ask_busy(world->batch, i % 2 ? name : "two.example.org", &busy);
	}
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP,
				sp_clock_mono_ms() + LONG_MS));
	assert_int_equal(atomic_load(&busy.calls), 60);
	assert_int_equal(atomic_load(&busy.overlaps), 0);
}

/* ------------------------------------------------------------------- parallel */

struct asker {
	pthread_t thread;
	struct world *world;
	unsigned number, found;
};

static void *ask_often(void *argument)
{
	struct asker *asker = argument;
	struct sp_dns_batch *batch = sp_dns_batch_new(asker->world->dns);

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct busy busy = { .nap_ms = 0 };
		struct chain chain;
		char name[64];

		ask_chain(batch, "192.0.2.7", &chain);
		world_ask(batch, "example.org", SP_DNS_MX);
		world_ask(batch, "huge.example.org", SP_DNS_TXT);
		/* Some are known, some are new, some have gone. */
		for (unsigned i = 0; i < 10; i++) {
			snprintf(name, sizeof(name), "n%u.wild.example.org",
				 round % 40 * 10 + i + asker->number % 2);
			ask_busy(batch, name, &busy);
		}
		if (round % 7 != 0 && sp_dns_wait(batch, WORLD_GROUP,
						  sp_clock_mono_ms() + LONG_MS))
			asker->found +=
				sp_dns_answer_get(batch, chain.last)->status ==
					SP_DNS_FOUND &&
				atomic_load(&busy.calls) == 10;
		sp_dns_batch_clear(batch);
		assert_int_equal(atomic_load(&busy.overlaps), 0);
	}
	sp_dns_batch_free(&batch);
	return NULL;
}

static void test_eight_threads_ask_at_once(void **state)
{
	struct world *world = *state;
	struct asker askers[THREADS];

	world_close(world);
	world->config.cache_size_bytes = 128 * 1024;
	world->config.timeout_ms = LONG_MS;
	world_open(world);
	for (unsigned i = 0; i < THREADS; i++) {
		askers[i] = (struct asker){ .world = world, .number = i };
		assert_int_equal(pthread_create(&askers[i].thread, NULL,
						ask_often, &askers[i]),
				 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_int_equal(askers[i].found, ROUNDS - (ROUNDS + 6) / 7);
	}
	assert_true(world_health(world).cached > 0);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_was_answered_is_there_at_once),
		TEST(test_it_says_the_same),
		TEST(test_time_runs_for_answers),
		TEST(test_another_resolver_begins_with_nothing),
		TEST(test_a_known_chain_is_over_at_once),
		TEST(test_a_chain_goes_on_where_memory_ends),
		TEST(test_a_chain_is_no_recursion),
		TEST(test_what_is_no_question_is_followed_up_at_once),
		TEST(test_clearing_waits_for_the_follow_up_that_runs),
		TEST(test_a_batch_remembers_for_itself),
		TEST(test_one_follow_up_at_a_time),
		TEST(test_eight_threads_ask_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
