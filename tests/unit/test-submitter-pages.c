/* test-submitter-pages.c - the lists of submitters, page by page, and what a
 * machine knows of them without Redis. */
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

enum {
	LISTED_SIZE = 4096
};

static int64_t soon(void)
{
	return sp_clock_mono_ms() + 5000;
}

/* uid:`number` sends a mail to so many. */
static void send_mail(struct submitter_world *world, int number,
		      uint32_t recipients, int64_t now_ms)
{
	char submitter[32], text[64];
	struct sp_submitter_question question = {
		.submitter = submitter,
		.class = world->class,
		.recipient = "a@x",
		.now_ms = now_ms,
	};
	struct sp_submitter_mail mail = {
		.submitter = submitter,
		.class = world->class,
		.counted_ms = now_ms,
	};
	struct sp_submitter_answer answer;
	bool is_again;

	snprintf(submitter, sizeof(submitter), "uid:%d", number);
	question.adds[SP_COUNTED_MESSAGES] = 1;
	question.adds[SP_COUNTED_RECIPIENTS] = recipients;
	assert_int_equal(
		sp_submitter_ask(&world->books, &question, soon(), &answer),
		SP_OK);
	if (!answer.is_counted)
		return;
	mail.added[SP_COUNTED_MESSAGES] = 1;
	mail.added[SP_COUNTED_RECIPIENTS] = recipients;
	snprintf(text, sizeof(text), "<%d.%lld@x>", number, (long long)now_ms);
	sp_message_id_hash(text, &mail.id);
	assert_int_equal(
		sp_submitter_sent(&world->books, &mail, soon(), &is_again),
		SP_OK);
	assert_false(is_again);
}

/* "5:hold 7 9:watch": uids, and states that are not ok. */
static bool note_entry(const struct sp_submitter_entry *entry, void *context)
{
	char *listed = context;
	size_t length = strlen(listed);

	assert_memory_equal(entry->submitter, "uid:", 4);
	snprintf(listed + length, LISTED_SIZE - length, "%s%s%s%s",
		 length > 0 ? " " : "", entry->submitter + 4,
		 entry->standing.state == SP_SUBMITTER_OK ? "" : ":",
		 entry->standing.state == SP_SUBMITTER_OK
			 ? ""
			 : sp_submitter_state_name(entry->standing.state));
	return true;
}

static const char *list(struct submitter_world *world,
			const struct sp_submitter_range *range, int64_t now_ms,
			size_t *total_out)
{
	static char listed[LISTED_SIZE];
	const struct sp_submitter_lister lister = { note_entry, listed };

	listed[0] = '\0';
	assert_int_equal(sp_submitter_page(&world->books, range, now_ms,
					   &lister, total_out),
			 SP_OK);
	return listed;
}

static void assert_list(struct submitter_world *world,
			struct sp_submitter_range range, int64_t now_ms,
			const char *listed)
{
	size_t total;

	range.count = range.count > 0 ? range.count : 20;
	assert_string_equal(list(world, &range, now_ms, &total), listed);
}

static const char *const limits[] = { "recipients: 20/1h watch",
				      "recipients: 50/1h hold",
				      "recipients: 100/1d locked",
				      "distinct-recipients: 90/1h hold", NULL };

static void set_up(struct submitter_world *world)
{
	submitter_world_wipe(world);
	submitter_world_limit(world, limits);
}

