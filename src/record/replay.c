#include "sallyport/replay.h"

#include <math.h>
#include <string.h>

#include "facts_kept.h"
#include "sallyport/config.h"
#include "sallyport/dnsbl.h"
#include "sallyport/list.h"

/* Scores are kept to a millionth. */
static const double same_score = 2e-6;

/* The facts as a configuration would have them that does not ask so much. */
static void forget_unasked(struct sp_kept *kept, const struct sp_config *config)
{
	const struct sp_spf_fact no_spf = {
		.domain = "", .term = "", .reason = "", .explanation = ""
	};

	if (!config->helo.is_enabled)
		kept->helo.state = SP_FACT_NOT_RUN;
	if (!config->helo.is_looked_up)
		kept->helo_name.state = SP_FACT_NOT_RUN;
	if (!config->rdns.is_enabled)
		kept->rdns.state = SP_FACT_NOT_RUN;
	if (!config->sender_domain.is_enabled)
		kept->sender_domain.state = SP_FACT_NOT_RUN;
	if (!config->dnsbl.is_enabled) {
		kept->dnsbl.hits = 0;
		for (size_t i = 0; i < SP_RHSBL_NAMES; i++)
			kept->rhsbl[i].hits = 0;
	}
	if (!config->spf.is_enabled)
		kept->spf = kept->spf_helo = no_spf;
	if (!config->dkim.is_enabled)
		kept->dkim = (struct sp_dkim_fact){ .count = 0 };
	if (!config->dmarc.is_enabled)
		kept->dmarc.state = SP_FACT_NOT_RUN;
	if (!config->greylist.is_enabled)
		kept->greylist.state = SP_FACT_NOT_RUN;
	if (sp_list_count(config->relay.local_domains) == 0)
		kept->relay.state = SP_FACT_NOT_RUN;
	if (!config->outbound.is_enabled)
		kept->submitter.state = SP_FACT_NOT_RUN;
}

/* What decides by itself, whatever its weight. */
static void forget_finding(struct sp_kept *kept, enum sp_finding_id id)
{
	switch (id) {
	case SP_FINDING_ACCESS_ALLOW:
	case SP_FINDING_ACCESS_DENY:
		for (size_t i = 0; i < SP_KEPT_ACCESS; i++)
			kept->access[i].answer = SP_ACCESS_NOTHING;
		return;
	case SP_FINDING_EARLY_TALKER:
		kept->gate.answer = SP_GATE_QUIET;
		return;
	case SP_FINDING_RELAY_GUARD:
		kept->relay.state = SP_FACT_NOT_RUN;
		return;
	case SP_FINDING_DMARC_REJECT:
		kept->dmarc.state = SP_FACT_NOT_RUN;
		return;
	case SP_FINDING_GREYLISTED:
		kept->greylist.state = SP_FACT_NOT_RUN;
		return;
	case SP_FINDING_SUBMITTER_WATCH:
	case SP_FINDING_SUBMITTER_HOLD:
	case SP_FINDING_SUBMITTER_LOCKED:
		kept->submitter.state = SP_FACT_NOT_RUN;
		return;
	default:
		return;
	}
}

static uint64_t bit_of(const struct sp_dnsbl_rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->rule_count; i++)
		if (strcmp(rules->rules[i].name, name) == 0)
			return UINT64_C(1) << i;
	return 0;
}

static void forget_rule(struct sp_kept *kept, const struct sp_config *config,
			const char *without)
{
	size_t length = strlen("DNSBL_");
	uint64_t bit;

	if (strncmp(without, "DNSBL_", length) == 0) {
		bit = bit_of(config->dnsbl.addresses, without + length);
		kept->dnsbl.hits &= ~bit;
	} else if (strncmp(without, "RHSBL_", length) == 0) {
		bit = bit_of(config->dnsbl.domains, without + length);
		for (size_t i = 0; i < SP_RHSBL_NAMES; i++)
			kept->rhsbl[i].hits &= ~bit;
	}
}

/* Who was let in as new because too little spoke against him. Whether enough
 * does now, policy says. */
static void make_new(struct sp_kept *kept, const struct sp_moment *moment,
		     const struct sp_config *config)
{
	struct sp_greylist_answer *answer = &kept->greylist.answer;

	if (kept->greylist.state != SP_FACT_KNOWN || moment->is_suspicious ||
	    answer->state != SP_GREYLIST_NOTED)
		return;
	answer->state = SP_GREYLIST_NEW;
	answer->wait_ms = config->greylist.delay_ms;
}

static void decide_again(const struct sp_replay_task *task,
			 const struct sp_moment *moment,
			 struct sp_verdict *verdict_out)
{
	enum sp_finding_id id = SP_FINDING_COUNT;
	struct sp_config config = *task->config;
	struct sp_kept kept;

