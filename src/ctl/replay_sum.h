/*
 * replay_sum.h - what came of many mails that were decided again.
 *
 * Threads:  one at a time per object.
 */
#ifndef SP_CTL_REPLAY_SUM_H
#define SP_CTL_REPLAY_SUM_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/replay.h"

enum {
	SP_SUM_OUTCOMES = SP_OUTCOME_ABORTED + 1,
	SP_SUM_FINDINGS = 160,
	SP_SUM_EXAMPLES = 10
};

struct sp_replay_sum {
	size_t mails, same, changed; /* verdicts */
	size_t rescored;	     /* the same verdict, another score */
	size_t without_facts, is_open, is_greylist_unknown;
	/* By what was done, and by what would have been if enforced. */
	size_t ways[SP_SUM_OUTCOMES][SP_SUM_OUTCOMES];
	size_t would_ways[SP_SUM_OUTCOMES][SP_SUM_OUTCOMES];
	size_t finding_count;
	struct sp_sum_finding {
		char name[SP_FINDING_NAME_SIZE];
		double before, after; /* its weight; the last one seen */
		size_t gone, come;    /* found only then, only now */
		size_t other;	      /* with another weight */
		size_t changed;	      /* of all these: verdicts */
	} findings[SP_SUM_FINDINGS];
	json_t *examples; /* the latest; NULL: none yet */
};

/* `record` is the event's JSON, NULL when it is none. */
void sp_replay_sum_add(struct sp_replay_sum *sum, const json_t *record,
		       const struct sp_replay *replay);
void sp_replay_sum_clear(struct sp_replay_sum *sum);

json_t *sp_replay_sum_json(const struct sp_replay_sum *sum);
void sp_replay_sum_print(const struct sp_replay_sum *sum, int64_t since_ms,
			 const char *config_file);

#endif
