/* Facts in, verdict out: one row, one sentence. */
#include "sallyport/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/policy_case.h"
#include "sallyport/arena.h"

#define ACCEPT SP_ACTION_ACCEPT
#define DEFER  SP_ACTION_DEFER
#define REFUSE SP_ACTION_REFUSE

static const struct sp_rdns_fact nameless = { .state = SP_FACT_KNOWN,
					      .kind = SP_RDNS_NONE,
					      .name = "" };
static const struct sp_rdns_fact unconfirmed = {
	.state = SP_FACT_KNOWN,
	.kind = SP_RDNS_NOT_CONFIRMED,
	.name = "bank.example",
};
static const struct sp_rdns_fact generic = {
	.state = SP_FACT_KNOWN,
	.kind = SP_RDNS_CONFIRMED,
	.name = "192-0-2-7.dsl.example",
	.generic = "the address is in it",
};
static const struct sp_rdns_fact unanswered = { .state = SP_FACT_UNKNOWN,
						.name = "" };
static const struct sp_rdns_fact example_de = { .state = SP_FACT_KNOWN,
						.kind = SP_RDNS_CONFIRMED,
						.name = "mail.example.de" };
static const struct sp_helo_name_fact mismatch = {
	.state = SP_FACT_KNOWN,
	.kind = SP_HELO_NAME_ELSEWHERE,
	.is_mismatch = true,
};
static const struct sp_helo_name_fact elsewhere = {
	.state = SP_FACT_KNOWN,
	.kind = SP_HELO_NAME_ELSEWHERE,
};
static const struct sp_helo_name_fact nowhere = {
	.state = SP_FACT_KNOWN,
	.kind = SP_HELO_NAME_NOWHERE,
};
static const struct sp_helo_name_fact leads_back = {
	.state = SP_FACT_KNOWN,
	.kind = SP_HELO_NAME_CLIENT,
};

