/*
 * snapshot.h - a configuration with what it owns, while it is being made.
 *
 * Threads:  one until it is handed out, then read-only but for `references`.
 */
#ifndef SALLYPORT_CONFIG_SNAPSHOT_H
#define SALLYPORT_CONFIG_SNAPSHOT_H

#include <stdatomic.h>

#include "options.h"
#include "report.h"
#include "sallyport/arena.h"
#include "sallyport/config.h"

struct sp_snapshot {
	struct sp_config config; /* first: what callers hold a pointer to */
	_Atomic unsigned references;
	struct sp_arena strings;
	const char *store_user;	     /* USER in `store:`; NULL = none */
	struct sp_classes *classes;  /* of outbound */
	struct sp_senders *senders;  /* likewise */
	bool is_set[SP_OPTIONS_MAX]; /* written in the file */
};

/* Where the value of `option` is kept. */
void *sp_snapshot_field(struct sp_snapshot *snapshot,
			const struct sp_option *option);

/*
 * Give a value that is no list. NULL when `text` is good; otherwise what is
 * wrong, as endpoint.h says, with *err_out SP_ERR_SYNTAX or SP_ERR_RANGE.
 */
const char *sp_snapshot_set(struct sp_snapshot *snapshot,
			    const struct sp_option *option, const char *text,
			    enum sp_err *err_out);

/* The value as one would write it. Lists: entries, ", " between. */
void sp_snapshot_write(const struct sp_snapshot *snapshot,
		       const struct sp_option *option, struct sp_text *out);

#endif
