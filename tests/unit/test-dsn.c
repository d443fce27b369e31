/* What notifications say: those of RFC 3464's examples, of the mail servers that
 * write most of them, and what is none. */
#include "sallyport/dsn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dsn_feed.h"

#define REPORT                                                                 \
	"From: MAILER-DAEMON@far.example\nMIME-Version: 1.0\n"                 \
	"Content-Type: multipart/report; report-type=delivery-status;\n"       \
	"\tboundary=\"B/1=_x\"\n\n"
#define PROSE	"--B/1=_x\n\nIt did not work.\n\n"
#define STATUS	"--B/1=_x\nContent-Type: message/delivery-status\n\n"
#define OF_MAIL "Reporting-MTA: dns; far.example\n\n"
#define FAILED                                                                 \
	"Final-Recipient: rfc822; b@far.example\nAction: failed\n"             \
	"Status: 5.1.1\n"
#define DELAYED                                                                \
	"Final-Recipient: rfc822; c@far.example\nAction: delayed\n"            \
	"Status: 4.4.1\n"
#define ORIGINAL "--B/1=_x\nContent-Type: message/rfc822\n\n"
#define MAIL                                                                   \
	"Received: from c.example by mx.far.example; now\n"                    \
	"From: a@here.example\nMessage-ID: <1@here.example>\n\nHi\n"
#define END   "\n--B/1=_x--\n"
#define USUAL REPORT PROSE STATUS OF_MAIL FAILED "\n" ORIGINAL

#define A50  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A100 A50 A50

struct expected {
	bool is_dsn;
	uint32_t recipients, failed;
	const char *id; /* NULL = "" */
	bool was_here;
};

#define ID "<1@here.example>"

