/* test-event-store.c - events and counters of verdicts, in a real Redis. */
#include "sallyport/event_store.h"

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
#include "sallyport/text.h"

#define EVENTS "sp:events:{record}"
#define FIND   "sp:events:{record}:find"

enum {
	MOST = 20
};

static int64_t soon(void)
{
	return sp_clock_mono_ms() + 5000;
}

/* Event number `number` at that time: every third is refused. */
static void add_one(struct sp_store *store, unsigned number, int64_t now_ms,
		    unsigned most)
{
	char words[256], json[64];
	struct sp_text text;
	char id[16];

	snprintf(id, sizeof(id), "N%u", number);
	sp_text_init(&text, words, sizeof(words));
	sp_event_word(&text, "id/", id);
	sp_event_word(&text, "verdict/", number % 3 ? "accept" : "reject");
	sp_event_word(&text, "client/", number % 2 ? "192.0.2.1" : "192.0.2.2");
	sp_event_word(&text, "queue/", "");
	snprintf(json, sizeof(json), "{\"number\":%u,\"who\":\"Person %u\"}",
		 number, number);
	assert_int_equal(
		sp_event_add(store,
			     &(struct sp_event_batch){
				     .count = 1,
				     .events =
					     &(struct sp_event){
						     .words = words,
						     .json = json,
						     .facts = "1 a:b",
					     },
				     .counts = number % 3 ? "mails 1 "
							    "verdict/accept 1"
							  : "mails 1 "
							    "verdict/reject 1",
				     .now_ms = now_ms,
				     .most = most,
				     .keep_ms = DAY,
			     },
			     soon()),
		SP_OK);
}

static void add(struct sp_store *store, unsigned from, unsigned until)
{
	for (unsigned i = from; i < until; i++)
		add_one(store, i, START + i, MOST);
}

/* "29 28 27": the numbers on a page. */
static const char *numbers_of(const struct sp_event_page *page)
{
	static char bytes[1024];
	struct sp_text text;

	sp_text_init(&text, bytes, sizeof(bytes));
	for (size_t i = 0; i < page->count; i++)
		sp_text_addf(&text, "%s%lu", i > 0 ? " " : "",
			     strtoul(page->events[i].json + 10, NULL, 10));
	return bytes;
}

struct question {
	const char *sentence;
	struct sp_event_filter filter;
	const char *numbers;
	bool has_more;
};

/* Asked of the events 0 to 29, of which the last twenty are kept. */
static const struct question questions[] = {
	{ "the latest come first", { .limit = 3 }, "29 28 27", true },
	{ "no more than are kept",
	  { .limit = SP_EVENT_PAGE },
	  "29 28 27 26 25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10",
	  false },
	{ "by a word",
	  { .words = { "verdict/reject" }, .limit = 10 },
	  "27 24 21 18 15 12",
	  false },
	{ "by a word, in pages",
	  { .words = { "verdict/reject" }, .limit = 2 },
	  "27 24",
	  true },
	{ "by two words",
	  { .words = { "verdict/reject", "client/192.0.2.1" }, .limit = 10 },
	  "27 21 15",
	  false },
	{ "by two words where many have only the first",
	  { .words = { "verdict/accept", "id/N10" }, .limit = 1 },
	  "10",
	  true },
	{ "by an id", { .words = { "id/N17" }, .limit = 2 }, "17", false },
	{ "the beginning of a word finds nothing",
	  { .words = { "id/N1" }, .limit = 2 },
	  "",
	  false },
	{ "what was trimmed is found by no word",
	  { .words = { "id/N9" }, .limit = 2 },
	  "",
	  false },
	{ "by a text, whatever its case",
	  { .text = "person 13", .limit = 2 },
	  "13",
	  false },
	{ "a text is no pattern",
	  { .text = "person .3", .limit = 2 },
	  "",
	  false },
	{ "none older than asked for",
	  { .since_ms = START + 27, .limit = 10 },
	  "29 28 27",
	  false },
	{ "none older than asked for, by a word",
	  { .words = { "verdict/reject" },
	    .since_ms = START + 20,
	    .limit = 10 },
	  "27 24 21",
	  false },
};

static void test_events_are_found(void **state)
{
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	add(world->store, 0, 30);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		struct sp_event_page page;

		print_message("  %s\n", questions[i].sentence);
		assert_int_equal(sp_event_read(world->store,
					       &questions[i].filter, soon(),
					       &page),
				 SP_OK);
		assert_string_equal(numbers_of(&page), questions[i].numbers);
		assert_int_equal(page.next[0] != '\0', questions[i].has_more);
		sp_event_page_clear(&page);
	}
}

