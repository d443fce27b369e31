#include "value.h"

#include <string.h>

/* Behind the control byte: further bytes of a size, or of a pointer. */
static bool read_big_endian(const struct sp_geo_section *section, size_t *at,
			    size_t count, uint64_t *number_out)
{
	uint64_t number = 0;

	if (section->size - *at < count)
		return false;
	for (size_t i = 0; i < count; i++)
		number = number << 8 | section->bytes[(*at)++];
	*number_out = number;
	return true;
}

static bool read_pointer(const struct sp_geo_section *section, unsigned control,
			 size_t *at, size_t *target_out)
{
	/* What fewer bytes can say is not said again by more of them. */
	static const uint64_t begins[] = { 0, 2048, 526336, 0 };
	unsigned width = control >> 3 & 3;
	uint64_t high = width == 3 ? 0 : control & 7;
	uint64_t low = 0;

	if (!read_big_endian(section, at, width + 1, &low))
		return false;
	*target_out = (size_t)((high << 8 * (width + 1) | low) + begins[width]);
	return true;
}

static bool read_size(const struct sp_geo_section *section, unsigned control,
		      size_t *at, size_t *size_out)
{
	static const uint64_t begins[] = { 29, 285, 65821 };
	unsigned size = control & 31;
	uint64_t more = 0;

	if (size < 29) {
		*size_out = size;
		return true;
	}
	if (!read_big_endian(section, at, size - 28, &more))
		return false;
	*size_out = (size_t)(more + begins[size - 29]);
	return true;
}

/* So many bytes stand behind the head of a value. */
static size_t body_bytes(const struct sp_geo_value *value)
{
	switch (value->type) {
	case SP_GEO_MAP:
	case SP_GEO_ARRAY:
	case SP_GEO_BOOLEAN: /* its size is what it says */
		return 0;
	default:
		return value->size;
	}
}

static bool is_known_type(unsigned type)
{
	return type <= SP_GEO_ARRAY || type == SP_GEO_BOOLEAN ||
	       type == SP_GEO_FLOAT;
}

/* The value at `*at`, which moves behind its head and bytes. Of a pointer, `at`
 * of the value is where it leads to. */
static bool read_here(const struct sp_geo_section *section, size_t *at,
		      struct sp_geo_value *value_out)
{
	struct sp_geo_value value = { .size = 0 };
	unsigned control, type;

	if (*at >= section->size)
		return false;
	control = section->bytes[(*at)++];
	type = control >> 5;
	if (type == SP_GEO_EXTENDED) {
		if (*at >= section->size)
			return false;
		type = section->bytes[(*at)++] + 7U;
		if (type <= SP_GEO_MAP || !is_known_type(type))
			return false;
	}
	value.type = (enum sp_geo_type)type;
	*value_out = value;
	if (type == SP_GEO_POINTER)
		return read_pointer(section, control, at, &value_out->at);
	if (!read_size(section, control, at, &value_out->size))
		return false;
	value_out->at = *at;
	if (section->size - *at < body_bytes(value_out))
		return false;
	*at += body_bytes(value_out);
	return true;
}

/* The same; a pointer is followed. It must not lead to another one. */
static bool read_next(const struct sp_geo_section *section, size_t *at,
		      struct sp_geo_value *value_out)
{
	size_t target;

	if (!read_here(section, at, value_out))
		return false;
	if (value_out->type != SP_GEO_POINTER)
		return true;
	target = value_out->at;
	return read_here(section, &target, value_out) &&
	       value_out->type != SP_GEO_POINTER;
}

bool sp_geo_value_read(const struct sp_geo_section *section, size_t offset,
		       struct sp_geo_value *value_out)
{
	return read_next(section, &offset, value_out);
}

/* Values within a value, as they are written there. */
static uint64_t count_within(const struct sp_geo_value *value)
{
	return value->type == SP_GEO_MAP     ? 2 * (uint64_t)value->size
	       : value->type == SP_GEO_ARRAY ? value->size
					     : 0;
}

/* Behind the value at `*at`, and all that is in it. No pointer is followed. */
static bool skip(const struct sp_geo_section *section, size_t *at,
		 unsigned *budget)
{
	struct sp_geo_value value;

	for (uint64_t left = 1; left > 0; left--) {
		if ((*budget)-- == 0 || !read_here(section, at, &value))
			return false;
		left += count_within(&value);
	}
	return true;
}

static bool is_key(const struct sp_geo_section *section,
		   const struct sp_geo_value *value, const char *key)
{
	return value->type == SP_GEO_STRING && value->size == strlen(key) &&
	       memcmp(section->bytes + value->at, key, value->size) == 0;
}

bool sp_geo_value_find(const struct sp_geo_section *section,
		       const struct sp_geo_value *map, const char *key,
		       struct sp_geo_value *value_out)
{
	unsigned budget = SP_GEO_VALUES_MAX;
	size_t at = map->at;

	if (map->type != SP_GEO_MAP)
		return false;
	for (size_t i = 0; i < map->size; i++) {
		struct sp_geo_value name;

		if (!read_next(section, &at, &name))
			return false;
		if (is_key(section, &name, key))
			return sp_geo_value_read(section, at, value_out);
		if (!skip(section, &at, &budget))
			return false;
	}
	return false;
}

bool sp_geo_value_number(const struct sp_geo_section *section,
			 const struct sp_geo_value *value, uint64_t *number_out)
{
	size_t at = value->at;

	if (value->type != SP_GEO_UINT16 && value->type != SP_GEO_UINT32 &&
	    value->type != SP_GEO_UINT64)
		return false;
	return value->size <= sizeof(*number_out) &&
	       read_big_endian(section, &at, value->size, number_out);
}

bool sp_geo_value_holds_texts(const struct sp_geo_section *section,
			      const struct sp_geo_value *value)
{
	size_t at = value->at;

	if (value->type != SP_GEO_MAP && value->type != SP_GEO_ARRAY)
		return false;
	for (uint64_t left = count_within(value); left > 0; left--) {
		struct sp_geo_value text;

		if (!read_next(section, &at, &text) ||
		    text.type != SP_GEO_STRING)
			return false;
	}
	return true;
}

static bool walk(const struct sp_geo_section *section, size_t *at,
		 unsigned depth, unsigned *budget)
{
	struct sp_geo_value value;
	size_t inside;

	if (depth == SP_GEO_DEPTH_MAX || (*budget)-- == 0 ||
	    !read_here(section, at, &value))
		return false;
	if (value.type == SP_GEO_POINTER) {
		inside = value.at;
		if (!read_here(section, &inside, &value) ||
		    value.type == SP_GEO_POINTER)
			return false;
		/* Its own way through what it leads to. */
		at = &inside;
	}
	for (uint64_t left = count_within(&value); left > 0; left--)
		if (!walk(section, at, depth + 1, budget))
			return false;
	return true;
}

bool sp_geo_value_is_sound(const struct sp_geo_section *section, size_t offset)
{
	unsigned budget = SP_GEO_VALUES_MAX;

	return walk(section, &offset, 0, &budget);
}