static const struct decided rows[] = {
	{ "nothing found, nothing done", { 0 }, ACCEPT, ACCEPT, 0, "" },
	{ "a bad HELO is points, no more",
	  { .helo = SP_HELO_BARE_IP },
	  ACCEPT,
	  ACCEPT,
	  2,
	  "HELO_BARE_IP" },
	{ "points up to the limit refuse",
	  { .helo = SP_HELO_FORGED, .refuse = 3.5 },
	  REFUSE,
	  REFUSE,
	  3.5,
	  "HELO_FORGED" },
	{ "points short of the limit do not",
	  { .helo = SP_HELO_FORGED, .refuse = 3.6 },
	  ACCEPT,
	  ACCEPT,
	  3.5,
	  "HELO_FORGED" },
	{ "a score that only observes says what it would do",
	  { .helo = SP_HELO_FORGED, .refuse = 3, .score_observes = true },
	  ACCEPT,
	  REFUSE,
	  3.5,
	  "HELO_FORGED" },
	{ "a denied client is refused",
	  { .client = SP_ACCESS_DENY },
	  REFUSE,
	  REFUSE,
	  0,
	  "ACCESS_DENY" },
	{ "lists that only observe refuse nobody",
	  { .client = SP_ACCESS_DENY, .access_observes = true },
	  ACCEPT,
	  REFUSE,
	  0,
	  "ACCESS_DENY" },
	{ "an allowed recipient saves a denied client",
	  { .client = SP_ACCESS_DENY, .recipient = SP_ACCESS_ALLOW },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "ACCESS_ALLOW" },
	{ "a denied recipient stops an allowed client",
	  { .client = SP_ACCESS_ALLOW, .recipient = SP_ACCESS_DENY },
	  REFUSE,
	  REFUSE,
	  0,
	  "ACCESS_DENY" },
	{ "a sender says more than a HELO name",
	  { .helo_name = SP_ACCESS_DENY, .sender = SP_ACCESS_ALLOW },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "ACCESS_ALLOW" },
	{ "an allowed one is let in whatever its points are",
	  { .sender = SP_ACCESS_ALLOW, .helo = SP_HELO_FORGED, .refuse = 1 },
	  ACCEPT,
	  ACCEPT,
	  3.5,
	  "HELO_FORGED,ACCESS_ALLOW" },
	{ "an allowed one does not wait",
	  { .client = SP_ACCESS_ALLOW, GREY(NEW) },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "ACCESS_ALLOW" },
	{ "a first try waits", { GREY(NEW) }, DEFER, DEFER, 0, "GREYLISTED" },
	{ "a try too early waits",
	  { GREY(EARLY) },
	  DEFER,
	  DEFER,
	  0,
	  "GREYLISTED" },
	{ "a try too late waits again",
	  { GREY(LATE) },
	  DEFER,
	  DEFER,
	  0,
	  "GREYLISTED" },
	{ "a try in time passes", { GREY(PASSED) }, ACCEPT, ACCEPT, 0, "" },
	{ "a triplet seen before passes",
	  { GREY(SEEN) },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "" },
	{ "a known identity passes", { GREY(KNOWN) }, ACCEPT, ACCEPT, 0, "" },
	{ "a released one passes", { GREY(RELEASED) }, ACCEPT, ACCEPT, 0, "" },
	{ "what was noted passes", { GREY(NOTED) }, ACCEPT, ACCEPT, 0, "" },
	{ "a first try against which too little speaks passes",
	  { GREY(NEW), .from_score = 2, .helo = SP_HELO_NONE },
	  ACCEPT,
	  ACCEPT,
	  1.5,
	  "HELO_NONE" },
	{ "from greylist.from-score on it waits",
	  { GREY(NEW), .from_score = 2, .helo = SP_HELO_BARE_IP },
	  DEFER,
	  DEFER,
	  2,
	  "HELO_BARE_IP,GREYLISTED" },
	{ "a silent store lets everybody pass",
	  { .grey_state = SP_FACT_UNKNOWN, .grey = SP_GREYLIST_NEW },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "" },
	{ "greylisting that only observes says so",
	  { GREY(NEW), .greylist_observes = true },
	  ACCEPT,
	  DEFER,
	  0,
	  "GREYLISTED" },
	{ "the null sender does not wait at RCPT",
	  { GREY(NEW), .is_null_sender = true },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "" },
	{ "the null sender waits at end of message",
	  { GREY(NEW), .is_null_sender = true, .at_end = true },
	  DEFER,
	  DEFER,
	  0,
	  "GREYLISTED" },
	{ "to be refused is stronger than to wait",
	  { .client = SP_ACCESS_DENY, GREY(NEW) },
	  REFUSE,
	  REFUSE,
	  0,
	  "ACCESS_DENY,GREYLISTED" },
	{ "an observed refusal does not hide an enforced wait",
	  { .client = SP_ACCESS_DENY, .access_observes = true, GREY(NEW) },
	  DEFER,
	  REFUSE,
	  0,
	  "ACCESS_DENY,GREYLISTED" },
	{ "two unknown users are typing errors",
	  { .in_session = { 2, 0, 0 } },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "" },
	{ "no name is a finding",
	  { .rdns = &nameless },
	  ACCEPT,
	  ACCEPT,
	  1.5,
	  "RDNS_NONE" },
	{ "a name that does not lead back is another",
	  { .rdns = &unconfirmed },
	  ACCEPT,
	  ACCEPT,
	  1,
	  "RDNS_NOT_CONFIRMED" },
	{ "so is a name made by a machine, confirmed or not",
	  { .rdns = &generic },
	  ACCEPT,
	  ACCEPT,
	  1.5,
	  "RDNS_GENERIC" },
	{ "what was not answered says nothing",
	  { .rdns = &unanswered },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "" },
	{ "three of them in a session are harvesting",
	  { .in_session = { 3, 0, 0 } },
	  ACCEPT,
	  ACCEPT,
	  3,
	  "HARVEST" },
	{ "nine of a network are not",
	  { .in_network = { 9, 0, 0 }, .network_state = SP_FACT_KNOWN },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "" },
	{ "a client that says another's name",
	  { .rdns = &example_de, .helo_lookup = &mismatch },
	  ACCEPT,
	  ACCEPT,
	  1.5,
	  "HELO_MISMATCH" },
	{ "a HELO name that leads to other hosts",
	  { .helo_lookup = &elsewhere },
	  ACCEPT,
	  ACCEPT,
	  0.3,
	  "HELO_ELSEWHERE" },
	{ "a HELO name that leads nowhere",
	  { .helo_lookup = &nowhere },
	  ACCEPT,
	  ACCEPT,
	  1,
	  "HELO_NOWHERE" },
	{ "a HELO name that leads to the client is fine",
	  { .helo_lookup = &leads_back, .rdns = &example_de },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "" },
	{ "ten of a network are",
	  { .in_network = { 10, 0, 0 }, .network_state = SP_FACT_KNOWN },
	  ACCEPT,
	  ACCEPT,
	  3,
	  "HARVEST" },
	{ "of a network that could not be asked about nothing is believed",
	  { .in_network = { 99, 99, 0 }, .network_state = SP_FACT_UNKNOWN },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "" },
	{ "the session itself counts without a store",
	  { .in_session = { 3, 1, 0 }, .network_state = SP_FACT_UNKNOWN },
	  ACCEPT,
	  ACCEPT,
	  7,
	  "HARVEST,RELAY_PROBE" },
	{ "one attempt to relay in a session is a probe",
	  { .in_session = { 0, 1, 0 } },
	  ACCEPT,
	  ACCEPT,
	  4,
	  "RELAY_PROBE" },
	{ "one of a network is not",
	  { .in_network = { 0, 1, 0 }, .network_state = SP_FACT_KNOWN },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "" },
	{ "two of a network are",
	  { .in_network = { 0, 2, 0 }, .network_state = SP_FACT_KNOWN },
	  ACCEPT,
	  ACCEPT,
	  4,
	  "RELAY_PROBE" },
	{ "all probes together refuse nothing by themselves",
	  { .in_session = { 999, 999, 0 },
	    .in_network = { 999, 999, 0 },
	    .network_state = SP_FACT_KNOWN },
	  ACCEPT,
	  ACCEPT,
	  7,
	  "HARVEST,RELAY_PROBE" },
	{ "probes and a forged HELO do",
	  { .in_session = { 3, 1, 0 }, .helo = SP_HELO_FORGED },
	  REFUSE,
	  REFUSE,
	  10.5,
	  "HELO_FORGED,HARVEST,RELAY_PROBE" },
	{ "a stranger's recipient elsewhere is not relayed",
	  { .relay = SP_RELAY_REMOTE },
	  REFUSE,
	  REFUSE,
	  0,
	  "RELAY_GUARD" },
	{ "nor one that leads on",
	  { .relay = SP_RELAY_ROUTED },
	  REFUSE,
	  REFUSE,
	  0,
	  "RELAY_GUARD" },
	{ "nor one that cannot be read",
	  { .relay = SP_RELAY_UNREADABLE },
	  REFUSE,
	  REFUSE,
	  0,
	  "RELAY_GUARD" },
	{ "no list makes us an open relay",
	  { .relay = SP_RELAY_REMOTE,
	    .client = SP_ACCESS_ALLOW,
	    .recipient = SP_ACCESS_ALLOW },
	  REFUSE,
	  REFUSE,
	  0,
	  "RELAY_GUARD,ACCESS_ALLOW" },
	{ "a guard that only observes refuses nobody",
	  { .relay = SP_RELAY_REMOTE, .relay_observes = true },
	  ACCEPT,
	  REFUSE,
	  0,
	  "RELAY_GUARD" },
	{ "a trusted client relays",
	  { .relay = SP_RELAY_REMOTE,
	    .is_trusted = true,
	    .in_session = { 9, 9, 0 } },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "TRUSTED" },
	{ "so does who has logged in",
	  { .relay = SP_RELAY_REMOTE, .is_submitted = true },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "TRUSTED" },
	{ "a sender's domain that does not exist",
	  { .sender_domain = SP_SENDER_DOMAIN_ABSENT },
	  ACCEPT,
	  ACCEPT,
	  4,
	  "SENDER_DOMAIN_ABSENT" },
	{ "a sender's domain that takes no mail",
	  { .sender_domain = SP_SENDER_DOMAIN_NULL_MX },
	  ACCEPT,
	  ACCEPT,
	  4,
	  "SENDER_DOMAIN_NULL_MX" },
	{ "each rule of a list has its own weight and name",
	  { .listed = 3 },
	  ACCEPT,
	  ACCEPT,
	  5.5,
	  "DNSBL_BAD,DNSBL_WORSE" },
	{ "a list of the good takes points away",
	  { .listed = 5 },
	  ACCEPT,
	  ACCEPT,
	  -0.5,
	  "DNSBL_BAD,DNSBL_GOOD" },
	{ "a list of domains counts once, whatever names it hits",
	  { .helo_listed = 1, .sender_listed = 1 },
	  ACCEPT,
	  ACCEPT,
	  4,
	  "RHSBL_DOMAINS" },
	{ "two sources together refuse",
	  { .listed = 3, .helo_listed = 1, .rdns = &unconfirmed },
	  REFUSE,
	  REFUSE,
	  10.5,
	  "RDNS_NOT_CONFIRMED,DNSBL_BAD,DNSBL_WORSE,RHSBL_DOMAINS" },
	{ "a trusted client is not judged",
	  { .is_trusted = true,
	    .client = SP_ACCESS_DENY,
	    .helo = SP_HELO_FORGED,
	    .refuse = 1,
	    GREY(NEW) },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "TRUSTED" },
	{ "who has logged in is not judged",
	  { .is_submitted = true, .helo = SP_HELO_BARE_IP },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "TRUSTED" },
};

