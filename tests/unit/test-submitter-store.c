/* test-submitter-store.c - limits and states of a submitter: each story is
 * told to a real Redis, and to the memory of a machine whose Redis is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../support/submitter_world.h"
#include "sallyport/store.h"
#include "sallyport/text.h"

enum {
	STEPS_MAX = 12
};

/* One question of one story, `times` times (0: once), each with that answer. */
struct step {
	int64_t after_ms; /* since START */
	unsigned times;
	const char *what;
	const char *answer;
};

struct story {
	const char *sentence;
	const char *limits[WORLD_LIMITS_MAX];
	struct step steps[STEPS_MAX];
};

static const struct story stories[] = {
	{ "so many pass, and the next one is held",
	  { "recipients: 20/1h hold" },
	  { { 0, 20, "recipients 1", "ok" },
	    { 0, 1, "recipients 1", "hold new" },
	    { 0, 1, "recipients 1", "hold" } } },
	{ "what a lock keeps back is not counted",
	  { "recipients: 20/1h locked", "recipients: 21/7d watch" },
	  { { 0, 20, "recipients 1", "ok" },
	    { 0, 1, "recipients 1", "locked new refused" },
	    { 0, 50, "recipients 1", "locked refused" },
	    /* Of 71 asked for, 20 were counted. */
	    { 7 * DAY, 1, "recipients 1", "ok" },
	    { 7 * DAY, 1, "recipients 1", "watch new" } } },
	{ "what would be too much together is too much",
	  { "recipients: 20/1h hold" },
	  { { 0, 1, "recipients 20", "ok" },
	    { 0, 1, "recipients 7", "hold new" } } },
	{ "the whole of a window counts, to its last slice",
	  { "recipients: 1/1h watch" },
	  { { 0, 1, "recipients 1", "ok" },
	    { 65 * MINUTE - 1, 1, "recipients 1", "watch new" } } },
	{ "a twelfth after it all is gone",
	  { "recipients: 1/1h watch" },
	  { { 0, 1, "recipients 1", "ok" },
	    { 65 * MINUTE, 1, "recipients 1", "ok" } } },
	{ "a window slides slice by slice",
	  { "recipients: 3/1h hold" },
	  { { 0, 1, "recipients 1", "ok" },
	    { 10 * MINUTE, 1, "recipients 1", "ok" },
	    { 20 * MINUTE, 1, "recipients 1", "ok" },
	    { 65 * MINUTE, 1, "recipients 1", "ok" },
	    { 75 * MINUTE, 1, "recipients 1", "ok" },
	    { 75 * MINUTE, 1, "recipients 1", "hold new" } } },
	{ "each window leads to its own state",
	  { "recipients: 3/1h watch", "recipients: 5/1d hold",
	    "recipients: 6/7d locked" },
	  { { 0, 3, "recipients 1", "ok" },
	    { 0, 1, "recipients 1", "watch new" },
	    { 2 * HOUR, 1, "recipients 1", "ok" },
	    { 2 * HOUR, 1, "recipients 1", "hold new" },
	    { 2 * HOUR, 1, "recipients 1", "locked new refused" } } },
	{ "mail that is held counts on, until it is too much for that",
	  { "recipients: 2/1h hold", "recipients: 4/1h locked" },
	  { { 0, 2, "recipients 1", "ok" },
	    { 0, 1, "recipients 1", "hold new" },
	    { 0, 1, "recipients 1", "hold" },
	    { 0, 1, "recipients 1", "locked new refused" } } },
	{ "a state is over after its term",
	  { "recipients: 1/1h hold" },
	  { { 0, 1, "recipients 1", "ok" },
	    { 0, 1, "recipients 1", "hold new" },
	    { DAY - 1, 1, "messages 1", "hold" },
	    { DAY, 1, "recipients 1", "ok" },
	    { DAY, 1, "recipients 1", "hold new" } } },
	{ "its term begins anew with all that is too much",
	  { "recipients: 1/1h hold" },
	  { { 0, 1, "recipients 1", "ok" },
	    { 0, 1, "recipients 1", "hold new" },
	    { HOUR, 1, "recipients 1", "hold" },
	    { DAY + HOUR - 1, 1, "messages 1", "hold" },
	    { DAY + HOUR, 1, "recipients 1", "ok" } } },
	{ "what is watched only does not shorten what is held",
	  { "recipients: 1/1h watch", "messages: 1/1h hold" },
	  { { 0, 1, "messages 1", "ok" },
	    { 0, 1, "messages 1", "hold new" },
	    { HOUR, 2, "recipients 1", "hold" },
	    { DAY - 1, 1, "recipients 1", "hold" } } },
	{ "nothing may be sent at all",
	  { "messages: 0/1d locked" },
	  { { 0, 1, "messages 1 recipients 1", "locked new refused" } } },
	{ "what has happened counts, locked or not",
	  { "refused: 2/1h locked", "refused: 4/7d watch" },
	  { { 0, 2, "refused 1 happened", "ok" },
	    { 0, 1, "refused 1 happened", "locked new" },
	    { 0, 1, "recipients 1", "locked refused" },
	    { 0, 2, "refused 1 happened", "locked" },
	    { 7 * DAY, 1, "refused 1 happened", "watch new" } } },
	{ "each kind is counted by itself",
	  { "messages: 1/1h hold", "recipients: 2/1h hold",
	    "foreign-from: 1/1h watch", "bounces: 1/1h watch" },
	  { { 0, 1, "messages 1 recipients 1", "ok" },
	    { 0, 1, "recipients 1", "ok" },
	    { 0, 1, "foreign-from 1 happened", "ok" },
	    { 0, 1, "bounces 1 happened", "ok" },
	    { 0, 1, "bounces 1 happened", "watch new" },
	    { 0, 1, "messages 1 recipients 1", "hold new" } } },
	{ "without a limit there is none",
	  { NULL },
	  { { 0, 300, "messages 1 recipients 1", "ok" } } },
	{ "the same recipient counts once",
	  { "distinct-recipients: 2/1h hold" },
	  { { 0, 1, "to a@x", "ok" },
	    { 0, 5, "to b@x", "ok" },
	    { 0, 5, "to a@x", "ok" },
	    { 0, 1, "to c@x", "hold new" } } },
	{ "and again when it was too long ago, to the millisecond",
	  { "distinct-recipients: 2/1h watch" },
	  { { 0, 1, "to a@x", "ok" },
	    { HOUR, 1, "to b@x", "ok" },
	    { HOUR + 1, 1, "to c@x", "ok" },
	    { HOUR + 2, 1, "to a@x", "watch new" } } },
	{ "a recipient that comes again stays young",
	  { "distinct-recipients: 2/1h watch" },
	  { { 0, 1, "to a@x", "ok" },
	    { 30 * MINUTE, 1, "to a@x", "ok" },
	    { 80 * MINUTE, 1, "to b@x", "ok" },
	    { 80 * MINUTE, 1, "to c@x", "watch new" } } },
	{ "more recipients than are kept are too many for as long as they are",
	  { "distinct-recipients: 3/1h hold", "messages: 9/1h watch" },
	  { { 0, 1, "to a@x", "ok" },
	    { 0, 1, "to b@x", "ok" },
	    { 0, 1, "to c@x", "ok" },
	    { MINUTE, 1, "to d@x", "hold new" },
	    { MINUTE, 1, "to e@x", "hold" },
	    { MINUTE, 1, "to f@x", "hold" },
	    { 2 * MINUTE, 1, "to g@x", "hold" },
	    { DAY + 2 * MINUTE - 1, 1, "messages 1", "hold" },
	    { DAY + 2 * MINUTE, 1, "to h@x", "ok" } } },
	{ "a lock keeps its recipient out of the count too",
	  { "distinct-recipients: 2/30d locked" },
	  { { 0, 1, "to a@x", "ok" },
	    { 0, 1, "to b@x", "ok" },
	    { 0, 1, "to c@x", "locked new refused" },
	    { 7 * DAY, 1, "to a@x", "ok" },
	    { 7 * DAY, 1, "to d@x", "locked new refused" } } },
	{ "networks, each once",
	  { "networks: 2/1d hold" },
	  { { 0, 3, "from 192.0.2.0/24", "ok" },
	    { 0, 3, "from 198.51.100.0/24", "ok" },
	    { 0, 3, "from 192.0.2.0/24", "ok" },
	    { 0, 1, "from 2001:db8::/64", "hold new" } } },
	{ "networks are forgotten one by one",
	  { "networks: 2/1d hold" },
	  { { 0, 1, "from 192.0.2.0/24", "ok" },
	    { HOUR, 1, "from 198.51.100.0/24", "ok" },
	    { DAY + 1, 1, "from 203.0.113.0/24", "ok" },
	    { DAY + 1, 1, "from 192.0.2.0/24", "hold new" } } },
	{ "countries and providers",
	  { "countries: 1/1d watch", "asns: 2/1d hold" },
	  { { 0, 1, "in DE by 64500", "ok" },
	    { 0, 1, "in DE by 64501", "ok" },
	    { 0, 1, "in FR by 64501", "watch new" },
	    { 0, 1, "in DE by 64502", "hold new" } } },
	{ "the first of two that lead as far is the reason, the higher wins",
	  { "messages: 1/1h watch", "recipients: 1/1h locked" },
	  { { 0, 1, "messages 1 recipients 1", "ok" },
	    { 0, 1, "messages 1 recipients 1", "locked new refused" } } },
	{ "a clock set back counts as now, and forgets nothing",
	  { "recipients: 2/1h watch", "distinct-recipients: 2/1h hold" },
	  { { 10 * DAY, 1, "recipients 1 to a@x", "ok" },
	    { 0, 1, "recipients 1 to b@x", "ok" },
	    { 1, 1, "recipients 1 to b@x", "watch new" },
	    { 2, 1, "to c@x", "hold new" } } },
	{ "a clock that was ahead stops nobody for good",
	  { "recipients: 2/1h watch" },
	  { { 10 * DAY, 2, "recipients 1", "ok" },
	    { 0, 1, "recipients 1", "watch new" },
	    { 2 * HOUR, 2, "recipients 1", "ok" } } },
};

