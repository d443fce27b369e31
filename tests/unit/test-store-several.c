/* test-store-several.c - several questions in one round trip, in a real Redis. */
#include "sallyport/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../support/greylist_world.h"
#include "sallyport/clock.h"

static const struct sp_script count_script = {
	.name = "count",
	.text = "return { redis.call('INCR', KEYS[1]), ARGV[1] }",
	.sha1 = "9ad7917ed1a34a23637347166b6ffcd174677789",
};

static const struct sp_store_bytes key_a = { "k{a}", 4 }, key_b = { "k{b}", 4 };
static const struct sp_store_bytes get_a_and_b[] = { { "MGET", 4 },
						     { "k{a}", 4 },
						     { "k{b}", 4 } };
static const struct sp_store_call count_a = { &count_script, &key_a, 1, &key_a,
					      1 };
static const struct sp_store_call count_b = { &count_script, &key_b, 1, &key_b,
					      1 };
static const struct sp_store_call read_both = { .keys = get_a_and_b,
						.key_count = 3 };

static void tell(struct greylist_world *world, const char *command)
{
	char reply[256];

	redis_server_tell(&world->redis, command, reply, sizeof(reply));
	assert_string_equal(reply, "+OK\r\n");
}

static struct sp_store_health health_of(struct greylist_world *world)
{
	struct sp_store_health health;

	sp_store_health(world->store, &health);
	return health;
}

static enum sp_err ask_all(struct greylist_world *world,
			   const struct sp_store_call *calls, size_t count,
			   struct sp_store_reply **replies_out)
{
	return sp_store_run_all(world->store, calls, count,
				sp_clock_mono_ms() + 2000, replies_out);
}

static void free_all(struct sp_store_reply **replies, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sp_store_reply_free(&replies[i]);
}

static void test_each_of_several_gets_its_own_answer(void **state)
{
	const struct sp_store_call calls[] = { count_a, count_b, read_both,
					       count_a };
	struct greylist_world *world = *state;
	struct sp_store_reply *replies[4];
	uint64_t before = health_of(world).questions;

	greylist_world_wipe(world);
	tell(world, "SCRIPT FLUSH");
	assert_int_equal(ask_all(world, calls + 1, 3, replies), SP_OK);
	free_all(replies, 3);
	/* Known scripts are carried out in their order. */
	assert_int_equal(ask_all(world, calls, 4, replies), SP_OK);
	assert_int_equal(sp_store_reply_number(replies[0], 0), 2);
	assert_int_equal(sp_store_reply_number(replies[1], 0), 2);
	assert_string_equal(sp_store_reply_text(replies[2], 0), "2");
	assert_string_equal(sp_store_reply_text(replies[2], 1), "2");
	assert_int_equal(sp_store_reply_number(replies[3], 0), 3);
	free_all(replies, 4);
	assert_int_equal(health_of(world).questions - before, 2);
}

static void test_several_survive_an_idle_connection_closed(void **state)
{
	const struct sp_store_call calls[] = { count_a, count_b };
	struct greylist_world *world = *state;
	struct sp_store_reply *replies[2];
	char reply[64];
	uint64_t before = health_of(world).failures;

	greylist_world_wipe(world);
	tell(world, "SCRIPT FLUSH");
	assert_int_equal(ask_all(world, calls, 2, replies), SP_OK);
	free_all(replies, 2);
	redis_server_tell(&world->redis, "CLIENT KILL TYPE normal SKIPME yes",
			  reply, sizeof(reply));
	assert_string_equal(reply, ":1\r\n");
	assert_int_equal(ask_all(world, calls, 2, replies), SP_OK);
	assert_int_equal(sp_store_reply_number(replies[0], 0), 2);
	assert_int_equal(sp_store_reply_number(replies[1], 0), 2);
	free_all(replies, 2);
	assert_int_equal(health_of(world).failures, before);
}

static void test_one_error_of_several_fails_all(void **state)
{
	const struct sp_store_call calls[] = { count_a, count_b };
	struct greylist_world *world = *state;
	struct sp_store_reply *replies[2];

	greylist_world_wipe(world);
	tell(world, "SCRIPT FLUSH");
	assert_int_equal(ask_all(world, calls, 2, replies), SP_OK);
	free_all(replies, 2);
	tell(world, "SET k{a} none");
	assert_int_equal(ask_all(world, calls, 2, replies), SP_ERR_PROTOCOL);
	assert_null(replies[0]);
	assert_null(replies[1]);
	/* Nothing is left that would be taken for another's answer. */
	tell(world, "SET k{a} 7");
	assert_int_equal(ask_all(world, calls, 2, replies), SP_OK);
	assert_int_equal(sp_store_reply_number(replies[0], 0), 8);
	assert_int_equal(sp_store_reply_number(replies[1], 0), 3);
	free_all(replies, 2);
}

static void test_too_many_are_not_asked(void **state)
{
	const struct sp_store_call calls[5] = { { .script = NULL } };
	struct sp_store_bytes words[22];
	const struct sp_store_call long_one = { .script = &count_script,
						.keys = words,
						.key_count = 22 };
	struct greylist_world *world = *state;
	struct sp_store_reply *replies[5];
	uint64_t before = health_of(world).questions;

	greylist_world_wipe(world);
	tell(world, "SCRIPT FLUSH");
	assert_int_equal(ask_all(world, calls, 5, replies), SP_ERR_TOO_LONG);
	assert_int_equal(ask_all(world, calls, 0, replies), SP_ERR_TOO_LONG);
	assert_int_equal(ask_all(world, calls, 1, replies), SP_ERR_TOO_LONG);
	assert_int_equal(ask_all(world, &long_one, 1, replies),
			 SP_ERR_TOO_LONG);
	assert_null(replies[0]);
	assert_int_equal(health_of(world).questions, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_of_several_gets_its_own_answer),
		cmocka_unit_test(
			test_several_survive_an_idle_connection_closed),
		cmocka_unit_test(test_one_error_of_several_fails_all),
		cmocka_unit_test(test_too_many_are_not_asked),
	};

	return cmocka_run_group_tests(tests, greylist_world_set_up,
				      greylist_world_tear_down);
}
