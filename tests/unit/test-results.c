/* What we write about who sent a mail. */
#include "results.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sallyport/auth_results.h"
#include "sallyport/dkim.h"
#include "sallyport/dmarc.h"
#include "sallyport/ip.h"

#define LONG_LABEL                                                             \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG_NAME                                                              \
	LONG_LABEL "." LONG_LABEL "." LONG_LABEL "."                           \
		   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
		   "aaaa"

/* Everything that the writer is told, all of it NOT_RUN. */
struct world {
	struct sp_rdns_fact rdns;
	struct sp_spf_fact spf_helo, spf;
	struct sp_dkim_fact dkim;
	struct sp_dkim_signature signatures[SP_DKIM_FACTS_MAX];
	struct sp_dmarc_fact dmarc;
	struct sp_dmarc_outcome outcome;
	struct sp_facts facts;
	struct sp_ip client;
	struct sp_results_note note;
	char bytes[SP_RESULTS_BYTES_MAX];
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->facts = (struct sp_facts){
		.rdns = &world->rdns,
		.spf_helo = &world->spf_helo,
		.spf = &world->spf,
		.dkim = &world->dkim,
		.dmarc = &world->dmarc,
	};
	world->note = (struct sp_results_note){
		.authserv_id = "mx.here.example",
		.client = &world->client,
		.helo = "mail.a.example",
		.sender = "<ann@a.example>",
		.sender_domain = "a.example",
		.facts = &world->facts,
	};
	world->dmarc.outcome = &world->outcome;
	for (size_t i = 0; i < SP_DKIM_FACTS_MAX; i++)
		world->dkim.signatures[i] = &world->signatures[i];
	assert_int_equal(sp_ip_parse("192.0.2.7", &world->client), SP_OK);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static const char *written(struct world *world, bool is_spf)
{
	struct sp_text text;

	sp_text_init(&text, world->bytes, sizeof(world->bytes));
	if (is_spf)
		sp_received_spf_write(&world->note, &text);
	else
		sp_results_write(&world->note, &text);
	assert_false(text.is_cut);
	return world->bytes;
}

static void assert_written(struct world *world, const char *value)
{
	assert_string_equal(written(world, false), value);
}

static void test_nothing_has_run(void **state)
{
	assert_written(*state, "mx.here.example; none");
}

static void test_iprev(void **state)
{
	static const struct {
		struct sp_rdns_fact fact;
		const char *client;
		const char *value;
	} rows[] = {
		{ { .state = SP_FACT_KNOWN, .kind = SP_RDNS_CONFIRMED },
		  "192.0.2.7",
		  "iprev=pass policy.iprev=192.0.2.7" },
		{ { .state = SP_FACT_KNOWN, .kind = SP_RDNS_NOT_CONFIRMED },
		  "192.0.2.7",
		  "iprev=fail policy.iprev=192.0.2.7" },
		{ { .state = SP_FACT_KNOWN, .kind = SP_RDNS_NONE },
		  "192.0.2.7",
		  "iprev=permerror policy.iprev=192.0.2.7" },
		{ { .state = SP_FACT_UNKNOWN, .kind = SP_RDNS_CONFIRMED },
		  "192.0.2.7",
		  "iprev=temperror policy.iprev=192.0.2.7" },
		{ { .state = SP_FACT_KNOWN, .kind = SP_RDNS_CONFIRMED },
		  "2001:db8::7",
		  "iprev=pass policy.iprev=\"2001:db8::7\"" },
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char value[256] = "mx.here.example;\n\t";

		world->rdns = rows[i].fact;
		assert_int_equal(sp_ip_parse(rows[i].client, &world->client),
				 SP_OK);
		assert_written(world, strcat(value, rows[i].value));
	}
}

static void test_spf(void **state)
{
	static const struct {
		const char *sentence;
		struct sp_spf_fact helo, sender;
		bool is_null_sender;
		const char *said; /* HELO name, when it is another */
		const char *value;
	} rows[] = {
		{ "both",
		  { .state = SP_FACT_KNOWN,
		    .result = SP_SPF_NONE,
		    .domain = "mail.a.example" },
		  { .state = SP_FACT_KNOWN,
		    .result = SP_SPF_PASS,
		    .domain = "a.example" },
		  false,
		  NULL,
		  "spf=pass smtp.mailfrom=a.example;\n\t"
		  "spf=none smtp.helo=mail.a.example" },
		{ "every word is that of the RFC",
		  { .state = SP_FACT_KNOWN, .result = SP_SPF_NEUTRAL },
		  { .state = SP_FACT_KNOWN, .result = SP_SPF_SOFTFAIL },
		  false,
		  NULL,
		  "spf=softfail smtp.mailfrom=a.example;\n\t"
		  "spf=neutral smtp.helo=mail.a.example" },
		{ "errors have a reason",
		  { .state = SP_FACT_KNOWN,
		    .result = SP_SPF_PERMERROR,
		    .reason = "two records" },
		  { .state = SP_FACT_KNOWN, .result = SP_SPF_FAIL },
		  false,
		  NULL,
		  "spf=fail smtp.mailfrom=a.example;\n\t"
		  "spf=permerror reason=\"two records\" "
		  "smtp.helo=mail.a.example" },
		{ "what did not come in time",
		  { .state = SP_FACT_UNKNOWN, .result = SP_SPF_PENDING },
		  { .state = SP_FACT_UNKNOWN, .result = SP_SPF_PASS },
		  false,
		  NULL,
		  "spf=temperror smtp.mailfrom=a.example;\n\t"
		  "spf=temperror smtp.helo=mail.a.example" },
		{ "a null sender is its HELO name",
		  { .state = SP_FACT_KNOWN, .result = SP_SPF_PASS },
		  { .state = SP_FACT_KNOWN,
		    .result = SP_SPF_PASS,
		    .domain = "mail.a.example" },
		  true,
		  NULL,
		  "spf=pass smtp.helo=mail.a.example" },
		{ "... also when only it was asked about",
		  { .state = SP_FACT_NOT_RUN },
		  { .state = SP_FACT_KNOWN,
		    .result = SP_SPF_PASS,
		    .domain = "mail.a.example" },
		  true,
		  NULL,
		  "spf=pass smtp.helo=mail.a.example" },
		{ "a HELO that is no name is quoted",
		  { .state = SP_FACT_KNOWN, .result = SP_SPF_NONE },
		  { .state = SP_FACT_NOT_RUN },
		  false,
		  "[192.0.2.7]",
		  "spf=none smtp.helo=\"[192.0.2.7]\"" },
		{ "... and cannot say anything else",
		  { .state = SP_FACT_KNOWN, .result = SP_SPF_NONE },
		  { .state = SP_FACT_NOT_RUN },
		  false,
		  "a\"; dkim=pass (\\\r\n\tx: \xc3\xa4 z)",
		  "spf=none smtp.helo=\"a\\\"; dkim=pass (\\\\?\?\?x: ?\? z)\"" },
		{ "a HELO with dots at its ends is no name",
		  { .state = SP_FACT_KNOWN, .result = SP_SPF_NONE },
		  { .state = SP_FACT_NOT_RUN },
		  false,
		  "a..b.",
		  "spf=none smtp.helo=\"a..b.\"" },
		{ "no HELO at all",
		  { .state = SP_FACT_KNOWN, .result = SP_SPF_NONE },
		  { .state = SP_FACT_NOT_RUN },
		  false,
		  "",
		  "spf=none" },
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char value[256] = "mx.here.example;\n\t";

		world->spf_helo = rows[i].helo;
		world->spf = rows[i].sender;
		world->facts.is_null_sender = rows[i].is_null_sender;
		world->note.helo =
			rows[i].said ? rows[i].said : "mail.a.example";
		strcat(value, rows[i].value);
		if (strcmp(written(world, false), value) != 0)
			fail_msg("%s: %s", rows[i].sentence, world->bytes);
	}
}

static void test_dkim(void **state)
{
	static const struct {
		const char *sentence;
		struct sp_dkim_signature signature;
		const char *value;
	} rows[] = {
		{ "a plain pass",
		  { .result = SP_DKIM_PASS,
		    .reason = "",
		    .domain = "a.example",
		    .selector = "sel",
		    .identity = "ann@a.example",
		    .algorithm = "rsa-sha256",
		    .hash_start = "mP2k4Zx1" },
		  "dkim=pass header.d=a.example header.s=sel "
		  "header.a=rsa-sha256\n\theader.b=mP2k4Zx1" },
		{ "base64 has to be quoted",
		  { .result = SP_DKIM_PASS,
		    .reason = "",
		    .domain = "a.example",
		    .selector = "sel",
		    .algorithm = "rsa-sha256",
		    .hash_start = "+/k4Zx1=" },
		  "dkim=pass header.d=a.example header.s=sel "
		  "header.a=rsa-sha256\n\theader.b=\"+/k4Zx1=\"" },
		{ "why it does not hold",
		  { .result = SP_DKIM_FAIL,
		    .reason = "the body has changed",
		    .domain = "a.example",
		    .selector = "s",
		    .algorithm = "rsa-sha256",
		    .hash_start = "AAAAAAAA" },
		  "dkim=fail reason=\"the body has changed\" "
		  "header.d=a.example header.s=s\n\theader.a=rsa-sha256 "
		  "header.b=AAAAAAAA" },
		{ "what could not be read is left out",
		  { .result = SP_DKIM_PERMERROR,
		    .reason = "d= is missing",
		    .domain = "",
		    .selector = "",
		    .algorithm = "",
		    .hash_start = "" },
		  "dkim=permerror reason=\"d= is missing\"" },
		{ "what is no name is left out too",
		  { .result = SP_DKIM_PERMERROR,
		    .reason = "",
		    .domain = "a\"; spf=pass",
		    .selector = "s t",
		    .algorithm = "a;b",
		    .hash_start = "\"; x=y" },
		  "dkim=permerror header.b=\"\\\"; x=y\"" },
		{ "a pass that is less than one",
		  { .result = SP_DKIM_PASS,
		    .reason = "",
		    .domain = "a.example",
		    .selector = "s",
		    .algorithm = "rsa-sha256",
		    .hash_start = "AAAAAAAA",
		    .is_partial = true,
		    .is_testing = true },
		  "dkim=pass (testing,partial) header.d=a.example "
		  "header.s=s\n\theader.a=rsa-sha256 header.b=AAAAAAAA" },
		{ "the words of the RFC",
		  { .result = SP_DKIM_POLICY, .reason = "short" },
		  "dkim=policy reason=short" },
		{ "...",
		  { .result = SP_DKIM_NEUTRAL, .reason = "" },
		  "dkim=neutral" },
		{ "...",
		  { .result = SP_DKIM_TEMPERROR, .reason = "" },
		  "dkim=temperror" },
	};
	struct world *world = *state;

	world->dkim.state = SP_FACT_KNOWN;
	world->dkim.count = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char value[256] = "mx.here.example;\n\t";

		world->signatures[0] = rows[i].signature;
		strcat(value, rows[i].value);
		if (strcmp(written(world, false), value) != 0)
			fail_msg("%s: %s", rows[i].sentence, world->bytes);
	}
	world->dkim.count = 0;
	assert_written(world, "mx.here.example;\n\tdkim=none");
	world->dkim.state = SP_FACT_UNKNOWN;
	assert_written(world, "mx.here.example;\n\tdkim=temperror");
}

