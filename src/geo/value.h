/*
 * value.h - values in a section of a MaxMind database (inside src/geo only).
 *
 * libmaxminddb 1.7.1 (Debian 12) reads values too, but a file may end us there:
 * it skips over nested values by recursion without an end, and follows pointers
 * to shared values as often as they stand there, so that a few hundred bytes
 * become gigabytes. Here nothing recurses deeper than DEPTH_MAX, and no call
 * looks at more than VALUES_MAX values.
 *
 * Threads:  reentrant.
 * Standard: https://maxmind.github.io/MaxMind-DB/, "Output Data Section".
 */
#ifndef SALLYPORT_GEO_VALUE_H
#define SALLYPORT_GEO_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SP_GEO_VALUES_MAX = 8192, /* real entries have a few hundred */
	SP_GEO_DEPTH_MAX = 16	  /* real ones: five */
};

enum sp_geo_type {
	SP_GEO_EXTENDED = 0,
	SP_GEO_POINTER = 1,
	SP_GEO_STRING = 2,
	SP_GEO_DOUBLE = 3,
	SP_GEO_BYTES = 4,
	SP_GEO_UINT16 = 5,
	SP_GEO_UINT32 = 6,
	SP_GEO_MAP = 7,
	SP_GEO_INT32 = 8,
	SP_GEO_UINT64 = 9,
	SP_GEO_UINT128 = 10,
	SP_GEO_ARRAY = 11,
	SP_GEO_BOOLEAN = 14,
	SP_GEO_FLOAT = 15
};

/* Pointers count from its first byte. */
struct sp_geo_section {
	const unsigned char *bytes;
	size_t size;
};

struct sp_geo_value {
	enum sp_geo_type type;
	size_t size; /* bytes; pairs of a map, items of an array */
	size_t at;   /* where its bytes, pairs or items begin */
};

/* The value at `offset`, or the one that a pointer there leads to. All of its
 * own bytes are within the section. */
bool sp_geo_value_read(const struct sp_geo_section *section, size_t offset,
		       struct sp_geo_value *value_out);

/* What `key` names in `map`; false: `map` is none, or has no such key, or
 * cannot be read that far. */
bool sp_geo_value_find(const struct sp_geo_section *section,
		       const struct sp_geo_value *map, const char *key,
		       struct sp_geo_value *value_out);

/* Unsigned of any width up to 64 bits. */
bool sp_geo_value_number(const struct sp_geo_section *section,
			 const struct sp_geo_value *value,
			 uint64_t *number_out);

/* A map or an array, and all that stands in it is strings. */
bool sp_geo_value_holds_texts(const struct sp_geo_section *section,
			      const struct sp_geo_value *value);

/* All within the value can be read, by whatever way, within our bounds. */
bool sp_geo_value_is_sound(const struct sp_geo_section *section, size_t offset);

#endif
