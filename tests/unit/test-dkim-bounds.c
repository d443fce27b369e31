/* What strangers may send: more signatures than are looked at, headers without
 * end, and what libopendkim does not bear. */
#include "sallyport/dkim.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dkim_signer.h"
#include "dkim_world.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NOW	 1700000000
#define KEY_NAME "sel._domainkey.example.org"
#define NAMES	 "; d=example.org; s=sel"
#define HASH	 "; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define TAGS	 "v=1; a=rsa-sha256; h=from:to" NAMES
#define MAIL	 "From: joe@example.org\r\nTo: sue@example.net\r\n\r\nbye\r\n"

static struct dkim_signer *signer;

static int make_key(void **state)
{
	(void)state;
	signer = dkim_signer_new(1024);
	return 0;
}

static int free_key(void **state)
{
	(void)state;
	dkim_signer_free(&signer);
	return 0;
}

static void begin_world(struct dkim_world *world, const char *key_name)
{
	const char *record = dkim_signer_record(signer);

	dkim_world_init(world);
	dkim_world_add(world, key_name, record, strlen(record));
}

static char *sign_text(const char *tags, const char *mail)
{
	struct dkim_order order = { tags, mail, strlen(mail) };

	return dkim_sign(signer, &order, NULL);
}

/* A good signature of `domain`, on top of the mail. */
static char *sign_as(const char *domain, const char *mail)
{
	char tags[256];

	snprintf(tags, sizeof(tags),
		 "v=1; a=rsa-sha256; h=from:to; s=sel; d=%s", domain);
	return sign_text(tags, mail);
}

/* `field` on top, and what was there given back. */
static void put_on_top(char **text, const char *field)
{
	char *longer = malloc(strlen(*text) + strlen(field) + 1);

	strcpy(longer, field);
	strcat(longer, *text);
	free(*text);
	*text = longer;
}

static struct sp_dkim *verify(const struct dkim_world *world, const char *text,
			      const char *author)
{
	struct dkim_world_mail mail = {
		.bytes = text,
		.length = strlen(text),
		.now_sec = NOW,
		.author = author,
	};

	return dkim_world_verify(world, &mail);
}

static void expect(const struct sp_dkim *dkim, size_t index,
		   enum sp_dkim_result result, const char *reason)
{
	const struct sp_dkim_signature *told = sp_dkim_get(dkim, index);

	assert_non_null(told);
	if (told->result != result || strcmp(told->reason, reason) != 0)
		fail_msg("%zu: %s, %s; not %s, %s", index,
			 sp_dkim_result_text(told->result), told->reason,
			 sp_dkim_result_text(result), reason);
}

/* -------------------------------------------------------------------- none */

static void test_a_mail_without_signature(void **state)
{
	struct sp_dkim *dkim = sp_dkim_new(NOW);
	struct sp_dkim_key_question question;

	(void)state;
	assert_false(sp_dkim_header(dkim, "From", " joe@example.org"));
	assert_false(sp_dkim_header(dkim, "X-DKIM-Signature", " v=1"));
	assert_false(sp_dkim_header(dkim, "DKIM-Signature2", " v=1"));
	assert_false(sp_dkim_header(dkim, "DKIM-Signatur", " v=1"));
	assert_false(sp_dkim_header(dkim, "", ""));
	assert_false(sp_dkim_next_key(dkim, &question));
	assert_false(sp_dkim_end_headers(dkim, "example.org"));
	assert_false(sp_dkim_wants_body(dkim));
	sp_dkim_body(dkim, (const unsigned char *)"x", 1);
	sp_dkim_end(dkim);
	assert_int_equal(sp_dkim_count(dkim), 0);
	assert_int_equal(sp_dkim_ignored(dkim), 0);
	assert_null(sp_dkim_get(dkim, 0));
	sp_dkim_free(&dkim);
	sp_dkim_free(&dkim);
}

static void test_a_mail_may_end_at_any_time(void **state)
{
	struct sp_dkim *dkim = sp_dkim_new(NOW);

	(void)state;
	sp_dkim_free(&dkim);
	dkim = sp_dkim_new(NOW);
	sp_dkim_header(dkim, "DKIM-Signature", TAGS HASH "; b=AA");
	sp_dkim_free(&dkim);
	dkim = sp_dkim_new(NOW);
	sp_dkim_header(dkim, "DKIM-Signature", TAGS HASH "; b=AA");
	sp_dkim_end_headers(dkim, "");
	sp_dkim_body(dkim, (const unsigned char *)"x\r", 2);
	sp_dkim_free(&dkim);
}