static void test_by_state(void **state)
{
	static const int recipients[] = { 1, 101, 51, 60, 21, 19, 200 };
	struct submitter_world *world = *state;
	const struct sp_submitter_range watched = {
		.state = SP_SUBMITTER_WATCH
	};
	char reply[64];
	size_t total;

	set_up(world);
	for (int i = 0; i < 7; i++)
		send_mail(world, i, (uint32_t)recipients[i],
			  START + i * SECOND);
	assert_list(world, (struct sp_submitter_range){ .count = 20 },
		    START + MINUTE, "6:locked 1:locked 3:hold 2:hold 4:watch");
	/* Over the borders of states. */
	assert_list(world,
		    (struct sp_submitter_range){ .offset = 1, .count = 2 },
		    START + MINUTE, "1:locked 3:hold");
	assert_list(world,
		    (struct sp_submitter_range){ .offset = 3, .count = 9 },
		    START + MINUTE, "2:hold 4:watch");
	assert_list(world, (struct sp_submitter_range){ .offset = 5 },
		    START + MINUTE, "");
	assert_list(world, watched, START + MINUTE, "4:watch");
	list(world, &(struct sp_submitter_range){ .count = 0 }, START + MINUTE,
	     &total);
	assert_int_equal(total, 5);
	/* Terms end: an hour, a day, seven days. */
	assert_list(world, watched, START + HOUR + MINUTE, "");
	assert_list(world, (struct sp_submitter_range){ .count = 20 },
		    START + HOUR + MINUTE, "6:locked 1:locked 3:hold 2:hold");
	assert_list(world, (struct sp_submitter_range){ .count = 20 },
		    START + DAY + MINUTE, "6:locked 1:locked");
	assert_list(world, (struct sp_submitter_range){ .count = 20 },
		    START + 8 * DAY, "");
	/* What is over goes with the next write. */
	redis_server_tell(&world->redis, "ZCARD sp:index:{out}:state", reply,
			  sizeof(reply));
	assert_string_equal(reply, ":5\r\n");
	send_mail(world, 9, 21, START + 8 * DAY);
	redis_server_tell(&world->redis, "ZCARD sp:index:{out}:state", reply,
			  sizeof(reply));
	assert_string_equal(reply, ":1\r\n");
}

static void test_a_state_by_hand_is_listed_until_its_release(void **state)
{
	struct submitter_world *world = *state;
	struct sp_submitter_order order = { .submitter = "uid:7",
					    .state = SP_SUBMITTER_LOCKED,
					    .until_ms = START + HOUR,
					    .now_ms = START };
	struct sp_submitter_standing was, known;

	set_up(world);
	assert_int_equal(sp_submitter_set(&world->books, &order, &was), SP_OK);
	assert_list(world, (struct sp_submitter_range){ .count = 1 }, START,
		    "7:locked");
	/* It has never sent anything. */
	assert_list(world,
		    (struct sp_submitter_range){ .by = SP_SUBMITTERS_BY_LAST },
		    START, "");
	/* This machine knows at once: it asks Redis at MAIL. */
	sp_submitter_look(&world->books, "uid:7", START, soon(), &known);
	assert_int_equal(known.state, SP_SUBMITTER_LOCKED);
	order.state = SP_SUBMITTER_OK;
	assert_int_equal(sp_submitter_set(&world->books, &order, &was), SP_OK);
	assert_int_equal(was.state, SP_SUBMITTER_LOCKED);
	assert_list(world, (struct sp_submitter_range){ .count = 1 }, START,
		    "");
}

static void test_by_last(void **state)
{
	static const char *const wide[] = { "recipients: 5000/1h hold", NULL };
	struct submitter_world *world = *state;
	struct sp_submitter_range range = { .by = SP_SUBMITTERS_BY_LAST,
					    .count = 2 };
	size_t total;

	submitter_world_wipe(world);
	submitter_world_limit(world, wide);
	for (int i = 0; i < 5; i++)
		send_mail(world, i, 1, START + i * SECOND);
	/* Within a minute it is not told again. */
	send_mail(world, 1, 1, START + 10 * SECOND);
	assert_string_equal(list(world, &range, START + MINUTE, &total), "4 3");
	assert_int_equal(total, 5);
	send_mail(world, 1, 1, START + 2 * MINUTE);
	range.offset = 1;
	assert_string_equal(list(world, &range, START + 3 * MINUTE, &total),
			    "4 3");
	range.count = 0;
	assert_string_equal(list(world, &range, START + 3 * MINUTE, &total),
			    "");
	range.offset = 0;
	assert_string_equal(list(world, &range, START + 3 * MINUTE, &total),
			    "");
	assert_int_equal(total, 5);
	range.count = 2;
	range.offset = 3;
	assert_string_equal(list(world, &range, START + 3 * MINUTE, &total),
			    "2 0");
}

