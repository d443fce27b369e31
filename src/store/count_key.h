/*
 * count_key.h - where the counters of a minute, an hour or a day stand.
 *
 * Sixty minutes share a key, and so do 24 hours and 30 days.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_STORE_COUNT_KEY_H
#define SALLYPORT_STORE_COUNT_KEY_H

#include <stdint.h>

#include "sallyport/event_store.h"

enum {
	SP_COUNT_UNITS = 3,
	SP_COUNT_KEY_SIZE = 64
};

struct sp_count_place {
	int64_t key;	 /* the number in the key's name */
	unsigned number; /* of the unit within the key */
};

struct sp_count_place sp_count_place(enum sp_count_unit unit, int64_t time_ms);

/* Returns `name_out`: "sp:count:{record}:minutes:489933". */
const char *sp_count_key(enum sp_count_unit unit, int64_t key,
			 char name_out[SP_COUNT_KEY_SIZE]);

#endif
