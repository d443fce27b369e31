/*
 * copy.h - a file's bytes in memory of our own, which has a name that a library
 * can open (inside src/geo only).
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_GEO_COPY_H
#define SALLYPORT_GEO_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "sallyport/geo.h"

struct sp_geo_copy {
	int fd; /* -1: none */
	const unsigned char *bytes;
	size_t size;
	char name[32];	    /* "/proc/self/fd/7" */
	struct stat status; /* of the file */
};

/* False, an empty copy and a reason: what stands there is no regular file, is
 * empty, is too large, cannot be read, or changes while it is read. */
bool sp_geo_copy_make(const char *path, struct sp_geo_copy *copy_out,
		      char reason_out[SP_GEO_REASON_SIZE]);
void sp_geo_copy_clear(struct sp_geo_copy *copy);

/* Neither replaced nor written to in between. */
bool sp_geo_is_same_file(const struct stat *a, const struct stat *b);

/* Always false. */
bool sp_geo_refuse(char reason_out[SP_GEO_REASON_SIZE], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