static void test_dmarc(void **state)
{
	static const struct {
		const char *sentence;
		struct sp_dmarc_outcome outcome;
		const char *value;
	} rows[] = {
		{ "a pass",
		  { .result = SP_DMARC_PASS,
		    .domain = "a.example",
		    .published = SP_DMARC_POLICY_REJECT,
		    .policy = SP_DMARC_POLICY_REJECT,
		    .reason = "SPF says so" },
		  "dmarc=pass (p=reject, disposition=none) "
		  "header.from=a.example\n\tpolicy.dmarc=reject" },
		{ "a policy that is only tested",
		  { .result = SP_DMARC_FAIL,
		    .domain = "a.example",
		    .published = SP_DMARC_POLICY_REJECT,
		    .policy = SP_DMARC_POLICY_QUARANTINE,
		    .reason = "neither" },
		  "dmarc=fail (p=reject, disposition=none) "
		  "header.from=a.example\n\tpolicy.dmarc=quarantine" },
		{ "no policy",
		  { .result = SP_DMARC_NONE,
		    .domain = "a.example",
		    .reason = "none is published" },
		  "dmarc=none header.from=a.example" },
		{ "no author",
		  { .result = SP_DMARC_PERMERROR,
		    .domain = "",
		    .reason = "there is no From field" },
		  "dmarc=permerror reason=\"there is no From field\"" },
		{ "no answer",
		  { .result = SP_DMARC_TEMPERROR,
		    .domain = "a.example",
		    .reason = "DNS did not say" },
		  "dmarc=temperror reason=\"DNS did not say\" "
		  "header.from=a.example" },
	};
	struct world *world = *state;

	world->dmarc.state = SP_FACT_KNOWN;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char value[256] = "mx.here.example;\n\t";

		world->outcome = rows[i].outcome;
		strcat(value, rows[i].value);
		if (strcmp(written(world, false), value) != 0)
			fail_msg("%s: %s", rows[i].sentence, world->bytes);
	}
	world->dmarc.outcome = NULL;
	assert_written(world, "mx.here.example;\n\tdmarc=temperror");
}

