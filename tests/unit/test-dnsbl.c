/* Rules for DNS lists and what answers mean: one row, one sentence. */
#include "sallyport/dnsbl.h"
#include "sallyport/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define A63		   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct refusal {
	const char *sentence;
	const char *text;
	enum sp_err err;
	const char *error; /* how the sentence told begins */
};

static const struct refusal refusals[] = {
	{ "nothing", "", SP_ERR_SYNTAX,
	  "expected a name of letters, digits and '_', found the end" },
	{ "no name", ": bl.example", SP_ERR_SYNTAX,
	  "expected a name of letters, digits and '_', found \":\"" },
	{ "a name with a hyphen", "A-B: bl.example.org", SP_ERR_SYNTAX,
	  "expected ':' behind the name, found \"-\"" },
	{ "a zone alone, as postscreen has it", "bl.example.org*2",
	  SP_ERR_SYNTAX, "expected ':' behind the name, found \".\"" },
	{ "a name of 25 characters",
	  "A234567890123456789012345: bl.example.org", SP_ERR_TOO_LONG,
	  "the name is longer than 24 characters" },
	{ "no zone", "A:", SP_ERR_SYNTAX,
	  "expected a zone such as bl.example.org, found the end" },
	{ "a filter without a zone", "A: =127.0.0.2", SP_ERR_SYNTAX,
	  "expected a zone such as bl.example.org, found \"=\"" },
	{ "a zone of one label", "A: localhost", SP_ERR_SYNTAX,
	  "expected a zone such as bl.example.org, found what is no domain" },
	{ "an address for a zone", "A: 192.0.2.1", SP_ERR_SYNTAX,
	  "expected a zone such as bl.example.org, found what is no domain" },
	{ "a zone with an empty label", "A: bl..example.org", SP_ERR_SYNTAX,
	  "expected a zone such as bl.example.org, found what is no domain" },
	{ "a zone that leaves no room for a question",
	  "A: " A63 "." A63 "." A63, SP_ERR_TOO_LONG,
	  "the zone is longer than 189 characters" },
	{ "two zones", "A: bl.example.org bl.example.net", SP_ERR_SYNTAX,
	  "expected '=FILTER', '*WEIGHT' or the end, found \"b\"" },
	{ "an empty filter", "A: bl.example.org=", SP_ERR_SYNTAX,
	  "expected an octet: a number, [A..B;C] or {BIT}, found the end" },
	{ "three octets", "A: bl.example.org=127.0.0", SP_ERR_SYNTAX,
	  "expected '.' and four octets in the filter, found the end" },
	{ "five octets", "A: bl.example.org=127.0.0.1.2", SP_ERR_SYNTAX,
	  "expected '=FILTER', '*WEIGHT' or the end, found \".\"" },
	{ "an octet too large", "A: bl.example.org=127.0.0.256", SP_ERR_RANGE,
	  "expected a number from 0 to 255, found a larger one" },
	{ "an octet beyond all bounds",
	  "A: bl.example.org=127.0.0.99999999999999999999999", SP_ERR_RANGE,
	  "expected a number from 0 to 255, found a larger one" },
	{ "a star for an octet", "A: bl.example.org=127.0.0.*", SP_ERR_SYNTAX,
	  "expected an octet: a number, [A..B;C] or {BIT}, found \"*\"" },
	{ "an empty set", "A: bl.example.org=127.0.0.[]", SP_ERR_SYNTAX,
	  "expected a number from 0 to 255, found \"]\"" },
	{ "a set left open", "A: bl.example.org=127.0.0.[2;3", SP_ERR_SYNTAX,
	  "expected '..', ';' or ']', found the end" },
	{ "a set with a comma", "A: bl.example.org=127.0.0.[2,3]",
	  SP_ERR_SYNTAX, "expected '..', ';' or ']', found \",\"" },
	{ "a range backwards", "A: bl.example.org=127.0.0.[11..2]",
	  SP_ERR_RANGE, "expected a range such as [2..11], found one that" },
	{ "a range of three", "A: bl.example.org=127.0.0.[2..4..6]",
	  SP_ERR_SYNTAX, "expected '..', ';' or ']', found \".\"" },
	{ "a mask of two bits in one number", "A: bl.example.org=127.0.0.{6}",
	  SP_ERR_RANGE, "expected the value of one bit within {}" },
	{ "a mask of no bit", "A: bl.example.org=127.0.0.{0}", SP_ERR_RANGE,
	  "expected the value of one bit within {}" },
	{ "a mask with a range", "A: bl.example.org=127.0.0.{2..4}",
	  SP_ERR_SYNTAX, "expected ';' or '}', found \".\"" },
	{ "a filter that nothing can fit", "A: bl.example.org=10.0.0.1",
	  SP_ERR_RANGE, "expected a filter of answers in 127.0.0.0/8" },
	{ "an empty weight", "A: bl.example.org*", SP_ERR_SYNTAX,
	  "expected a weight such as 2.5 or -1, found the end" },
	{ "a weight in words", "A: bl.example.org*inf", SP_ERR_SYNTAX,
	  "expected a weight such as 2.5 or -1, found \"i\"" },
	{ "a weight with a comma", "A: bl.example.org*2,5", SP_ERR_SYNTAX,
	  "expected '=FILTER', '*WEIGHT' or the end, found \",\"" },
	{ "a weight with an exponent", "A: bl.example.org*1e9", SP_ERR_SYNTAX,
	  "expected '=FILTER', '*WEIGHT' or the end, found \"e\"" },
	{ "a weight beyond 100", "A: bl.example.org*100.001", SP_ERR_RANGE,
	  "expected a weight from -100 to 100, found one beyond" },
	{ "a weight beyond all bounds",
	  "A: bl.example.org*-99999999999999999999", SP_ERR_RANGE,
	  "expected a weight from -100 to 100, found one beyond" },
	{ "four places", "A: bl.example.org*1.2345", SP_ERR_SYNTAX,
	  "expected at most three decimal places, found \"5\"" },
	{ "a line end smuggled in", "A: bl.example.org*1\r\nB: c.example",
	  SP_ERR_SYNTAX,
	  "expected '=FILTER', '*WEIGHT' or the end, found \"\\x0d\"" },
	{ "a name taken for another zone", "THERE: bl.example.net",
	  SP_ERR_EXISTS, "the name belongs to another zone already" },
	{ "the very same rule", "there: BL.Example.org.=127.0.0.[2..2]*3",
	  SP_ERR_EXISTS, "this name has a rule with this filter already" },
};

