/* test-desk-store.c - who waits, and what came of it, in a real Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../support/greylist_world.h"
#include "sallyport/clock.h"
#include "sallyport/desk_store.h"
#include "sallyport/store.h"

enum {
	TRIES_MAX = 8
};

static struct sp_greylist_answer one_try(struct greylist_world *world,
					 int64_t after_ms,
					 struct sp_greylist_question question)
{
	question.mail_id = question.mail_id ? question.mail_id : "m";
	question.now_ms = START + after_ms;
	question.is_for_desk = true;
	return greylist_world_ask(world->store, &greylist_usual, question);
}

static int64_t soon(void)
{
	return sp_clock_mono_ms() + 5000;
}

static struct sp_desk_page *read_page(struct greylist_world *world,
				      struct sp_desk_filter filter)
{
	static struct sp_desk_page page;

	if (filter.text == NULL)
		filter.text = "";
	if (filter.limit == 0)
		filter.limit = SP_DESK_PAGE_MAX;
	if (filter.now_ms == 0)
		filter.now_ms = START + 100 * SECOND;
	assert_int_equal(sp_desk_read(world->store, &greylist_usual, &filter,
				      soon(), &page),
			 SP_OK);
	return &page;
}

static struct sp_desk_outcome sum(struct greylist_world *world,
				  int64_t after_ms)
{
	struct sp_desk_outcome outcome;

	assert_int_equal(
		sp_desk_sum(world->store, START + after_ms, soon(), &outcome),
		SP_OK);
	return outcome;
}

/* ----------------------------------------------------------------- outcomes */

struct outcome_row {
	const char *sentence;
	size_t count;
	struct {
		int64_t after_ms;
		struct sp_greylist_question question;
	} tries[TRIES_MAX];
	uint64_t waiting, begun, came, never, never_honest;
};

#define OTHER .recipient = "other@here.test"

static const struct outcome_row outcome_rows[] = {
	{ "who is new waits", 1, { { 0, { 0 } } }, 1, 1, 0, 0, 0 },
	{ "who comes too early waits once",
	  2,
	  { { 0, { 0 } }, { SECOND, { 0 } } },
	  1,
	  1,
	  0,
	  0,
	  0 },
	{ "who comes back in time has come",
	  2,
	  { { 0, { 0 } }, { 95 * SECOND, { 0 } } },
	  0,
	  1,
	  1,
	  0,
	  0 },
	{ "and comes only once",
	  3,
	  { { 0, { 0 } }, { 95 * SECOND, { 0 } }, { 99 * SECOND, { 0 } } },
	  0,
	  1,
	  1,
	  0,
	  0 },
	{ "who is let in at once has never waited",
	  1,
	  { { 0, { .lets_in = true } } },
	  0,
	  0,
	  0,
	  0,
	  0 },
	{ "who waits and is let in then has come",
	  2,
	  { { 0, { 0 } }, { 9 * SECOND, { .lets_in = true } } },
	  0,
	  1,
	  1,
	  0,
	  0 },
	{ "who does not come within the window never came",
	  2,
	  { { 0, { 0 } }, { 2 * DAY + SECOND, { OTHER } } },
	  1,
	  2,
	  0,
	  1,
	  0 },
	{ "one that looked honest is counted so",
	  2,
	  { { 0, { .looks_honest = true } }, { 2 * DAY + SECOND, { OTHER } } },
	  1,
	  2,
	  0,
	  1,
	  1 },
	{ "one that looks honest no more is not",
	  3,
	  { { 0, { .looks_honest = true } },
	    { SECOND, { 0 } },
	    { 2 * DAY + SECOND, { OTHER } } },
	  1,
	  2,
	  0,
	  1,
	  0 },
	{ "who comes too late never came, and waits anew",
	  2,
	  { { 0, { 0 } }, { 2 * DAY + SECOND, { 0 } } },
	  1,
	  2,
	  0,
	  1,
	  0 },
	{ "who waits while his network becomes known has come",
	  7,
	  { { 0, { 0 } },
	    { 1, { OTHER, .lets_in = true, .mail_id = "a" } },
	    { 2, { OTHER, .lets_in = true, .mail_id = "b" } },
	    { 3, { OTHER, .lets_in = true, .mail_id = "c" } },
	    { 4, { OTHER, .lets_in = true, .mail_id = "d" } },
	    { 5, { OTHER, .lets_in = true, .mail_id = "e" } },
	    { 6, { .mail_id = "f" } } },
	  0,
	  1,
	  1,
	  0,
	  0 },
};

