/*
 * fields.h - the header fields of a mail, kept until it is known which of them
 * are signed.
 *
 * Bounds:   SP_DKIM_FIELDS_MAX, SP_DKIM_HEADERS_BYTES_MAX; beyond them nothing
 *           more is kept, and is_over says so.
 * Threads:  one at a time per object.
 * Standard: RFC 6376 section 5.4.2: of fields with one name, the last ones are
 *           signed first.
 */
#ifndef SALLYPORT_DKIM_FIELDS_H
#define SALLYPORT_DKIM_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/arena.h"

struct sp_dkim_field {
	struct sp_dkim_field *next;
	struct sp_dkim_field *previous;
	size_t length;
	size_t name_length; /* without white space at its end */
	uint32_t name_hash; /* equal for equal names, in any case of letters */
	bool is_chosen;	    /* to be shown to the library */
	char text[];	    /* "Name: value", lines ended by CRLF, and a NUL */
};

struct sp_dkim_fields {
	struct sp_arena arena;
	struct sp_dkim_field *first;
	struct sp_dkim_field *last;
	size_t count;
	bool is_over;
};

void sp_dkim_fields_init(struct sp_dkim_fields *fields);
void sp_dkim_fields_clear(struct sp_dkim_fields *fields);

/* NULL beyond the bounds. */
struct sp_dkim_field *sp_dkim_fields_add(struct sp_dkim_fields *fields,
					 const char *name, const char *value);

/* Whether the field's name is `name`, ignoring case. */
bool sp_dkim_field_is(const struct sp_dkim_field *field, const char *name);

/* What stands behind the colon. */
const char *sp_dkim_field_value(const struct sp_dkim_field *field);

/*
 * Choose the fields that any of `count` lists (names with colons between, as in
 * h=) signs. False without memory.
 */
bool sp_dkim_fields_choose(struct sp_dkim_fields *fields,
			   const char *const *lists, size_t count);

#endif
