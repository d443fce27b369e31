/* test-greylist-identity.c - one sender under several identities, and mail that
 * is noted and let in, in a real Redis. */
#include "sallyport/greylist_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../support/greylist_world.h"
#include "sallyport/clock.h"
#include "sallyport/store.h"

#define NET    "net:192.0.2.0/24"
#define DOMAIN "domain:a.example"
#define HOST   "domain:provider.example"

enum {
	STEPS = 6
};

/* One try. */
struct step {
	int64_t after_ms; /* since START */
	const char *mail;
	const char *identity; /* NULL ends the story */
	const char *also[SP_GREYLIST_ALSO_MAX];
	bool lets_in;
	const char *state;
	int64_t wait_ms;
	uint32_t tries;
	uint32_t passes;
};

struct story {
	const char *sentence;
	unsigned known_after;
	struct step steps[STEPS];
};

#define S SECOND
#define ONLY                                                                   \
	{                                                                      \
		NULL, NULL                                                     \
	}
static const struct story stories[] = {
	{ "who is not suspicious is let in at once, and then has been seen",
	  0,
	  { { 0, "m1", DOMAIN, ONLY, true, "noted", 0, 1, 1 },
	    { 1, "m2", DOMAIN, ONLY, true, "seen", 0, 2, 2 },
	    { 2, "m3", DOMAIN, ONLY, false, "seen", 0, 3, 3 } } },
	{ "what was noted makes an identity known",
	  2,
	  { { 0, "m1", DOMAIN, ONLY, true, "noted", 0, 1, 1 },
	    { 1, "m2", DOMAIN, ONLY, true, "seen", 0, 2, 2 },
	    { 2, "m3", DOMAIN, ONLY, false, "known", 0, 3, 2 } } },
	{ "the recipients of one mail that is noted count one pass",
	  2,
	  { { 0, "m1", DOMAIN, ONLY, true, "noted", 0, 1, 1 },
	    { 0, "m1", DOMAIN, ONLY, true, "seen", 0, 2, 1 } } },
	{ "who waits, and comes back unsuspicious, waits no more",
	  0,
	  { { 0, "m1", NET, ONLY, false, "new", 90 * S, 1, 0 },
	    { 10 * S, "m2", NET, ONLY, true, "noted", 0, 2, 1 },
	    { 11 * S, "m3", NET, ONLY, false, "seen", 0, 3, 2 } } },
	{ "what was noted and then not used for so long is forgotten",
	  0,
	  { { 0, "m1", NET, ONLY, true, "noted", 0, 1, 1 },
	    { 36 * DAY + 1, "m2", NET, ONLY, false, "new", 90 * S, 1, 0 } } },
	{ "what waited under its address has waited under its domain",
	  0,
	  { { 0, "m1", NET, ONLY, false, "new", 90 * S, 1, 0 },
	    { 90 * S, "m2", DOMAIN, { NET, NULL }, false, "passed", 0, 1, 1 },
	    { 91 * S, "m3", DOMAIN, { NET, NULL }, false, "seen", 0, 2, 2 } } },
	{ "what came back too early under its domain waits for the rest",
	  0,
	  { { 0, "m1", NET, ONLY, false, "new", 90 * S, 1, 0 },
	    { 30 * S,
	      "m2",
	      DOMAIN,
	      { NET, NULL },
	      false,
	      "early",
	      60 * S,
	      1,
	      0 },
	    { 31 * S, "m3", DOMAIN, ONLY, false, "early", 59 * S, 2, 0 },
	    { 90 * S, "m4", DOMAIN, ONLY, false, "passed", 0, 3, 1 } } },
	{ "the one that it waited under for longest counts",
	  0,
	  { { 0, "m1", HOST, ONLY, false, "new", 90 * S, 1, 0 },
	    { 60 * S, "m2", NET, ONLY, false, "new", 90 * S, 1, 0 },
	    { 90 * S,
	      "m3",
	      DOMAIN,
	      { NET, HOST },
	      false,
	      "passed",
	      0,
	      1,
	      1 } } },
	{ "what has passed under its address passes under its domain, for as "
	  "long as it is remembered",
	  0,
	  { { 0, "m1", NET, ONLY, false, "new", 90 * S, 1, 0 },
	    { 90 * S, "m2", NET, ONLY, false, "passed", 0, 2, 1 },
	    { 36 * DAY,
	      "m3",
	      DOMAIN,
	      { NET, NULL },
	      false,
	      "passed",
	      0,
	      1,
	      1 } } },
	{ "what passed under its address too long ago does not",
	  0,
	  { { 0, "m1", NET, ONLY, false, "new", 90 * S, 1, 0 },
	    { 90 * S, "m2", NET, ONLY, false, "passed", 0, 2, 1 },
	    { 37 * DAY,
	      "m3",
	      DOMAIN,
	      { NET, NULL },
	      false,
	      "new",
	      90 * S,
	      1,
	      0 } } },
	{ "what was noted under its address passes under its domain",
	  0,
	  { { 0, "m1", NET, ONLY, true, "noted", 0, 1, 1 },
	    { 3 * DAY,
	      "m2",
	      DOMAIN,
	      { NET, NULL },
	      false,
	      "passed",
	      0,
	      1,
	      1 } } },
	{ "an address that is known is enough for a domain that is not",
	  1,
	  { { 0, "m1", NET, ONLY, true, "noted", 0, 1, 1 },
	    { 1, "m2", DOMAIN, { NET, NULL }, false, "passed", 0, 1, 1 } } },
	{ "a wait that began before the retry window counts for nothing",
	  0,
	  { { 0, "m1", NET, ONLY, false, "new", 90 * S, 1, 0 },
	    { 2 * DAY + 1,
	      "m2",
	      DOMAIN,
	      { NET, NULL },
	      false,
	      "new",
	      90 * S,
	      1,
	      0 } } },
	{ "a clock set back lets nobody in",
	  0,
	  { { DAY, "m1", NET, ONLY, false, "new", 90 * S, 1, 0 },
	    { 0, "m2", DOMAIN, { NET, NULL }, false, "new", 90 * S, 1, 0 } } },
	{ "who is let in anyway need not have waited elsewhere",
	  0,
	  { { 0, "m1", NET, ONLY, false, "new", 90 * S, 1, 0 },
	    { 90 * S, "m2", DOMAIN, { NET, NULL }, true, "noted", 0, 1, 1 } } },
};
#undef S