static void test_what_came_of_it_is_counted(void **state)
{
	struct greylist_world *world = *state;

	for (size_t i = 0; i < sizeof(outcome_rows) / sizeof(*outcome_rows);
	     i++) {
		const struct outcome_row *row = &outcome_rows[i];
		struct sp_desk_identity identity;
		struct sp_desk_outcome all;
		int64_t after_ms = 0;
		size_t count;

		print_message("  %s\n", row->sentence);
		greylist_world_wipe(world);
		for (size_t j = 0; j < row->count; j++) {
			after_ms = row->tries[j].after_ms;
			one_try(world, after_ms, row->tries[j].question);
		}
		all = sum(world, after_ms);
		assert_int_equal(
			read_page(world, (struct sp_desk_filter){ .offset = 0 })
				->waiting,
			row->waiting);
		assert_int_equal(all.begun, row->begun);
		assert_int_equal(all.came, row->came);
		assert_int_equal(all.never, row->never);
		assert_int_equal(all.never_honest, row->never_honest);
		assert_int_equal(sp_desk_identities(world->store, 1, soon(),
						    &identity, &count),
				 SP_OK);
		assert_int_equal(count, row->begun > 0);
		if (count == 0)
			continue;
		assert_string_equal(identity.identity, "net:192.0.2.0/24");
		assert_memory_equal(&identity.outcome, &all, sizeof(all));
	}
}

static void test_what_is_only_observed_is_not_noted(void **state)
{
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	greylist_world_ask(world->store, &greylist_usual,
			   (struct sp_greylist_question){ .mail_id = "m",
							  .now_ms = START });
	assert_int_equal(sum(world, 0).begun, 0);
}

static void test_quantiles(void **state)
{
	struct greylist_world *world = *state;
	static const int64_t after_ms[] = { 95, 100, 110, 119, 3000 };
	struct sp_desk_outcome all;
	char recipient[32];

	greylist_world_wipe(world);
	assert_true(sp_desk_quantile_sec(&(struct sp_desk_outcome){ 0 }, 0.5) <
		    0.1);
	for (int i = 0; i < 5; i++) {
		struct sp_greylist_question question = { .mail_id = "m" };

		snprintf(recipient, sizeof(recipient), "r%d@here.test", i);
		question.recipient = recipient;
		/* Its network shall not become known before the last. */
		question.identity = i < 3 ? NULL : "net:198.51.100.0/24";
		one_try(world, 0, question);
		one_try(world, after_ms[i] * SECOND, question);
	}
	all = sum(world, 0);
	assert_int_equal(all.came, 5);
	assert_true(sp_desk_quantile_sec(&all, 0.5) > 60);
	assert_true(sp_desk_quantile_sec(&all, 0.5) < 120);
	assert_true(sp_desk_quantile_sec(&all, 0.95) > 1800);
	assert_true(sp_desk_quantile_sec(&all, 0.95) <= 3600);
}

/* --------------------------------------------------------------------- list */

struct page_row {
	const char *sentence;
	struct sp_desk_filter filter;
	size_t count;
	const char *first; /* its recipient; "" for none */
};

static const struct page_row page_rows[] = {
	{ "the latest come first", { .offset = 0 }, 3, "c@here.test" },
	{ "the oldest on demand",
	  { .is_oldest_first = true },
	  3,
	  "b@here.test" },
	{ "by recipient", { .text = "c@" }, 1, "c@here.test" },
	{ "by sender", { .text = "a@example" }, 2, "c@here.test" },
	{ "by identity", { .text = "2001:db8" }, 1, "d@here.test" },
	{ "by nothing that is there", { .text = "zzz" }, 0, "" },
	{ "what means something to patterns means itself",
	  { .text = "a@example.org:.*" },
	  0,
	  "" },
	{ "one on a page", { .limit = 1 }, 1, "c@here.test" },
	{ "one on the second page",
	  { .limit = 1, .offset = 1 },
	  1,
	  "d@here.test" },
	{ "none behind the last", { .offset = 3 }, 0, "" },
};

static void test_who_waits_is_listed(void **state)
{
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	one_try(world, 0, (struct sp_greylist_question){ .mail_id = "m" });
	one_try(world, 10,
		(struct sp_greylist_question){
			.identity = "net:2001:db8::/64",
			.client = "2001:db8::5",
			.sender = "o:d %{x}\xc3\xa9@example.net",
			.recipient = "d@here.test",
			.proof = "spf" });
	one_try(world, 20,
		(struct sp_greylist_question){ .recipient = "c@here.test" });
	for (size_t i = 0; i < sizeof(page_rows) / sizeof(*page_rows); i++) {
		const struct page_row *row = &page_rows[i];
		const struct sp_desk_page *page = read_page(world, row->filter);

		print_message("  %s\n", row->sentence);
		assert_int_equal(page->waiting, 3);
		assert_int_equal(page->count, row->count);
		if (row->count > 0)
			assert_string_equal(page->entries[0].recipient,
					    row->first);
	}
}

