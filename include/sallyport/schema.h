/*
 * schema.h - does a database hold what redis-schema/README.md says?
 *
 * The table of keys here is that of the README, in its words; a test holds them
 * against each other. Checked of each key that begins with "sp:": that it is in
 * the table, its type, that it ends some day, and that its value reads as
 * described (of large ones: a part).
 *
 * Reads only, by SCAN and for as long as a walk over all keys takes: for the
 * operator, now and then.
 *
 * Threads:  any.
 */
#ifndef SALLYPORT_SCHEMA_H
#define SALLYPORT_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"

struct sp_store;

struct sp_schema_kind {
	const char
		*pattern; /* "sp:grey:{IDENTITY}": words in capitals stand for
				what varies */
	const char *type; /* of Redis: "string" */
};

enum {
	SP_SCHEMA_KINDS_MAX = 32
};

/* NULL behind the last one. */
const struct sp_schema_kind *sp_schema_kind(size_t index);

/* Whether a key is of that kind. */
bool sp_schema_matches(const struct sp_schema_kind *kind, const char *key);

struct sp_schema_report {
	uint64_t keys; /* all that were looked at */
	uint64_t counts[SP_SCHEMA_KINDS_MAX];
	uint64_t problems;
};

/* What is done; `found` is told each problem, in words. */
struct sp_schema_task {
	uint64_t most; /* keys to look at; 0: all */
	void (*found)(const char *key, const char *problem, void *context);
	void *context;
};

enum sp_err sp_schema_check(struct sp_store *store,
			    const struct sp_schema_task *task,
			    struct sp_schema_report *report_out);

#endif
