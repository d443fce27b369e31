/* test-greylist-operator.c - listing, releasing and forgetting, in a real Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../support/greylist_world.h"
#include "sallyport/store.h"

struct shown {
	unsigned count;
	struct sp_greylist_entry last;
	unsigned stop_at;
};

static bool note_entry(const struct sp_greylist_entry *entry, void *context)
{
	struct shown *shown = context;

	shown->last = *entry;
	return ++shown->count != shown->stop_at;
}

static struct shown list(struct greylist_world *world,
			 struct sp_greylist_filter filter)
{
	struct shown shown = { .count = 0 };

	if (filter.now_ms == 0)
		filter.now_ms = START + 100 * SECOND;
	assert_int_equal(sp_greylist_list(world->store, &greylist_usual,
					  &filter, note_entry, &shown),
			 SP_OK);
	return shown;
}

static void one_try(struct greylist_world *world, int64_t after_ms,
		    struct sp_greylist_question question)
{
	question.mail_id = "m";
	question.now_ms = START + after_ms;
	greylist_world_ask(world->store, &greylist_usual, question);
}

/* Four triplets of three networks; one has passed. */
static void fill(struct greylist_world *world)
{
	const struct sp_greylist_question usual = { .mail_id = NULL };

	greylist_world_wipe(world);
	one_try(world, 0, usual);
	one_try(world, 95 * SECOND, usual);
	one_try(world, 0,
		(struct sp_greylist_question){
			.client = "192.0.2.9",
			.sender = "",
			.recipient = "c@here.test",
		});
	one_try(world, 50 * SECOND,
		(struct sp_greylist_question){
			.identity = "net:198.51.100.0/24",
			.client = "198.51.100.1",
			.sender = "od:d %{x}\xc3\xa9@example.net",
		});
	one_try(world, 99 * SECOND,
		(struct sp_greylist_question){
			.identity = "net:2001:db8::/64",
			.client = "2001:db8::5",
			.recipient = "d@here.test",
		});
}

struct listing_case {
	const char *sentence;
	struct sp_greylist_filter filter;
	unsigned count;
	const char *state; /* of the only one; NULL: not looked at */
};

static const struct listing_case listings[] = {
	{ "without a filter everything is shown", { 0 }, 5, NULL },
	{ "a limit holds", { .limit = 2 }, 2, NULL },
	{ "by address", { .client = "192.0.2.9" }, 2, NULL },
	{ "by address and recipient",
	  { .client = "192.0.2.9", .recipient = "c@" },
	  1,
	  "ready" },
	{ "by network", { .client = "198.51.100.0/24" }, 1, "waiting" },
	{ "by IPv6 network", { .client = "2001:db8::/32" }, 1, "waiting" },
	{ "by a network that nobody is in",
	  { .client = "10.0.0.0/8" },
	  0,
	  NULL },
	{ "by a part of the sender, in any case",
	  { .sender = "EXAMPLE.NET" },
	  1,
	  "waiting" },
	{ "by recipient", { .recipient = "b@here" }, 2, NULL },
	{ "by state: passed", { .state = "passed" }, 1, "passed" },
	{ "by state: learning (an identity)",
	  { .state = "learning" },
	  1,
	  "learning" },
	{ "by state: ready", { .state = "ready" }, 1, "ready" },
	{ "after the retry window they are expired",
	  { .state = "expired", .now_ms = START + 3 * DAY },
	  3,
	  NULL },
};

static void test_list(void **state)
{
	struct greylist_world *world = *state;

	fill(world);
	for (size_t i = 0; i < sizeof(listings) / sizeof(listings[0]); i++) {
		struct shown shown;

		print_message("  %s\n", listings[i].sentence);
		shown = list(world, listings[i].filter);
		assert_int_equal(shown.count, listings[i].count);
		if (listings[i].state != NULL)
			assert_string_equal(shown.last.state,
					    listings[i].state);
	}
}

static void test_list_shows_fields(void **state)
{
	struct greylist_world *world = *state;
	struct sp_greylist_entry entry;

	fill(world);
	entry = list(world, (struct sp_greylist_filter){ .state = "passed" })
			.last;
	assert_string_equal(entry.identity, "net:192.0.2.0/24");
	assert_string_equal(entry.sender, "a@example.org");
	assert_string_equal(entry.recipient, "b@here.test");
	assert_string_equal(entry.client, "192.0.2.7");
	assert_int_equal(entry.first_ms, START);
	assert_int_equal(entry.last_ms, START + 95 * SECOND);
	assert_int_equal(entry.pass_ms, START + 95 * SECOND);
	assert_int_equal(entry.tries, 2);
	entry = list(world,
		     (struct sp_greylist_filter){ .client = "198.51.100.1" })
			.last;
	assert_string_equal(entry.sender, "od:d %{x}\xc3\xa9@example.net");
	entry = list(world, (struct sp_greylist_filter){ .state = "learning" })
			.last;
	assert_string_equal(entry.recipient, "");
	assert_int_equal(entry.passes, 1);
}