static const struct row {
	const char *sentence;
	const char *mail;
	struct expected expected;
} rows[] = {
	{ "one recipient failed", USUAL MAIL END, { true, 1, 1, ID, false } },
	/* --- the shapes of RFC 3464's examples */
	{ "RFC 3464, 10.1: the first part says no type",
	  "Date: Thu, 7 Jul 1994 17:16:05 -0400\n"
	  "Message-Id: <RAA14128@far.example>\n"
	  "MIME-Version: 1.0\n"
	  "Content-Type: multipart/report; report-type=delivery-status;\n"
	  "      boundary=\"RAA14128.773615765/FAR.EXAMPLE\"\n\n"
	  "--RAA14128.773615765/FAR.EXAMPLE\n\n"
	  "The original message was received at Sat, 2 Jul 1994\n"
	  "<b@slip.example>  (unrecoverable error)\n\n"
	  "--RAA14128.773615765/FAR.EXAMPLE\n"
	  "content-type: message/delivery-status\n\n"
	  "Reporting-MTA: dns; far.example\n\n"
	  "Original-Recipient: rfc822;b@slip.example\n"
	  "Final-Recipient: rfc822;b@slip.example\n"
	  "Action: failed\nStatus: 4.0.0\n"
	  "Diagnostic-Code: smtp; 426 connection timed out\n"
	  "Last-Attempt-Date: Thu, 7 Jul 1994 17:15:49 -0400\n\n"
	  "--RAA14128.773615765/FAR.EXAMPLE\n"
	  "content-type: message/rfc822\n\n"
	  "Message-Id: <ups@here.example>\n\nText\n"
	  "--RAA14128.773615765/FAR.EXAMPLE--\n",
	  { true, 1, 1, "<ups@here.example>", false } },
	{ "RFC 3464, 10.2: two failed and one is delayed",
	  REPORT PROSE STATUS OF_MAIL
	  "Original-Recipient: rfc822;d@net.example\n"
	  "Final-Recipient: rfc822;d@net.example\nAction: failed\n"
	  "Status: 5.0.0 (permanent failure)\n"
	  "Diagnostic-Code: smtp;  550 'd@net.example' is not a\n"
	  " registered gateway user\nRemote-MTA: dns; net.example\n\n" DELAYED
	  "\n" FAILED "\n" ORIGINAL MAIL END,
	  { true, 3, 2, ID, false } },
	{ "RFC 3464, 10.3: by a gateway, with its words in parentheses",
	  REPORT PROSE STATUS
	  "Reporting-MTA: mailbus; SYS30\nDSN-Gateway: dns; gw.example\n\n"
	  "Final-Recipient: unknown; nam=user nod=ZZ\nAction: failed\n"
	  "Status: 5.0.0 (unspecified permanent failure)\n"
	  "Diagnostic-Code: smtp; 550 unknown\n\n" ORIGINAL MAIL END,
	  { true, 1, 1, ID, false } },
	{ "RFC 3464, 10.4: only delayed, and a mail without a Message-ID",
	  REPORT PROSE STATUS OF_MAIL DELAYED
	  "\n" ORIGINAL "[original message goes here]\n" END,
	  { true, 1, 0, NULL, false } },
	/* --- as others write them */
	{ "Postfix: types behind descriptions, an encoding of each part",
	  REPORT
	  "This is a MIME-encapsulated message.\n\n"
	  "--B/1=_x\nContent-Description: Notification\n"
	  "Content-Type: text/plain; charset=us-ascii\n\nSorry.\n\n"
	  "--B/1=_x\nContent-Description: Delivery report\n"
	  "Content-Type: message/delivery-status\n\n"
	  "Reporting-MTA: dns; far.example\nX-Postfix-Queue-ID: 4bX\n"
	  "X-Postfix-Sender: rfc822; a@here.example\n\n" FAILED
	  "Remote-MTA: dns; x.example\nDiagnostic-Code: smtp; 550 5.1.1 no\n\n"
	  "--B/1=_x\nContent-Description: Undelivered Message\n"
	  "Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\n"
	  "Return-Path: <a@here.example>\n" MAIL END,
	  { true, 1, 1, ID, false } },
	{ "Postfix: the header only",
	  USUAL "From: a@here.example\nMessage-ID: <1@here.example>\n" END,
	  { true, 1, 1, ID, false } },
	{ "Sendmail: text/rfc822-headers",
	  REPORT PROSE STATUS OF_MAIL FAILED
	  "\n"
	  "--B/1=_x\nContent-Type: text/rfc822-headers\n\n" MAIL END,
	  { true, 1, 1, ID, false } },
	{ "Exchange: a multipart as the first part, its boundary like ours",
	  REPORT
	  "--B/1=_x\nContent-Type: multipart/alternative; "
	  "boundary=\"B/1=_x_\"\n\n--B/1=_x_\nContent-Type: "
	  "message/delivery-status\n\n\nAction: failed\n\n--B/1=_x_--\n\n" STATUS
		  OF_MAIL FAILED "\n" ORIGINAL MAIL END,
	  { true, 1, 1, ID, false } },
	{ "Gmail: X- fields, and a diagnosis of many lines",
	  REPORT PROSE STATUS
	  "Reporting-MTA: dns; googlemail.com\nX-Original-Message-ID: <9@x>\n\n"
	  "Final-Recipient: rfc822; b@far.example\nAction: failed\n"
	  "Diagnostic-Code: smtp; 550-5.1.1 The email\n 550-5.1.1 account\n"
	  " Action: delayed\n\n" ORIGINAL MAIL END,
	  { true, 1, 1, ID, false } },
	{ "an international one (RFC 6533), all of it encoded",
	  REPORT PROSE
	  "--B/1=_x\nContent-Type: message/global-delivery-status\n"
	  "Content-Transfer-Encoding: base64\n\n"
	  /* "Reporting-MTA: dns; x\n\nFinal-Recipient: utf-8; b\n
	   * Action: failed\n" */
	  "UmVwb3J0aW5nLU1UQTogZG5zOyB4CgpGaW5hbC1SZWNpcGllbnQ6IHV0Zi04OyBi\n"
	  "CkFjdGlvbjogZmFpbGVkCg==\n"
	  "--B/1=_x\nContent-Type: message/global-headers\n"
	  "Content-Transfer-Encoding: quoted-printable\n\n"
	  "Subject: =C3=A4=\n=C3=B6\nMessage-=\nID: <1@here.=65xample>\n\nx\n" END,
	  { true, 1, 1, ID, false } },
	{ "qmail's are prose, and none",
	  "From: MAILER-DAEMON@far.example\nSubject: failure notice\n\n"
	  "Hi. This is the qmail-send program at far.example.\n\n"
	  "<b@far.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
	  "--- Below this line is a copy of the message.\n\n" MAIL,
	  { false } },
	/* --- who failed */
	{ "delivered, relayed and expanded are no failures",
	  REPORT STATUS OF_MAIL "Action: delivered\n\nAction: relayed\n\n"
				"Action: expanded\n\n" ORIGINAL MAIL END,
	  { true, 3, 0, ID, false } },
	{ "an action is read without its comment, case and spaces",
	  REPORT STATUS OF_MAIL
	  "Action: (so) FAILED (really)\n\n"
	  "Action :failed\n\nAction:\n\tfailed\n\nAction: failed-not\n" ORIGINAL
		  MAIL END,
	  { true, 4, 3, ID, false } },
	{ "a group counts once, and its first action",
	  REPORT STATUS OF_MAIL
	  "Action: failed\nAction: failed\n\n"
	  "Action: delayed\nAction: failed\n\n" ORIGINAL MAIL END,
	  { true, 2, 1, ID, false } },
	{ "without an empty line behind what is of the whole mail",
	  REPORT STATUS
	  "Reporting-MTA: dns; far.example\n" FAILED ORIGINAL MAIL END,
	  { true, 1, 1, ID, false } },
	{ "more empty lines than there should be",
	  REPORT STATUS "\n\n" OF_MAIL "\n\n" FAILED "\n\n\n" ORIGINAL MAIL END,
	  { true, 1, 1, ID, false } },
	{ "nobody's fate is told",
	  REPORT STATUS OF_MAIL ORIGINAL MAIL END,
	  { false, 0, 0, ID, false } },
	/* --- which mail */
	{ "the Message-ID is folded",
	  USUAL "Message-ID:\n  <1@here.example>\n\nHi\n" END,
	  { true, 1, 1, ID, false } },
	{ "the first of two Message-IDs",
	  USUAL "Message-Id: <1@here.example>\nMessage-ID: <2@x>\n\n" END,
	  { true, 1, 1, ID, false } },
	{ "a Message-ID in the text of the mail is none of its header",
	  USUAL "From: a@here.example\n\nMessage-ID: <1@here.example>\n" END,
	  { true, 1, 1, NULL, false } },
	{ "a Message-ID that was cut is not believed",
	  USUAL
	  "Message-ID: <" A100 A100 A100 A100 A100 A100 A100 A100 A100 A100
	  "@x>\nMessage-ID: <1@here.example>\n\n" END,
	  { true, 1, 1, NULL, false } },
	{ "nor one whose field is too long, folded",
	  USUAL "Message-ID: <" A100 A100 A100 A100 A100 A100 A100 A100 A100
		"\n " A100 A100 A100 A100 A100 A100 A100 A100 A100
		"\n " A100 A100 A100 "@x>\n\n" END,
	  { true, 1, 1, NULL, false } },
	{ "empty lines and \"From \" before the mail that came back",
	  USUAL "\n\nFrom a@here.example Thu Jul  7 17:16:05 1994\n" MAIL END,
	  { true, 1, 1, ID, false } },
	{ "nothing counts of a second mail",
	  REPORT ORIGINAL MAIL ORIGINAL
	  "Received: by mx.here.example; now\n" STATUS FAILED END,
	  { true, 1, 1, ID, false } },
	{ "nothing counts of a second status",
	  REPORT STATUS FAILED STATUS FAILED ORIGINAL MAIL END,
	  { true, 1, 1, ID, false } },
	{ "without the mail that came back",
	  REPORT PROSE STATUS OF_MAIL FAILED END,
	  { true, 1, 1, NULL, false } },
	{ "the mail that came back stands first",
	  REPORT ORIGINAL MAIL STATUS OF_MAIL FAILED END,
	  { true, 1, 1, ID, false } },
	{ "the first of two mails that came back",
	  USUAL "Message-ID: <1@here.example>\n" ORIGINAL
		"Message-ID: <2@here.example>\n" END,
	  { true, 1, 1, ID, false } },
	{ "a mail in base64, on lines of any length",
	  REPORT STATUS OF_MAIL FAILED
	  "\n--B/1=_x\nContent-Type: message/rfc822\n"
	  "Content-Transfer-Encoding: BASE64\n\n"
	  "RnJvbTogYQpN\nZ\nXNzYWdlLUlE\nOiA8MUBoZXJlLmV4YW1wbGU+\nCgp4\n" END,
	  { true, 1, 1, ID, false } },
	{ "base64 that ends, and begins again",
	  REPORT STATUS OF_MAIL FAILED
	  "\n--B/1=_x\nContent-Type: message/rfc822\n"
	  "Content-Transfer-Encoding: base64\n\n"
	  "TWVzc2FnZS1JRDo=IDwxQGhlcmUuZXhhbXBsZT4K\n" END,
	  { true, 1, 1, ID, false } },
	{ "a line that goes on, with blanks behind its end",
	  REPORT STATUS OF_MAIL FAILED
	  "\n--B/1=_x\nContent-Type: message/rfc822\n"
	  "Content-Transfer-Encoding: Quoted-Printable (really)\n\n"
	  "Message-= \t\nID: <1@=\nhere.example>=20=\n\n" END,
	  { true, 1, 1, ID, false } },
	/* --- did it pass through here */
	{ "by one of our servers",
	  USUAL "Received: from c.example ([192.0.2.1] (by x))\n"
		"\tby (the gate) MX.HERE.EXAMPLE (Postfix) with ESMTP id 4b;\n"
		"\tThu, 7 Jul 1994 17:16:05 -0400\n" MAIL END,
	  { true, 1, 1, ID, true } },
	{ "from one of ours is not by one of ours",
	  USUAL "Received: from mx.here.example by x.example; by "
		"mx.here.example\n" MAIL END,
	  { true, 1, 1, ID, false } },
	{ "by one of ours only behind the date",
	  USUAL "Received: from x.example; by mx.here.example\n" MAIL END,
	  { true, 1, 1, ID, false } },
	{ "by a name that only looks like ours",
	  USUAL "Received: by mx.here.example.far.example; now\nReceived: by "
		"[192.0.2.1]; now\nReceived: by ; now\nReceived: by\n" MAIL END,
	  { true, 1, 1, ID, false } },
	/* --- how its type may be written */
	{ "no report-type: the part says it",
	  "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: "
	  "message/delivery-status\n\nAction: failed\n--b--\n",
	  { true, 1, 1, NULL, false } },
	{ "comments, case, quotes and no quotes",
	  "CONTENT-TYPE: (a) Multipart (b) / (c(d)\\)) Report ;\n charset=x ;; "
	  "BOUNDARY = --=_a/b:c ; Report-Type=\"Delivery-Status\"\n\n"
	  "----=_a/b:c\nContent-Type: Message/Delivery-Status (x)\n\n"
	  "Action: failed\n----=_a/b:c--\n",
	  { true, 1, 1, NULL, false } },
	{ "a boundary with a blank behind it, and another boundary",
	  "Content-Type: multipart/report; boundary=\"b \"; boundary=c\n\n--b\n"
	  "Content-Type: message/delivery-status\n\nAction: failed\n--c\n\n"
	  "Action: failed\n--b--\n",
	  { true, 2, 2, NULL, false } },
	{ "another report",
	  "Content-Type: multipart/report; boundary=b; "
	  "report-type=feedback-report\n\n--b\nContent-Type: "
	  "message/delivery-status\n\nAction: failed\n--b--\n",
	  { false } },
	{ "a receipt",
	  "Content-Type: multipart/report; boundary=b; "
	  "report-type=disposition-notification\n\n--b\nContent-Type: "
	  "message/disposition-notification\n\nAction: failed\n--b--\n",
	  { false } },
	{ "a notification in another mail",
	  "Content-Type: multipart/mixed; boundary=m; "
	  "report-type=delivery-status\n\n--m\n" USUAL MAIL END "--m--\n",
	  { false } },
	{ "an automatic reply",
	  "Auto-Submitted: auto-replied\nContent-Type: text/plain\n\nGone.\n",
	  { false } },
	{ "no Content-Type", "Subject: hi\n\n" STATUS FAILED, { false } },
	{ "no boundary",
	  "Content-Type: multipart/report; report-type=delivery-status\n\n--\n"
	  "Content-Type: message/delivery-status\n\nAction: failed\n",
	  { false } },
	{ "a boundary that is too long is none, cut or not",
	  "Content-Type: multipart/report; boundary=" A100 A100
	  "a\n\n--" A100 A100
	  "\nContent-Type: message/delivery-status\n\nAction: failed\n",
	  { false } },
	{ "one of 200 characters is one",
	  "Content-Type: multipart/report; boundary=" A100 A100
	  "\n\n--" A100 A100
	  "\nContent-Type: message/delivery-status\n\nAction: failed\n",
	  { true, 1, 1, NULL, false } },
	{ "the first Content-Type counts",
	  "Content-Type: text/plain\n" USUAL MAIL END,
	  { false } },
	/* --- where parts end */
	{ "blanks behind a boundary, and no last one",
	  REPORT "--B/1=_x \t\nContent-Type: message/delivery-status\n\n" FAILED
		 "--B/1=_x\t\nContent-Type: message/rfc822\n\n"
		 "Message-ID: <1@here.example>",
	  { true, 1, 1, ID, false } },
	{ "nothing counts behind the last boundary",
	  REPORT "--B/1=_x--\n" STATUS FAILED,
	  { false } },
	{ "nothing counts before the first one",
	  REPORT "Content-Type: message/delivery-status\n\n" FAILED END,
	  { false } },
	{ "a part that ends within its header",
	  REPORT
	  "--B/1=_x\nContent-Type: message/delivery-status\n" ORIGINAL MAIL
		  STATUS FAILED END,
	  { false, 0, 0, ID, false } },
	{ "an empty body", REPORT, { false } },
};

