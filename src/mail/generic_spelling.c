#include "generic_spelling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/domain.h"

enum {
	MAX_NUMBERS = 64,
	GAP = -1 /* between numbers that do not belong together */
};

struct numbers {
	int values[MAX_NUMBERS];
	size_t count;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

static size_t digits_at(const char *text)
{
	size_t length = 0;

	while (is_digit(text[length]))
		length++;
	return length;
}

/* Whatever is no octet is a gap: no window of octets reaches over it. */
static int octet_at(const char *digits, size_t length)
{
	int value = 0;

	if (length > 3)
		return GAP;
	for (size_t i = 0; i < length; i++)
		value = value * 10 + (digits[i] - '0');
	return value <= 255 ? value : GAP;
}

static void collect_numbers(const char *host, struct numbers *numbers_out)
{
	numbers_out->count = 0;
	while (*host && numbers_out->count < MAX_NUMBERS) {
		size_t length = digits_at(host);

		if (length == 0) {
			host++;
			continue;
		}
		numbers_out->values[numbers_out->count++] =
			octet_at(host, length);
		host += length;
	}
}

static bool is_run(const int *values, const uint8_t *octets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (values[i] != octets[i])
			return false;
	return true;
}

static bool is_run_back(const int *values, const uint8_t *octets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (values[i] != octets[count - 1 - i])
			return false;
	return true;
}

/* All four octets, each used once, in whatever order. */
static bool is_shuffle(const int *values, const uint8_t *octets)
{
	unsigned used = 0;

	for (size_t i = 0; i < 4; i++) {
		size_t j = 0;

		while (j < 4 && ((used >> j & 1) || values[i] != octets[j]))
			j++;
		if (j == 4)
			return false;
		used |= 1u << j;
	}
	return true;
}

static bool is_three(const int *values, const uint8_t *octets)
{
	return is_run(values, octets, 3) || is_run(values, octets + 1, 3) ||
	       is_run_back(values, octets, 3) ||
	       is_run_back(values, octets + 1, 3);
}

/* Two single digits meet by chance: mx1-1 at 192.0.1.1. */
static bool is_two(const int *values, const uint8_t *octets)
{
	if (values[0] < 10 && values[1] < 10)
		return false;
	return is_run(values, octets + 2, 2) ||
	       is_run_back(values, octets + 2, 2);
}

static enum sp_generic_spelling spelling_at(const int *values, size_t count,
					    const uint8_t *octets)
{
	if (count >= 4 && is_run(values, octets, 4))
		return SP_SPELLING_DECIMAL;
	if (count >= 4 && is_run_back(values, octets, 4))
		return SP_SPELLING_REVERSED;
	if (count >= 4 && is_shuffle(values, octets))
		return SP_SPELLING_SHUFFLED;
	if (count >= 3 && is_three(values, octets))
		return SP_SPELLING_THREE;
	if (count >= 2 && is_two(values, octets))
		return SP_SPELLING_TWO;
	return values[0] == octets[3] ? SP_SPELLING_ONE : SP_SPELLING_NONE;
}

static enum sp_generic_spelling stronger(enum sp_generic_spelling a,
					 enum sp_generic_spelling b)
{
	if (a == SP_SPELLING_NONE)
		return b;
	if (b == SP_SPELLING_NONE)
		return a;
	return a < b ? a : b;
}

static enum sp_generic_spelling find_separate(const char *host,
					      const uint8_t *octets)
{
	enum sp_generic_spelling best = SP_SPELLING_NONE;
	struct numbers numbers;

	collect_numbers(host, &numbers);
	for (size_t i = 0; i < numbers.count; i++)
		best = stronger(best, spelling_at(numbers.values + i,
						  numbers.count - i, octets));
	return best;
}

enum form {
	FORM_PLAIN,
	FORM_PADDED,
	FORM_HEX
};

enum {
	JOINED_SIZE = 13 /* four times three digits and the NUL */
};

static void write_joined(enum form form, const uint8_t *octets, size_t count,
			 char text_out[JOINED_SIZE])
{
	size_t end = 0;

	text_out[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		const unsigned octet = octets[i];

		end += (size_t)snprintf(text_out + end, JOINED_SIZE - end,
					form == FORM_PLAIN    ? "%u"
					: form == FORM_PADDED ? "%03u"
							      : "%02x",
					octet);
	}
}

/* Octets written without anything between them, in one of two directions. */
struct joined {
	char forward[JOINED_SIZE];
	char reversed[JOINED_SIZE];
};

static void join(enum form form, const uint8_t *octets, size_t count,
		 struct joined *joined_out)
{
	uint8_t back[4];

