/*
 * test-facts-text.c - a verdict made of facts that were written and read again
 * is the verdict made of the facts themselves.
 */
#include "sallyport/facts_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "facts_kept.h"
#include "sallyport/arena.h"
#include "sallyport/config.h"
#include "sallyport/dnsbl.h"
#include "sallyport/text.h"

enum {
	ROUNDS = 20000,
	ARENA_BYTES = 1 << 20
};

/* xorshift64*: the same numbers each time. */
static uint64_t state_of_chance = 88172645463325252ULL;

static uint64_t chance(uint64_t below)
{
	state_of_chance ^= state_of_chance >> 12;
	state_of_chance ^= state_of_chance << 25;
	state_of_chance ^= state_of_chance >> 27;
	return (state_of_chance * 2685821657736338717ULL >> 11) % below;
}

#define ANY(type, most) ((type)chance((uint64_t)(most) + 1))

static const char *const texts[] = {
	"",
	"mx.example.org",
	"a, b | c %41 d: e",
	"J\xc3\xbcrgen\n\r\t\x01",
	"|",
	" | ",
	"%",
	"facts:4",
	"v=spf1 include:%{l}.example.org -all",
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
};

static const char *any_text(void)
{
	return texts[chance(sizeof(texts) / sizeof(texts[0]))];
}

static const char *any_text_or_null(void)
{
	const char *text = any_text();

	return text[0] ? text : NULL;
}

static bool any_bool(void)
{
	return chance(2);
}

static uint32_t any_count(void)
{
	return chance(3) ? (uint32_t)chance(20) : UINT32_MAX;
}

static void any_access(struct sp_kept *kept)
{
	for (size_t i = 0; i < SP_KEPT_ACCESS; i++) {
		kept->entries[i] = (struct sp_list_entry){
			.text = any_text(),
			.file = any_text(),
			.line = any_count(),
			.rank = any_count(),
		};
		kept->access[i].state = ANY(enum sp_fact_state, SP_FACT_KNOWN);
		kept->access[i].answer =
			chance(3) ? SP_ACCESS_NOTHING
				  : ANY(enum sp_access_answer, SP_ACCESS_DENY);
		if (kept->access[i].answer != SP_ACCESS_NOTHING)
			kept->access[i].entry = &kept->entries[i];
	}
}

static void any_client(struct sp_kept *kept)
{
	kept->gate = (struct sp_gate_fact){
		.answer = ANY(enum sp_gate_answer, SP_GATE_UNKNOWN),
		.why = ANY(enum sp_gate_why, SP_GATE_GREETED_MEANWHILE),
		.error = (int)chance(200),
		.has_hung_up = any_bool(),
		.is_inferred = any_bool(),
		.bytes = chance(INT64_MAX),
		.rtt_us = any_count(),
		.held_ms = (int64_t)chance(100000),
	};
	kept->owner = (struct sp_owner_fact){
		.state = ANY(enum sp_fact_state, SP_FACT_KNOWN),
		.why = ANY(enum sp_owner_why, SP_OWNER_NO_HEADER),
		.uid = any_count(),
	};
	kept->helo.state = ANY(enum sp_fact_state, SP_FACT_KNOWN);
	kept->helo.kind = ANY(enum sp_helo_kind, SP_HELO_FORGED);
	kept->rdns = (struct sp_rdns_fact){
		.state = ANY(enum sp_fact_state, SP_FACT_KNOWN),
		.kind = ANY(enum sp_rdns_kind, SP_RDNS_CONFIRMED),
		.name = any_text(),
		.generic = any_text_or_null(),
	};
	kept->helo_name = (struct sp_helo_name_fact){
		.state = ANY(enum sp_fact_state, SP_FACT_KNOWN),
		.kind = ANY(enum sp_helo_name_kind, SP_HELO_NAME_NOWHERE),
		.is_mismatch = any_bool(),
	};
	kept->probe = (struct sp_probe_fact){
		.state = ANY(enum sp_fact_state, SP_FACT_KNOWN),
		.session = { any_count(), any_count(), any_count() },
		.network = { any_count(), any_count(), any_count() },
	};
}

