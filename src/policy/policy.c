#include "sallyport/policy.h"

#include "deliberation.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sallyport/arena.h"
#include "sallyport/config.h"
#include "sallyport/dnsbl.h"
#include "sallyport/text.h"

enum {
	REASON_SIZE = 256
};

static const char *const action_names[] = {
	[SP_ACTION_ACCEPT] = "accept",
	[SP_ACTION_HOLD] = "hold",
	[SP_ACTION_DEFER] = "defer",
	[SP_ACTION_REFUSE] = "refuse",
};

const char *sp_action_name(enum sp_action action)
{
	return action_names[action];
}

__attribute__((format(printf, 2, 0))) static const char *keep_reason(
	struct sp_arena *arena, const char *format, va_list args)
{
	char buffer[REASON_SIZE];
	struct sp_text text;
	const char *reason;

	sp_text_init(&text, buffer, sizeof(buffer));
	sp_text_vaddf(&text, format, args);
	reason = sp_arena_text(arena, buffer);
	return reason ? reason : "";
}

const char *sp_policy_words(struct sp_deliberation *d, const char *format, ...)
{
	const char *words;
	va_list args;

	va_start(args, format);
	words = keep_reason(d->arena, format, args);
	va_end(args);
	return words;
}

/* A finding without its reason, to be filled; NULL when there are too many. */
static struct sp_finding *add(struct sp_deliberation *d, enum sp_finding_id id,
			      double weight)
{
	struct sp_verdict *verdict = d->verdict;
	struct sp_finding *finding;

	verdict->score += weight;
	if (verdict->count == SP_FINDINGS_MAX)
		return NULL;
	finding = &verdict->findings[verdict->count++];
	*finding = (struct sp_finding){
		.id = id,
		.weight = weight,
		.reason = "",
	};
	return finding;
}

static void set_name(struct sp_finding *finding, const char *beginning,
		     const char *end)
{
	struct sp_text text;

	sp_text_init(&text, finding->name, sizeof(finding->name));
	sp_text_add(&text, beginning);
	sp_text_add(&text, end);
}

void sp_policy_find(struct sp_deliberation *d, enum sp_finding_id id,
		    const char *format, ...)
{
	struct sp_finding *finding = add(d, id, d->config->score.weights[id]);
	va_list args;

	if (!finding)
		return;
	set_name(finding, sp_finding_kind(id)->name, "");
	va_start(args, format);
	finding->reason = keep_reason(d->arena, format, args);
	va_end(args);
}

void sp_policy_want(struct sp_deliberation *d, enum sp_action action,
		    enum sp_mode mode, enum sp_finding_id because)
{
	struct sp_verdict *verdict = d->verdict;

	if (action > verdict->would)
		verdict->would = action;
	if (mode == SP_MODE_ENFORCE && action > verdict->action) {
		verdict->action = action;
		verdict->because = because;
	}
}

static void weigh_access(struct sp_deliberation *d,
			 const struct sp_access_fact *access)
{
	const struct sp_list_entry *entry = access->entry;

	if (access->answer == SP_ACCESS_ALLOW)
		sp_policy_find(d, SP_FINDING_ACCESS_ALLOW,
			       "%s line %u allows %s", entry->file, entry->line,
			       entry->text);
	if (access->answer != SP_ACCESS_DENY)
		return;
	sp_policy_find(d, SP_FINDING_ACCESS_DENY, "%s line %u denies %s",
		       entry->file, entry->line, entry->text);
	sp_policy_want(d, SP_ACTION_REFUSE, d->config->access.mode,
		       SP_FINDING_ACCESS_DENY);
}