/* -------------------------------------------------------------------- many */

static void test_bad_signatures_hide_no_good_one(void **state)
{
	static const char *const bad[] = {
		"DKIM-Signature: \r\n",
		"DKIM-Signature: v=1; nonsense\r\n",
		"DKIM-Signature: v=1; a=rsa-sha256; h=from" HASH "; b=A; "
		"d=example.org; d=example.org; s=sel\r\n",
		"DKIM-Signature: v=1; a=rsa-sha256; h=from; bh=\xff; b=A" NAMES
		"\r\n",
		"DKIM-Signature: v=1; a=rsa-sha256; h=from" HASH "; b=!!" NAMES
		"\r\n",
		"DKIM-Signature: v=1; a=rsa-sha256; h=from:dkim-signature:"
		"dkim-signature" HASH "; b=AAAA; d=example.org; s=sel\r\n",
	};
	struct dkim_world world;
	char *text = sign_as("example.org", MAIL);
	struct sp_dkim *dkim;
	unsigned passed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		put_on_top(&text, bad[i]);
	begin_world(&world, KEY_NAME);
	dkim = verify(&world, text, "example.org");
	assert_int_equal(sp_dkim_count(dkim), COUNT(bad) + 1);
	for (size_t i = 0; i <= COUNT(bad); i++)
		passed += sp_dkim_get(dkim, i)->result == SP_DKIM_PASS;
	assert_int_equal(passed, 1);
	sp_dkim_free(&dkim);
	dkim_world_clear(&world);
	free(text);
}

/* Each is of a domain of its own: a00.example, a01.example, ... */
static char *sign_many(unsigned count, const char *mail)
{
	char *text = strdup(mail);

	for (unsigned i = count; i-- > 0;) {
		char field[256];

		snprintf(field, sizeof(field),
			 "DKIM-Signature: v=1; a=rsa-sha256; h=from" HASH ";"
			 " b=AAAA; s=sel; d=a%02u.example\r\n",
			 i);
		put_on_top(&text, field);
	}
	return text;
}

static void test_the_authors_signature_is_found_among_many(void **state)
{
	char *signed_mail = sign_as("example.org", MAIL);
	char *text = sign_many(30, signed_mail);
	struct dkim_world world;
	struct sp_dkim *dkim;

	(void)state;
	begin_world(&world, KEY_NAME);
	dkim = verify(&world, text, "Example.ORG");
	assert_int_equal(sp_dkim_count(dkim), SP_DKIM_SIGNATURES_MAX);
	assert_int_equal(sp_dkim_ignored(dkim), 31 - SP_DKIM_SIGNATURES_MAX);
	expect(dkim, 0, SP_DKIM_PASS, "");
	assert_true(sp_dkim_get(dkim, 0)->is_authors);
	expect(dkim, 1, SP_DKIM_PERMERROR, "there is no key");
	assert_string_equal(sp_dkim_get(dkim, 1)->domain, "a00.example");
	assert_string_equal(sp_dkim_get(dkim, 7)->domain, "a06.example");
	assert_false(sp_dkim_get(dkim, 1)->is_authors);
	sp_dkim_free(&dkim);
	dkim_world_clear(&world);
	free(text);
	free(signed_mail);
}

static void test_the_author_comes_before_relatives_and_others(void **state)
{
	static const char *const domains[] = { "other.example", "org",
					       "mail.example.org",
					       "example.org", "ample.org" };
	static const char *const wanted[] = { "example.org", "org",
					      "mail.example.org",
					      "other.example", "ample.org" };
	struct sp_dkim *dkim = sp_dkim_new(NOW);

	(void)state;
	for (size_t i = 0; i < COUNT(domains); i++) {
		char value[256];

		snprintf(value, sizeof(value),
			 " v=1; a=rsa-sha256; h=from" HASH "; b=AA; s=s; d=%s",
			 domains[i]);
		sp_dkim_header(dkim, "dkim-signature ", value);
	}
	sp_dkim_end_headers(dkim, "example.org");
	sp_dkim_end(dkim);
	for (size_t i = 0; i < COUNT(wanted); i++) {
		const struct sp_dkim_signature *told = sp_dkim_get(dkim, i);

		assert_string_equal(told->domain, wanted[i]);
		assert_int_equal(told->is_authors, i < 3);
	}
	sp_dkim_free(&dkim);
}

