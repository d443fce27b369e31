/*
 * walk.h - the records from a domain up to its top (RFC 9989 section 4.10).
 *
 * Threads:  one at a time per walk.
 */
#ifndef SALLYPORT_DMARC_WALK_H
#define SALLYPORT_DMARC_WALK_H

#include "sallyport/dmarc.h"

/* Whom to ask, and what was heard. */
struct sp_dmarc_asking {
	sp_dmarc_answer_of *answer_of;
	void *context;
	bool saw_pending;
};

const struct sp_dns_answer *sp_dmarc_ask(struct sp_dmarc_asking *asking,
					 const struct sp_dns_name *name,
					 enum sp_dns_type type);

enum sp_dmarc_level_state {
	SP_DMARC_LEVEL_ABSENT = 0, /* no record, or several: as good as none */
	SP_DMARC_LEVEL_RECORD,
	SP_DMARC_LEVEL_UNKNOWN /* DNS did not say */
};

struct sp_dmarc_level {
	const char *name; /* an end of the walk's domain */
	enum sp_dmarc_level_state state;
	bool shows_existence; /* the answer says that `name` is there */
	enum sp_dmarc_validity validity;
	struct sp_dmarc_record record;
};

/* `domain` is borrowed, and its levels with it: from the longest on. */
struct sp_dmarc_walk {
	const char *domain;
	size_t count; /* 0: nothing was asked yet */
	struct sp_dmarc_level levels[SP_DMARC_WALK_MAX];
};

/* Ask for all names of a tree walk from `domain`. */
void sp_dmarc_walk_tree(struct sp_dmarc_asking *asking, const char *domain,
			struct sp_dmarc_walk *walk_out);

/* Ask for `domain`, and for its organisation by the public suffix list. A psd
 * tag does not count there: it is as if none stood in the records. */
void sp_dmarc_walk_psl(struct sp_dmarc_asking *asking,
		       const struct sp_suffixes *suffixes, const char *domain,
		       struct sp_dmarc_walk *walk_out);

/*
 * The level whose record is the policy for the walk's domain (4.10.1), or NULL
 * when there is none. An UNKNOWN level is returned when its record could be it,
 * or could make another one the policy.
 */
const struct sp_dmarc_level *sp_dmarc_walk_policy(
	const struct sp_dmarc_walk *walk);

/*
 * The organisational domain (4.10.2), an end of the walk's domain. NULL when it
 * depends on a level that is UNKNOWN, which is *unknown_out then.
 */
const char *sp_dmarc_walk_organisation(
	const struct sp_dmarc_walk *walk,
	const struct sp_dmarc_level **unknown_out);

enum sp_dmarc_alignment {
	SP_DMARC_ALIGNED_NO = 0,
	SP_DMARC_ALIGNED_YES,
	SP_DMARC_ALIGNED_UNKNOWN /* it depends on what DNS did not say */
};

/*
 * Whether both walks end at the same organisation. What is UNKNOWN matters only
 * if it does: both have their parents in common, so a parent that is silent
 * often cannot part them. The levels are as before when this returns.
 */
enum sp_dmarc_alignment sp_dmarc_walks_meet(struct sp_dmarc_walk *a,
					    struct sp_dmarc_walk *b);

#endif
