/* test-store-strangers.c - what the store makes of something that is no Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../support/redis_server.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/store.h"

static const struct sp_script count_script = {
	.name = "count",
	.text = "return { redis.call('INCR', KEYS[1]), ARGV[1] }",
	.sha1 = "9ad7917ed1a34a23637347166b6ffcd174677789",
};

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

/* Two questions in one round trip. */
static enum sp_err count_twice_within(struct sp_store *store, int64_t wait_ms)
{
	const struct sp_store_bytes key = { "k{1}", 4 }, word = { "w", 1 };
	const struct sp_store_call call = { &count_script, &key, 1, &word, 1 };
	const struct sp_store_call calls[] = { call, call };
	struct sp_store_reply *replies[2];
	enum sp_err err = sp_store_run_all(
		store, calls, 2, sp_clock_mono_ms() + wait_ms, replies);

	for (size_t i = 0; i < 2; i++) {
		assert_true(err == SP_OK || replies[i] == NULL);
		sp_store_reply_free(&replies[i]);
	}
	return err;
}

struct stranger {
	const char *sentence;
	const char *says; /* NULL: nothing */
	bool hangs_up;
	enum sp_err expected;
	bool is_asked_twice; /* at once */
};

static const struct stranger strangers[] = {
	{ "a web server", "HTTP/1.1 400 Bad Request\r\n\r\n", false,
	  SP_ERR_PROTOCOL, false },
	{ "half a reply and silence", "*2\r\n$5\r\nhal", false, SP_ERR_TIMEOUT,
	  false },
	{ "silence", NULL, false, SP_ERR_TIMEOUT, false },
	{ "hanging up at once", NULL, true, SP_ERR_IO, false },
	{ "half a reply and hanging up", "*2\r\n:1", true, SP_ERR_IO, false },
	{ "two replies to one question", "+OK\r\n+OK\r\n", false,
	  SP_ERR_PROTOCOL, false },
	{ "three replies to two questions", "+OK\r\n+OK\r\n+OK\r\n", false,
	  SP_ERR_PROTOCOL, true },
	{ "one reply to two questions", "+OK\r\n", false, SP_ERR_TIMEOUT,
	  true },
	{ "one reply and a half to two questions, and hanging up",
	  "+OK\r\n*2\r\n:1", true, SP_ERR_IO, true },
	{ "a length below zero", "$-17\r\n", false, SP_ERR_PROTOCOL, false },
	{ "a list nested without end",
	  "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
	  false, SP_ERR_PROTOCOL, false },
	{ "a list of more than there can be", "*4294967295\r\n", false,
	  SP_ERR_PROTOCOL, false },
};

struct fake {
	char folder[64];
	char path[100];
	int listener;
	const char *says;
	bool hangs_up;
	bool drips;	   /* a byte every 50 ms, for ever */
	bool answers_once; /* hangs up at the second question */
	atomic_int asked;  /* questions so far */
	atomic_int is_over;
	pthread_t thread;
};

/* Serves one connection at a time until it is over. */
static void serve_one(struct fake *fake, int fd)
{
	char bytes[4096];

	if (recv(fd, bytes, sizeof(bytes), 0) <= 0)
		return;
	atomic_fetch_add(&fake->asked, 1);
	if (fake->says != NULL)
		send(fd, fake->says, strlen(fake->says), MSG_NOSIGNAL);
	if (fake->hangs_up)
		return;
	while (!atomic_load(&fake->is_over)) {
		struct pollfd end = { .fd = fd, .events = POLLIN };

		if (fake->drips && send(fd, "1", 1, MSG_NOSIGNAL) != 1)
			return;
		if (poll(&end, 1, 50) > 0 &&
		    recv(fd, bytes, sizeof(bytes), 0) <= 0)
			return;
		if (fake->answers_once && (end.revents & POLLIN)) {
			atomic_fetch_add(&fake->asked, 1);
			return;
		}
	}
}

