/*
 * submitter_memory.h - what this machine remembers of submitters, for when
 * Redis is gone (inside src/store only).
 *
 * Bounds:   as many submitters as were said, and MEMORY_BYTES_MAX for all that
 *           is counted of them; those that were not heard of for longest are
 *           forgotten first, the ones that are held or locked last.
 * Threads:  any; one lock, and nothing is waited for under it.
 */
#ifndef SALLYPORT_STORE_SUBMITTER_MEMORY_H
#define SALLYPORT_STORE_SUBMITTER_MEMORY_H

#include "sallyport/submitter_store.h"

/* What Redis said to a question: the standing, and the sum of each of the
 * class's limits that `is_known` marks. */
struct sp_memory_news {
	const struct sp_submitter_standing *standing;
	uint32_t sums[SP_LIMITS_MAX];
	bool is_known[SP_LIMITS_MAX];
	bool begins; /* it was the first question of a mail */
};

/* What the index of all submitters is told of one; see submitter_index.h. */
struct sp_index_news {
	int64_t last_ms; /* of its last mail; 0: as it stands there */
	bool has_state, has_share;
	enum sp_submitter_state state;
	int64_t until_ms;
	uint32_t share; /* thousandths */
};

/* It holds instead of what was remembered. `class` may be NULL, when `news` has
 * no sums. */
void sp_memory_note(struct sp_submitter_memory *memory, const char *submitter,
		    const struct sp_class *class,
		    const struct sp_memory_news *news, int64_t now_ms);

/* Count without Redis, by the same rules. */
void sp_memory_count(struct sp_submitter_memory *memory,
		     const struct sp_outbound_config *config,
		     const struct sp_submitter_question *question,
		     struct sp_submitter_answer *answer_out);

/* What is remembered; ok when nothing is. Returns whether Redis was not told of
 * it yet. */
bool sp_memory_look(struct sp_submitter_memory *memory, const char *submitter,
		    int64_t now_ms, struct sp_submitter_standing *standing_out);

/* Whether the index is to be told of a mail at `last_ms`, and what. Of one that
 * is ok it is told once a minute, and when it comes nearer to a limit by a
 * step; what it knows of the share is never less than it is. */
bool sp_memory_index_due(struct sp_submitter_memory *memory,
			 const char *submitter, int64_t last_ms,
			 struct sp_index_news *news_out);

/* It was told. */
void sp_memory_indexed(struct sp_submitter_memory *memory,
		       const char *submitter, const struct sp_index_news *news);

/* The operator has put it into this state, or released it (ok): then nothing of
 * it is remembered. `is_unsaved`: Redis could not be told. */
void sp_memory_set(struct sp_submitter_memory *memory, const char *submitter,
		   const struct sp_submitter_standing *standing,
		   bool is_unsaved);

/* For tests: submitters and bytes. */
void sp_memory_size(struct sp_submitter_memory *memory, size_t *submitters_out,
		    size_t *bytes_out);

#endif
