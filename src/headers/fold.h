/*
 * fold.h - a header field's value, folded between its words.
 *
 * A line break is LF and a tab, as a milter hands it to an MTA. Lines are below
 * 78 characters (RFC 5322 section 2.1.1) but where one word alone is longer.
 *
 * What comes from a stranger goes through sp_fold_property, which leaves nothing
 * in it that could end a value, a line or the field.
 *
 * Threads:  one thread at a time per object.
 */
#ifndef SALLYPORT_HEADERS_FOLD_H
#define SALLYPORT_HEADERS_FOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "sallyport/text.h"

struct sp_fold {
	struct sp_text *text;
	size_t line;	 /* characters in this line, the name's included */
	bool is_in_line; /* something stands there */
};

/* A value for the field `name`, to be added to the empty `text`. */
void sp_fold_init(struct sp_fold *fold, struct sp_text *text, const char *name);

/* One word of our own, with a blank or a line break before it. */
void sp_fold_word(struct sp_fold *fold, const char *word);

/* The next word begins a line. */
void sp_fold_break(struct sp_fold *fold);

/* A mark behind the last word: ";". */
void sp_fold_mark(struct sp_fold *fold, const char *mark);

enum {
	SP_FOLD_VALUE_MAX = 512
};

/* Whether a value can stand without quotes: a dot-atom (RFC 5322 section 3.2.3)
 * of characters of a token (RFC 2045 section 5.1), SP_FOLD_VALUE_MAX at most. */
bool sp_fold_is_token(const char *value);

/*
 * The word `name` with `value` behind it: "header.d=" "a.example". A value that
 * is no token is written as a quoted string; bytes outside printable ASCII
 * become '?'. A value over SP_FOLD_VALUE_MAX bytes is cut there.
 */
void sp_fold_property(struct sp_fold *fold, const char *name,
		      const char *value);

#endif
