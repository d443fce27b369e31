/* test-greylist-store.c - greylisting's memory, in a real Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/greylist_world.h"
#include "sallyport/clock.h"
#include "sallyport/store.h"

/* One try of one story. */
struct step {
	int64_t after_ms; /* since START */
	const char *mail;
	const char *recipient; /* NULL: the usual one */
	const char *state;
	int64_t wait_ms;
	uint32_t tries;
	uint32_t passes;
};

struct story {
	const char *sentence;
	unsigned known_after;
	struct step steps[12];
};

#define S SECOND
static const struct story stories[] = {
	{ "a first sight waits the delay",
	  5,
	  { { 0, "m1", NULL, "new", 90 * S, 1, 0 } } },
	{ "too early a return waits for the rest, counted from the first sight",
	  5,
	  { { 0, "m1", NULL, "new", 90 * S, 1, 0 },
	    { 30 * S, "m2", NULL, "early", 60 * S, 2, 0 },
	    { 89999, "m3", NULL, "early", 1, 3, 0 },
	    { 90 * S, "m4", NULL, "passed", 0, 4, 1 } } },
	{ "a return at the very end of the retry window passes",
	  5,
	  { { 0, "m1", NULL, "new", 90 * S, 1, 0 },
	    { 2 * DAY, "m2", NULL, "passed", 0, 2, 1 } } },
	{ "a return after the retry window is a first sight again",
	  5,
	  { { 0, "m1", NULL, "new", 90 * S, 1, 0 },
	    { 2 * DAY + 1, "m2", NULL, "late", 90 * S, 1, 0 },
	    { 2 * DAY + 2, "m3", NULL, "early", 89999, 2, 0 },
	    { 2 * DAY + 90001, "m4", NULL, "passed", 0, 3, 1 } } },
	{ "early tries do not lengthen the retry window",
	  5,
	  { { 0, "m1", NULL, "new", 90 * S, 1, 0 },
	    { 80 * S, "m2", NULL, "early", 10 * S, 2, 0 },
	    { 2 * DAY + 1, "m3", NULL, "late", 90 * S, 1, 0 } } },
	{ "what has passed is seen, and each time remembered anew",
	  0,
	  { { 0, "m1", NULL, "new", 90 * S, 1, 0 },
	    { MINUTE * 2, "m2", NULL, "passed", 0, 2, 1 },
	    { 36 * DAY, "m3", NULL, "seen", 0, 3, 2 },
	    { 72 * DAY, "m4", NULL, "seen", 0, 4, 3 },
	    { 108 * DAY, "m5", NULL, "seen", 0, 5, 4 } } },
	{ "what has passed and then was not used for so long is forgotten",
	  0,
	  { { 0, "m1", NULL, "new", 90 * S, 1, 0 },
	    { 2 * MINUTE, "m2", NULL, "passed", 0, 2, 1 },
	    { 36 * DAY + 2 * MINUTE + 1, "m3", NULL, "new", 90 * S, 1, 0 } } },
	{ "several recipients of one mail count one pass",
	  5,
	  { { 0, "m1", "x@h", "new", 90 * S, 1, 0 },
	    { 0, "m1", "y@h", "new", 90 * S, 1, 0 },
	    { 0, "m1", "z@h", "new", 90 * S, 1, 0 },
	    { 90 * S, "m2", "x@h", "passed", 0, 2, 1 },
	    { 90 * S, "m2", "y@h", "passed", 0, 2, 1 },
	    { 90 * S, "m3", "x@h", "seen", 0, 3, 2 },
	    { 90 * S, "m2", "z@h", "passed", 0, 2, 2 },
	    { 91 * S, "m3", "y@h", "seen", 0, 3, 2 } } },
	{ "an identity that passed often enough is known for every triplet",
	  2,
	  { { 0, "m1", NULL, "new", 90 * S, 1, 0 },
	    { 90 * S, "m2", NULL, "passed", 0, 2, 1 },
	    { 91 * S, "m3", "x@h", "new", 90 * S, 1, 1 },
	    { 92 * S, "m4", NULL, "seen", 0, 3, 2 },
	    { 93 * S, "m5", "x@h", "known", 0, 2, 2 },
	    { 94 * S, "m6", "y@h", "known", 0, 1, 2 } } },
	{ "a known identity is remembered anew with each use, then forgotten",
	  1,
	  { { 0, "m1", NULL, "new", 90 * S, 1, 0 },
	    { 90 * S, "m2", NULL, "passed", 0, 2, 1 },
	    { 36 * DAY, "m3", NULL, "known", 0, 3, 1 },
	    { 72 * DAY, "m4", "x@h", "known", 0, 1, 1 },
	    { 108 * DAY + 1, "m5", "y@h", "new", 90 * S, 1, 0 } } },
	{ "a clock set back makes nobody wait longer than the delay",
	  5,
	  { { 10 * DAY, "m1", NULL, "new", 90 * S, 1, 0 },
	    { 0, "m2", NULL, "early", 90 * S, 2, 0 },
	    { 90 * S, "m3", NULL, "passed", 0, 3, 1 } } },
	{ "a clock set back leaves passed triplets and identities passed",
	  2,
	  { { 10 * DAY, "m1", NULL, "new", 90 * S, 1, 0 },
	    { 10 * DAY + 90 * S, "m2", NULL, "passed", 0, 2, 1 },
	    { 0, "m3", NULL, "seen", 0, 3, 2 },
	    { 1, "m4", NULL, "known", 0, 4, 2 },
	    { 36 * DAY, "m5", NULL, "known", 0, 4, 2 } } },
};
#undef S