static void *serve(void *argument)
{
	struct fake *fake = argument;

	while (!atomic_load(&fake->is_over)) {
		struct pollfd ready = { .fd = fake->listener,
					.events = POLLIN };
		int fd;

		if (poll(&ready, 1, 20) <= 0)
			continue;
		fd = accept(fake->listener, NULL, NULL);
		serve_one(fake, fd);
		close(fd);
	}
	return NULL;
}

static void fake_start(struct fake *fake)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	test_folder_new(fake->folder);
	snprintf(fake->path, sizeof(fake->path), "%s/fake.sock", fake->folder);
	memcpy(address.sun_path, fake->path, sizeof(fake->path));
	fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fake->listener, (struct sockaddr *)&address,
			      sizeof(address)),
			 0);
	assert_int_equal(listen(fake->listener, 16), 0);
	pthread_create(&fake->thread, NULL, serve, fake);
}

static void fake_stop(struct fake *fake)
{
	atomic_store(&fake->is_over, 1);
	pthread_join(fake->thread, NULL);
	close(fake->listener);
	test_folder_remove(fake->folder);
}

static struct sp_redis_config fake_config(const struct fake *fake)
{
	return (struct sp_redis_config){
		.kind = SP_STORE_UNIX,
		.path = fake->path,
		.user = "",
		.password = "",
		.connections = 1,
		.connect_timeout_ms = 250,
		.command_timeout_ms = 250,
		.breaker_failures = 100,
		.breaker_pause_ms = 200,
	};
}

static void test_strangers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		struct fake fake = {
			.says = strangers[i].says,
			.hangs_up = strangers[i].hangs_up,
		};
		struct sp_redis_config config;
		struct sp_store_health health;
		struct sp_store *store;
		int64_t number, began_ms;

		print_message("  %s\n", strangers[i].sentence);
		fake_start(&fake);
		config = fake_config(&fake);
		assert_int_equal(sp_store_new(&config, &store), SP_OK);
		for (int round = 0; round < 2; round++) {
			began_ms = sp_clock_mono_ms();
			assert_int_equal(
				strangers[i].is_asked_twice
					? count_twice_within(store, 2000)
					: count_within(store, 2000, &number),
				strangers[i].expected);
			assert_in_range(sp_clock_mono_ms() - began_ms, 0, 900);
		}
		sp_store_health(store, &health);
		assert_int_equal(health.failures, 2);
		assert_true(health.last_error[0] != '\0');
		sp_store_free(&store);
		fake_stop(&fake);
	}
}

/* It may have done what it was asked before it went, so it is not asked again
 * on another connection: a try would count twice. */
static void test_what_was_sent_whole_is_not_sent_again(void **state)
{
	struct fake fake = { .says = "*2\r\n:1\r\n$1\r\nw\r\n",
			     .answers_once = true };
	struct sp_redis_config config;
	struct sp_store *store;
	int64_t number;

	(void)state;
	fake_start(&fake);
	config = fake_config(&fake);
	assert_int_equal(sp_store_new(&config, &store), SP_OK);
	assert_int_equal(count_within(store, 2000, &number), SP_OK);
	assert_int_equal(count_within(store, 2000, &number), SP_ERR_IO);
	assert_int_equal(atomic_load(&fake.asked), 2);
	sp_store_free(&store);
	fake_stop(&fake);
}

/* One byte now and then would hold a read with a time limit of its own. */
static void test_a_dripping_server(void **state)
{
	struct fake fake = { .says = "$900\r\n", .drips = true };
	struct sp_redis_config config;
	struct sp_store *store;
	int64_t number, began_ms = sp_clock_mono_ms();

	(void)state;
	fake_start(&fake);
	config = fake_config(&fake);
	assert_int_equal(sp_store_new(&config, &store), SP_OK);
	assert_int_equal(count_within(store, 2000, &number), SP_ERR_TIMEOUT);
	assert_in_range(sp_clock_mono_ms() - began_ms, 240, 900);
	sp_store_free(&store);
	fake_stop(&fake);
}

