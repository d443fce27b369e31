/*
 * The MTA's side of the milter protocol: what a mail brings, against a milter
 * made of raw bytes.
 */
#include "sallyport/mta.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/raw_milter.h"

enum {
	SHORT_MS = 150
};

static void test_changes(void **state)
{
	struct line script[] = {
		AGREE_MUTE,
		SAY('E', "hX-A\0one\0"),
		SAY('E', "i\0\0\0\1X-B\0two\n\tthree\0"),
		SAY('E', "m\0\0\0\3X-C\0\0"),
		SAY('E', "+<c@z>\0"),
		SAY('E', "2<d@z>\0NOTIFY=NEVER\0"),
		SAY('E', "-<b@y>\0"),
		SAY('E', "e<n@x>\0"),
		SAY('E', "qlooks odd\0"),
		SAY('E', "bnew "),
		SAY('E', "bbody"),
		SAY('E', "a"),
		{ 0 },
	};
	static const struct sp_mta_change expected[] = {
		{ SP_MTA_ADD_HEADER, 0, "X-A", "one" },
		{ SP_MTA_INSERT_HEADER, 1, "X-B", "two\n\tthree" },
		{ SP_MTA_CHANGE_HEADER, 3, "X-C", "" },
		{ SP_MTA_ADD_RECIPIENT, 0, "<c@z>", "" },
		{ SP_MTA_ADD_RECIPIENT, 0, "<d@z>", "NOTIFY=NEVER" },
		{ SP_MTA_DELETE_RECIPIENT, 0, "<b@y>", "" },
		{ SP_MTA_CHANGE_SENDER, 0, "<n@x>", "" },
		{ SP_MTA_QUARANTINE, 0, "looks odd", "" },
	};
	struct sp_mta_options options = { .timeout_ms = SHORT_MS };
	const struct sp_mta_changes *changes;
	struct sp_mta_reply reply;
	struct milter milter;
	struct sp_mta *mta;

	(void)state;
	milter_start(&milter, script);
	options.address = milter.address;
	assert_int_equal(sp_mta_open(&options, &mta), SP_OK);
	assert_int_equal(sp_mta_mail(mta, "<>", NULL, &reply), SP_OK);
	assert_int_equal(sp_mta_eom(mta, &reply), SP_OK);
	assert_int_equal(reply.answer, SP_MTA_ACCEPT);
	changes = sp_mta_changes(mta);
	assert_int_equal(changes->count, 8);
	assert_int_equal(changes->total, 9);
	assert_true(changes->is_body_replaced);
	assert_int_equal(changes->body_bytes, 8);
	for (size_t i = 0; i < changes->count; i++) {
		assert_int_equal(changes->list[i].kind, expected[i].kind);
		assert_int_equal(changes->list[i].index, expected[i].index);
		assert_string_equal(changes->list[i].name, expected[i].name);
		assert_string_equal(changes->list[i].value, expected[i].value);
	}
	assert_int_equal(sp_mta_mail(mta, "<>", NULL, &reply), SP_OK);
	assert_int_equal(changes->count, 0);
	assert_int_equal(changes->total, 0);
	sp_mta_close(&mta);
	milter_join(&milter);
}

/* `count` times the same packet, and CONTINUE. */
static char *make_flood(const char *packet, size_t length, size_t count,
			size_t *size_out)
{
	size_t size = count * (4 + length);
	char *bytes = malloc(size + 5);

	assert_non_null(bytes);
	for (size_t i = 0; i < count; i++) {
		char *to = bytes + i * (4 + length);

		memcpy(to, "\0\0", 2);
		to[2] = (char)(length >> 8);
		to[3] = (char)length;
		memcpy(to + 4, packet, length);
	}
	memcpy(bytes + size, "\0\0\0\1c", 5);
	*size_out = size + 5;
	return bytes;
}

struct flood_row {
	const char *sentence;
	const char *packet;
	size_t length, count;
	enum sp_err err;
	const char *complaint;
	size_t changes, total;
};

static const struct flood_row floods[] = {
	{ "changes beyond a bound are counted, not kept", "hA\0b", 5, 10000,
	  SP_OK, "", SP_MTA_CHANGES_MAX, 10000 },
	{ "much progress is fine", "p", 1, SP_MTA_PROGRESS_MAX, SP_OK, "", 0,
	  0 },
	{ "progress without end is an error", "p", 1, SP_MTA_PROGRESS_MAX + 1,
	  SP_ERR_PROTOCOL, "endless progress", 0, 0 },
};

static void test_floods_at_the_end_of_a_mail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(floods) / sizeof(floods[0]); i++) {
		const struct flood_row *row = &floods[i];
		struct line script[] = { AGREE_MUTE,
					 { 'E', NULL, 0, true },
					 { 0 } };
		struct sp_mta_options options = { .timeout_ms = 5000 };
		struct sp_mta_reply reply;
		struct milter milter;
		struct sp_mta *mta;
		char *bytes = make_flood(row->packet, row->length, row->count,
					 &script[1].length);

		print_message("  %s\n", row->sentence);
		script[1].bytes = bytes;
		milter_start(&milter, script);
		options.address = milter.address;
		assert_int_equal(sp_mta_open(&options, &mta), SP_OK);
		assert_int_equal(sp_mta_eom(mta, &reply), row->err);
		assert_string_equal(sp_mta_complaint(mta), row->complaint);
		assert_int_equal(sp_mta_changes(mta)->count, row->changes);
		assert_int_equal(sp_mta_changes(mta)->total, row->total);
		sp_mta_close(&mta);
		milter_join(&milter);
		free(bytes);
	}
}

