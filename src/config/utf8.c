#include "utf8.h"

struct form {
	unsigned char mask, lead;
	size_t length;
	uint32_t least; /* below it a shorter form was to be used */
};

static const struct form forms[] = {
	{ 0x80, 0x00, 1, 0 },
	{ 0xe0, 0xc0, 2, 0x80 },
	{ 0xf0, 0xe0, 3, 0x800 },
	{ 0xf8, 0xf0, 4, 0x10000 },
};

static bool is_character(uint32_t value)
{
	bool is_surrogate = value >= 0xd800 && value <= 0xdfff;

	return value <= 0x10ffff && !is_surrogate && value != 0xfffe &&
	       value != 0xffff;
}

static size_t read_form(const struct form *form, const char *bytes,
			uint32_t *character_out)
{
	uint32_t value = (unsigned char)bytes[0] & (unsigned char)~form->mask;

	for (size_t i = 1; i < form->length; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (byte & 0x3f);
	}
	if (value < form->least || !is_character(value))
		return 0;
	*character_out = value;
	return form->length;
}

size_t sp_utf8_read(const char *bytes, size_t length, uint32_t *character_out)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		const struct form *form = &forms[i];

		if (((unsigned char)bytes[0] & form->mask) == form->lead)
			return form->length > length
				       ? 0
				       : read_form(form, bytes, character_out);
	}
	return 0;
}

bool sp_utf8_is_control(uint32_t character)
{
	if (character == '\t' || character == '\n' || character == '\r' ||
	    character == 0x85)
		return false;
	return character < ' ' || (character >= 0x7f && character < 0xa0);
}
