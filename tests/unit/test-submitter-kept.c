/* test-submitter-kept.c - what is kept of a submitter: what is usual for it,
 * how its keys read and how long they live, and what a machine remembers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/submitter_world.h"
#include "sallyport/clock.h"
#include "sallyport/store.h"
#include "sallyport/text.h"
#include "submitter_memory.h"

enum {
	STEPS_MAX = 8
};

/* --- what is usual -------------------------------------------------------- */

struct step {
	int64_t after_ms; /* since START */
	const char *what; /* or "release" */
	const char *answer;
};

struct story {
	const char *sentence;
	bool holds; /* what is unusual is held, not watched */
	struct step steps[STEPS_MAX];
};

/* Three times its own maximum; more than 10 in an hour and 40 in a day, than 2
 * networks and 1 country in a day; known for a week. Terms: 1 h, 1 day. */
static const struct story stories[] = {
	{ "nothing is unusual of one who is new",
	  false,
	  { { 0, "recipients 300", "ok" },
	    { 7 * DAY - 1, "recipients 3000", "ok" } } },
	{ "much more than ever is, of one who is known",
	  false,
	  { { 0, "recipients 14", "ok" },
	    { 7 * DAY, "recipients 42", "ok" },
	    { 7 * DAY, "recipients 1", "watch new" } } },
	{ "a little is not, however much more it is",
	  false,
	  { { 0, "recipients 1", "ok" },
	    { 7 * DAY, "recipients 10", "ok" },
	    { 7 * DAY, "recipients 1", "watch new" } } },
	{ "who never sent anything in 30 days is judged by the floor",
	  false,
	  { { 0, "recipients 300", "ok" },
	    { 100 * DAY, "recipients 10", "ok" },
	    { 100 * DAY, "recipients 1", "watch new" } } },
	{ "30 days ago is remembered",
	  false,
	  { { 0, "recipients 100", "ok" },
	    { 30 * DAY, "recipients 300", "ok" },
	    { 30 * DAY, "recipients 1", "watch new" } } },
	{ "a tenth of that longer ago is not",
	  false,
	  { { 0, "recipients 100", "ok" },
	    { 33 * DAY, "recipients 11", "watch new" } } },
	{ "every day of them counts",
	  false,
	  { { 0, "recipients 9", "ok" },
	    { 5 * DAY, "recipients 30", "ok" },
	    { 6 * DAY, "recipients 9", "ok" },
	    { 20 * DAY, "recipients 90", "ok" },
	    { 20 * DAY, "recipients 1", "watch new" } } },
	{ "in a day, though no hour has much",
	  false,
	  { { 0, "messages 10", "ok" },
	    { 8 * DAY, "messages 10", "ok" },
	    { 8 * DAY + 5 * HOUR, "messages 10", "ok" },
	    { 8 * DAY + 10 * HOUR, "messages 10", "ok" },
	    { 8 * DAY + 15 * HOUR, "messages 10", "ok" },
	    { 8 * DAY + 20 * HOUR, "messages 1", "watch new" } } },
	{ "what is watched is usual the next day",
	  false,
	  { { 0, "recipients 10", "ok" },
	    { 8 * DAY, "recipients 100", "watch new" },
	    { 10 * DAY, "recipients 100", "ok" } } },
	{ "what is held is not",
	  true,
	  { { 0, "recipients 10", "ok" },
	    { 8 * DAY, "recipients 100", "hold new" },
	    { 10 * DAY, "recipients 100", "hold new" } } },
	{ "unless it is released",
	  true,
	  { { 0, "recipients 10", "ok" },
	    { 8 * DAY, "recipients 100", "hold new" },
	    { 8 * DAY + 1, "release", "" },
	    { 8 * DAY + 2, "recipients 10", "ok" },
	    { 10 * DAY, "recipients 100", "ok" } } },
	{ "also when that took some days",
	  true,
	  { { 0, "recipients 10", "ok" },
	    { 8 * DAY, "recipients 100", "hold new" },
	    { 9 * DAY, "release", "" },
	    { 10 * DAY, "recipients 100", "ok" },
	    { 10 * DAY, "recipients 100", "ok" },
	    { 10 * DAY, "recipients 101", "hold new" } } },
	{ "networks and countries",
	  false,
	  { { 0, "from 192.0.2.0/24 in DE", "ok" },
	    { 8 * DAY, "from 192.0.2.0/24 in DE", "ok" },
	    { 8 * DAY, "from 198.51.100.0/24 in DE", "ok" },
	    { 8 * DAY, "from 203.0.113.0/24 in DE", "ok" },
	    { 8 * DAY, "from 2001:db8::/64 in DE", "watch new" },
	    { 12 * DAY, "in FR", "ok" },
	    { 12 * DAY, "in US", "ok" },
	    { 12 * DAY, "in BR", "ok" } } },
	{ "a clock set back is no day of its own",
	  false,
	  { { 20 * DAY, "recipients 30", "ok" },
	    { 0, "recipients 1", "ok" },
	    { 28 * DAY, "recipients 90", "ok" } } },
};

