/* What SPF, DKIM, From: and DMARC are worth, and mail that says that another one
 * has come back: one row, one sentence. */
#include "sallyport/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../support/policy_case.h"
#include "sallyport/arena.h"
#include "sallyport/dkim.h"
#include "sallyport/dmarc.h"
#include "sallyport/from.h"
#include "sallyport/list.h"

struct row {
	const char *sentence;
	struct given given;
	enum sp_action action, would;
	const char *findings; /* with their reasons */
};

#define ACCEPT SP_ACTION_ACCEPT
#define DEFER  SP_ACTION_DEFER
#define REFUSE SP_ACTION_REFUSE

#define SPF(its_result, its_term)                                              \
	&(const struct sp_spf_fact)                                            \
	{                                                                      \
		.state = SP_FACT_KNOWN, .result = its_result,                  \
		.domain = "a.example", .term = its_term,                       \
		.reason = "two records", .explanation = "",                    \
		.passes_world = false                                          \
	}

static const struct sp_spf_fact passes_world = {
	.state = SP_FACT_KNOWN,
	.result = SP_SPF_PASS,
	.passes_world = true,
	.domain = "a.example",
	.term = "+all",
	.reason = "",
	.explanation = "",
};
static const struct sp_spf_fact no_answer = {
	.state = SP_FACT_UNKNOWN,
	.result = SP_SPF_TEMPERROR,
	.domain = "a.example",
	.term = "",
	.reason = "no answer",
	.explanation = "",
};

static const struct sp_dkim_signature good = {
	.result = SP_DKIM_PASS,
	.reason = "",
	.domain = "a.example",
	.selector = "sel",
};
static const struct sp_dkim_signature partial = {
	.result = SP_DKIM_PASS,
	.reason = "",
	.domain = "a.example",
	.selector = "sel",
	.is_partial = true,
};
static const struct sp_dkim_signature testing = {
	.result = SP_DKIM_PASS,
	.reason = "",
	.domain = "a.example",
	.selector = "sel",
	.is_testing = true,
};
static const struct sp_dkim_signature bad = {
	.result = SP_DKIM_FAIL,
	.reason = "the body was changed",
	.domain = "b.example",
	.selector = "sel",
};
static const struct sp_dkim_signature silent = {
	.result = SP_DKIM_TEMPERROR,
	.reason = "its key could not be had",
	.domain = "c.example",
	.selector = "sel",
};

#define SIGNED(its_state, ...)                                                 \
	&(const struct sp_dkim_fact)                                           \
	{                                                                      \
		.state = its_state,                                            \
		.count = sizeof((const void *[]){ __VA_ARGS__ }) /             \
			 sizeof(void *),                                       \
		.signatures = {                                                \
			__VA_ARGS__                                            \
		}                                                              \
	}

static const struct sp_dkim_fact too_many = {
	.state = SP_FACT_KNOWN,
	.count = 1,
	.signatures = { &good },
	.ignored = 42,
};

#define OUTCOME(its_result, its_policy)                                        \
	.state = SP_FACT_KNOWN, .outcome = &(const struct sp_dmarc_outcome)    \
	{                                                                      \
		.result = SP_DMARC_##its_result, .domain = "a.example",        \
		.policy = SP_DMARC_POLICY_##its_policy,                        \
		.reason = "no such tag",                                       \
	}
#define DMARC(its_result, its_policy)                                          \
	&(const struct sp_dmarc_fact)                                          \
	{                                                                      \
		OUTCOME(its_result, its_policy)                                \
	}
#define AUTHOR(its_author)                                                     \
	&(const struct sp_dmarc_fact)                                          \
	{                                                                      \
		.state = SP_FACT_KNOWN,                                        \
		.outcome = &(const struct sp_dmarc_outcome)                    \
		{                                                              \
			.result = SP_DMARC_PERMERROR, .reason = "",            \
			.author = SP_DMARC_AUTHOR_##its_author                 \
		}                                                              \
	}

static const struct sp_dmarc_fact dkim_aligned = {
	.state = SP_FACT_KNOWN,
	.outcome =
		&(const struct sp_dmarc_outcome){
			.result = SP_DMARC_PASS,
			.domain = "a.example",
			.is_dkim_aligned = true,
			.reason = "",
		},
};
static const struct sp_list_entry forwarder = { .text = "192.0.2.0/24",
						.file = "forwarders",
						.line = 3 };