static void test_rows(void **state)
{
	(void)state;
	assert_decided(rows, sizeof(rows) / sizeof(rows[0]));
}

static void assert_reason(const struct given *given, const char *reason)
{
	struct sp_verdict verdict;
	struct sp_arena arena;

	sp_arena_init(&arena, 4096);
	decide_given(given, &arena, &verdict);
	assert_string_equal(verdict.findings[0].reason, reason);
	sp_arena_clear(&arena);
}

static void test_reasons(void **state)
{
	(void)state;
	assert_reason(&(struct given){ .client = SP_ACCESS_DENY },
		      "list line 7 denies entry");
	assert_reason(&(struct given){ GREY(EARLY) },
		      "early from net:192.0.2.0/24, the client's network, try "
		      "1: 90 s to wait");
	assert_reason(
		&(struct given){ GREY(NEW), .grey_proof = SP_IDENTITY_SPF },
		"new from net:192.0.2.0/24, which lets the client send "
		"for it, try 1: 90 s to wait");
	assert_reason(
		&(struct given){ GREY(NEW), .grey_proof = SP_IDENTITY_RDNS },
		"new from net:192.0.2.0/24, which the client's name "
		"belongs to, try 1: 90 s to wait");
}

static void test_reasons_of_probes_and_the_guard(void **state)
{
	(void)state;
	assert_reason(&(struct given){ .in_session = { 3, 0, 0 },
				       .in_network = { 12, 0, 0 },
				       .network_state = SP_FACT_KNOWN },
		      "unknown users: 3 in this session, 12 from its network "
		      "within 60 minutes");
	assert_reason(&(struct given){ .in_session = { 0, 1, 0 } },
		      "attempts to relay: 1 in this session");
	assert_reason(&(struct given){ .relay = SP_RELAY_REMOTE },
		      "other.example is not in relay.local-domains");
	assert_reason(&(struct given){ .relay = SP_RELAY_ROUTED },
		      "the recipient leads on to other.example, which is not "
		      "in relay.local-domains");
}

