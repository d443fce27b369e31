#include "utf8.h"

#include <stddef.h>
#include <stdint.h>

/* How many bytes follow the first of a UTF-8 sequence, and the least code
 * point that may be written with so many; 0 for a byte that begins none. */
static size_t utf8_tail(unsigned char first, uint32_t *least_out)
{
	if (first >= 0xc2 && first <= 0xdf) {
		*least_out = 0x80;
		return 1;
	}
	if (first >= 0xe0 && first <= 0xef) {
		*least_out = 0x800;
		return 2;
	}
	if (first >= 0xf0 && first <= 0xf4) {
		*least_out = 0x10000;
		return 3;
	}
	return 0;
}

static bool is_scalar(uint32_t code, uint32_t least)
{
	return code >= least && code <= 0x10ffff &&
	       !(code >= 0xd800 && code <= 0xdfff);
}

/* How long the character at `text` is; 0 when it is not UTF-8. */
static size_t utf8_length(const char *text)
{
	unsigned char first = (unsigned char)text[0];
	uint32_t least = 0;
	uint32_t code;
	size_t tail;

	if (first < 0x80)
		return 1;
	tail = utf8_tail(first, &least);
	if (tail == 0)
		return 0;
	code = first & (0x3fU >> tail);
	for (size_t i = 1; i <= tail; i++) {
		unsigned char next = (unsigned char)text[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (next & 0x3f);
	}
	return is_scalar(code, least) ? tail + 1 : 0;
}

bool sp_mail_is_utf8(const char *text)
{
	while (*text != '\0') {
		size_t length = utf8_length(text);

		if (length == 0)
			return false;
		text += length;
	}
	return true;
}