static void weigh_helo(struct sp_deliberation *d)
{
	if (d->facts->helo->state != SP_FACT_KNOWN)
		return;
	switch (d->facts->helo->kind) {
	case SP_HELO_FINE:
		return;
	case SP_HELO_NONE:
		sp_policy_find(d, SP_FINDING_HELO_NONE,
			       "the client sent no HELO");
		return;
	case SP_HELO_INVALID:
		sp_policy_find(
			d, SP_FINDING_HELO_INVALID,
			"the HELO is neither a host name nor an address literal");
		return;
	case SP_HELO_BARE_IP:
		sp_policy_find(d, SP_FINDING_HELO_BARE_IP,
			       "the HELO is an address without brackets");
		return;
	case SP_HELO_NOT_FQDN:
		sp_policy_find(d, SP_FINDING_HELO_NOT_FQDN,
			       "the HELO is a name of one label");
		return;
	case SP_HELO_WRONG_LITERAL:
		sp_policy_find(
			d, SP_FINDING_HELO_WRONG_LITERAL,
			"the HELO is an address that is not the client's");
		return;
	case SP_HELO_FORGED:
		sp_policy_find(
			d, SP_FINDING_HELO_FORGED,
			"the client calls itself by our own name or address");
		return;
	}
}

/* One kind of probe: its counts, from how many on, and what that is. */
struct probe {
	enum sp_finding_id id;
	const char *what;
	uint32_t session, session_limit;
	uint32_t network, network_limit;
};

static bool is_over(uint32_t count, uint32_t limit)
{
	return limit > 0 && count >= limit;
}

static void weigh_probe(struct sp_deliberation *d, const struct probe *probe)
{
	bool is_network_known = d->facts->probe->state == SP_FACT_KNOWN;

	if (!is_over(probe->session, probe->session_limit) &&
	    !(is_network_known &&
	      is_over(probe->network, probe->network_limit)))
		return;
	if (is_network_known)
		sp_policy_find(
			d, probe->id,
			"%s: %u in this session, %u from its network within %lld "
			"minutes",
			probe->what, probe->session, probe->network,
			(long long)(d->config->harvest.window_ms / 60000));
	else
		sp_policy_find(d, probe->id, "%s: %u in this session",
			       probe->what, probe->session);
}

static void weigh_probes(struct sp_deliberation *d)
{
	const struct sp_probe_fact *fact = d->facts->probe;
	const struct sp_config *config = d->config;
	const struct probe probes[] = {
		{ SP_FINDING_HARVEST, "unknown users", fact->session.unknown,
		  config->harvest.session, fact->network.unknown,
		  config->harvest.network },
		{ SP_FINDING_RELAY_PROBE, "attempts to relay",
		  fact->session.relay, config->relay.session,
		  fact->network.relay, config->relay.network },
	};

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		weigh_probe(d, &probes[i]);
}

/* No list lifts this: nobody means to run an open relay. */
static void weigh_relay(struct sp_deliberation *d)
{
	const struct sp_relay_fact *relay = d->facts->relay;

	if (relay->state != SP_FACT_KNOWN)
		return;
	switch (relay->kind) {
	case SP_RELAY_LOCAL:
		return;
	case SP_RELAY_REMOTE:
		sp_policy_find(d, SP_FINDING_RELAY_GUARD,
			       "%s is not in relay.local-domains",
			       relay->domain);
		break;
	case SP_RELAY_ROUTED:
		sp_policy_find(d, SP_FINDING_RELAY_GUARD,
			       "the recipient leads on to %s, which is not in "
			       "relay.local-domains",
			       relay->domain);
		break;
	case SP_RELAY_UNREADABLE:
		sp_policy_find(
			d, SP_FINDING_RELAY_GUARD,
			"the recipient cannot be read, so nobody knows where it "
			"leads");
		break;
	}
	sp_policy_want(d, SP_ACTION_REFUSE, d->config->relay.mode,
		       SP_FINDING_RELAY_GUARD);
}

/* The three names that must not be taken for each other: what the client says
 * (HELO), what its address is called (rdns), and the address itself. */
static void weigh_helo_name(struct sp_deliberation *d)
{
	const struct sp_helo_name_fact *fact = d->facts->helo_name;

	if (fact->state != SP_FACT_KNOWN)
		return;
	if (fact->kind == SP_HELO_NAME_NOWHERE)
		sp_policy_find(d, SP_FINDING_HELO_NOWHERE,
			       "the HELO name %s has no address",
			       d->facts->helo_text);
	if (fact->is_mismatch)
		sp_policy_find(
			d, SP_FINDING_HELO_MISMATCH,
			"the HELO name %s does not lead to the client, whose own "
			"name is %s",
			d->facts->helo_text, d->facts->rdns->name);
	else if (fact->kind == SP_HELO_NAME_ELSEWHERE)
		sp_policy_find(d, SP_FINDING_HELO_ELSEWHERE,
			       "the HELO name %s leads to other addresses",
			       d->facts->helo_text);
}

