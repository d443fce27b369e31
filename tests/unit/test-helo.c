/* What a client's name for itself is worth: one row, one sentence. */
#include "sallyport/helo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sallyport/config.h"

struct row {
	const char *sentence;
	const char *helo;
	enum sp_helo_kind kind;
};

/* The client is 192.0.2.7; the MTA calls itself mx.here.example and was
 * connected to at 198.51.100.25. Ours are *.ours.example and 203.0.113.0/28
 * as well. */
static const struct row rows[] = {
	{ "a host name", "mail.example.org", SP_HELO_FINE },
	{ "a host name with a trailing dot", "mail.example.org.",
	  SP_HELO_FINE },
	{ "an underscore is met in real life", "mail_out.example.org",
	  SP_HELO_FINE },
	{ "digits are fine in a label", "192-0-2-7.dsl.example.org",
	  SP_HELO_FINE },
	{ "nothing at all", "", SP_HELO_NONE },
	{ "one label", "localhost", SP_HELO_NOT_FQDN },
	{ "one label, as Windows says it", "WIN-9KQ2J", SP_HELO_NOT_FQDN },
	{ "its own address as a literal", "[192.0.2.7]", SP_HELO_FINE },
	{ "its own address as a tagged literal", "[IPv6:::ffff:192.0.2.7]",
	  SP_HELO_FINE },
	{ "somebody else's address as a literal", "[192.0.2.8]",
	  SP_HELO_WRONG_LITERAL },
	{ "a private address as a literal", "[10.0.0.3]",
	  SP_HELO_WRONG_LITERAL },
	{ "its own address without brackets", "192.0.2.7", SP_HELO_BARE_IP },
	{ "an IPv6 address without brackets", "2001:db8::1", SP_HELO_BARE_IP },
	{ "our own name", "mx.here.example", SP_HELO_FORGED },
	{ "our own name in capitals", "MX.Here.Example", SP_HELO_FORGED },
	{ "another host of our domain is not us", "mx2.here.example",
	  SP_HELO_FINE },
	{ "a name that the operator called ours", "a.ours.example",
	  SP_HELO_FORGED },
	{ "our own address as a literal", "[198.51.100.25]", SP_HELO_FORGED },
	{ "our own address without brackets", "198.51.100.25", SP_HELO_FORGED },
	{ "an address that the operator called ours", "[203.0.113.3]",
	  SP_HELO_FORGED },
	{ "a space within", "mail example.org", SP_HELO_INVALID },
	{ "an empty label", "mail..example.org", SP_HELO_INVALID },
	{ "an address literal left open", "[192.0.2.7", SP_HELO_INVALID },
	{ "an address literal with junk", "[192.0.2.7]x", SP_HELO_INVALID },
	{ "an empty literal", "[]", SP_HELO_INVALID },
	{ "8-bit characters", "m\xc3\xa4il.example.org", SP_HELO_INVALID },
	{ "a line end smuggled in", "a.example\r\nRSET", SP_HELO_INVALID },
};

static void test_rows(void **state)
{
	struct sp_helo_config config = { .is_enabled = true };
	struct sp_ip client, own;
	size_t failed = 0;

	(void)state;
	assert_int_equal(sp_list_new(SP_LIST_NAMES, &config.own_names), SP_OK);
	assert_int_equal(sp_list_new(SP_LIST_NETWORKS, &config.own_addresses),
			 SP_OK);
	sp_list_add(config.own_names, "ours.example", "test", 1);
	sp_list_add(config.own_addresses, "203.0.113.0/28", "test", 2);
	sp_ip_parse("192.0.2.7", &client);
	sp_ip_parse("198.51.100.25", &own);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct sp_helo_question question = {
			.helo = rows[i].helo,
			.client = &client,
			.own_name = "mx.here.example",
			.own_address = &own,
			.config = &config,
		};
		struct sp_helo_fact fact = { 0 };

		sp_helo_judge(&question, &fact);
		if (fact.state == SP_FACT_KNOWN && fact.kind == rows[i].kind)
			continue;
		print_error("%s: \"%s\" is kind %d, expected %d\n",
			    rows[i].sentence, rows[i].helo, (int)fact.kind,
			    (int)rows[i].kind);
		failed++;
	}
	sp_list_free(&config.own_names);
	sp_list_free(&config.own_addresses);
	assert_int_equal(failed, 0);
}

static void test_without_knowing_ourselves(void **state)
{
	const struct sp_helo_config config = { .is_enabled = true };
	const struct sp_ip nobody = { 0 };
	struct sp_helo_fact fact;

	(void)state;
	sp_helo_judge(&(struct sp_helo_question){ .helo = "[192.0.2.1]",
						  .client = &nobody,
						  .own_name = "",
						  .own_address = &nobody,
						  .config = &config },
		      &fact);
	assert_int_equal(fact.kind, SP_HELO_WRONG_LITERAL);
	sp_helo_judge(&(struct sp_helo_question){ .helo = "a.example",
						  .client = &nobody,
						  .own_name = "",
						  .own_address = &nobody,
						  .config = &config },
		      &fact);
	assert_int_equal(fact.kind, SP_HELO_FINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_without_knowing_ourselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
