/*
 * macros.h - what the MTA knows, and at which stage the milter wants it.
 *
 * Names are kept in one spelling: a single character bare ("i"), a longer name
 * in braces ("{client_addr}"). A list is a row of slots, so sending one is no
 * search.
 */
#ifndef SP_MTA_MACROS_H
#define SP_MTA_MACROS_H

#include <stddef.h>
#include <stdint.h>

#include "link.h"
#include "sallyport/err.h"
#include "sallyport/mta.h"
#include "wire.h"

enum {
	MACRO_NAME_SIZE = 64,
	MACRO_LIST_MAX = 64
};

struct macro {
	char name[MACRO_NAME_SIZE];
	const char *value; /* borrowed; NULL = not known */
};

struct macro_list {
	uint8_t slots[MACRO_LIST_MAX];
	size_t count;
};

struct macros {
	struct macro macros[SP_MTA_MACROS_MAX];
	size_t count;
	struct macro_list lists[STAGE_COUNT];
};

/* Postfix's lists of 3.7 for every stage. */
void sp_macros_init(struct macros *macros);

/* The milter's list for one stage, in place of what was there: `length` bytes
 * of names parted by spaces or commas. SP_ERR_TOO_LONG beyond the bounds. */
enum sp_err sp_macros_set_list(struct macros *macros, enum wire_stage stage,
			       const char *names, size_t length);

enum sp_err sp_macros_set(struct macros *macros, const char *name,
			  const char *value);

/* Put the packet for `event` into the link's buffer, if any macro of the stage
 * is known. */
enum sp_err sp_macros_put(const struct macros *macros, enum wire_stage stage,
			  uint8_t event, struct sp_link *link);

#endif
