#include "mime.h"

#include <stdbool.h>
#include <string.h>

#include "sallyport/text.h"

/* ---------------------------------------------------------------- fields */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Behind a comment that begins at `at`; an open one goes to the end. */
static const char *skip_comment(const char *at)
{
	unsigned long depth = 0;

	do {
		if (*at == '\\' && at[1] != '\0')
			at++;
		else if (*at == '(')
			depth++;
		else if (*at == ')')
			depth--;
		if (*at == '\0')
			return at;
		at++;
	} while (depth > 0);
	return at;
}

const char *sp_mime_skip(const char *at)
{
	for (;;) {
		if (is_blank(*at))
			at++;
		else if (*at == '(')
			at = skip_comment(at);
		else
			return at;
	}
}

/* A word up to one of `ends`; returns what stands behind it. */
static const char *read_token(const char *at, const char *ends,
			      struct sp_text *token)
{
	size_t length = strcspn(at, ends);

	sp_text_add_bytes(token, at, length);
	return at + length;
}

static const char *read_quoted(const char *at, struct sp_text *text)
{
	for (at++; *at != '\0' && *at != '"'; at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		/* Folding is no part of what was folded. */
		if (*at != '\r' && *at != '\n')
			sp_text_add_bytes(text, at, 1);
	}
	return *at == '"' ? at + 1 : at;
}

/* What was cut is another word. */
static void drop_if_cut(struct sp_text *text)
{
	if (text->is_cut)
		text->bytes[0] = '\0';
}

static const char *read_value(const char *at, char *value_out, size_t size)
{
	struct sp_text text;

	sp_text_init(&text, value_out, size);
	at = *at == '"' ? read_quoted(at, &text)
			: read_token(at, " \t\r\n;()", &text);
	drop_if_cut(&text);
	return at;
}

/* Trailing blanks belong to no boundary. */
static void trim(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && is_blank(text[length - 1]))
		text[--length] = '\0';
}

static const char *read_parameter(const char *at, struct sp_mime_type *type)
{
	char name[SP_MIME_NAME_SIZE], value[SP_MIME_BOUNDARY_SIZE];
	struct sp_text text;

	sp_text_init(&text, name, sizeof(name));
	at = sp_mime_skip(read_token(at, " \t\r\n;=()\"", &text));
	if (*at != '=')
		return at + strcspn(at, ";");
	at = read_value(sp_mime_skip(at + 1), value, sizeof(value));
	trim(value);
	if (sp_text_equals(name, "boundary") && !type->boundary[0])
		sp_text_copy(type->boundary, sizeof(type->boundary), value);
	if (sp_text_equals(name, "report-type") && !type->report_type[0])
		sp_text_copy(type->report_type, sizeof(type->report_type),
			     value);
	sp_text_lower(type->report_type);
	return at + strcspn(at, ";");
}

void sp_mime_read_type(const char *value, struct sp_mime_type *type_out)
{
	struct sp_text text;
	const char *at;

	*type_out = (struct sp_mime_type){ .name = "" };
	sp_text_init(&text, type_out->name, sizeof(type_out->name));
	at = sp_mime_skip(
		read_token(sp_mime_skip(value), " \t\r\n;/()\"", &text));
	if (*at == '/' && text.length > 0) {
		sp_text_add(&text, "/");
		at = read_token(sp_mime_skip(at + 1), " \t\r\n;/()\"", &text);
	} else {
		type_out->name[0] = '\0';
	}
	drop_if_cut(&text);
	sp_text_lower(type_out->name);
	for (at = sp_mime_skip(at); *at == ';'; at = sp_mime_skip(at))
		at = read_parameter(sp_mime_skip(at + 1), type_out);
}

void sp_mime_read_word(const char *value, char word_out[SP_MIME_NAME_SIZE])
{
	struct sp_text text;

	sp_text_init(&text, word_out, SP_MIME_NAME_SIZE);
	(void)read_token(sp_mime_skip(value), " \t\r\n;()", &text);
	drop_if_cut(&text);
	sp_text_lower(word_out);
}

enum sp_mime_encoding sp_mime_read_encoding(const char *value)
{
	char word[SP_MIME_NAME_SIZE];

	sp_mime_read_word(value, word);
	if (strcmp(word, "base64") == 0)
		return SP_MIME_BASE64;
	if (strcmp(word, "quoted-printable") == 0)
		return SP_MIME_QUOTED;
	return SP_MIME_PLAIN;
}

/* ------------------------------------------------------------- encodings */

static int base64_digit(char c)
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

static size_t decode_base64(struct sp_mime_decoder *decoder, const char *line,
			    size_t length, char *out)
{
	size_t written = 0;

	for (size_t i = 0; i < length; i++) {
		int digit = base64_digit(line[i]);

		/* Its end; another one may follow. */
		if (line[i] == '=')
			decoder->bit_count = 0;
		if (digit < 0)
			continue;
		decoder->bits = decoder->bits << 6 | (uint32_t)digit;
		decoder->bit_count += 6;
		if (decoder->bit_count < 8)
			continue;
		decoder->bit_count -= 8;
		out[written++] = (char)(decoder->bits >> decoder->bit_count);
	}
	return written;
}

static size_t decode_quoted(const char *line, size_t length, char *out)
{
	size_t written = 0;
	bool goes_on;

	while (length > 0 && is_blank(line[length - 1]))
		length--;
	goes_on = length > 0 && line[length - 1] == '=';
	length -= goes_on;
	for (size_t i = 0; i < length; i++) {
		bool has_two = line[i] == '=' && length - i > 2;
		int high = has_two ? sp_hex_digit_any(line[i + 1]) : -1;
		int low = has_two ? sp_hex_digit_any(line[i + 2]) : -1;

		if (high < 0 || low < 0) {
			out[written++] = line[i];
			continue;
		}
		out[written++] = (char)(high << 4 | low);
		i += 2;
	}
	if (!goes_on)
		out[written++] = '\n';
	return written;
}

size_t sp_mime_decode(struct sp_mime_decoder *decoder, const char *line,
		      size_t length, char *out)
{
	switch (decoder->encoding) {
	case SP_MIME_BASE64:
		return decode_base64(decoder, line, length, out);
	case SP_MIME_QUOTED:
		return decode_quoted(line, length, out);
	case SP_MIME_PLAIN:
		break;
	}
	memcpy(out, line, length);
	out[length] = '\n';
	return length + 1;
}
