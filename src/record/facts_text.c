/*
 * Each fact has a function that walks over its members, in writing as in
 * reading. A member that is added to a fact is added to its walk, at the end.
 */
#include "sallyport/facts_text.h"

#include <string.h>

#include "codec.h"
#include "facts_kept.h"
#include "sallyport/arena.h"
#include "sallyport/config.h"
#include "sallyport/dnsbl.h"
#include "sallyport/text.h"

static const int64_t far_ms = INT64_C(0xffffffffffff);

/* Who adds a fact, or a member to one, changes the number here, and writes it
 * in its walk below. */
#define HAS_SIZE(type, size)                                                   \
	_Static_assert(sizeof(void *) != 8 || sizeof(struct type) == (size),   \
		       #type " has changed: write it, and read it")
HAS_SIZE(sp_facts, 240);
HAS_SIZE(sp_access_fact, 16);
HAS_SIZE(sp_owner_fact, 12);
HAS_SIZE(sp_helo_fact, 8);
HAS_SIZE(sp_rdns_fact, 24);
HAS_SIZE(sp_helo_name_fact, 12);
HAS_SIZE(sp_sender_domain_fact, 8);
HAS_SIZE(sp_dnsbl_list_fact, 16);
HAS_SIZE(sp_rhsbl_fact, 16);
HAS_SIZE(sp_spf_fact, 48);
HAS_SIZE(sp_dsn_fact, 40);
HAS_SIZE(sp_greylist_fact, 72);
HAS_SIZE(sp_relay_fact, 264);
HAS_SIZE(sp_probe_fact, 28);
HAS_SIZE(sp_gate_fact, 40);
HAS_SIZE(sp_submitter_fact, 248);

/* `type` is an enum's, `most` its last value. */
#define WALK_ENUM(codec, type, value, most)                                    \
	((type)sp_codec_number(codec, (uint64_t)(value), (uint64_t)(most)))

static uint32_t walk_count(struct sp_codec *codec, uint32_t value)
{
	return (uint32_t)sp_codec_number(codec, value, UINT32_MAX);
}

static enum sp_fact_state walk_state(struct sp_codec *codec,
				     enum sp_fact_state state)
{
	return WALK_ENUM(codec, enum sp_fact_state, state, SP_FACT_KNOWN);
}

static void walk_entry(struct sp_codec *codec, struct sp_list_entry *entry)
{
	entry->file = sp_codec_text(codec, entry->file);
	entry->line = walk_count(codec, entry->line);
	entry->text = sp_codec_text(codec, entry->text);
	entry->rank = walk_count(codec, entry->rank);
}

static void walk_access(struct sp_codec *codec, struct sp_kept *kept)
{
	static const char *const names[SP_KEPT_ACCESS] = {
		"allow-client", "allow-helo", "allow-sender", "allow-recipient"
	};

	for (size_t i = 0; i < SP_KEPT_ACCESS; i++) {
		struct sp_access_fact *fact = &kept->access[i];

		sp_codec_group(codec, names[i]);
		fact->state = walk_state(codec, fact->state);
		fact->answer = WALK_ENUM(codec, enum sp_access_answer,
					 fact->answer, SP_ACCESS_DENY);
		walk_entry(codec, &kept->entries[i]);
		fact->entry = fact->answer == SP_ACCESS_NOTHING
				      ? NULL
				      : &kept->entries[i];
	}
}

static void walk_gate(struct sp_codec *codec, struct sp_gate_fact *fact)
{
	sp_codec_group(codec, "gate");
	fact->answer = WALK_ENUM(codec, enum sp_gate_answer, fact->answer,
				 SP_GATE_UNKNOWN);
	fact->why = WALK_ENUM(codec, enum sp_gate_why, fact->why,
			      SP_GATE_GREETED_MEANWHILE);
	fact->error = (int)sp_codec_number(codec, (uint64_t)fact->error, 4095);
	fact->has_hung_up = sp_codec_bool(codec, fact->has_hung_up);
	fact->is_inferred = sp_codec_bool(codec, fact->is_inferred);
	fact->bytes = sp_codec_number(codec, fact->bytes, INT64_MAX);
	fact->rtt_us = walk_count(codec, fact->rtt_us);
	fact->held_ms = sp_codec_signed(codec, fact->held_ms, far_ms);
}

static void walk_owner(struct sp_codec *codec, struct sp_owner_fact *fact)
{
	sp_codec_group(codec, "owner");
	fact->state = walk_state(codec, fact->state);
	fact->why = WALK_ENUM(codec, enum sp_owner_why, fact->why,
			      SP_OWNER_NO_HEADER);
	fact->uid = walk_count(codec, fact->uid);
}

static void walk_names(struct sp_codec *codec, struct sp_kept *kept)
{
	struct sp_rdns_fact *rdns = &kept->rdns;

	sp_codec_group(codec, "helo");
	kept->helo.state = walk_state(codec, kept->helo.state);
	kept->helo.kind = WALK_ENUM(codec, enum sp_helo_kind, kept->helo.kind,
				    SP_HELO_FORGED);
	sp_codec_group(codec, "rdns");
	rdns->state = walk_state(codec, rdns->state);
	rdns->kind = WALK_ENUM(codec, enum sp_rdns_kind, rdns->kind,
			       SP_RDNS_CONFIRMED);
	rdns->name = sp_codec_text(codec, rdns->name);
	rdns->generic = sp_codec_text_or_null(codec, rdns->generic);
	sp_codec_group(codec, "helo-name");
	kept->helo_name.state = walk_state(codec, kept->helo_name.state);
	kept->helo_name.kind =
		WALK_ENUM(codec, enum sp_helo_name_kind, kept->helo_name.kind,
			  SP_HELO_NAME_NOWHERE);
	kept->helo_name.is_mismatch =
		sp_codec_bool(codec, kept->helo_name.is_mismatch);
	sp_codec_group(codec, "sender-domain");
	kept->sender_domain.state =
		walk_state(codec, kept->sender_domain.state);
	kept->sender_domain.kind = WALK_ENUM(codec, enum sp_sender_domain_kind,
					     kept->sender_domain.kind,
					     SP_SENDER_DOMAIN_PRIVATE_MX);
}

/* Bits of rules, by their names. */
static uint64_t walk_rules(struct sp_codec *codec, uint64_t hits,
			   const struct sp_dnsbl_rules *rules)
{
	uint64_t found = 0;

	if (codec->to) {
		for (size_t i = 0; i < rules->rule_count; i++)
			if (hits & UINT64_C(1) << i)
				(void)sp_codec_text(codec,
						    rules->rules[i].name);
		return hits;
	}
	for (const char *name = sp_codec_text(codec, ""); name[0];
	     name = sp_codec_text(codec, ""))
		for (size_t i = 0; i < rules->rule_count; i++)
			if (strcmp(rules->rules[i].name, name) == 0)
				found |= UINT64_C(1) << i;
	return found;
}

static void walk_lists(struct sp_codec *codec, struct sp_kept *kept,
		       const struct sp_config *config)
{
	static const char *const names[SP_RHSBL_NAMES] = {
		[SP_RHSBL_HELO] = "rhsbl-helo",
		[SP_RHSBL_RDNS] = "rhsbl-rdns",
		[SP_RHSBL_SENDER] = "rhsbl-sender",
		[SP_RHSBL_FROM] = "rhsbl-from",
	};

	sp_codec_group(codec, "dnsbl");
	kept->dnsbl.state = walk_state(codec, kept->dnsbl.state);
	kept->dnsbl.hits =
		walk_rules(codec, kept->dnsbl.hits, config->dnsbl.addresses);
	for (size_t i = 0; i < SP_RHSBL_NAMES; i++) {
		struct sp_rhsbl_fact *fact = &kept->rhsbl[i];

		sp_codec_group(codec, names[i]);
		fact->state = walk_state(codec, fact->state);
		fact->hits =
			walk_rules(codec, fact->hits, config->dnsbl.domains);
	}
}

static void walk_spf(struct sp_codec *codec, const char *name,
		     struct sp_spf_fact *fact)
{
	sp_codec_group(codec, name);
	fact->state = walk_state(codec, fact->state);
	fact->result = WALK_ENUM(codec, enum sp_spf_result, fact->result,
				 SP_SPF_PERMERROR);
	fact->passes_world = sp_codec_bool(codec, fact->passes_world);
	fact->domain = sp_codec_text(codec, fact->domain);
	fact->term = sp_codec_text(codec, fact->term);
	fact->reason = sp_codec_text(codec, fact->reason);
	fact->explanation = sp_codec_text(codec, fact->explanation);
}

static void walk_greylist(struct sp_codec *codec, struct sp_greylist_fact *fact)
{
	struct sp_greylist_answer *answer = &fact->answer;

	sp_codec_group(codec, "greylist");
	fact->state = walk_state(codec, fact->state);
	fact->proof = WALK_ENUM(codec, enum sp_identity_proof, fact->proof,
				SP_IDENTITY_RDNS);
	fact->identity = sp_codec_text(codec, fact->identity);
	answer->state = WALK_ENUM(codec, enum sp_greylist_state, answer->state,
				  SP_GREYLIST_RELEASED);
	answer->first_ms = sp_codec_signed(codec, answer->first_ms, far_ms);
	answer->wait_ms = sp_codec_signed(codec, answer->wait_ms, far_ms);
	answer->tries = walk_count(codec, answer->tries);
	answer->identity_passes = walk_count(codec, answer->identity_passes);
}

static void walk_relay(struct sp_codec *codec, struct sp_relay_fact *fact)
{
	sp_codec_group(codec, "relay");
	fact->state = walk_state(codec, fact->state);
	fact->kind = WALK_ENUM(codec, enum sp_relay_kind, fact->kind,
			       SP_RELAY_UNREADABLE);
	sp_codec_array(codec, fact->domain, sizeof(fact->domain));
}

static void walk_probe(struct sp_codec *codec, struct sp_probe_fact *fact)
{
	struct sp_probe_counts *const counts[] = { &fact->session,
						   &fact->network };

	sp_codec_group(codec, "probe");
	fact->state = walk_state(codec, fact->state);
	for (size_t i = 0; i < 2; i++) {
		counts[i]->unknown = walk_count(codec, counts[i]->unknown);
		counts[i]->relay = walk_count(codec, counts[i]->relay);
		counts[i]->hung_up = walk_count(codec, counts[i]->hung_up);
	}
}

static void walk_why(struct sp_codec *codec, struct sp_submitter_why *why)
{
	why->cause = WALK_ENUM(codec, enum sp_submitter_cause, why->cause,
			       SP_CAUSE_OPERATOR);
	why->counted = WALK_ENUM(codec, enum sp_counted, why->counted,
				 SP_COUNTED_KINDS - 1);
	why->count = walk_count(codec, why->count);
	why->most = walk_count(codec, why->most);
	why->window_ms = sp_codec_signed(codec, why->window_ms, far_ms);
	sp_codec_array(codec, why->words, sizeof(why->words));
}

static void walk_submitter(struct sp_codec *codec, struct sp_kept *kept)
{
	struct sp_submitter_fact *fact = &kept->submitter;
	struct sp_submitter_standing *standing = &fact->standing;

	sp_codec_group(codec, "submitter");
	fact->state = walk_state(codec, fact->state);
	sp_codec_array(codec, kept->who.key, sizeof(kept->who.key));
	standing->state = WALK_ENUM(codec, enum sp_submitter_state,
				    standing->state, SP_SUBMITTER_LOCKED);
	standing->since_ms = sp_codec_signed(codec, standing->since_ms, far_ms);
	standing->until_ms = sp_codec_signed(codec, standing->until_ms, far_ms);
	standing->is_observed = sp_codec_bool(codec, standing->is_observed);
	walk_why(codec, &standing->why);
	fact->foreign_from = sp_codec_text_or_null(codec, fact->foreign_from);
}

/* Which mail it was, and whose, says nothing of this one. */
static void walk_dsn(struct sp_codec *codec, struct sp_dsn_fact *fact)
{
	sp_codec_group(codec, "dsn");
	fact->state = walk_state(codec, fact->state);
	fact->kind = WALK_ENUM(codec, enum sp_dsn_kind, fact->kind,
			       SP_DSN_UNREADABLE);
	fact->failed = walk_count(codec, fact->failed);
	fact->submitter = "";
}

static void walk_head(struct sp_codec *codec, struct sp_facts *facts)
{
	sp_codec_group(codec, "facts");
	facts->stage = WALK_ENUM(codec, enum sp_stage, facts->stage,
				 SP_STAGE_COUNT - 1);
	facts->is_trusted = sp_codec_bool(codec, facts->is_trusted);
	facts->is_submitted = sp_codec_bool(codec, facts->is_submitted);
	facts->is_null_sender = sp_codec_bool(codec, facts->is_null_sender);
	facts->is_known = sp_codec_bool(codec, facts->is_known);
	facts->degraded = (unsigned)sp_codec_number(codec, facts->degraded, 7);
	facts->helo_text = sp_codec_text(codec, facts->helo_text);
	facts->sender_text = sp_codec_text(codec, facts->sender_text);
}

static void walk(struct sp_codec *codec, struct sp_kept *kept,
		 const struct sp_config *config)
{
	walk_head(codec, &kept->facts);
	walk_access(codec, kept);
	walk_gate(codec, &kept->gate);
	walk_owner(codec, &kept->owner);
	walk_names(codec, kept);
	walk_lists(codec, kept, config);
	walk_spf(codec, "spf-helo", &kept->spf_helo);
	walk_spf(codec, "spf", &kept->spf);
	sp_kept_walk_author(codec, kept);
	walk_greylist(codec, &kept->greylist);
	walk_relay(codec, &kept->relay);
	walk_probe(codec, &kept->probe);
	walk_submitter(codec, kept);
	walk_dsn(codec, &kept->dsn);
}

static void walk_moment(struct sp_codec *codec, struct sp_moment *moment)
{
	const int64_t most = INT64_C(1000000000000000);
	double score = moment->score * 1e6;

	sp_codec_group(codec, "count");
	moment->count = walk_count(codec, moment->count);
	sp_codec_group(codec, "moment");
	moment->action = WALK_ENUM(codec, enum sp_action, moment->action,
				   SP_ACTION_REFUSE);
	moment->would = WALK_ENUM(codec, enum sp_action, moment->would,
				  SP_ACTION_REFUSE);
	if (score > 1e15 || score < -1e15)
		score = score > 0 ? 1e15 : -1e15;
	score = (double)sp_codec_signed(
		codec, (int64_t)(score < 0 ? score - 0.5 : score + 0.5), most);
	if (!codec->to)
		moment->score = score / 1e6;
	moment->is_suspicious = sp_codec_bool(codec, moment->is_suspicious);
}

void sp_moment_write(const struct sp_moment *moment,
		     const struct sp_config *config, struct sp_text *text)
{
	struct sp_moment copy = *moment;
	char bytes[SP_MOMENT_TEXT_SIZE];
	struct sp_codec codec;
	struct sp_kept kept;
	struct sp_text one;

	sp_kept_take(&kept, moment->facts);
	if (moment->is_private)
		sp_kept_hide(&kept);
	sp_text_init(&one, bytes, sizeof(bytes));
	sp_codec_write(&codec, &one);
	walk_moment(&codec, &copy);
	walk(&codec, &kept, config);
	if (one.is_cut) {
		text->is_cut = true;
		return;
	}
	sp_text_add(text, text->length > 0 ? " | " : "1 ");
	sp_text_add(text, bytes);
}

static enum sp_err read_one(const char *bytes, size_t length,
			    const struct sp_config *config,
			    struct sp_arena *arena, struct sp_moment *moment)
{
	struct sp_kept *kept = sp_arena_alloc(arena, sizeof(*kept));
	struct sp_codec codec;
	enum sp_err err;

	if (!kept)
		return SP_ERR_NO_MEMORY;
	err = sp_codec_read(&codec, bytes, length, arena);
	if (err != SP_OK)
		return err;
	*moment = (struct sp_moment){ .facts = &kept->facts };
	walk_moment(&codec, moment);
	walk(&codec, kept, config);
	sp_kept_link(kept);
	return codec.err;
}

enum sp_err sp_moments_read(const char *text, const struct sp_config *config,
			    struct sp_arena *arena,
			    struct sp_moment moments_out[SP_MOMENTS_MAX],
			    size_t *count_out)
{
	const char *at = text + 2;
	enum sp_err err = SP_OK;
	size_t count = 0;

	*count_out = 0;
	if (strncmp(text, "1 ", 2) != 0)
		return SP_ERR_PROTOCOL;
	while (at && err == SP_OK) {
		const char *bar = strstr(at, " | ");

		if (count == SP_MOMENTS_MAX)
			return SP_ERR_TOO_LONG;
		err = read_one(at, bar ? (size_t)(bar - at) : strlen(at),
			       config, arena, &moments_out[count++]);
		at = bar ? bar + 3 : NULL;
	}
	if (err == SP_OK)
		*count_out = count;
	return err;
}
