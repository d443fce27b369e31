/* What a domain's records say of a client: one row, one sentence, a DNS of its
 * own. Every row is evaluated with its answers in several orders. */
#include "sallyport/spf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "spf_world.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Ten terms that ask and find. */
#define FOUND9 "a a a a a a a a a"
#define HOST   "e.test A 192.0.2.99\n"

static struct spf_world world;
static enum sp_spf_engine engine; /* all tests are run with each */

struct row {
	const char *sentence;
	const char *records;
	const char *client; /* NULL: 192.0.2.1 */
	const char *sender; /* NULL: u@e.test */
	enum sp_spf_result result;
	const char *term; /* NULL: not looked at */
};

static const struct row rows[] = {
	{ "no record", HOST, NULL, NULL, SP_SPF_NONE, "" },
	{ "no such domain", "", NULL, NULL, SP_SPF_NONE, "" },
	{ "DNS is silent", "e.test silent", NULL, NULL, SP_SPF_TEMPERROR, "" },
	{ "a sender with a domain of one label", "", NULL, "u@localhost",
	  SP_SPF_NONE, "" },
	{ "a domain of 8-bit letters", "", NULL, "u@\xc3\xa4.test", SP_SPF_NONE,
	  "" },
	{ "an address for a domain", "", NULL, "u@[192.0.2.1]", SP_SPF_NONE,
	  "" },
	{ "the last at sign counts", "e.test TXT v=spf1 -all", NULL,
	  "\"a@b.test\"@E.TEST", SP_SPF_FAIL, "-all" },
	{ "the null sender is postmaster at the HELO name",
	  "helo.test TXT v=spf1 exists:%{l}.%{o}.x.test -all\n"
	  "postmaster.helo.test.x.test A 127.0.0.2",
	  NULL, "", SP_SPF_PASS, "exists:%{l}.%{o}.x.test" },
	{ "a mapped client is IPv4", "e.test TXT v=spf1 ip4:192.0.2.1 -all",
	  "::ffff:192.0.2.1", NULL, SP_SPF_PASS, "ip4:192.0.2.1" },
	{ "a mapped network matches nobody",
	  "e.test TXT v=spf1 ip6:::ffff:192.0.2.1 -all", NULL, NULL,
	  SP_SPF_FAIL, "-all" },
	{ "the default is neutral", "e.test TXT v=spf1 ip4:192.0.2.2", NULL,
	  NULL, SP_SPF_NEUTRAL, "" },
	{ "an error behind the match is one",
	  "e.test TXT v=spf1 ip4:192.0.2.1 -all nonsense", NULL, NULL,
	  SP_SPF_PERMERROR, "" },
	{ "the included record's pass is the include's qualifier",
	  "e.test TXT v=spf1 ~include:i.test -all\n"
	  "i.test TXT v=spf1 ip4:192.0.2.1 -all",
	  NULL, NULL, SP_SPF_SOFTFAIL, "~include:i.test" },
	{ "the included record's fail is no match",
	  "e.test TXT v=spf1 include:i.test ?all\ni.test TXT v=spf1 -all", NULL,
	  NULL, SP_SPF_NEUTRAL, "?all" },
	{ "a term that matched in there is not the checked domain's",
	  "e.test TXT v=spf1 include:i.test\ni.test TXT v=spf1 -all", NULL,
	  NULL, SP_SPF_NEUTRAL, "" },
	{ "%{p} is the domain's name, if one is",
	  "e.test TXT v=spf1 exists:%{p}.x.test -all\n"
	  "1.2.0.192.in-addr.arpa PTR a.o.test\n"
	  "1.2.0.192.in-addr.arpa PTR m.e.test\n"
	  "a.o.test A 192.0.2.1\nm.e.test A 192.0.2.1\n"
	  "m.e.test.x.test A 127.0.0.2",
	  NULL, NULL, SP_SPF_PASS, "exists:%{p}.x.test" },
	{ "what is included must be there", "e.test TXT v=spf1 include:i.test",
	  NULL, NULL, SP_SPF_PERMERROR, "" },
	{ "what is included must be answered",
	  "e.test TXT v=spf1 include:i.test\ni.test silent", NULL, NULL,
	  SP_SPF_TEMPERROR, "" },
	{ "what comes before it decides without it",
	  "e.test TXT v=spf1 a include:i.test\ni.test silent\n"
	  "e.test A 192.0.2.1",
	  NULL, NULL, SP_SPF_PASS, "a" },
	{ "redirect says its record's result",
	  "e.test TXT v=spf1 redirect=r.test\nr.test TXT v=spf1 ?all", NULL,
	  NULL, SP_SPF_NEUTRAL, "?all" },
	{ "redirect beside all is nothing",
	  "e.test TXT v=spf1 redirect=r.test ~all", NULL, NULL, SP_SPF_SOFTFAIL,
	  "~all" },
	{ "redirect to nowhere", "e.test TXT v=spf1 redirect=r.test", NULL,
	  NULL, SP_SPF_PERMERROR, "" },
	{ "an MX with the client's network",
	  "e.test TXT v=spf1 mx/24 -all\ne.test MX m.test\n"
	  "m.test A 192.0.2.200",
	  NULL, NULL, SP_SPF_PASS, "mx/24" },
	{ "the null MX has no addresses",
	  "e.test TXT v=spf1 mx ?all\ne.test MX .", NULL, NULL, SP_SPF_NEUTRAL,
	  "?all" },
	{ "exists asks for A, also of an IPv6 client",
	  "e.test TXT v=spf1 exists:x.test -all\nx.test A 127.0.0.2",
	  "2001:db8::1", NULL, SP_SPF_PASS, "exists:x.test" },
	{ "a target that is no name does not match",
	  "e.test TXT v=spf1 exists:%{l}.x.test ?all", NULL, "a..b@e.test",
	  SP_SPF_NEUTRAL, "?all" },
	{ "nor does one with 8-bit letters",
	  "e.test TXT v=spf1 exists:%{l}.x.test ?all", NULL, "\xe4@e.test",
	  SP_SPF_NEUTRAL, "?all" },
	{ "ptr wants a name that leads back",
	  "e.test TXT v=spf1 ptr ?all\n1.2.0.192.in-addr.arpa PTR m.e.test\n"
	  "m.e.test A 192.0.2.1",
	  NULL, NULL, SP_SPF_PASS, "ptr" },
	{ "ptr of a name that only ends alike",
	  "e.test TXT v=spf1 ptr ?all\n1.2.0.192.in-addr.arpa PTR me.test\n"
	  "me.test A 192.0.2.1",
	  NULL, NULL, SP_SPF_NEUTRAL, "?all" },
	{ "ptr that is not answered does not match",
	  "e.test TXT v=spf1 ptr ?all\n1.2.0.192.in-addr.arpa silent", NULL,
	  NULL, SP_SPF_NEUTRAL, "?all" },
	{ "an a that is not answered is an error",
	  "e.test TXT v=spf1 a:x.test ?all\nx.test silent", NULL, NULL,
	  SP_SPF_TEMPERROR, "" },
	{ "ten terms may ask",
	  HOST "e.test TXT v=spf1 " FOUND9 " a ip4:192.0.2.1 -all", NULL, NULL,
	  SP_SPF_PASS, "ip4:192.0.2.1" },
	{ "eleven may not", HOST "e.test TXT v=spf1 " FOUND9 " a a -all", NULL,
	  NULL, SP_SPF_PERMERROR, "" },
	{ "an eleventh that is not come to does not count",
	  HOST "e.test TXT v=spf1 " FOUND9 " ip4:192.0.2.1 a a", NULL, NULL,
	  SP_SPF_PASS, "ip4:192.0.2.1" },
	{ "terms of included records count, too",
	  HOST "e.test TXT v=spf1 include:i.test a -all\n"
	       "i.test A 192.0.2.98\ni.test TXT v=spf1 " FOUND9,
	  NULL, NULL, SP_SPF_PERMERROR, "" },
	{ "redirect counts, too",
	  HOST "e.test TXT v=spf1 " FOUND9 " a redirect=r.test\n"
	       "r.test TXT v=spf1 +all",
	  NULL, NULL, SP_SPF_PERMERROR, "" },
	{ "a circle ends", "e.test TXT v=spf1 redirect=e.test", NULL, NULL,
	  SP_SPF_PERMERROR, "" },
	{ "a circle of includes ends",
	  "e.test TXT v=spf1 include:i.test include:i.test -all\n"
	  "i.test TXT v=spf1 include:e.test include:e.test",
	  NULL, NULL, SP_SPF_PERMERROR, "" },
	{ "two may ask in vain",
	  "e.test TXT v=spf1 a:x.test exists:y.test ?all", NULL, NULL,
	  SP_SPF_NEUTRAL, "?all" },
	{ "three may not", "e.test TXT v=spf1 a:x.test mx:y.test a:z.test ?all",
	  NULL, NULL, SP_SPF_PERMERROR, "" },
	{ "an mx without any address is one in vain, however many names",
	  "e.test TXT v=spf1 mx a:x.test ?all\ne.test MX a.test\n"
	  "e.test MX b.test\ne.test MX c.test",
	  NULL, NULL, SP_SPF_NEUTRAL, "?all" },
	{ "ten names of an MX may be",
	  "e.test TXT v=spf1 mx ?all\nm.test A 192.0.2.1\n"
	  "e.test MX a.test\ne.test MX b.test\ne.test MX c.test\n"
	  "e.test MX d.test\ne.test MX f.test\ne.test MX g.test\n"
	  "e.test MX h.test\ne.test MX i.test\ne.test MX j.test\n"
	  "e.test MX m.test",
	  NULL, NULL, SP_SPF_PASS, "mx" },
	{ "eleven may not, also when the first is it",
	  "e.test TXT v=spf1 mx ?all\nm.test A 192.0.2.1\ne.test MX m.test\n"
	  "e.test MX a.test\ne.test MX b.test\ne.test MX c.test\n"
	  "e.test MX d.test\ne.test MX f.test\ne.test MX g.test\n"
	  "e.test MX h.test\ne.test MX i.test\ne.test MX j.test\n"
	  "e.test MX k.test",
	  NULL, NULL, SP_SPF_PERMERROR, "" },
	{ "two records", "e.test TXT v=spf1 +all\ne.test TXT v=spf1 +all", NULL,
	  NULL, SP_SPF_PERMERROR, "" },
	{ "a client of this host has no free ride", "e.test TXT v=spf1 -all",
	  "127.0.0.1", NULL, SP_SPF_FAIL, "-all" },
	{ "nor has one of IPv6", "e.test TXT v=spf1 -all", "::1", NULL,
	  SP_SPF_FAIL, "-all" },
	{ "a record beside other texts",
	  "e.test TXT verify=1\ne.test TXT v=spf1 +all\ne.test TXT spf2.0/pra",
	  NULL, NULL, SP_SPF_PASS, "+all" },
};

