#include "facts_kept.h"

#include <string.h>

#include "codec.h"
#include "sallyport/text.h"

/* Who adds a member to one of these changes the number here, and writes it in
 * its walk below, if policy reads it. */
#define HAS_SIZE(type, size)                                                   \
	_Static_assert(sizeof(void *) != 8 || sizeof(struct type) == (size),   \
		       #type " has changed: write it, and read it")
HAS_SIZE(sp_dkim_fact, 88);
HAS_SIZE(sp_dkim_signature, 64);
HAS_SIZE(sp_dmarc_fact, 32);
HAS_SIZE(sp_dmarc_outcome, 824);
HAS_SIZE(sp_from, 3404); /* no verdict depends on its mailboxes */

static void take_access(struct sp_kept *kept, const struct sp_facts *facts)
{
	const struct sp_access_fact *const from[SP_KEPT_ACCESS] = {
		facts->access_client, facts->access_helo, facts->access_sender,
		facts->access_recipient
	};

	for (size_t i = 0; i < SP_KEPT_ACCESS; i++) {
		kept->access[i] = *from[i];
		if (from[i]->entry)
			kept->entries[i] = *from[i]->entry;
	}
}

static void take_author(struct sp_kept *kept, const struct sp_facts *facts)
{
	kept->dkim = *facts->dkim;
	for (size_t i = 0; i < facts->dkim->count; i++)
		kept->signatures[i] = *facts->dkim->signatures[i];
	kept->has_from = facts->from != NULL;
	if (facts->from)
		kept->from = *facts->from;
	kept->dmarc = *facts->dmarc;
	if (facts->dmarc->outcome)
		kept->outcome = *facts->dmarc->outcome;
	if (facts->dmarc->forwarder)
		kept->forwarder = *facts->dmarc->forwarder;
}

void sp_kept_take(struct sp_kept *kept_out, const struct sp_facts *facts)
{
	memset(kept_out, 0, sizeof(*kept_out));
	kept_out->facts = *facts;
	take_access(kept_out, facts);
	kept_out->gate = *facts->gate;
	kept_out->owner = *facts->owner;
	kept_out->helo = *facts->helo;
	kept_out->rdns = *facts->rdns;
	kept_out->helo_name = *facts->helo_name;
	kept_out->dnsbl = *facts->dnsbl;
	for (size_t i = 0; i < SP_RHSBL_NAMES; i++)
		kept_out->rhsbl[i] = *facts->rhsbl[i];
	kept_out->sender_domain = *facts->sender_domain;
	kept_out->spf_helo = *facts->spf_helo;
	kept_out->spf = *facts->spf;
	take_author(kept_out, facts);
	kept_out->greylist = *facts->greylist;
	kept_out->relay = *facts->relay;
	kept_out->dsn = *facts->dsn;
	kept_out->probe = *facts->probe;
	kept_out->submitter = *facts->submitter;
	if (facts->submitter->who)
		kept_out->who = *facts->submitter->who;
}

void sp_kept_link(struct sp_kept *kept)
{
	struct sp_facts *facts = &kept->facts;

	facts->access_client = &kept->access[0];
	facts->access_helo = &kept->access[1];
	facts->access_sender = &kept->access[2];
	facts->access_recipient = &kept->access[3];
	facts->gate = &kept->gate;
	facts->owner = &kept->owner;
	facts->helo = &kept->helo;
	facts->rdns = &kept->rdns;
	facts->helo_name = &kept->helo_name;
	facts->dnsbl = &kept->dnsbl;
	for (size_t i = 0; i < SP_RHSBL_NAMES; i++)
		facts->rhsbl[i] = &kept->rhsbl[i];
	facts->sender_domain = &kept->sender_domain;
	facts->spf_helo = &kept->spf_helo;
	facts->spf = &kept->spf;
	for (size_t i = 0; i < kept->dkim.count; i++)
		kept->dkim.signatures[i] = &kept->signatures[i];
	facts->dkim = &kept->dkim;
	/* Why a From: cannot be read is asked of it. */
	facts->from = kept->has_from || kept->outcome.author ==
						SP_DMARC_AUTHOR_UNREADABLE
			      ? &kept->from
			      : NULL;
	kept->dmarc.outcome = &kept->outcome;
	facts->dmarc = &kept->dmarc;
	facts->dsn = &kept->dsn;
	facts->greylist = &kept->greylist;
	facts->relay = &kept->relay;
	facts->probe = &kept->probe;
	kept->submitter.who = &kept->who;
	facts->submitter = &kept->submitter;
}

static void hide_entry(struct sp_list_entry *entry)
{
	if (entry->text && strchr(entry->text, '@'))
		entry->text = "(an address)";
}

void sp_kept_hide(struct sp_kept *kept)
{
	for (size_t i = 0; i < SP_KEPT_ACCESS; i++)
		hide_entry(&kept->entries[i]);
	hide_entry(&kept->forwarder);
	sp_text_copy(kept->who.key, sizeof(kept->who.key), "(a submitter)");
	sp_text_copy(kept->submitter.standing.why.words,
		     sizeof(kept->submitter.standing.why.words), "(not kept)");
	if (kept->submitter.foreign_from)
		kept->submitter.foreign_from = "(not kept)";
	kept->spf.explanation = "";
	kept->spf_helo.explanation = "";
	/* Macros may have put it there. */
	kept->spf.reason =
		kept->spf.reason && kept->spf.reason[0] ? "(not kept)" : "";
}

static void walk_signature(struct sp_codec *codec,
			   struct sp_dkim_signature *signature)
{
	signature->result = (enum sp_dkim_result)sp_codec_number(
		codec, signature->result, SP_DKIM_PERMERROR);
	signature->domain = sp_codec_text(codec, signature->domain);
	signature->selector = sp_codec_text(codec, signature->selector);
	signature->reason = sp_codec_text(codec, signature->reason);
	signature->is_partial = sp_codec_bool(codec, signature->is_partial);
	signature->is_testing = sp_codec_bool(codec, signature->is_testing);
	signature->is_authors = sp_codec_bool(codec, signature->is_authors);
	signature->key_bits = (unsigned)sp_codec_number(
		codec, signature->key_bits, UINT32_MAX);
	signature->algorithm = sp_codec_text(codec, signature->algorithm);
}

static void walk_dkim(struct sp_codec *codec, struct sp_kept *kept)
{
	static const char *const names[SP_DKIM_FACTS_MAX] = {
		"dkim1", "dkim2", "dkim3", "dkim4",
		"dkim5", "dkim6", "dkim7", "dkim8",
	};

	sp_codec_group(codec, "dkim");
	kept->dkim.state = (enum sp_fact_state)sp_codec_number(
		codec, kept->dkim.state, SP_FACT_KNOWN);
	kept->dkim.count =
		sp_codec_number(codec, kept->dkim.count, SP_DKIM_FACTS_MAX);
	kept->dkim.ignored = (unsigned)sp_codec_number(
		codec, kept->dkim.ignored, UINT32_MAX);
	for (size_t i = 0; i < kept->dkim.count; i++) {
		sp_codec_group(codec, names[i]);
		walk_signature(codec, &kept->signatures[i]);
	}
}

static void walk_from_domain(struct sp_codec *codec,
			     struct sp_from_domain *domain)
{
	domain->kind = (enum sp_from_domain_kind)sp_codec_number(
		codec, domain->kind, SP_FROM_DOMAIN_LITERAL);
	sp_codec_array(codec, domain->name, sizeof(domain->name));
}

static void walk_from(struct sp_codec *codec, struct sp_kept *kept)
{
	struct sp_from *from = &kept->from;

	sp_codec_group(codec, "from");
	kept->has_from = sp_codec_bool(codec, kept->has_from);
	from->field_count =
		(unsigned)sp_codec_number(codec, from->field_count, UINT32_MAX);
	from->mailbox_count = (unsigned)sp_codec_number(
		codec, from->mailbox_count, UINT32_MAX);
	from->domain_count = (unsigned)sp_codec_number(
		codec, from->domain_count, SP_FROM_DOMAINS_MAX);
	from->has_more_domains = sp_codec_bool(codec, from->has_more_domains);
	from->has_group = sp_codec_bool(codec, from->has_group);
	from->reason = (enum sp_from_reason)sp_codec_number(codec, from->reason,
							    SP_FROM_TOO_DEEP);
	walk_from_domain(codec, &from->shown);
	for (size_t i = 0; i < from->domain_count; i++)
		walk_from_domain(codec, &from->domains[i]);
}

static enum sp_dmarc_policy walk_policy(struct sp_codec *codec,
					enum sp_dmarc_policy policy)
{
	return (enum sp_dmarc_policy)sp_codec_number(codec, policy,
						     SP_DMARC_POLICY_REJECT);
}

static void walk_outcome(struct sp_codec *codec,
			 struct sp_dmarc_outcome *outcome)
{
	outcome->result = (enum sp_dmarc_result)sp_codec_number(
		codec, outcome->result, SP_DMARC_PERMERROR);
	outcome->author = (enum sp_dmarc_author)sp_codec_number(
		codec, outcome->author, SP_DMARC_AUTHOR_BAD_IDN);
	outcome->policy = walk_policy(codec, outcome->policy);
	outcome->published = walk_policy(codec, outcome->published);
	outcome->is_spf_aligned = sp_codec_bool(codec, outcome->is_spf_aligned);
	outcome->is_dkim_aligned =
		sp_codec_bool(codec, outcome->is_dkim_aligned);
	sp_codec_array(codec, outcome->domain, sizeof(outcome->domain));
	sp_codec_array(codec, outcome->policy_domain,
		       sizeof(outcome->policy_domain));
	outcome->reason = sp_codec_text(codec, outcome->reason);
}

static void walk_dmarc(struct sp_codec *codec, struct sp_kept *kept)
{
	struct sp_dmarc_fact *fact = &kept->dmarc;
	struct sp_list_entry *forwarder = &kept->forwarder;
	bool has_forwarder;

	sp_codec_group(codec, "dmarc");
	fact->state = (enum sp_fact_state)sp_codec_number(codec, fact->state,
							  SP_FACT_KNOWN);
	walk_outcome(codec, &kept->outcome);
	fact->list_domain = sp_codec_text_or_null(codec, fact->list_domain);
	sp_codec_group(codec, "forwarder");
	has_forwarder = sp_codec_bool(codec, fact->forwarder != NULL);
	forwarder->file = sp_codec_text(codec, forwarder->file);
	forwarder->line =
		(unsigned)sp_codec_number(codec, forwarder->line, UINT32_MAX);
	forwarder->text = sp_codec_text(codec, forwarder->text);
	fact->forwarder = has_forwarder ? forwarder : NULL;
}

void sp_kept_walk_author(struct sp_codec *codec, struct sp_kept *kept)
{
	walk_dkim(codec, kept);
	walk_from(codec, kept);
	walk_dmarc(codec, kept);
}
