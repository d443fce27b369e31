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
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		print_message("  %s\n", stories[i].sentence);
		wipe(world);
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
		sp_greylist_ask(visitor->store, &usual, &question,
				sp_clock_mono_ms() + 20000, &visitor->answer);
	return NULL;
}

/* How many got which state, all at the time `now_ms`; `mails` different ids. */
static void let_crowd_in(struct world *world, int64_t now_ms, int mails,
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
	struct world *world = *state;
	unsigned counts[SP_GREYLIST_RELEASED + 1];

	wipe(world);
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
	struct world *world = *state;
	unsigned counts[SP_GREYLIST_RELEASED + 1];

	wipe(world);
	let_crowd_in(world, START, 1, counts);
	/* Four mails, 50 recipients each, in any order: four passes. */
	let_crowd_in(world, START + 90 * SECOND, 4, counts);
	assert_int_equal(counts[SP_GREYLIST_PASSED], 1);
	assert_int_equal(counts[SP_GREYLIST_SEEN], CROWD - 1);
	assert_int_equal(ask(world->store, &usual,
			     (struct sp_greylist_question){
				     .mail_id = "m0",
				     .now_ms = START + 91 * SECOND,
			     })
				 .identity_passes,
			 4);
}

/* --- what is kept ----------------------------------------------------------- */

static struct sp_store_reply *command(struct world *world, const char *first,
				      const char *second)
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

static int64_t ttl_ms(struct world *world, const char *key)
{
	struct sp_store_reply *reply = command(world, "PTTL", key);
	int64_t ms = sp_store_reply_number(reply, 0);

	sp_store_reply_free(&reply);
	return ms;
}

static void assert_value(struct world *world, const char *key,
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
	struct world *world = *state;
	struct sp_greylist_question question = { .mail_id = "m1",
						 .now_ms = START };

	wipe(world);
	ask(world->store, &usual, question);
	assert_value(world, TRIPLET_KEY, "f=1763760000000 n=1 c=192.0.2.7");
	assert_value(world, IDENTITY_KEY, "");
	assert_in_range(ttl_ms(world, TRIPLET_KEY), 2 * DAY + HOUR - MINUTE,
			2 * DAY + HOUR);
	question.now_ms = START + 90 * SECOND;
	ask(world->store, &usual, question);
	assert_value(world, TRIPLET_KEY,
		     "f=1763760000000 n=2 c=192.0.2.7 l=1763760090000 "
		     "p=1763760090000");
	assert_value(world, IDENTITY_KEY, "p=1 l=1763760090000 m=m1");
	assert_in_range(ttl_ms(world, TRIPLET_KEY), 36 * DAY + HOUR - MINUTE,
			36 * DAY + HOUR);
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

static void set_value(struct world *world, const char *key, const char *value)
{
	char line[512], reply[64];

	snprintf(line, sizeof(line), "SET %s \"%s\" PX 100000", key, value);
	redis_server_tell(&world->redis, line, reply, sizeof(reply));
	assert_string_equal(reply, "+OK\r\n");
}

static void test_damaged_values(void **state)
{
	struct world *world = *state;
	struct sp_greylist_question question = { .mail_id = "m1",
						 .now_ms = START };
	char reply[64];

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		print_message("  %s\n", damages[i].sentence);
		wipe(world);
		set_value(world, IDENTITY_KEY, damages[i].identity);
		set_value(world, TRIPLET_KEY, damages[i].triplet);
		assert_string_equal(
			sp_greylist_state_name(
				ask(world->store, &usual, question).state),
			damages[i].state);
	}
	print_message("  a key of another type is a first sight\n");
	wipe(world);
	redis_server_tell(&world->redis, "LPUSH " TRIPLET_KEY " x", reply,
			  sizeof(reply));
	assert_int_equal(ask(world->store, &usual, question).state,
			 SP_GREYLIST_NEW);
}

