/* Who a sender is taken for. */
#include "sallyport/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sallyport/config.h"
#include "sallyport/ip.h"
#include "sallyport/organisation.h"

/* What is known of a mail from 192.0.2.77, and its identities: best first. */
struct row {
	const char *sentence;
	struct sp_spf_fact spf;
	struct sp_rdns_fact rdns;
	const char *identities; /* without the network, which is always last */
	const char *proofs;
};

#define PASS(name)                                                             \
	{                                                                      \
		.state = SP_FACT_KNOWN, .result = SP_SPF_PASS,                 \
		.domain = (name),                                              \
	}
#define RESULT(what)                                                           \
	{                                                                      \
		.state = SP_FACT_KNOWN, .result = (what),                      \
		.domain = "a.example",                                         \
	}
#define NO_SPF                                                                 \
	{                                                                      \
		.state = SP_FACT_NOT_RUN                                       \
	}
#define CALLED(what)                                                           \
	{                                                                      \
		.state = SP_FACT_KNOWN, .kind = SP_RDNS_CONFIRMED,             \
		.name = (what),                                                \
	}
#define NO_NAME                                                                \
	{                                                                      \
		.state = SP_FACT_KNOWN, .kind = SP_RDNS_NONE, .name = "",      \
	}

static const struct row rows[] = {
	{ "nothing is proven: the address alone", NO_SPF, NO_NAME, "", "" },
	{ "a domain that passed SPF", PASS("a.example"), NO_NAME,
	  "domain:a.example ", "spf " },
	{ "however it was written", PASS("A.Example."), NO_NAME,
	  "domain:a.example ", "spf " },
	{ "SPF proves that name and not the one above it",
	  PASS("news.a.example"), NO_NAME, "domain:news.a.example ", "spf " },
	{ "the client's name proves its organisation", NO_SPF,
	  CALLED("out7.mail.provider.example"), "domain:provider.example ",
	  "rdns " },
	{ "SPF goes before the client's name", PASS("a.example"),
	  CALLED("mx.provider.example"),
	  "domain:a.example domain:provider.example ", "spf rdns " },
	{ "where both say the same it is said once", PASS("a.example"),
	  CALLED("mx.a.example"), "domain:a.example ", "spf " },
	{ "a record that passes the world proves nothing",
	  { .state = SP_FACT_KNOWN,
	    .result = SP_SPF_PASS,
	    .passes_world = true,
	    .domain = "a.example" },
	  CALLED("mx.provider.example"),
	  "domain:provider.example ",
	  "rdns " },
	{ "SPF that fails proves nothing", RESULT(SP_SPF_FAIL), NO_NAME, "",
	  "" },
	{ "nor does softfail", RESULT(SP_SPF_SOFTFAIL), NO_NAME, "", "" },
	{ "nor does neutral", RESULT(SP_SPF_NEUTRAL), NO_NAME, "", "" },
	{ "nor does none", RESULT(SP_SPF_NONE), NO_NAME, "", "" },
	{ "nor does an error", RESULT(SP_SPF_PERMERROR), NO_NAME, "", "" },
	{ "nor does a pass that is not known yet",
	  { .state = SP_FACT_UNKNOWN,
	    .result = SP_SPF_PASS,
	    .domain = "a.example" },
	  NO_NAME,
	  "",
	  "" },
	{ "a name of one label is nobody's", PASS("localhost"), NO_NAME, "",
	  "" },
	{ "nor is what is no name", PASS("a..example} {"), NO_NAME, "", "" },
	{ "a customer's line is everybody's",
	  NO_SPF,
	  { .state = SP_FACT_KNOWN,
	    .kind = SP_RDNS_CONFIRMED,
	    .name = "dsl-192-0-2-77.provider.example",
	    .generic = "it holds the address" },
	  "",
	  "" },
	{ "a name that does not lead back proves nothing",
	  NO_SPF,
	  { .state = SP_FACT_KNOWN,
	    .kind = SP_RDNS_NOT_CONFIRMED,
	    .name = "mx.provider.example" },
	  "",
	  "" },
	{ "nor does one that DNS did not tell in time",
	  NO_SPF,
	  { .state = SP_FACT_UNKNOWN,
	    .kind = SP_RDNS_CONFIRMED,
	    .name = "mx.provider.example" },
	  "",
	  "" },
	{ "a public suffix is no organisation", NO_SPF, CALLED("co.uk"), "",
	  "" },
	{ "below one each name is its own", NO_SPF, CALLED("mx.shop.co.uk"),
	  "domain:shop.co.uk ", "rdns " },
	{ "customers of a listed shared domain are not each other", NO_SPF,
	  CALLED("host.user1.github.io"), "domain:user1.github.io ", "rdns " },
	{ "a registry may send for itself, and for nobody below", PASS("co.uk"),
	  NO_NAME, "domain:co.uk ", "spf " },
};

