#include "json.h"

#include <string.h>

void sp_json_init(struct sp_json *json, char *buffer, size_t size)
{
	sp_text_init(&json->text, buffer, size);
	json->needs_comma = false;
}

static void add_key(struct sp_json *json, const char *key)
{
	if (json->needs_comma)
		sp_text_add(&json->text, ",");
	json->needs_comma = true;
	if (!key)
		return;
	sp_text_add(&json->text, "\"");
	sp_text_add(&json->text, key);
	sp_text_add(&json->text, "\":");
}

void sp_json_open(struct sp_json *json, const char *key, char bracket)
{
	add_key(json, key);
	sp_text_add_bytes(&json->text, &bracket, 1);
	json->needs_comma = false;
}

void sp_json_close(struct sp_json *json, char bracket)
{
	sp_text_add_bytes(&json->text, &bracket, 1);
	json->needs_comma = true;
}

/* How many bytes the character at `c` has; 0: it is none (RFC 3629). */
static size_t character_length(const unsigned char *c)
{
	size_t length = c[0] < 0x80   ? 1
			: c[0] < 0xc2 ? 0
			: c[0] < 0xe0 ? 2
			: c[0] < 0xf0 ? 3
			: c[0] < 0xf5 ? 4
				      : 0;

	for (size_t i = 1; i < length; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
	    (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
		return 0;
	return length;
}

/* How many bytes from `c` on stand in JSON as they are. */
static size_t plain_length(const unsigned char *c)
{
	size_t length = 0;

	while (c[length] >= ' ' && c[length] < 0x7f && c[length] != '"' &&
	       c[length] != '\\')
		length++;
	return length;
}

void sp_json_add_text(struct sp_json *json, const char *key, const char *value)
{
	const unsigned char *c = (const unsigned char *)value;
	struct sp_text *text = &json->text;

	if (!value)
		return;
	add_key(json, key);
	sp_text_add(text, "\"");
	for (;;) {
		size_t plain = plain_length(c), length;

		sp_text_add_bytes(text, (const char *)c, plain);
		c += plain;
		if (!*c)
			break;
		length = character_length(c);
		if (length == 0)
			sp_text_addf(text, "\\\\x%02X", *c);
		else if (*c < ' ' || *c == 0x7f)
			sp_text_addf(text, "\\u%04x", *c);
		else if (*c == '"' || *c == '\\')
			sp_text_addf(text, "\\%c", *c);
		else
			sp_text_add_bytes(text, (const char *)c, length);
		c += length > 0 ? length : 1;
	}
	sp_text_add(text, "\"");
}

void sp_json_add_number(struct sp_json *json, const char *key, int64_t value)
{
	add_key(json, key);
	sp_text_add_number(&json->text, value);
}

void sp_json_add_points(struct sp_json *json, const char *key, double value)
{
	add_key(json, key);
	sp_text_addf(&json->text, "%.10g", value);
}

void sp_json_add_ms(struct sp_json *json, const char *key, int64_t us)
{
	const char digits[] = {
		'.',
		(char)('0' + us % 1000 / 100),
		(char)('0' + us % 100 / 10),
		(char)('0' + us % 10),
	};

	add_key(json, key);
	sp_text_add_number(&json->text, us / 1000);
	sp_text_add_bytes(&json->text, digits, sizeof(digits));
}

void sp_json_add_bool(struct sp_json *json, const char *key, bool value)
{
	add_key(json, key);
	sp_text_add(&json->text, value ? "true" : "false");
}
