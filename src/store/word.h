/*
 * word.h - the words of a command to Redis.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_STORE_WORD_H
#define SALLYPORT_STORE_WORD_H

#include <stdint.h>

#include "sallyport/store.h"

enum {
	SP_WORD_SIZE = 64
};

/* `text` as it is, borrowed. */
struct sp_store_bytes sp_word(const char *text);

struct sp_store_bytes sp_word_of_number(char buffer[SP_WORD_SIZE],
					int64_t number);

/* `text` (NULL: nothing) as one word of a value in Redis: printable, without
 * space, comma and '='; cut. */
struct sp_store_bytes sp_word_of_value(char buffer[SP_WORD_SIZE],
				       const char *text);

#endif
