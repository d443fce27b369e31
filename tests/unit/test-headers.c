/* What the mail shows. */
#include "sallyport/headers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sallyport/policy.h"
#include "sallyport/text.h"

static const char id[] = "01J00000000000000000000000";

static struct sp_mail mail_with_id(void)
{
	struct sp_mail mail = { .is_open = true };

	strcpy(mail.id, id);
	return mail;
}

static void test_nothing_found(void **state)
{
	const struct sp_verdict verdict = { .refuse = 10 };
	const struct sp_mail mail = mail_with_id();
	struct sp_header headers[SP_OWN_HEADERS];

	(void)state;
	assert_int_equal(sp_headers_build(&mail, &verdict, headers), 1);
	assert_string_equal(headers[0].name, "X-Sallyport-Verdict");
	assert_string_equal(
		headers[0].value,
		"accept; score=0/10; id=01J00000000000000000000000");
}

static void test_all_three(void **state)
{
	const struct sp_verdict verdict = {
		.refuse = 10,
		.score = 2.5,
		.count = 2,
		.findings = { { SP_FINDING_HELO_BARE_IP, "HELO_BARE_IP", 2.5,
				"" },
			      { SP_FINDING_GREYLISTED, "GREYLISTED", 0, "" } },
	};
	struct sp_mail mail = mail_with_id();
	struct sp_header headers[SP_OWN_HEADERS];

	(void)state;
	mail.tally.would_defer = 1;
	mail.degraded = SP_DEGRADED_STORE;
	assert_int_equal(sp_headers_build(&mail, &verdict, headers), 3);
	assert_string_equal(headers[0].value,
			    "accept; score=2.5/10; "
			    "id=01J00000000000000000000000; would=defer");
	assert_string_equal(headers[1].name, "X-Sallyport-Tests");
	assert_string_equal(headers[1].value, "HELO_BARE_IP=2.5, GREYLISTED=0");
	assert_string_equal(headers[2].name, "X-Sallyport-Degraded");
	assert_string_equal(headers[2].value, "store");
}

static void test_long_values_are_folded(void **state)
{
	struct sp_verdict verdict = { .count = SP_FINDINGS_MAX };
	const struct sp_mail mail = mail_with_id();
	struct sp_header headers[SP_OWN_HEADERS];
	const char *line;

	(void)state;
	for (unsigned i = 0; i < SP_FINDINGS_MAX; i++)
		verdict.findings[i] = (struct sp_finding){
			.id = SP_FINDING_DNSBL,
			.name = "DNSBL_ABCDEFGHIJKLMNOPQRSTUVWX",
			.weight = -1.25,
		};
	sp_headers_build(&mail, &verdict, headers);
	assert_null(strchr(headers[1].value, '\r'));
	for (line = headers[1].value; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		assert_true(strcspn(line, "\n") <= 78);
		assert_true(line == headers[1].value || *line == '\t');
	}
	assert_non_null(strchr(headers[1].value, '\n'));
}

static void test_scores_as_people_write_them(void **state)
{
	static const struct {
		double score;
		const char *text;
	} rows[] = {
		{ 0, "0" },	    { -0.0, "0" },	{ 2.5, "2.5" },
		{ 10, "10" },	    { -1.25, "-1.25" }, { 0.1 + 0.2, "0.3" },
		{ 999.9, "999.9" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char bytes[32];
		struct sp_text text;

		sp_text_init(&text, bytes, sizeof(bytes));
		sp_headers_add_score(&text, rows[i].score);
		assert_string_equal(bytes, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_found),
		cmocka_unit_test(test_all_three),
		cmocka_unit_test(test_long_values_are_folded),
		cmocka_unit_test(test_scores_as_people_write_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
