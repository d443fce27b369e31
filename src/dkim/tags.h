/*
 * tags.h - "name=value; name=value": what signatures and key records are
 * written in.
 *
 * Bounds:   SP_DKIM_TAGS_MAX tags; a list with more is no list.
 * Threads:  reentrant. What is found points into the text that was given.
 * Standard: RFC 6376 section 3.2.
 */
#ifndef SALLYPORT_DKIM_TAGS_H
#define SALLYPORT_DKIM_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SP_DKIM_TAGS_MAX = 32
};

/* White space around name and value is not part of them; within a value it is
 * still there. */
struct sp_dkim_tag {
	const char *name;
	size_t name_length;
	const char *value;
	size_t length;
};

struct sp_dkim_tags {
	size_t count;
	struct sp_dkim_tag tags[SP_DKIM_TAGS_MAX];
};

/* Returns NULL, or in constant words what is wrong; the tags are then those
 * before it. */
const char *sp_dkim_tags_read(const char *text, size_t length,
			      struct sp_dkim_tags *tags_out);

/* NULL when it is not there. Names are case-sensitive. */
const struct sp_dkim_tag *sp_dkim_tags_find(const struct sp_dkim_tags *tags,
					    const char *name);

/* The functions below take NULL for a tag that is not there: false. */

/* Ignoring case. */
bool sp_dkim_tag_is(const struct sp_dkim_tag *tag, const char *text);

/* One of the words between colons is `word`, ignoring case. */
bool sp_dkim_tag_lists(const struct sp_dkim_tag *tag, const char *word);

/* 1 to `digits` decimal digits and nothing else; 18 at most. */
bool sp_dkim_tag_number(const struct sp_dkim_tag *tag, size_t digits,
			int64_t *number_out);

bool sp_dkim_is_space(char c);

#endif