static void make_unusual(struct submitter_world *world, bool holds)
{
	world->config.unusual = (struct sp_unusual_config){
		.state = holds ? SP_SUBMITTER_HOLD : SP_SUBMITTER_WATCH,
		.factor = 3,
		.after_ms = 7 * DAY,
		.hour = 10,
		.day = 40,
		.networks = 2,
		.countries = 1,
	};
}

static void release(struct submitter_world *world, int64_t now_ms)
{
	const struct sp_submitter_order order = {
		.submitter = ALICE,
		.state = SP_SUBMITTER_OK,
		.now_ms = now_ms,
	};
	struct sp_submitter_standing was;

	assert_int_equal(sp_submitter_set(&world->books, &order, &was), SP_OK);
}

static void test_what_is_unusual(void **state)
{
	struct submitter_world *world = *state;
	int failures = 0;

	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
		const struct story *story = &stories[i];

		print_message("  %s\n", story->sentence);
		submitter_world_wipe(world);
		make_unusual(world, story->holds);
		for (size_t j = 0;
		     j < STEPS_MAX && story->steps[j].what != NULL; j++) {
			const struct step *step = &story->steps[j];
			const char *found = "";

			if (strcmp(step->what, "release") == 0)
				release(world, START + step->after_ms);
			else
				found = submitter_world_ask(
					world, START + step->after_ms,
					step->what);
			if (strcmp(found, step->answer) == 0)
				continue;
			print_error("%s: step %zu: expected %s, found %s\n",
				    story->sentence, j + 1, step->answer,
				    found);
			failures++;
		}
	}
	assert_int_equal(failures, 0);
}

static const char *send_from(struct submitter_world *world, int64_t now_ms,
			     int network)
{
	char what[64];

	snprintf(what, sizeof(what), "from 10.0.%d.0/24", network);
	return submitter_world_ask(world, now_ms, what);
}

/* No limit needs so many, but what is unusual does. */
static void test_more_networks_than_any_limit_keeps(void **state)
{
	struct submitter_world *world = *state;

	submitter_world_wipe(world);
	make_unusual(world, false);
	world->config.unusual.networks = 20;
	for (int i = 0; i < 20; i++)
		assert_string_equal(send_from(world, START, i), "ok");
	/* Three times as many are usual from now on. */
	for (int i = 0; i < 60; i++)
		assert_string_equal(send_from(world, START + 8 * DAY, i), "ok");
	assert_string_equal(send_from(world, START + 8 * DAY, 60), "watch new");
}

static void test_it_is_said_in_words(void **state)
{
	struct submitter_world *world = *state;
	char words[160];
	struct sp_text text;

	submitter_world_wipe(world);
	make_unusual(world, false);
	submitter_world_ask(world, START, "recipients 14");
	assert_string_equal(
		submitter_world_ask(world, START + 8 * DAY, "recipients 312"),
		"watch new");
	sp_text_init(&text, words, sizeof(words));
	sp_submitter_why_write(&submitter_world_answer.standing.why, &text);
	assert_string_equal(words, "312 recipients in the last hour; the most "
				   "in 30 days was 14");
}

/* --- how it reads --------------------------------------------------------- */

