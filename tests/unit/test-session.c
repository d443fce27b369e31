/* What is noted of a session, and what a stranger cannot make of it. */
#include "sallyport/session.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sallyport/check.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/service.h"
#include "sallyport/store.h"
#include "sallyport/text.h"

struct fixture {
	struct sp_service_slot *slot;
	struct sp_session *session;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct sp_config_errors *errors = calloc(1, sizeof(*errors));
	const struct sp_config *config;

	assert_non_null(fixture);
	assert_non_null(errors);
	assert_int_equal(sp_config_load(NULL, &config, errors), SP_OK);
	free(errors);
	assert_int_equal(
		sp_service_slot_new(config, sp_clock_real(), &fixture->slot),
		SP_OK);
	fixture->session = sp_session_new(sp_service_get(fixture->slot));
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	sp_session_free(&fixture->session);
	sp_service_slot_free(&fixture->slot);
	free(fixture);
	return 0;
}

static void connect_from(struct sp_session *session, const char *address,
			 uint16_t port)
{
	struct sockaddr_in client = { .sin_family = AF_INET,
				      .sin_port = htons(port) };

	assert_int_equal(inet_pton(AF_INET, address, &client.sin_addr), 1);
	sp_session_note_connect(
		session, &(struct sp_connect_note){
				 .client_name = "mail.example.org",
				 .address = (const struct sockaddr *)&client,
				 .own_name = "mx.here.example",
				 .own_address = "198.51.100.25",
			 });
}

