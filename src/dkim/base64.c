#include "base64.h"

#include <stdint.h>

#include "tags.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz"
			       "0123456789+/";

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Only '=' and white space. */
static bool is_end(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] != '=' && !sp_dkim_is_space(text[i]))
			return false;
	return true;
}

bool sp_dkim_base64_decode(const char *text, size_t length,
			   unsigned char *bytes_out, size_t size,
			   size_t *length_out)
{
	size_t characters = 0, bytes = 0;
	uint32_t bits = 0;

	for (size_t i = 0; i < length; i++) {
		int value = value_of(text[i]);

		if (sp_dkim_is_space(text[i]))
			continue;
		if (value < 0 && !is_end(text + i, length - i))
			return false;
		if (value < 0)
			break;
		bits = bits << 6 | (uint32_t)value;
		if (characters++ % 4 == 0)
			continue;
		if (bytes >= size)
			return false;
		/* 2, 4 or 6 bits are left over for the next byte. */
		bytes_out[bytes++] =
			(unsigned char)(bits >>
					(6 - 2 * ((characters - 1) % 4)));
	}
	*length_out = bytes;
	return characters % 4 != 1;
}

size_t sp_dkim_base64_length(size_t length)
{
	return (length + 2) / 3 * 4;
}

void sp_dkim_base64_encode(const unsigned char *bytes, size_t length,
			   char *text_out)
{
	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		uint32_t bits = (uint32_t)bytes[i] << 16;

		if (left > 1)
			bits |= (uint32_t)bytes[i + 1] << 8;
		if (left > 2)
			bits |= bytes[i + 2];
		*text_out++ = alphabet[bits >> 18];
		*text_out++ = alphabet[bits >> 12 & 63];
		*text_out++ = left > 1 ? alphabet[bits >> 6 & 63] : '=';
		*text_out++ = left > 2 ? alphabet[bits & 63] : '=';
	}
	*text_out = '\0';
}