static void test_by_share(void **state)
{
	struct submitter_world *world = *state;
	const struct sp_submitter_range range = {
		.by = SP_SUBMITTERS_BY_SHARE,
		.count = 3,
	};
	size_t total;

	set_up(world);
	send_mail(world, 1, 4, START);
	send_mail(world, 2, 12, START);
	send_mail(world, 3, 17, START);
	send_mail(world, 4, 21, START);
	/* It rises within the minute. */
	send_mail(world, 1, 14, START + SECOND);
	assert_list(world,
		    (struct sp_submitter_range){ .by = SP_SUBMITTERS_BY_SHARE,
						 .count = 1 },
		    START + MINUTE, "1");
	/* 18, 17 and 12 of 20; the one that is watched is on the other list. */
	assert_list(world, range, START + MINUTE, "1 3 2");
	/* What was sent two hours ago counts no more by the hour: 18 of 100 a
	 * day; a new mail is nearer. */
	send_mail(world, 5, 5, START + 2 * HOUR);
	assert_list(world, range, START + 2 * HOUR, "5 4 1");
	/* On the next day those of this day are still looked at, once each. */
	send_mail(world, 3, 1, START + DAY);
	assert_list(world, range, START + DAY, "4 1 3");
	/* Then there is nothing left but the last one. */
	assert_string_equal(list(world, &range, START + 2 * DAY, &total), "3");
}

/* The index knows shares by steps, and is not told of less than a step. */
static void test_shares_that_are_near_each_other(void **state)
{
	static const char *const wide[] = { "recipients: 1000/1h hold", NULL };
	struct submitter_world *world = *state;
	const struct sp_submitter_range range = {
		.by = SP_SUBMITTERS_BY_SHARE,
		.count = 1,
	};

	submitter_world_wipe(world);
	submitter_world_limit(world, wide);
	send_mail(world, 1, 510, START);
	send_mail(world, 2, 519, START);
	assert_list(world, range, START, "2");
}

/* What the index knows is never less than what is true: whoever is nearest now
 * is found, however many have come nearer before. */
static void test_many_that_were_near(void **state)
{
	struct submitter_world *world = *state;
	const struct sp_submitter_range range = {
		.by = SP_SUBMITTERS_BY_SHARE,
		.count = 1,
	};

	set_up(world);
	for (int i = 0; i < 300; i++)
		send_mail(world, i, 20, START);
	send_mail(world, 500, 10, START + 3 * HOUR);
	assert_list(world, range, START + 3 * HOUR, "500");
}

static void test_one_that_is_gone_leaves_the_lists(void **state)
{
	struct submitter_world *world = *state;
	struct sp_submitter_range range = { .by = SP_SUBMITTERS_BY_LAST,
					    .count = 5 };
	char reply[64];
	size_t total;

	set_up(world);
	send_mail(world, 1, 1, START);
	send_mail(world, 2, 1, START);
	redis_server_tell(&world->redis, "DEL sp:out:{uid:1}", reply,
			  sizeof(reply));
	redis_server_tell(&world->redis,
			  "ZADD sp:index:{out}:last 9999999999999 <b>", reply,
			  sizeof(reply));
	assert_string_equal(list(world, &range, START, &total), "2");
	assert_int_equal(total, 3);
	assert_string_equal(list(world, &range, START, &total), "2");
	assert_int_equal(total, 1);
}

static void test_keys_of_another_kind_are_none_of_ours(void **state)
{
	struct submitter_world *world = *state;
	char reply[64];

	set_up(world);
	redis_server_tell(&world->redis, "SET sp:index:{out}:last x", reply,
			  sizeof(reply));
	redis_server_tell(&world->redis, "SET sp:index:{out}:state x", reply,
			  sizeof(reply));
	send_mail(world, 1, 1, START);
	send_mail(world, 2, 21, START);
	assert_list(world,
		    (struct sp_submitter_range){ .by = SP_SUBMITTERS_BY_LAST },
		    START, "2:watch 1");
	assert_list(world, (struct sp_submitter_range){ .count = 5 }, START,
		    "2:watch");
}

