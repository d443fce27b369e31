#include "sallyport/id.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	TIME_CHARS = 10,
	RANDOM_CHARS = 16,
	RANDOM_BYTES = 10
};

static const int64_t latest_ms = INT64_C(0xffffffffffff); /* 48 bits */

/* Crockford's: without I, L, O and U, which are misread or misspelt. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Five bits a character, the last character last. */
static void write_base32(uint64_t value, char *out, int chars)
{
	for (int i = chars - 1; i >= 0; i--) {
		out[i] = alphabet[value & 31];
		value >>= 5;
	}
}

static uint64_t forty_bits(const uint8_t bytes[5])
{
	uint64_t value = 0;

	for (int i = 0; i < 5; i++)
		value = value << 8 | bytes[i];
	return value;
}

void sp_id_new(int64_t wall_ms, char id_out[SP_ID_SIZE])
{
	uint8_t random[RANDOM_BYTES];
	int64_t time = wall_ms < 0 ? 0 : wall_ms;

	if (time > latest_ms)
		time = latest_ms;
	/* So few bytes come whole or not at all, and a kernel without random
	 * numbers is none that we could serve on. */
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		abort();
	write_base32((uint64_t)time, id_out, TIME_CHARS);
	write_base32(forty_bits(random), id_out + TIME_CHARS, 8);
	write_base32(forty_bits(random + 5), id_out + TIME_CHARS + 8, 8);
	id_out[TIME_CHARS + RANDOM_CHARS] = '\0';
}

bool sp_id_is_valid(const char *text)
{
	size_t length = strspn(text, alphabet);

	/* Ten characters hold 50 bits, the time has 48: the first is small. */
	return length == SP_ID_SIZE - 1 && text[length] == '\0' &&
	       text[0] <= '7';
}
