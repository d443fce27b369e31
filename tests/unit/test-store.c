/* test-store.c - the store with a real Redis, in health and in trouble. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../support/redis_server.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/log.h"
#include "sallyport/store.h"

/* Counts how often it was run: a script that must not run twice. */
static const struct sp_script count_script = {
	.name = "count",
	.text = "return { redis.call('INCR', KEYS[1]), ARGV[1] }",
	.sha1 = "9ad7917ed1a34a23637347166b6ffcd174677789",
};

struct world {
	struct redis_server redis;
	struct sp_redis_config config;
	struct sp_store *store;
};

static int set_up_with(void **state, const char *option, const char *value)
{
	struct world *world = calloc(1, sizeof(*world));

	redis_server_start(&world->redis, option, value);
	world->config = (struct sp_redis_config){
		.kind = SP_STORE_UNIX,
		.path = world->redis.socket,
		.user = "",
		.password = "",
		.connections = 4,
		.connect_timeout_ms = 250,
		.command_timeout_ms = 250,
		.breaker_failures = 5,
		.breaker_pause_ms = 200,
	};
	*state = world;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, NULL, NULL);
}

static int set_up_password(void **state)
{
	return set_up_with(state, "--requirepass", "open sesame");
}

static int tear_down(void **state)
{
	struct world *world = *state;

	sp_store_free(&world->store);
	redis_server_clear(&world->redis);
	free(world);
	return 0;
}

static void connect_store(struct world *world)
{
	assert_int_equal(sp_store_new(&world->config, &world->store), SP_OK);
}