static void test_reasons_of_names_and_lists(void **state)
{
	const struct given given = { .rdns = &example_de,
				     .helo_lookup = &mismatch,
				     .listed = 1 };
	struct sp_verdict verdict;
	struct sp_arena arena;

	(void)state;
	sp_arena_init(&arena, 4096);
	decide_given(&given, &arena, &verdict);
	assert_string_equal(verdict.findings[0].reason,
			    "the HELO name mail.com does not lead to the "
			    "client, whose own name is mail.example.de");
	/* The key that the operator paid for is shown to nobody. */
	assert_string_equal(verdict.findings[1].reason,
			    "the client's address is on *.zen.dq.spamhaus.net");
	sp_arena_clear(&arena);
}

/* What was found at RCPT only stays; what the end knows better is its. */
static void test_a_message_is_judged_with_its_recipients(void **state)
{
	const struct given at_rcpt = { .helo = SP_HELO_FORGED,
				       .greylist_observes = true,
				       GREY(NEW) };
	const struct given at_end = { .helo = SP_HELO_FORGED,
				      .rdns = &nameless,
				      .at_end = true };
	struct sp_verdict recipient, message;
	struct sp_arena arena;

	(void)state;
	sp_arena_init(&arena, 8192);
	decide_given(&at_rcpt, &arena, &recipient);
	decide_given(&at_end, &arena, &message);
	sp_verdict_join(&message, &recipient);
	assert_int_equal(message.count, 3);
	assert_string_equal(message.findings[0].name, "HELO_FORGED");
	assert_string_equal(message.findings[1].name, "RDNS_NONE");
	assert_string_equal(message.findings[2].name, "GREYLISTED");
	assert_true(message.score == 5.0);
	assert_int_equal(message.action, SP_ACTION_ACCEPT);
	assert_int_equal(message.would, SP_ACTION_DEFER);
	sp_verdict_join(&message, NULL);
	assert_int_equal(message.count, 3);
	sp_arena_clear(&arena);
}

static void test_no_memory_for_reasons(void **state)
{
	const struct given given = { .helo = SP_HELO_FORGED };
	struct sp_verdict verdict;
	struct sp_arena arena;

	(void)state;
	sp_arena_init(&arena, 1);
	decide_given(&given, &arena, &verdict);
	assert_int_equal(verdict.count, 1);
	assert_string_equal(verdict.findings[0].reason, "");
	sp_arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_reasons_of_probes_and_the_guard),
		cmocka_unit_test(test_reasons_of_names_and_lists),
		cmocka_unit_test(test_a_message_is_judged_with_its_recipients),
		cmocka_unit_test(test_no_memory_for_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
