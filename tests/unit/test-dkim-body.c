/* Bodies: what their canonical form is, however they come and however long they
 * are. */
#include "body.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base64.h"
#include "dkim_signer.h"
#include "dkim_world.h"
#include "sallyport/dkim.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NOW	 1700000000
#define KEY_NAME "sel._domainkey.example.org"
#define NAMES	 "; d=example.org; s=sel"

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

/* ------------------------------------------------------------------- forms */

#define SIMPLE_FORM                                                            \
	{                                                                      \
		false, -1                                                      \
	}
#define RELAXED_FORM                                                           \
	{                                                                      \
		true, -1                                                       \
	}

static const struct {
	const char *label;
	struct sp_dkim_form form;
	const char *body;
	const char *canonical; /* in simple form already */
} form_rows[] = {
	{ "RFC 6376 section 3.4.5", RELAXED_FORM, " C \r\nD \t E\r\n\r\n\r\n",
	  " C\r\nD E\r\n" },
	{ "RFC 6376 section 3.4.6", SIMPLE_FORM, " C \r\nD \t E\r\n\r\n\r\n",
	  " C \r\nD \t E\r\n" },
	{ "empty lines at the beginning", RELAXED_FORM, "\r\n \r\n\t\r\na",
	  "\r\n\r\n\r\na\r\n" },
	{ "white space at the beginning of a line", RELAXED_FORM, "\t\t a\r\n",
	  " a\r\n" },
	{ "no end of line", SIMPLE_FORM, "a b ", "a b \r\n" },
	{ "no end of line, relaxed", RELAXED_FORM, "a b ", "a b\r\n" },
	{ "a CR at the end", SIMPLE_FORM, "a\r", "a\r\r\n" },
	{ "a CR at the end, relaxed", RELAXED_FORM, "a \r", "a \r\r\n" },
	{ "two CR before a LF", SIMPLE_FORM, "a\r\r\nb", "a\r\r\nb\r\n" },
	{ "two CR before a LF, relaxed", RELAXED_FORM, "a \r\r\nb",
	  "a \r\r\nb\r\n" },
	{ "a LF alone", RELAXED_FORM, "a \nb\n\r\n\r\n", "a \nb\n\r\n" },
	{ "a CR alone between white space", RELAXED_FORM, " \r \r\n",
	  " \r\r\n" },
	{ "control characters", RELAXED_FORM, "\x01 \x0b\x0c \x7f\r\n",
	  "\x01 \x0b\x0c \x7f\r\n" },
	{ "8-bit text", RELAXED_FORM, "\xa0\xff  \x80\x85 \r\n",
	  "\xa0\xff \x80\x85\r\n" },
	{ "a part", { true, 4 }, "a  b  c  d\r\n", "a b c d\r\n" },
	{ "a part that ends with the body",
	  { true, 5 },
	  "a  b \r\n\r\n",
	  "a b\r\n" },
};

static bool hash(struct sp_dkim_form form, const char *text, size_t chunk,
		 unsigned char hash_out[SP_DKIM_HASH_BYTES])
{
	struct sp_dkim_body *body = sp_dkim_body_new(form);
	const unsigned char *bytes = (const unsigned char *)text;
	size_t left = strlen(text);
	bool is_whole;

	for (; left > chunk; bytes += chunk, left -= chunk)
		sp_dkim_body_add(body, bytes, chunk);
	sp_dkim_body_add(body, bytes, left);
	is_whole = sp_dkim_body_end(body, hash_out);
	sp_dkim_body_free(&body);
	return is_whole;
}

static void test_canonical_forms(void **state)
{
	static const struct sp_dkim_form simple = SIMPLE_FORM;

	(void)state;
	for (size_t i = 0; i < COUNT(form_rows) * 8; i++) {
		const char *body = form_rows[i / 8].body;
		unsigned char one[SP_DKIM_HASH_BYTES];
		unsigned char other[SP_DKIM_HASH_BYTES];
		struct sp_dkim_form as_it_is = simple;

		if (form_rows[i / 8].form.limit >= 0)
			as_it_is.limit = form_rows[i / 8].form.limit;
		assert_true(hash(form_rows[i / 8].form, body, i % 8 + 1, one));
		assert_true(
			hash(as_it_is, form_rows[i / 8].canonical, 100, other));
		if (memcmp(one, other, sizeof(one)) != 0)
			fail_msg("%s, in chunks of %zu", form_rows[i / 8].label,
				 i % 8 + 1);
	}
}