static void tell(struct world *world, const char *command)
{
	char reply[256];

	redis_server_tell(&world->redis, command, reply, sizeof(reply));
	if (reply[0] != '+')
		fail_msg("%s: %s", command, reply);
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* Run the counting script; the count, 0 when it failed. */
static enum sp_err count_within(struct sp_store *store, int64_t wait_ms,
				int64_t *count_out)
{
	const struct sp_store_bytes key = { "k{1}", 4 }, word = { "w", 1 };
	struct sp_store_reply *reply;
	const struct sp_store_call call = { &count_script, &key, 1, &word, 1 };
	enum sp_err err = sp_store_run(store, &call,
				       sp_clock_mono_ms() + wait_ms, &reply);

	*count_out = sp_store_reply_number(reply, 0);
	sp_store_reply_free(&reply);
	return err;
}

static enum sp_err ask(struct world *world)
{
	int64_t count;

	return count_within(world->store, 2000, &count);
}

static int64_t count(struct world *world)
{
	int64_t count = 0;

	assert_int_equal(count_within(world->store, 2000, &count), SP_OK);
	return count;
}

static struct sp_store_health health_of(struct world *world)
{
	struct sp_store_health health;

	sp_store_health(world->store, &health);
	return health;
}

/* --- in health ---------------------------------------------------------- */

static void test_answers(void **state)
{
	struct world *world = *state;
	struct sp_store_health health;

	connect_store(world);
	assert_int_equal(count(world), 1);
	assert_int_equal(count(world), 2);
	health = health_of(world);
	assert_true(health.is_up);
	assert_false(health.is_breaker_open);
	assert_int_equal(health.questions, 2);
	assert_int_equal(health.failures, 0);
	assert_string_equal(health.last_error, "");
}

static void test_reads_replies(void **state)
{
	static const struct sp_script script = {
		.name = "shapes",
		.text = "return { 7, 'text', { 'inner', 8 }, false }",
		.sha1 = "0000000000000000000000000000000000000000",
	};
	const struct sp_store_call call = { .script = &script };
	struct world *world = *state;
	struct sp_store_reply *reply;
	const struct sp_store_reply *inner;

	connect_store(world);
	assert_int_equal(sp_store_run(world->store, &call,
				      sp_clock_mono_ms() + 2000, &reply),
			 SP_OK);
	assert_int_equal(sp_store_reply_count(reply), 4);
	assert_int_equal(sp_store_reply_number(reply, 0), 7);
	assert_string_equal(sp_store_reply_text(reply, 0), "");
	assert_string_equal(sp_store_reply_text(reply, 1), "text");
	assert_int_equal(sp_store_reply_number(reply, 1), 0);
	inner = sp_store_reply_array(reply, 2);
	assert_string_equal(sp_store_reply_text(inner, 0), "inner");
	assert_int_equal(sp_store_reply_number(inner, 1), 8);
	assert_string_equal(sp_store_reply_text(reply, 3), "");
	assert_null(sp_store_reply_array(reply, 3));
	assert_int_equal(sp_store_reply_number(reply, 4), 0);
	assert_string_equal(sp_store_reply_text(reply, 4), "");
	sp_store_reply_free(&reply);
	assert_null(reply);
	assert_int_equal(sp_store_reply_count(NULL), 0);
}

static void test_database(void **state)
{
	struct world *world = *state;
	char reply[256];

	world->config.database = 3;
	connect_store(world);
	assert_int_equal(count(world), 1);
	redis_server_tell(&world->redis, "INFO keyspace", reply, sizeof(reply));
	assert_non_null(strstr(reply, "db3:keys=1"));
	assert_null(strstr(reply, "db0:"));
}

static void test_forgotten_scripts(void **state)
{
	struct world *world = *state;

	connect_store(world);
	assert_int_equal(count(world), 1);
	tell(world, "SCRIPT FLUSH");
	assert_int_equal(count(world), 2);
	tell(world, "FLUSHALL");
	assert_int_equal(count(world), 1);
	assert_int_equal(health_of(world).failures, 0);
}

struct asker {
	pthread_t thread;
	struct sp_store *store;
	int failures;
	int asked;
};

static void *ask_often(void *argument)
{
	struct asker *asker = argument;
	int64_t number;

	for (int i = 0; i < asker->asked; i++)
		if (count_within(asker->store, 5000, &number) != SP_OK)
			asker->failures++;
	return NULL;
}

static void test_shares_few_connections(void **state)
{
	struct world *world = *state;
	struct asker askers[32];
	char reply[4096];

	world->config.command_timeout_ms = 5000;
	connect_store(world);
	for (int i = 0; i < 32; i++) {
		askers[i] =
			(struct asker){ .store = world->store, .asked = 50 };
		pthread_create(&askers[i].thread, NULL, ask_often, &askers[i]);
	}
	for (int i = 0; i < 32; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_int_equal(askers[i].failures, 0);
	}
	assert_int_equal(count(world), 32 * 50 + 1);
	redis_server_tell(&world->redis, "INFO clients", reply, sizeof(reply));
	/* Ours and the one that asks this. */
	assert_true(atoi(strstr(reply, "connected_clients:") + 18) <= 5);
}

/* --- in trouble ---------------------------------------------------------- */

static void test_survives_a_restart(void **state)
{
	struct world *world = *state;
	struct asker askers[4];

	connect_store(world);
	/* All four connections are open, then all four die while idle. */
	for (int i = 0; i < 4; i++) {
		askers[i] =
			(struct asker){ .store = world->store, .asked = 50 };
		pthread_create(&askers[i].thread, NULL, ask_often, &askers[i]);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(askers[i].thread, NULL);
	redis_server_stop(&world->redis);
	redis_server_restart(&world->redis);
	for (int i = 1; i <= 20; i++)
		assert_int_equal(count(world), 200 + i);
	assert_int_equal(health_of(world).failures, 0);
}

static void test_idle_connections_closed_by_the_server(void **state)
{
	struct world *world = *state;
	char reply[64];

	connect_store(world);
	assert_int_equal(count(world), 1);
	redis_server_tell(&world->redis, "CLIENT KILL TYPE normal SKIPME yes",
			  reply, sizeof(reply));
	assert_string_equal(reply, ":1\r\n");
	assert_int_equal(count(world), 2);
	assert_int_equal(health_of(world).failures, 0);
}

static void test_gone_and_back(void **state)
{
	struct world *world = *state;
	int64_t began_ms;

	connect_store(world);
	assert_int_equal(count(world), 1);
	redis_server_kill(&world->redis);
	for (int i = 0; i < 5; i++)
		assert_int_equal(ask(world), SP_ERR_IO);
	assert_true(health_of(world).is_breaker_open);
	assert_false(health_of(world).is_up);
	began_ms = sp_clock_mono_ms();
	for (int i = 0; i < 100; i++)
		assert_int_equal(ask(world), SP_ERR_UNAVAILABLE);
	assert_true(sp_clock_mono_ms() - began_ms < 100);
	assert_int_equal(health_of(world).passed_by, 100);
	/* The one try after a pause fails: another pause. */
	sleep_ms(210);
	assert_int_equal(ask(world), SP_ERR_IO);
	assert_int_equal(ask(world), SP_ERR_UNAVAILABLE);
	redis_server_restart(&world->redis);
	sleep_ms(210);
	assert_int_equal(ask(world), SP_OK);
	assert_int_equal(ask(world), SP_OK);
	assert_false(health_of(world).is_breaker_open);
}

static void test_frozen(void **state)
{
	struct world *world = *state;
	int64_t began_ms, number;

	connect_store(world);
	assert_int_equal(count(world), 1);
	redis_server_signal(&world->redis, SIGSTOP);
	began_ms = sp_clock_mono_ms();
	assert_int_equal(ask(world), SP_ERR_TIMEOUT);
	assert_in_range(sp_clock_mono_ms() - began_ms, 240, 900);
	/* The deadline comes first when it is nearer. */
	began_ms = sp_clock_mono_ms();
	assert_int_equal(count_within(world->store, 80, &number),
			 SP_ERR_TIMEOUT);
	assert_in_range(sp_clock_mono_ms() - began_ms, 75, 240);
	redis_server_signal(&world->redis, SIGCONT);
	sleep_ms(50);
	/* What the frozen server did late (twice, perhaps) is nobody's answer:
	 * each question gets the count that is its own. */
	number = count(world);
	assert_int_equal(count(world), number + 1);
}

static void test_no_time_left(void **state)
{
	struct world *world = *state;
	int64_t number;

	connect_store(world);
	assert_int_equal(count_within(world->store, 0, &number),
			 SP_ERR_TIMEOUT);
	assert_int_equal(count_within(world->store, -5, &number),
			 SP_ERR_TIMEOUT);
	assert_int_equal(health_of(world).passed_by, 2);
	assert_int_equal(health_of(world).questions, 0);
}

/* Mails that come with hardly any time left do not open the breaker. */
static void test_hurried_questions_prove_nothing(void **state)
{
	struct world *world = *state;
	int64_t number;

	connect_store(world);
	assert_int_equal(count(world), 1);
	redis_server_signal(&world->redis, SIGSTOP);
	for (int i = 0; i < 10; i++)
		assert_int_equal(count_within(world->store, 10, &number),
				 SP_ERR_TIMEOUT);
	redis_server_signal(&world->redis, SIGCONT);
	assert_false(health_of(world).is_breaker_open);
}

static void *probe(void *argument)
{
	struct asker *asker = argument;
	int64_t number;
	enum sp_err err = count_within(asker->store, 2000, &number);

	asker->failures = err == SP_ERR_UNAVAILABLE ? 0 : 1;
	return NULL;
}

static void test_one_caller_probes(void **state)
{
	struct world *world = *state;
	struct asker askers[16];
	int tried = 0;

	connect_store(world);
	redis_server_signal(&world->redis, SIGSTOP);
	for (int i = 0; i < 5; i++)
		assert_int_equal(ask(world), SP_ERR_TIMEOUT);
	assert_true(health_of(world).is_breaker_open);
	sleep_ms(210);
	for (int i = 0; i < 16; i++) {
		askers[i].store = world->store;
		pthread_create(&askers[i].thread, NULL, probe, &askers[i]);
	}
	for (int i = 0; i < 16; i++) {
		pthread_join(askers[i].thread, NULL);
		tried += askers[i].failures;
	}
	redis_server_signal(&world->redis, SIGCONT);
	assert_int_equal(tried, 1);
}

struct waiter {
	pthread_t thread;
	struct sp_store *store;
	int64_t waited_ms;
};

static void *wait_in_line(void *argument)
{
	struct waiter *waiter = argument;
	int64_t began_ms = sp_clock_mono_ms(), number;

	count_within(waiter->store, 5000, &number);
	waiter->waited_ms = sp_clock_mono_ms() - began_ms;
	return NULL;
}

/* Sixty mails share four connections when Redis freezes. Fifteen of them in a
 * row at 250 ms each would be what the last one waits. */
static void test_nobody_waits_in_line_for_a_dead_store(void **state)
{
	struct world *world = *state;
	struct waiter waiters[60];
	int64_t longest_ms = 0;

	world->config.breaker_pause_ms = 10000;
	connect_store(world);
	redis_server_signal(&world->redis, SIGSTOP);
	for (int i = 0; i < 60; i++) {
		waiters[i].store = world->store;
		pthread_create(&waiters[i].thread, NULL, wait_in_line,
			       &waiters[i]);
	}
	for (int i = 0; i < 60; i++) {
		pthread_join(waiters[i].thread, NULL);
		if (waiters[i].waited_ms > longest_ms)
			longest_ms = waiters[i].waited_ms;
	}
	redis_server_signal(&world->redis, SIGCONT);
	assert_true(health_of(world).is_breaker_open);
	assert_in_range(longest_ms, 0, 1500);
}

static void test_read_only(void **state)
{
	struct world *world = *state;

	connect_store(world);
	assert_int_equal(count(world), 1);
	tell(world, "CONFIG SET replica-read-only yes");
	tell(world, "REPLICAOF 127.0.0.1 1");
	assert_int_equal(ask(world), SP_ERR_PROTOCOL);
	assert_non_null(strstr(health_of(world).last_error, "READONLY"));
	tell(world, "REPLICAOF NO ONE");
	assert_int_equal(count(world), 2);
}

static void test_out_of_memory(void **state)
{
	struct world *world = *state;

	connect_store(world);
	assert_int_equal(count(world), 1);
	tell(world, "CONFIG SET maxmemory-policy noeviction");
	tell(world, "CONFIG SET maxmemory 1");
	assert_int_equal(ask(world), SP_ERR_PROTOCOL);
	assert_non_null(strstr(health_of(world).last_error, "OOM"));
	tell(world, "CONFIG SET maxmemory 0");
	assert_int_equal(count(world), 2);
}

struct login {
	const char *sentence;
	const char *user;
	const char *password;
	enum sp_err expected;
};

static const struct login logins[] = {
	{ "the right password", "", "open sesame", SP_OK },
	{ "the right password of a named user", "default", "open sesame",
	  SP_OK },
	{ "a wrong password", "", "open barley", SP_ERR_DENIED },
	{ "an unknown user", "ali", "open sesame", SP_ERR_DENIED },
	{ "no password where one is needed", "", "", SP_ERR_DENIED },
	{ "a user of few rights, doing what it may", "few", "rights", SP_OK },
	{ "a user that may not run scripts", "none", "rights", SP_ERR_DENIED },
};

static void make_users(struct world *world)
{
	char reply[64];

	redis_server_tell(
		&world->redis,
		"AUTH \"open sesame\"\r\n"
		"ACL SETUSER few on >rights ~k* +incr +evalsha +eval\r\n"
		"ACL SETUSER none on >rights ~* +get",
		reply, sizeof(reply));
	sleep_ms(20);
}

static void test_logins(void **state)
{
	struct world *world = *state;

	make_users(world);
	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		print_message("  %s\n", logins[i].sentence);
		world->config.user = logins[i].user;
		world->config.password = logins[i].password;
		connect_store(world);
		assert_int_equal(ask(world), logins[i].expected);
		sp_store_free(&world->store);
	}
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers),
		TEST(test_reads_replies),
		TEST(test_database),
		TEST(test_forgotten_scripts),
		TEST(test_shares_few_connections),
		TEST(test_survives_a_restart),
		TEST(test_idle_connections_closed_by_the_server),
		TEST(test_gone_and_back),
		TEST(test_frozen),
		TEST(test_no_time_left),
		TEST(test_hurried_questions_prove_nothing),
		TEST(test_one_caller_probes),
		TEST(test_nobody_waits_in_line_for_a_dead_store),
		TEST(test_read_only),
		TEST(test_out_of_memory),
		cmocka_unit_test_setup_teardown(test_logins, set_up_password,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
