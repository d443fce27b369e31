/* test-dns-outage.c - a resolver that is late, dies and comes back, or is not known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../support/dns_world.h"
#include "sallyport/clock.h"

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

/* -------------------------------------------------------------------- late */

/* libunbound learns how fast a server is; one that is slower for once, or a
 * machine that is busy, is no reason to ask again. */
static void test_a_little_late_is_not_asked_again(void **state)
{
	struct world *world = *state;
	char name[64];

	for (unsigned i = 0; i < 40; i++) {
		test_dns_delay(world->server, i < 20 ? 10 : 150);
		snprintf(name, sizeof(name), "n%u.wild.example.org", i);
		assert_int_equal(world_look_up(world, name, SP_DNS_A)->status,
				 SP_DNS_FOUND);
		assert_int_equal(test_dns_count(world->server, name), 1);
		sp_dns_batch_clear(world->batch);
	}
}

/* -------------------------------------------------------------------- dead */

/* Ask one batch of 10 until it is answered; how long that took. */
static int64_t time_batch(struct world *world, unsigned *number)
{
	int64_t begin_ms = sp_clock_mono_ms();
	char name[64];

	sp_dns_batch_clear(world->batch);
	for (unsigned i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "n%u.wild.example.org",
			 (*number)++);
		world_ask(world->batch, name, SP_DNS_A);
	}
	sp_dns_wait(world->batch, WORLD_GROUP, begin_ms + 10000);
	return sp_clock_mono_ms() - begin_ms;
}

static bool recovers(struct world *world, unsigned *number, int64_t limit_ms)
{
	int64_t begin_ms = sp_clock_mono_ms();

	while (sp_clock_mono_ms() - begin_ms < limit_ms) {
		time_batch(world, number);
		if (sp_dns_answer_get(world->batch, 0)->status ==
		    SP_DNS_FOUND) {
			print_message(
				"recovered within %lld ms\n",
				(long long)(sp_clock_mono_ms() - begin_ms));
			return true;
		}
		world_nap_ms(50);
	}
	return false;
}

static void kill_and_revive(struct world *world, enum test_dns_trick trick)
{
	int64_t begin_ms = sp_clock_mono_ms();
	unsigned number = 0;

	world_look_up(world, "mx.example.org", SP_DNS_A);
	world_nap_ms(100);
	test_dns_play(world->server, trick);
	/* The questions' limit (1 s), and a second between two probes. */
	while (!world_health(world).is_dead &&
	       sp_clock_mono_ms() - begin_ms < 4000)
		time_batch(world, &number);
	assert_true(world_health(world).is_dead);
	print_message("dead within %lld ms\n",
		      (long long)(sp_clock_mono_ms() - begin_ms));
	assert_true(time_batch(world, &number) <= 100);
	assert_int_equal(sp_dns_answer_get(world->batch, 0)->status,
			 SP_DNS_NOT_ASKED);
	/* What is known stays known. */
	sp_dns_batch_clear(world->batch);
	assert_int_equal(
		sp_dns_answer_get(
			world->batch,
			world_ask(world->batch, "mx.example.org", SP_DNS_A))
			->status,
		SP_DNS_FOUND);
	world_nap_ms(3000);
	assert_true(time_batch(world, &number) <= 100);
	test_dns_play(world->server, TEST_DNS_HONEST);
	assert_true(recovers(world, &number, 10000));
	assert_int_equal(world_said(world, "does not answer"), 1);
	/* It is said once all is done. */
	world_nap_ms(100);
	assert_int_equal(world_said(world, "answers again"), 1);
}

static void test_a_silent_resolver_dies_and_comes_back(void **state)
{
	kill_and_revive(*state, TEST_DNS_SILENT);
}

static void test_a_refusing_resolver_dies_and_comes_back(void **state)
{
	kill_and_revive(*state, TEST_DNS_REFUSED);
}

/* A mail waits for less than a question's limit, and takes its questions along
 * when it gives up. */
static void test_one_mail_that_gives_up_is_enough(void **state)
{
	struct world *world = *state;
	unsigned number = 0;
	int64_t begin_ms;

	world_close(world);
	world->config.timeout_ms = 5000;
	world_open(world);
	world_look_up(world, "mx.example.org", SP_DNS_A);
	/* The first probe is answered too, or it were a sign of life after the
	 * questions below. */
	world_nap_ms(200);
	test_dns_play(world->server, TEST_DNS_SILENT);
	begin_ms = sp_clock_mono_ms();
	for (; number < 10; number++) {
		char name[64];

		snprintf(name, sizeof(name), "n%u.wild.example.org", number);
		world_ask(world->batch, name, SP_DNS_A);
	}
	assert_false(sp_dns_wait(world->batch, WORLD_GROUP, begin_ms + 1500));
	sp_dns_batch_clear(world->batch);
	while (!world_health(world).is_dead &&
	       sp_clock_mono_ms() - begin_ms < 3000)
		world_nap_ms(20);
	assert_true(world_health(world).is_dead);
}

static void write_system_file(const struct world *world, const char *path,
			      const char *text)
{
	FILE *file = fopen(path, "w");

	(void)world;
	fputs(text, file);
	fclose(file);
}

static void test_no_server_is_said_once(void **state)
{
	static const char *const contents[] = { NULL, "",
						"search example.org\n",
						"nameserver\nnameserver x\n" };
	struct world *world = *state;
	char path[80];

	snprintf(path, sizeof(path), "%s.resolv", world->log);
	for (size_t i = 0; i < COUNT(contents); i++) {
		world_close(world);
		sp_list_free(&world->config.servers);
		world->config.system_file = path;
		unlink(path);
		if (contents[i] != NULL)
			write_system_file(world, path, contents[i]);
		world_open(world);
		for (unsigned j = 0; j < 3; j++)
			assert_int_equal(
				world_look_up(world, "mx.example.org", SP_DNS_A)
					->status,
				SP_DNS_NOT_ASKED);
		assert_false(world_health(world).has_servers);
		assert_int_equal(world_said(world, "names no server"), i + 1);
	}
	unlink(path);
}

static void test_the_system_names_the_servers(void **state)
{
	struct world *world = *state;
	char path[80];

	snprintf(path, sizeof(path), "%s.resolv", world->log);
	write_system_file(
		world, path,
		"# 192.0.2.9\nsearch x\n"
		"nameserver\t192.0.2.53 # ours\nnameserver fe80::1%lo\n"
		"options edns0");
	world_close(world);
	sp_list_free(&world->config.servers);
	world->config.system_file = path;
	world_open(world);
	assert_string_equal(world_health(world).servers,
			    "192.0.2.53, fe80::1%lo");
	unlink(path);
}

static void test_recursion_needs_no_server(void **state)
{
	struct world *world = *state;

	world_close(world);
	sp_list_free(&world->config.servers);
	world->config.is_recursive = true;
	world_open(world);
	assert_true(world_health(world).has_servers);
	assert_string_equal(world_health(world).servers, "the root");
	world_ask(world->batch, "mx.example.org", SP_DNS_A);
	world_nap_ms(50);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_little_late_is_not_asked_again),
		TEST(test_a_silent_resolver_dies_and_comes_back),
		TEST(test_a_refusing_resolver_dies_and_comes_back),
		TEST(test_one_mail_that_gives_up_is_enough),
		TEST(test_no_server_is_said_once),
		TEST(test_the_system_names_the_servers),
		TEST(test_recursion_needs_no_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
