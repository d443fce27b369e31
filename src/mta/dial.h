/*
 * dial.h - a connected socket for the address of a milter.
 */
#ifndef SP_MTA_DIAL_H
#define SP_MTA_DIAL_H

#include <stdint.h>

#include "sallyport/err.h"

/* Blocking, with `timeout_ms` for connecting and on each read and write.
 * Errors as sp_mta_open has them. */
enum sp_err sp_mta_dial(const char *address, int64_t timeout_ms, int *fd_out);

#endif