static void tell_story(struct sp_store *store, const struct story *story)
{
	struct sp_greylist_config config = greylist_usual;

	config.known_after = story->known_after;
	for (size_t i = 0; i < 12 && story->steps[i].state != NULL; i++) {
		const struct step *step = &story->steps[i];
		struct sp_greylist_answer answer = greylist_world_ask(
			store, &config,
			(struct sp_greylist_question){
				.recipient = step->recipient,
				.mail_id = step->mail,
				.now_ms = START + step->after_ms,
			});

		if (strcmp(sp_greylist_state_name(answer.state), step->state) !=
		    0)
			print_error("step %zu\n", i + 1);
		assert_string_equal(sp_greylist_state_name(answer.state),
				    step->state);
		assert_int_equal(answer.wait_ms, step->wait_ms);
		assert_int_equal(answer.tries, step->tries);
		assert_int_equal(answer.identity_passes, step->passes);
	}
}

static void test_stories(void **state)
{
	struct greylist_world *world = *state;

	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		print_message("  %s\n", stories[i].sentence);
		greylist_world_wipe(world);
		tell_story(world->store, &stories[i]);
	}
}

/* --- many at once --------------------------------------------------------- */

enum {
	CROWD = 200
};

struct visitor {
	pthread_t thread;
	struct sp_store *store;
	int64_t now_ms;
	char mail[16];
	enum sp_err err;
	struct sp_greylist_answer answer;
};

static void *visit(void *argument)
{
	struct visitor *visitor = argument;
	const struct sp_greylist_question question = {
		.identity = "net:192.0.2.0/24",
		.sender = "a@example.org",
		.recipient = "b@here.test",
		.client = "192.0.2.7",
		.mail_id = visitor->mail,
		.now_ms = visitor->now_ms,
	};

	visitor->err =
		sp_greylist_ask(visitor->store, &greylist_usual, &question,
				sp_clock_mono_ms() + 20000, &visitor->answer);
	return NULL;
}

/* How many got which state, all at the time `now_ms`; `mails` different ids. */
static void let_crowd_in(struct greylist_world *world, int64_t now_ms,
			 int mails,
			 unsigned counts_out[SP_GREYLIST_RELEASED + 1])
{
	static struct visitor visitors[CROWD];

	for (int i = 0; i < CROWD; i++) {
		visitors[i].store = world->store;
		visitors[i].now_ms = now_ms;
		snprintf(visitors[i].mail, sizeof(visitors[i].mail), "m%d",
			 i % mails);
		assert_int_equal(pthread_create(&visitors[i].thread, NULL,
						visit, &visitors[i]),
				 0);
	}
	memset(counts_out, 0, (SP_GREYLIST_RELEASED + 1) * sizeof(unsigned));
	for (int i = 0; i < CROWD; i++)
		pthread_join(visitors[i].thread, NULL);
	for (int i = 0; i < CROWD; i++) {
		assert_int_equal(visitors[i].err, SP_OK);
		counts_out[visitors[i].answer.state]++;
	}
}

