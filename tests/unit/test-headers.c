/* What the mail shows. */
#include "sallyport/headers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sallyport/config.h"
#include "sallyport/policy.h"
#include "sallyport/service.h"
#include "sallyport/text.h"

static const char id[] = "01J00000000000000000000000";

/* A mail of a session that no check has looked at. */
struct fixture {
	struct sp_config config;
	struct sp_service service;
	struct sp_session session;
	struct sp_headers headers;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct sp_session *session;

	assert_non_null(fixture);
	session = &fixture->session;
	fixture->config.auth_results.authserv_id = "";
	fixture->config.auth_results.keeps_others = true;
	fixture->config.hostname = "";
	fixture->service.config = &fixture->config;
	session->service = &fixture->service;
	session->connection.own_name = "mx.here.example";
	session->mail = (struct sp_mail){
		.is_open = true,
		.login = "",
		.sender = "<a@b.example>",
		.sender_kind = SP_ADDRESS_FULL,
		.sender_domain = "b.example",
	};
	sp_arena_init(&session->mail.arena, SP_MAIL_LIMIT);
	strcpy(session->mail.id, id);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	sp_arena_clear(&fixture->session.mail.arena);
	free(fixture);
	return 0;
}

static const char *value_of(const struct fixture *fixture, const char *name)
{
	for (size_t i = 0; i < fixture->headers.count; i++)
		if (strcmp(fixture->headers.list[i].name, name) == 0)
			return fixture->headers.list[i].value;
	return NULL;
}

static void build(struct fixture *fixture, const struct sp_verdict *verdict)
{
	sp_headers_build(&fixture->session, verdict, &fixture->headers);
}

static void test_nothing_found(void **state)
{
	const struct sp_verdict verdict = { .refuse = 10 };
	struct fixture *fixture = *state;

	build(fixture, &verdict);
	assert_int_equal(fixture->headers.count, 1);
	assert_string_equal(
		value_of(fixture, "X-Sallyport-Verdict"),
		"accept; score=0/10; id=01J00000000000000000000000");
}

static void test_all_of_them_in_order(void **state)
{
	static const char *const names[] = {
		"Authentication-Results",     "Received-SPF",
		"X-Sallyport-Verdict",	      "X-Sallyport-Tests",
		"X-Sallyport-Degraded",	      "Old-Authentication-Results",
		"Old-Authentication-Results",
	};
	const struct sp_verdict verdict = {
		.refuse = 10,
		.score = 2.5,
		.count = 2,
		.findings = { { SP_FINDING_HELO_BARE_IP, "HELO_BARE_IP", 2.5,
				"" },
			      { SP_FINDING_GREYLISTED, "GREYLISTED", 0, "" } },
	};
	struct fixture *fixture = *state;
	struct sp_session *session = &fixture->session;

	fixture->config.auth_results.is_enabled = true;
	fixture->config.auth_results.adds_received_spf = true;
	fixture->config.auth_results.keeps_others = false;
	session->mail.tally.would_defer = 1;
	session->mail.degraded = SP_DEGRADED_STORE;
	session->mail.spf.state = SP_FACT_UNKNOWN;
	sp_own_fields_note(session, "Authentication-Results", " a.example; x");
	sp_own_fields_note(session, "Authentication-Results", "b.example; x");
	build(fixture, &verdict);
	assert_int_equal(fixture->headers.count, 7);
	for (size_t i = 0; i < 7; i++)
		assert_string_equal(fixture->headers.list[i].name, names[i]);
	assert_string_equal(
		value_of(fixture, names[0]),
		"mx.here.example;\n\tspf=temperror smtp.mailfrom=b.example");
	assert_string_equal(value_of(fixture, names[2]),
			    "accept; score=2.5/10; "
			    "id=01J00000000000000000000000; would=defer");
	assert_string_equal(value_of(fixture, names[3]),
			    "HELO_BARE_IP=2.5, GREYLISTED=0");
	assert_string_equal(value_of(fixture, names[4]), "store");
	assert_string_equal(fixture->headers.list[5].value, "a.example; x");
	assert_string_equal(fixture->headers.list[6].value, "b.example; x");
}

