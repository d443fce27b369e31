/*
 * yaml.h - the file as a tree of keys and values, each with its place.
 *
 * One document whose top is a mapping; what a configuration has no use for and
 * what makes YAML surprising (anchors, aliases, tags, keys that are no words)
 * is refused, so nothing is expanded and the tree is no larger than the file.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_CONFIG_YAML_H
#define SALLYPORT_CONFIG_YAML_H

#include <stddef.h>

#include "file.h"
#include "report.h"
#include "sallyport/arena.h"

enum sp_yaml_kind {
	SP_YAML_NOTHING, /* "key:", "key: ~", "key: null" */
	SP_YAML_SCALAR,
	SP_YAML_SEQUENCE,
	SP_YAML_MAPPING,
	SP_YAML_REFUSED /* already reported */
};

struct sp_yaml_node {
	enum sp_yaml_kind kind;
	struct sp_place place;
	const char *text; /* SP_YAML_SCALAR: printable, or 8-bit UTF-8 */
	const char *key;  /* within a mapping */
	struct sp_place key_place;
	struct sp_yaml_node *first, *next; /* children; the next sibling */
};

/*
 * Read `content`, called `file` in messages. Everything that is wrong is
 * reported, and what could be read all the same is in *root_out, so that its
 * values can be judged in the same go; NULL when that is nothing. Bytes of
 * `content` that are no text are replaced.
 * The tree lives in `arena`, `file` is borrowed.
 */
void sp_yaml_read(struct sp_file *content, const char *file,
		  struct sp_arena *arena, struct sp_report *report,
		  const struct sp_yaml_node **root_out);

#endif
