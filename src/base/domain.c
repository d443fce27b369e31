#include "sallyport/domain.h"

#include <string.h>

#include "sallyport/text.h"

enum {
	LABEL_MAX = 63
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       is_digit(c) || c == '-' || c == '_';
}

static bool is_label(const char *label, size_t length)
{
	if (length < 1 || length > LABEL_MAX)
		return false;
	if (label[0] == '-' || label[length - 1] == '-')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!is_label_char(label[i]))
			return false;
	}
	return true;
}

static bool is_number(const char *label, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!is_digit(label[i]))
			return false;
	}
	return true;
}

static size_t length_without_dot(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && text[length - 1] == '.' ? length - 1 : length;
}

static enum sp_domain_kind kind_of(const char *text, size_t length)
{
	size_t labels = 0;
	size_t at = 0;
	bool is_last_number = false;

	/* `<=`: behind a last dot stands one more label, the empty one. */
	while (at <= length) {
		const char *label = text + at;
		const char *dot = memchr(label, '.', length - at);
		size_t size = dot != NULL ? (size_t)(dot - label) : length - at;

		if (!is_label(label, size))
			return SP_DOMAIN_BAD;
		is_last_number = is_number(label, size);
		labels++;
		at += size + 1;
	}
	if (labels == 1)
		return SP_DOMAIN_SINGLE;
	return is_last_number ? SP_DOMAIN_BAD : SP_DOMAIN_QUALIFIED;
}

enum sp_domain_kind sp_domain_kind(const char *text)
{
	size_t length = length_without_dot(text);

	if (text[0] == '\0')
		return SP_DOMAIN_EMPTY;
	if (length >= SP_DOMAIN_SIZE)
		return SP_DOMAIN_BAD;
	return kind_of(text, length);
}

bool sp_domain_has_underscore(const char *text)
{
	return strchr(text, '_') != NULL;
}

enum sp_err sp_domain_normalise(const char *text, char name_out[SP_DOMAIN_SIZE])
{
	size_t length = length_without_dot(text);
	enum sp_domain_kind kind;

	name_out[0] = '\0';
	if (length >= SP_DOMAIN_SIZE)
		return SP_ERR_TOO_LONG;
	kind = sp_domain_kind(text);
	if (kind == SP_DOMAIN_EMPTY || kind == SP_DOMAIN_BAD)
		return SP_ERR_SYNTAX;
	memcpy(name_out, text, length);
	name_out[length] = '\0';
	sp_text_lower(name_out);
	return SP_OK;
}

bool sp_domain_is_within(const char *name, const char *parent)
{
	size_t name_length = strlen(name);
	size_t parent_length = strlen(parent);
	const char *tail;

	/* Everything is below the root, but "" here means "no name". */
	if (parent_length == 0 || parent_length > name_length)
		return false;
	tail = name + (name_length - parent_length);
	return strcmp(tail, parent) == 0 && (tail == name || tail[-1] == '.');
}