static bool is_same(const struct sp_dsn_report *report,
		    const struct expected *expected)
{
	const char *id = report->message_id;
	const char *wanted = expected->id ? expected->id : "";

	id += strspn(id, " ");
	return report->is_dsn == expected->is_dsn &&
	       report->recipients == expected->recipients &&
	       report->failed == expected->failed &&
	       report->was_here == expected->was_here &&
	       strncmp(id, wanted, strlen(wanted)) == 0 &&
	       (wanted[0] || !id[0]);
}

static void check(const struct row *row, size_t chunk, bool has_crlf)
{
	struct dsn_feed feed = {
		.bytes = row->mail,
		.length = strlen(row->mail),
		.chunk = chunk,
		.has_crlf = has_crlf,
	};
	struct sp_dsn_report report;
	struct sp_arena arena;

	dsn_feed(&feed, &arena, &report);
	if (!is_same(&report, &row->expected))
		fail_msg("%s (in pieces of %zu%s): %s, %u of %u failed, '%s'%s",
			 row->sentence, chunk, has_crlf ? ", CR LF" : "",
			 report.is_dsn ? "one" : "none", report.failed,
			 report.recipients, report.message_id,
			 report.was_here ? ", was here" : "");
	sp_arena_clear(&arena);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t chunk = 0; chunk < 4; chunk++) {
			check(&rows[i], chunk, false);
			check(&rows[i], chunk, true);
		}
}

