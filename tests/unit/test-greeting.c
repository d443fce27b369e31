/* What a client does before its greeting, and how long it waits for that. */
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
#include "sallyport/config.h"
#include "sallyport/dnsbl.h"
#include "sallyport/gate.h"

struct row {
	const char *sentence;
	struct given given;
	enum sp_action action, would;
	double score;
	const char *findings;
};

#define ACCEPT SP_ACTION_ACCEPT
#define REFUSE SP_ACTION_REFUSE

static const struct sp_gate_fact talked = { .answer = SP_GATE_TALKED,
					    .bytes = 22,
					    .held_ms = 50 };
static const struct sp_gate_fact blind = { .answer = SP_GATE_UNKNOWN,
					   .why = SP_GATE_UNSEEN };

static const struct row rows[] = {
	{ "who speaks before he is greeted gets points",
	  { .gate = &talked },
	  ACCEPT,
	  ACCEPT,
	  4,
	  "EARLY_TALKER" },
	{ "what the kernel does not show is held against nobody",
	  { .gate = &blind },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "" },
	{ "where talkers are refused one is",
	  { .gate = &talked, .refuses_talkers = true },
	  REFUSE,
	  REFUSE,
	  4,
	  "EARLY_TALKER" },
	{ "but not one who is allowed",
	  { .gate = &talked,
	    .refuses_talkers = true,
	    .client = SP_ACCESS_ALLOW },
	  ACCEPT,
	  ACCEPT,
	  4,
	  "EARLY_TALKER,ACCESS_ALLOW" },
	{ "a network that hung up lately",
	  { .in_network = { 0, 0, 2 }, .network_state = SP_FACT_KNOWN },
	  ACCEPT,
	  ACCEPT,
	  1,
	  "HUNG_UP_EARLY" },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct sp_verdict verdict;
		struct sp_arena arena;
		char found[256] = "";

		sp_arena_init(&arena, 4096);
		decide_given(&row->given, &arena, &verdict);
		for (size_t k = 0; k < verdict.count; k++) {
			strcat(found, k > 0 ? "," : "");
			strcat(found, verdict.findings[k].name);
		}
		if (verdict.action != row->action ||
		    verdict.would != row->would ||
		    verdict.score != row->score ||
		    strcmp(found, row->findings) != 0)
			fail_msg("%s: %s, score %g, found %s", row->sentence,
				 sp_action_name(verdict.action), verdict.score,
				 found);
		sp_arena_clear(&arena);
	}
}

/* What is known of a client when it is asked how long it shall wait. */
struct client {
	const char *sentence;
	bool is_trusted, is_submitted, is_known, is_allowed;
	enum sp_fact_state rdns_state;
	enum sp_rdns_kind rdns;
	const char *generic;
	enum sp_fact_state dnsbl_state;
	uint64_t hits;
	bool for_all;  /* greeting.only-suspicious: false */
	bool observes; /* greeting.mode */
	bool is_held;
};

#define NAMED .rdns_state = SP_FACT_KNOWN, .rdns = SP_RDNS_CONFIRMED
#define CLEAN NAMED, .dnsbl_state = SP_FACT_KNOWN

static const struct client clients[] = {
	{ "nothing is known yet", .is_held = true },
	{ "a trusted one", .is_trusted = true },
	{ "one who submits", .is_submitted = true },
	{ "a known one", .is_known = true },
	{ "an allowed one", .is_allowed = true },
	{ "a clean one", CLEAN },
	{ "a clean one where all wait", CLEAN, .for_all = true,
	  .is_held = true },
	{ "a known one where all wait", .for_all = true, .is_known = true },
	{ "a name alone is not enough", NAMED, .is_held = true },
	{ "lists alone are not", .dnsbl_state = SP_FACT_KNOWN,
	  .is_held = true },
	{ "one without a name", .rdns_state = SP_FACT_KNOWN,
	  .rdns = SP_RDNS_NONE, .dnsbl_state = SP_FACT_KNOWN, .is_held = true },
	{ "a customer's line", CLEAN, .generic = "numbers", .is_held = true },
	{ "a listed one", CLEAN, .hits = 1, .is_held = true },
	{ "one on a list of the good", CLEAN, .hits = 2 },
	{ "lists that do not answer", NAMED, .dnsbl_state = SP_FACT_UNKNOWN,
	  .is_held = true },
	{ "where greetings are only observed nobody waits", .observes = true },
};

static int64_t wait_of(const struct client *client,
		       const struct sp_dnsbl_rules *rules)
{
	static const struct sp_access_fact nothing;
	const struct sp_access_fact allowed = { .state = SP_FACT_KNOWN,
						.answer = SP_ACCESS_ALLOW };
	const struct sp_rdns_fact rdns = { .state = client->rdns_state,
					   .kind = client->rdns,
					   .name = "mx.example",
					   .generic = client->generic };
	const struct sp_dnsbl_list_fact dnsbl = { client->dnsbl_state,
						  client->hits };
	const struct sp_facts facts = {
		.is_trusted = client->is_trusted,
		.is_submitted = client->is_submitted,
		.is_known = client->is_known,
		.access_client = client->is_allowed ? &allowed : &nothing,
		.access_helo = &nothing,
		.access_sender = &nothing,
		.access_recipient = &nothing,
		.rdns = &rdns,
		.dnsbl = &dnsbl,
	};
	const struct sp_config config = {
		.greeting = { .mode = client->observes ? SP_MODE_OBSERVE
						       : SP_MODE_ENFORCE,
			      .delay_ms = 6000,
			      .is_for_suspicious = !client->for_all },
		.rdns.is_enabled = true,
		.dnsbl = { .is_enabled = true, .addresses = rules },
	};

	return sp_policy_greeting_ms(&facts, &config);
}

static void test_who_waits(void **state)
{
	char error[SP_DNSBL_ERROR_SIZE];
	struct sp_dnsbl_rules rules;

	(void)state;
	sp_dnsbl_rules_init(&rules);
	assert_int_equal(sp_dnsbl_rules_add(&rules, "BAD: b.example*1", error),
			 SP_OK);
	assert_int_equal(
		sp_dnsbl_rules_add(&rules, "GOOD: g.example*-1", error), SP_OK);
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		int64_t wait_ms = wait_of(&clients[i], &rules);

		if (wait_ms != (clients[i].is_held ? 6000 : 0))
			fail_msg("%s: %lld ms", clients[i].sentence,
				 (long long)wait_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