static uint64_t any_hits(const struct sp_dnsbl_rules *rules)
{
	return chance(UINT64_C(1) << rules->rule_count);
}

static void any_lists(struct sp_kept *kept, const struct sp_config *config)
{
	kept->dnsbl.state = ANY(enum sp_fact_state, SP_FACT_KNOWN);
	kept->dnsbl.hits = any_hits(config->dnsbl.addresses);
	for (size_t i = 0; i < SP_RHSBL_NAMES; i++) {
		kept->rhsbl[i].state = ANY(enum sp_fact_state, SP_FACT_KNOWN);
		kept->rhsbl[i].hits = any_hits(config->dnsbl.domains);
	}
}

static struct sp_spf_fact any_spf(void)
{
	return (struct sp_spf_fact){
		.state = ANY(enum sp_fact_state, SP_FACT_KNOWN),
		.result = ANY(enum sp_spf_result, SP_SPF_PERMERROR),
		.passes_world = any_bool(),
		.domain = any_text(),
		.term = any_text(),
		.reason = any_text(),
		.explanation = any_text(),
	};
}

static void any_sender(struct sp_kept *kept)
{
	kept->dsn = (struct sp_dsn_fact){
		.state = ANY(enum sp_fact_state, SP_FACT_KNOWN),
		.kind = ANY(enum sp_dsn_kind, SP_DSN_UNREADABLE),
		.failed = any_count(),
		.submitter = any_text(),
	};
	kept->sender_domain.state = ANY(enum sp_fact_state, SP_FACT_KNOWN);
	kept->sender_domain.kind =
		ANY(enum sp_sender_domain_kind, SP_SENDER_DOMAIN_PRIVATE_MX);
	kept->spf = any_spf();
	kept->spf_helo = any_spf();
	kept->greylist = (struct sp_greylist_fact){
		.state = ANY(enum sp_fact_state, SP_FACT_KNOWN),
		.identity = any_text(),
		.proof = ANY(enum sp_identity_proof, SP_IDENTITY_RDNS),
		.answer = {
			.state = ANY(enum sp_greylist_state,
				     SP_GREYLIST_RELEASED),
			.first_ms = (int64_t)chance(1ULL << 45),
			.wait_ms = (int64_t)chance(100000000),
			.tries = any_count(),
			.identity_passes = any_count(),
		},
	};
	kept->relay.state = ANY(enum sp_fact_state, SP_FACT_KNOWN);
	kept->relay.kind = ANY(enum sp_relay_kind, SP_RELAY_UNREADABLE);
	sp_text_copy(kept->relay.domain, sizeof(kept->relay.domain),
		     any_text());
}

static void any_author(struct sp_kept *kept)
{
	kept->dkim.state = ANY(enum sp_fact_state, SP_FACT_KNOWN);
	kept->dkim.count = chance(SP_DKIM_FACTS_MAX + 1);
	kept->dkim.ignored = any_count();
	for (size_t i = 0; i < kept->dkim.count; i++)
		kept->signatures[i] = (struct sp_dkim_signature){
			.result = ANY(enum sp_dkim_result, SP_DKIM_PERMERROR),
			.reason = any_text(),
			.domain = any_text(),
			.selector = any_text(),
			.is_partial = any_bool(),
			.is_testing = any_bool(),
		};
	kept->has_from = any_bool();
	kept->from.reason = ANY(enum sp_from_reason, SP_FROM_TOO_DEEP);
	kept->outcome = (struct sp_dmarc_outcome){
		.result = ANY(enum sp_dmarc_result, SP_DMARC_PERMERROR),
		.author = ANY(enum sp_dmarc_author, SP_DMARC_AUTHOR_BAD_IDN),
		.policy = ANY(enum sp_dmarc_policy, SP_DMARC_POLICY_REJECT),
		.published = ANY(enum sp_dmarc_policy, SP_DMARC_POLICY_REJECT),
		.is_spf_aligned = any_bool(),
		.is_dkim_aligned = any_bool(),
		.reason = any_text(),
	};
	sp_text_copy(kept->outcome.domain, sizeof(kept->outcome.domain),
		     any_text());
	kept->dmarc.state = ANY(enum sp_fact_state, SP_FACT_KNOWN);
	kept->forwarder = (struct sp_list_entry){
		.text = any_text(),
		.file = any_text(),
		.line = any_count(),
	};
	kept->dmarc.forwarder = any_bool() ? &kept->forwarder : NULL;
	kept->dmarc.list_domain = any_text_or_null();
}