static void test_a_row_says_all(void **state)
{
	struct greylist_world *world = *state;
	const struct sp_greylist_entry *entry;

	greylist_world_wipe(world);
	for (int i = 0; i < 3; i++)
		one_try(world, i * SECOND,
			(struct sp_greylist_question){
				.identity = "domain:a.example",
				.client = "2001:db8::5",
				.sender = "o:d %{x}\xc3\xa9@example.net",
				.proof = "spf" });
	entry = read_page(
			world,
			(struct sp_desk_filter){ .now_ms = START + 3 * SECOND })
			->entries;
	assert_string_equal(entry->identity, "domain:a.example");
	assert_string_equal(entry->sender, "o:d %{x}\xc3\xa9@example.net");
	assert_string_equal(entry->recipient, "b@here.test");
	assert_string_equal(entry->client, "2001:db8::5");
	assert_string_equal(entry->proof, "spf");
	assert_string_equal(entry->state, "waiting");
	assert_int_equal(entry->tries, 3);
	assert_int_equal(entry->first_ms, START);
}

static void test_many_are_read_page_by_page(void **state)
{
	struct greylist_world *world = *state;
	struct sp_desk_filter filter = { .text = "7@", .limit = 10 };
	unsigned found = 0, pages = 0;

	greylist_world_wipe(world);
	for (int i = 0; i < 250; i++) {
		char recipient[32];

		snprintf(recipient, sizeof(recipient), "r%d@here.test", i);
		one_try(world, i,
			(struct sp_greylist_question){ .recipient =
							       recipient });
	}
	do {
		const struct sp_desk_page *page = read_page(world, filter);

		filter.offset = page->next;
		found += (unsigned)page->count;
		assert_true(++pages < 9);
	} while (filter.offset > 0);
	assert_int_equal(found, 25);
}

/* ------------------------------------------------------ the operator's words */

static void test_who_is_trusted_waits_no_more(void **state)
{
	struct greylist_world *world = *state;
	static const struct sp_greylist_config never = { .remember_ms = DAY };

	greylist_world_wipe(world);
	one_try(world, 0, (struct sp_greylist_question){ .mail_id = "m" });
	assert_int_equal(sp_greylist_trust(world->store, &greylist_usual,
					   "net:192.0.2.0/24", START),
			 SP_OK);
	assert_int_equal(one_try(world, 1,
				 (struct sp_greylist_question){
					 .recipient = "x@here.test",
				 })
				 .state,
			 SP_GREYLIST_KNOWN);
	assert_int_equal(one_try(world, 2,
				 (struct sp_greylist_question){
					 .mail_id = "n",
				 })
				 .state,
			 SP_GREYLIST_KNOWN);
	assert_int_equal(sum(world, 0).came, 1);
	assert_int_equal(sp_greylist_trust(world->store, &never,
					   "net:192.0.2.0/24", START),
			 SP_ERR_RANGE);
}

struct expect_row {
	const char *sentence;
	int64_t after_ms;
	struct sp_greylist_question question;
	enum sp_greylist_state state;
};

static const struct expect_row expect_rows[] = {
	{ "a stranger's mail is let in",
	  1,
	  { .identity = "domain:a.example" },
	  SP_GREYLIST_NOTED },
	{ "to another it is not", 2, { OTHER }, SP_GREYLIST_NEW },
	{ "who has waited is let in before his time",
	  3,
	  { .sender = "early@example.org" },
	  SP_GREYLIST_NOTED },
	{ "in the last moment it still holds",
	  SP_EXPECT_MS - 1,
	  { .identity = "domain:b.example" },
	  SP_GREYLIST_NOTED },
	{ "then no more",
	  SP_EXPECT_MS,
	  { .identity = "domain:c.example" },
	  SP_GREYLIST_NEW },
};

static void test_who_is_expected_need_not_wait(void **state)
{
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	one_try(world, 0,
		(struct sp_greylist_question){ .sender = "early@example.org" });
	assert_int_equal(sp_greylist_expect(world->store, "b@here.test", START),
			 SP_OK);
	for (size_t i = 0; i < sizeof(expect_rows) / sizeof(*expect_rows);
	     i++) {
		const struct expect_row *row = &expect_rows[i];
		struct sp_greylist_answer answer =
			one_try(world, row->after_ms, row->question);

		print_message("  %s\n", row->sentence);
		assert_int_equal(answer.state, row->state);
		assert_true(answer.state != SP_GREYLIST_NOTED ||
			    answer.identity_passes == 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_came_of_it_is_counted),
		cmocka_unit_test(test_what_is_only_observed_is_not_noted),
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_who_waits_is_listed),
		cmocka_unit_test(test_a_row_says_all),
		cmocka_unit_test(test_many_are_read_page_by_page),
		cmocka_unit_test(test_who_is_trusted_waits_no_more),
		cmocka_unit_test(test_who_is_expected_need_not_wait),
	};

	return cmocka_run_group_tests(tests, greylist_world_set_up,
				      greylist_world_tear_down);
}