static struct sp_spf_request request_of(const char *client, const char *sender)
{
	struct sp_spf_request request = {
		.engine = engine,
		.helo = "helo.test",
		.sender = sender != NULL ? sender : "u@e.test",
		.receiver = "here.test",
		.time_sec = 1700000000,
	};

	assert_int_equal(sp_ip_parse(client != NULL ? client : "192.0.2.1",
				     &request.client),
			 SP_OK);
	return request;
}

/* The same in every order of answers; NULL when not. */
static struct sp_spf *evaluate(const char *records,
			       const struct sp_spf_request *request)
{
	struct sp_spf *first;

	spf_world_init(&world);
	spf_world_read(&world, records);
	first = spf_world_evaluate(&world, request, 0);
	for (unsigned order = 1; order < 3 * SPF_WORLD_ORDERS; order++) {
		struct sp_spf *other =
			spf_world_evaluate(&world, request, order);

		if (!spf_world_is_same(first, other)) {
			print_error("another order, another result: %s\n",
				    records);
			fail();
		}
		sp_spf_free(&other);
	}
	return first;
}

static void finish(struct sp_spf *spf)
{
	sp_spf_free(&spf);
	spf_world_clear(&world);
}

static void test_results(void **state)
{
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct sp_spf_request request =
			request_of(row->client, row->sender);
		struct sp_spf *spf = evaluate(row->records, &request);
		const struct sp_spf_outcome *outcome = sp_spf_outcome_get(spf);

		if (outcome->result != row->result ||
		    strcmp(outcome->term, row->term) != 0) {
			print_error("%s: %s by '%s' (%s)\n", row->sentence,
				    sp_spf_result_text(outcome->result),
				    outcome->term, outcome->reason);
			failures++;
		}
		finish(spf);
	}
	assert_int_equal(failures, 0);
}