static struct sp_greylist_answer take(struct greylist_world *world,
				      const struct sp_greylist_config *config,
				      const struct step *step)
{
	return greylist_world_ask(
		world->store, config,
		(struct sp_greylist_question){
			.identity = step->identity,
			.also = { step->also[0], step->also[1] },
			.lets_in = step->lets_in,
			.mail_id = step->mail,
			.now_ms = START + step->after_ms,
		});
}

static void tell_story(struct greylist_world *world, const struct story *story)
{
	struct sp_greylist_config config = greylist_usual;

	config.known_after = story->known_after;
	for (size_t i = 0; i < STEPS && story->steps[i].state != NULL; i++) {
		const struct step *step = &story->steps[i];
		struct sp_greylist_answer answer = take(world, &config, step);
		const char *state = sp_greylist_state_name(answer.state);

		if (strcmp(state, step->state) != 0)
			print_error("step %zu\n", i + 1);
		assert_string_equal(state, step->state);
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
		tell_story(world, &stories[i]);
	}
}

static void test_a_release_under_the_address_holds_for_the_domain(void **state)
{
	const struct step first = { 0, "m1", NET, ONLY, false, "", 0, 0, 0 };
	const struct step second = { 1, "m2", DOMAIN, { NET, NULL }, false, "",
				     0, 0,    0 };
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	take(world, &greylist_usual, &first);
	assert_int_equal(sp_greylist_release(world->store, NET, "a@example.org",
					     "b@here.test", START),
			 SP_OK);
	assert_int_equal(take(world, &greylist_usual, &second).state,
			 SP_GREYLIST_PASSED);
}