	for (size_t i = 0; i < count; i++)
		back[i] = octets[count - 1 - i];
	write_joined(form, octets, count, joined_out->forward);
	write_joined(form, back, count, joined_out->reversed);
}

static bool holds(const char *text, enum form form, const uint8_t *octets,
		  size_t count)
{
	struct joined joined;

	join(form, octets, count, &joined);
	return strstr(text, joined.forward) || strstr(text, joined.reversed);
}

static bool is_whole(const char *text, enum form form, const uint8_t *octets,
		     size_t count)
{
	struct joined joined;

	join(form, octets, count, &joined);
	return !strcmp(text, joined.forward) || !strcmp(text, joined.reversed);
}

static bool is_integer(const char *run, const uint8_t *octets)
{
	char text[JOINED_SIZE];

	snprintf(text, sizeof(text), "%lu",
		 (unsigned long)octets[0] << 24 |
			 (unsigned long)octets[1] << 16 |
			 (unsigned long)octets[2] << 8 | octets[3]);
	return !strcmp(run, text);
}

/* What a run of at least six digits says. */
static enum sp_generic_spelling spelling_of_run(const char *run,
						const uint8_t *octets)
{
	if (holds(run, FORM_PADDED, octets, 4))
		return SP_SPELLING_PADDED;
	if (is_whole(run, FORM_PLAIN, octets, 4))
		return SP_SPELLING_JOINED;
	if (is_integer(run, octets))
		return SP_SPELLING_INTEGER;
	if (holds(run, FORM_PADDED, octets, 3) ||
	    holds(run, FORM_PADDED, octets + 1, 3))
		return SP_SPELLING_THREE;
	if (is_whole(run, FORM_PADDED, octets + 2, 2))
		return SP_SPELLING_TWO;
	return SP_SPELLING_NONE;
}

static enum sp_generic_spelling find_runs(const char *host,
					  const uint8_t *octets)
{
	enum sp_generic_spelling best = SP_SPELLING_NONE;

	while (*host) {
		char run[SP_DOMAIN_SIZE];
		size_t length = digits_at(host);

		if (length < 6) {
			host += length ? length : 1;
			continue;
		}
		if (length >= sizeof(run))
			break;
		memcpy(run, host, length);
		run[length] = '\0';
		best = stronger(best, spelling_of_run(run, octets));
		host += length;
	}
	return best;
}

/* `host` without what stands between: c0-00-02-07 becomes c0000207. */
static void squash(const char *host, char squashed_out[SP_DOMAIN_SIZE])
{
	size_t length = 0;

	for (; *host && length < SP_DOMAIN_SIZE - 1; host++)
		if (*host != '-' && *host != '.' && *host != '_')
			squashed_out[length++] = *host;
	squashed_out[length] = '\0';
}

static enum sp_generic_spelling find_ipv4(const char *host,
					  const uint8_t *octets)
{
	enum sp_generic_spelling best;
	char squashed[SP_DOMAIN_SIZE];

	best = stronger(find_separate(host, octets), find_runs(host, octets));
	squash(host, squashed);
	if (holds(squashed, FORM_HEX, octets, 4))
		return stronger(best, SP_SPELLING_HEX);
	if (holds(squashed, FORM_HEX, octets + 1, 3))
		return stronger(best, SP_SPELLING_THREE);
	return best;
}

enum {
	NIBBLES = 32,
	ENOUGH_NIBBLES = 12, /* of an address: 48 bits meet by no chance, */
	ENOUGH_NONZERO = 4,  /* but zeros meet everywhere */
	ENOUGH_GROUPS = 4
};

static void write_nibbles(const struct sp_ip *client,
			  char forward_out[NIBBLES + 1],
			  char reversed_out[NIBBLES + 1])
{
	for (size_t i = 0; i < 16; i++)
		snprintf(forward_out + 2 * i, 3, "%02x",
			 (unsigned)client->bytes[i]);
	for (size_t i = 0; i < NIBBLES; i++)
		reversed_out[i] = forward_out[NIBBLES - 1 - i];
	reversed_out[NIBBLES] = '\0';
}

static bool is_telling(const char *nibbles)
{
	size_t nonzero = 0;

	for (; *nibbles; nibbles++)
		nonzero += *nibbles != '0';
	return nonzero >= ENOUGH_NONZERO;
}

/* Enough consecutive nibbles of the address. */
static bool holds_nibbles(const char *squashed, const char *nibbles)
{
	char window[ENOUGH_NIBBLES + 1];

	for (size_t i = 0; i + ENOUGH_NIBBLES <= NIBBLES; i++) {
		memcpy(window, nibbles + i, ENOUGH_NIBBLES);
		window[ENOUGH_NIBBLES] = '\0';
		if (is_telling(window) && strstr(squashed, window))
			return true;
	}
	return false;
}

/* How many groups of the address follow each other where `text` stands, as in
 * 2001-db8-0-7; 0 when all but one are zeros. */
static size_t groups_from(const char *text, const struct sp_ip *client,
			  size_t group)
{
	size_t count = 0, nonzero = 0;

	while (group < 8) {
		char *end;
		unsigned long value;

		if (!is_hex(*text))
			break;
		value = strtoul(text, &end, 16);
		if (value != (unsigned long)(client->bytes[2 * group] << 8 |
					     client->bytes[2 * group + 1]))
			break;
		count++;
		nonzero += value != 0;
		group++;
		if (*end != '-' && *end != '.')
			break;
		text = end + 1;
	}
	return nonzero >= 2 ? count : 0;
}

static bool holds_groups(const char *host, const struct sp_ip *client)
{
	for (const char *text = host; *text; text++) {
		if (text > host && is_hex(text[-1]))
			continue;
		for (size_t group = 0; group + ENOUGH_GROUPS <= 8; group++)
			if (groups_from(text, client, group) >= ENOUGH_GROUPS)
				return true;
	}
	return false;
}

static enum sp_generic_spelling find_ipv6(const char *host,
					  const struct sp_ip *client)
{
	char forward[NIBBLES + 1], reversed[NIBBLES + 1];
	char squashed[SP_DOMAIN_SIZE];

	write_nibbles(client, forward, reversed);
	squash(host, squashed);
	if (holds_nibbles(squashed, forward) || holds_groups(host, client))
		return SP_SPELLING_HEX;
	return holds_nibbles(squashed, reversed) ? SP_SPELLING_REVERSED
						 : SP_SPELLING_NONE;
}

enum sp_generic_spelling sp_generic_spelling_find(const char *host,
						  const struct sp_ip *client)
{
	if (client->family == SP_IP_4)
		return find_ipv4(host, client->bytes);
	if (client->family == SP_IP_6)
		return find_ipv6(host, client);
	return SP_SPELLING_NONE;
}
