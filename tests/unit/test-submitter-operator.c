/* test-submitter-operator.c - what the operator sees of submitters, and
 * undoes. */
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

static void show(struct submitter_world *world, int64_t now_ms,
		 struct sp_submitter_entry *entry_out)
{
	struct sp_submitter alice;

	assert_int_equal(sp_submitter_parse(ALICE, "", &alice), SP_OK);
	assert_int_equal(
		sp_submitter_show(&world->books, &alice, now_ms, entry_out),
		SP_OK);
}

static void test_show(void **state)
{
	static const char *const limits[] = { "recipients: 20/1h hold",
					      "networks: 5/1d hold",
					      "distinct-recipients: 5/1d hold",
					      NULL };
	struct submitter_world *world = *state;
	struct sp_submitter_entry entry;
	struct sp_submitter alice;

	submitter_world_wipe(world);
	submitter_world_limit(world, limits);
	world->config.unusual = (struct sp_unusual_config){
		.state = SP_SUBMITTER_WATCH,
		.factor = 5,
		.after_ms = 7 * DAY,
		.hour = 50,
		.day = 200,
	};
	sp_submitter_parse(ALICE, "", &alice);
	assert_int_equal(
		sp_submitter_show(&world->books, &alice, START, &entry),
		SP_ERR_NOT_FOUND);
	submitter_world_ask(world, START,
			    "recipients 14 to a@x from 192.0.2.0/24 in DE");
	submitter_world_ask(world, START + DAY - HOUR,
			    "recipients 4 to b@x from 198.51.100.0/24 in DE");
	submitter_world_ask(world, START + DAY,
			    "recipients 3 to c@x from 192.0.2.0/24 in DE");
	show(world, START + DAY + MINUTE, &entry);
	assert_string_equal(entry.submitter, ALICE);
	assert_int_equal(entry.standing.state, SP_SUBMITTER_OK);
	assert_int_equal(entry.was.state, SP_SUBMITTER_OK);
	assert_int_equal(entry.first_ms, START);
	assert_int_equal(entry.last_ms, START + DAY);
	assert_string_equal(entry.class->name, "default");
	assert_int_equal(entry.counts[0], 7);
	assert_int_equal(entry.usual[0], 14);
	assert_int_equal(entry.counts[1], 2);
	assert_int_equal(entry.counts[2], 2);
	assert_int_equal(entry.place_count, 3);
	assert_string_equal(entry.places[0].text, "192.0.2.0/24");
	assert_string_equal(entry.places[1].text, "198.51.100.0/24");
	assert_int_equal(entry.places[1].last_ms, START + DAY - HOUR);
	assert_string_equal(entry.places[2].text, "DE");
	/* Time goes on, though nobody writes. */
	show(world, START + 3 * DAY, &entry);
	assert_int_equal(entry.counts[0] + entry.counts[1] + entry.counts[2],
			 0);
}

static void test_a_release_begins_anew(void **state)
{
	static const char *const limits[] = {
		"recipients: 20/1d locked", "networks: 1/1d locked",
		"distinct-recipients: 1/1d locked", NULL
	};
	struct submitter_world *world = *state;
	struct sp_submitter_order order = { .submitter = ALICE,
					    .state = SP_SUBMITTER_OK,
					    .now_ms = START + HOUR };
	static const char what[] = "recipients 20 to a@x from 192.0.2.0/24";
	struct sp_submitter_standing was;
	struct sp_submitter_entry entry;

	submitter_world_wipe(world);
	submitter_world_limit(world, limits);
	assert_int_equal(sp_submitter_set(&world->books, &order, &was),
			 SP_ERR_NOT_FOUND);
	assert_string_equal(submitter_world_ask(world, START, what), "ok");
	assert_string_equal(submitter_world_ask(world, START, "recipients 1"),
			    "locked new refused");
	/* It is said what it was locked for. */
	assert_int_equal(sp_submitter_set(&world->books, &order, &was), SP_OK);
	assert_int_equal(was.state, SP_SUBMITTER_LOCKED);
	assert_int_equal(was.since_ms, START);
	assert_int_equal(was.why.count, 21);
	/* Every count begins anew: as much may be sent again, to others, from
	 * elsewhere. */
	assert_string_equal(
		submitter_world_ask(world, START + 2 * HOUR,
				    "recipients 20 to b@x from 10.0.0.0/24"),
		"ok");
	assert_string_equal(
		submitter_world_ask(world, START + 2 * HOUR, "recipients 1"),
		"locked new refused");
	/* And what it was locked for is kept. */
	show(world, START + 2 * HOUR, &entry);
	assert_int_equal(entry.standing.state, SP_SUBMITTER_LOCKED);
	assert_int_equal(entry.was.state, SP_SUBMITTER_LOCKED);
	assert_true(entry.was_released);
	assert_int_equal(entry.ended_ms, START + HOUR);
	/* One that is ok already can be released too. */
	sp_submitter_set(&world->books, &order, &was);
	assert_int_equal(sp_submitter_set(&world->books, &order, &was), SP_OK);
	assert_int_equal(was.state, SP_SUBMITTER_OK);
}

static void test_a_state_by_hand(void **state)
{
	struct submitter_world *world = *state;
	struct sp_submitter_order order = {
		.submitter = ALICE,
		.state = SP_SUBMITTER_HOLD,
		.until_ms = START + 3 * DAY,
		.words = "phoned \x1b[31mher\n",
		.now_ms = START,
	};
	struct sp_submitter_standing was;
	struct sp_submitter_entry entry;

	submitter_world_wipe(world);
	assert_int_equal(sp_submitter_set(&world->books, &order, &was), SP_OK);
	assert_int_equal(was.state, SP_SUBMITTER_OK);
	assert_string_equal(
		submitter_world_ask(world, START + DAY, "recipients 1"),
		"hold");
	show(world, START + DAY, &entry);
	assert_int_equal(entry.standing.why.cause, SP_CAUSE_OPERATOR);
	assert_string_equal(entry.standing.why.words,
			    "phoned \\x1b[31mher\\x0a");
	assert_int_equal(entry.standing.until_ms, START + 3 * DAY);
	/* Its term is over, and nobody has written since. */
	show(world, START + 3 * DAY, &entry);
	assert_int_equal(entry.standing.state, SP_SUBMITTER_OK);
	assert_int_equal(entry.was.state, SP_SUBMITTER_HOLD);
	assert_false(entry.was_released);
	assert_int_equal(entry.ended_ms, START + 3 * DAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_a_release_begins_anew),
		cmocka_unit_test(test_a_state_by_hand),
	};

	return cmocka_run_group_tests(tests, submitter_world_set_up,
				      submitter_world_tear_down);
}
