/* test-notify-letter.c - what a notice says in JSON and in a mail, whatever a
 * submitter calls himself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "letter.h"
#include "sallyport/notify.h"
#include "sallyport/text.h"

static struct sp_notice notice_of(enum sp_submitter_state state,
				  enum sp_submitter_cause cause)
{
	return (struct sp_notice){
		.about = SP_NOTICE_SUBMITTER,
		.at_ms = INT64_C(1763783445678),
		.submitter = "sasl:alice@example.org",
		.standing = { .state = state,
			      .since_ms = INT64_C(1763783445678),
			      .until_ms = INT64_C(1763869845678),
			      .why = { .cause = cause,
				       .counted = SP_COUNTED_RECIPIENTS,
				       .count = 312,
				       .most = 300,
				       .window_ms = 3600000 } },
		.mail_id = "01J00000000000000000000000",
		.queue_id = "4dBkQ01yQmz3",
		.client = "192.0.2.7",
	};
}

static struct sp_letter letter_of(const struct sp_notice *notice)
{
	return (struct sp_letter){ .notice = notice,
				   .host = "mx.example.org",
				   .to = "postmaster@example.org",
				   .message_id = "01J@mx.example.org" };
}

static void test_json_says_all(void **state)
{
	struct sp_notice notice = notice_of(SP_SUBMITTER_HOLD, SP_CAUSE_LIMIT);
	struct sp_letter letter = letter_of(&notice);
	char *line = sp_letter_json(&letter);

	(void)state;
	assert_string_equal(
		line,
		"{\"event\":\"submitter\",\"time\":\"2025-11-22T03:50:45Z\","
		"\"host\":\"mx.example.org\","
		"\"submitter\":\"sasl:alice@example.org\",\"state\":\"hold\","
		"\"since\":\"2025-11-22T03:50:45Z\","
		"\"until\":\"2025-11-23T03:50:45Z\",\"is_observed\":false,"
		"\"why\":\"312 recipients in the last hour; the limit is 300\","
		"\"cause\":{\"kind\":\"limit\",\"counted\":\"recipients\","
		"\"count\":312,\"most\":300,\"window_sec\":3600},"
		"\"mail\":\"01J00000000000000000000000\","
		"\"queue\":\"4dBkQ01yQmz3\",\"client\":\"192.0.2.7\"}\n");
	free(line);
}

static void test_json_of_a_test_says_that_it_is_one(void **state)
{
	struct sp_notice notice = { .about = SP_NOTICE_TEST,
				    .at_ms = INT64_C(1763783445678) };
	struct sp_letter letter = letter_of(&notice);
	char *line = sp_letter_json(&letter);

	(void)state;
	assert_string_equal(line, "{\"event\":\"test\","
				  "\"time\":\"2025-11-22T03:50:45Z\","
				  "\"host\":\"mx.example.org\"}\n");
	free(line);
}

static const char *const hostile[] = {
	"sasl:\"},{\"event\":\"test",
	"sasl:a\\\"b",
	"sasl:a\r\nBcc: everybody@example.org\r\n\r\nHello",
	"sasl:\x80\xff\xc3",
	"sasl:\xc3\xa9\xe2\x80\xa8",
	"sasl:$(reboot);`reboot`'reboot'",
	"sasl:%s%n%x",
	"sasl:\x1b[31m\x7f\x01",
	"",
};

/* Of every cause and state. */
static void for_each(void (*judge)(const struct sp_notice *notice))
{
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++)
		for (unsigned step = 0; step < 16; step++) {
			struct sp_notice notice = notice_of(step / 4, step % 4);

			sp_text_copy(notice.submitter, sizeof(notice.submitter),
				     hostile[i]);
			sp_text_copy(notice.queue_id, sizeof(notice.queue_id),
				     hostile[i]);
			sp_text_copy(notice.client, sizeof(notice.client),
				     hostile[i]);
			sp_text_copy(notice.standing.why.words,
				     SP_SUBMITTER_WORDS_SIZE, hostile[i]);
			notice.standing.is_observed = step & 1;
			judge(&notice);
		}
}