static void weigh_rdns(struct sp_deliberation *d)
{
	const struct sp_rdns_fact *fact = d->facts->rdns;

	if (fact->state != SP_FACT_KNOWN)
		return;
	if (fact->kind == SP_RDNS_NONE)
		sp_policy_find(d, SP_FINDING_RDNS_NONE,
			       "the client's address has no name");
	if (fact->kind == SP_RDNS_NOT_CONFIRMED)
		sp_policy_find(
			d, SP_FINDING_RDNS_NOT_CONFIRMED,
			"the client's name %s does not lead back to its address",
			fact->name);
	if (fact->generic)
		sp_policy_find(d, SP_FINDING_RDNS_GENERIC,
			       "the client's name %s is a customer's line: %s",
			       fact->name, fact->generic);
}

static void weigh_sender_domain(struct sp_deliberation *d)
{
	const struct sp_sender_domain_fact *fact = d->facts->sender_domain;
	const char *domain = d->facts->sender_text;

	if (fact->state != SP_FACT_KNOWN)
		return;
	switch (fact->kind) {
	case SP_SENDER_DOMAIN_FINE:
		return;
	case SP_SENDER_DOMAIN_ABSENT:
		sp_policy_find(d, SP_FINDING_SENDER_DOMAIN_ABSENT,
			       "the sender's domain %s does not exist", domain);
		return;
	case SP_SENDER_DOMAIN_NO_HOST:
		sp_policy_find(
			d, SP_FINDING_SENDER_DOMAIN_NO_HOST,
			"the sender's domain %s has neither MX nor address",
			domain);
		return;
	case SP_SENDER_DOMAIN_NULL_MX:
		sp_policy_find(
			d, SP_FINDING_SENDER_DOMAIN_NULL_MX,
			"the sender's domain %s says that it takes no mail",
			domain);
		return;
	case SP_SENDER_DOMAIN_PRIVATE_MX:
		sp_policy_find(
			d, SP_FINDING_SENDER_DOMAIN_PRIVATE_MX,
			"the MX of the sender's domain %s have private addresses",
			domain);
		return;
	}
}

/* Findings of the rules in `hits`; the zone is shown without its key. */
static void weigh_rules(struct sp_deliberation *d, enum sp_finding_id id,
			const struct sp_dnsbl_rules *rules, uint64_t hits,
			const char *what)
{
	for (size_t i = 0; i < rules->rule_count; i++) {
		const struct sp_dnsbl_rule *rule = &rules->rules[i];
		char zone[SP_DOMAIN_SIZE], reason[REASON_SIZE];
		struct sp_finding *finding;
		struct sp_text text;

		if (!(hits & UINT64_C(1) << i))
			continue;
		finding =
			add(d, id, rule->weight * d->config->score.weights[id]);
		if (!finding)
			continue;
		set_name(finding, id == SP_FINDING_DNSBL ? "DNSBL_" : "RHSBL_",
			 rule->name);
		sp_text_init(&text, reason, sizeof(reason));
		sp_text_addf(
			&text, "the %s is on %s", what,
			sp_dnsbl_zone_show(rules->zones[rule->zone], zone));
		finding->reason = sp_arena_text(d->arena, reason);
		if (!finding->reason)
			finding->reason = "";
	}
}

/* A rule's weight is meant once for a mail, whichever names it hits. */
static void weigh_lists(struct sp_deliberation *d)
{
	const struct sp_facts *facts = d->facts;
	uint64_t weighed = 0;

	if (facts->dnsbl->hits)
		weigh_rules(d, SP_FINDING_DNSBL, d->config->dnsbl.addresses,
			    facts->dnsbl->hits, "client's address");
	for (unsigned i = 0; i < SP_RHSBL_NAMES; i++) {
		uint64_t hits = facts->rhsbl[i]->hits & ~weighed;

		if (hits)
			weigh_rules(d, SP_FINDING_RHSBL,
				    d->config->dnsbl.domains, hits,
				    sp_rhsbl_name_text((enum sp_rhsbl_name)i));
		weighed |= hits;
	}
}