static void test_what_another_sender_waited_is_not_ours(void **state)
{
	struct greylist_world *world = *state;
	struct sp_greylist_question question = { .identity = NET,
						 .sender = "c@example.org",
						 .mail_id = "m1",
						 .now_ms = START };

	greylist_world_wipe(world);
	greylist_world_ask(world->store, &greylist_usual, question);
	question.identity = DOMAIN;
	question.also[0] = NET;
	question.sender = "d@example.org";
	question.now_ms = START + 90 * SECOND;
	assert_int_equal(
		greylist_world_ask(world->store, &greylist_usual, question)
			.state,
		SP_GREYLIST_NEW);
}

/* --- how often Redis is asked --------------------------------------------- */

static uint64_t questions(struct greylist_world *world)
{
	struct sp_store_health health;

	sp_store_health(world->store, &health);
	return health.questions;
}

static void test_only_a_wait_elsewhere_takes_a_second_round_trip(void **state)
{
	static const struct {
		struct step step;
		uint64_t trips;
	} rows[] = {
		{ { 0, "m1", DOMAIN, { NET, NULL }, false, "", 0, 0, 0 }, 1 },
		{ { 0, "m2", NET, ONLY, false, "", 0, 0, 0 }, 1 },
		/* Waits, and so does its address, but for no longer. */
		{ { 1, "m3", DOMAIN, { NET, NULL }, false, "", 0, 0, 0 }, 1 },
		/* What it waited elsewhere is asked only of who has to wait. */
		{ { 2, "m4", HOST, { NET, NULL }, true, "", 0, 0, 0 }, 1 },
		{ { 2,
		    "m5",
		    "domain:b.example",
		    { NET, NULL },
		    false,
		    "",
		    0,
		    0,
		    0 },
		  2 },
		{ { DAY, "m6", DOMAIN, { NET, NULL }, false, "", 0, 0, 0 }, 1 },
		{ { DAY, "m7", DOMAIN, { NET, NULL }, false, "", 0, 0, 0 }, 1 },
	};
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t before = questions(world);

		take(world, &greylist_usual, &rows[i].step);
		assert_int_equal(questions(world) - before, rows[i].trips);
	}
}

/* --- many at once --------------------------------------------------------- */

enum {
	CROWD = 200
};

struct visitor {
	pthread_t thread;
	struct greylist_world *world;
	struct step step;
	char mail[16];
	struct sp_greylist_answer answer;
};

static void *visit(void *argument)
{
	struct visitor *visitor = argument;

	visitor->answer = take(visitor->world, &greylist_usual, &visitor->step);
	return NULL;
}

static void let_crowd_in(struct greylist_world *world, const struct step *step,
			 unsigned counts_out[SP_GREYLIST_RELEASED + 1])
{
	static struct visitor visitors[CROWD];

	memset(counts_out, 0, (SP_GREYLIST_RELEASED + 1) * sizeof(unsigned));
	for (int i = 0; i < CROWD; i++) {
		visitors[i].world = world;
		visitors[i].step = *step;
		snprintf(visitors[i].mail, sizeof(visitors[i].mail), "m%d", i);
		visitors[i].step.mail = visitors[i].mail;
		assert_int_equal(pthread_create(&visitors[i].thread, NULL,
						visit, &visitors[i]),
				 0);
	}
	for (int i = 0; i < CROWD; i++)
		pthread_join(visitors[i].thread, NULL);
	for (int i = 0; i < CROWD; i++)
		counts_out[visitors[i].answer.state]++;
}

static void test_a_crowd_that_is_noted(void **state)
{
	const struct step step = { 0, NULL, DOMAIN, ONLY, true, "", 0, 0, 0 };
	unsigned counts[SP_GREYLIST_RELEASED + 1];
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	let_crowd_in(world, &step, counts);
	assert_int_equal(counts[SP_GREYLIST_NOTED], 1);
	assert_int_equal(counts[SP_GREYLIST_SEEN], 4);
	assert_int_equal(counts[SP_GREYLIST_KNOWN], CROWD - 5);
}

