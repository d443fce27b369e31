/* test-probe-store.c - what networks tried in vain, in a real Redis. */
#include "sallyport/probe_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/greylist_world.h"
#include "sallyport/clock.h"
#include "sallyport/store.h"

#define KEY "sp:probe:{net:192.0.2.0/24}"

enum {
	STEPS = 8
};

/* What is added at a time, and what the window holds then. */
struct step {
	int64_t after_ms; /* since a slice's beginning */
	struct sp_probe_counts more, sum;
	int64_t window_ms; /* 0: an hour */
};

struct story {
	const char *sentence;
	struct step steps[STEPS];
};

#define SLICE (5 * MINUTE)

static const struct story stories[] = {
	{ "a network that tried nothing has tried nothing",
	  { { 1, { 0, 0, 0 }, { 0, 0, 0 }, 0 } } },
	{ "what was tried adds up, each kind by itself",
	  { { 1, { 3, 0, 0 }, { 3, 0, 0 }, 0 },
	    { 2, { 0, 1, 1 }, { 3, 1, 1 }, 0 },
	    { 3, { 2, 2, 2 }, { 5, 3, 3 }, 0 },
	    { 4, { 0, 0, 0 }, { 5, 3, 3 }, 0 } } },
	{ "a slice counts until eleven others have passed, then it is gone",
	  { { 0, { 3, 1, 1 }, { 3, 1, 1 }, 0 },
	    { 12 * SLICE - 1, { 0, 0, 0 }, { 3, 1, 1 }, 0 },
	    { 12 * SLICE, { 0, 0, 0 }, { 0, 0, 0 }, 0 } } },
	{ "the window slides: the old goes, the new stays",
	  { { 0, { 3, 0, 0 }, { 3, 0, 0 }, 0 },
	    { 6 * SLICE, { 4, 0, 0 }, { 7, 0, 0 }, 0 },
	    { 12 * SLICE, { 1, 0, 0 }, { 5, 0, 0 }, 0 },
	    { 18 * SLICE, { 0, 0, 0 }, { 1, 0, 0 }, 0 } } },
	{ "after a long silence everything begins anew",
	  { { 0, { 9, 9, 9 }, { 9, 9, 9 }, 0 },
	    { DAY, { 1, 0, 0 }, { 1, 0, 0 }, 0 } } },
	{ "a clock set back forgets nothing",
	  { { 100 * SLICE, { 3, 0, 0 }, { 3, 0, 0 }, 0 },
	    { 0, { 1, 0, 0 }, { 4, 0, 0 }, 0 },
	    { 11 * SLICE, { 0, 0, 0 }, { 4, 0, 0 }, 0 },
	    { 12 * SLICE, { 0, 0, 0 }, { 0, 0, 0 }, 0 } } },
	{ "another window counts by itself",
	  { { 0, { 3, 0, 0 }, { 3, 0, 0 }, 0 },
	    { 1, { 0, 0, 0 }, { 0, 0, 0 }, 2 * HOUR },
	    { 2, { 1, 0, 0 }, { 1, 0, 0 }, 2 * HOUR } } },
	{ "a flood is counted up to a million",
	  { { 0, { UINT32_MAX, 7, 7 }, { 1000000, 7, 7 }, 0 },
	    { SLICE, { UINT32_MAX, 0, 0 }, { 1000000, 7, 7 }, 0 } } },
};

static int64_t slice_start(void)
{
	return START - START % SLICE;
}

static struct sp_probe_counts count(struct sp_store *store,
				    const struct step *step)
{
	struct sp_probe_counts sum = { 0 };

	assert_int_equal(
		sp_probe_count(store,
			       &(struct sp_probe_question){
				       .identity = "net:192.0.2.0/24",
				       .window_ms = step->window_ms
							    ? step->window_ms
							    : HOUR,
				       .now_ms = slice_start() + step->after_ms,
				       .more = step->more,
			       },
			       sp_clock_mono_ms() + 5000, &sum),
		SP_OK);
	return sum;
}

/* Greylisting's question says the same about the same time. */
static void assert_greylisting_agrees(struct sp_store *store,
				      const struct step *step)
{
	struct sp_greylist_answer answer = greylist_world_ask(
		store, &greylist_usual,
		(struct sp_greylist_question){
			.mail_id = "m1",
			.now_ms = slice_start() + step->after_ms,
		});

	assert_true(answer.has_probes);
	assert_int_equal(answer.probes.unknown, step->sum.unknown);
	assert_int_equal(answer.probes.relay, step->sum.relay);
	assert_int_equal(answer.probes.hung_up, step->sum.hung_up);
}