struct holder {
	pthread_t thread;
	struct sp_store *store;
};

static void *hold(void *argument)
{
	struct holder *holder = argument;
	int64_t number;

	count_within(holder->store, 600, &number);
	return NULL;
}

static void test_waits_for_a_connection_until_the_deadline(void **state)
{
	struct fake fake = { .says = NULL };
	struct sp_redis_config config;
	struct sp_store_health health;
	struct holder holder;
	int64_t number, began_ms;

	(void)state;
	fake_start(&fake);
	config = fake_config(&fake);
	config.command_timeout_ms = 600;
	assert_int_equal(sp_store_new(&config, &holder.store), SP_OK);
	pthread_create(&holder.thread, NULL, hold, &holder);
	sleep_ms(50);
	began_ms = sp_clock_mono_ms();
	assert_int_equal(count_within(holder.store, 100, &number),
			 SP_ERR_TIMEOUT);
	assert_in_range(sp_clock_mono_ms() - began_ms, 95, 500);
	sp_store_health(holder.store, &health);
	assert_int_equal(health.passed_by, 1);
	pthread_join(holder.thread, NULL);
	sp_store_free(&holder.store);
	fake_stop(&fake);
}

/* What may have been done is not asked twice. */
static void test_asks_once(void **state)
{
	struct fake fake = { .says = "+OK\r\n", .hangs_up = false };
	struct sp_redis_config config;
	struct sp_store *store;
	int64_t number;

	(void)state;
	fake_start(&fake);
	config = fake_config(&fake);
	assert_int_equal(sp_store_new(&config, &store), SP_OK);
	assert_int_equal(count_within(store, 2000, &number), SP_OK);
	/* The second question on that connection is read and not answered:
	 * one time limit, not two. */
	assert_int_equal(count_within(store, 2000, &number), SP_ERR_TIMEOUT);
	sp_store_free(&store);
	fake_stop(&fake);
}

static void test_error_texts_are_printable(void **state)
{
	struct fake fake = { .says = "-ERR \x1b[2J\x07 \xff\r\n" };
	struct sp_redis_config config;
	struct sp_store_health health;
	struct sp_store *store;
	int64_t number;

	(void)state;
	fake_start(&fake);
	config = fake_config(&fake);
	assert_int_equal(sp_store_new(&config, &store), SP_OK);
	assert_int_equal(count_within(store, 2000, &number), SP_ERR_PROTOCOL);
	sp_store_health(store, &health);
	assert_string_equal(health.last_error, "ERR ?[2J? ?");
	sp_store_free(&store);
	fake_stop(&fake);
}

struct host {
	const char *sentence;
	const char *host;
	unsigned port;
	enum sp_err expected;
};

static const struct host hosts[] = {
	{ "a port where nobody listens", "127.0.0.1", 1, SP_ERR_IO },
	{ "the same by name", "localhost", 1, SP_ERR_IO },
	{ "the same, IPv6", "::1", 1, SP_ERR_IO },
};

static void test_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct sp_redis_config config = {
			.kind = SP_STORE_TCP,
			.host = hosts[i].host,
			.port = hosts[i].port,
			.user = "",
			.password = "",
			.connections = 1,
			.connect_timeout_ms = 250,
			.command_timeout_ms = 250,
			.breaker_failures = 5,
			.breaker_pause_ms = 200,
		};
		struct sp_store *store;
		int64_t number;

		print_message("  %s\n", hosts[i].sentence);
		assert_int_equal(sp_store_new(&config, &store), SP_OK);
		assert_int_equal(count_within(store, 2000, &number),
				 hosts[i].expected);
		sp_store_free(&store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_what_was_sent_whole_is_not_sent_again),
		cmocka_unit_test(test_error_texts_are_printable),
		cmocka_unit_test(test_a_dripping_server),
		cmocka_unit_test(
			test_waits_for_a_connection_until_the_deadline),
		cmocka_unit_test(test_asks_once),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