static void test_all_in_order(void **state)
{
	struct world *world = *state;

	world->rdns.state = SP_FACT_KNOWN;
	world->spf_helo.state = SP_FACT_UNKNOWN;
	world->spf.state = SP_FACT_UNKNOWN;
	world->dkim.state = SP_FACT_UNKNOWN;
	world->dkim.count = 2;
	world->signatures[0].result = SP_DKIM_FAIL;
	world->signatures[1].result = SP_DKIM_PASS;
	world->dmarc.state = SP_FACT_KNOWN;
	assert_written(world, "mx.here.example;\n\t"
			      "iprev=permerror policy.iprev=192.0.2.7;\n\t"
			      "spf=temperror smtp.mailfrom=a.example;\n\t"
			      "spf=temperror smtp.helo=mail.a.example;\n\t"
			      "dkim=fail;\n\t"
			      "dkim=pass;\n\t"
			      "dmarc=none");
}

/* A field as a milter may hand it on: each line but the first begins with a tab
 * and has something in it; nothing is longer than its longest word makes it. */
static void assert_lines(const char *value)
{
	for (const char *line = value; line; line = strchr(line, '\n')) {
		size_t length;

		if (line != value)
			assert_int_equal(*++line, '\t');
		length = strcspn(line, "\n");
		assert_true(length > 1);
		assert_true(length <= 78 || !memchr(line + 1, ' ', length - 1));
		for (size_t i = 0; i < length; i++)
			assert_true((line[i] >= ' ' && line[i] <= '~') ||
				    (line[i] == '\t' && i == 0));
	}
}