static void test_long_values_are_folded(void **state)
{
	struct sp_verdict verdict = { .count = SP_FINDINGS_MAX };
	struct fixture *fixture = *state;
	const char *value;
	const char *line;

	for (unsigned i = 0; i < SP_FINDINGS_MAX; i++)
		verdict.findings[i] = (struct sp_finding){
			.id = SP_FINDING_DNSBL,
			.name = "DNSBL_ABCDEFGHIJKLMNOPQRSTUVWX",
			.weight = -1.25,
		};
	build(fixture, &verdict);
	value = value_of(fixture, "X-Sallyport-Tests");
	assert_null(strchr(value, '\r'));
	for (line = value; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		assert_true(strcspn(line, "\n") <= 78);
		assert_true(line == value || *line == '\t');
	}
	assert_non_null(strchr(value, '\n'));
}

/* Whose name our results bear: the option, our own, the MTA's. */
static void test_who_we_are(void **state)
{
	static const struct {
		const char *sentence;
		const char *option, *hostname, *mta;
		const char *value; /* NULL: no field */
	} rows[] = {
		{ "the option first", "a.example", "b.example", "c.example",
		  "a.example; none" },
		{ "then our name", "", "b.example", "c.example",
		  "b.example; none" },
		{ "then the MTA's", "", "", "c.example", "c.example; none" },
		{ "a name that is none is quoted", "", "", "no name\xff",
		  "\"no name?\"; none" },
		{ "who has none says nothing", "", "", "", NULL },
	};
	const struct sp_verdict verdict = { .refuse = 10 };
	struct fixture *fixture = *state;

	fixture->config.auth_results.is_enabled = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *value;

		fixture->config.auth_results.authserv_id = rows[i].option;
		fixture->config.hostname = rows[i].hostname;
		fixture->session.connection.own_name = rows[i].mta;
		build(fixture, &verdict);
		value = value_of(fixture, "Authentication-Results");
		if (rows[i].value ? !value || strcmp(value, rows[i].value) != 0
				  : value != NULL)
			fail_msg("%s: %s", rows[i].sentence, value);
	}
}

static void test_results_that_came_from_a_server_of_ours_are_enough(
	void **state)
{
	const struct sp_verdict verdict = { .refuse = 10 };
	struct fixture *fixture = *state;

	fixture->config.auth_results.is_enabled = true;
	fixture->session.mail.own_fields.has_results = true;
	build(fixture, &verdict);
	assert_null(value_of(fixture, "Authentication-Results"));
	fixture->session.connection.rdns.state = SP_FACT_UNKNOWN;
	build(fixture, &verdict);
	assert_non_null(value_of(fixture, "Authentication-Results"));
}

static void test_received_spf_is_of_a_check_that_has_run(void **state)
{
	const struct sp_verdict verdict = { .refuse = 10 };
	struct fixture *fixture = *state;

	fixture->config.auth_results.adds_received_spf = true;
	build(fixture, &verdict);
	assert_null(value_of(fixture, "Received-SPF"));
	fixture->session.mail.spf.state = SP_FACT_UNKNOWN;
	build(fixture, &verdict);
	assert_non_null(value_of(fixture, "Received-SPF"));
	fixture->config.auth_results.adds_received_spf = false;
	build(fixture, &verdict);
	assert_null(value_of(fixture, "Received-SPF"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_found),
		TEST(test_all_of_them_in_order),
		TEST(test_long_values_are_folded),
		TEST(test_who_we_are),
		TEST(test_results_that_came_from_a_server_of_ours_are_enough),
		TEST(test_received_spf_is_of_a_check_that_has_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
