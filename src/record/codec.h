/*
 * codec.h - values as text, written and read by one and the same walk.
 *
 * `1 helo:2,5 rdns:2,1,mx.example.org` is a version and groups of values: decimal
 * numbers and texts, in which %HH stands for what is no printable ASCII, for
 * spaces, commas, '%' and '|'. Values at a group's end that are 0, false or ""
 * are left out, and so is a group that has no others. A value that is not there
 * reads as 0, false or "", and what nobody asks for is passed over; so a value
 * may be added at the end of its group, and a group anywhere.
 *
 * A value is handed in and comes back: the same one when writing, what stands in
 * the text when reading.
 *
 * Bounds:   what is read may be anything. A number outside of its range is an
 *           error, as is a text without an end; texts are cut at
 *           SP_CODEC_TEXT_MAX when they are written.
 * Threads:  one at a time per object.
 */
#ifndef SALLYPORT_SRC_RECORD_CODEC_H
#define SALLYPORT_SRC_RECORD_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"

struct sp_arena;
struct sp_text;

enum {
	SP_CODEC_TEXT_MAX = 255,
	SP_CODEC_GROUPS_MAX = 96
};

struct sp_codec_group {
	const char *name, *values, *end;
	size_t name_length;
};

struct sp_codec {
	struct sp_text *to;	/* NULL: it reads */
	struct sp_arena *arena; /* of the texts that are read */
	enum sp_err err;	/* the first one */
	const char *name;	/* of the group that is written */
	unsigned held;		/* values of it that may yet be left out */
	bool is_begun;		/* it stands in the text */
	const char *at, *end;	/* what is left of the group that is read */
	size_t group_count;
	struct sp_codec_group groups[SP_CODEC_GROUPS_MAX];
};

void sp_codec_write(struct sp_codec *codec, struct sp_text *to);

/* `length` bytes of groups. SP_ERR_SYNTAX: they are none. */
enum sp_err sp_codec_read(struct sp_codec *codec, const char *bytes,
			  size_t length, struct sp_arena *arena);

/* The values that follow are of this group; `name` is constant. */
void sp_codec_group(struct sp_codec *codec, const char *name);

/* 0..most, and -most..most. */
uint64_t sp_codec_number(struct sp_codec *codec, uint64_t value, uint64_t most);
int64_t sp_codec_signed(struct sp_codec *codec, int64_t value, int64_t most);
bool sp_codec_bool(struct sp_codec *codec, bool value);

/* Never NULL; NULL is "". */
const char *sp_codec_text(struct sp_codec *codec, const char *value);
/* The same, but "" is NULL. */
const char *sp_codec_text_or_null(struct sp_codec *codec, const char *value);
/* In place. */
void sp_codec_array(struct sp_codec *codec, char *value, size_t size);

#endif
