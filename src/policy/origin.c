/*
 * Who sent it: what SPF, DKIM, From: and DMARC are worth.
 */
#include "deliberation.h"

#include "sallyport/dkim.h"
#include "sallyport/dmarc.h"
#include "sallyport/from.h"

static void weigh_spf_pass(struct sp_deliberation *d,
			   const struct sp_spf_fact *fact)
{
	if (fact->passes_world)
		sp_policy_find(d, SP_FINDING_SPF_PASSES_WORLD,
			       "the SPF record of %s lets nearly everybody "
			       "send (%s)",
			       fact->domain, fact->term);
	else
		sp_policy_find(d, SP_FINDING_SPF_PASS,
			       "%s lets the client send for it (%s)",
			       fact->domain, fact->term);
}

/* A record without a last word has no term: it says neither. */
static const char *term_of(const struct sp_spf_fact *fact)
{
	return fact->term[0] ? fact->term : "nothing matches";
}

static void weigh_spf_fail(struct sp_deliberation *d,
			   const struct sp_spf_fact *fact)
{
	sp_policy_find(d, SP_FINDING_SPF_FAIL,
		       "%s says that the client may not send for it (%s)",
		       fact->domain, term_of(fact));
	/* RFC 7208 section 6.2: whose words these are has to be clear. */
	if (fact->explanation[0])
		d->verdict->explanation = sp_policy_words(
			d, "%s explains: %s", fact->domain, fact->explanation);
}

static void weigh_spf(struct sp_deliberation *d)
{
	const struct sp_spf_fact *fact = d->facts->spf;

	if (fact->state != SP_FACT_KNOWN)
		return;
	switch (fact->result) {
	case SP_SPF_PENDING:
	case SP_SPF_TEMPERROR:
		return;
	case SP_SPF_PASS:
		weigh_spf_pass(d, fact);
		return;
	case SP_SPF_FAIL:
		weigh_spf_fail(d, fact);
		return;
	case SP_SPF_SOFTFAIL:
		sp_policy_find(d, SP_FINDING_SPF_SOFTFAIL,
			       "%s says that the client probably may not send "
			       "for it (%s)",
			       fact->domain, term_of(fact));
		return;
	case SP_SPF_NEUTRAL:
		sp_policy_find(d, SP_FINDING_SPF_NEUTRAL,
			       "%s does not say whether the client may send "
			       "for it (%s)",
			       fact->domain, term_of(fact));
		return;
	case SP_SPF_NONE:
		sp_policy_find(d, SP_FINDING_SPF_NONE, "%s has no SPF record",
			       fact->domain[0] ? fact->domain
					       : "the sender's domain");
		return;
	case SP_SPF_PERMERROR:
		sp_policy_find(d, SP_FINDING_SPF_PERMERROR,
			       "the SPF record of %s cannot be evaluated: %s",
			       fact->domain, fact->reason);
		return;
	}
}

/* Few publish a record for a host's name, so only a clear word counts. */
static void weigh_spf_helo(struct sp_deliberation *d)
{
	const struct sp_spf_fact *fact = d->facts->spf_helo;

	if (fact->state == SP_FACT_KNOWN && fact->result == SP_SPF_FAIL)
		sp_policy_find(d, SP_FINDING_SPF_HELO_FAIL,
			       "%s says that the client may not use its name "
			       "(%s)",
			       fact->domain, term_of(fact));
}

/* The first that is valid; the author's come first. NULL: none is. */
static const struct sp_dkim_signature *first_valid(
	const struct sp_dkim_fact *fact, bool must_hold)
{
	for (size_t i = 0; i < fact->count; i++)
		if (fact->signatures[i]->result == SP_DKIM_PASS &&
		    (!must_hold || sp_dkim_holds(fact->signatures[i])))
			return fact->signatures[i];
	return NULL;
}

/* Valid, but no proof. */
static void weigh_half_valid(struct sp_deliberation *d,
			     const struct sp_dkim_signature *signature)
{
	if (signature->is_testing)
		sp_policy_find(d, SP_FINDING_DKIM_TESTING,
			       "%s has signed it and is only testing (t=y)",
			       signature->domain);
	else
		sp_policy_find(d, SP_FINDING_DKIM_PARTIAL,
			       "%s has signed the beginning of it only (l=)",
			       signature->domain);
}

static void weigh_invalid(struct sp_deliberation *d)
{
	const struct sp_dkim_fact *fact = d->facts->dkim;
	const struct sp_dkim_signature *first;

	if (fact->state != SP_FACT_KNOWN || fact->count == 0)
		return;
	first = fact->signatures[0];
	sp_policy_find(d, SP_FINDING_DKIM_INVALID,
		       "no signature is valid; that of %s: %s (%s)",
		       first->domain[0] ? first->domain : "nobody",
		       sp_dkim_result_text(first->result), first->reason);
}

static void weigh_dkim(struct sp_deliberation *d)
{
	const struct sp_dkim_fact *fact = d->facts->dkim;
	const struct sp_dkim_signature *holds = first_valid(fact, true);
	const struct sp_dkim_signature *valid = first_valid(fact, false);

	if (holds)
		sp_policy_find(d, SP_FINDING_DKIM_VALID,
			       "%s has signed it (selector %s)", holds->domain,
			       holds->selector);
	else if (valid)
		weigh_half_valid(d, valid);
	else
		weigh_invalid(d);
	if (fact->ignored > 0)
		sp_policy_find(d, SP_FINDING_DKIM_TOO_MANY,
			       "%u signatures beyond the %d that are looked at",
			       fact->ignored, SP_DKIM_SIGNATURES_MAX);
}