static void test_fields(void **state)
{
	static const char *const limits[] = { "recipients: 20/1h hold",
					      "networks: 5/1d hold",
					      "distinct-recipients: 5/1d hold",
					      NULL };
	struct submitter_world *world = *state;

	submitter_world_wipe(world);
	submitter_world_limit(world, limits);
	make_unusual(world, false);
	submitter_world_ask(world, START,
			    "recipients 3 to a@x from 192.0.2.0/24 in DE");
	submitter_world_ask(world, START + 10 * MINUTE,
			    "recipients 1 to b@x from 198.51.100.0/24");
	assert_string_equal(submitter_world_field(world, "recipients/3600000"),
			    "5879234 4 1 0 3");
	assert_string_equal(
		submitter_world_field(world, "most/recipients/3600000"),
		"20414 4 0");
	assert_string_equal(
		submitter_world_field(world, "networks"),
		"1763770200000 198.51.100.0/24 1763769600000 192.0.2.0/24");
	assert_string_equal(submitter_world_field(world, "countries"),
			    "1763769600000 DE");
	assert_string_equal(submitter_world_field(world, "first"),
			    "1763769600000");
	assert_string_equal(submitter_world_field(world, "last"),
			    "1763770200000");
	assert_string_equal(submitter_world_field(world, "state"), "");
	submitter_world_ask(world, START + 20 * MINUTE, "recipients 17");
	assert_string_equal(submitter_world_field(world, "state"),
			    "hold 1763770800000 1763857200000 e limit "
			    "recipients 21 20 3600000");
	/* It is over: the next mail puts it there. */
	submitter_world_ask(world, START + 2 * DAY, "recipients 1");
	assert_string_equal(submitter_world_field(world, "state"), "");
	assert_string_equal(submitter_world_field(world, "was"),
			    "over 1763857200000 hold 1763770800000 "
			    "1763857200000 e limit recipients 21 20 3600000");
}

static int64_t tell_number(struct submitter_world *world, const char *command)
{
	char reply[64];

	redis_server_tell(&world->redis, command, reply, sizeof(reply));
	assert_int_equal(reply[0], ':');
	return strtoll(reply + 1, NULL, 10);
}

#define KEY	   "sp:out:{" ALICE "}"
#define RECIPIENTS KEY ":rcpt"

static void test_keys_outlive_their_meaning(void **state)
{
	static const char *const limits[] = { "distinct-recipients: 5/2d hold",
					      NULL };
	struct submitter_world *world = *state;
	struct sp_submitter_standing was;

	submitter_world_wipe(world);
	submitter_world_limit(world, limits);
	submitter_world_ask(world, START, "recipients 1 to a@x");
	assert_in_range(tell_number(world, "PTTL " KEY), 400 * DAY - MINUTE,
			400 * DAY);
	assert_in_range(tell_number(world, "PTTL " RECIPIENTS),
			3 * DAY + HOUR - MINUTE, 3 * DAY + HOUR);
	/* Anew with each day, and with each new recipient: a day before they
	 * would have to go. */
	tell_number(world, "PEXPIRE " KEY " 5000");
	tell_number(world, "PEXPIRE " RECIPIENTS " 5000");
	submitter_world_ask(world, START + HOUR, "recipients 1 to a@x");
	assert_in_range(tell_number(world, "PTTL " KEY), 1, 5000);
	assert_in_range(tell_number(world, "PTTL " RECIPIENTS), 1, 5000);
	submitter_world_ask(world, START + HOUR, "recipients 1 to b@x");
	assert_in_range(tell_number(world, "PTTL " RECIPIENTS),
			3 * DAY + HOUR - MINUTE, 3 * DAY + HOUR);
	tell_number(world, "PEXPIRE " RECIPIENTS " 5000");
	submitter_world_ask(world, START + DAY, "recipients 1 to a@x");
	assert_in_range(tell_number(world, "PTTL " KEY), 400 * DAY - MINUTE,
			400 * DAY);
	assert_in_range(tell_number(world, "PTTL " RECIPIENTS),
			3 * DAY + HOUR - MINUTE, 3 * DAY + HOUR);
	/* A lock by hand outlives them. */
	assert_int_equal(sp_submitter_set(&world->books,
					  &(struct sp_submitter_order){
						  .submitter = ALICE,
						  .state = SP_SUBMITTER_LOCKED,
						  .until_ms = START + 500 * DAY,
						  .now_ms = START,
					  },
					  &was),
			 SP_OK);
	assert_in_range(tell_number(world, "PTTL " KEY), 501 * DAY - MINUTE,
			501 * DAY);
}

