/*
 * entry.h - what an entry of a database says of an address (inside src/geo
 * only).
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_GEO_ENTRY_H
#define SALLYPORT_GEO_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "sallyport/geo.h"

struct sp_geo_section;

/* Fill in what `kind` is about from the entry at `offset`; false: it does not
 * say, or not in a way that we know, and *place is as it was. */
bool sp_geo_entry_read(const struct sp_geo_section *section, size_t offset,
		       enum sp_geo_kind kind, struct sp_place *place);

#endif