static void describe(const struct sp_identity *found, size_t count,
		     char identities_out[512], char proofs_out[64])
{
	identities_out[0] = proofs_out[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		strcat(identities_out, found[i].text);
		strcat(identities_out, " ");
		strcat(proofs_out, sp_identity_proof_text(found[i].proof));
		strcat(proofs_out, " ");
	}
}

static struct sp_ip ip(const char *text)
{
	struct sp_ip ip;

	assert_int_equal(sp_ip_parse(text, &ip), SP_OK);
	return ip;
}

static const struct sp_greylist_config config = { .ipv4_prefix = 24,
						  .ipv6_prefix = 64 };

static void test_rows(void **state)
{
	const struct sp_ip client = ip("192.0.2.77");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct sp_identity_question question = {
			.client = &client,
			.spf = &rows[i].spf,
			.rdns = &rows[i].rdns,
			.suffixes = *state,
		};
		struct sp_identity found[SP_IDENTITIES_MAX];
		char identities[512], proofs[64];
		size_t count;

		print_message("  %s\n", rows[i].sentence);
		count = sp_identities_find(&question, &config, found);
		assert_in_range(count, 1, SP_IDENTITIES_MAX);
		assert_string_equal(found[count - 1].text, "net:192.0.2.0/24");
		assert_int_equal(found[count - 1].proof, SP_IDENTITY_NETWORK);
		describe(found, count - 1, identities, proofs);
		assert_string_equal(identities, rows[i].identities);
		assert_string_equal(proofs, rows[i].proofs);
	}
}

static void test_a_client_without_address_is_nobody(void **state)
{
	const struct sp_spf_fact spf = PASS("a.example");
	const struct sp_rdns_fact rdns = NO_NAME;
	const struct sp_ip client = { .family = SP_IP_NONE };
	const struct sp_identity_question question = { &client, &spf, &rdns,
						       *state };
	struct sp_identity found[SP_IDENTITIES_MAX];

	assert_int_equal(sp_identities_find(&question, &config, found), 0);
}

static void test_the_longest_domain_fits(void **state)
{
	const struct sp_ip client = ip("2001:db8:7::25");
	const struct sp_rdns_fact rdns = NO_NAME;
	char name[SP_DOMAIN_SIZE];
	struct sp_spf_fact spf = PASS(name);
	const struct sp_identity_question question = { &client, &spf, &rdns,
						       *state };
	struct sp_identity found[SP_IDENTITIES_MAX];

	memset(name, 'a', sizeof(name));
	name[63] = name[127] = name[191] = '.';
	name[253] = '\0';
	assert_int_equal(sp_identities_find(&question, &config, found), 2);
	assert_int_equal(strlen(found[0].text), 7 + 253);
	assert_string_equal(found[1].text, "net:2001:db8:7::/64");
}

static int set_up(void **state)
{
	return sp_suffixes_new(NULL, (struct sp_suffixes **)state);
}

static int tear_down(void **state)
{
	sp_suffixes_free((struct sp_suffixes **)state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_a_client_without_address_is_nobody),
		cmocka_unit_test(test_the_longest_domain_fits),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