static void test_who_is_exempt(void **state)
{
	static const struct {
		const char *sentence;
		const char *address;
		uint16_t port;
		const char *login;
		bool is_exempt;
	} rows[] = {
		{ "a stranger is not", "192.0.2.7", 4321, NULL, false },
		{ "a client in a trusted network is", "127.0.0.3", 4321, NULL,
		  true },
		{ "who has logged in is", "192.0.2.7", 4321, "alice", true },
		{ "an empty login is none", "192.0.2.7", 4321, "", false },
		{ "mail from Postfix's sendmail command is (port 0)",
		  "192.0.2.7", 0, NULL, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture *fixture;

		set_up((void **)&fixture);
		connect_from(fixture->session, rows[i].address, rows[i].port);
		sp_session_note_mail(fixture->session, "<a@example.org>",
				     rows[i].login, NULL);
		if (sp_session_is_exempt(fixture->session) != rows[i].is_exempt)
			fail_msg("%s", rows[i].sentence);
		tear_down((void **)&fixture);
	}
}

static void test_a_client_without_address(void **state)
{
	struct fixture *fixture = *state;

	sp_session_note_connect(fixture->session, &(struct sp_connect_note){
							  .client_name = NULL,
						  });
	sp_session_note_mail(fixture->session, "<a@example.org>", NULL, NULL);
	assert_int_equal(fixture->session->connection.client.family,
			 SP_IP_NONE);
	/* No address is no privilege. */
	assert_false(sp_session_is_exempt(fixture->session));
}

static void test_long_texts_are_cut(void **state)
{
	struct fixture *fixture = *state;
	struct sp_session *session = fixture->session;
	struct sp_recipient recipient;
	char *text = malloc(65536);

	assert_non_null(text);
	memset(text, 'a', 65535);
	text[65535] = '\0';
	for (int i = 0; i < 100; i++)
		sp_session_note_helo(session, text);
	assert_int_equal(strlen(session->connection.helo), SP_HELO_TEXT_MAX);
	sp_session_note_mail(session, text, text, text);
	assert_int_equal(strlen(session->mail.sender), SP_PATH_TEXT_MAX);
	assert_int_equal(strlen(session->mail.login), SP_LOGIN_TEXT_MAX);
	assert_int_equal(strlen(session->mail.queue_id), SP_QUEUE_ID_MAX);
	for (int i = 0; i < 10000; i++) {
		sp_session_note_recipient(session, text, &recipient);
		session->mail.tally.accepted++;
		sp_session_end_recipient(session);
	}
	assert_true(session->mail.arena.used_bytes < 8192);
	assert_true(strlen(recipient.key) < SP_ADDRESS_SIZE);
	free(text);
}

static void test_what_cannot_be_read_is_not_the_null_sender(void **state)
{
	struct fixture *fixture = *state;
	struct sp_session *session = fixture->session;

	sp_session_note_mail(session, "<a@b@@c d>", NULL, NULL);
	assert_int_equal(session->mail.sender_kind, SP_ADDRESS_BAD);
	assert_string_not_equal(session->mail.sender_key, "");
	sp_session_note_mail(session, "<>", NULL, NULL);
	assert_int_equal(session->mail.sender_kind, SP_ADDRESS_NULL);
	assert_string_equal(session->mail.sender_key, "");
}

static void test_a_mail_leaves_nothing_to_the_next(void **state)
{
	struct fixture *fixture = *state;
	struct sp_session *session = fixture->session;
	char first_id[SP_ID_SIZE];

	sp_session_note_mail(session, "<a@example.org>", "alice", "Q1");
	session->mail.tally.refused = 3;
	session->mail.degraded = SP_DEGRADED_STORE;
	strcpy(first_id, session->mail.id);
	sp_session_note_header(session, "x-sallyport-VERDICT", "x");
	sp_session_note_mail(session, "<b@example.org>", NULL, NULL);
	assert_string_not_equal(session->mail.id, first_id);
	assert_string_equal(session->mail.login, "");
	assert_string_equal(session->mail.queue_id, "");
	assert_int_equal(session->mail.tally.refused, 0);
	assert_int_equal(session->mail.degraded, 0);
	assert_int_equal(session->mail.own_fields.counts[SP_OWN_VERDICT], 0);
}

static void test_only_our_headers_are_counted(void **state)
{
	static const char *const names[] = {
		"X-Sallyport-Verdict",
		"x-sallyport-verdict",
		"X-SALLYPORT-TESTS",
		"X-Sallyport-Degraded",
		"X-Sallyport-Other",
		"X-Sallyport",
		"Received",
		"",
		"x",
	};
	struct fixture *fixture = *state;
	const struct sp_mail *mail = &fixture->session->mail;

	sp_session_note_mail(fixture->session, "<>", NULL, NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		sp_session_note_header(fixture->session, names[i], "x");
	assert_int_equal(mail->own_fields.counts[SP_OWN_VERDICT], 2);
	assert_int_equal(mail->own_fields.counts[SP_OWN_TESTS], 1);
	assert_int_equal(mail->own_fields.counts[SP_OWN_DEGRADED], 1);
}

static void test_no_time_left_is_said(void **state)
{
	struct fixture *fixture = *state;
	struct sp_session *session = fixture->session;
	struct sp_recipient recipient;

	connect_from(session, "192.0.2.7", 4321);
	sp_session_note_mail(session, "<a@example.org>", NULL, NULL);
	session->mail.waited_us =
		(uint32_t)session->service->config->budget.mail_ms * 1000;
	sp_session_note_recipient(session, "<b@here.example>", &recipient);
	sp_checks_run(session, SP_STAGE_RCPT);
	sp_checks_run(session, SP_STAGE_GREYLIST);
	assert_int_equal(recipient.greylist.state, SP_FACT_NOT_RUN);
	assert_int_equal(session->mail.degraded, SP_DEGRADED_TIME);
	/* What does not wait is looked at all the same. */
	assert_int_equal(recipient.access.state, SP_FACT_KNOWN);
}

static void test_a_silent_store_is_unknown(void **state)
{
	struct fixture *fixture = *state;
	struct sp_session *session = fixture->session;
	struct sp_recipient recipient;

	/* The default configuration's embedded Redis does not run here. */
	connect_from(session, "192.0.2.7", 4321);
	sp_session_note_mail(session, "<a@example.org>", NULL, NULL);
	sp_session_note_recipient(session, "<b@here.example>", &recipient);
	sp_checks_run(session, SP_STAGE_RCPT);
	sp_checks_run(session, SP_STAGE_GREYLIST);
	assert_int_equal(recipient.greylist.state, SP_FACT_UNKNOWN);
	assert_int_equal(session->mail.degraded, SP_DEGRADED_STORE);
	assert_false(sp_greylist_must_wait(&recipient.greylist));
}

static void test_names_of_what_was_degraded(void **state)
{
	char bytes[32];
	struct sp_text text;

	(void)state;
	sp_text_init(&text, bytes, sizeof(bytes));
	sp_facts_add_degraded(&text, SP_DEGRADED_STORE | SP_DEGRADED_TIME);
	assert_string_equal(bytes, "store, time");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_exempt),
		TEST(test_a_client_without_address),
		TEST(test_long_texts_are_cut),
		TEST(test_what_cannot_be_read_is_not_the_null_sender),
		TEST(test_a_mail_leaves_nothing_to_the_next),
		TEST(test_only_our_headers_are_counted),
		TEST(test_no_time_left_is_said),
		TEST(test_a_silent_store_is_unknown),
		cmocka_unit_test(test_names_of_what_was_degraded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