/* RFC 6376 section 3.4.3 and 3.4.4 give the hash of a body without a byte. */
static void test_an_empty_body_has_the_published_hash(void **state)
{
	static const char *const published[] = {
		"frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=",
		"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sp_dkim_form form = { i == 1, -1 };
		unsigned char bytes[SP_DKIM_HASH_BYTES];
		char text[64];

		assert_true(hash(form, "", 1, bytes));
		sp_dkim_base64_encode(bytes, sizeof(bytes), text);
		assert_string_equal(text, published[i]);
		assert_true(hash(form, "\r\n\r\n", 1, bytes));
		sp_dkim_base64_encode(bytes, sizeof(bytes), text);
		assert_string_equal(text, published[i]);
	}
}

static void test_a_part_is_not_more_than_the_body(void **state)
{
	unsigned char bytes[SP_DKIM_HASH_BYTES];

	(void)state;
	assert_true(hash((struct sp_dkim_form){ true, 0 }, "", 1, bytes));
	assert_false(hash((struct sp_dkim_form){ true, 1 }, "", 1, bytes));
	assert_true(hash((struct sp_dkim_form){ false, 2 }, "", 1, bytes));
	assert_false(hash((struct sp_dkim_form){ false, 3 }, "", 1, bytes));
	assert_true(hash((struct sp_dkim_form){ false, 3 }, "a", 1, bytes));
	assert_false(
		hash((struct sp_dkim_form){ false, 4 }, "a\r\n\r\n", 1, bytes));
	assert_false(
		hash((struct sp_dkim_form){ true, 6 }, "a  b\r\n", 1, bytes));
}

static unsigned seed = 1;

static unsigned any(unsigned below)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % below;
}

/* Few kinds of characters, so that everything meets everything. */
static void write_any(char *text, size_t pieces)
{
	static const char *const some[] = {
		"a",	"bcdefghijk", " ",  "\t", "  ",	  "\r\n",
		"\r\n", ".",	      "\r", "\n", "\x01", "\xff\xa0\x80\xe4"
	};

	for (size_t i = 0; i < pieces; i++)
		strcat(text, some[any(COUNT(some))]);
}

static void test_what_another_reading_of_the_standard_signs_holds(void **state)
{
	static const char *const forms[] = { "simple/simple", "simple/relaxed",
					     "relaxed/simple",
					     "relaxed/relaxed" };
	struct dkim_world world;

	(void)state;
	begin_world(&world, KEY_NAME);
	for (int i = 0; i < 400; i++) {
		char mail[1024] = "From: joe@example.org\r\nTo: a \t b\r\n\r\n";
		char tags[128], *text;
		struct dkim_world_mail whole = { .now_sec = NOW };
		struct sp_dkim *dkim;

		write_any(mail, any(80));
		snprintf(tags, sizeof(tags),
			 "v=1; a=rsa-sha256; c=%s; h=to:from" NAMES,
			 forms[any(COUNT(forms))]);
		text = sign_text(tags, mail);
		whole.bytes = text;
		whole.length = strlen(text);
		whole.chunk = any(20);
		dkim = dkim_world_verify(&world, &whole);
		if (sp_dkim_get(dkim, 0)->result != SP_DKIM_PASS)
			fail_msg("%s in chunks of %zu:\n%s",
				 sp_dkim_get(dkim, 0)->reason, whole.chunk,
				 text);
		sp_dkim_free(&dkim);
		free(text);
	}
	dkim_world_clear(&world);
}

/* ------------------------------------------------------------------ length */

enum {
	MB = 1024 * 1024,
	CHUNK_BYTES = 65535,
	GROWTH_BYTES_MAX = 64 * 1024
};

static size_t allocated_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* A mail whose body is `piece` again and again. */
static char *endless(const char *piece, size_t bytes)
{
	static const char header[] = "From: joe@example.org\r\n\r\n";
	size_t size = strlen(piece), at = strlen(header);
	char *mail = malloc(at + bytes + size + sizeof("z\r\n"));

	strcpy(mail, header);
	for (; at < bytes; at += size)
		memcpy(mail + at, piece, size);
	mail[at] = '\0';
	return mail;
}

