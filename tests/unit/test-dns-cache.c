/* test-dns-cache.c - what is kept of answers, how long, and what goes first: with
 * time as an argument and no network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

enum {
	LIMIT = 64 * 1024
};

static const struct sp_hash_key secret = { { 1, 2 } };
static const int64_t second = 1000000;

/* --------------------------------------------------------------------- keys */

static void test_nobody_knows_the_secret(void **state)
{
	struct sp_hash_key one, other;
	struct sp_dns_key key, again;

	(void)state;
	sp_dns_secret_init(&one);
	sp_dns_secret_init(&other);
	sp_dns_key_init(&key, &one, "mx.example.org", SP_DNS_A);
	sp_dns_key_init(&again, &other, "mx.example.org", SP_DNS_A);
	assert_true(key.hash != again.hash);
	sp_dns_key_init(&again, &one, "mx.example.org", SP_DNS_A);
	assert_true(sp_dns_key_equals(&key, &again));
	sp_dns_key_init(&again, &one, "mx.example.org", SP_DNS_MX);
	assert_false(sp_dns_key_equals(&key, &again));
}

/* --------------------------------------------------------------------- time */

static struct sp_dns_held *make(enum sp_dns_status status, uint32_t ttl_sec,
				size_t text_bytes)
{
	static struct sp_dns_reader reader;
	struct sp_dns_answer like = { .status = status,
				      .ttl_sec = ttl_sec,
				      .is_secure = true,
				      .alias = "" };

	sp_dns_reader_init(&reader);
	/* As if records had been read. */
	reader.used_bytes = text_bytes;
	return sp_dns_held_new(&reader, &like);
}

static struct sp_dns_key key_of(const char *name, enum sp_dns_type type)
{
	struct sp_dns_key key;

	sp_dns_key_init(&key, &secret, name, type);
	return key;
}

static void put(struct sp_dns_cache *cache, const char *name,
		struct sp_dns_held *held, int64_t now_us)
{
	struct sp_dns_key key = key_of(name, SP_DNS_A);

	sp_dns_cache_put(cache, &key, held, now_us);
	sp_dns_held_unref(held);
}

static struct sp_dns_held *get(struct sp_dns_cache *cache, const char *name,
			       int64_t now_us)
{
	struct sp_dns_key key = key_of(name, SP_DNS_A);
	uint32_t ttl_sec;

	return sp_dns_cache_get(cache, &key, now_us, &ttl_sec);
}

static size_t used_bytes(const struct sp_dns_cache *cache)
{
	struct sp_dns_cache_view view;

	sp_dns_cache_view(cache, &view);
	return view.used_bytes;
}

static size_t entries(const struct sp_dns_cache *cache)
{
	struct sp_dns_cache_view view;

	sp_dns_cache_view(cache, &view);
	return view.entries;
}

static const struct {
	const char *label;
	enum sp_dns_status status;
	uint32_t ttl_sec;
	int64_t age_us;
	uint32_t left_sec; /* 0: it is gone */
} time_rows[] = {
	{ "an answer holds", SP_DNS_FOUND, 300, 0, 300 },
	{ "and for less, the older it is", SP_DNS_FOUND, 300, 10 * 1000000,
	  290 },
	{ "a second that has begun counts", SP_DNS_FOUND, 300,
	  299 * INT64_C(1000000) + 999999, 1 },
	{ "as long as it says, and no longer", SP_DNS_FOUND, 300,
	  300 * INT64_C(1000000), 0 },
	{ "what holds for no time is not kept", SP_DNS_FOUND, 0, 0, 0 },
	{ "a day at most", SP_DNS_FOUND, 604800, 86399 * INT64_C(1000000), 1 },
	{ "not longer than a day", SP_DNS_FOUND, 604800,
	  86400 * INT64_C(1000000), 0 },
	{ "that there is no name holds", SP_DNS_NXDOMAIN, 300, 1000000, 299 },
	{ "for a quarter of an hour at most", SP_DNS_NXDOMAIN, 86400,
	  899 * INT64_C(1000000), 1 },
	{ "not longer than that", SP_DNS_NXDOMAIN, 86400,
	  900 * INT64_C(1000000), 0 },
	{ "that there are no data, too", SP_DNS_NODATA, 86400,
	  900 * INT64_C(1000000), 0 },
	{ "and is kept", SP_DNS_NODATA, 86400, 1000000, 899 },
	{ "a failure is not kept", SP_DNS_FAILED, 300, 0, 0 },
	{ "nor is silence", SP_DNS_TIMEOUT, 300, 0, 0 },
	{ "nor what was not asked", SP_DNS_NOT_ASKED, 300, 0, 0 },
};

