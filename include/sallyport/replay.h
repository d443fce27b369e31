/*
 * replay.h - a verdict made again of its recorded facts.
 *
 * The policy is the one that decides about mail; only the configuration is
 * another one, or something that was found is left out.
 *
 * What a configuration does not ask (a check turned off, a list that it does not
 * have) counts as not asked. What it asks beyond, nobody knows: what was not
 * asked then stays so. Lists of the operator count as they were: an entry that
 * was added since is not seen. One thing can be told without having been asked:
 * who was let in as a first-time sender because too little spoke against him
 * would have been made to wait, where more does now.
 *
 * Place:    pure.
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_REPLAY_H
#define SALLYPORT_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "sallyport/facts_text.h"
#include "sallyport/policy.h"
#include "sallyport/record.h"

struct sp_arena;
struct sp_config;

/* What became of a mail, by its moments. */
struct sp_replay_end {
	enum sp_outcome outcome;
	enum sp_outcome would; /* SP_OUTCOME_ACCEPT: no more than was done */
	double score;	       /* of the last moment */
};

struct sp_replay {
	struct sp_replay_end before, after;
	bool is_changed; /* some decision is another one */
	/* Recipients are let in that were not, so nobody has seen the message:
	 * it may end otherwise. */
	bool is_open;
	/* Greylisting is on, and was not asked then. */
	bool is_greylist_unknown;
	/* What is found now, of all moments together; reasons in the arena. */
	struct sp_verdict verdict;
};

/* What is to be decided again. */
struct sp_replay_task {
	const struct sp_moment *moments;
	size_t count; /* one at least */
	const struct sp_config *config;
	/* A finding ("SPF_FAIL", "DNSBL_ZEN_SBL") that is taken for not found;
	 * NULL: all count. */
	const char *without;
	struct sp_arena *arena; /* of reasons */
};

void sp_replay(const struct sp_replay_task *task, struct sp_replay *replay_out);

#endif