static void test_stories(void **state)
{
	struct greylist_world *world = *state;

	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		const struct story *story = &stories[i];

		print_message("  %s\n", story->sentence);
		greylist_world_wipe(world);
		for (size_t j = 0; j < STEPS; j++) {
			const struct step *step = &story->steps[j];
			struct sp_probe_counts sum;

			if (j > 0 && step->after_ms == 0 &&
			    step->sum.unknown == 0)
				break;
			sum = count(world->store, step);
			assert_int_equal(sum.unknown, step->sum.unknown);
			assert_int_equal(sum.relay, step->sum.relay);
			assert_int_equal(sum.hung_up, step->sum.hung_up);
			if (step->window_ms == 0)
				assert_greylisting_agrees(world->store, step);
		}
	}
}

static void test_a_question_alone_writes_nothing(void **state)
{
	struct greylist_world *world = *state;
	char reply[64];

	greylist_world_wipe(world);
	(void)count(world->store, &(struct step){ .after_ms = 1 });
	redis_server_tell(&world->redis, "EXISTS " KEY, reply, sizeof(reply));
	assert_string_equal(reply, ":0\r\n");
}

static void test_the_key_goes_an_hour_after_its_window(void **state)
{
	struct greylist_world *world = *state;
	char reply[64];
	long ttl;

	greylist_world_wipe(world);
	(void)count(world->store, &(struct step){ .more = { 1, 0, 0 } });
	redis_server_tell(&world->redis, "TTL " KEY, reply, sizeof(reply));
	ttl = strtol(reply + 1, NULL, 10);
	assert_in_range(ttl, 7100, 7200);
}

static void test_many_slices_stay_small(void **state)
{
	struct greylist_world *world = *state;
	char reply[64];

	greylist_world_wipe(world);
	for (int64_t i = 0; i < 100; i++)
		(void)count(world->store, &(struct step){
						  .after_ms = i * SLICE,
						  .more = { 1, 0, 0 },
					  });
	redis_server_tell(&world->redis, "STRLEN " KEY, reply, sizeof(reply));
	assert_in_range(strtol(reply + 1, NULL, 10), 100, 200);
}

static void test_what_cannot_be_read_counts_as_absent(void **state)
{
	static const char *const damage[] = {
		"SET " KEY " garbage",
		"SET " KEY " w=0",
		"SET " KEY " w=300000:::",
		"SET " KEY " w=99999999999999999999999999999999",
		"HSET " KEY " a b",
	};
	struct greylist_world *world = *state;
	char reply[64];

	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		const struct step asked = { .sum = { 0, 0, 0 } };
		const struct step tried = { .more = { 1, 0, 0 },
					    .sum = { 1, 0, 0 } };
		struct sp_probe_counts sum;

		greylist_world_wipe(world);
		redis_server_tell(&world->redis, damage[i], reply,
				  sizeof(reply));
		assert_greylisting_agrees(world->store, &asked);
		sum = count(world->store, &tried);
		assert_int_equal(sum.unknown, 1);
		assert_greylisting_agrees(world->store, &tried);
	}
}

static void test_an_endless_name_is_refused(void **state)
{
	struct greylist_world *world = *state;
	char *identity = malloc(8192);
	struct sp_probe_counts sum;

	assert_non_null(identity);
	memset(identity, '{', 8191);
	identity[8191] = '\0';
	assert_int_equal(sp_probe_count(world->store,
					&(struct sp_probe_question){
						.identity = identity,
						.window_ms = HOUR,
						.now_ms = START,
					},
					sp_clock_mono_ms() + 5000, &sum),
			 SP_ERR_TOO_LONG);
	free(identity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_a_question_alone_writes_nothing),
		cmocka_unit_test(test_the_key_goes_an_hour_after_its_window),
		cmocka_unit_test(test_many_slices_stay_small),
		cmocka_unit_test(test_what_cannot_be_read_counts_as_absent),
		cmocka_unit_test(test_an_endless_name_is_refused),
	};

	return cmocka_run_group_tests_name("probe-store", tests,
					   greylist_world_set_up,
					   greylist_world_tear_down);
}