	sp_kept_take(&kept, moment->facts);
	forget_unasked(&kept, task->config);
	make_new(&kept, moment, task->config);
	if (task->without) {
		id = sp_finding_by_name(task->without);
		forget_finding(&kept, id);
		forget_rule(&kept, task->config, task->without);
	}
	if (id < SP_FINDING_COUNT)
		config.score.weights[id] = 0;
	sp_kept_link(&kept);
	sp_policy_decide(&kept.facts, &config, task->arena, verdict_out);
}

/* What becomes of recipients, as the milter tallies it. */
struct tally {
	uint32_t accepted, deferred, refused;
	bool is_over; /* the message was decided */
	bool is_held;
	enum sp_action sender; /* decided at MAIL */
	enum sp_action would;
};

static void add(struct tally *tally, const struct sp_moment *moment,
		enum sp_action action, enum sp_action would)
{
	uint32_t count = moment->count > 0 ? moment->count : 1;

	if (would > action && would > tally->would)
		tally->would = would;
	if (moment->facts->stage == SP_STAGE_EOM) {
		tally->is_over = true;
		tally->is_held = action == SP_ACTION_HOLD;
		count = tally->accepted;
		if (action <= SP_ACTION_HOLD)
			return;
		tally->accepted = 0;
	} else if (moment->facts->stage == SP_STAGE_MAIL) {
		tally->sender = action;
		return;
	}
	if (action <= SP_ACTION_HOLD)
		tally->accepted += count;
	else if (action == SP_ACTION_DEFER)
		tally->deferred += count;
	else
		tally->refused += count;
}

static enum sp_outcome outcome_of(const struct tally *tally)
{
	if (tally->sender == SP_ACTION_REFUSE)
		return SP_OUTCOME_REJECT;
	if (tally->sender == SP_ACTION_DEFER)
		return SP_OUTCOME_DEFER;
	if (tally->accepted > 0 && !tally->is_over)
		return SP_OUTCOME_ABORTED;
	if (tally->accepted > 0 && tally->is_held)
		return SP_OUTCOME_HOLD;
	if (tally->accepted > 0)
		return tally->deferred + tally->refused > 0 ? SP_OUTCOME_MIXED
							    : SP_OUTCOME_ACCEPT;
	if (tally->deferred > 0)
		return SP_OUTCOME_DEFER;
	return tally->refused > 0 ? SP_OUTCOME_REJECT : SP_OUTCOME_ABORTED;
}

static enum sp_outcome would_of(enum sp_action would)
{
	switch (would) {
	case SP_ACTION_HOLD:
		return SP_OUTCOME_HOLD;
	case SP_ACTION_DEFER:
		return SP_OUTCOME_DEFER;
	case SP_ACTION_REFUSE:
		return SP_OUTCOME_REJECT;
	case SP_ACTION_ACCEPT:
		break;
	}
	return SP_OUTCOME_ACCEPT;
}

static bool was_not_asked(const struct sp_moment *moment,
			  const struct sp_config *config,
			  const struct sp_verdict *verdict)
{
	const struct sp_facts *facts = moment->facts;

	return facts->stage == SP_STAGE_RCPT && config->greylist.is_enabled &&
	       facts->greylist->state == SP_FACT_NOT_RUN &&
	       !facts->is_trusted && !facts->is_submitted &&
	       sp_facts_access(facts)->answer == SP_ACCESS_NOTHING &&
	       verdict->action < SP_ACTION_DEFER &&
	       sp_policy_is_suspicious(verdict, config);
}

void sp_replay(const struct sp_replay_task *task, struct sp_replay *replay_out)
{
	struct tally before = { 0 }, after = { 0 };

	*replay_out = (struct sp_replay){ .is_changed = false };
	for (size_t i = 0; i < task->count; i++) {
		const struct sp_moment *moment = &task->moments[i];
		struct sp_verdict verdict, earlier = replay_out->verdict;

		decide_again(task, moment, &verdict);
		add(&before, moment, moment->action, moment->would);
		add(&after, moment, verdict.action, verdict.would);
		if (verdict.action != moment->action ||
		    verdict.would != moment->would)
			replay_out->is_changed = true;
		if (was_not_asked(moment, task->config, &verdict))
			replay_out->is_greylist_unknown = true;
		replay_out->before.score = moment->score;
		replay_out->after.score = verdict.score;
		replay_out->verdict = verdict;
		if (i > 0)
			sp_verdict_join(&replay_out->verdict, &earlier);
	}
	if (fabs(replay_out->after.score - replay_out->before.score) <
	    same_score)
		replay_out->after.score = replay_out->before.score;
	/* Nobody sent a message to recipients that were not let in. */
	replay_out->is_open =
		before.accepted == 0 && after.accepted > 0 && !after.is_over;
	after.is_over |= replay_out->is_open;
	replay_out->before.outcome = outcome_of(&before);
	replay_out->before.would = would_of(before.would);
	replay_out->after.outcome = outcome_of(&after);
	replay_out->after.would = would_of(after.would);
}