static void test_refusals(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
		const struct refusal *row = &refusals[i];
		struct sp_dnsbl_rules rules;
		char error[SP_DNSBL_ERROR_SIZE];
		enum sp_err err;

		sp_dnsbl_rules_init(&rules);
		sp_dnsbl_rules_add(&rules, "THERE: bl.example.org=127.0.0.2",
				   error);
		err = sp_dnsbl_rules_add(&rules, row->text, error);
		if (err == row->err && rules.rule_count == 1 &&
		    rules.zone_count == 1 &&
		    !strncmp(error, row->error, strlen(row->error)))
			continue;
		print_error("%s: err %d, \"%s\"; expected %d, \"%s\"\n",
			    row->sentence, (int)err, error, (int)row->err,
			    row->error);
		failed++;
	}
	assert_int_equal(failed, 0);
}

static void must_add(struct sp_dnsbl_rules *rules, const char *text)
{
	char error[SP_DNSBL_ERROR_SIZE];

	if (sp_dnsbl_rules_add(rules, text, error) != SP_OK)
		fail_msg("%s: %s", text, error);
	assert_string_equal(error, "");
}

static void test_what_a_rule_holds(void **state)
{
	struct sp_dnsbl_rules rules;

	(void)state;
	sp_dnsbl_rules_init(&rules);
	must_add(&rules, "  zen_sbl :\tZen.Example.ORG.=127.0.0.2*-2.05  ");
	must_add(&rules, "A: zen.example.org*+100");
	must_add(&rules, "B:bl.example.org");
	must_add(&rules, "A: zen.example.org=127.0.0.3*0.5");
	assert_int_equal(rules.rule_count, 4);
	assert_int_equal(rules.zone_count, 2);
	assert_string_equal(rules.zones[0], "zen.example.org");
	assert_string_equal(rules.zones[1], "bl.example.org");
	assert_string_equal(rules.rules[0].name, "ZEN_SBL");
	assert_int_equal(rules.rules[1].zone, 0);
	assert_int_equal(rules.rules[2].zone, 1);
	assert_true(rules.rules[0].weight < -2.0499 &&
		    rules.rules[0].weight > -2.0501);
	assert_true(rules.rules[1].weight > 99.9);
	assert_true(rules.rules[2].weight > 0.99 &&
		    rules.rules[2].weight < 1.01);
}

