/*
 * facts_text.h - the facts that policy has decided by, as text: so that a verdict
 * can be made again, later, elsewhere, under another configuration.
 *
 * A *moment* is one decision: the facts, and what was decided. Of a mail the
 * decisions about its first recipients that differ are kept, and the last one,
 * about the message.
 *
 *   1 count:2 moment:1,1,2500000 facts:4 helo:2,5 rdns:2,1,mx.example.org | ...
 *
 * A version, then groups of values (src/record/codec.h), with "|" between moments.
 * Values and groups may be added without another version: what an older text
 * does not have reads as 0, which is NOT_RUN of a fact.
 *
 * Names instead of numbers: rules of DNS lists stand there by name, and are
 * looked up in the configuration that they are read with. A rule that it does
 * not have is left out; one that it has beyond was not asked.
 *
 * Place:    pure. Writing is part of recording, reading is for explain, replay
 *           and the page.
 * Bounds:   SP_MOMENTS_TEXT_SIZE in all; what is read may be anything, and what
 *           comes of it is safe for policy.
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_FACTS_TEXT_H
#define SALLYPORT_FACTS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"
#include "sallyport/facts.h"
#include "sallyport/policy.h"

struct sp_arena;
struct sp_config;
struct sp_text;

enum {
	SP_MOMENTS_MAX = 4,
	SP_MOMENT_TEXT_SIZE = 4096,
	SP_MOMENTS_TEXT_SIZE = SP_MOMENTS_MAX * (SP_MOMENT_TEXT_SIZE + 3) + 4
};

/* One decision. */
struct sp_moment {
	const struct sp_facts *facts;
	uint32_t count; /* of recipients about which it was the same */
	enum sp_action action, would;
	double score; /* to a millionth */
	/* The score reached greylist.from-score, so whoever was new had to
	 * wait. */
	bool is_suspicious;
	bool is_private; /* write: without what other people's words may show
			    of local parts; false when read */
};

/* Add `moment` to `text`; `text->is_cut` when it has no room. */
void sp_moment_write(const struct sp_moment *moment,
		     const struct sp_config *config, struct sp_text *text);

/* All moments in `text`, in `arena`. SP_ERR_PROTOCOL: another version;
 * SP_ERR_SYNTAX, _RANGE, _TOO_LONG, _NO_MEMORY. */
enum sp_err sp_moments_read(const char *text, const struct sp_config *config,
			    struct sp_arena *arena,
			    struct sp_moment moments_out[SP_MOMENTS_MAX],
			    size_t *count_out);

#endif