static void test_a_large_body_goes_in_pieces(void **state)
{
	static char body[1000000];
	struct line script[] = { AGREE_MUTE, SAY('E', "c"), { 0 } };
	struct sp_mta_options options = { .timeout_ms = 2000 };
	struct sp_mta_reply reply;
	struct milter milter;
	struct sp_mta *mta;

	(void)state;
	milter_start(&milter, script);
	options.address = milter.address;
	assert_int_equal(sp_mta_open(&options, &mta), SP_OK);
	assert_int_equal(sp_mta_body(mta, body, sizeof body, &reply), SP_OK);
	assert_int_equal(sp_mta_eom(mta, &reply), SP_OK);
	sp_mta_close(&mta);
	milter_join(&milter);
	assert_int_equal(milter.body_bytes, sizeof body);
	assert_string_equal(milter.notes, "OBBBBBBBBBBBBBBBBEQ");
}

static void test_several_mails_and_a_renewed_connection(void **state)
{
	struct line script[] = {
		AGREE_MUTE, SAY('E', "a"), SAY('C', "c"), SAY('E', "r"), { 0 }
	};
	struct sp_mta_options options = { .timeout_ms = SHORT_MS };
	struct sp_mta_reply reply;
	struct milter milter;
	struct sp_mta *mta;

	(void)state;
	milter_start(&milter, script);
	options.address = milter.address;
	assert_int_equal(sp_mta_open(&options, &mta), SP_OK);
	sp_mta_helo(mta, "a", &reply);
	sp_mta_mail(mta, "<>", NULL, &reply);
	sp_mta_eom(mta, &reply);
	assert_int_equal(reply.answer, SP_MTA_ACCEPT);
	sp_mta_mail(mta, "<>", NULL, &reply);
	assert_int_equal(sp_mta_abort(mta), SP_OK);
	sp_mta_mail(mta, "<>", NULL, &reply);
	sp_mta_renew(mta);
	sp_mta_helo(mta, "b", &reply);
	sp_mta_mail(mta, "<>", NULL, &reply);
	sp_mta_close(&mta);
	milter_join(&milter);
	assert_string_equal(milter.notes, "OHMEMAMKHMQ");
}

static void test_an_event_too_long_breaks_nothing(void **state)
{
	static char value[70000];
	struct line script[] = { AGREE_MUTE, SAY('E', "c"), { 0 } };
	struct sp_mta_options options = { .timeout_ms = SHORT_MS };
	struct sp_mta_reply reply;
	struct milter milter;
	struct sp_mta *mta;

	(void)state;
	memset(value, 'x', sizeof value - 1);
	milter_start(&milter, script);
	options.address = milter.address;
	assert_int_equal(sp_mta_open(&options, &mta), SP_OK);
	assert_int_equal(sp_mta_header(mta, "X", value, &reply),
			 SP_ERR_TOO_LONG);
	value[65536 - 1 - 2 - 1] = '\0';
	assert_int_equal(sp_mta_header(mta, "X", value, &reply), SP_OK);
	assert_int_equal(sp_mta_eom(mta, &reply), SP_OK);
	sp_mta_close(&mta);
	milter_join(&milter);
	assert_string_equal(milter.notes, "OLEQ");
}

struct address_row {
	const char *sentence;
	const char *address;
	enum sp_err err;
};

static const struct address_row addresses[] = {
	{ "nothing", "", SP_ERR_SYNTAX },
	{ "a kind that is none", "tcp:25@127.0.0.1", SP_ERR_SYNTAX },
	{ "no port", "inet:@127.0.0.1", SP_ERR_SYNTAX },
	{ "a port that is a word", "inet:smtpx@127.0.0.1", SP_ERR_NOT_FOUND },
	{ "a socket that is not there", "unix:/nonexistent/m", SP_ERR_SYSTEM },
	{ "the same without its kind", "/nonexistent/m", SP_ERR_SYSTEM },
	{ "a path longer than the system takes",
	  "unix:/0123456789012345678901234567890123456789012345678901234567890"
	  "12345678901234567890123456789012345678901234567890123456789",
	  SP_ERR_SYNTAX },
	{ "a port where nobody listens", "inet:1@127.0.0.1", SP_ERR_SYSTEM },
	{ "in brackets", "inet:1@[127.0.0.1]", SP_ERR_SYSTEM },
};

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		struct sp_mta_options options = { .address =
							  addresses[i].address,
						  .timeout_ms = SHORT_MS };
		struct sp_mta *mta;

		print_message("  %s\n", addresses[i].sentence);
		assert_int_equal(sp_mta_open(&options, &mta), addresses[i].err);
		assert_null(mta);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_floods_at_the_end_of_a_mail),
		cmocka_unit_test(test_a_large_body_goes_in_pieces),
		cmocka_unit_test(test_several_mails_and_a_renewed_connection),
		cmocka_unit_test(test_an_event_too_long_breaks_nothing),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