static void test_keys_are_asked_for_once_and_not_without_end(void **state)
{
	struct sp_dkim *dkim = sp_dkim_new(NOW);
	struct sp_dkim_key_question question;
	unsigned early = 0, late = 0;

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		char value[256];

		snprintf(value, sizeof(value),
			 " v=1; a=rsa-sha256; h=from" HASH
			 "; b=AA; s=s%u; d=%s",
			 i / 2, i < 250 ? "other.example" : "example.org");
		if (sp_dkim_header(dkim, "DKIM-Signature", value))
			early += sp_dkim_next_key(dkim, &question);
	}
	assert_int_equal(early, SP_DKIM_SIGNATURES_MAX);
	assert_true(sp_dkim_end_headers(dkim, "example.org"));
	while (sp_dkim_next_key(dkim, &question)) {
		assert_int_equal(question.number, early + late);
		late++;
	}
	/* 256 are read, so 6 of the author's; two of each selector. */
	assert_int_equal(late, 3);
	assert_int_equal(sp_dkim_count(dkim), SP_DKIM_SIGNATURES_MAX);
	assert_string_equal(sp_dkim_get(dkim, 5)->domain, "example.org");
	assert_string_equal(sp_dkim_get(dkim, 6)->domain, "other.example");
	assert_int_equal(sp_dkim_ignored(dkim), 300 - SP_DKIM_SIGNATURES_MAX);
	sp_dkim_free(&dkim);
}

/* libopendkim takes the first one's key for the others, too. */
static void test_many_signatures_with_one_key(void **state)
{
	char *text = sign_as("example.org", MAIL);
	struct dkim_world world;
	struct sp_dkim *dkim;

	(void)state;
	for (int i = 0; i < 7; i++) {
		char *again = sign_as("example.org", MAIL);

		again[strlen(again) - strlen(MAIL)] = '\0';
		put_on_top(&text, again);
		free(again);
	}
	begin_world(&world, KEY_NAME);
	dkim = verify(&world, text, "");
	assert_int_equal(sp_dkim_count(dkim), SP_DKIM_SIGNATURES_MAX);
	for (size_t i = 0; i < SP_DKIM_SIGNATURES_MAX; i++)
		expect(dkim, i, SP_DKIM_PASS, "");
	sp_dkim_free(&dkim);
	dkim_world_clear(&world);
	free(text);
}

static void test_a_signature_of_a_signature(void **state)
{
	char *inner = sign_as("example.org", MAIL);
	char *text = sign_text("v=1; a=rsa-sha256; h=from:dkim-signature" NAMES,
			       inner);
	struct dkim_world world;
	struct sp_dkim *dkim;

	(void)state;
	begin_world(&world, KEY_NAME);
	dkim = verify(&world, text, "");
	expect(dkim, 0, SP_DKIM_PASS, "");
	expect(dkim, 1, SP_DKIM_PASS, "");
	sp_dkim_free(&dkim);
	dkim_world_clear(&world);
	free(text);
	free(inner);
}

/* ------------------------------------------------------------------ header */

/* The library writes behind its array of fields when there are no more of them
 * and h= goes on; unguarded, this ends the process. */
static void test_more_names_than_fields(void **state)
{
	char tags[1024] = "v=1; a=rsa-sha256; d=example.org; s=sel; "
			  "h=from:to:dkim-signature";
	struct dkim_world world;

	(void)state;
	begin_world(&world, KEY_NAME);
	for (int i = 0; i < 40; i++) {
		char *text;
		struct sp_dkim *dkim;

		strcat(tags, ":x");
		text = sign_text(tags, MAIL);
		dkim = verify(&world, text, "");
		/* That it names itself is more than the standard allows. */
		assert_int_equal(sp_dkim_count(dkim), 1);
		assert_true(sp_dkim_get(dkim, 0)->result != SP_DKIM_NONE);
		sp_dkim_free(&dkim);
		free(text);
	}
	dkim_world_clear(&world);
}

