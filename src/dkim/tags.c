#include "tags.h"

#include <string.h>
#include <strings.h>

/* A part of a text. */
struct span {
	const char *at;
	size_t length;
};

bool sp_dkim_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct span trim(const char *at, size_t length)
{
	while (length > 0 && sp_dkim_is_space(at[0])) {
		at++;
		length--;
	}
	while (length > 0 && sp_dkim_is_space(at[length - 1]))
		length--;
	return (struct span){ at, length };
}

static bool is_name(struct span name)
{
	if (name.length == 0 || !is_letter(name.at[0]))
		return false;
	for (size_t i = 1; i < name.length; i++) {
		char c = name.at[i];

		if (!is_letter(c) && !is_digit(c) && c != '_')
			return false;
	}
	return true;
}

/* The list is free of ';' already. */
static bool is_value(struct span value)
{
	for (size_t i = 0; i < value.length; i++) {
		char c = value.at[i];

		if ((c < '!' || c > '~') && !sp_dkim_is_space(c))
			return false;
	}
	return true;
}

/* In any case of letters: nobody means two of them, and who reads which of
 * them first is how verifiers are made to disagree. */
static bool is_there(const struct sp_dkim_tags *tags, struct span name)
{
	for (size_t i = 0; i < tags->count; i++)
		if (tags->tags[i].name_length == name.length &&
		    strncasecmp(tags->tags[i].name, name.at, name.length) == 0)
			return true;
	return false;
}

static const char *add(struct sp_dkim_tags *tags, struct span spec)
{
	const char *equals = memchr(spec.at, '=', spec.length);
	struct span name, value;

	if (equals == NULL)
		return "a tag without '='";
	name = trim(spec.at, (size_t)(equals - spec.at));
	value = trim(equals + 1, spec.length - (size_t)(equals + 1 - spec.at));
	if (!is_name(name))
		return "a tag's name is none";
	if (!is_value(value))
		return "a character that is not allowed";
	if (is_there(tags, name))
		return "a tag is there twice";
	if (tags->count >= SP_DKIM_TAGS_MAX)
		return "too many tags";
	tags->tags[tags->count++] = (struct sp_dkim_tag){
		.name = name.at,
		.name_length = name.length,
		.value = value.at,
		.length = value.length,
	};
	return NULL;
}

const char *sp_dkim_tags_read(const char *text, size_t length,
			      struct sp_dkim_tags *tags_out)
{
	tags_out->count = 0;
	for (;;) {
		const char *end = length > 0 ? memchr(text, ';', length) : NULL;
		size_t size = end != NULL ? (size_t)(end - text) : length;
		struct span spec = trim(text, size);
		const char *problem;

		/* One ';' may stand at the end. */
		if (spec.length == 0 && end == NULL && tags_out->count > 0)
			return NULL;
		problem = add(tags_out, spec);
		if (problem != NULL || end == NULL)
			return problem;
		text = end + 1;
		length -= size + 1;
	}
}

const struct sp_dkim_tag *sp_dkim_tags_find(const struct sp_dkim_tags *tags,
					    const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < tags->count; i++)
		if (tags->tags[i].name_length == length &&
		    memcmp(tags->tags[i].name, name, length) == 0)
			return &tags->tags[i];
	return NULL;
}

static bool equals(const char *at, size_t length, const char *text)
{
	return length == strlen(text) && strncasecmp(at, text, length) == 0;
}

bool sp_dkim_tag_is(const struct sp_dkim_tag *tag, const char *text)
{
	return tag != NULL && equals(tag->value, tag->length, text);
}

bool sp_dkim_tag_lists(const struct sp_dkim_tag *tag, const char *word)
{
	const char *at = tag != NULL ? tag->value : "";
	size_t left = tag != NULL ? tag->length : 0;

	while (left > 0) {
		const char *colon = memchr(at, ':', left);
		size_t size = colon != NULL ? (size_t)(colon - at) : left;
		struct span item = trim(at, size);

		if (equals(item.at, item.length, word))
			return true;
		if (colon == NULL)
			break;
		at += size + 1;
		left -= size + 1;
	}
	return false;
}

bool sp_dkim_tag_number(const struct sp_dkim_tag *tag, size_t digits,
			int64_t *number_out)
{
	int64_t number = 0;

	if (tag == NULL || tag->length == 0 || tag->length > digits)
		return false;
	for (size_t i = 0; i < tag->length; i++) {
		if (!is_digit(tag->value[i]))
			return false;
		number = number * 10 + (tag->value[i] - '0');
	}
	*number_out = number;
	return true;
}