static const struct {
	const char *sentence;
	const char *records;
	uint64_t ip4, ip6;
	bool is_world;
} width_rows[] = {
	{ "one address", "e.test TXT v=spf1 ip4:192.0.2.1", 1, 0, false },
	{ "what is behind the match counts",
	  "e.test TXT v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/24 "
	  "ip6:2001:db8::/48",
	  512, 1 << 16, false },
	{ "what fails does not",
	  "e.test TXT v=spf1 -ip4:10.0.0.0/8 ip4:192.0.2.1", 1, 0, false },
	{ "a /8 is not the world", "e.test TXT v=spf1 ip4:192.0.0.0/8", 1 << 24,
	  0, false },
	{ "over a /8 is", "e.test TXT v=spf1 ip4:192.0.0.0/8 ip4:10.0.0.1",
	  (1 << 24) + 1, 0, true },
	{ "all of IPv4 in two halves",
	  "e.test TXT v=spf1 ip4:128.0.0.0/1 ip4:0.0.0.0/1", UINT64_C(1) << 32,
	  0, true },
	{ "+all", "e.test TXT v=spf1 ip4:192.0.2.7 all", 1, 0, true },
	{ "+all behind the match", "e.test TXT v=spf1 ip4:192.0.2.1 +all", 1, 0,
	  true },
	{ "nothing comes behind -all",
	  "e.test TXT v=spf1 ip4:192.0.2.1 -all ip4:0.0.0.0/0", 1, 0, false },
	{ "an address with /0", "e.test TXT v=spf1 a/0\ne.test A 10.0.0.1",
	  UINT64_C(1) << 32, 0, true },
	{ "all of IPv6", "e.test TXT v=spf1 ip4:192.0.2.1 ip6:::/0", 1,
	  UINT64_MAX, true },
	{ "a /16 of IPv6 is not the world",
	  "e.test TXT v=spf1 ip4:192.0.2.1 ip6:2001::/16", 1, UINT64_C(1) << 48,
	  false },
	{ "included records count",
	  "e.test TXT v=spf1 include:i.test include:j.test\n"
	  "i.test TXT v=spf1 ip4:10.0.0.0/8\n"
	  "j.test TXT v=spf1 ip4:192.0.0.0/8",
	  1 << 25, 0, true },
	{ "but not what their owner excludes",
	  "e.test TXT v=spf1 ~include:i.test ip4:192.0.2.1\n"
	  "i.test TXT v=spf1 ip4:10.0.0.0/8 ip4:11.0.0.0/8",
	  1, 0, false },
};