/* Padded with fields `name` and a value of so many bytes. */
static struct sp_dkim *verify_padded(const char *name, size_t count,
				     size_t value_bytes)
{
	char *text = sign_text(TAGS, MAIL), *value = malloc(value_bytes + 1);
	char *end = strstr(text, "From:");
	struct sp_dkim *dkim = sp_dkim_new(NOW);
	struct dkim_world world;

	begin_world(&world, KEY_NAME);
	memset(value, 'x', value_bytes);
	value[value_bytes] = '\0';
	end[-2] = '\0';
	sp_dkim_header(dkim, "DKIM-Signature", strchr(text, ':') + 1);
	sp_dkim_header(dkim, "From", " joe@example.org");
	sp_dkim_header(dkim, "To", " sue@example.net");
	for (size_t i = 0; i < count; i++)
		sp_dkim_header(dkim, name, value);
	sp_dkim_end_headers(dkim, "");
	dkim_world_answer_all(&world, dkim);
	sp_dkim_body(dkim, (const unsigned char *)"bye\r\n", 5);
	sp_dkim_end(dkim);
	dkim_world_clear(&world);
	free(value);
	free(text);
	return dkim;
}

static const struct {
	const char *label;
	const char *name;
	size_t count;
	size_t value_bytes;
	enum sp_dkim_result result;
	const char *reason;
} padded_rows[] = {
	{ "2000 fields", "X", SP_DKIM_FIELDS_MAX - 3, 1, SP_DKIM_PASS, "" },
	{ "2001 fields", "X", SP_DKIM_FIELDS_MAX - 2, 1, SP_DKIM_PERMERROR,
	  "the header is too large" },
	{ "100,000 fields", "X", 100000, 0, SP_DKIM_PERMERROR,
	  "the header is too large" },
	{ "500 KB in one field", "X", 1, 500 * 1024, SP_DKIM_PASS, "" },
	{ "513 KB in one field", "X", 1, 513 * 1024, SP_DKIM_PERMERROR,
	  "the header is too large" },
	{ "600 KB in many fields", "X", 600, 1024, SP_DKIM_PERMERROR,
	  "the header is too large" },
	{ "an odd name", "\x01\xff (;", 1, 1, SP_DKIM_PASS, "" },
	{ "no name", "", 1, 1, SP_DKIM_PASS, "" },
	{ "a name with a colon", "To:", 1, 1, SP_DKIM_PASS, "" },
	{ "a name of 10 KB of spaces", "From      ", 1, 10240, SP_DKIM_FAIL,
	  "the header has changed" },
};

static void test_a_header_has_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(padded_rows); i++) {
		struct sp_dkim *dkim =
			verify_padded(padded_rows[i].name, padded_rows[i].count,
				      padded_rows[i].value_bytes);
		const struct sp_dkim_signature *told = sp_dkim_get(dkim, 0);

		assert_int_equal(sp_dkim_count(dkim), 1);
		if (told->result != padded_rows[i].result ||
		    strcmp(told->reason, padded_rows[i].reason) != 0)
			fail_msg("%s: %s, %s", padded_rows[i].label,
				 sp_dkim_result_text(told->result),
				 told->reason);
		sp_dkim_free(&dkim);
	}
}

static void test_a_signature_behind_the_bounds_is_not_forgotten(void **state)
{
	struct sp_dkim *dkim = sp_dkim_new(NOW);

	(void)state;
	for (int i = 0; i < 2500; i++)
		sp_dkim_header(dkim, "X", "x");
	assert_false(
		sp_dkim_header(dkim, "DKIM-Signature", TAGS HASH "; b=AA"));
	assert_false(sp_dkim_end_headers(dkim, ""));
	assert_false(sp_dkim_wants_body(dkim));
	sp_dkim_end(dkim);
	expect(dkim, 0, SP_DKIM_PERMERROR, "the header is too large");
	sp_dkim_free(&dkim);
}

/* `length` bytes of a signature that is good but for that. */
static char *long_signature(size_t length)
{
	char *text = malloc(length + 1);
	int used = sprintf(text, "DKIM-Signature: " TAGS HASH "; b=AAAA; zz=");

	memset(text + used, 'x', length - (size_t)used);
	memcpy(text + length - 2, "\r\n", 3);
	return text;
}

/* On top of a good one. */
static struct sp_dkim *verify_long(size_t length)
{
	char *field = long_signature(length + strlen("\r\n"));
	char *text = sign_as("example.org", MAIL);
	struct dkim_world world;
	struct sp_dkim *dkim;

