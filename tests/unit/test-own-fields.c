/* Which fields that come in have to go. */
#include "sallyport/own_fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sallyport/config.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

static const char results[] = "Authentication-Results";
static const char ours[] = " mx.here.example; spf=pass";
static const char others[] = " mx.other.example; spf=pass";

struct fixture {
	struct sp_config config;
	struct sp_service service;
	struct sp_session session;
	struct sp_own_fields *fields;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->config.auth_results = (struct sp_auth_results_config){
		.authserv_id = "",
		.keeps_others = true,
	};
	fixture->config.hostname = "";
	fixture->service.config = &fixture->config;
	fixture->session.service = &fixture->service;
	fixture->session.connection.own_name = "mx.here.example";
	fixture->session.mail.login = "";
	sp_arena_init(&fixture->session.mail.arena, SP_MAIL_LIMIT);
	fixture->fields = &fixture->session.mail.own_fields;
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

static void note(struct fixture *fixture, const char *value)
{
	sp_own_fields_note(&fixture->session, results, value);
}

/* How many of the first `count` go. */
static uint32_t gone(const struct fixture *fixture, enum sp_own_field field,
		     uint32_t count)
{
	uint32_t found = 0;

	for (uint32_t n = 0; n <= count; n++)
		found += sp_own_field_goes(fixture->fields, field, n);
	return found;
}

static void test_fields_are_told_apart_by_their_number(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 1; i <= 200; i++)
		note(fixture, i % 3 == 0 ? ours : others);
	sp_own_fields_note(&fixture->session, "authentication-RESULTS", ours);
	for (uint32_t n = 1; n <= 201; n++)
		assert_int_equal(sp_own_field_goes(fixture->fields,
						   SP_OWN_AUTH_RESULTS, n),
				 n % 3 == 0 || n == 201);
	assert_false(
		sp_own_field_goes(fixture->fields, SP_OWN_AUTH_RESULTS, 0));
	assert_false(
		sp_own_field_goes(fixture->fields, SP_OWN_AUTH_RESULTS, 202));
	assert_int_equal(fixture->fields->forged, 67);
	assert_int_equal(fixture->session.mail.arena.used_bytes,
			 SP_OWN_MARKS_MAX / 8);
}

static void test_honest_mail_takes_no_memory(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < 100; i++)
		note(fixture, others);
	assert_int_equal(fixture->session.mail.arena.used_bytes, 0);
	assert_int_equal(gone(fixture, SP_OWN_AUTH_RESULTS, 200), 0);
}

static void test_beyond_what_can_be_marked_all_go(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < SP_OWN_MARKS_MAX + 500; i++)
		note(fixture, others);
	assert_int_equal(gone(fixture, SP_OWN_AUTH_RESULTS, 100000), 500);
	assert_false(sp_own_field_goes(fixture->fields, SP_OWN_AUTH_RESULTS,
				       SP_OWN_MARKS_MAX));
	assert_true(sp_own_field_goes(fixture->fields, SP_OWN_AUTH_RESULTS,
				      SP_OWN_MARKS_MAX + 1));
}

static void test_without_memory_all_go(void **state)
{
	struct fixture *fixture = *state;

	sp_arena_init(&fixture->session.mail.arena, 16);
	note(fixture, others);
	note(fixture, ours);
	note(fixture, others);
	note(fixture, ours);
	assert_false(
		sp_own_field_goes(fixture->fields, SP_OWN_AUTH_RESULTS, 1));
	assert_int_equal(gone(fixture, SP_OWN_AUTH_RESULTS, 4), 3);
}

