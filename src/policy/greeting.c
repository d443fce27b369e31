/* For how long a client waits for its greeting, and what it did meanwhile. */
#include "deliberation.h"

#include "sallyport/dnsbl.h"
#include "sallyport/gate.h"

static bool is_listed(const struct sp_facts *facts,
		      const struct sp_dnsbl_rules *rules)
{
	for (size_t i = 0; i < rules->rule_count; i++)
		if (facts->dnsbl->hits & UINT64_C(1) << i &&
		    rules->rules[i].weight > 0)
			return true;
	return false;
}

/* Its name is confirmed and its own, and no list speaks against it. What was
 * not asked is not held against it. */
static bool is_clean(const struct sp_facts *facts,
		     const struct sp_config *config)
{
	const struct sp_rdns_fact *rdns = facts->rdns;

	if (config->rdns.is_enabled &&
	    (rdns->state != SP_FACT_KNOWN || rdns->kind != SP_RDNS_CONFIRMED ||
	     rdns->generic))
		return false;
	if (!config->dnsbl.is_enabled ||
	    config->dnsbl.addresses->rule_count == 0)
		return config->rdns.is_enabled;
	return facts->dnsbl->state == SP_FACT_KNOWN &&
	       !is_listed(facts, config->dnsbl.addresses);
}

int64_t sp_policy_greeting_ms(const struct sp_facts *facts,
			      const struct sp_config *config)
{
	const struct sp_greeting_config *greeting = &config->greeting;

	if (greeting->mode != SP_MODE_ENFORCE || facts->is_trusted ||
	    facts->is_submitted || facts->is_known ||
	    sp_facts_access(facts)->answer == SP_ACCESS_ALLOW)
		return 0;
	if (greeting->is_for_suspicious && is_clean(facts, config))
		return 0;
	return greeting->delay_ms;
}

/* What is known of its network counts as well: a client that hung up has no
 * second moment of its own. */
static void weigh_hang_ups(struct sp_deliberation *d)
{
	const struct sp_probe_fact *probe = d->facts->probe;

	if (probe->session.hung_up == 0 &&
	    (probe->state != SP_FACT_KNOWN || probe->network.hung_up == 0))
		return;
	sp_policy_find(d, SP_FINDING_HUNG_UP_EARLY,
		       "%u of its network hung up before the greeting within "
		       "%lld minutes",
		       probe->network.hung_up > probe->session.hung_up
			       ? probe->network.hung_up
			       : probe->session.hung_up,
		       (long long)(d->config->harvest.window_ms / 60000));
}

void sp_policy_weigh_greeting(struct sp_deliberation *d)
{
	const struct sp_gate_fact *gate = d->facts->gate;

	weigh_hang_ups(d);
	if (gate->answer != SP_GATE_TALKED)
		return;
	if (gate->is_inferred)
		sp_policy_find(d, SP_FINDING_EARLY_TALKER,
			       "the client spoke before it was greeted: its "
			       "HELO came sooner than it can have heard of it");
	else
		sp_policy_find(d, SP_FINDING_EARLY_TALKER,
			       "the client spoke before it was greeted: %llu "
			       "bytes after %lld ms",
			       (unsigned long long)gate->bytes,
			       (long long)gate->held_ms);
}

/* `close` too: the connection may have stayed open. */
void sp_policy_refuse_talker(struct sp_deliberation *d)
{
	if (d->facts->gate->answer == SP_GATE_TALKED &&
	    d->config->greeting.early_talker != SP_EARLY_TALKER_SCORE)
		sp_policy_want(d, SP_ACTION_REFUSE, d->config->greeting.mode,
			       SP_FINDING_EARLY_TALKER);
}