static void test_bounds(void **state)
{
	struct sp_dnsbl_rules rules;
	char text[100], error[SP_DNSBL_ERROR_SIZE];

	(void)state;
	sp_dnsbl_rules_init(&rules);
	for (int i = 0; i < SP_DNSBL_MAX_ZONES; i++) {
		snprintf(text, sizeof(text), "Z%d: z%d.example", i, i);
		must_add(&rules, text);
	}
	assert_int_equal(sp_dnsbl_rules_add(&rules, "Y: y.example", error),
			 SP_ERR_TOO_LONG);
	assert_string_equal(error, "there are 32 zones already, and no more "
				   "are possible");
	for (int i = SP_DNSBL_MAX_ZONES; i < SP_DNSBL_MAX_RULES; i++) {
		snprintf(text, sizeof(text), "R: z1.example=127.0.0.%d", i);
		must_add(&rules, text);
	}
	assert_int_equal(sp_dnsbl_rules_add(&rules, "Y: z1.example", error),
			 SP_ERR_TOO_LONG);
	assert_string_equal(error, "there are 64 rules already, and no more "
				   "are possible");
}

/* What a rule makes of answers. */
#define FOUND(...)                                                             \
	{                                                                      \
		.state = SP_DNSBL_FOUND,                                       \
		.count = sizeof((uint32_t[]){ __VA_ARGS__ }) /                 \
			 sizeof(uint32_t),                                     \
		.addresses = {                                                 \
			__VA_ARGS__                                            \
		}                                                              \
	}
#define LISTED(last) FOUND(0x7f000000 + (last))

struct judgement {
	const char *sentence;
	const char *rule;
	struct sp_dnsbl_answer answer;
	bool is_hit;
	enum sp_dnsbl_error error;
};