/* One that was here may have been forwarded, or be older than we remember. */
static void weigh_dsn(struct sp_deliberation *d)
{
	const struct sp_dsn_fact *fact = d->facts->dsn;

	if (fact->state == SP_FACT_KNOWN && fact->kind == SP_DSN_BACKSCATTER)
		sp_policy_find(d, SP_FINDING_BACKSCATTER,
			       "the mail that it says has come back never went "
			       "out from here");
}

static void weigh_score(struct sp_deliberation *d)
{
	if (d->verdict->score >= d->config->score.refuse)
		sp_policy_want(d, SP_ACTION_REFUSE, d->config->score.mode,
			       SP_FINDING_COUNT);
}

/* Whom greylisting takes the sender for, and why. */
static const char *who_it_is(enum sp_identity_proof proof)
{
	switch (proof) {
	case SP_IDENTITY_SPF:
		return "which lets the client send for it";
	case SP_IDENTITY_RDNS:
		return "which the client's name belongs to";
	case SP_IDENTITY_NETWORK:
		break;
	}
	return "the client's network";
}

bool sp_policy_is_suspicious(const struct sp_verdict *verdict,
			     const struct sp_config *config)
{
	return verdict->score >= config->greylist.from_score;
}

static void weigh_greylist(struct sp_deliberation *d)
{
	const struct sp_greylist_fact *grey = d->facts->greylist;
	int64_t wait_ms = grey->answer.wait_ms;

	/* A null sender may be a call-out that asks whether the address is
	 * there and never sends: it is answered at end of message. */
	if (!sp_greylist_must_wait(grey) ||
	    !sp_policy_is_suspicious(d->verdict, d->config) ||
	    (d->facts->is_null_sender && d->facts->stage == SP_STAGE_RCPT))
		return;
	sp_policy_find(d, SP_FINDING_GREYLISTED,
		       "%s from %s, %s, try %u: %lld s to wait",
		       sp_greylist_state_name(grey->answer.state),
		       grey->identity, who_it_is(grey->proof),
		       grey->answer.tries, (long long)((wait_ms + 999) / 1000));
	d->verdict->wait_ms = wait_ms;
	sp_policy_want(d, SP_ACTION_DEFER, d->config->greylist.mode,
		       SP_FINDING_GREYLISTED);
}

void sp_policy_decide(const struct sp_facts *facts,
		      const struct sp_config *config, struct sp_arena *arena,
		      struct sp_verdict *verdict_out)
{
	struct sp_deliberation d = { facts, config, arena, verdict_out };
	const struct sp_access_fact *access = sp_facts_access(facts);

	*verdict_out = (struct sp_verdict){
		.because = SP_FINDING_COUNT,
		.refuse = config->score.refuse,
		.explanation = "",
	};
	if (facts->is_trusted || facts->is_submitted)
		sp_policy_find(&d, SP_FINDING_TRUSTED, "%s",
			       facts->is_trusted
				       ? "the client is in a trusted network"
				       : "submitted by a user of this host");
	sp_policy_weigh_submitter(&d);
	if (facts->is_trusted || facts->is_submitted)
		return;
	sp_policy_weigh_greeting(&d);
	weigh_helo(&d);
	weigh_probes(&d);
	weigh_relay(&d);
	weigh_helo_name(&d);
	weigh_rdns(&d);
	weigh_sender_domain(&d);
	weigh_lists(&d);
	sp_policy_weigh_origin(&d);
	weigh_dsn(&d);
	weigh_access(&d, access);
	/* Who is allowed by name is let in, whatever else is found. But what
	 * is held for the end of message is held for its other recipients. */
	if (access->answer != SP_ACCESS_ALLOW) {
		sp_policy_refuse_talker(&d);
		sp_policy_honour_dmarc(&d);
		weigh_score(&d);
	}
	if (access->answer != SP_ACCESS_ALLOW || facts->stage == SP_STAGE_EOM)
		weigh_greylist(&d);
}
