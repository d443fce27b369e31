/* An evaluation over the resolver, against a DNS server that obeys. */
#include "sallyport/spf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns_world.h"
#include "sallyport/clock.h"

enum {
	NAP_MS = 150,
	/* Long enough to be seen under way; not yet asked again. */
	LONG_NAP_MS = 300,
	LONG_MS = 3000
};

enum {
	EXPLANATION_GROUP = 2
};

static const struct sp_spf_groups groups = { WORLD_GROUP, EXPLANATION_GROUP };

static const struct test_dns_row rows[] = {
	{ "e.test", "TXT",
	  "v=spf1 include:a.test include:b.test include:c.test -all "
	  "exp=why.%{d}",
	  NAP_MS, TEST_DNS_HONEST },
	{ "a.test", "TXT", "v=spf1 ip4:192.0.2.1", LONG_NAP_MS,
	  TEST_DNS_HONEST },
	{ "b.test", "TXT", "v=spf1 ip4:192.0.2.2", LONG_NAP_MS,
	  TEST_DNS_HONEST },
	{ "c.test", "TXT", "v=spf1 ip4:192.0.2.3", LONG_NAP_MS,
	  TEST_DNS_HONEST },
	{ "why.e.test", "TXT", "%{i} may%_not", 0, TEST_DNS_HONEST },
	{ "unsaid.test", "TXT", "v=spf1 a -all exp=two.silent.test", 0,
	  TEST_DNS_HONEST },
	{ "unsaid.test", "A", "192.0.2.1", 0, TEST_DNS_HONEST },
	{ "early.test", "TXT", "v=spf1 a include:one.silent.test", 0,
	  TEST_DNS_HONEST },
	{ "early.test", "A", "192.0.2.1", NAP_MS, TEST_DNS_HONEST },
	{ "*.silent.test", "ANY", NULL, 0, TEST_DNS_SILENT },
	{ "spaced.test", "TXT", "v=spf1 exists:a%_b.test -all", 0,
	  TEST_DNS_HONEST },
	{ "a b.test", "A", "127.0.0.2", 0, TEST_DNS_HONEST },
	{ NULL, NULL, NULL, 0, TEST_DNS_HONEST },
};

static struct sp_spf *begin(const char *client, const char *sender)
{
	struct sp_spf_request request = {
		.helo = "helo.test",
		.sender = sender,
		.receiver = "here.test",
	};

	assert_int_equal(sp_ip_parse(client, &request.client), SP_OK);
	return sp_spf_new(&request);
}

static void finish(struct world *world, struct sp_spf *spf)
{
	sp_dns_batch_clear(world->batch);
	sp_spf_free(&spf);
}

static void test_includes_are_asked_side_by_side(void **state)
{
	struct world *world = *state;
	struct sp_spf *spf = begin("192.0.2.3", "u@e.test");
	int64_t until_ms = sp_clock_mono_ms() + LONG_MS;

	sp_spf_run(spf, world->batch, &groups);
	while (world_health(world).in_flight < 3 &&
	       sp_clock_mono_ms() < until_ms)
		world_nap_ms(5);
	assert_true(world_health(world).in_flight >= 3);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP, until_ms));
	assert_int_equal(sp_spf_outcome_get(spf)->result, SP_SPF_PASS);
	assert_string_equal(sp_spf_outcome_get(spf)->term, "include:c.test");
	finish(world, spf);
}

static void test_a_fail_is_explained(void **state)
{
	struct world *world = *state;
	struct sp_spf *spf = begin("192.0.2.9", "u@e.test");
	int64_t until_ms = sp_clock_mono_ms() + LONG_MS;

	sp_spf_run(spf, world->batch, &groups);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP, until_ms));
	assert_int_equal(sp_spf_outcome_get(spf)->result, SP_SPF_FAIL);
	assert_true(sp_dns_wait(world->batch, EXPLANATION_GROUP, until_ms));
	assert_string_equal(sp_spf_explanation_get(spf), "192.0.2.9 may not");
	finish(world, spf);
}

