#include "entry.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "value.h"

enum {
	NAMES_MAX = 3,
	ASN_DIGITS = 10
};

/* Names on the way from an entry to a value. */
struct way {
	const char *names[NAMES_MAX]; /* up to NULL */
};

/* The first that leads to something readable counts. */
static const struct way country_ways[] = {
	{ { "country", "iso_code" } }, /* GeoLite2, GeoIP2, DB-IP */
	{ { "country_code" } },	       /* IPinfo Lite, whois-based ones */
	{ { "country" } },	       /* IPinfo: the code itself */
	/* Where the network is registered: better than nothing for those that
	 * are used all over the world. */
	{ { "registered_country", "iso_code" } },
};

static const struct way asn_ways[] = {
	{ { "autonomous_system_number" } }, /* GeoLite2, DB-IP, iptoasn */
	{ { "asn" } },			    /* IPinfo: "AS64500" */
	{ { "traits", "autonomous_system_number" } }, /* GeoIP2 Enterprise */
};

static bool follow(const struct sp_geo_section *section, size_t offset,
		   const struct way *way, struct sp_geo_value *value_out)
{
	if (!sp_geo_value_read(section, offset, value_out))
		return false;
	for (const char *const *name = way->names; *name != NULL; name++) {
		const struct sp_geo_value map = *value_out;

		if (!sp_geo_value_find(section, &map, *name, value_out))
			return false;
	}
	return true;
}

static char letter(unsigned char byte)
{
	if (byte >= 'a' && byte <= 'z')
		byte = (unsigned char)(byte - 'a' + 'A');
	return byte >= 'A' && byte <= 'Z' ? (char)byte : '\0';
}

static bool take_country(const struct sp_geo_section *section,
			 const struct sp_geo_value *value,
			 struct sp_place *place)
{
	char code[SP_COUNTRY_SIZE] = "";

	if (value->type != SP_GEO_STRING || value->size != 2)
		return false;
	for (size_t i = 0; i < 2; i++) {
		code[i] = letter(section->bytes[value->at + i]);
		if (code[i] == '\0')
			return false;
	}
	memcpy(place->country, code, sizeof(code));
	return true;
}

/* "AS64500", "64500" */
static bool read_digits(const unsigned char *bytes, size_t size,
			uint64_t *number_out)
{
	uint64_t number = 0;

	if (size > 2 && (bytes[0] == 'A' || bytes[0] == 'a') &&
	    (bytes[1] == 'S' || bytes[1] == 's')) {
		bytes += 2;
		size -= 2;
	}
	if (size == 0 || size > ASN_DIGITS)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] < '0' || bytes[i] > '9')
			return false;
		number = 10 * number + (uint64_t)(bytes[i] - '0');
	}
	*number_out = number;
	return true;
}

static bool take_asn(const struct sp_geo_section *section,
		     const struct sp_geo_value *value, struct sp_place *place)
{
	uint64_t number = 0;
	bool is_read = value->type == SP_GEO_STRING
			       ? read_digits(section->bytes + value->at,
					     value->size, &number)
			       : sp_geo_value_number(section, value, &number);

	/* 0 is nobody's (RFC 7607). */
	if (!is_read || number == 0 || number > UINT32_MAX)
		return false;
	(void)snprintf(place->asn, sizeof(place->asn), "%" PRIu32,
		       (uint32_t)number);
	return true;
}

bool sp_geo_entry_read(const struct sp_geo_section *section, size_t offset,
		       enum sp_geo_kind kind, struct sp_place *place)
{
	bool is_country = kind == SP_GEO_COUNTRY;
	const struct way *ways = is_country ? country_ways : asn_ways;
	size_t count = is_country ? sizeof(country_ways) / sizeof(*ways)
				  : sizeof(asn_ways) / sizeof(*ways);
	struct sp_geo_value value;

	for (size_t i = 0; i < count; i++)
		if (follow(section, offset, &ways[i], &value) &&
		    (is_country ? take_country(section, &value, place)
				: take_asn(section, &value, place)))
			return true;
	return false;
}