static void test_widths(void **state)
{
	struct sp_spf_request request = request_of(NULL, NULL);
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(width_rows); i++) {
		struct sp_spf *spf = evaluate(width_rows[i].records, &request);
		const struct sp_spf_outcome *outcome = sp_spf_outcome_get(spf);

		assert_int_equal(outcome->result, SP_SPF_PASS);
		if (outcome->passes_ip4 != width_rows[i].ip4 ||
		    outcome->passes_ip6 != width_rows[i].ip6 ||
		    outcome->passes_world != width_rows[i].is_world) {
			print_error("%s: %llu and %llu\n",
				    width_rows[i].sentence,
				    (unsigned long long)outcome->passes_ip4,
				    (unsigned long long)outcome->passes_ip6);
			failures++;
		}
		finish(spf);
	}
	assert_int_equal(failures, 0);
}

#define EXPLAINED "e.test TXT v=spf1 -all exp=why.test\nwhy.test TXT "

static const struct {
	const char *sentence;
	const char *records;
	const char *sender;
	const char *explanation;
} explanation_rows[] = {
	{ "with macros", EXPLAINED "%{c} is no %{d}, says %{r} at %{t}", NULL,
	  "192.0.2.1 is no e.test, says here.test at 1700000000" },
	{ "what a stranger says is made safe", EXPLAINED "%{l}",
	  "a\r\n250\xe4\\@e.test", "a\\x0d\\x0a250\\xe4\\x5c" },
	{ "without one", "e.test TXT v=spf1 -all", NULL, "" },
	{ "8-bit is none", EXPLAINED "n\xe4", NULL, "" },
	{ "a bad macro is none", EXPLAINED "%{x}", NULL, "" },
	{ "a line end is none", EXPLAINED "550 a\r b", NULL, "" },
	{ "two are none", EXPLAINED "a\nwhy.test TXT b", NULL, "" },
	{ "silence is none",
	  "e.test TXT v=spf1 -all exp=why.test\nwhy.test silent", NULL, "" },
	{ "the included record's is not asked for",
	  "e.test TXT v=spf1 include:i.test -all\n"
	  "i.test TXT v=spf1 -all exp=why.test\nwhy.test TXT no",
	  NULL, "" },
	{ "redirect brings its record's",
	  "e.test TXT v=spf1 redirect=r.test exp=none.test\n"
	  "r.test TXT v=spf1 -all exp=why.%{d}\nwhy.r.test TXT %{d} of %{o}",
	  NULL, "r.test of e.test" },
	{ "%{p} is looked for",
	  EXPLAINED "%{p}\n1.2.0.192.in-addr.arpa PTR m.x.test\n"
		    "m.x.test A 192.0.2.1",
	  NULL, "m.x.test" },
};