/* A piece of `one` again and again, between a beginning and an end. */
static char *repeat(const char *begin, const char *one, size_t times,
		    const char *end)
{
	size_t length = strlen(one);
	char *text = malloc(strlen(begin) + times * length + strlen(end) + 1);
	char *at = text;

	assert_non_null(text);
	at = stpcpy(at, begin);
	for (size_t i = 0; i < times; i++)
		at = stpcpy(at, one);
	(void)stpcpy(at, end);
	return text;
}

static void test_recipients_have_a_bound(void **state)
{
	char *mail = repeat(REPORT STATUS OF_MAIL, FAILED "\n",
			    SP_DSN_RECIPIENTS_MAX + 5, ORIGINAL MAIL END);
	struct row row = { "many recipients",
			   mail,
			   { true, SP_DSN_RECIPIENTS_MAX, SP_DSN_RECIPIENTS_MAX,
			     ID, false } };

	(void)state;
	check(&row, 0, false);
	free(mail);
}

static void test_traces_have_a_bound(void **state)
{
	char *mail = repeat(USUAL, "Received: by x.example; now\n",
			    SP_DSN_TRACES_MAX,
			    "Received: by mx.here.example; now\n" MAIL END);
	struct row row = { "one trace too many",
			   mail,
			   { true, 1, 1, ID, false } };

	(void)state;
	check(&row, 0, false);
	free(mail);
}