static void test_the_longest_of_all(void **state)
{
	static const char hostile[] =
		"\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\"
		"\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\"
		"\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\"
		"\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\"
		"\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\"
		"\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\"
		"\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\"
		"\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\"
		"\"\\\"\\\"\\\"\\\"\\\"\\";
	struct world *world = *state;

	world->note.authserv_id = LONG_NAME;
	world->note.helo = hostile;
	world->note.sender = hostile;
	world->rdns.state = SP_FACT_KNOWN;
	world->spf_helo = (struct sp_spf_fact){ .state = SP_FACT_KNOWN,
						.result = SP_SPF_PERMERROR,
						.domain = hostile,
						.reason = hostile };
	world->spf = world->spf_helo;
	world->spf.term = hostile;
	world->dkim.state = SP_FACT_KNOWN;
	world->dkim.count = SP_DKIM_FACTS_MAX;
	for (size_t i = 0; i < SP_DKIM_FACTS_MAX; i++)
		world->signatures[i] = (struct sp_dkim_signature){
			.result = SP_DKIM_PERMERROR,
			.reason = LONG_NAME,
			.domain = LONG_NAME,
			.selector = LONG_NAME,
			.algorithm = "ed25519-sha256",
			.hash_start = "++++++++",
			.is_partial = true,
			.is_testing = true,
		};
	world->dmarc.state = SP_FACT_KNOWN;
	world->outcome = (struct sp_dmarc_outcome){
		.result = SP_DMARC_FAIL,
		.domain = LONG_NAME,
		.published = SP_DMARC_POLICY_QUARANTINE,
		.policy = SP_DMARC_POLICY_QUARANTINE,
	};
	assert_lines(written(world, false));
	assert_lines(written(world, true));
}