static void test_answers_hold_as_long_as_they_say(void **state)
{
	int64_t begin_us = 5 * second;
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(time_rows); i++) {
		struct sp_dns_cache *cache = sp_dns_cache_new(LIMIT);
		struct sp_dns_key key = key_of("mx.example.org", SP_DNS_A);
		struct sp_dns_held *held;
		uint32_t left_sec;

		put(cache, "mx.example.org",
		    make(time_rows[i].status, time_rows[i].ttl_sec, 10),
		    begin_us);
		held = sp_dns_cache_get(
			cache, &key, begin_us + time_rows[i].age_us, &left_sec);
		if ((held != NULL) != (time_rows[i].left_sec > 0) ||
		    left_sec != time_rows[i].left_sec) {
			print_error("%s: %u seconds left\n", time_rows[i].label,
				    left_sec);
			failures++;
		}
		sp_dns_cache_free(&cache);
	}
	assert_int_equal(failures, 0);
}

static void test_what_is_over_leaves_its_place(void **state)
{
	struct sp_dns_cache *cache = sp_dns_cache_new(LIMIT);
	size_t empty_bytes = used_bytes(cache);

	(void)state;
	put(cache, "a.example.org", make(SP_DNS_FOUND, 1, 10), 0);
	assert_true(used_bytes(cache) >
		    empty_bytes + sizeof(struct sp_dns_held));
	assert_null(get(cache, "a.example.org", second));
	assert_int_equal(entries(cache), 0);
	assert_int_equal(used_bytes(cache), empty_bytes);
	sp_dns_cache_free(&cache);
}

static void test_the_last_answer_counts(void **state)
{
	struct sp_dns_cache *cache = sp_dns_cache_new(LIMIT);
	struct sp_dns_key mx = key_of("a.example.org", SP_DNS_MX);
	uint32_t ttl_sec;

	(void)state;
	put(cache, "a.example.org", make(SP_DNS_FOUND, 300, 10), 0);
	put(cache, "a.example.org", make(SP_DNS_NXDOMAIN, 300, 0), second);
	assert_int_equal(entries(cache), 1);
	assert_int_equal(get(cache, "a.example.org", second)->answer.status,
			 SP_DNS_NXDOMAIN);
	/* That nobody knows today does not undo what is known. */
	put(cache, "a.example.org", make(SP_DNS_FAILED, 300, 0), second);
	assert_non_null(get(cache, "a.example.org", second));
	/* Of another type nothing is known. */
	assert_null(sp_dns_cache_get(cache, &mx, second, &ttl_sec));
	sp_dns_cache_free(&cache);
}

static void test_dnssec_is_kept(void **state)
{
	struct sp_dns_cache *cache = sp_dns_cache_new(LIMIT);

	(void)state;
	put(cache, "a.example.org", make(SP_DNS_FOUND, 300, 10), 0);
	assert_true(get(cache, "a.example.org", second)->answer.is_secure);
	sp_dns_cache_free(&cache);
}

/* -------------------------------------------------------------------- bounds */

static void name_it(char name_out[64], const char *what, unsigned number)
{
	snprintf(name_out, 64, "%s%u.example.org", what, number);
}

static void test_a_flood_stays_within_the_limit(void **state)
{
	struct sp_dns_cache *cache = sp_dns_cache_new(LIMIT);
	char name[64];

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		name_it(name, "n", i);
		put(cache, name, make(SP_DNS_FOUND, 300, i * 37 % 4000), i);
		assert_true(used_bytes(cache) <= LIMIT);
	}
	/* It is used, too. */
	assert_true(entries(cache) > 10);
	assert_true(used_bytes(cache) > LIMIT / 2);
	sp_dns_cache_free(&cache);
}

static void test_a_large_answer_pushes_nobody_out(void **state)
{
	struct sp_dns_cache *cache = sp_dns_cache_new(LIMIT);

	(void)state;
	put(cache, "small.example.org", make(SP_DNS_FOUND, 300, 10), 0);
	put(cache, "large.example.org", make(SP_DNS_FOUND, 300, LIMIT / 8), 0);
	assert_null(get(cache, "large.example.org", 0));
	assert_non_null(get(cache, "small.example.org", 0));
	sp_dns_cache_free(&cache);
}

static void test_who_is_asked_for_again_stays(void **state)
{
	struct sp_dns_cache *cache = sp_dns_cache_new(LIMIT);
	char name[64];

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		name_it(name, "often", i % 20);
		if (i < 20)
			put(cache, name, make(SP_DNS_FOUND, 300, 50), 0);
		else
			assert_non_null(get(cache, name, 0));
		name_it(name, "once", i);
		put(cache, name, make(SP_DNS_FOUND, 300, 50), 0);
	}
	assert_null(get(cache, "once0.example.org", 0));
	assert_true(used_bytes(cache) <= LIMIT);
	sp_dns_cache_free(&cache);
}