static void test_explanations(void **state)
{
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(explanation_rows); i++) {
		struct sp_spf_request request =
			request_of(NULL, explanation_rows[i].sender);
		struct sp_spf *spf =
			evaluate(explanation_rows[i].records, &request);
		const char *explanation = sp_spf_explanation_get(spf);

		assert_int_equal(sp_spf_outcome_get(spf)->result, SP_SPF_FAIL);
		if (strcmp(explanation, explanation_rows[i].explanation) != 0) {
			print_error("%s: %s\n", explanation_rows[i].sentence,
				    explanation);
			failures++;
		}
		finish(spf);
	}
	assert_int_equal(failures, 0);
}

static void test_a_long_explanation_is_cut(void **state)
{
	char records[1200] = EXPLAINED;
	struct sp_spf_request request = request_of(NULL, NULL);
	struct sp_spf *spf;

	(void)state;
	memset(records + strlen(records), 'x', 600);
	spf = evaluate(records, &request);
	assert_int_equal(strlen(sp_spf_explanation_get(spf)),
			 SP_SPF_EXPLANATION_SIZE - 1);
	finish(spf);
}

static void test_the_helo_name_is_an_identity_of_its_own(void **state)
{
	struct sp_spf_request request = request_of(NULL, NULL);
	struct sp_spf *spf;

	(void)state;
	request.identity = SP_SPF_HELO;
	spf = evaluate("helo.test TXT v=spf1 +a -all\nhelo.test A 192.0.2.1",
		       &request);
	assert_int_equal(sp_spf_outcome_get(spf)->result, SP_SPF_PASS);
	assert_string_equal(sp_spf_outcome_get(spf)->domain, "helo.test");
	finish(spf);
	request.helo = "x@helo.test";
	spf = evaluate("helo.test TXT v=spf1 -all", &request);
	assert_int_equal(sp_spf_outcome_get(spf)->result, SP_SPF_NONE);
	finish(spf);
}

static void test_a_name_that_is_too_long_loses_labels_at_the_left(void **state)
{
	struct sp_spf_request request = request_of(NULL, NULL);
	char name[2 * SP_DOMAIN_SIZE] = "", records[2048];
	struct sp_spf *spf;

	(void)state;
	/* 40 of these are written; 35 have room before "x.test". */
	for (int i = 0; i < 35; i++)
		strcat(name, ".e.test");
	snprintf(records, sizeof(records),
		 "e.test TXT v=spf1 exists:%%{l}.x.test -all\n"
		 "%s.x.test A 127.0.0.2",
		 name + 1);
	memmove(name + 35, name, strlen(name) + 1);
	for (int i = 0; i < 5; i++)
		memcpy(name + 7 * i, ".e.test", 7);
	strcat(name, "@e.test");
	request.sender = name + 1;
	spf = evaluate(records, &request);
	assert_int_equal(sp_spf_outcome_get(spf)->result, SP_SPF_PASS);
	finish(spf);
}

/* libspf2 would forget the end of such a record, and take the client for one that
 * nothing is said about. */