/* A mail whose author cannot be told escapes DMARC, and is often meant to. */
static void weigh_author(struct sp_deliberation *d,
			 const struct sp_dmarc_outcome *outcome)
{
	const char *what = sp_dmarc_author_text(outcome->author);

	switch (outcome->author) {
	case SP_DMARC_AUTHOR_ONE:
		return;
	case SP_DMARC_AUTHOR_SEVERAL:
	case SP_DMARC_AUTHOR_TOO_MANY:
	case SP_DMARC_AUTHOR_FIELDS:
		sp_policy_find(d, SP_FINDING_FROM_SEVERAL, "%s", what);
		return;
	case SP_DMARC_AUTHOR_MISSING:
		sp_policy_find(d, SP_FINDING_FROM_NONE, "%s", what);
		return;
	case SP_DMARC_AUTHOR_UNREADABLE:
		sp_policy_find(d, SP_FINDING_FROM_UNREADABLE, "%s: %s", what,
			       sp_from_reason_text(d->facts->from->reason));
		return;
	case SP_DMARC_AUTHOR_LITERAL:
	case SP_DMARC_AUTHOR_BAD_IDN:
		sp_policy_find(d, SP_FINDING_FROM_UNREADABLE, "%s", what);
		return;
	}
}

/* A pass by nothing but a record that lets everybody send proves nothing. */
static bool is_earned(const struct sp_facts *facts)
{
	return facts->dmarc->outcome->is_dkim_aligned ||
	       !facts->spf->passes_world;
}

static const enum sp_finding_id unproven[] = {
	[SP_DMARC_POLICY_NONE] = SP_FINDING_DMARC_NONE,
	[SP_DMARC_POLICY_QUARANTINE] = SP_FINDING_DMARC_QUARANTINE,
	[SP_DMARC_POLICY_REJECT] = SP_FINDING_DMARC_REJECT,
};

static void weigh_unproven(struct sp_deliberation *d)
{
	const struct sp_dmarc_fact *fact = d->facts->dmarc;
	const struct sp_dmarc_outcome *outcome = fact->outcome;
	const char *policy = sp_dmarc_policy_text(outcome->policy);

	if (fact->forwarder)
		sp_policy_find(d, SP_FINDING_DMARC_FORWARDED,
			       "%s (policy %s) is not proven, but %s line %u "
			       "trusts the forwarder %s",
			       outcome->domain, policy, fact->forwarder->file,
			       fact->forwarder->line, fact->forwarder->text);
	else if (fact->list_domain)
		sp_policy_find(d, SP_FINDING_DMARC_MAILING_LIST,
			       "%s (policy %s) is not proven, but the mailing "
			       "list of %s has signed the mail",
			       outcome->domain, policy, fact->list_domain);
	else
		sp_policy_find(
			d, unproven[outcome->policy],
			"%s is not proven by SPF or DKIM, and its policy "
			"is %s",
			outcome->domain, policy);
}

static void weigh_dmarc(struct sp_deliberation *d)
{
	const struct sp_dmarc_outcome *outcome = d->facts->dmarc->outcome;

	if (d->facts->dmarc->state == SP_FACT_NOT_RUN)
		return;
	weigh_author(d, outcome);
	switch (outcome->result) {
	case SP_DMARC_NONE:
	case SP_DMARC_TEMPERROR:
		return;
	case SP_DMARC_PASS:
		if (is_earned(d->facts))
			sp_policy_find(d, SP_FINDING_DMARC_PASS,
				       "%s is proven by %s", outcome->domain,
				       outcome->is_dkim_aligned ? "DKIM"
								: "SPF");
		return;
	case SP_DMARC_FAIL:
		weigh_unproven(d);
		return;
	case SP_DMARC_PERMERROR:
		if (outcome->author == SP_DMARC_AUTHOR_ONE)
			sp_policy_find(d, SP_FINDING_DMARC_PERMERROR,
				       "the DMARC record of %s cannot be used: "
				       "%s",
				       outcome->domain, outcome->reason);
		return;
	}
}

void sp_policy_weigh_origin(struct sp_deliberation *d)
{
	weigh_spf_helo(d);
	weigh_spf(d);
	weigh_dkim(d);
	weigh_dmarc(d);
}

void sp_policy_honour_dmarc(struct sp_deliberation *d)
{
	const struct sp_dmarc_fact *fact = d->facts->dmarc;

	if (d->config->dmarc.honour != SP_HONOUR_REJECT ||
	    fact->state != SP_FACT_KNOWN ||
	    fact->outcome->result != SP_DMARC_FAIL ||
	    fact->outcome->policy != SP_DMARC_POLICY_REJECT ||
	    fact->forwarder || fact->list_domain)
		return;
	sp_policy_want(d, SP_ACTION_REFUSE, d->config->dmarc.mode,
		       SP_FINDING_DMARC_REJECT);
}