/* The SHA1 that the build worked out is the one that Redis works out. */
static void test_scripts_are_known_by_their_digest(void **state)
{
	struct world *world = *state;
	struct sp_store_reply *reply;
	char info[8192];

	(void)state;
	redis_server_tell(&world->redis, "SCRIPT FLUSH", info, sizeof(info));
	redis_server_tell(&world->redis, "CONFIG RESETSTAT", info,
			  sizeof(info));
	for (int i = 0; i < 3; i++)
		ask(world->store, &usual,
		    (struct sp_greylist_question){ .mail_id = "m",
						   .now_ms = START });
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

/* --- the operator ------------------------------------------------------------- */

struct shown {
	unsigned count;
	struct sp_greylist_entry last;
	unsigned stop_at;
};

static bool note_entry(const struct sp_greylist_entry *entry, void *context)
{
	struct shown *shown = context;

	shown->last = *entry;
	return ++shown->count != shown->stop_at;
}

static struct shown list(struct world *world, struct sp_greylist_filter filter)
{
	struct shown shown = { .count = 0 };

	if (filter.now_ms == 0)
		filter.now_ms = START + 100 * SECOND;
	assert_int_equal(sp_greylist_list(world->store, &usual, &filter,
					  note_entry, &shown),
			 SP_OK);
	return shown;
}

static void one_try(struct world *world, const char *identity,
		    const char *client, const char *sender,
		    const char *recipient, int64_t after_ms)
{
	ask(world->store, &usual,
	    (struct sp_greylist_question){
		    .identity = identity,
		    .client = client,
		    .sender = sender,
		    .recipient = recipient,
		    .mail_id = "m",
		    .now_ms = START + after_ms,
	    });
}

/* Four triplets of three networks; one has passed. */
static void fill(struct world *world)
{
	wipe(world);
	one_try(world, "net:192.0.2.0/24", "192.0.2.7", "a@example.org",
		"b@here.test", 0);
	one_try(world, "net:192.0.2.0/24", "192.0.2.7", "a@example.org",
		"b@here.test", 95 * SECOND);
	one_try(world, "net:192.0.2.0/24", "192.0.2.9", "", "c@here.test", 0);
	one_try(world, "net:198.51.100.0/24", "198.51.100.1",
		"od:d %{x}\xc3\xa9@example.net", "b@here.test", 50 * SECOND);
	one_try(world, "net:2001:db8::/64", "2001:db8::5", "a@example.org",
		"d@here.test", 99 * SECOND);
}

struct listing_case {
	const char *sentence;
	struct sp_greylist_filter filter;
	unsigned count;
	const char *state; /* of the only one; NULL: not looked at */
};

static const struct listing_case listings[] = {
	{ "without a filter everything is shown", { 0 }, 5, NULL },
	{ "a limit holds", { .limit = 2 }, 2, NULL },
	{ "by address", { .client = "192.0.2.9" }, 2, NULL },
	{ "by address and recipient",
	  { .client = "192.0.2.9", .recipient = "c@" },
	  1,
	  "ready" },
	{ "by network", { .client = "198.51.100.0/24" }, 1, "waiting" },
	{ "by IPv6 network", { .client = "2001:db8::/32" }, 1, "waiting" },
	{ "by a network that nobody is in",
	  { .client = "10.0.0.0/8" },
	  0,
	  NULL },
	{ "by a part of the sender, in any case",
	  { .sender = "EXAMPLE.NET" },
	  1,
	  "waiting" },
	{ "by recipient", { .recipient = "b@here" }, 2, NULL },
	{ "by state: passed", { .state = "passed" }, 1, "passed" },
	{ "by state: learning (an identity)",
	  { .state = "learning" },
	  1,
	  "learning" },
	{ "by state: ready", { .state = "ready" }, 1, "ready" },
	{ "after the retry window they are expired",
	  { .state = "expired", .now_ms = START + 3 * DAY },
	  3,
	  NULL },
};

static void test_list(void **state)
{
	struct world *world = *state;

	fill(world);
	for (size_t i = 0; i < sizeof(listings) / sizeof(listings[0]); i++) {
		struct shown shown;

		print_message("  %s\n", listings[i].sentence);
		shown = list(world, listings[i].filter);
		assert_int_equal(shown.count, listings[i].count);
		if (listings[i].state != NULL)
			assert_string_equal(shown.last.state,
					    listings[i].state);
	}
}

static void test_list_shows_fields(void **state)
{
	struct world *world = *state;
	struct sp_greylist_entry entry;

	fill(world);
	entry = list(world, (struct sp_greylist_filter){ .state = "passed" })
			.last;
	assert_string_equal(entry.identity, "net:192.0.2.0/24");
	assert_string_equal(entry.sender, "a@example.org");
	assert_string_equal(entry.recipient, "b@here.test");
	assert_string_equal(entry.client, "192.0.2.7");
	assert_int_equal(entry.first_ms, START);
	assert_int_equal(entry.last_ms, START + 95 * SECOND);
	assert_int_equal(entry.pass_ms, START + 95 * SECOND);
	assert_int_equal(entry.tries, 2);
	entry = list(world,
		     (struct sp_greylist_filter){ .client = "198.51.100.1" })
			.last;
	assert_string_equal(entry.sender, "od:d %{x}\xc3\xa9@example.net");
	entry = list(world, (struct sp_greylist_filter){ .state = "learning" })
			.last;
	assert_string_equal(entry.recipient, "");
	assert_int_equal(entry.passes, 1);
}

static void test_list_walks_over_many(void **state)
{
	struct world *world = *state;
	char recipient[32];

	wipe(world);
	for (int i = 0; i < 3000; i++) {
		snprintf(recipient, sizeof(recipient), "u%d@here.test", i);
		one_try(world, NULL, NULL, NULL, recipient, 0);
	}
	assert_int_equal(list(world, (struct sp_greylist_filter){ 0 }).count,
			 3000);
	assert_int_equal(
		list(world,
		     (struct sp_greylist_filter){ .recipient = "u2999@" })
			.count,
		1);
}

static void test_list_refuses_nonsense(void **state)
{
	struct world *world = *state;
	const struct sp_greylist_filter filter = { .client = "not-an-address" };

	assert_int_equal(sp_greylist_list(world->store, &usual, &filter,
					  note_entry, NULL),
			 SP_ERR_SYNTAX);
}

static void test_release(void **state)
{
	struct world *world = *state;
	struct sp_greylist_question question = { .mail_id = "m2",
						 .now_ms = START + SECOND };
	struct sp_greylist_answer answer;

	fill(world);
	assert_int_equal(sp_greylist_release(world->store, "net:192.0.2.0/24",
					     "x@example.org", "b@here.test",
					     START),
			 SP_ERR_NOT_FOUND);
	assert_int_equal(sp_greylist_release(world->store, "net:2001:db8::/64",
					     "a@example.org", "d@here.test",
					     START + 99 * SECOND),
			 SP_OK);
	assert_int_equal(
		list(world, (struct sp_greylist_filter){ .state = "released" })
			.count,
		1);
	question.identity = "net:2001:db8::/64";
	question.recipient = "d@here.test";
	question.now_ms = START + 100 * SECOND;
	answer = ask(world->store, &usual, question);
	assert_int_equal(answer.state, SP_GREYLIST_RELEASED);
	assert_int_equal(answer.wait_ms, 0);
	assert_int_equal(answer.identity_passes, 1);
	question.mail_id = "m3";
	answer = ask(world->store, &usual, question);
	assert_int_equal(answer.state, SP_GREYLIST_SEEN);
	assert_int_equal(answer.identity_passes, 2);
}

static void test_release_holds_after_the_window(void **state)
{
	struct world *world = *state;
	struct sp_greylist_question question = { .mail_id = "m2",
						 .now_ms = START + 5 * DAY };

	fill(world);
	assert_int_equal(sp_greylist_release(world->store, "net:192.0.2.0/24",
					     "", "c@here.test", START),
			 SP_OK);
	question.sender = "";
	question.recipient = "c@here.test";
	assert_int_equal(ask(world->store, &usual, question).state,
			 SP_GREYLIST_RELEASED);
}

static void test_forget(void **state)
{
	struct world *world = *state;
	uint32_t forgotten;

	fill(world);
	assert_int_equal(sp_greylist_forget(world->store, "net:192.0.2.0/24",
					    "", "c@here.test", &forgotten),
			 SP_OK);
	assert_int_equal(forgotten, 1);
	assert_int_equal(sp_greylist_forget(world->store, "net:192.0.2.0/24",
					    "", "c@here.test", &forgotten),
			 SP_OK);
	assert_int_equal(forgotten, 0);
	/* The identity and its one triplet that is left; nobody else's. */
	assert_int_equal(sp_greylist_forget(world->store, "net:192.0.2.0/24",
					    NULL, NULL, &forgotten),
			 SP_OK);
	assert_int_equal(forgotten, 2);
	assert_int_equal(list(world, (struct sp_greylist_filter){ 0 }).count,
			 2);
	/* A pattern in an identity is no pattern. */
	assert_int_equal(sp_greylist_forget(world->store, "net:*", NULL, NULL,
					    &forgotten),
			 SP_OK);
	assert_int_equal(forgotten, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_crowd_of_one_mail),
		cmocka_unit_test(test_keys_outlive_their_meaning),
		cmocka_unit_test(test_damaged_values),
		cmocka_unit_test(test_scripts_are_known_by_their_digest),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_shows_fields),
		cmocka_unit_test(test_list_walks_over_many),
		cmocka_unit_test(test_list_refuses_nonsense),
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_release_holds_after_the_window),
		cmocka_unit_test(test_forget),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
