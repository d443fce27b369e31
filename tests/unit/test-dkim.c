/* Signatures from the first field to the result: which hold, which do not, and
 * what is made of many, of late keys and of mails that are too large. */
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
#define HEADER                                                                 \
	"Received: from a by b;\r\n\tyesterday\r\n"                            \
	"From: Joe <joe@example.org>\r\n"                                      \
	"To: sue@example.net,\r\n  tom@example.net\r\n"                        \
	"Subject:   Two  words \t here \r\n"                                   \
	"Received: from b by c; today\r\n"                                     \
	"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
#define MAIL HEADER "\r\nHello  you,\r\n\r\nbye. \r\n\r\n\r\n"

/* Keys are slow to make: all tests use these. */
static struct dkim_signer *rsa, *ed25519;

static int make_keys(void **state)
{
	(void)state;
	rsa = dkim_signer_new(1024);
	ed25519 = dkim_signer_new(0);
	return 0;
}

static int free_keys(void **state)
{
	(void)state;
	dkim_signer_free(&rsa);
	dkim_signer_free(&ed25519);
	return 0;
}

static char *sign_text(const struct dkim_signer *signer, const char *tags,
		       const char *mail)
{
	struct dkim_order order = { tags, mail, strlen(mail) };

	return dkim_sign(signer, &order, NULL);
}

static void begin_world(struct dkim_world *world)
{
	const char *record = dkim_signer_record(rsa);

	dkim_world_init(world);
	dkim_world_add(world, KEY_NAME, record, strlen(record));
	record = dkim_signer_record(ed25519);
	dkim_world_add(world, "ed._domainkey.example.org", record,
		       strlen(record));
}

/* Of a mail with one signature. */
static void expect(const char *label, const struct sp_dkim *dkim,
		   enum sp_dkim_result result, const char *reason)
{
	const struct sp_dkim_signature *told = sp_dkim_get(dkim, 0);

	assert_int_equal(sp_dkim_count(dkim), 1);
	assert_int_equal(sp_dkim_ignored(dkim), 0);
	if (told->result != result || strcmp(told->reason, reason) != 0)
		fail_msg("%s: %s, %s; not %s, %s", label,
			 sp_dkim_result_text(told->result), told->reason,
			 sp_dkim_result_text(result), reason);
}

/* Verify `text` with the world's keys; free the result. */
static struct sp_dkim *verify(const struct dkim_world *world, const char *text)
{
	struct dkim_world_mail mail = {
		.bytes = text,
		.length = strlen(text),
		.now_sec = NOW,
		.author = "example.org",
	};

	return dkim_world_verify(world, &mail);
}

static void expect_mail(const char *text, enum sp_dkim_result result,
			const char *reason)
{
	struct dkim_world world;
	struct sp_dkim *dkim;

	begin_world(&world);
	dkim = verify(&world, text);
	expect("it", dkim, result, reason);
	sp_dkim_free(&dkim);
	dkim_world_clear(&world);
}

/* -------------------------------------------------------------------- hold */