/* How many steps were answered otherwise; said one by one. */
static int tell(struct submitter_world *world, const struct story *story)
{
	int failures = 0;

	submitter_world_limit(world, story->limits);
	for (size_t i = 0; i < STEPS_MAX && story->steps[i].what != NULL; i++) {
		const struct step *step = &story->steps[i];

		for (unsigned j = 0; j < (step->times ? step->times : 1); j++) {
			const char *found = submitter_world_ask(
				world, START + step->after_ms, step->what);

			if (strcmp(found, step->answer) == 0)
				continue;
			print_error("%s: step %zu: %s, time %u:\n"
				    "  expected %s\n  found    %s\n",
				    story->sentence, i + 1, step->what, j + 1,
				    step->answer, found);
			failures++;
			break;
		}
	}
	return failures;
}

static void test_stories_in_redis(void **state)
{
	struct submitter_world *world = *state;
	int failures = 0;

	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
		print_message("  %s\n", stories[i].sentence);
		submitter_world_wipe(world);
		failures += tell(world, &stories[i]);
	}
	assert_int_equal(failures, 0);
}

static void test_stories_without_redis(void **state)
{
	struct submitter_world *world = *state;
	struct sp_store *nobody = submitter_world_dial_nobody();
	int failures = 0;

	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
		print_message("  %s\n", stories[i].sentence);
		submitter_world_wipe(world);
		world->books.store = nobody;
		failures += tell(world, &stories[i]);
		assert_true(submitter_world_answer.is_from_memory);
	}
	sp_store_free(&nobody);
	assert_int_equal(failures, 0);
}