/* However much is sent, no more is kept than the limits need. */
static void test_what_is_kept_is_bounded(void **state)
{
	static const char *const limits[] = {
		"recipients: 20/1h watch", "recipients: 90/1d watch",
		"distinct-recipients: 50/1d watch", "networks: 12/1d watch",
		NULL
	};
	struct submitter_world *world = *state;
	int64_t fields = 0, bytes = 0;

	submitter_world_wipe(world);
	submitter_world_limit(world, limits);
	make_unusual(world, false);
	for (int i = 0; i < 3000; i++) {
		char what[128];

		snprintf(what, sizeof(what),
			 "messages 1 recipients 1 to user%d@x from "
			 "10.%d.%d.0/24 in C%d by %d",
			 i, i / 256, i % 256, i % 200, i);
		submitter_world_ask(world, START + i * HOUR, what);
		if (i == 1000) {
			fields = tell_number(world, "HLEN " KEY);
			bytes = tell_number(world,
					    "MEMORY USAGE " KEY " SAMPLES 0");
		}
	}
	assert_int_equal(tell_number(world, "ZCARD " RECIPIENTS), 25);
	assert_int_equal(tell_number(world, "HLEN " KEY), fields);
	assert_in_range(tell_number(world, "MEMORY USAGE " KEY " SAMPLES 0"),
			bytes - 300, bytes + 300);
	for (int i = 0; i < 100; i++) {
		char what[64];

		snprintf(what, sizeof(what), "to other%d@x", i);
		submitter_world_ask(world, START + 3000 * HOUR, what);
	}
	assert_int_equal(tell_number(world, "ZCARD " RECIPIENTS), 51);
}

/* --- damage --------------------------------------------------------------- */

struct damage {
	const char *sentence;
	const char *commands[3];
	const char *answer; /* to the second recipient of two that may be */
};

static const struct damage damages[] = {
	{ "nonsense in place of a count is none",
	  { "HSET " KEY " recipients/3600000 nonsense first x day y" },
	  "ok" },
	{ "a count that is too large is very much",
	  { "HSET " KEY " recipients/3600000 \"5879232 5 99999999999999999\"" },
	  "hold" },
	{ "a count with too many slices",
	  { "HSET " KEY
	    " recipients/3600000 \"5879232 0 0 0 0 0 0 0 0 0 0 0 0 0 0 9\"" },
	  "ok" },
	{ "a state that is none",
	  { "HSET " KEY " state \"locked for ever\"" },
	  "ok" },
	{ "a key of another type is none of ours",
	  { "SET " KEY " x", "SET " RECIPIENTS " x" },
	  "ok" },
	{ "nor are recipients of another type",
	  { "LPUSH " RECIPIENTS " x" },
	  "ok" },
	{ "networks that are none",
	  { "HSET " KEY " networks \"x y 1 2 3\"" },
	  "ok" },
	{ "what is usual that is none",
	  { "HSET " KEY " most/recipients/3600000 \"x 1 2 3\"" },
	  "ok" },
};

static void test_damaged_values(void **state)
{
	static const char *const limits[] = { "recipients: 2/1h hold",
					      "distinct-recipients: 2/1h hold",
					      "networks: 2/1h hold", NULL };
	struct submitter_world *world = *state;

	for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
		static const char what[] =
			"recipients 1 to a@x from 192.0.2.0/24";
		char reply[64];

		print_message("  %s\n", damages[i].sentence);
		submitter_world_wipe(world);
		submitter_world_limit(world, limits);
		make_unusual(world, false);
		for (int j = 0; j < 3 && damages[i].commands[j] != NULL; j++) {
			redis_server_tell(&world->redis, damages[i].commands[j],
					  reply, sizeof(reply));
			assert_int_not_equal(reply[0], '-');
		}
		submitter_world_ask(world, START, what);
		assert_string_equal(submitter_world_ask(world, START, what),
				    damages[i].answer);
		assert_false(submitter_world_answer.is_from_memory);
	}
}

/* --- what a machine remembers --------------------------------------------- */

static void ask_of(struct submitter_world *world, int number, const char *what)
{
	struct sp_submitter_question question = {
		.class = world->class,
		.now_ms = START,
	};
	struct sp_submitter_answer answer;
	char submitter[32], text[64];

	snprintf(submitter, sizeof(submitter), "uid:%d", number);
	snprintf(text, sizeof(text), "%s", what);
	question.submitter = submitter;
	submitter_world_read(text, &question);
	sp_submitter_ask(&world->books, &question, sp_clock_mono_ms() + 5000,
			 &answer);
}