static const struct {
	const char *label;
	const char *tags;
	const char *mail;
} good_rows[] = {
	{ "simple, simple", "v=1; a=rsa-sha256; h=from:to:subject" NAMES,
	  MAIL },
	{ "relaxed, simple",
	  "v=1; a=rsa-sha256; c=relaxed; h=from:to:subject" NAMES, MAIL },
	{ "simple, relaxed",
	  "v=1; a=rsa-sha256; c=simple/relaxed; h=from:to:subject" NAMES,
	  MAIL },
	{ "relaxed, relaxed",
	  "v=1; a=rsa-sha256; c=relaxed/relaxed; h=from:to:subject" NAMES,
	  MAIL },
	{ "Ed25519",
	  "v=1; a=ed25519-sha256; c=relaxed/relaxed; h=from:to; d=example.org;"
	  " s=ed",
	  MAIL },
	{ "every field, and more of them than there are",
	  "v=1; a=rsa-sha256; h=from:to:subject:date:received:received:from:"
	  "sender:reply-to:received:x" NAMES,
	  MAIL },
	{ "every field of a short mail, and more",
	  "v=1; a=rsa-sha256; h=from:to:x:y:z:from" NAMES,
	  "From: joe@example.org\r\nTo: sue@example.net\r\n\r\n" },
	{ "one of two fields: the last",
	  "v=1; a=rsa-sha256; h=from:received" NAMES, MAIL },
	{ "fields that are not there",
	  "v=1; a=rsa-sha256; h=x-a:from:x-b" NAMES, MAIL },
	{ "names in capitals", "v=1; a=rsa-sha256; h=FROM:SUBJECT" NAMES,
	  MAIL },
	{ "a space before the colon",
	  "v=1; a=rsa-sha256; c=relaxed; h=from:subject" NAMES,
	  "From : joe@example.org\r\nSubject  :  a\r\n\r\nb\r\n" },
	{ "an empty field", "v=1; a=rsa-sha256; c=relaxed; h=from:to" NAMES,
	  "From: joe@example.org\r\nTo:\r\nTo: \r\n\r\nb\r\n" },
	{ "a field of folds only", "v=1; a=rsa-sha256; h=from:to" NAMES,
	  "From: joe@example.org\r\nTo:\r\n \t\r\n x\r\n\r\nb\r\n" },
	{ "8-bit text in a field", "v=1; a=rsa-sha256; h=from:subject" NAMES,
	  "From: joe@example.org\r\nSubject: \xc3\xa4\xff\r\n\r\nb\r\n" },
	{ "8-bit text in a field, relaxed",
	  "v=1; a=rsa-sha256; c=relaxed; h=from:subject" NAMES,
	  "From: joe@example.org\r\nSubject:  \xc3\xa4 \xff\r\n\r\nb\r\n" },
	{ "a From that is no address", "v=1; a=rsa-sha256; h=from" NAMES,
	  "From: (undisclosed\r\n\r\nb\r\n" },
	{ "an empty From", "v=1; a=rsa-sha256; h=from" NAMES,
	  "From:\r\n\r\nb\r\n" },
	{ "a From that is a group", "v=1; a=rsa-sha256; h=from" NAMES,
	  "From: nobody:;\r\n\r\nb\r\n" },
	{ "no From at all", "v=1; a=rsa-sha256; h=from:to" NAMES,
	  "To: sue@example.net\r\n\r\nb\r\n" },
	{ "no body", "v=1; a=rsa-sha256; h=from" NAMES, HEADER },
	{ "an empty body", "v=1; a=rsa-sha256; h=from" NAMES, HEADER "\r\n" },
	{ "an empty body, relaxed",
	  "v=1; a=rsa-sha256; c=simple/relaxed; h=from" NAMES, HEADER "\r\n" },
	{ "a body of empty lines", "v=1; a=rsa-sha256; h=from" NAMES,
	  HEADER "\r\n\r\n\r\n\r\n" },
	{ "a body of empty lines, relaxed",
	  "v=1; a=rsa-sha256; c=simple/relaxed; h=from" NAMES,
	  HEADER "\r\n\r\n\r\n\r\n" },
	{ "a body of white space, relaxed",
	  "v=1; a=rsa-sha256; c=simple/relaxed; h=from" NAMES,
	  HEADER "\r\n \t \r\n\t\r\n  \r\n" },
	{ "a body of white space", "v=1; a=rsa-sha256; h=from" NAMES,
	  HEADER "\r\n \t \r\n\t\r\n  \r\n" },
	{ "a body whose last line has no end",
	  "v=1; a=rsa-sha256; h=from" NAMES, HEADER "\r\nHello\r\nyou" },
	{ "a body whose last line has no end, relaxed",
	  "v=1; a=rsa-sha256; c=simple/relaxed; h=from" NAMES,
	  HEADER "\r\nHello\r\nyou  " },
	{ "a body of one character", "v=1; a=rsa-sha256; h=from" NAMES,
	  HEADER "\r\nx" },
	{ "a body of one space, relaxed",
	  "v=1; a=rsa-sha256; c=simple/relaxed; h=from" NAMES, HEADER "\r\n " },
	{ "a part of the body", "v=1; a=rsa-sha256; h=from; l=7" NAMES, MAIL },
	{ "nothing of the body", "v=1; a=rsa-sha256; h=from; l=0" NAMES, MAIL },
	{ "a time",
	  "v=1; a=rsa-sha256; h=from; t=1699999999; x=1700000002" NAMES, MAIL },
	{ "an identity",
	  "v=1; a=rsa-sha256; h=from; i=j=6Fe@a.b.Example.org" NAMES, MAIL },
	{ "tags that nobody knows",
	  "zz=1; v=1; a=rsa-sha256; h=from; q=http:dns/txt; n=x=y=z" NAMES,
	  MAIL },
	{ "a field that is folded everywhere",
	  "v=1;\r\n\ta=rsa-sha256;\r\n c=relaxed/relaxed;\r\n\t"
	  "d=example.org;\r\n  s=sel;\r\n\th=from:to",
	  MAIL },
};

