/*
 * id.h - the name of one mail in our logs, replies and headers.
 *
 * 26 characters of Crockford's base 32, sorting by time: 48 bits of
 * milliseconds since 1970 and 80 random bits (the ULID layout). Nobody outside
 * can guess another mail's id.
 *
 * Only upper case is valid: the one form that we write is the one we find.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_ID_H
#define SALLYPORT_ID_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SP_ID_SIZE = 27
};

void sp_id_new(int64_t wall_ms, char id_out[SP_ID_SIZE]);
bool sp_id_is_valid(const char *text);

#endif