/* Or two sallyports in a row would believe a stranger. */
static void test_what_we_write_is_known_to_be_ours(void **state)
{
	static const char *const ids[] = { "mx.here.example", "here",
					   "MX.Here.Example" };
	struct world *world = *state;

	world->rdns.state = SP_FACT_UNKNOWN;
	world->spf.state = SP_FACT_UNKNOWN;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const struct sp_auth_names names = { .names = { ids[i] } };
		const char *value;

		world->note.authserv_id = ids[i];
		value = written(world, false);
		assert_true(
			sp_auth_results_claims(value, strlen(value), &names));
		value = written(world, true);
		assert_true(
			sp_received_spf_claims(value, strlen(value), &names));
	}
}

static void test_received_spf(void **state)
{
	struct world *world = *state;

	world->spf = (struct sp_spf_fact){
		.state = SP_FACT_KNOWN,
		.result = SP_SPF_PASS,
		.term = "ip4:192.0.2.0/24",
	};
	assert_string_equal(
		written(world, true),
		"pass client-ip=192.0.2.7; envelope-from=\"ann@a.example\";\n\t"
		"helo=mail.a.example; receiver=mx.here.example; "
		"identity=mailfrom;\n\tmechanism=\"ip4:192.0.2.0/24\"");
	world->spf = (struct sp_spf_fact){
		.state = SP_FACT_UNKNOWN,
		.reason = "DNS did not say\n",
	};
	world->note.sender = "<>";
	assert_int_equal(sp_ip_parse("2001:db8::7", &world->client), SP_OK);
	assert_string_equal(
		written(world, true),
		"temperror client-ip=\"2001:db8::7\"; envelope-from=\"\";\n\t"
		"helo=mail.a.example; receiver=mx.here.example; "
		"identity=mailfrom;\n\tproblem=\"DNS did not say?\"");
	world->note.sender = "<\"a\\\"; receiver=b\"@c.example>\r\nBcc: x";
	assert_non_null(strstr(written(world, true),
			       "envelope-from=\"<\\\"a\\\\\\\"; receiver=b\\\""
			       "@c.example>??Bcc: x\""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_has_run),
		TEST(test_iprev),
		TEST(test_spf),
		TEST(test_dkim),
		TEST(test_dmarc),
		TEST(test_all_in_order),
		TEST(test_the_longest_of_all),
		TEST(test_received_spf),
		TEST(test_what_we_write_is_known_to_be_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