static void test_signatures_hold_however_the_mail_comes(void **state)
{
	static const size_t chunks[] = { 0, 1, 2, 3, 5, 64 };
	struct dkim_world world;

	(void)state;
	begin_world(&world);
	for (size_t i = 0; i < COUNT(good_rows) * COUNT(chunks); i++) {
		size_t row = i / COUNT(chunks);
		const char *tags = good_rows[row].tags;
		char *text = sign_text(strstr(tags, "ed25519") != NULL ? ed25519
								       : rsa,
				       tags, good_rows[row].mail);
		struct dkim_world_mail mail = {
			.bytes = text,
			.length = strlen(text),
			.now_sec = NOW,
			.chunk = chunks[i % COUNT(chunks)],
			.is_late = i % 2 == 1,
		};
		struct sp_dkim *dkim = dkim_world_verify(&world, &mail);

		expect(good_rows[row].label, dkim, SP_DKIM_PASS, "");
		sp_dkim_free(&dkim);
		free(text);
	}
	dkim_world_clear(&world);
}

/* ------------------------------------------------------------------- break */

static const struct {
	const char *label;
	const char *tags;
	const char *from; /* replaced by `to` after signing */
	const char *to;
	enum sp_dkim_result result;
	const char *reason;
} bad_rows[] = {
	{ "a subject changed", "h=from:subject", "words", "w0rds", SP_DKIM_FAIL,
	  "the header has changed" },
	{ "a subject folded", "h=from:subject", "Two  words", "Two\r\n  words",
	  SP_DKIM_FAIL, "the header has changed" },
	{ "a subject folded, relaxed", "c=relaxed; h=from:subject",
	  "Two  words", "Two\r\n  words", SP_DKIM_PASS, "" },
	{ "a field changed that is not signed", "h=from", "words", "w0rds",
	  SP_DKIM_PASS, "" },
	{ "a From added that is not signed", "h=from", "From: Joe",
	  "From: eve@example.com\r\nFrom: Joe", SP_DKIM_PASS, "" },
	{ "a From added where none may be", "h=from:from", "From: Joe",
	  "From: eve@example.com\r\nFrom: Joe", SP_DKIM_FAIL,
	  "the header has changed" },
	{ "a From added below", "h=from", "To: sue",
	  "From: eve@example.com\r\nTo: sue", SP_DKIM_FAIL,
	  "the header has changed" },
	{ "the signed fields' list changed", "h=from:subject", "from:subject",
	  "from:subjecT", SP_DKIM_FAIL, "the header has changed" },
	{ "the domain's case changed", "h=from; c=relaxed", "example.org;",
	  "Example.org;", SP_DKIM_FAIL, "the header has changed" },
	{ "a letter of the body changed", "h=from", "bye", "Bye", SP_DKIM_FAIL,
	  "the body has changed" },
	{ "a space added to the body", "h=from", "Hello ", "Hello  ",
	  SP_DKIM_FAIL, "the body has changed" },
	{ "a space added to the body, relaxed", "h=from; c=simple/relaxed",
	  "Hello ", "Hello  ", SP_DKIM_PASS, "" },
	{ "a space added at a line's end, relaxed", "h=from; c=simple/relaxed",
	  "you,\r\n", "you, \r\n", SP_DKIM_PASS, "" },
	{ "lines added at the end", "h=from", "\r\n\r\n\r\n",
	  "\r\n\r\n\r\n\r\n\r\n", SP_DKIM_PASS, "" },
	{ "a line added at the end", "h=from", "\r\n\r\n\r\n", "\r\n\r\nAd\r\n",
	  SP_DKIM_FAIL, "the body has changed" },
	{ "a line added behind the part", "h=from; l=7", "bye.", "bye. Buy!",
	  SP_DKIM_PASS, "" },
	{ "the part changed", "h=from; l=7", "Hello", "Jello", SP_DKIM_FAIL,
	  "the body has changed" },
	{ "a body shorter than the part", "h=from; l=20", "bye. \r\n", "",
	  SP_DKIM_PERMERROR, "l= is more than the body has" },
	{ "the part made shorter", "h=from; l=20", "l=20", "l=1", SP_DKIM_FAIL,
	  "the header has changed" },
	{ "a signature cut", "h=from", "; b=", "; b=AAAA", SP_DKIM_FAIL,
	  "the header has changed" },
	{ "a signature of one character", "h=from",
	  "; b=", "; b=A=", SP_DKIM_PERMERROR, "b= is no signature" },
};