static const struct judgement judgements[] = {
	{ "an answer fits a rule without a filter", "A: bl.example.org",
	  LISTED(2), true, SP_DNSBL_FINE },
	{ "and so does any other in 127/8", "A: bl.example.org",
	  FOUND(0x7f010203), true, SP_DNSBL_FINE },
	{ "an address that is not listed",
	  "A: bl.example.org",
	  { .state = SP_DNSBL_ABSENT },
	  false,
	  SP_DNSBL_FINE },
	{ "a zone that was not asked",
	  "A: bl.example.org",
	  { .count = 0 },
	  false,
	  SP_DNSBL_FINE },
	{ "a zone that failed is neither",
	  "A: bl.example.org",
	  { .state = SP_DNSBL_FAILED },
	  false,
	  SP_DNSBL_SILENT },
	{ "an answer without addresses lists nobody",
	  "A: bl.example.org",
	  { .state = SP_DNSBL_FOUND },
	  false,
	  SP_DNSBL_FINE },
	{ "one number", "A: bl.example.org=127.0.0.2", LISTED(2), true,
	  SP_DNSBL_FINE },
	{ "another number", "A: bl.example.org=127.0.0.2", LISTED(3), false,
	  SP_DNSBL_FINE },
	{ "the first of a range", "A: bl.example.org=127.0.0.[2..11;32]",
	  LISTED(2), true, SP_DNSBL_FINE },
	{ "the last of a range", "A: bl.example.org=127.0.0.[2..11;32]",
	  LISTED(11), true, SP_DNSBL_FINE },
	{ "behind a range", "A: bl.example.org=127.0.0.[2..11;32]", LISTED(12),
	  false, SP_DNSBL_FINE },
	{ "the number after the range", "A: bl.example.org=127.0.0.[2..11;32]",
	  LISTED(32), true, SP_DNSBL_FINE },
	{ "sets in several octets",
	  "A: bl.example.org=127.[0..1].[2;4].[0..255]", FOUND(0x7f0104ff),
	  true, SP_DNSBL_FINE },
	{ "the third octet counts too", "A: bl.example.org=127.0.0.2",
	  FOUND(0x7f000102), false, SP_DNSBL_FINE },
	{ "a bit among others", "A: bl.example.org=127.0.0.{8}", LISTED(88),
	  true, SP_DNSBL_FINE },
	{ "a bit that is not set", "A: bl.example.org=127.0.0.{4}", LISTED(88),
	  false, SP_DNSBL_FINE },
	{ "one of two bits", "A: bl.example.org=127.0.0.{4;8}", LISTED(8), true,
	  SP_DNSBL_FINE },
	{ "the highest bit", "A: bl.example.org=127.0.0.{128}", LISTED(128),
	  true, SP_DNSBL_FINE },
	{ "one of several addresses", "A: bl.example.org=127.0.0.4",
	  FOUND(0x7f000002, 0x7f000004), true, SP_DNSBL_FINE },
	{ "a parked zone lists nobody", "A: bl.example.org", FOUND(0xc0000201),
	  false, SP_DNSBL_OUTSIDE_127 },
	{ "just below 127/8", "A: bl.example.org", FOUND(0x7effffff), false,
	  SP_DNSBL_OUTSIDE_127 },
	{ "just above 127/8", "A: bl.example.org", FOUND(0x80000000), false,
	  SP_DNSBL_OUTSIDE_127 },
	{ "one address of a parked zone spoils the others", "A: bl.example.org",
	  FOUND(0x7f000002, 0xc0000201), false, SP_DNSBL_OUTSIDE_127 },
	{ "a typing error", "A: bl.example.org", FOUND(0x7ffffffc), false,
	  SP_DNSBL_TYPING_ERROR },
	{ "an open resolver", "A: bl.example.org", FOUND(0x7ffffffe), false,
	  SP_DNSBL_REFUSED_OPEN_RESOLVER },
	{ "over quota", "A: bl.example.org", FOUND(0x7fffffff), false,
	  SP_DNSBL_OVER_QUOTA },
	{ "an error without a name", "A: bl.example.org", FOUND(0x7fffff03),
	  false, SP_DNSBL_REFUSED },
	{ "an error that the filter asks for",
	  "A: bl.example.org=127.255.255.254", FOUND(0x7ffffffe), false,
	  SP_DNSBL_REFUSED_OPEN_RESOLVER },
	{ "127.0.0.1 is no listing", "A: bl.example.org=127.0.0.[0..255]",
	  LISTED(1), false, SP_DNSBL_REFUSED },
	{ "URIBL says so by 127.0.0.1", "A: multi.uribl.com=127.0.0.{2}",
	  LISTED(1), false, SP_DNSBL_REFUSED },
	{ "SURBL says so by 127.0.0.1", "A: multi.surbl.org=127.0.0.{8}",
	  LISTED(1), false, SP_DNSBL_REFUSED },
	{ "127.0.0.255 of another list is a listing", "A: bl.example.org",
	  LISTED(255), true, SP_DNSBL_FINE },
	{ "127.0.0.255 of DNSWL is over quota", "A: list.dnswl.org",
	  LISTED(255), false, SP_DNSBL_OVER_QUOTA },
	{ "127.0.10.3 of DNSWL is over quota", "A: list.dnswl.org",
	  FOUND(0x7f000a03), false, SP_DNSBL_OVER_QUOTA },
	{ "127.0.10.0 of DNSWL is what its test point has", "A: list.dnswl.org",
	  FOUND(0x7f000a00), true, SP_DNSBL_FINE },
	{ "127.0.9.3 of DNSWL is a trusted host", "A: list.dnswl.org",
	  FOUND(0x7f000903), true, SP_DNSBL_FINE },
	{ "127.0.10.3 of another list is a listing", "A: bl.example.org",
	  FOUND(0x7f000a03), true, SP_DNSBL_FINE },
	{ "a name that only ends like DNSWL's is another list",
	  "A: notdnswl.org", LISTED(255), true, SP_DNSBL_FINE },
	{ "DBL was asked about an address", "A: dbl.spamhaus.org",
	  FOUND(0x7f0001ff), false, SP_DNSBL_TYPING_ERROR },
	{ "DBL by key was asked about an address", "A: k.dbl.dq.spamhaus.net",
	  FOUND(0x7f0001ff), false, SP_DNSBL_TYPING_ERROR },
};

