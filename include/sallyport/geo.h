/*
 * geo.h - the country and the provider that a client's address belongs to.
 *
 * Place:    at a submitter's mail: countries and providers (ASNs, the numbers
 *           of networks in the Internet's routing) are counted of it.
 * Source:   two files in MaxMind's format, of any maker: GeoLite2, DB-IP,
 *           IPinfo and others name things in different ways, see src/geo/entry.c.
 * Network:  none, and no file is touched once a database is open: it is copied
 *           into memory, whole, so whatever becomes of the file then (written
 *           over, cut short, removed), no mail meets it, and no page fault.
 * Trust:    files come from elsewhere. Their metadata is judged by us before
 *           libmaxminddb sees it, and entries are read by us (src/geo/value.h
 *           says what the library would do with odd ones).
 * Threads:  any may find. Making, and freeing, is for whoever reloads.
 * Standard: https://maxmind.github.io/MaxMind-DB/, version 2.
 */
#ifndef SALLYPORT_GEO_H
#define SALLYPORT_GEO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"

struct sp_ip;

enum sp_geo_kind {
	SP_GEO_COUNTRY,
	SP_GEO_ASN,
	SP_GEO_KINDS
};

enum {
	SP_COUNTRY_SIZE = 3,
	SP_ASN_SIZE = 11,
	SP_GEO_FILE_MAX_MB = 512,
	SP_GEO_REASON_SIZE = 192
};

/* Each is "" where it is not known. */
struct sp_place {
	char country[SP_COUNTRY_SIZE]; /* "DE": two letters, ISO 3166-1 */
	char asn[SP_ASN_SIZE];	       /* "64500": 1 to 4294967295 */
};

struct sp_geo;

/* Paths; "" for none. */
struct sp_geo_files {
	const char *paths[SP_GEO_KINDS];
};

/*
 * Open what `files` names; each that is opened, or cannot be, is said once in
 * the log. One that cannot be opened leaves its part of every place empty, and
 * is no error here: mail goes on.
 *
 * `old` is what a reload comes from, or NULL: a file that has not changed since
 * is not read again, and one that is broken now stays as it was. It may be
 * freed before or after the new one. SP_ERR_NO_MEMORY only.
 */
enum sp_err sp_geo_new(const struct sp_geo_files *files,
		       const struct sp_geo *old, struct sp_geo **geo_out);
void sp_geo_free(struct sp_geo **geo);

/* `geo` may be NULL: no place is known. Waits for nothing. */
void sp_geo_find(const struct sp_geo *geo, const struct sp_ip *client,
		 struct sp_place *place_out);

/* Of one database, for the operator. Borrowed from `geo`. */
struct sp_geo_view {
	const char *path;    /* "" = none is configured */
	bool is_open;	     /* even if its file is broken now */
	const char *type;    /* as its maker calls it, printable; "" */
	int64_t built_sec;   /* when it was made, wall; 0 = it does not say */
	const char *trouble; /* "" = none */
};
void sp_geo_look(const struct sp_geo *geo, enum sp_geo_kind kind,
		 struct sp_geo_view *view_out);

/* Whether the file at `path` could be opened as one of `kind`. If not,
 * `reason_out` says why, to stand behind its name: "is empty". */
bool sp_geo_check(const char *path, enum sp_geo_kind kind,
		  char reason_out[SP_GEO_REASON_SIZE]);

/* "outbound.country-database" */
const char *sp_geo_option(enum sp_geo_kind kind);

#endif
