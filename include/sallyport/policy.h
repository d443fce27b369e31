/*
 * policy.h - facts and configuration in, findings, score and verdict out.
 *
 * Pure: no I/O, no clock, no log. The same facts and the same configuration
 * give the same verdict, so that it can be explained and replayed.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_POLICY_H
#define SALLYPORT_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/facts.h"
#include "sallyport/finding.h"

struct sp_arena;
struct sp_config;

/* In rising order: the stronger wins. */
enum sp_action {
	SP_ACTION_ACCEPT,
	SP_ACTION_HOLD, /* accepted, and kept in the MTA's queue */
	SP_ACTION_DEFER,
	SP_ACTION_REFUSE
};

const char *sp_action_name(enum sp_action action); /* "accept" */

enum {
	SP_FINDINGS_MAX = 32, /* of one mail; further ones add points only */
	SP_FINDING_NAME_SIZE = 32
};

struct sp_finding {
	enum sp_finding_id id;
	char name[SP_FINDING_NAME_SIZE]; /* "DNSBL_ZEN_SBL" */
	double weight;
	const char *reason; /* in words; in the arena, never NULL */
};

struct sp_verdict {
	enum sp_action action;	    /* what is done */
	enum sp_action would;	    /* what enforcing everything would do */
	enum sp_finding_id because; /* decided `action`; SP_FINDING_COUNT when
				       it was the score, or nothing did */
	double score;
	double refuse; /* the score that is refused */
	/* What the sender's domain says of a fail of SPF, with its name; in the
	 * arena, "" for nothing. */
	const char *explanation;
	int64_t wait_ms; /* for greylisting: how long still */
	size_t count;
	struct sp_finding findings[SP_FINDINGS_MAX];
};

/* Reasons are written into `arena`; when it is used up they are "". */
void sp_policy_decide(const struct sp_facts *facts,
		      const struct sp_config *config, struct sp_arena *arena,
		      struct sp_verdict *verdict_out);

/* Whether a first-time sender with this score has to come back. */
bool sp_policy_is_suspicious(const struct sp_verdict *verdict,
			     const struct sp_config *config);

/* Whether a submitter is refused for how it stands with it, and nothing else. */
bool sp_policy_is_locked(const struct sp_submitter_fact *fact,
			 const struct sp_config *config);

/* How long the client is to wait for its greeting, by what is known of it so
 * far; 0: not at all, or no longer. */
int64_t sp_policy_greeting_ms(const struct sp_facts *facts,
			      const struct sp_config *config);

/* A copy in `arena` with its reasons; NULL when the arena is used up. */
const struct sp_verdict *sp_verdict_copy(const struct sp_verdict *verdict,
					 struct sp_arena *arena);

/* What the finding that decided says; "" when there is none. */
const char *sp_verdict_reason(const struct sp_verdict *verdict);

/* Whether `verdict` says more against a mail than `other`, which may be NULL. */
bool sp_verdict_is_stronger(const struct sp_verdict *verdict,
			    const struct sp_verdict *other);

/*
 * Add to the verdict on a message what `other`, that on one of its recipients,
 * found besides: it was on a list, it would have had to wait. What both found
 * counts once, as `verdict` has it. Reasons are borrowed. `other` may be NULL.
 */
void sp_verdict_join(struct sp_verdict *verdict,
		     const struct sp_verdict *other);

enum {
	SP_REPLY_TEXT_SIZE = 400 /* with code and CRLF in RFC 5321's 512 */
};

/* An SMTP reply: RFC 5321 section 4.2, RFC 3463. */
struct sp_reply {
	const char *code;     /* "451"; NULL for an accepting verdict */
	const char *enhanced; /* "4.7.1" */
	char text[SP_REPLY_TEXT_SIZE]; /* printable ASCII */
};

/* What the client is told; `mail_id` is what `explain` looks up. */
void sp_policy_reply(const struct sp_verdict *verdict, const char *mail_id,
		     struct sp_reply *reply_out);

#endif