static void test_judgements(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(judgements); i++) {
		const struct judgement *row = &judgements[i];
		struct sp_dnsbl_rules rules;
		struct sp_dnsbl_fact fact;

		sp_dnsbl_rules_init(&rules);
		must_add(&rules, row->rule);
		sp_dnsbl_judge(&rules, &row->answer, 1, &fact);
		if (fact.hits == row->is_hit && fact.errors[0] == row->error &&
		    fact.silent_in == (row->error != SP_DNSBL_FINE) &&
		    fact.answered_in == (row->error == SP_DNSBL_FINE &&
					 row->answer.state != 0))
			continue;
		print_error("%s: hits %llu, error \"%s\"\n", row->sentence,
			    (unsigned long long)fact.hits,
			    sp_dnsbl_error_text(fact.errors[0]));
		failed++;
	}
	assert_int_equal(failed, 0);
}

static void test_zones_together(void **state)
{
	static const struct sp_dnsbl_answer answers[] = {
		FOUND(0x7f000002, 0x7f00000a),
		{ .state = SP_DNSBL_FAILED },
		LISTED(2),
		LISTED(2)
	};
	struct sp_dnsbl_rules rules;
	struct sp_dnsbl_fact fact;

	(void)state;
	sp_dnsbl_rules_init(&rules);
	must_add(&rules, "A_TWO: a.example=127.0.0.2");
	must_add(&rules, "B: b.example");
	must_add(&rules, "C: c.example");
	must_add(&rules, "A_TEN: a.example=127.0.0.10");
	must_add(&rules, "A_LOW: a.example=127.0.0.[3..9]");
	must_add(&rules, "D: d.example");
	/* d.example answers, but is not well. */
	sp_dnsbl_judge(&rules, answers, 7, &fact);
	assert_int_equal(fact.hits, 1 | 1 << 2 | 1 << 3);
	assert_int_equal(fact.silent_in, 2 | 8);
	assert_int_equal(fact.answered_in, 1 | 4);
	assert_int_equal(fact.listed_in, 1 | 4);
	assert_int_equal(fact.errors[0], SP_DNSBL_FINE);
	assert_int_equal(fact.errors[1], SP_DNSBL_SILENT);
	assert_int_equal(fact.errors[3], SP_DNSBL_FINE);
}