static char *replace(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	size_t before = (size_t)(at - text);
	char *changed = malloc(strlen(text) + strlen(to) + 1);

	assert_non_null(at);
	memcpy(changed, text, before);
	strcpy(changed + before, to);
	strcat(changed, at + strlen(from));
	return changed;
}

static void test_what_changes_after_signing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_rows); i++) {
		char tags[256], *text, *changed;
		struct dkim_world world;
		struct sp_dkim *dkim;

		snprintf(tags, sizeof(tags), "v=1; a=rsa-sha256%s; %s", NAMES,
			 bad_rows[i].tags);
		text = sign_text(rsa, tags, MAIL);
		changed = replace(text, bad_rows[i].from, bad_rows[i].to);
		begin_world(&world);
		dkim = verify(&world, changed);
		expect(bad_rows[i].label, dkim, bad_rows[i].result,
		       bad_rows[i].reason);
		sp_dkim_free(&dkim);
		dkim_world_clear(&world);
		free(changed);
		free(text);
	}
}

/* RFC 8301 section 3.1: it would hold, and proves nothing. */
static void test_sha1_does_not_pass(void **state)
{
	char *text = sign_text(rsa, "v=1; a=rsa-sha1; h=from" NAMES, MAIL);

	(void)state;
	expect_mail(text, SP_DKIM_PERMERROR,
		    "rsa-sha1 proves nothing any more (RFC 8301)");
	free(text);
}

/* -------------------------------------------------------------------- keys */

static const struct {
	const char *label;
	enum sp_dns_status status;
	const char *record;
	enum sp_dkim_result result;
	const char *reason;
} key_rows[] = {
	{ "no such key", SP_DNS_NXDOMAIN, NULL, SP_DKIM_PERMERROR,
	  "there is no key" },
	{ "a server in trouble", SP_DNS_FAILED, NULL, SP_DKIM_TEMPERROR,
	  "no answer for the key" },
	{ "a revoked key", SP_DNS_FOUND, "v=DKIM1; p=", SP_DKIM_PERMERROR,
	  "the key is revoked" },
	{ "a short key", SP_DNS_FOUND,
	  "p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALgSoqXVSEmfcIsOzw7oRuCCOwsmtX/"
	  "SJnTWxYyj2leFxfS/AVJ+dYfYyNQl4x0nM8n8N6PfJ0GJHhgmN5pVAQcCAwEAAQ==",
	  SP_DKIM_POLICY, "the RSA key has less than 1024 bits" },
	{ "a key of another type", SP_DNS_FOUND,
	  "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
	  SP_DKIM_PERMERROR, "the key is of another type" },
};