static void test_a_crowd_that_has_waited_under_its_address(void **state)
{
	const struct step first = { 0, "m", NET, ONLY, false, "", 0, 0, 0 };
	const struct step then = {
		90 * SECOND, NULL, DOMAIN, { NET, NULL }, false, "", 0, 0, 0,
	};
	unsigned counts[SP_GREYLIST_RELEASED + 1];
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	take(world, &greylist_usual, &first);
	let_crowd_in(world, &then, counts);
	assert_int_equal(counts[SP_GREYLIST_PASSED], 1);
	assert_int_equal(counts[SP_GREYLIST_SEEN], 4);
	assert_int_equal(counts[SP_GREYLIST_KNOWN], CROWD - 5);
}

/* --- what is kept --------------------------------------------------------- */

static void assert_value(struct greylist_world *world, const char *key,
			 const char *expected)
{
	const struct sp_store_bytes words[] = { { "GET", 3 },
						{ key, strlen(key) } };
	struct sp_store_reply *reply;

	assert_int_equal(sp_store_command(world->store, words, 2,
					  sp_clock_mono_ms() + 5000, &reply),
			 SP_OK);
	assert_string_equal(sp_store_reply_text(reply, 0), expected);
	sp_store_reply_free(&reply);
}

struct kept {
	const char *sentence;
	const char *proof;
	int64_t after_ms;
	const char *identity, *triplet;
};

static const struct kept values[] = {
	{ "the proof stands in both", "spf", 0, "p=1 l=1763760000000 m=m v=spf",
	  "f=1763760000000 n=1 c=192.0.2.7 v=spf p=1763760000000" },
	{ "an identity keeps each proof that it passed with, a triplet the last",
	  "rdns", SECOND, "p=1 l=1763760001000 m=m v=spf,rdns",
	  "f=1763760000000 n=2 c=192.0.2.7 v=rdns l=1763760001000 "
	  "p=1763760000000" },
	{ "one that it had is not kept twice", "spf", 2 * SECOND,
	  "p=1 l=1763760002000 m=m v=spf,rdns",
	  "f=1763760000000 n=3 c=192.0.2.7 v=spf l=1763760002000 "
	  "p=1763760000000" },
	{ "an address needs none, and forgets none", "", 3 * SECOND,
	  "p=1 l=1763760003000 m=m v=spf,rdns",
	  "f=1763760000000 n=4 c=192.0.2.7 l=1763760003000 p=1763760000000" },
};

static void test_proofs_are_kept(void **state)
{
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		print_message("  %s\n", values[i].sentence);
		greylist_world_ask(world->store, &greylist_usual,
				   (struct sp_greylist_question){
					   .identity = DOMAIN,
					   .proof = values[i].proof,
					   .lets_in = true,
					   .mail_id = "m",
					   .now_ms = START + values[i].after_ms,
				   });
		assert_value(world, "sp:grey:{" DOMAIN "}", values[i].identity);
		assert_value(world,
			     "sp:grey:{" DOMAIN "}:a@example.org:b@here.test",
			     values[i].triplet);
	}
}

static void test_a_known_identity_keeps_its_proofs(void **state)
{
	struct greylist_world *world = *state;
	struct sp_greylist_config config = greylist_usual;
	struct sp_greylist_question question = { .identity = DOMAIN,
						 .proof = "spf",
						 .lets_in = true,
						 .mail_id = "m",
						 .now_ms = START };

	config.known_after = 1;
	greylist_world_wipe(world);
	greylist_world_ask(world->store, &config, question);
	question.now_ms = START + 2 * HOUR;
	question.proof = "rdns";
	assert_int_equal(
		greylist_world_ask(world->store, &config, question).state,
		SP_GREYLIST_KNOWN);
	assert_value(world, "sp:grey:{" DOMAIN "}",
		     "p=1 l=1763767200000 m= v=spf,rdns");
}

/* --- what signatures teach ------------------------------------------------ */

static unsigned teach(struct greylist_world *world, const char *mail,
		      int64_t after_ms, const char *first, const char *second)
{
	const struct sp_greylist_lesson lesson = {
		.count = second == NULL ? 1 : 2,
		.identities = { first, second },
		.proof = "dkim",
		.mail_id = mail,
		.now_ms = START + after_ms,
	};
	struct sp_greylist_config config = greylist_usual;
	unsigned taught = 99;

	config.known_after = 2;
	assert_int_equal(sp_greylist_teach(world->store, &config, &lesson,
					   sp_clock_mono_ms() + 5000, &taught),
			 SP_OK);
	return taught;
}