static void test_list_walks_over_many(void **state)
{
	struct greylist_world *world = *state;
	char recipient[32];

	greylist_world_wipe(world);
	for (int i = 0; i < 3000; i++) {
		snprintf(recipient, sizeof(recipient), "u%d@here.test", i);
		one_try(world, 0,
			(struct sp_greylist_question){ .recipient =
							       recipient });
	}
	assert_int_equal(list(world, (struct sp_greylist_filter){ 0 }).count,
			 3000);
	assert_int_equal(
		list(world,
		     (struct sp_greylist_filter){ .recipient = "u2999@" })
			.count,
		1);
}

static void test_list_refuses_nonsense(void **state)
{
	struct greylist_world *world = *state;
	const struct sp_greylist_filter filter = { .client = "not-an-address" };

	assert_int_equal(sp_greylist_list(world->store, &greylist_usual,
					  &filter, note_entry, NULL),
			 SP_ERR_SYNTAX);
}

static void test_release(void **state)
{
	struct greylist_world *world = *state;
	struct sp_greylist_question question = { .mail_id = "m2",
						 .now_ms = START + SECOND };
	struct sp_greylist_answer answer;

	fill(world);
	assert_int_equal(sp_greylist_release(world->store, "net:192.0.2.0/24",
					     "x@example.org", "b@here.test",
					     START),
			 SP_ERR_NOT_FOUND);
	assert_int_equal(sp_greylist_release(world->store, "net:2001:db8::/64",
					     "a@example.org", "d@here.test",
					     START + 99 * SECOND),
			 SP_OK);
	assert_int_equal(
		list(world, (struct sp_greylist_filter){ .state = "released" })
			.count,
		1);
	question.identity = "net:2001:db8::/64";
	question.recipient = "d@here.test";
	question.now_ms = START + 100 * SECOND;
	answer = greylist_world_ask(world->store, &greylist_usual, question);
	assert_int_equal(answer.state, SP_GREYLIST_RELEASED);
	assert_int_equal(answer.wait_ms, 0);
	assert_int_equal(answer.identity_passes, 1);
	question.mail_id = "m3";
	answer = greylist_world_ask(world->store, &greylist_usual, question);
	assert_int_equal(answer.state, SP_GREYLIST_SEEN);
	assert_int_equal(answer.identity_passes, 2);
}

static void test_release_holds_after_the_window(void **state)
{
	struct greylist_world *world = *state;
	struct sp_greylist_question question = { .mail_id = "m2",
						 .now_ms = START + 5 * DAY };

	fill(world);
	assert_int_equal(sp_greylist_release(world->store, "net:192.0.2.0/24",
					     "", "c@here.test", START),
			 SP_OK);
	question.sender = "";
	question.recipient = "c@here.test";
	assert_int_equal(
		greylist_world_ask(world->store, &greylist_usual, question)
			.state,
		SP_GREYLIST_RELEASED);
}

static void test_forget(void **state)
{
	struct greylist_world *world = *state;
	uint32_t forgotten;

	fill(world);
	assert_int_equal(sp_greylist_forget(world->store, "net:192.0.2.0/24",
					    "", "c@here.test", &forgotten),
			 SP_OK);
	assert_int_equal(forgotten, 1);
	assert_int_equal(sp_greylist_forget(world->store, "net:192.0.2.0/24",
					    "", "c@here.test", &forgotten),
			 SP_OK);
	assert_int_equal(forgotten, 0);
	/* The identity and its one triplet that is left; nobody else's. */
	assert_int_equal(sp_greylist_forget(world->store, "net:192.0.2.0/24",
					    NULL, NULL, &forgotten),
			 SP_OK);
	assert_int_equal(forgotten, 2);
	assert_int_equal(list(world, (struct sp_greylist_filter){ 0 }).count,
			 2);
	/* A pattern in an identity is no pattern. */
	assert_int_equal(sp_greylist_forget(world->store, "net:*", NULL, NULL,
					    &forgotten),
			 SP_OK);
	assert_int_equal(forgotten, 0);
}

/* Somebody else's keys, or ours cut short: what does not read as ours does
 * counts as absent, field by field. */
static void test_values_that_are_none(void **state)
{
	static const char *const commands[] = {
		"SET sp:grey:{net:192.0.2.0/24} p",
		"SET sp:grey:{net:192.0.2.0/24}:a@example.org:b@here.test f",
		"SET sp:grey:{net:192.0.2.0/24}:a@example.org:c@here.test l",
		"SET sp:grey:{net:192.0.2.0/24}:a@example.org:d@here.test r=",
		"SET sp:grey:{net:192.0.2.0/24}:a@example.org:e@here.test p",
		"LPUSH sp:grey:{net:192.0.2.0/24}:a@example.org:f@here.test x",
	};
	struct greylist_world *world = *state;
	char reply[64];

	greylist_world_wipe(world);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		redis_server_tell(&world->redis, commands[i], reply,
				  sizeof(reply));
	assert_int_equal(list(world, (struct sp_greylist_filter){ 0 }).count,
			 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_shows_fields),
		cmocka_unit_test(test_list_walks_over_many),
		cmocka_unit_test(test_list_refuses_nonsense),
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_release_holds_after_the_window),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_values_that_are_none),
	};

	return cmocka_run_group_tests(tests, greylist_world_set_up,
				      greylist_world_tear_down);
}