static void test_pages_follow_each_other(void **state)
{
	static const char *const words[] = { NULL, "client/192.0.2.1" };
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	add(world->store, 0, 30);
	for (size_t i = 0; i < 2; i++) {
		struct sp_event_page page = { .next = "" };
		char before[SP_EVENT_PLACE_SIZE];
		size_t seen = 0;

		do {
			memcpy(before, page.next, sizeof(before));
			sp_event_page_clear(&page);
			assert_int_equal(
				sp_event_read(world->store,
					      &(struct sp_event_filter){
						      .words = { words[i] },
						      .before = before,
						      .limit = 3,
					      },
					      soon(), &page),
				SP_OK);
			seen += page.count;
		} while (page.next[0]);
		sp_event_page_clear(&page);
		assert_int_equal(seen, i == 0 ? 20 : 10);
	}
}

static void test_facts_come_only_when_asked_for(void **state)
{
	struct greylist_world *world = *state;
	struct sp_event_page page;

	greylist_world_wipe(world);
	add(world->store, 0, 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sp_event_read(world->store,
					       &(struct sp_event_filter){
						       .limit = 1,
						       .has_facts = i == 1,
					       },
					       soon(), &page),
				 SP_OK);
		assert_string_equal(page.events[0].facts,
				    i == 1 ? "1 a:b" : "");
		sp_event_page_clear(&page);
	}
}

static long long ask_number(const struct greylist_world *world,
			    const char *command)
{
	char reply[64];

	redis_server_tell(&world->redis, command, reply, sizeof(reply));
	return strtoll(reply + 1, NULL, 10);
}

static void test_the_cap_is_exact_and_the_index_has_no_more(void **state)
{
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	for (unsigned i = 0; i < 100; i++) {
		add_one(world->store, i, START + i, MOST);
		assert_true(ask_number(world, "XLEN " EVENTS) <= MOST);
	}
	assert_int_equal(ask_number(world, "XLEN " EVENTS), MOST);
	assert_int_equal(ask_number(world, "ZCARD " FIND), 3 * MOST);
}

static void test_a_lower_cap_is_reached(void **state)
{
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	add(world->store, 0, MOST);
	add_one(world->store, MOST, START + MOST, 5);
	assert_int_equal(ask_number(world, "XLEN " EVENTS), 5);
	assert_int_equal(ask_number(world, "ZCARD " FIND), 15);
}

static void test_what_is_too_old_goes(void **state)
{
	struct greylist_world *world = *state;
	struct sp_event_extent extent;

	greylist_world_wipe(world);
	add(world->store, 0, 10);
	for (unsigned i = 0; i < 5; i++)
		add_one(world->store, 10 + i, START + DAY + SECOND + i, MOST);
	assert_int_equal(ask_number(world, "XLEN " EVENTS), 5);
	assert_int_equal(ask_number(world, "ZCARD " FIND), 15);
	assert_int_equal(sp_event_extent(world->store, soon(), &extent), SP_OK);
	assert_int_equal(extent.count, 5);
	assert_int_equal(extent.oldest_ms, START + DAY + SECOND);
}

static void test_without_events_the_counters_go_on(void **state)
{
	struct greylist_world *world = *state;
	struct sp_event_extent extent;

	greylist_world_wipe(world);
	add_one(world->store, 1, START, 0);
	assert_int_equal(ask_number(world, "EXISTS " EVENTS " " FIND), 0);
	assert_int_equal(ask_number(world, "DBSIZE"), 3);
	assert_int_equal(sp_event_extent(world->store, soon(), &extent), SP_OK);
	assert_int_equal(extent.count + (uint64_t)extent.oldest_ms, 0);
}

static void test_a_clock_that_goes_back_loses_nothing(void **state)
{
	struct greylist_world *world = *state;
	struct sp_event_page page;

	greylist_world_wipe(world);
	add_one(world->store, 1, START + DAY, MOST);
	add_one(world->store, 2, START, MOST);
	assert_int_equal(sp_event_read(world->store,
				       &(struct sp_event_filter){ .limit = 9 },
				       soon(), &page),
			 SP_OK);
	assert_string_equal(numbers_of(&page), "2 1");
	sp_event_page_clear(&page);
}

struct sum {
	int64_t mails, rejects, first_ms, last_ms;
};

static void add_up(const struct sp_count_view *view, void *context)
{
	struct sum *sum = context;

	if (strcmp(view->name, "verdict/reject") == 0)
		sum->rejects += view->count;
	if (strcmp(view->name, "mails") != 0)
		return;
	sum->mails += view->count;
	if (sum->first_ms == 0 || view->begins_ms < sum->first_ms)
		sum->first_ms = view->begins_ms;
	if (view->begins_ms > sum->last_ms)
		sum->last_ms = view->begins_ms;
}

struct span {
	const char *sentence;
	struct sp_count_span span;
	struct sum sum;
};

/* 2025-11-21, 21:20:00 UTC */
#define TODAY (START - START % DAY)