static void test_whose_fields_are_believed(void **state)
{
	static const struct {
		const char *sentence;
		bool is_trusted, is_local;
		const char *login;
		bool is_believed;
	} rows[] = {
		{ "a stranger's are not", false, false, "", false },
		{ "those of a server of ours are", true, false, "", true },
		{ "those of who has logged in are not", false, false, "alice",
		  false },
		{ "... not even from a machine of ours", true, false, "alice",
		  false },
		{ "those of the sendmail command are not", true, true, "",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture *fixture;
		bool goes;

		set_up((void **)&fixture);
		fixture->session.connection.is_trusted = rows[i].is_trusted;
		fixture->session.connection.is_local = rows[i].is_local;
		fixture->session.mail.login = rows[i].login;
		note(fixture, ours);
		note(fixture, others);
		sp_own_fields_note(&fixture->session, "X-Sallyport-Tests", "x");
		goes = gone(fixture, SP_OWN_AUTH_RESULTS, 2) == 1;
		if (goes == rows[i].is_believed ||
		    fixture->fields->has_results != rows[i].is_believed ||
		    fixture->fields->forged != !rows[i].is_believed)
			fail_msg("%s", rows[i].sentence);
		/* An id in it would be another mail's. */
		assert_int_equal(gone(fixture, SP_OWN_TESTS, 1), 1);
		tear_down((void **)&fixture);
	}
}

static void test_all_our_names_count(void **state)
{
	static const char *const values[] = {
		"id.example; x",      "host.example; x",
		"mx.here.example; x", "mx2.family.example; x",
		"other.example; x",
	};
	struct fixture *fixture = *state;
	struct sp_list *families;

	assert_int_equal(sp_list_new(SP_LIST_NAMES, &families), SP_OK);
	assert_int_equal(sp_list_add(families, "family.example", "test", 1),
			 SP_OK);
	fixture->config.auth_results.authserv_id = "id.example";
	fixture->config.hostname = "host.example";
	fixture->config.helo.own_names = families;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		note(fixture, values[i]);
	assert_int_equal(gone(fixture, SP_OWN_AUTH_RESULTS, 5), 4);
	assert_false(
		sp_own_field_goes(fixture->fields, SP_OWN_AUTH_RESULTS, 5));
	sp_list_free(&families);
}

static void test_received_spf_goes_only_if_we_write_one(void **state)
{
	static const char name[] = "received-spf";
	static const char value[] = "pass receiver=mx.here.example";
	struct fixture *fixture = *state;

	sp_own_fields_note(&fixture->session, name, value);
	assert_int_equal(gone(fixture, SP_OWN_RECEIVED_SPF, 9), 0);
	fixture->config.auth_results.adds_received_spf = true;
	sp_own_fields_note(&fixture->session, name, "pass receiver=a.example");
	sp_own_fields_note(&fixture->session, name, value);
	assert_int_equal(gone(fixture, SP_OWN_RECEIVED_SPF, 9), 1);
	assert_true(sp_own_field_goes(fixture->fields, SP_OWN_RECEIVED_SPF, 2));
}

/* ------------------------------------------------ fields of other servers */

static void test_fields_of_others_are_kept_in_their_order(void **state)
{
	static const char *const values[][2] = {
		{ " a.example; none", "a.example; none" },
		{ "b.example;\n\tspf=pass", "b.example;\n\tspf=pass" },
		{ " c.example;\r\n spf=pass", "c.example;\n spf=pass" },
		{ " d.example;\nBcc: x", "d.example; Bcc: x" },
		{ " e.example;\rBcc: x\n", "e.example;Bcc: x " },
		{ " \xc3\xa9.example; x", "\xc3\xa9.example; x" },
		{ "", "" },
	};
	const size_t count = sizeof(values) / sizeof(values[0]);
	struct fixture *fixture = *state;
	const struct sp_kept_field *kept;

	fixture->config.auth_results.keeps_others = false;
	note(fixture, ours);
	for (size_t i = 0; i < count; i++)
		note(fixture, values[i][0]);
	assert_int_equal(gone(fixture, SP_OWN_AUTH_RESULTS, 99), count + 1);
	kept = fixture->fields->kept;
	for (size_t i = 0; i < count; i++) {
		assert_non_null(kept);
		assert_string_equal(kept->value, values[i][1]);
		kept = kept->next;
	}
	assert_null(kept);
}

static void test_what_is_kept_is_bounded(void **state)
{
	struct fixture *fixture = *state;
	char *value = malloc(SP_KEPT_VALUE_MAX + 2);
	size_t count = 0;

	assert_non_null(value);
	memset(value, 'x', SP_KEPT_VALUE_MAX + 1);
	value[SP_KEPT_VALUE_MAX + 1] = '\0';
	memcpy(value, others, sizeof(others) - 1);
	fixture->config.auth_results.keeps_others = false;
	note(fixture, value);
	assert_null(fixture->fields->kept);
	value[SP_KEPT_VALUE_MAX] = '\0';
	for (unsigned i = 0; i < 100; i++)
		note(fixture, value);
	assert_int_equal(fixture->fields->kept_bytes, SP_KEPT_BYTES_MAX);
	for (const struct sp_kept_field *kept = fixture->fields->kept; kept;
	     kept = kept->next)
		count++;
	assert_int_equal(count, SP_KEPT_BYTES_MAX / SP_KEPT_VALUE_MAX);
	assert_int_equal(gone(fixture, SP_OWN_AUTH_RESULTS, 101), 101);
	free(value);
}

static void test_so_is_their_number(void **state)
{
	struct fixture *fixture = *state;

	fixture->config.auth_results.keeps_others = false;
	for (unsigned i = 0; i < 100; i++)
		note(fixture, others);
	assert_int_equal(fixture->fields->kept_count, SP_KEPT_FIELDS_MAX);
	assert_int_equal(gone(fixture, SP_OWN_AUTH_RESULTS, 100), 100);
}

static void test_a_server_of_ours_keeps_those_of_others(void **state)
{
	struct fixture *fixture = *state;

	fixture->config.auth_results.keeps_others = false;
	fixture->session.connection.is_trusted = true;
	note(fixture, others);
	assert_int_equal(gone(fixture, SP_OWN_AUTH_RESULTS, 1), 0);
	assert_null(fixture->fields->kept);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fields_are_told_apart_by_their_number),
		TEST(test_honest_mail_takes_no_memory),
		TEST(test_beyond_what_can_be_marked_all_go),
		TEST(test_without_memory_all_go),
		cmocka_unit_test(test_whose_fields_are_believed),
		TEST(test_all_our_names_count),
		TEST(test_received_spf_goes_only_if_we_write_one),
		TEST(test_fields_of_others_are_kept_in_their_order),
		TEST(test_what_is_kept_is_bounded),
		TEST(test_so_is_their_number),
		TEST(test_a_server_of_ours_keeps_those_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