	begin_world(&world, KEY_NAME);
	put_on_top(&text, field);
	dkim = verify(&world, text, "");
	dkim_world_clear(&world);
	free(text);
	free(field);
	return dkim;
}

static void test_a_signature_has_a_length(void **state)
{
	struct sp_dkim *dkim = verify_long(SP_DKIM_SIGNATURE_BYTES_MAX);

	(void)state;
	expect(dkim, 0, SP_DKIM_FAIL, "the header has changed");
	expect(dkim, 1, SP_DKIM_PASS, "");
	sp_dkim_free(&dkim);
	dkim = verify_long(SP_DKIM_SIGNATURE_BYTES_MAX + 1);
	expect(dkim, 0, SP_DKIM_PASS, "");
	expect(dkim, 1, SP_DKIM_PERMERROR, "the signature is too long");
	sp_dkim_free(&dkim);
}

/* The library would not see the one that is too long, and take another in its
 * place. */
static void test_a_signature_of_one_that_is_too_long(void **state)
{
	char *inner = sign_as("example.org", MAIL);
	char *text = sign_text("v=1; a=rsa-sha256; h=from:DKIM-Signature" NAMES,
			       inner);
	char *field = long_signature(SP_DKIM_SIGNATURE_BYTES_MAX + 100);
	struct dkim_world world;
	struct sp_dkim *dkim;

	(void)state;
	put_on_top(&text, field);
	begin_world(&world, KEY_NAME);
	dkim = verify(&world, text, "");
	expect(dkim, 0, SP_DKIM_PERMERROR,
	       "it may sign a signature that is too long");
	expect(dkim, 1, SP_DKIM_PASS, "");
	expect(dkim, 2, SP_DKIM_PERMERROR, "the signature is too long");
	sp_dkim_free(&dkim);
	dkim_world_clear(&world);
	free(field);
	free(text);
	free(inner);
}

/* ----------------------------------------------------------------- threads */

enum {
	THREADS = 4,
	MAILS = 50
};

struct work {
	pthread_t thread;
	const struct dkim_world *world;
	const char *good;
	const char *bad;
	unsigned wrong;
};

static void *verify_many(void *context)
{
	struct work *work = context;

	for (int i = 0; i < MAILS; i++) {
		bool is_good = i % 2 == 0;
		struct sp_dkim *dkim = verify(
			work->world, is_good ? work->good : work->bad, "");
		enum sp_dkim_result result = sp_dkim_get(dkim, 0)->result;

		work->wrong +=
			result != (is_good ? SP_DKIM_PASS : SP_DKIM_FAIL);
		sp_dkim_free(&dkim);
	}
	return NULL;
}

static void test_threads_share_nothing_that_changes(void **state)
{
	char *good = sign_text(TAGS, MAIL), *bad = strdup(good);
	struct work work[THREADS];
	struct dkim_world world;

	(void)state;
	strcpy(strstr(bad, "bye"), "Bye\r\n");
	begin_world(&world, KEY_NAME);
	for (size_t i = 0; i < THREADS; i++) {
		work[i] = (struct work){ .world = &world,
					 .good = good,
					 .bad = bad };
		pthread_create(&work[i].thread, NULL, verify_many, &work[i]);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(work[i].thread, NULL);
		assert_int_equal(work[i].wrong, 0);
	}
	dkim_world_clear(&world);
	free(good);
	free(bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, so that the threads meet a library not yet made. */
		cmocka_unit_test(test_threads_share_nothing_that_changes),
		cmocka_unit_test(test_a_mail_without_signature),
		cmocka_unit_test(test_a_mail_may_end_at_any_time),
		cmocka_unit_test(test_bad_signatures_hide_no_good_one),
		cmocka_unit_test(
			test_the_authors_signature_is_found_among_many),
		cmocka_unit_test(
			test_the_author_comes_before_relatives_and_others),
		cmocka_unit_test(
			test_keys_are_asked_for_once_and_not_without_end),
		cmocka_unit_test(test_many_signatures_with_one_key),
		cmocka_unit_test(test_a_signature_of_a_signature),
		cmocka_unit_test(test_more_names_than_fields),
		cmocka_unit_test(test_a_header_has_bounds),
		cmocka_unit_test(
			test_a_signature_behind_the_bounds_is_not_forgotten),
		cmocka_unit_test(test_a_signature_has_a_length),
		cmocka_unit_test(test_a_signature_of_one_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, make_key, free_key);
}
