/*
 * deliberation.h - one decision in the making, for the files of src/policy.
 */
#ifndef SALLYPORT_SRC_POLICY_DELIBERATION_H
#define SALLYPORT_SRC_POLICY_DELIBERATION_H

#include "sallyport/config.h"
#include "sallyport/policy.h"

struct sp_arena;

/* What is read and what is written. */
struct sp_deliberation {
	const struct sp_facts *facts;
	const struct sp_config *config;
	struct sp_arena *arena;
	struct sp_verdict *verdict;
};

/* A finding with its configured weight and a reason in words. */
__attribute__((format(printf, 3, 4))) void sp_policy_find(
	struct sp_deliberation *d, enum sp_finding_id id, const char *format,
	...);

/* In the arena, cut where it is too long for a line; never NULL. */
__attribute__((format(printf, 2, 3))) const char *sp_policy_words(
	struct sp_deliberation *d, const char *format, ...);

/* `action` is wanted; a feature that only observes may not act on it. */
void sp_policy_want(struct sp_deliberation *d, enum sp_action action,
		    enum sp_mode mode, enum sp_finding_id because);

/* greeting.c: what the client did before it was greeted. */
void sp_policy_weigh_greeting(struct sp_deliberation *d);
void sp_policy_refuse_talker(struct sp_deliberation *d);

/* submitter.c: who sends it out. */
void sp_policy_weigh_submitter(struct sp_deliberation *d);

/* origin.c: SPF, DKIM, From: and DMARC. */
void sp_policy_weigh_origin(struct sp_deliberation *d);

/* What the author's domain asks to have done, where that is honoured. */
void sp_policy_honour_dmarc(struct sp_deliberation *d);

#endif
