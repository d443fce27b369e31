/*
 * database.h - one database, open (inside src/geo only).
 *
 * Threads:  immutable, but for its references, which are atomic.
 */
#ifndef SALLYPORT_GEO_DATABASE_H
#define SALLYPORT_GEO_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "sallyport/geo.h"

struct sp_geo_database;

enum {
	SP_GEO_TYPE_SIZE = 64
};

/* NULL and `reason_out` (to stand behind the file's name) when it cannot be
 * used; otherwise with one reference. */
struct sp_geo_database *sp_geo_database_open(
	const char *path, enum sp_geo_kind kind,
	char reason_out[SP_GEO_REASON_SIZE]);

struct sp_geo_database *sp_geo_database_ref(struct sp_geo_database *database);
void sp_geo_database_unref(struct sp_geo_database **database);

/* The file at `path` is the very one that was read. */
bool sp_geo_database_is_of(const struct sp_geo_database *database,
			   const char *path);

/* Fills in what it is about; else *place is as it was. */
void sp_geo_database_find(struct sp_geo_database *database,
			  const struct sp_ip *client, struct sp_place *place);

const char *sp_geo_database_type(const struct sp_geo_database *database);
int64_t sp_geo_database_built_sec(const struct sp_geo_database *database);

#endif