static void test_crowd(void **state)
{
	struct greylist_world *world = *state;
	unsigned counts[SP_GREYLIST_RELEASED + 1];

	greylist_world_wipe(world);
	let_crowd_in(world, START, CROWD, counts);
	assert_int_equal(counts[SP_GREYLIST_NEW], 1);
	assert_int_equal(counts[SP_GREYLIST_EARLY], CROWD - 1);
	let_crowd_in(world, START + 89999, CROWD, counts);
	assert_int_equal(counts[SP_GREYLIST_EARLY], CROWD);
	/* 200 mails at once: after five passes the identity is known. */
	let_crowd_in(world, START + 90 * SECOND, CROWD, counts);
	assert_int_equal(counts[SP_GREYLIST_PASSED], 1);
	assert_int_equal(counts[SP_GREYLIST_SEEN], 4);
	assert_int_equal(counts[SP_GREYLIST_KNOWN], CROWD - 5);
}

static void test_crowd_of_one_mail(void **state)
{
	struct greylist_world *world = *state;
	unsigned counts[SP_GREYLIST_RELEASED + 1];

	greylist_world_wipe(world);
	let_crowd_in(world, START, 1, counts);
	/* Four mails, 50 recipients each, in any order: four passes. */
	let_crowd_in(world, START + 90 * SECOND, 4, counts);
	assert_int_equal(counts[SP_GREYLIST_PASSED], 1);
	assert_int_equal(counts[SP_GREYLIST_SEEN], CROWD - 1);
	assert_int_equal(
		greylist_world_ask(world->store, &greylist_usual,
				   (struct sp_greylist_question){
					   .mail_id = "m0",
					   .now_ms = START + 91 * SECOND,
				   })
			.identity_passes,
		4);
}

/* --- what is kept ----------------------------------------------------------- */

static struct sp_store_reply *command(struct greylist_world *world,
				      const char *first, const char *second)
{
	const struct sp_store_bytes words[] = {
		{ first, strlen(first) },
		{ second, strlen(second) },
	};
	struct sp_store_reply *reply;

	assert_int_equal(sp_store_command(world->store, words, 2,
					  sp_clock_mono_ms() + 5000, &reply),
			 SP_OK);
	return reply;
}

static int64_t ttl_ms(struct greylist_world *world, const char *key)
{
	struct sp_store_reply *reply = command(world, "PTTL", key);
	int64_t ms = sp_store_reply_number(reply, 0);

	sp_store_reply_free(&reply);
	return ms;
}

static void assert_value(struct greylist_world *world, const char *key,
			 const char *expected)
{
	struct sp_store_reply *reply = command(world, "GET", key);

	assert_string_equal(sp_store_reply_text(reply, 0), expected);
	sp_store_reply_free(&reply);
}

#define IDENTITY_KEY "sp:grey:{net:192.0.2.0/24}"
#define TRIPLET_KEY  IDENTITY_KEY ":a@example.org:b@here.test"

static void test_keys_outlive_their_meaning(void **state)
{
	struct greylist_world *world = *state;
	struct sp_greylist_question question = { .mail_id = "m1",
						 .now_ms = START };

	greylist_world_wipe(world);
	greylist_world_ask(world->store, &greylist_usual, question);
	assert_value(world, TRIPLET_KEY, "f=1763760000000 n=1 c=192.0.2.7");
	assert_value(world, IDENTITY_KEY, "");
	assert_in_range(ttl_ms(world, TRIPLET_KEY), 2 * DAY + HOUR - MINUTE,
			2 * DAY + HOUR);
	question.now_ms = START + 90 * SECOND;
	greylist_world_ask(world->store, &greylist_usual, question);
	assert_value(world, TRIPLET_KEY,
		     "f=1763760000000 n=2 c=192.0.2.7 l=1763760090000 "
		     "p=1763760090000");
	assert_value(world, IDENTITY_KEY, "p=1 l=1763760090000 m=m1");
	assert_in_range(ttl_ms(world, TRIPLET_KEY), 36 * DAY + HOUR - MINUTE,
			36 * DAY + HOUR);
	assert_in_range(ttl_ms(world, IDENTITY_KEY), 36 * DAY + HOUR - MINUTE,
			36 * DAY + HOUR);
}

