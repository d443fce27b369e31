/*
 * dns-zone.h - the records that dns-server reads from a file, beside those that
 * it makes up by rule.
 *
 * A line of the file is "NAME TYPE DATA": type A with an address, MX with a
 * host (its preference is 10), TXT with all that follows as its text. Names are
 * in lower case, without the dot at the end.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_BENCH_DNS_ZONE_H
#define SALLYPORT_BENCH_DNS_ZONE_H

#include <stdbool.h>
#include <stddef.h>

enum zone_type {
	ZONE_A = 1,
	ZONE_MX = 15,
	ZONE_TXT = 16
};

struct zone_record {
	const char *name;
	enum zone_type type;
	const char *data;
};

struct zone {
	char *text; /* of the file, which the records point into */
	struct zone_record *records; /* by name */
	size_t count;
};

/* Read the file in place of what `zone` has. False, with the reason on standard
 * error, when there is something else in it; `zone` is then empty. */
bool zone_load(struct zone *zone, const char *path);

void zone_clear(struct zone *zone);

/* The records of `name`, all types; NULL and 0 when it has none. */
const struct zone_record *zone_find(const struct zone *zone, const char *name,
				    size_t *count_out);

#endif