static void any_submitter(struct sp_kept *kept)
{
	struct sp_submitter_standing *standing = &kept->submitter.standing;

	kept->submitter.state = ANY(enum sp_fact_state, SP_FACT_KNOWN);
	sp_text_copy(kept->who.key, sizeof(kept->who.key), any_text());
	standing->state = ANY(enum sp_submitter_state, SP_SUBMITTER_LOCKED);
	standing->since_ms = (int64_t)chance(1ULL << 45);
	standing->until_ms = (int64_t)chance(1ULL << 45);
	standing->is_observed = any_bool();
	standing->why = (struct sp_submitter_why){
		.cause = ANY(enum sp_submitter_cause, SP_CAUSE_OPERATOR),
		.counted = ANY(enum sp_counted, SP_COUNTED_KINDS - 1),
		.count = any_count(),
		.most = any_count(),
		.window_ms = (int64_t)chance(100 * 86400000ULL),
	};
	sp_text_copy(standing->why.words, sizeof(standing->why.words),
		     any_text());
	kept->submitter.foreign_from = any_text_or_null();
}

static void any_facts(struct sp_kept *kept, const struct sp_config *config)
{
	memset(kept, 0, sizeof(*kept));
	kept->facts = (struct sp_facts){
		.stage = ANY(enum sp_stage, SP_STAGE_COUNT - 1),
		.is_trusted = chance(20) == 0,
		.is_submitted = chance(20) == 0,
		.is_null_sender = any_bool(),
		.is_known = any_bool(),
		.degraded = (unsigned)chance(8),
		.helo_text = any_text(),
		.sender_text = any_text(),
	};
	any_access(kept);
	any_client(kept);
	any_lists(kept, config);
	any_sender(kept);
	any_author(kept);
	any_submitter(kept);
	sp_kept_link(kept);
}

static const struct sp_config *load(void)
{
	static struct sp_config_errors errors;
	const struct sp_config *config;

	assert_int_equal(sp_config_load(NULL, &config, &errors), SP_OK);
	return config;
}

static void assert_same(const struct sp_verdict *a, const struct sp_verdict *b)
{
	assert_int_equal(a->action, b->action);
	assert_int_equal(a->would, b->would);
	assert_int_equal(a->because, b->because);
	assert_true(a->score == b->score);
	assert_true(a->wait_ms == b->wait_ms);
	assert_string_equal(a->explanation, b->explanation);
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		assert_int_equal(a->findings[i].id, b->findings[i].id);
		assert_string_equal(a->findings[i].name, b->findings[i].name);
		assert_true(a->findings[i].weight == b->findings[i].weight);
		assert_string_equal(a->findings[i].reason,
				    b->findings[i].reason);
	}
}

