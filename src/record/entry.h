/*
 * entry.h - one mail that is over: its record, in memory and on its way to Redis.
 *
 * Threads:  filled by one, then read by any; references are atomic.
 */
#ifndef SALLYPORT_SRC_RECORD_ENTRY_H
#define SALLYPORT_SRC_RECORD_ENTRY_H

#include <stdatomic.h>
#include <stdint.h>

#include "sallyport/record.h"

struct sp_entry {
	atomic_uint references;
	char *facts; /* as facts_text.h; "" */
	struct sp_record record;
};

/* NULL: no memory. `facts` is copied. */
struct sp_entry *sp_entry_new(const char *facts);
struct sp_entry *sp_entry_ref(struct sp_entry *entry);
/* Accepts NULL. */
void sp_entry_unref(struct sp_entry **entry);

#endif