static void test_shown_zones(void **state)
{
	static const struct {
		const char *sentence;
		const char *zone;
		const char *shown;
	} zones[] = {
		{ "a public zone", "zen.spamhaus.org", "zen.spamhaus.org" },
		{ "a key of Spamhaus",
		  "abcdefghijklmnopqrstuvwxyz.zen.dq.spamhaus.net",
		  "*.zen.dq.spamhaus.net" },
		{ "a short one, in capitals", "K.zen.DQ.Spamhaus.net",
		  "*.zen.DQ.Spamhaus.net" },
		{ "a question with a key", "7.2.0.192.k.zen.dq.spamhaus.net",
		  "7.2.0.192.*.zen.dq.spamhaus.net" },
		{ "a zone of Spamhaus without a key", "zen.dq.spamhaus.net",
		  "zen.dq.spamhaus.net" },
		{ "a key of Abusix", "0123abcd.combined.mail.abusix.zone",
		  "*.combined.mail.abusix.zone" },
		{ "a label that looks like a key",
		  "a1b2c3d4e5f60718.bl.example.org", "*.bl.example.org" },
		{ "a long label that does not",
		  "surbl-org-permanent-test-point.com",
		  "surbl-org-permanent-test-point.com" },
		{ "a long word", "internationalisation.example.org",
		  "internationalisation.example.org" },
		{ "nothing", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(zones); i++) {
		char text[SP_DOMAIN_SIZE], rule[SP_DOMAIN_SIZE];
		char wanted[SP_DOMAIN_SIZE];
		struct sp_text shown;

		assert_string_equal(sp_dnsbl_zone_show(zones[i].zone, text),
				    zones[i].shown);
		/* The same zone within a rule. */
		snprintf(rule, sizeof(rule), "Z: %s=127.0.0.[2;9]*-1",
			 zones[i].zone);
		snprintf(wanted, sizeof(wanted), "Z: %s=127.0.0.[2;9]*-1",
			 zones[i].shown);
		sp_text_init(&shown, text, sizeof(text));
		sp_dnsbl_rule_show(rule, &shown);
		assert_string_equal(text, wanted);
		assert_int_equal(sp_dnsbl_zone_is_secret(zones[i].zone),
				 strchr(zones[i].shown, '*') != NULL);
	}
}

static void test_errors_keep_keys(void **state)
{
	static const char *const texts[] = {
		"A: secretkey12345678.zen.dq.spamhaus.net=127.0.0.256",
		"A: secretkey12345678.zen.dq..spamhaus.net",
		"A: secretkey12345678.zen.dq.spamhaus.net*x",
		"A secretkey12345678.zen.dq.spamhaus.net",
		"secretkey12345678.zen.dq.spamhaus.net",
		"A: x.example, secretkey12345678.zen.dq.spamhaus.net",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		struct sp_dnsbl_rules rules;
		char error[SP_DNSBL_ERROR_SIZE];

		sp_dnsbl_rules_init(&rules);
		assert_int_not_equal(
			sp_dnsbl_rules_add(&rules, texts[i], error), SP_OK);
		assert_null(strstr(error, "secretkey"));
	}
}

static void test_questions(void **state)
{
	struct sp_dnsbl_points points;
	char name[SP_DOMAIN_SIZE];
	struct sp_ip ip;

	(void)state;
	sp_ip_parse("192.0.2.7", &ip);
	assert_int_equal(sp_dnsbl_question(&ip, "bl.example", name), SP_OK);
	assert_string_equal(name, "7.2.0.192.bl.example");
	sp_ip_parse("2001:db8::c0de", &ip);
	assert_int_equal(sp_dnsbl_question(&ip, "bl.example", name), SP_OK);
	assert_string_equal(name,
			    "e.d.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8."
			    "b.d.0.1.0.0.2.bl.example");
	ip.family = SP_IP_NONE;
	assert_int_equal(sp_dnsbl_question(&ip, "bl.example", name),
			 SP_ERR_SYNTAX);
	assert_string_equal(name, "");
	assert_int_equal(
		sp_dnsbl_domain_question("Mail.Example.ORG.", "d.test", name),
		SP_OK);
	assert_string_equal(name, "mail.example.org.d.test");
	assert_int_equal(sp_dnsbl_domain_question("a b", "d.test", name),
			 SP_ERR_SYNTAX);
	assert_int_equal(sp_dnsbl_domain_question("192.0.2.1", "d.test", name),
			 SP_ERR_SYNTAX);
	assert_int_equal(sp_dnsbl_domain_question(A63 "." A63 "." A63,
						  A63 ".example", name),
			 SP_ERR_TOO_LONG);
	assert_string_equal(name, "");

	sp_dnsbl_test_points("bl.example", SP_DNSBL_IPV4, &points);
	assert_string_equal(points.listed, "2.0.0.127.bl.example");
	assert_string_equal(points.unlisted, "1.0.0.127.bl.example");
	sp_dnsbl_test_points("bl.example", SP_DNSBL_IPV6, &points);
	assert_string_equal(points.listed,
			    "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0."
			    "0.0.0.0.0.0.0.bl.example");
	assert_string_equal(points.unlisted,
			    "1.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0."
			    "0.0.0.0.0.0.0.bl.example");
	sp_dnsbl_test_points("d.example", SP_DNSBL_DOMAIN, &points);
	assert_string_equal(points.listed, "test.d.example");
	assert_string_equal(points.unlisted, "invalid.d.example");
	sp_dnsbl_test_points("k.dbl.dq.spamhaus.net", SP_DNSBL_DOMAIN, &points);
	assert_string_equal(points.listed, "dbltest.com.k.dbl.dq.spamhaus.net");
}

/* The shipped weights: refusing takes two. */
static const double refuse_at = 10;

static double worst_of(const struct sp_dnsbl_source *source)
{
	struct sp_dnsbl_rules rules;
	double sum = 0;

	sp_dnsbl_rules_init(&rules);
	for (const char *const *rule = source->rules; *rule; rule++)
		must_add(&rules, *rule);
	assert_int_equal(rules.zone_count, 1);
	assert_string_equal(rules.zones[0], source->zone);
	for (size_t i = 0; i < rules.rule_count; i++)
		if (rules.rules[i].weight > 0)
			sum += rules.rules[i].weight;
	return sum;
}

/* Every rule of every list of one operator hits at once. */
static double worst_of_operator(const char *operator_name)
{
	size_t count;
	const struct sp_dnsbl_source *sources = sp_dnsbl_sources(&count);
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		if (!strcmp(sources[i].operator_name, operator_name))
			sum += worst_of(&sources[i]);
	return sum;
}

static void test_no_operator_refuses_alone(void **state)
{
	size_t count;
	const struct sp_dnsbl_source *sources = sp_dnsbl_sources(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		double worst = worst_of_operator(sources[i].operator_name);

		if (worst >= refuse_at)
			fail_msg("%s alone can reach %g",
				 sources[i].operator_name, worst);
		assert_true(strlen(sources[i].terms) > 20);
	}
}

static void test_two_operators_can_refuse(void **state)
{
	(void)state;
	assert_true(worst_of_operator("Spamhaus") +
			    worst_of_operator("SpamCop") >=
		    refuse_at);
	/* Without the largest, the others need each other. */
	assert_true(worst_of_operator("SpamCop") + worst_of_operator("PSBL") +
			    worst_of_operator("URIBL") +
			    worst_of_operator("SURBL") >=
		    refuse_at);
}

static void test_defaults(void **state)
{
	struct sp_dnsbl_rules addresses, domains;
	size_t count, rules = 0;
	const struct sp_dnsbl_source *sources = sp_dnsbl_sources(&count);

	(void)state;
	sp_dnsbl_rules_init(&addresses);
	sp_dnsbl_rules_add_defaults(&addresses, false);
	sp_dnsbl_rules_init(&domains);
	sp_dnsbl_rules_add_defaults(&domains, true);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; sources[i].is_on && sources[i].rules[j]; j++)
			rules++;
	assert_int_equal(addresses.rule_count + domains.rule_count, rules);
	assert_true(addresses.zone_count >= 4 && domains.zone_count >= 3);

	/* An operator's own rule of that name stays as it is. */
	sp_dnsbl_rules_init(&addresses);
	must_add(&addresses, "PSBL: psbl.mirror.example*0.1");
	sp_dnsbl_rules_add_defaults(&addresses, false);
	for (size_t i = 0; i < addresses.zone_count; i++)
		assert_string_not_equal(addresses.zones[i], "psbl.surriel.com");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_what_a_rule_holds),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_judgements),
		cmocka_unit_test(test_zones_together),
		cmocka_unit_test(test_shown_zones),
		cmocka_unit_test(test_errors_keep_keys),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_no_operator_refuses_alone),
		cmocka_unit_test(test_two_operators_can_refuse),
		cmocka_unit_test(test_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
