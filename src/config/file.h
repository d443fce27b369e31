/*
 * file.h - a whole file in memory, or a word about why not.
 *
 * Only regular files: opening a FIFO or a device would wait for somebody, and a
 * folder has nothing to read. Never waits, never reads more than `most_bytes`.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_CONFIG_FILE_H
#define SALLYPORT_CONFIG_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "sallyport/err.h"

struct sp_file {
	char *bytes; /* the caller's to free(); NUL-terminated */
	size_t length;
	mode_t mode;
};

enum {
	SP_FILE_REASON_SIZE = 128
};

/* On failure *file_out is empty and `reason_out` says what is the matter, to
 * stand behind the file's name: "cannot be read: Permission denied". */
enum sp_err sp_file_read(const char *path, size_t most_bytes,
			 struct sp_file *file_out,
			 char reason_out[SP_FILE_REASON_SIZE]);

#endif