static void test_the_last_of_many_terms_counts(void **state)
{
	static const struct {
		const char *term, *last, *client;
	} cases[] = {
		{ " ip4:10.0.0.0/8", " ip4:192.0.2.1", "192.0.2.1" },
		{ " ip6:2001:db8::", " ip6:2001:db8::1", "2001:db8::1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sp_spf_request request =
			request_of(cases[i].client, NULL);
		char records[8192] = "e.test TXT v=spf1";
		struct sp_spf *spf;

		for (int term = 0; term < SP_SPF_TERMS_MAX - 1; term++)
			strcat(records, cases[i].term);
		strcat(records, cases[i].last);
		spf = evaluate(records, &request);
		assert_int_equal(sp_spf_outcome_get(spf)->result, SP_SPF_PASS);
		assert_string_equal(sp_spf_outcome_get(spf)->term,
				    cases[i].last + 1);
		finish(spf);
	}
}

/* How many questions are open at once. */
static unsigned count_open(struct sp_spf *spf, struct sp_spf_question *last_out)
{
	unsigned count = 0;

	while (sp_spf_next(spf, last_out))
		count++;
	return count;
}

static void test_what_a_record_leads_to_is_asked_side_by_side(void **state)
{
	static const char text[] =
		"v=spf1 a include:i.test mx exists:%{p}.test ptr -all a:z.test";
	static const struct sp_dns_record record = { .text = text,
						     .length =
							     sizeof(text) - 1 };
	static const struct sp_dns_answer answer = { .status = SP_DNS_FOUND,
						     .alias = "",
						     .count = 1,
						     .records = &record };
	struct sp_spf_request request = request_of(NULL, NULL);
	struct sp_spf *spf = sp_spf_new(&request);
	struct sp_spf_question question;

	(void)state;
	assert_int_equal(count_open(spf, &question), 1);
	assert_int_equal(question.type, SP_DNS_TXT);
	sp_spf_answer(spf, question.number, &answer);
	/* Not what %{p} takes a chain for, nor what is behind -all. */
	assert_int_equal(count_open(spf, &question), 4);
	sp_spf_free(&spf);
}

static void test_a_hostile_record_asks_no_more_than_the_limits(void **state)
{
	char records[8192];
	size_t length = 0;
	struct sp_spf_request request = request_of(NULL, NULL);
	struct sp_spf *spf;

	(void)state;
	length +=
		(size_t)snprintf(records, sizeof(records), "e.test TXT v=spf1");
	for (int i = 0; i < 10; i++)
		length += (size_t)snprintf(records + length,
					   sizeof(records) - length,
					   " mx:m%d.test", i);
	for (int i = 0; i < 100; i++)
		length += (size_t)snprintf(
			records + length, sizeof(records) - length,
			"\nm%d.test MX h%d.test\nh%d.test A 10.0.0.1", i / 10,
			i, i);
	spf = evaluate(records, &request);
	assert_int_equal(sp_spf_outcome_get(spf)->result, SP_SPF_PERMERROR);
	assert_int_equal(sp_spf_outcome_get(spf)->questions, SP_SPF_NEEDED_MAX);
	finish(spf);
}

static void test_an_answer_too_many_changes_nothing(void **state)
{
	static const struct sp_dns_answer absent = { .status = SP_DNS_NXDOMAIN,
						     .alias = "" };
	static const struct sp_dns_answer pending = { .alias = "" };
	struct sp_spf_request request = request_of(NULL, NULL);
	struct sp_spf *spf = sp_spf_new(&request);
	struct sp_spf_question question;

	(void)state;
	assert_true(sp_spf_next(spf, &question));
	sp_spf_answer(spf, question.number, &pending);
	sp_spf_answer(spf, 7, &absent);
	assert_false(sp_spf_is_done(spf));
	sp_spf_answer(spf, question.number, &absent);
	assert_true(sp_spf_is_done(spf));
	sp_spf_answer(spf, question.number, &absent);
	assert_int_equal(sp_spf_outcome_get(spf)->result, SP_SPF_NONE);
	assert_false(sp_spf_next(spf, &question));
	sp_spf_free(&spf);
	sp_spf_free(&spf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_explanations),
		cmocka_unit_test(test_a_long_explanation_is_cut),
		cmocka_unit_test(test_the_helo_name_is_an_identity_of_its_own),
		cmocka_unit_test(
			test_a_name_that_is_too_long_loses_labels_at_the_left),
		cmocka_unit_test(test_the_last_of_many_terms_counts),
		cmocka_unit_test(
			test_what_a_record_leads_to_is_asked_side_by_side),
		cmocka_unit_test(
			test_a_hostile_record_asks_no_more_than_the_limits),
		cmocka_unit_test(test_an_answer_too_many_changes_nothing),
	};

	int failures =
		cmocka_run_group_tests_name("builtin", tests, NULL, NULL);

	engine = SP_SPF_LIBSPF2;
	return failures +
	       cmocka_run_group_tests_name("libspf2", tests, NULL, NULL);
}