/* When all of them were asked for, one must go all the same. */
static void test_there_is_always_room(void **state)
{
	struct sp_dns_cache *cache = sp_dns_cache_new(LIMIT);
	char name[64];

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		name_it(name, "n", i);
		put(cache, name, make(SP_DNS_FOUND, 300, 50), 0);
		for (unsigned j = 0; j <= i && j < 300; j++) {
			name_it(name, "n", i - j);
			(void)get(cache, name, 0);
		}
		name_it(name, "n", i);
		assert_non_null(get(cache, name, 0));
		assert_true(used_bytes(cache) <= LIMIT);
	}
	sp_dns_cache_free(&cache);
}

/* All are asked for, but one is over: it gets no second chance. */
static void test_what_is_over_goes_first(void **state)
{
	struct sp_dns_cache *cache = sp_dns_cache_new(LIMIT);
	unsigned count = 0;
	char name[64];

	(void)state;
	put(cache, "over.example.org", make(SP_DNS_FOUND, 1, 50), 0);
	assert_non_null(get(cache, "over.example.org", 0));
	for (; entries(cache) == count + 1; count++) {
		name_it(name, "n", count);
		put(cache, name, make(SP_DNS_FOUND, 300, 50), 2 * second);
		assert_non_null(get(cache, name, 2 * second));
	}
	assert_int_equal(entries(cache), count);
	for (unsigned i = 0; i < count; i++) {
		name_it(name, "n", i);
		assert_non_null(get(cache, name, 2 * second));
	}
	sp_dns_cache_free(&cache);
}

static void test_a_limit_too_small_keeps_nothing(void **state)
{
	struct sp_dns_cache *cache = sp_dns_cache_new(64);

	(void)state;
	put(cache, "a.example.org", make(SP_DNS_FOUND, 300, 0), 0);
	assert_null(get(cache, "a.example.org", 0));
	sp_dns_cache_free(&cache);
}

/* Whoever holds an answer keeps it, whatever becomes of the cache. */
static void test_a_held_answer_outlives_its_place(void **state)
{
	struct sp_dns_cache *cache = sp_dns_cache_new(LIMIT);
	struct sp_dns_held *held;

	(void)state;
	put(cache, "a.example.org", make(SP_DNS_FOUND, 300, 10), 0);
	held = sp_dns_held_ref(get(cache, "a.example.org", 0));
	sp_dns_cache_free(&cache);
	assert_int_equal(held->answer.status, SP_DNS_FOUND);
	assert_int_equal(held->references, 1);
	sp_dns_held_unref(held);
}

/* ---------------------------------------------------------------- collisions */

static struct sp_dns_key collide(char name_out[64], unsigned number)
{
	struct sp_dns_key key;

	name_it(name_out, "n", number);
	key = key_of(name_out, SP_DNS_A);
	key.hash = 42;
	return key;
}

static void test_names_of_one_slot_are_told_apart(void **state)
{
	struct sp_dns_cache *cache = sp_dns_cache_new(LIMIT);
	unsigned kept = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		char name[64];
		struct sp_dns_key key = collide(name, i);
		struct sp_dns_held *held = make(SP_DNS_FOUND, 300 + i, 50);

		sp_dns_cache_put(cache, &key, held, 0);
		sp_dns_held_unref(held);
		assert_true(used_bytes(cache) <= LIMIT);
	}
	for (unsigned i = 0; i < 1000; i++) {
		char name[64];
		struct sp_dns_key key = collide(name, i);
		uint32_t ttl_sec;

		if (sp_dns_cache_get(cache, &key, 0, &ttl_sec) == NULL)
			continue;
		assert_int_equal(ttl_sec, 300 + i);
		kept++;
	}
	assert_int_equal(kept, entries(cache));
	assert_true(kept > 100);
	sp_dns_cache_free(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_knows_the_secret),
		cmocka_unit_test(test_answers_hold_as_long_as_they_say),
		cmocka_unit_test(test_what_is_over_leaves_its_place),
		cmocka_unit_test(test_the_last_answer_counts),
		cmocka_unit_test(test_dnssec_is_kept),
		cmocka_unit_test(test_a_flood_stays_within_the_limit),
		cmocka_unit_test(test_a_large_answer_pushes_nobody_out),
		cmocka_unit_test(test_who_is_asked_for_again_stays),
		cmocka_unit_test(test_there_is_always_room),
		cmocka_unit_test(test_what_is_over_goes_first),
		cmocka_unit_test(test_a_limit_too_small_keeps_nothing),
		cmocka_unit_test(test_a_held_answer_outlives_its_place),
		cmocka_unit_test(test_names_of_one_slot_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