/* What is not needed has not even been given up. */
static void assert_is_there_soon(struct world *world, const char *client,
				 const char *sender, enum sp_spf_result result)
{
	struct sp_spf *spf = begin(client, sender);
	uint64_t timeouts = world_health(world).timeouts;

	sp_spf_run(spf, world->batch, &groups);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP,
				sp_clock_mono_ms() + LONG_MS));
	assert_int_equal(world_health(world).timeouts, timeouts);
	assert_true(sp_spf_is_done(spf));
	assert_int_equal(sp_spf_outcome_get(spf)->result, result);
	assert_string_equal(sp_spf_explanation_get(spf), "");
	/* Of what does not fail it is known that there is none. */
	assert_int_equal(sp_dns_wait(world->batch, EXPLANATION_GROUP, 0),
			 result != SP_SPF_FAIL);
	finish(world, spf);
}

static void test_nobody_waits_for_what_the_result_does_not_need(void **state)
{
	assert_is_there_soon(*state, "192.0.2.1", "u@early.test", SP_SPF_PASS);
}

static void test_nobody_waits_for_an_explanation(void **state)
{
	assert_is_there_soon(*state, "192.0.2.9", "u@unsaid.test", SP_SPF_FAIL);
}

static void test_without_an_answer_it_is_not_done(void **state)
{
	struct world *world = *state;
	struct sp_spf *spf = begin("192.0.2.1", "u@three.silent.test");

	sp_spf_run(spf, world->batch, &groups);
	assert_false(sp_dns_wait(world->batch, WORLD_GROUP,
				 sp_clock_mono_ms() + NAP_MS));
	assert_false(sp_spf_is_done(spf));
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP,
				sp_clock_mono_ms() + LONG_MS));
	assert_int_equal(sp_spf_outcome_get(spf)->result, SP_SPF_TEMPERROR);
	finish(world, spf);
}

static void test_a_space_in_a_name_reaches_the_server(void **state)
{
	struct world *world = *state;
	struct sp_spf *spf = begin("192.0.2.1", "u@spaced.test");

	sp_spf_run(spf, world->batch, &groups);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP,
				sp_clock_mono_ms() + LONG_MS));
	assert_int_equal(sp_spf_outcome_get(spf)->result, SP_SPF_PASS);
	finish(world, spf);
}

static void test_a_full_batch_is_a_temperror(void **state)
{
	struct world *world = *state;
	struct sp_spf *spf = begin("192.0.2.1", "u@e.test");
	char name[32];

	for (unsigned i = 0; i < SP_DNS_QUESTIONS_MAX; i++) {
		snprintf(name, sizeof(name), "n%u.test", i);
		world_ask(world->batch, name, SP_DNS_A);
	}
	sp_spf_run(spf, world->batch, &groups);
	assert_true(sp_spf_is_done(spf));
	assert_int_equal(sp_spf_outcome_get(spf)->result, SP_SPF_TEMPERROR);
	finish(world, spf);
}

/* The world's resolver, but with a server of our rows. */
static int set_up(void **state)
{
	struct world *world;

	world_set_up(state);
	world = *state;
	world_close(world);
	test_dns_stop(world->server);
	world->server = test_dns_start(rows);
	sp_list_free(&world->config.servers);
	sp_list_new(SP_LIST_SERVERS, &world->config.servers);
	sp_list_add(world->config.servers, test_dns_address(world->server), "",
		    0);
	world_open(world);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_includes_are_asked_side_by_side),
		cmocka_unit_test(test_a_fail_is_explained),
		cmocka_unit_test(
			test_nobody_waits_for_what_the_result_does_not_need),
		cmocka_unit_test(test_nobody_waits_for_an_explanation),
		cmocka_unit_test(test_without_an_answer_it_is_not_done),
		cmocka_unit_test(test_a_space_in_a_name_reaches_the_server),
		cmocka_unit_test(test_a_full_batch_is_a_temperror),
	};

	return cmocka_run_group_tests(tests, set_up, world_tear_down);
}