static enum sp_submitter_state state_of(struct submitter_world *world,
					int number)
{
	struct sp_submitter_standing standing;
	char submitter[32];

	snprintf(submitter, sizeof(submitter), "uid:%d", number);
	sp_memory_look(world->memory, submitter, START, &standing);
	return standing.state;
}

static void test_the_memory_is_bounded(void **state)
{
	static const char *const limits[] = {
		"recipients: 20/1h watch", "recipients: 50/1h locked",
		"distinct-recipients: 100000/1d hold", NULL
	};
	struct submitter_world *world = *state;
	struct sp_store *nobody = submitter_world_dial_nobody();
	size_t submitters, bytes;

	submitter_world_wipe(world);
	submitter_world_limit(world, limits);
	world->books.store = nobody;
	for (int i = 0; i < 10; i++)
		ask_of(world, i, "recipients 51");
	for (int i = 10; i < 20; i++)
		ask_of(world, i, "recipients 21");
	for (int i = 100; i < 1100; i++)
		ask_of(world, i, "recipients 1 to a@x");
	sp_memory_size(world->memory, &submitters, &bytes);
	assert_int_equal(submitters, 100);
	/* Who is locked is remembered, who is watched went with the others. */
	assert_int_equal(state_of(world, 0), SP_SUBMITTER_LOCKED);
	assert_int_equal(state_of(world, 9), SP_SUBMITTER_LOCKED);
	assert_int_equal(state_of(world, 10), SP_SUBMITTER_OK);
	sp_store_free(&nobody);
}

/* 600 submitters who write to 1,000 each would take more than all may. */
static void test_its_bytes_are_bounded(void **state)
{
	static const char *const limits[] = {
		"distinct-recipients: 100000/1d hold", NULL
	};
	struct submitter_world *world = *state;
	struct sp_submitter_memory *memory;
	size_t submitters, bytes;

	submitter_world_wipe(world);
	submitter_world_limit(world, limits);
	assert_int_equal(sp_submitter_memory_new(1000, &memory), SP_OK);
	for (int i = 0; i < 600 * 1000; i++) {
		char submitter[32], recipient[32];
		const struct sp_submitter_question question = {
			.submitter = submitter,
			.class = world->class,
			.recipient = recipient,
			.now_ms = START,
		};
		struct sp_submitter_answer answer;

		snprintf(submitter, sizeof(submitter), "uid:%d", i / 1000);
		snprintf(recipient, sizeof(recipient), "%d@x", i % 1000);
		sp_memory_count(memory, &world->config, &question, &answer);
	}
	sp_memory_size(memory, &submitters, &bytes);
	sp_submitter_memory_free(&memory);
	assert_in_range(bytes, 7 * 1024 * 1024, 8 * 1024 * 1024);
	assert_in_range(submitters, 400, 520);
}

/* When all are locked the oldest is forgotten, not the one that asks. */
static void test_a_memory_full_of_locks(void **state)
{
	static const char *const limits[] = { "recipients: 0/1h locked", NULL };
	struct submitter_world *world = *state;
	struct sp_store *nobody = submitter_world_dial_nobody();
	size_t submitters, bytes;

	submitter_world_wipe(world);
	submitter_world_limit(world, limits);
	world->books.store = nobody;
	for (int i = 0; i < 150; i++)
		ask_of(world, i, "recipients 1");
	sp_memory_size(world->memory, &submitters, &bytes);
	assert_int_equal(submitters, 100);
	assert_int_equal(state_of(world, 49), SP_SUBMITTER_OK);
	assert_int_equal(state_of(world, 50), SP_SUBMITTER_LOCKED);
	assert_int_equal(state_of(world, 149), SP_SUBMITTER_LOCKED);
	sp_store_free(&nobody);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_unusual),
		cmocka_unit_test(test_more_networks_than_any_limit_keeps),
		cmocka_unit_test(test_it_is_said_in_words),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_keys_outlive_their_meaning),
		cmocka_unit_test(test_what_is_kept_is_bounded),
		cmocka_unit_test(test_damaged_values),
		cmocka_unit_test(test_the_memory_is_bounded),
		cmocka_unit_test(test_its_bytes_are_bounded),
		cmocka_unit_test(test_a_memory_full_of_locks),
	};

	return cmocka_run_group_tests(tests, submitter_world_set_up,
				      submitter_world_tear_down);
}
