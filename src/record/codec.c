#include "codec.h"

#include <inttypes.h>
#include <string.h>

#include "sallyport/arena.h"
#include "sallyport/text.h"

void sp_codec_write(struct sp_codec *codec, struct sp_text *to)
{
	codec->to = to;
	codec->arena = NULL;
	codec->err = SP_OK;
	codec->name = "";
	codec->held = 0;
	codec->is_begun = false;
	codec->group_count = 0;
}

enum sp_err sp_codec_read(struct sp_codec *codec, const char *bytes,
			  size_t length, struct sp_arena *arena)
{
	const char *end = bytes + length;

	codec->to = NULL;
	codec->arena = arena;
	codec->err = SP_OK;
	codec->at = codec->end = end;
	codec->group_count = 0;
	while (bytes < end) {
		size_t left = (size_t)(end - bytes);
		const char *space = memchr(bytes, ' ', left);
		const char *stop = space ? space : end;
		const char *colon = memchr(bytes, ':', (size_t)(stop - bytes));

		if (!colon || codec->group_count == SP_CODEC_GROUPS_MAX)
			return SP_ERR_SYNTAX;
		codec->groups[codec->group_count++] = (struct sp_codec_group){
			.name = bytes,
			.name_length = (size_t)(colon - bytes),
			.values = colon + 1,
			.end = stop,
		};
		bytes = space ? space + 1 : end;
	}
	return SP_OK;
}

void sp_codec_group(struct sp_codec *codec, const char *name)
{
	size_t length = strlen(name);

	codec->name = name;
	codec->held = 0;
	codec->is_begun = false;
	if (codec->to)
		return;
	codec->at = codec->end = NULL;
	for (size_t i = 0; i < codec->group_count; i++) {
		const struct sp_codec_group *group = &codec->groups[i];

		if (group->name_length != length ||
		    memcmp(group->name, name, length) != 0)
			continue;
		codec->at = group->values;
		codec->end = group->end;
		return;
	}
}

/* A value will be written: what was held back before it has to stand there. */
static void begin_value(struct sp_codec *codec)
{
	struct sp_text *to = codec->to;

	if (!codec->is_begun) {
		sp_text_add(to, to->length > 0 ? " " : "");
		sp_text_add(to, codec->name);
		sp_text_add(to, ":");
	} else {
		sp_text_add(to, ",");
	}
	codec->is_begun = true;
	for (; codec->held > 0; codec->held--)
		sp_text_add(to, ",");
}

/* The next value's bytes; false when there is none. */
static bool next(struct sp_codec *codec, const char **bytes_out,
		 size_t *length_out)
{
	const char *comma;

	if (codec->at == codec->end)
		return false;
	comma = memchr(codec->at, ',', (size_t)(codec->end - codec->at));
	*bytes_out = codec->at;
	*length_out = (size_t)((comma ? comma : codec->end) - codec->at);
	codec->at = comma ? comma + 1 : codec->end;
	return *length_out > 0;
}

static void fail(struct sp_codec *codec, enum sp_err err)
{
	if (codec->err == SP_OK)
		codec->err = err;
}

static uint64_t read_number(struct sp_codec *codec, uint64_t most,
			    bool *is_negative_out)
{
	const char *bytes;
	uint64_t value = 0;
	size_t length, i = 0;

	*is_negative_out = false;
	if (!next(codec, &bytes, &length))
		return 0;
	if (bytes[0] == '-') {
		*is_negative_out = true;
		i = 1;
	}
	if (i == length)
		fail(codec, SP_ERR_SYNTAX);
	for (; i < length; i++) {
		uint64_t digit = (uint64_t)(unsigned char)bytes[i] - '0';

		if (digit > 9)
			fail(codec, SP_ERR_SYNTAX);
		else if (value > (most - digit) / 10 || digit > most)
			fail(codec, SP_ERR_RANGE);
		else
			value = value * 10 + digit;
	}
	return codec->err == SP_OK ? value : 0;
}

uint64_t sp_codec_number(struct sp_codec *codec, uint64_t value, uint64_t most)
{
	bool is_negative;

	if (!codec->to) {
		value = read_number(codec, most, &is_negative);
		if (!is_negative)
			return value;
		fail(codec, SP_ERR_RANGE);
		return 0;
	}
	if (value == 0) {
		codec->held++;
		return 0;
	}
	begin_value(codec);
	sp_text_add_number(codec->to, (int64_t)value);
	return value;
}

int64_t sp_codec_signed(struct sp_codec *codec, int64_t value, int64_t most)
{
	bool is_negative;

	if (!codec->to) {
		value = (int64_t)read_number(codec, (uint64_t)most,
					     &is_negative);
		return is_negative ? -value : value;
	}
	if (value == 0) {
		codec->held++;
		return 0;
	}
	begin_value(codec);
	sp_text_add_number(codec->to, value);
	return value;
}

bool sp_codec_bool(struct sp_codec *codec, bool value)
{
	return sp_codec_number(codec, value, 1) == 1;
}

static bool is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != ',' && c != '%' && c != '|';
}

static void write_text(struct sp_codec *codec, const char *value)
{
	size_t length = strnlen(value, SP_CODEC_TEXT_MAX);
	size_t from = 0;

	if (length == 0) {
		codec->held++;
		return;
	}
	begin_value(codec);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)value[i];

		if (is_plain(c))
			continue;
		sp_text_add_bytes(codec->to, value + from, i - from);
		sp_text_addf(codec->to, "%%%02X", c);
		from = i + 1;
	}
	sp_text_add_bytes(codec->to, value + from, length - from);
}

/* Into `text_out`; returns its length. */
static size_t read_text(struct sp_codec *codec,
			char text_out[SP_CODEC_TEXT_MAX + 1])
{
	const char *bytes;
	size_t length, count = 0;

	text_out[0] = '\0';
	if (!next(codec, &bytes, &length))
		return 0;
	for (size_t i = 0; i < length && count < SP_CODEC_TEXT_MAX; i++) {
		char c = bytes[i];

		if (c == '%') {
			int high = i + 2 < length ? sp_hex_digit(bytes[i + 1])
						  : -1;
			int low = high >= 0 ? sp_hex_digit(bytes[i + 2]) : -1;

			if (low < 0 || high * 16 + low == 0) {
				fail(codec, SP_ERR_SYNTAX);
				break;
			}
			c = (char)(high * 16 + low);
			i += 2;
		}
		text_out[count++] = c;
	}
	text_out[count] = '\0';
	return count;
}

const char *sp_codec_text(struct sp_codec *codec, const char *value)
{
	char text[SP_CODEC_TEXT_MAX + 1];
	const char *kept;

	if (codec->to) {
		write_text(codec, value ? value : "");
		return value;
	}
	if (read_text(codec, text) == 0)
		return "";
	kept = sp_arena_text(codec->arena, text);
	if (!kept)
		fail(codec, SP_ERR_NO_MEMORY);
	return kept ? kept : "";
}

const char *sp_codec_text_or_null(struct sp_codec *codec, const char *value)
{
	const char *text = sp_codec_text(codec, value);

	return text && text[0] ? text : NULL;
}

void sp_codec_array(struct sp_codec *codec, char *value, size_t size)
{
	char text[SP_CODEC_TEXT_MAX + 1];

	if (codec->to) {
		write_text(codec, value);
		return;
	}
	(void)read_text(codec, text);
	sp_text_copy(value, size, text);
}