static void set_value(struct greylist_world *world, const char *key,
		      const char *value)
{
	char line[512], reply[64];

	snprintf(line, sizeof(line), "SET %s \"%s\" PX 100000", key, value);
	redis_server_tell(&world->redis, line, reply, sizeof(reply));
	assert_string_equal(reply, "+OK\r\n");
}

static void test_a_known_identity_is_written_once_an_hour(void **state)
{
	static const struct {
		int64_t after_ms;
		const char *identity;
	} uses[] = {
		{ 0, "p=5 l=1763760000000 m=" },
		{ HOUR, "p=5 l=1763760000000 m=" },
		{ HOUR + 1, "p=5 l=1763763600001 m=" },
		/* Somebody's clock was ahead: its time must not stay. */
		{ 10 * MINUTE, "p=5 l=1763760600000 m=" },
	};
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	set_value(world, IDENTITY_KEY, "p=5 l=1763760000000 m=");
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		greylist_world_ask(world->store, &greylist_usual,
				   (struct sp_greylist_question){
					   .mail_id = "m",
					   .now_ms = START + uses[i].after_ms,
				   });
		assert_value(world, IDENTITY_KEY, uses[i].identity);
	}
	assert_in_range(ttl_ms(world, IDENTITY_KEY), 36 * DAY + HOUR - MINUTE,
			36 * DAY + HOUR);
}

struct damage {
	const char *sentence;
	const char *identity;
	const char *triplet;
	const char *state;
};

static const struct damage damages[] = {
	{ "nonsense in place of a value is a first sight", "nonsense", "f=x",
	  "new" },
	{ "a huge number does no harm",
	  "p=99999999999999999999 l=99999999999999999999 m=",
	  "f=99999999999999999999 n=99999999999999999999 c=x", "known" },
	{ "missing fields are a first sight", "p=9", "f=1 c=x", "new" },
};

static void test_damaged_values(void **state)
{
	struct greylist_world *world = *state;
	struct sp_greylist_question question = { .mail_id = "m1",
						 .now_ms = START };
	char reply[64];

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		print_message("  %s\n", damages[i].sentence);
		greylist_world_wipe(world);
		set_value(world, IDENTITY_KEY, damages[i].identity);
		set_value(world, TRIPLET_KEY, damages[i].triplet);
		assert_string_equal(
			sp_greylist_state_name(
				greylist_world_ask(world->store,
						   &greylist_usual, question)
					.state),
			damages[i].state);
	}
	print_message("  a key of another type is a first sight\n");
	greylist_world_wipe(world);
	redis_server_tell(&world->redis, "LPUSH " TRIPLET_KEY " x", reply,
			  sizeof(reply));
	assert_int_equal(
		greylist_world_ask(world->store, &greylist_usual, question)
			.state,
		SP_GREYLIST_NEW);
}

/* The SHA1 that the build worked out is the one that Redis works out. */
static void test_scripts_are_known_by_their_digest(void **state)
{
	struct greylist_world *world = *state;
	struct sp_store_reply *reply;
	char info[8192];

	(void)state;
	redis_server_tell(&world->redis, "SCRIPT FLUSH", info, sizeof(info));
	redis_server_tell(&world->redis, "CONFIG RESETSTAT", info,
			  sizeof(info));
	for (int i = 0; i < 3; i++)
		greylist_world_ask(world->store, &greylist_usual,
				   (struct sp_greylist_question){
					   .mail_id = "m", .now_ms = START });
	for (int i = 0; i < 3; i++)
		sp_greylist_release(world->store, "net:192.0.2.0/24",
				    "a@example.org", "b@here.test", START);
	reply = command(world, "INFO", "commandstats");
	snprintf(info, sizeof(info), "%s", sp_store_reply_text(reply, 0));
	sp_store_reply_free(&reply);
	/* Each is sent whole once, after the one NOSCRIPT. */
	assert_non_null(strstr(info, "cmdstat_eval:calls=2,"));
	assert_non_null(strstr(info, "cmdstat_evalsha:calls=6,"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_crowd_of_one_mail),
		cmocka_unit_test(test_keys_outlive_their_meaning),
		cmocka_unit_test(test_a_known_identity_is_written_once_an_hour),
		cmocka_unit_test(test_damaged_values),
		cmocka_unit_test(test_scripts_are_known_by_their_digest),
	};

	return cmocka_run_group_tests(tests, greylist_world_set_up,
				      greylist_world_tear_down);
}