/* How large the texts are that come of it. */
static size_t check_one(const struct sp_facts *facts,
			const struct sp_config *config, bool is_private)
{
	char bytes[SP_MOMENTS_TEXT_SIZE], again[SP_MOMENTS_TEXT_SIZE];
	struct sp_moment moments[SP_MOMENTS_MAX];
	struct sp_verdict before, after;
	struct sp_arena arena;
	struct sp_text text;
	size_t count;

	sp_arena_init(&arena, ARENA_BYTES);
	sp_policy_decide(facts, config, &arena, &before);
	sp_text_init(&text, bytes, sizeof(bytes));
	sp_moment_write(
		&(struct sp_moment){
			.facts = facts,
			.count = 3,
			.action = before.action,
			.would = before.would,
			.score = before.score,
			.is_suspicious = true,
			.is_private = is_private,
		},
		config, &text);
	if (text.is_cut) {
		assert_string_equal(bytes, "");
		sp_arena_clear(&arena);
		return 0;
	}
	assert_int_equal(
		sp_moments_read(bytes, config, &arena, moments, &count), SP_OK);
	assert_int_equal(count, 1);
	assert_int_equal(moments[0].count, 3);
	assert_int_equal(moments[0].action, before.action);
	assert_true(moments[0].score > before.score - 1e-6 &&
		    moments[0].score < before.score + 1e-6);
	sp_policy_decide(moments[0].facts, config, &arena, &after);
	if (is_private) {
		assert_int_equal(before.action, after.action);
		assert_int_equal(before.would, after.would);
		assert_true(before.score == after.score);
	} else {
		assert_same(&before, &after);
	}
	sp_text_init(&text, again, sizeof(again));
	sp_moment_write(&moments[0], config, &text);
	assert_string_equal(bytes, again);
	sp_arena_clear(&arena);
	return strlen(bytes);
}

static void test_a_verdict_is_the_same_after_writing_and_reading(void **state)
{
	const struct sp_config *config = load();
	size_t kept_count = 0, most = 0;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct sp_kept kept;
		size_t length;

		any_facts(&kept, config);
		length = check_one(&kept.facts, config, i % 4 == 0);
		kept_count += length > 0;
		most = length > most ? length : most;
	}
	print_message("  %zu of %d kept, the longest %zu bytes\n", kept_count,
		      ROUNDS, most);
	assert_true(kept_count > ROUNDS * 9 / 10);
	assert_true(most < SP_MOMENT_TEXT_SIZE + 4);
	sp_config_unref(&config);
}

static void test_facts_of_nothing_are_short(void **state)
{
	const struct sp_config *config = load();
	struct sp_kept kept;

	(void)state;
	memset(&kept, 0, sizeof(kept));
	sp_kept_link(&kept);
	assert_in_range(check_one(&kept.facts, config, false), 1, 60);
	sp_config_unref(&config);
}

static void test_rules_are_found_by_name_in_another_configuration(void **state)
{
	const struct sp_config *config = load();
	struct sp_dnsbl_rules fewer = *config->dnsbl.addresses;
	struct sp_config other = *config;
	char bytes[SP_MOMENTS_TEXT_SIZE];
	struct sp_moment moments[SP_MOMENTS_MAX];
	struct sp_arena arena;
	struct sp_kept kept;
	struct sp_text text;
	size_t count;

	(void)state;
	assert_true(fewer.rule_count >= 3);
	memset(&kept, 0, sizeof(kept));
	kept.dnsbl.state = SP_FACT_KNOWN;
	kept.dnsbl.hits = 7;
	sp_kept_link(&kept);
	sp_text_init(&text, bytes, sizeof(bytes));
	sp_moment_write(&(struct sp_moment){ .facts = &kept.facts }, config,
			&text);
	/* The first is gone, the second and the third have changed places. */
	fewer.rules[0] = config->dnsbl.addresses->rules[2];
	fewer.rules[2] = config->dnsbl.addresses->rules[3];
	other.dnsbl.addresses = &fewer;
	sp_arena_init(&arena, ARENA_BYTES);
	assert_int_equal(
		sp_moments_read(bytes, &other, &arena, moments, &count), SP_OK);
	assert_int_equal(moments[0].facts->dnsbl->hits, 3);
	sp_arena_clear(&arena);
	sp_config_unref(&config);
}

struct damaged {
	const char *sentence;
	const char *text;
	enum sp_err err;
	size_t count;
};