/* --- without Redis -------------------------------------------------------- */

static void test_what_is_remembered(void **state)
{
	struct submitter_world *world = *state;
	char listed[LISTED_SIZE] = "";
	const struct sp_submitter_lister lister = { note_entry, listed };
	struct sp_store *nobody = submitter_world_dial_nobody();
	struct sp_submitter_entry entry;
	struct sp_submitter user;
	struct sp_submitter_range range = { .count = 5 };
	size_t total;

	set_up(world);
	send_mail(world, 1, 3, START);
	send_mail(world, 2, 51, START);
	send_mail(world, 3, 21, START);
	world->books.store = nobody;
	assert_int_not_equal(sp_submitter_page(&world->books, &range, START,
					       &lister, &total),
			     SP_OK);
	assert_int_equal(sp_submitter_recall_all(&world->books, START, &lister),
			 SP_OK);
	assert_string_equal(listed, "2:hold 3:watch 1");
	sp_submitter_of_user(3, &user);
	assert_int_equal(
		sp_submitter_recall(&world->books, &user, START, &entry),
		SP_OK);
	assert_int_equal(entry.standing.why.count, 21);
	assert_int_equal(entry.counts[0], 21);
	assert_true(entry.traffic[1].is_kept);
	assert_int_equal(entry.traffic[1].count, 21);
	assert_false(entry.traffic[0].is_kept);
	sp_submitter_of_user(4, &user);
	assert_int_equal(
		sp_submitter_recall(&world->books, &user, START, &entry),
		SP_ERR_NOT_FOUND);
	sp_store_free(&nobody);
}

static void test_by_hand_without_redis(void **state)
{
	struct submitter_world *world = *state;
	struct sp_submitter_order order = { .submitter = ALICE,
					    .state = SP_SUBMITTER_LOCKED,
					    .until_ms = START + HOUR,
					    .words = "stolen",
					    .now_ms = START };
	struct sp_store *nobody = submitter_world_dial_nobody();
	struct sp_submitter_standing was;

	set_up(world);
	world->books.store = nobody;
	assert_int_not_equal(sp_submitter_set(&world->books, &order, &was),
			     SP_OK);
	assert_int_equal(was.state, SP_SUBMITTER_OK);
	assert_string_equal(submitter_world_ask(world, START, "recipients 1"),
			    "locked refused");
	/* The next question brings it to Redis, for all machines. */
	world->books.store = world->store;
	assert_string_equal(submitter_world_ask(world, START, "recipients 1"),
			    "locked refused");
	assert_string_equal(submitter_world_field(world, "state"),
			    "locked 1763769600000 1763773200000 e operator "
			    "stolen");
	/* A release without it lasts until it says otherwise. */
	world->books.store = nobody;
	order.state = SP_SUBMITTER_OK;
	assert_int_not_equal(sp_submitter_set(&world->books, &order, &was),
			     SP_OK);
	assert_int_equal(was.state, SP_SUBMITTER_LOCKED);
	assert_string_equal(submitter_world_ask(world, START, "recipients 1"),
			    "ok");
	world->books.store = world->store;
	assert_string_equal(submitter_world_ask(world, START, "recipients 1"),
			    "locked refused");
	sp_store_free(&nobody);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_state),
		cmocka_unit_test(
			test_a_state_by_hand_is_listed_until_its_release),
		cmocka_unit_test(test_by_last),
		cmocka_unit_test(test_by_share),
		cmocka_unit_test(test_shares_that_are_near_each_other),
		cmocka_unit_test(test_many_that_were_near),
		cmocka_unit_test(test_one_that_is_gone_leaves_the_lists),
		cmocka_unit_test(test_keys_of_another_kind_are_none_of_ours),
		cmocka_unit_test(test_what_is_remembered),
		cmocka_unit_test(test_by_hand_without_redis),
	};

	return cmocka_run_group_tests(tests, submitter_world_set_up,
				      submitter_world_tear_down);
}
