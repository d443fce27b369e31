/* What MAIL FROM says, as SPF takes it. */
#include "sallyport/spf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *sentence;
	const char *path;
	const char *sender;
} rows[] = {
	{ "brackets are taken off", "<a@b.example>", "a@b.example" },
	{ "without brackets", "a@b.example", "a@b.example" },
	{ "the null sender", "<>", "" },
	{ "nothing", "", "" },
	{ "half a bracket is part of it", "<a@b.example", "<a@b.example" },
	{ "a single bracket", "<", "<@" },
	{ "a source route is dropped", "<@r.example,@s.example:a@b.example>",
	  "a@b.example" },
	{ "a route that leads nowhere", "<@r.example:>", "" },
	{ "no route, but no local part", "<@b.example>", "@b.example" },
	{ "quotes stay", "<\"a:b c\"@b.example>", "\"a:b c\"@b.example" },
	{ "quoted at signs stay", "<\"a@c\"@b.example>", "\"a@c\"@b.example" },
	{ "the case stays", "<A@B.Example>", "A@B.Example" },
	{ "without a domain it gets an empty one", "<postmaster>",
	  "postmaster@" },
	{ "a domain alone is no domain", "<b.example>", "b.example@" },
	{ "U-labels become A-labels", "<a@p\xc3\xa4ss.example>",
	  "a@xn--pss-qla.example" },
	{ "8 bits in the local part stay", "<j\xc3\xb6@b.example>",
	  "j\xc3\xb6@b.example" },
	{ "a domain of Latin-1 stays what it is", "<a@p\xe4ss.example>",
	  "a@p\xe4ss.example" },
	{ "a literal stays", "<a@[192.0.2.1]>", "a@[192.0.2.1]" },
};

static void test_senders(void **state)
{
	char sender[SP_SPF_SENDER_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sp_spf_sender(rows[i].path, sender);
		if (strcmp(sender, rows[i].sender) != 0)
			fail_msg("%s: %s", rows[i].sentence, sender);
	}
}

/* A sender that is cut is no other sender. */
static void test_a_long_sender_has_no_record(void **state)
{
	static const char end[] = "@b.example.org>";
	char path[2 * SP_SPF_SENDER_SIZE];
	char sender[SP_SPF_SENDER_SIZE];

	(void)state;
	for (size_t length = 400; length < SP_SPF_SENDER_SIZE + 20; length++) {
		struct sp_spf_request request = { .sender = sender,
						  .helo = "helo.example",
						  .receiver = "here.example" };
		struct sp_spf *spf;
		const char *domain;

		path[0] = '<';
		memset(path + 1, 'a', length);
		strcpy(path + 1 + length, end);
		sp_spf_sender(path, sender);
		sp_ip_parse("192.0.2.1", &request.client);
		spf = sp_spf_new(&request);
		domain = sp_spf_outcome_get(spf)->domain;
		if (domain[0] != '\0')
			assert_string_equal(domain, "b.example.org");
		sp_spf_free(&spf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_a_long_sender_has_no_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