/* --- observing ------------------------------------------------------------ */

static void test_observing_keeps_nothing_back(void **state)
{
	static const char *const limits[] = { "recipients: 2/1h locked", NULL };
	struct submitter_world *world = *state;
	struct sp_store *nobody = submitter_world_dial_nobody();

	for (int is_gone = 0; is_gone < 2; is_gone++) {
		submitter_world_wipe(world);
		submitter_world_limit(world, limits);
		world->books.store = is_gone ? nobody : world->store;
		world->config.mode = SP_MODE_OBSERVE;
		for (int i = 0; i < 2; i++)
			assert_string_equal(submitter_world_ask(world, START,
								"recipients 1"),
					    "ok");
		assert_string_equal(
			submitter_world_ask(world, START, "recipients 1"),
			"locked new");
		assert_true(submitter_world_answer.standing.is_observed);
		assert_string_equal(
			submitter_world_ask(world, START, "recipients 1"),
			"locked");
		assert_int_equal(submitter_world_answer.standing.why.count, 3);
		/* What was only observed is not enforced afterwards. */
		world->config.mode = SP_MODE_ENFORCE;
		assert_string_equal(submitter_world_ask(world, START + 2 * HOUR,
							"recipients 1"),
				    "ok");
		assert_string_equal(submitter_world_ask(world, START + 2 * HOUR,
							"recipients 2"),
				    "locked new refused");
		assert_false(submitter_world_answer.standing.is_observed);
		/* And what is enforced is not undone by observing. */
		world->config.mode = SP_MODE_OBSERVE;
		assert_string_equal(submitter_world_ask(world, START + 2 * HOUR,
							"recipients 9"),
				    "locked");
		assert_false(submitter_world_answer.standing.is_observed);
	}
	sp_store_free(&nobody);
}