static const struct damaged damaged[] = {
	{ "nothing at all", "", SP_ERR_PROTOCOL, 0 },
	{ "another version", "2 facts:4", SP_ERR_PROTOCOL, 0 },
	{ "no facts are facts of nothing", "1 ", SP_OK, 1 },
	{ "two moments", "1 facts:4 | facts:5", SP_OK, 2 },
	{ "four moments", "1 a: | a: | a: | a:", SP_OK, 4 },
	{ "five moments", "1 a: | a: | a: | a: | a:", SP_ERR_TOO_LONG, 0 },
	{ "a group that nobody knows", "1 newer:1,2,3 facts:4", SP_OK, 1 },
	{ "more values than are known", "1 helo:2,5,99,abc", SP_OK, 1 },
	{ "no group", "1 helo", SP_ERR_SYNTAX, 0 },
	{ "a number out of its range", "1 helo:2,99", SP_ERR_RANGE, 0 },
	{ "a number that is none", "1 helo:2,x", SP_ERR_SYNTAX, 0 },
	{ "a sign without a number", "1 greylist:2,0,,,-", SP_ERR_SYNTAX, 0 },
	{ "less than nothing", "1 helo:-1", SP_ERR_RANGE, 0 },
	{ "a number too large for any", "1 owner:2,0,99999999999999999999999",
	  SP_ERR_RANGE, 0 },
	{ "a byte without its digits", "1 rdns:2,1,%4", SP_ERR_SYNTAX, 0 },
	{ "a NUL in a text", "1 rdns:2,1,%00", SP_ERR_SYNTAX, 0 },
	{ "more signatures than there can be", "1 dkim:2,9", SP_ERR_RANGE, 0 },
	{ "signatures that are not there", "1 dkim:2,8", SP_OK, 1 },
	{ "an answer of a list without its entry", "1 allow-client:2,2", SP_OK,
	  1 },
	{ "a From: that cannot be read and is not there",
	  "1 facts:8 dmarc:2,4,5", SP_OK, 1 },
};

static void test_what_was_damaged_is_refused_or_harmless(void **state)
{
	const struct sp_config *config = load();

	(void)state;
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		struct sp_moment moments[SP_MOMENTS_MAX];
		struct sp_verdict verdict;
		struct sp_arena arena;
		size_t count;

		print_message("  %s\n", damaged[i].sentence);
		sp_arena_init(&arena, ARENA_BYTES);
		assert_int_equal(sp_moments_read(damaged[i].text, config,
						 &arena, moments, &count),
				 damaged[i].err);
		assert_int_equal(count, damaged[i].count);
		for (size_t j = 0; j < count; j++)
			sp_policy_decide(moments[j].facts, config, &arena,
					 &verdict);
		sp_arena_clear(&arena);
	}
	sp_config_unref(&config);
}

static void test_hidden_facts_have_no_words_of_others(void **state)
{
	static const struct sp_list_entry entry = { .text = "secretary@",
						    .file = "deny.txt" };
	const struct sp_config *config = load();
	char bytes[SP_MOMENTS_TEXT_SIZE];
	struct sp_kept kept;
	struct sp_text text;

	(void)state;
	memset(&kept, 0, sizeof(kept));
	sp_kept_link(&kept);
	kept.access[3] = (struct sp_access_fact){ SP_FACT_KNOWN, SP_ACCESS_DENY,
						  &entry };
	kept.submitter.foreign_from = "From: secretary@a.example";
	kept.spf = (struct sp_spf_fact){
		.state = SP_FACT_KNOWN,
		.result = SP_SPF_FAIL,
		.domain = "a.example",
		.term = "-all",
		.reason = "secretary has no record",
		.explanation = "secretary may not send",
	};
	sp_text_init(&text, bytes, sizeof(bytes));
	sp_moment_write(
		&(struct sp_moment){ .facts = &kept.facts, .is_private = true },
		config, &text);
	assert_null(strstr(bytes, "secretary"));
	assert_non_null(strstr(bytes, "a.example"));
	sp_config_unref(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_verdict_is_the_same_after_writing_and_reading),
		cmocka_unit_test(test_facts_of_nothing_are_short),
		cmocka_unit_test(
			test_rules_are_found_by_name_in_another_configuration),
		cmocka_unit_test(test_what_was_damaged_is_refused_or_harmless),
		cmocka_unit_test(test_hidden_facts_have_no_words_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