static void judge_json(const struct sp_notice *notice)
{
	struct sp_letter letter = letter_of(notice);
	char *line = sp_letter_json(&letter);
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(object);
	assert_string_equal(json_string_value(json_object_get(object, "event")),
			    "submitter");
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	for (const char *c = line; *c != '\n'; c++)
		assert_in_range(*c, ' ', '~');
	json_decref(object);
	free(line);
}

static void test_json_is_sound_whatever_it_says(void **state)
{
	(void)state;
	for_each(judge_json);
}

/* How many lines begin with that. */
static unsigned count_lines(const char *text, const char *start)
{
	unsigned count = strncmp(text, start, strlen(start)) == 0;

	while ((text = strchr(text, '\n')) != NULL) {
		text++;
		count += strncmp(text, start, strlen(start)) == 0;
	}
	return count;
}

static void judge_mail(const struct sp_notice *notice)
{
	struct sp_letter letter = letter_of(notice);
	char *mail = sp_letter_mail(&letter);
	char *body = strstr(mail, "\n\n");

	assert_non_null(body);
	for (const char *c = mail; *c != '\0'; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
	assert_int_equal(mail[strlen(mail) - 1], '\n');
	*body = '\0';
	assert_int_equal(count_lines(mail, ""), 9);
	assert_int_equal(count_lines(mail, "Bcc"), 0);
	assert_int_equal(count_lines(mail, "Auto-Submitted: auto-generated"),
			 1);
	assert_int_equal(count_lines(mail, "To: <postmaster@example.org>"), 1);
	/* Commands to be copied: one argument, whoever it is. */
	assert_int_equal(count_lines(body + 1, "  sallyport user "), 2);
	for (char *at = body + 1; (at = strstr(at, "  sallyport user "));
	     at++) {
		char *open = strchr(at, '\'');

		assert_ptr_equal(strchr(open + 1, '\''), strchr(at, '\n') - 1);
	}
	free(mail);
}

static void test_a_mail_is_sound_whatever_it_says(void **state)
{
	(void)state;
	for_each(judge_mail);
}

struct mail_row {
	const char *sentence;
	enum sp_submitter_state state;
	bool is_observed;
	const char *subject, *body;
};

static const struct mail_row mail_rows[] = {
	{ "watched", SP_SUBMITTER_WATCH, false, "is watched\n",
	  " is watched.\nIts mail goes out, and is marked.\n" },
	{ "held", SP_SUBMITTER_HOLD, false, "is held\n",
	  " is held.\nIts mail is kept in the mail server's queue.\n" },
	{ "locked", SP_SUBMITTER_LOCKED, false, "is locked\n",
	  " is locked.\nIts mail is not taken.\n" },
	{ "observed to be locked", SP_SUBMITTER_LOCKED, true, "is locked\n",
	  "observes. If it enforced:\nits mail is not taken.\n" },
	{ "observed to be watched, which is no different", SP_SUBMITTER_WATCH,
	  true, "is watched\n", "\nIts mail goes out, and is marked.\n" },
};

static void test_a_mail_says_what_has_happened(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mail_rows) / sizeof(*mail_rows); i++) {
		const struct mail_row *row = &mail_rows[i];
		struct sp_notice notice = notice_of(row->state, SP_CAUSE_LIMIT);
		struct sp_letter letter = letter_of(&notice);
		char subject[128], *mail;

		notice.standing.is_observed = row->is_observed;
		mail = sp_letter_mail(&letter);
		snprintf(subject, sizeof(subject),
			 "\nSubject: [sallyport] sasl:alice@example.org %s",
			 row->subject);
		if (strstr(mail, subject) == NULL ||
		    strstr(mail, row->body) == NULL ||
		    strstr(mail, "\n  why      312 recipients in the last "
				 "hour; the limit is 300\n") == NULL ||
		    strstr(mail, "\nDate: Sat, 22 Nov 2025 03:50:45 +0000\n") ==
			    NULL)
			fail_msg("%s: %s", row->sentence, mail);
		free(mail);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_says_all),
		cmocka_unit_test(test_json_of_a_test_says_that_it_is_one),
		cmocka_unit_test(test_json_is_sound_whatever_it_says),
		cmocka_unit_test(test_a_mail_is_sound_whatever_it_says),
		cmocka_unit_test(test_a_mail_says_what_has_happened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