static void test_keys_that_do_not_serve(void **state)
{
	char *text = sign_text(rsa, "v=1; a=rsa-sha256; h=from" NAMES, MAIL);

	(void)state;
	for (size_t i = 0; i < COUNT(key_rows) * 2; i++) {
		size_t row = i / 2;
		struct dkim_world_mail mail = {
			.bytes = text,
			.length = strlen(text),
			.now_sec = NOW,
			.is_late = i % 2 == 1,
		};
		struct dkim_world world;
		struct sp_dkim *dkim;

		dkim_world_init(&world);
		dkim_world_set(&world, KEY_NAME, key_rows[row].status);
		if (key_rows[row].record != NULL)
			dkim_world_add(&world, KEY_NAME, key_rows[row].record,
				       strlen(key_rows[row].record));
		dkim = dkim_world_verify(&world, &mail);
		expect(key_rows[row].label, dkim, key_rows[row].result,
		       key_rows[row].reason);
		sp_dkim_free(&dkim);
		dkim_world_clear(&world);
	}
	free(text);
}

static void test_another_key_does_not_verify(void **state)
{
	struct dkim_signer *other = dkim_signer_new(1024);
	char *text = sign_text(other, "v=1; a=rsa-sha256; h=from" NAMES, MAIL);

	(void)state;
	expect_mail(text, SP_DKIM_FAIL, "the header has changed");
	free(text);
	dkim_signer_free(&other);
}

static void test_what_the_key_says_is_told(void **state)
{
	char *text =
		sign_text(rsa, "v=1; a=rsa-sha256; h=from; l=5" NAMES, MAIL);
	char *record = replace(dkim_signer_record(rsa), "p=", "t=y; p=");
	const struct sp_dkim_signature *told;
	struct dkim_world world;
	struct sp_dkim *dkim;

	(void)state;
	dkim_world_init(&world);
	dkim_world_add(&world, KEY_NAME, record, strlen(record));
	dkim = verify(&world, text);
	expect("it", dkim, SP_DKIM_PASS, "");
	told = sp_dkim_get(dkim, 0);
	assert_true(told->is_testing);
	assert_true(told->is_partial);
	assert_true(told->is_authors);
	assert_int_equal(told->key_bits, 1024);
	assert_int_equal(strlen(told->hash_start), 8);
	assert_string_equal(told->identity, "@example.org");
	sp_dkim_free(&dkim);
	dkim_world_clear(&world);
	free(record);
	free(text);
}

static void test_an_rsa_key_without_its_type_verifies(void **state)
{
	char *text = sign_text(rsa, "v=1; a=rsa-sha256; h=from" NAMES, MAIL);
	char *bare = dkim_signer_bare_key(rsa), record[1024];
	struct dkim_world world;
	struct sp_dkim *dkim;

	(void)state;
	snprintf(record, sizeof(record), "p=%s", bare);
	dkim_world_init(&world);
	dkim_world_add(&world, KEY_NAME, record, strlen(record));
	dkim = verify(&world, text);
	expect("it", dkim, SP_DKIM_PASS, "");
	sp_dkim_free(&dkim);
	dkim_world_clear(&world);
	free(bare);
	free(text);
}

static void test_a_key_that_never_comes_is_a_temperror(void **state)
{
	struct sp_dkim *dkim = sp_dkim_new(NOW);
	struct sp_dkim_key_question question;

	(void)state;
	assert_false(sp_dkim_header(dkim, "From", " joe@example.org"));
	assert_true(sp_dkim_header(
		dkim, "DKIM-Signature",
		" v=1; a=rsa-sha256; h=from; b=AAAA" NAMES HASH));
	assert_true(sp_dkim_next_key(dkim, &question));
	assert_string_equal(question.name->text, KEY_NAME);
	assert_false(sp_dkim_next_key(dkim, &question));
	assert_int_equal(sp_dkim_count(dkim), 0);
	assert_false(sp_dkim_end_headers(dkim, "example.org"));
	assert_true(sp_dkim_wants_body(dkim));
	sp_dkim_end(dkim);
	expect("it", dkim, SP_DKIM_TEMPERROR, "no answer for the key");
	sp_dkim_free(&dkim);
}