static const struct sp_dmarc_fact forwarded = {
	OUTCOME(FAIL, REJECT),
	.forwarder = &forwarder,
};
static const struct sp_dmarc_fact from_a_list = {
	OUTCOME(FAIL, REJECT),
	.list_domain = "lists.example",
};
static const struct sp_dmarc_fact unanswered = {
	.state = SP_FACT_UNKNOWN,
	.outcome =
		&(const struct sp_dmarc_outcome){
			.result = SP_DMARC_TEMPERROR,
			.domain = "a.example",
			.reason = "no answer",
		},
};
static const struct sp_from unreadable = {
	.field_count = 1,
	.reason = SP_FROM_SEVERAL_AT,
};

static const struct sp_dsn_fact backscatter = {
	.state = SP_FACT_KNOWN,
	.kind = SP_DSN_BACKSCATTER,
};
static const struct sp_dsn_fact forgotten = {
	.state = SP_FACT_KNOWN,
	.kind = SP_DSN_PASSED,
};
static const struct sp_dsn_fact undecided = {
	.state = SP_FACT_UNKNOWN,
	.kind = SP_DSN_BACKSCATTER,
};

static const struct row rows[] = {
	{ "backscatter is points, no more",
	  { .dsn = &backscatter, .is_null_sender = true, .at_end = true },
	  ACCEPT,
	  ACCEPT,
	  "BACKSCATTER=1.5 (the mail that it says has come back never went "
	  "out from here)" },
	{ "of a mail that was here and is not remembered it is none",
	  { .dsn = &forgotten, .is_null_sender = true, .at_end = true },
	  ACCEPT,
	  ACCEPT,
	  "" },
	{ "nor of one of which Redis did not say whether it went out",
	  { .dsn = &undecided, .is_null_sender = true, .at_end = true },
	  ACCEPT,
	  ACCEPT,
	  "" },
	{ "a client that its sender names earns a little",
	  { .spf = SPF(SP_SPF_PASS, "ip4:192.0.2.7") },
	  ACCEPT,
	  ACCEPT,
	  "SPF_PASS=-0.2 (a.example lets the client send for it "
	  "(ip4:192.0.2.7))" },
	{ "a pass that everybody gets earns nothing",
	  { .spf = &passes_world },
	  ACCEPT,
	  ACCEPT,
	  "SPF_PASSES_WORLD=1 (the SPF record of a.example lets nearly "
	  "everybody send (+all))" },
	{ "a sender that forbids it",
	  { .spf = SPF(SP_SPF_FAIL, "-all") },
	  ACCEPT,
	  ACCEPT,
	  "SPF_FAIL=2.5 (a.example says that the client may not send for it "
	  "(-all))" },
	{ "a sender that would rather not",
	  { .spf = SPF(SP_SPF_SOFTFAIL, "~all") },
	  ACCEPT,
	  ACCEPT,
	  "SPF_SOFTFAIL=1 (a.example says that the client probably may not "
	  "send for it (~all))" },
	{ "a record without a last word",
	  { .spf = SPF(SP_SPF_NEUTRAL, "") },
	  ACCEPT,
	  ACCEPT,
	  "SPF_NEUTRAL=0.5 (a.example does not say whether the client may send "
	  "for it (nothing matches))" },
	{ "no record",
	  { .spf = SPF(SP_SPF_NONE, "") },
	  ACCEPT,
	  ACCEPT,
	  "SPF_NONE=0.5 (a.example has no SPF record)" },
	{ "a record that is none",
	  { .spf = SPF(SP_SPF_PERMERROR, "") },
	  ACCEPT,
	  ACCEPT,
	  "SPF_PERMERROR=0.5 (the SPF record of a.example cannot be evaluated: "
	  "two records)" },
	{ "silence is neither clean nor dirty",
	  { .spf = &no_answer, .spf_helo = &no_answer },
	  ACCEPT,
	  ACCEPT,
	  "" },
	{ "of a HELO name only a clear no counts",
	  { .spf_helo = SPF(SP_SPF_FAIL, "-all") },
	  ACCEPT,
	  ACCEPT,
	  "SPF_HELO_FAIL=1.5 (a.example says that the client may not use its "
	  "name (-all))" },
	{ "a HELO name without a record is as most are",
	  { .spf_helo = SPF(SP_SPF_NONE, "") },
	  ACCEPT,
	  ACCEPT,
	  "" },
	{ "one good signature hides bad ones",
	  { .dkim = SIGNED(SP_FACT_KNOWN, &bad, &silent, &good) },
	  ACCEPT,
	  ACCEPT,
	  "DKIM_VALID=-0.2 (a.example has signed it (selector sel))" },
	{ "bad signatures only",
	  { .dkim = SIGNED(SP_FACT_KNOWN, &bad, &bad) },
	  ACCEPT,
	  ACCEPT,
	  "DKIM_INVALID=0.3 (no signature is valid; that of b.example: fail "
	  "(the body was changed))" },
	{ "a key that did not come may have been a good one",
	  { .dkim = SIGNED(SP_FACT_UNKNOWN, &bad, &silent) },
	  ACCEPT,
	  ACCEPT,
	  "" },
	{ "a signature over a part is no full one",
	  { .dkim = SIGNED(SP_FACT_KNOWN, &partial) },
	  ACCEPT,
	  ACCEPT,
	  "DKIM_PARTIAL=0.2 (a.example has signed the beginning of it only "
	  "(l=))" },
	{ "whoever tests has not signed",
	  { .dkim = SIGNED(SP_FACT_KNOWN, &testing) },
	  ACCEPT,
	  ACCEPT,
	  "DKIM_TESTING=0 (a.example has signed it and is only testing "
	  "(t=y))" },
	{ "more signatures than anybody needs",
	  { .dkim = &too_many },
	  ACCEPT,
	  ACCEPT,
	  "DKIM_VALID=-0.2 (a.example has signed it (selector sel)), "
	  "DKIM_TOO_MANY=0.5 (42 signatures beyond the 8 that are looked "
	  "at)" },
	{ "no signature says nothing",
	  { .dkim = &(const struct sp_dkim_fact){ .state = SP_FACT_KNOWN } },
	  ACCEPT,
	  ACCEPT,
	  "" },
	{ "an author who is proven",
	  { .dmarc = &dkim_aligned, .at_end = true },
	  ACCEPT,
	  ACCEPT,
	  "DMARC_PASS=-0.3 (a.example is proven by DKIM)" },
	{ "an author whom only a record for everybody proves",
	  { .dmarc = DMARC(PASS, REJECT), .spf = &passes_world },
	  ACCEPT,
	  ACCEPT,
	  "SPF_PASSES_WORLD=1 (the SPF record of a.example lets nearly "
	  "everybody send (+all))" },
	{ "an author without a policy",
	  { .dmarc = DMARC(NONE, NONE) },
	  ACCEPT,
	  ACCEPT,
	  "" },
	{ "DMARC that DNS did not answer",
	  { .dmarc = &unanswered, .honours_dmarc = true },
	  ACCEPT,
	  ACCEPT,
	  "" },
	{ "an author who is not proven and does not mind",
	  { .dmarc = DMARC(FAIL, NONE), .honours_dmarc = true },
	  ACCEPT,
	  ACCEPT,
	  "DMARC_NONE=0.5 (a.example is not proven by SPF or DKIM, and its "
	  "policy is none)" },
	{ "quarantine is points, also where reject is honoured",
	  { .dmarc = DMARC(FAIL, QUARANTINE), .honours_dmarc = true },
	  ACCEPT,
	  ACCEPT,
	  "DMARC_QUARANTINE=2 (a.example is not proven by SPF or DKIM, and its "
	  "policy is quarantine)" },
	{ "reject is points where it is not honoured",
	  { .dmarc = DMARC(FAIL, REJECT) },
	  ACCEPT,
	  ACCEPT,
	  "DMARC_REJECT=3 (a.example is not proven by SPF or DKIM, and its "
	  "policy is reject)" },
	{ "reject refuses where it is honoured",
	  { .dmarc = DMARC(FAIL, REJECT), .honours_dmarc = true },
	  REFUSE,
	  REFUSE,
	  "DMARC_REJECT=3 (a.example is not proven by SPF or DKIM, and its "
	  "policy is reject)" },
	{ "where honouring only observes it says what it would do",
	  { .dmarc = DMARC(FAIL, REJECT),
	    .honours_dmarc = true,
	    .dmarc_observes = true },
	  ACCEPT,
	  REFUSE,
	  "DMARC_REJECT=3 (a.example is not proven by SPF or DKIM, and its "
	  "policy is reject)" },
	{ "an allowed recipient gets what the author would have refused",
	  { .dmarc = DMARC(FAIL, REJECT),
	    .honours_dmarc = true,
	    .recipient = SP_ACCESS_ALLOW },
	  ACCEPT,
	  ACCEPT,
	  "DMARC_REJECT=3 (a.example is not proven by SPF or DKIM, and its "
	  "policy is reject), ACCESS_ALLOW=0 (list line 7 allows entry)" },
	{ "a trusted forwarder breaks SPF, and honestly",
	  { .dmarc = &forwarded, .honours_dmarc = true },
	  ACCEPT,
	  ACCEPT,
	  "DMARC_FORWARDED=0 (a.example (policy reject) is not proven, but "
	  "forwarders line 3 trusts the forwarder 192.0.2.0/24)" },
	{ "a mailing list softens it",
	  { .dmarc = &from_a_list, .honours_dmarc = true },
	  ACCEPT,
	  ACCEPT,
	  "DMARC_MAILING_LIST=1.5 (a.example (policy reject) is not proven, "
	  "but the mailing list of lists.example has signed the mail)" },
	{ "a record that nobody can read",
	  { .dmarc = DMARC(PERMERROR, NONE), .honours_dmarc = true },
	  ACCEPT,
	  ACCEPT,
	  "DMARC_PERMERROR=0.3 (the DMARC record of a.example cannot be used: "
	  "no such tag)" },
	{ "nobody wrote it",
	  { .dmarc = AUTHOR(MISSING) },
	  ACCEPT,
	  ACCEPT,
	  "FROM_NONE=1.5 (no author)" },
	{ "two From fields",
	  { .dmarc = AUTHOR(FIELDS) },
	  ACCEPT,
	  ACCEPT,
	  "FROM_SEVERAL=1.5 (several From fields)" },
	{ "a From field that every program reads differently",
	  { .dmarc = AUTHOR(UNREADABLE), .from = &unreadable },
	  ACCEPT,
	  ACCEPT,
	  "FROM_UNREADABLE=1.5 (a From field that cannot be read: two @ in one "
	  "address)" },
	{ "an author at an address",
	  { .dmarc = AUTHOR(LITERAL) },
	  ACCEPT,
	  ACCEPT,
	  "FROM_UNREADABLE=1.5 (an address instead of a domain)" },
	{ "what scores below from-score does not wait",
	  { .spf = SPF(SP_SPF_SOFTFAIL, "~all"), .from_score = 2, GREY(NEW) },
	  ACCEPT,
	  ACCEPT,
	  "SPF_SOFTFAIL=1 (a.example says that the client probably may not "
	  "send for it (~all))" },
	{ "what scores more does",
	  { .spf = SPF(SP_SPF_FAIL, "-all"), .from_score = 2, GREY(NEW) },
	  DEFER,
	  DEFER,
	  "SPF_FAIL=2.5 (a.example says that the client may not send for it "
	  "(-all)), GREYLISTED=0 (new from net:192.0.2.0/24, the client's network, try 1: 90 s to "
	  "wait)" },
};

static void describe(const struct sp_verdict *verdict, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < verdict->count; i++)
		length += (size_t)snprintf(text + length, size - length,
					   "%s%s=%.4g (%s)", i ? ", " : "",
					   verdict->findings[i].name,
					   verdict->findings[i].weight,
					   verdict->findings[i].reason);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct sp_verdict verdict;
		struct sp_arena arena;
		char text[1024];

		sp_arena_init(&arena, 8192);
		decide_given(&row->given, &arena, &verdict);
		describe(&verdict, text, sizeof(text));
		if (verdict.action != row->action ||
		    verdict.would != row->would ||
		    strcmp(text, row->findings) != 0)
			fail_msg("%s: %s, would %s, %s", row->sentence,
				 sp_action_name(verdict.action),
				 sp_action_name(verdict.would), text);
		sp_arena_clear(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