/* Of a mail in each minute for three days from START on. */
static const struct span spans[] = {
	{ "the last hour in minutes",
	  { SP_COUNT_MINUTES, START + HOUR, START + 2 * HOUR },
	  { 60, 20, START + HOUR, START + 2 * HOUR - MINUTE } },
	{ "a part of a minute counts as the whole",
	  { SP_COUNT_MINUTES, START + 1, START + 2 },
	  { 1, 1, START, START } },
	{ "a day in hours",
	  { SP_COUNT_HOURS, TODAY + DAY, TODAY + 2 * DAY },
	  { 1440, 480, TODAY + DAY, TODAY + 2 * DAY - HOUR } },
	{ "all days",
	  { SP_COUNT_DAYS, TODAY - 40 * DAY, TODAY + 40 * DAY },
	  { 4320, 1440, TODAY, TODAY + 3 * DAY } },
	{ "nothing was before",
	  { SP_COUNT_MINUTES, START - HOUR, START },
	  { 0, 0, 0, 0 } },
};

static void test_counters_add_up(void **state)
{
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	for (unsigned i = 0; i < 3 * 1440; i++)
		add_one(world->store, i, START + i * MINUTE, 0);
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		struct sum sum = { 0, 0, 0, 0 };

		print_message("  %s\n", spans[i].sentence);
		assert_int_equal(sp_count_read(world->store, &spans[i].span,
					       soon(), add_up, &sum),
				 SP_OK);
		assert_memory_equal(&sum, &spans[i].sum, sizeof(sum));
	}
	assert_int_equal(
		sp_count_read(world->store,
			      &(struct sp_count_span){ SP_COUNT_MINUTES, START,
						       START + 3 * DAY },
			      soon(), add_up, &(struct sum){ 0, 0, 0, 0 }),
		SP_ERR_RANGE);
}

static void test_every_key_ends(void **state)
{
	static const struct {
		const char *command;
		int64_t ttl_sec;
	} rows[] = {
		{ "TTL " EVENTS, 90000 },
		{ "TTL " FIND, 90000 },
		{ "TTL sp:count:{record}:minutes:489933", 93600 },
		{ "TTL sp:count:{record}:hours:20413", 33 * 86400 },
		{ "TTL sp:count:{record}:days:680", 431 * 86400 },
	};
	struct greylist_world *world = *state;

	greylist_world_wipe(world);
	add(world->store, 0, 1);
	assert_int_equal(ask_number(world, "DBSIZE"), 5);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_in_range(ask_number(world, rows[i].command),
				rows[i].ttl_sec - 60, rows[i].ttl_sec);
}

static void test_a_key_of_another_type_is_replaced(void **state)
{
	static const char *const damage[] = {
		"SET " EVENTS " garbage",
		"SET " FIND " garbage",
		"SET sp:count:{record}:minutes:489933 garbage",
		"HSET sp:count:{record}:minutes:489933 20/mails garbage",
	};
	struct greylist_world *world = *state;
	char reply[64];

	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		struct sp_event_page page;

		greylist_world_wipe(world);
		redis_server_tell(&world->redis, damage[i], reply,
				  sizeof(reply));
		assert_int_equal(sp_event_read(world->store,
					       &(struct sp_event_filter){
						       .words = { "id/N0" },
						       .limit = 1,
					       },
					       soon(), &page),
				 SP_OK);
		assert_int_equal(page.count, 0);
		sp_event_page_clear(&page);
		add(world->store, 0, 1);
		assert_int_equal(ask_number(world, "XLEN " EVENTS), 1);
		assert_int_equal(ask_number(world, "ZCARD " FIND), 3);
	}
}

static void test_words_are_printable_whole_and_bounded(void **state)
{
	char bytes[SP_EVENT_WORD_SIZE + 8], longest[400];
	struct sp_text text;

	(void)state;
	sp_text_init(&text, bytes, sizeof(bytes));
	sp_event_word(&text, "queue/", "a b%\n\xff");
	assert_string_equal(bytes, "queue/a%20b%25%0A%FF");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	sp_event_word(&text, "from/", longest);
	assert_string_equal(bytes, "queue/a%20b%25%0A%FF");
	sp_text_init(&text, bytes, sizeof(bytes));
	sp_event_word(&text, "from/", longest);
	assert_int_equal(strlen(bytes), SP_EVENT_WORD_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_are_found),
		cmocka_unit_test(test_pages_follow_each_other),
		cmocka_unit_test(test_facts_come_only_when_asked_for),
		cmocka_unit_test(
			test_the_cap_is_exact_and_the_index_has_no_more),
		cmocka_unit_test(test_a_lower_cap_is_reached),
		cmocka_unit_test(test_what_is_too_old_goes),
		cmocka_unit_test(test_without_events_the_counters_go_on),
		cmocka_unit_test(test_a_clock_that_goes_back_loses_nothing),
		cmocka_unit_test(test_counters_add_up),
		cmocka_unit_test(test_every_key_ends),
		cmocka_unit_test(test_a_key_of_another_type_is_replaced),
		cmocka_unit_test(test_words_are_printable_whole_and_bounded),
	};

	return cmocka_run_group_tests(tests, greylist_world_set_up,
				      greylist_world_tear_down);
}
