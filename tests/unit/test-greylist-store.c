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

#include "../support/redis_server.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/greylist_store.h"
#include "sallyport/store.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define START  INT64_C(1763760000000)

struct world {
	struct redis_server redis;
	struct sp_store *store;
};

static const struct sp_greylist_config usual = {
	.delay_ms = 90 * SECOND,
	.retry_window_ms = 2 * DAY,
	.remember_ms = 36 * DAY,
	.known_after = 5,
};

static struct sp_redis_config redis_config(const struct world *world)
{
	return (struct sp_redis_config){
		.kind = SP_STORE_UNIX,
		.path = world->redis.socket,
		.user = "",
		.password = "",
		.connections = 8,
		.connect_timeout_ms = 2000,
		.command_timeout_ms = 2000,
		.breaker_failures = 5,
		.breaker_pause_ms = 1000,
	};
}

static int set_up(void **state)
{
	static struct world world;
	struct sp_redis_config config;

	redis_server_start(&world.redis, NULL, NULL);
	config = redis_config(&world);
	*state = &world;
	return sp_store_new(&config, &world.store) == SP_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	sp_store_free(&world->store);
	redis_server_clear(&world->redis);
	return 0;
}

static void wipe(struct world *world)
{
	char reply[64];

	redis_server_tell(&world->redis, "FLUSHALL", reply, sizeof(reply));
	assert_string_equal(reply, "+OK\r\n");
}

static struct sp_greylist_answer ask(struct sp_store *store,
				     const struct sp_greylist_config *config,
				     struct sp_greylist_question question)
{
	struct sp_greylist_answer answer;

	if (question.identity == NULL)
		question.identity = "net:192.0.2.0/24";
	if (question.sender == NULL)
		question.sender = "a@example.org";
	if (question.recipient == NULL)
		question.recipient = "b@here.test";
	if (question.client == NULL)
		question.client = "192.0.2.7";
	assert_int_equal(sp_greylist_ask(store, config, &question,
					 sp_clock_mono_ms() + 5000, &answer),
			 SP_OK);
	return answer;
}

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
	struct sp_greylist_config config = usual;

	config.known_after = story->known_after;
	for (size_t i = 0; i < 12 && story->steps[i].state != NULL; i++) {
		const struct step *step = &story->steps[i];
		struct sp_greylist_answer answer =
			ask(store, &config,
			    (struct sp_greylist_question){
				    .recipient = step->recipient,
				    .mail_id = step->mail,
				    .now_ms = START + step->after_ms,
			    });

		print_message("    step %zu\n", i + 1);
		assert_string_equal(sp_greylist_state_name(answer.state),
				    step->state);
		assert_int_equal(answer.wait_ms, step->wait_ms);
		assert_int_equal(answer.tries, step->tries);
		assert_int_equal(answer.identity_passes, step->passes);
	}
}

static void test_stories(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		print_message("  %s\n", stories[i].sentence);
		wipe(world);
		tell_story(world->store, &stories[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