static void test_signatures_make_a_domain_known(void **state)
{
	const struct step step = { SECOND, "m9", DOMAIN, ONLY, false,
				   "",	   0,	 0,	 0 };
	struct sp_greylist_config config = greylist_usual;
	struct greylist_world *world = *state;

	config.known_after = 2;
	greylist_world_wipe(world);
	assert_int_equal(teach(world, "m1", 0, DOMAIN, HOST), 3);
	assert_value(world, "sp:grey:{" DOMAIN "}",
		     "p=1 l=1763760000000 m=m1 v=dkim");
	/* One mail counts once, whatever it is counted for. */
	assert_int_equal(teach(world, "m1", SECOND, HOST, DOMAIN), 0);
	assert_int_equal(take(world, &config, &step).state, SP_GREYLIST_NEW);
	assert_int_equal(teach(world, "m2", SECOND, DOMAIN, NULL), 1);
	assert_int_equal(take(world, &config, &step).state, SP_GREYLIST_KNOWN);
	/* What is known learns nothing more, and is not written again. */
	assert_int_equal(teach(world, "m3", HOUR, DOMAIN, HOST), 2);
	assert_value(world, "sp:grey:{" DOMAIN "}",
		     "p=2 l=1763760001000 m= v=dkim");
}

static void test_what_was_taught_is_forgotten_like_the_rest(void **state)
{
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	assert_int_equal(teach(world, "m1", 0, DOMAIN, NULL), 1);
	assert_int_equal(teach(world, "m2", 36 * DAY + 1, DOMAIN, NULL), 1);
	assert_value(world, "sp:grey:{" DOMAIN "}",
		     "p=1 l=1766870400001 m=m2 v=dkim");
}

static void test_a_mail_that_came_by_it_is_not_counted_twice(void **state)
{
	const struct step step = { 0, "m1", DOMAIN, ONLY, true, "", 0, 0, 0 };
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	take(world, &greylist_usual, &step);
	assert_int_equal(teach(world, "m1", 0, DOMAIN, NULL), 0);
}

/* The longest name and addresses that there are make a key. */
static void test_the_longest_identity(void **state)
{
	struct greylist_world *world = *state;
	char identity[SP_IDENTITY_SIZE], sender[SP_ADDRESS_SIZE];

	greylist_world_wipe(world);
	memset(identity, 'a', sizeof(identity) - 1);
	memcpy(identity, "domain:", 7);
	identity[7 + 253] = '\0';
	memset(sender, '%', sizeof(sender) - 1);
	sender[sizeof(sender) - 1] = '\0';
	assert_int_equal(
		greylist_world_ask(world->store, &greylist_usual,
				   (struct sp_greylist_question){
					   .identity = identity,
					   .sender = sender,
					   .recipient = sender,
					   .also = { identity, identity },
					   .mail_id = "m",
					   .now_ms = START,
				   })
			.state,
		SP_GREYLIST_NEW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(
			test_a_release_under_the_address_holds_for_the_domain),
		cmocka_unit_test(test_what_another_sender_waited_is_not_ours),
		cmocka_unit_test(
			test_only_a_wait_elsewhere_takes_a_second_round_trip),
		cmocka_unit_test(test_a_crowd_that_is_noted),
		cmocka_unit_test(
			test_a_crowd_that_has_waited_under_its_address),
		cmocka_unit_test(test_proofs_are_kept),
		cmocka_unit_test(test_a_known_identity_keeps_its_proofs),
		cmocka_unit_test(test_signatures_make_a_domain_known),
		cmocka_unit_test(
			test_what_was_taught_is_forgotten_like_the_rest),
		cmocka_unit_test(
			test_a_mail_that_came_by_it_is_not_counted_twice),
		cmocka_unit_test(test_the_longest_identity),
	};

	return cmocka_run_group_tests(tests, greylist_world_set_up,
				      greylist_world_tear_down);
}