/* One machine enforces, another observes. */
static void test_what_is_enforced_stays_so(void **state)
{
	static const char *const limits[] = { "recipients: 1/1h hold",
					      "recipients: 3/1h locked", NULL };
	struct submitter_world *world = *state;
	struct sp_store *nobody = submitter_world_dial_nobody();

	for (int is_gone = 0; is_gone < 2; is_gone++) {
		submitter_world_wipe(world);
		submitter_world_limit(world, limits);
		world->books.store = is_gone ? nobody : world->store;
		assert_string_equal(
			submitter_world_ask(world, START, "recipients 2"),
			"hold new");
		world->config.mode = SP_MODE_OBSERVE;
		assert_string_equal(
			submitter_world_ask(world, START, "recipients 2"),
			"locked new");
		assert_false(submitter_world_answer.standing.is_observed);
		world->config.mode = SP_MODE_ENFORCE;
		assert_string_equal(
			submitter_world_ask(world, START, "recipients 1"),
			"locked refused");
	}
	sp_store_free(&nobody);
}

/* --- why ------------------------------------------------------------------ */

struct why_row {
	const char *sentence;
	const char *limit;
	const char *what;
	const char *words;
};

static const struct why_row whys[] = {
	{ "an hour", "recipients: 20/1h hold", "recipients 21",
	  "21 recipients in the last hour; the limit is 20" },
	{ "a day", "messages: 0/1d hold", "messages 3",
	  "3 mails in the last day; the limit is 0" },
	{ "many minutes", "bounces: 1/90m hold", "bounces 2",
	  "2 bounces in the last 90 minutes; the limit is 1" },
	{ "many hours", "refused: 1/12h watch", "refused 2",
	  "2 refused recipients in the last 12 hours; the limit is 1" },
	{ "many days", "foreign-from: 1/30d hold", "foreign-from 2",
	  "2 mails in others' names in the last 30 days; the limit is 1" },
	{ "networks", "networks: 0/1d hold", "from 192.0.2.0/24",
	  "1 network in the last day; the limit is 0" },
};

static void test_why(void **state)
{
	struct submitter_world *world = *state;
	struct sp_store *nobody = submitter_world_dial_nobody();

	for (size_t i = 0; i < 2 * sizeof(whys) / sizeof(*whys); i++) {
		const struct why_row *row = &whys[i / 2];
		const char *const limits[] = { row->limit, NULL };
		char words[160];
		struct sp_text text;

		print_message("  %s\n", row->sentence);
		submitter_world_wipe(world);
		submitter_world_limit(world, limits);
		world->books.store = i % 2 ? nobody : world->store;
		submitter_world_ask(world, START, row->what);
		sp_text_init(&text, words, sizeof(words));
		sp_submitter_why_write(&submitter_world_answer.standing.why,
				       &text);
		assert_string_equal(words, row->words);
		assert_int_equal(submitter_world_answer.standing.since_ms,
				 START);
	}
	sp_store_free(&nobody);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories_in_redis),
		cmocka_unit_test(test_stories_without_redis),
		cmocka_unit_test(test_observing_keeps_nothing_back),
		cmocka_unit_test(test_what_is_enforced_stays_so),
		cmocka_unit_test(test_why),
	};

	return cmocka_run_group_tests(tests, submitter_world_set_up,
				      submitter_world_tear_down);
}
