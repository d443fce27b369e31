/* The way out: what becomes of a mail by how it stands with who sends it. */
#include "deliberation.h"

#include "sallyport/submitter_store.h"
#include "sallyport/text.h"

enum {
	WHY_SIZE = 224
};

static void find(struct sp_deliberation *d, enum sp_finding_id id)
{
	const struct sp_submitter_fact *fact = d->facts->submitter;
	char why[WHY_SIZE];
	struct sp_text text;

	sp_text_init(&text, why, sizeof(why));
	sp_submitter_why_write(&fact->standing.why, &text);
	sp_policy_find(d, id, "%s: %s", fact->who->key, why);
}

bool sp_policy_is_locked(const struct sp_submitter_fact *fact,
			 const struct sp_config *config)
{
	return fact->state == SP_FACT_KNOWN &&
	       fact->standing.state == SP_SUBMITTER_LOCKED &&
	       config->outbound.mode == SP_MODE_ENFORCE;
}

void sp_policy_weigh_submitter(struct sp_deliberation *d)
{
	const struct sp_submitter_fact *fact = d->facts->submitter;
	const struct sp_outbound_config *config = &d->config->outbound;

	if (fact->state != SP_FACT_KNOWN)
		return;
	if (fact->foreign_from)
		sp_policy_find(d, SP_FINDING_FROM_FOREIGN, "%s",
			       fact->foreign_from);
	switch (fact->standing.state) {
	case SP_SUBMITTER_OK:
		return;
	case SP_SUBMITTER_WATCH:
		find(d, SP_FINDING_SUBMITTER_WATCH);
		return;
	case SP_SUBMITTER_HOLD:
		find(d, SP_FINDING_SUBMITTER_HOLD);
		sp_policy_want(d, SP_ACTION_HOLD, config->mode,
			       SP_FINDING_SUBMITTER_HOLD);
		return;
	case SP_SUBMITTER_LOCKED:
		find(d, SP_FINDING_SUBMITTER_LOCKED);
		sp_policy_want(d,
			       config->locked_reply == SP_LOCKED_REFUSE
				       ? SP_ACTION_REFUSE
				       : SP_ACTION_DEFER,
			       config->mode, SP_FINDING_SUBMITTER_LOCKED);
		return;
	}
}