/* Feed `mail`, signed with `tags`; what it took at most beyond the header. */
static struct sp_dkim *feed(const char *tags, const char *mail,
			    size_t *growth_out)
{
	char *text = sign_text(tags, mail);
	const char *end = strstr(text, "From:"),
		   *body = strstr(end, "\r\n\r\n");
	size_t left = strlen(body + 4), before, most = 0;
	struct sp_dkim *dkim = sp_dkim_new(NOW);
	struct dkim_world world;

	begin_world(&world, KEY_NAME);
	text[end - 2 - text] = '\0';
	sp_dkim_header(dkim, "DKIM-Signature", strchr(text, ':') + 1);
	sp_dkim_header(dkim, "From", " joe@example.org");
	sp_dkim_end_headers(dkim, "");
	dkim_world_answer_all(&world, dkim);
	before = allocated_bytes();
	for (body += 4; left > 0;) {
		size_t chunk = left < CHUNK_BYTES ? left : CHUNK_BYTES;

		sp_dkim_body(dkim, (const unsigned char *)body, chunk);
		most = allocated_bytes() > most ? allocated_bytes() : most;
		body += chunk;
		left -= chunk;
	}
	sp_dkim_end(dkim);
	*growth_out = most > before ? most - before : 0;
	dkim_world_clear(&world);
	free(text);
	return dkim;
}

#define SIMPLE	"v=1; a=rsa-sha256; h=from" NAMES
#define RELAXED "v=1; a=rsa-sha256; c=relaxed/relaxed; h=from" NAMES

static const struct {
	const char *label;
	const char *tags;
	size_t megabytes;
	const char *piece;
} endless_rows[] = {
	{ "50 MB of text", SIMPLE, 50,
	  "Many words stand here, again and again. \r\n" },
	{ "50 MB of text, relaxed", RELAXED, 50,
	  "Many words stand here, again and again. \r\n" },
	{ "empty lines, and at last a word", SIMPLE, 5, "\r\n" },
	{ "empty lines, and at last a word, relaxed", RELAXED, 5, "\r\n" },
	{ "spaces", RELAXED, 5, "        " },
	{ "no white space", SIMPLE, 5, "abcdefgh" },
	{ "no white space, relaxed", RELAXED, 5, "abcdefgh" },
	{ "control characters, relaxed", RELAXED, 5, "\x01\x02\r" },
	{ "lines that do not end with CRLF, relaxed", RELAXED, 5, "abc\n" },
};

static void test_memory_does_not_grow_with_the_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(endless_rows); i++) {
		char *mail = endless(endless_rows[i].piece,
				     endless_rows[i].megabytes * MB);
		size_t growth;
		struct sp_dkim *dkim;

		strcat(mail, "z\r\n");
		dkim = feed(endless_rows[i].tags, mail, &growth);
		if (sp_dkim_get(dkim, 0)->result != SP_DKIM_PASS)
			fail_msg("%s: %s", endless_rows[i].label,
				 sp_dkim_get(dkim, 0)->reason);
		if (growth > GROWTH_BYTES_MAX)
			fail_msg("%s: grew by %zu bytes", endless_rows[i].label,
				 growth);
		sp_dkim_free(&dkim);
		free(mail);
	}
}

static void test_no_more_body_is_wanted_than_is_signed(void **state)
{
	char *text = sign_text("v=1; a=rsa-sha256; h=from; l=3" NAMES,
			       "From: joe@example.org\r\n\r\nbye\r\n");
	struct sp_dkim *dkim = sp_dkim_new(NOW);
	struct dkim_world world;

	(void)state;
	begin_world(&world, KEY_NAME);
	strstr(text, "From:")[-2] = '\0';
	sp_dkim_header(dkim, "DKIM-Signature", strchr(text, ':') + 1);
	sp_dkim_header(dkim, "From", " joe@example.org");
	sp_dkim_end_headers(dkim, "");
	dkim_world_answer_all(&world, dkim);
	assert_true(sp_dkim_wants_body(dkim));
	sp_dkim_body(dkim, (const unsigned char *)"bye\r\n", 5);
	assert_false(sp_dkim_wants_body(dkim));
	sp_dkim_body(dkim, (const unsigned char *)"and more\r\n", 10);
	sp_dkim_end(dkim);
	assert_int_equal(sp_dkim_get(dkim, 0)->result, SP_DKIM_PASS);
	assert_true(sp_dkim_get(dkim, 0)->is_partial);
	sp_dkim_free(&dkim);
	dkim_world_clear(&world);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical_forms),
		cmocka_unit_test(test_an_empty_body_has_the_published_hash),
		cmocka_unit_test(test_a_part_is_not_more_than_the_body),
		cmocka_unit_test(
			test_what_another_reading_of_the_standard_signs_holds),
		cmocka_unit_test(test_memory_does_not_grow_with_the_body),
		cmocka_unit_test(test_no_more_body_is_wanted_than_is_signed),
	};

	return cmocka_run_group_tests(tests, make_key, free_key);
}
