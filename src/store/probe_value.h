/*
 * probe_value.h - reading what probe-count.lua writes.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_STORE_PROBE_VALUE_H
#define SALLYPORT_STORE_PROBE_VALUE_H

#include <stdint.h>

#include "sallyport/probe_store.h"

/* What the window that ends now holds, each up to a million. What cannot be
 * read counts as absent. */
struct sp_probe_counts sp_probe_sum(const char *value, int64_t now_ms);

#endif