/* Once all is known the rest, which may be long, is not looked at. */
static void test_wants_no_more_than_it_needs(void **state)
{
	static const char header[] =
		"multipart/report; boundary=b; report-type=delivery-status";
	static const char body[] =
		"--b\nContent-Type: message/delivery-status\n\nAction: failed\n"
		"\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <1@x>\n";
	struct sp_dsn_report report;
	struct sp_arena arena;
	struct sp_dsn *dsn;

	(void)state;
	sp_arena_init(&arena, 65536);
	dsn = sp_dsn_new(&arena, &(struct sp_dsn_names){ .is_own = NULL });
	assert_non_null(dsn);
	assert_false(sp_dsn_wants_body(dsn));
	sp_dsn_header(dsn, "Content-type", header);
	assert_true(sp_dsn_wants_body(dsn));
	sp_dsn_body(dsn, (const unsigned char *)body, strlen(body));
	assert_true(sp_dsn_wants_body(dsn));
	sp_dsn_body(dsn, (const unsigned char *)"\n", 1);
	assert_false(sp_dsn_wants_body(dsn));
	sp_dsn_end(dsn, &report);
	assert_int_equal(report.failed, 1);
	assert_string_equal(report.message_id, " <1@x>");
	sp_arena_clear(&arena);
}

static void test_nothing_without_memory(void **state)
{
	struct sp_arena arena;

	(void)state;
	sp_arena_init(&arena, 100);
	assert_null(
		sp_dsn_new(&arena, &(struct sp_dsn_names){ .is_own = NULL }));
	sp_arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_recipients_have_a_bound),
		cmocka_unit_test(test_traces_have_a_bound),
		cmocka_unit_test(test_wants_no_more_than_it_needs),
		cmocka_unit_test(test_nothing_without_memory),
	};

	return cmocka_run_group_tests_name("dsn", tests, NULL, NULL);
}
