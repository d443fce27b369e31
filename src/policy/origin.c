/*
 * Who sent it: what SPF, DKIM, From: and DMARC are worth.
 */
#include "deliberation.h"

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
		sp_policy_find(d, SP_FINDING_SPF_FAIL,
			       "%s says that the client may not send for it "
			       "(%s)",
			       fact->domain, term_of(fact));
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

void sp_policy_weigh_origin(struct sp_deliberation *d)
{
	weigh_spf_helo(d);
	weigh_spf(d);
}