static void test_the_first_answer_counts(void **state)
{
	static const struct sp_dns_answer absent = { .status =
							     SP_DNS_NXDOMAIN };
	struct sp_dkim *dkim = sp_dkim_new(NOW);

	(void)state;
	sp_dkim_key(dkim, 0, &absent);
	sp_dkim_header(dkim, "DKIM-Signature",
		       " v=1; a=rsa-sha256; h=from; b=AAAA" NAMES HASH);
	sp_dkim_key(dkim, 1, &absent);
	sp_dkim_key(dkim, 0, NULL);
	sp_dkim_key(dkim, 0, &absent);
	sp_dkim_end_headers(dkim, "");
	assert_false(sp_dkim_wants_body(dkim));
	sp_dkim_end(dkim);
	expect("it", dkim, SP_DKIM_TEMPERROR, "no answer for the key");
	sp_dkim_free(&dkim);
}

/* -------------------------------------------------------------------- time */

static const struct {
	const char *label;
	int64_t now_sec;
	const char *tags;
	enum sp_dkim_result result;
	const char *reason;
} time_rows[] = {
	{ "long ago, not expired then", 1262304000,
	  "; t=1262303999; x=1262304100", SP_DKIM_PASS, "" },
	{ "in decades, signed then", 2500000000, "; t=2499999999; x=2500000100",
	  SP_DKIM_PASS, "" },
	{ "in decades, expired then", 2500000000,
	  "; t=1700000000; x=2499999000", SP_DKIM_PERMERROR,
	  "the signature has expired" },
	{ "long ago, of what was the future", 1262304000, "; t=1700000000",
	  SP_DKIM_PERMERROR, "the signature is of the future" },
};

static void test_our_clock_decides(void **state)
{
	struct dkim_world world;

	(void)state;
	begin_world(&world);
	for (size_t i = 0; i < COUNT(time_rows); i++) {
		char tags[256], *text;
		struct dkim_world_mail mail = {
			.now_sec = time_rows[i].now_sec,
		};
		struct sp_dkim *dkim;

		snprintf(tags, sizeof(tags), "v=1; a=rsa-sha256; h=from%s%s",
			 NAMES, time_rows[i].tags);
		text = sign_text(rsa, tags, MAIL);
		mail.bytes = text;
		mail.length = strlen(text);
		dkim = dkim_world_verify(&world, &mail);
		expect(time_rows[i].label, dkim, time_rows[i].result,
		       time_rows[i].reason);
		sp_dkim_free(&dkim);
		free(text);
	}
	dkim_world_clear(&world);
}

static void test_results_have_names(void **state)
{
	(void)state;
	assert_string_equal(sp_dkim_result_text(SP_DKIM_PASS), "pass");
	assert_string_equal(sp_dkim_result_text(SP_DKIM_PERMERROR),
			    "permerror");
	assert_string_equal(sp_dkim_result_text((enum sp_dkim_result)99),
			    "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signatures_hold_however_the_mail_comes),
		cmocka_unit_test(test_what_changes_after_signing),
		cmocka_unit_test(test_sha1_does_not_pass),
		cmocka_unit_test(test_keys_that_do_not_serve),
		cmocka_unit_test(test_another_key_does_not_verify),
		cmocka_unit_test(test_what_the_key_says_is_told),
		cmocka_unit_test(test_an_rsa_key_without_its_type_verifies),
		cmocka_unit_test(test_a_key_that_never_comes_is_a_temperror),
		cmocka_unit_test(test_the_first_answer_counts),
		cmocka_unit_test(test_our_clock_decides),
		cmocka_unit_test(test_results_have_names),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
