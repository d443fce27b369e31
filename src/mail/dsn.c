#include "sallyport/dsn.h"

#include <string.h>

#include "mime.h"
#include "sallyport/arena.h"
#include "sallyport/domain.h"
#include "sallyport/text.h"

enum {
	LINE_MAX_BYTES = 1000,
	FIELD_MAX_BYTES = 2000
};

/* A line in the making. */
struct line {
	size_t length;
	bool is_cut;
	char bytes[LINE_MAX_BYTES];
};

/* Where in the mail the next line stands. */
enum place {
	IN_HEADER,   /* of the mail: nothing of the body has come */
	IN_PREAMBLE, /* before the first boundary */
	IN_PART_HEADER,
	IN_PART,
	AT_END /* no more is wanted */
};

enum part_kind {
	PART_OTHER,
	PART_STATUS,  /* message/delivery-status */
	PART_ORIGINAL /* the mail that came back, or its header */
};

/* What one recipient's group of fields has said. */
enum action {
	ACTION_NONE, /* not yet; the first group is of the whole mail */
	ACTION_FAILED,
	ACTION_OTHER
};

struct sp_dsn {
	struct sp_dsn_names names;
	enum place place;
	struct sp_mime_type type; /* the mail's */
	bool has_type;
	struct line raw;     /* of the body */
	struct line decoded; /* of the part, its encoding taken off */

	/* The part that is being read. */
	enum part_kind part;
	bool is_part_read; /* what matters of it */
	struct sp_mime_type part_type;
	struct sp_mime_decoder decoder;
	/* The field that is being read, its lines put together. */
	size_t field_length;
	bool is_field_cut;
	char field[FIELD_MAX_BYTES + 1];
	enum action action;

	/* What has been found. */
	bool has_status, has_original;
	bool has_message_id; /* also one that cannot be read */
	bool was_here;
	unsigned traces;
	uint32_t recipients, failed;
	char message_id[FIELD_MAX_BYTES + 1];
};

struct sp_dsn *sp_dsn_new(struct sp_arena *arena,
			  const struct sp_dsn_names *names)
{
	struct sp_dsn *dsn = sp_arena_alloc(arena, sizeof(*dsn));

	if (dsn)
		dsn->names = *names;
	return dsn;
}

/* ---------------------------------------------------------------- fields */

static enum part_kind kind_of_part(const char *type)
{
	static const struct {
		const char *type;
		enum part_kind kind;
	} kinds[] = {
		{ "message/delivery-status", PART_STATUS },
		{ "message/global-delivery-status", PART_STATUS },
		{ "message/rfc822", PART_ORIGINAL },
		{ "message/rfc822-headers", PART_ORIGINAL },
		{ "text/rfc822-headers", PART_ORIGINAL },
		{ "text/rfc822", PART_ORIGINAL },
		{ "message/global", PART_ORIGINAL },
		{ "message/global-headers", PART_ORIGINAL },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(type, kinds[i].type) == 0)
			return kinds[i].kind;
	return PART_OTHER;
}

static void take_part_field(struct sp_dsn *dsn, const char *name,
			    const char *value)
{
	if (sp_text_equals(name, "Content-Type") && !dsn->part_type.name[0])
		sp_mime_read_type(value, &dsn->part_type);
	if (sp_text_equals(name, "Content-Transfer-Encoding"))
		dsn->decoder.encoding = sp_mime_read_encoding(value);
}

static void take_status_field(struct sp_dsn *dsn, const char *name,
			      const char *value)
{
	char word[SP_MIME_NAME_SIZE];

	if (dsn->action != ACTION_NONE || !sp_text_equals(name, "Action"))
		return;
	sp_mime_read_word(value, word);
	dsn->action =
		strcmp(word, "failed") == 0 ? ACTION_FAILED : ACTION_OTHER;
}

/* The end of a group of fields. */
static void end_group(struct sp_dsn *dsn)
{
	if (dsn->action != ACTION_NONE &&
	    dsn->recipients < SP_DSN_RECIPIENTS_MAX) {
		dsn->recipients++;
		dsn->failed += dsn->action == ACTION_FAILED;
	}
	dsn->action = ACTION_NONE;
}

/* "from a.example by mx.here.example (Postfix) ...": whom it is by. */
static bool read_by(const char *value, char name_out[SP_DOMAIN_SIZE])
{
	char word[SP_DOMAIN_SIZE];

	for (const char *at = sp_mime_skip(value); *at && *at != ';';
	     at = sp_mime_skip(at)) {
		size_t length = strcspn(at, " \t\r\n;(");
		bool is_by = length == 2 && (at[0] | 0x20) == 'b' &&
			     (at[1] | 0x20) == 'y';

		at += length;
		if (!is_by)
			continue;
		at = sp_mime_skip(at);
		length = strcspn(at, " \t\r\n;(");
		if (length >= sizeof(word))
			return false;
		memcpy(word, at, length);
		word[length] = '\0';
		return sp_domain_normalise(word, name_out) == SP_OK;
	}
	return false;
}

static void take_trace(struct sp_dsn *dsn, const char *value)
{
	char name[SP_DOMAIN_SIZE];

	if (dsn->was_here || dsn->traces == SP_DSN_TRACES_MAX)
		return;
	dsn->traces++;
	dsn->was_here = read_by(value, name) &&
			dsn->names.is_own(dsn->names.context, name);
}

/* The first Message-ID counts, as when the mail went out. */
static void take_original_field(struct sp_dsn *dsn, const char *name,
				const char *value)
{
	if (sp_text_equals(name, "Received"))
		take_trace(dsn, value);
	if (dsn->has_message_id || !sp_text_equals(name, "Message-ID"))
		return;
	dsn->has_message_id = true;
	if (!dsn->is_field_cut)
		sp_text_copy(dsn->message_id, sizeof(dsn->message_id), value);
}

/* The field is whole; its name may have blanks behind it (RFC 5322 4.5). */
static void end_field(struct sp_dsn *dsn)
{
	char *colon = strchr(dsn->field, ':');
	size_t length = colon ? (size_t)(colon - dsn->field) : 0;

	if (colon) {
		while (length > 0 && strchr(" \t", dsn->field[length - 1]))
			length--;
		dsn->field[length] = '\0';
		if (dsn->place == IN_PART_HEADER)
			take_part_field(dsn, dsn->field, colon + 1);
		else if (dsn->part == PART_STATUS)
			take_status_field(dsn, dsn->field, colon + 1);
		else
			take_original_field(dsn, dsn->field, colon + 1);
	}
	dsn->field_length = 0;
	dsn->is_field_cut = false;
	dsn->field[0] = '\0';
}

static void add_to_field(struct sp_dsn *dsn, const char *bytes, size_t length)
{
	size_t room = FIELD_MAX_BYTES - dsn->field_length;

	if (length > room) {
		dsn->is_field_cut = true;
		length = room;
	}
	memcpy(dsn->field + dsn->field_length, bytes, length);
	dsn->field_length += length;
	dsn->field[dsn->field_length] = '\0';
}

/* A line of fields that is not empty. */
static void take_field_line(struct sp_dsn *dsn, const struct line *line)
{
	if (line->bytes[0] != ' ' && line->bytes[0] != '\t')
		end_field(dsn);
	add_to_field(dsn, line->bytes, line->length);
	if (line->is_cut || memchr(line->bytes, '\0', line->length))
		dsn->is_field_cut = true;
}

/* ----------------------------------------------------------------- parts */

/* Behind this the part says nothing that matters. */
static void end_original(struct sp_dsn *dsn)
{
	dsn->has_original = true;
	dsn->is_part_read = true;
	if (dsn->has_status)
		dsn->place = AT_END;
}

/* An empty line behind fields. */
static void end_block(struct sp_dsn *dsn)
{
	bool has_fields = dsn->field_length > 0;

	end_field(dsn);
	if (dsn->part == PART_STATUS)
		end_group(dsn);
	else if (has_fields)
		end_original(dsn);
}

/* A line of the part, whatever its encoding was. */
static void end_decoded_line(struct sp_dsn *dsn)
{
	struct line *line = &dsn->decoded;

	if (line->length > 0 && line->bytes[line->length - 1] == '\r')
		line->length--;
	if (line->length > 0)
		take_field_line(dsn, line);
	else
		end_block(dsn);
	line->length = 0;
	line->is_cut = false;
}

static void add_to_line(struct line *line, const char *bytes, size_t length)
{
	size_t room = sizeof(line->bytes) - line->length;

	if (length > room) {
		line->is_cut = true;
		length = room;
	}
	memcpy(line->bytes + line->length, bytes, length);
	line->length += length;
}

/* A line of a part's body, as it stands in the mail. */
static void take_part_line(struct sp_dsn *dsn)
{
	char bytes[LINE_MAX_BYTES + 1];
	const char *at = bytes;
	size_t left;

	if (dsn->part == PART_OTHER)
		return;
	left = sp_mime_decode(&dsn->decoder, dsn->raw.bytes, dsn->raw.length,
			      bytes);
	while (left > 0 && !dsn->is_part_read) {
		const char *end = memchr(at, '\n', left);
		size_t length = end ? (size_t)(end - at) : left;

		add_to_line(&dsn->decoded, at, length);
		dsn->decoded.is_cut |= dsn->raw.is_cut;
		if (!end)
			return;
		end_decoded_line(dsn);
		at += length + 1;
		left -= length + 1;
	}
}

static void begin_part(struct sp_dsn *dsn)
{
	dsn->place = IN_PART_HEADER;
	dsn->part = PART_OTHER;
	dsn->is_part_read = false;
	dsn->part_type = (struct sp_mime_type){ .name = "" };
	dsn->decoder = (struct sp_mime_decoder){ .encoding = SP_MIME_PLAIN };
	dsn->decoded.length = 0;
	dsn->decoded.is_cut = false;
}

/* The part's header is over. */
static void begin_content(struct sp_dsn *dsn)
{
	end_field(dsn);
	dsn->place = IN_PART;
	dsn->part = kind_of_part(dsn->part_type.name);
	/* One mail has come back, so there is one of each. */
	if ((dsn->part == PART_STATUS && dsn->has_status) ||
	    (dsn->part == PART_ORIGINAL && dsn->has_original))
		dsn->part = PART_OTHER;
}

static void end_part(struct sp_dsn *dsn)
{
	if (dsn->place == IN_PART_HEADER)
		begin_content(dsn);
	if (dsn->place != IN_PART || dsn->part == PART_OTHER ||
	    dsn->is_part_read)
		return;
	if (dsn->decoded.length > 0)
		end_decoded_line(dsn);
	end_field(dsn);
	if (dsn->part == PART_STATUS) {
		end_group(dsn);
		dsn->has_status = true;
		if (dsn->has_original)
			dsn->place = AT_END;
	} else if (!dsn->is_part_read) {
		end_original(dsn);
	}
}

/* ------------------------------------------------------------- the whole */

/* "--BOUNDARY", or "--BOUNDARY--" behind the last part. */
static bool is_boundary(const struct sp_dsn *dsn, bool *is_last_out)
{
	size_t length = strlen(dsn->type.boundary);
	const struct line *line = &dsn->raw;
	const char *rest = line->bytes + 2 + length;
	size_t left;

	if (line->length < 2 + length || line->is_cut ||
	    memcmp(line->bytes, "--", 2) != 0 ||
	    memcmp(line->bytes + 2, dsn->type.boundary, length) != 0)
		return false;
	left = line->length - 2 - length;
	*is_last_out = left >= 2 && memcmp(rest, "--", 2) == 0;
	for (size_t i = *is_last_out ? 2 : 0; i < left; i++)
		if (rest[i] != ' ' && rest[i] != '\t')
			return false;
	return true;
}

static void end_raw_line(struct sp_dsn *dsn)
{
	struct line *line = &dsn->raw;
	bool is_last = false;

	if (line->length > 0 && line->bytes[line->length - 1] == '\r')
		line->length--;
	if (is_boundary(dsn, &is_last)) {
		end_part(dsn);
		if (is_last)
			dsn->place = AT_END;
		else if (dsn->place != AT_END)
			begin_part(dsn);
	} else if (dsn->place == IN_PART_HEADER) {
		if (line->length > 0)
			take_field_line(dsn, line);
		else
			begin_content(dsn);
	} else if (dsn->place == IN_PART) {
		take_part_line(dsn);
	}
	line->length = 0;
	line->is_cut = false;
}

static bool is_report(const struct sp_mime_type *type)
{
	return strcmp(type->name, "multipart/report") == 0 &&
	       type->boundary[0] &&
	       (!type->report_type[0] ||
		strcmp(type->report_type, "delivery-status") == 0);
}

void sp_dsn_header(struct sp_dsn *dsn, const char *name, const char *value)
{
	if (dsn->place != IN_HEADER || dsn->has_type ||
	    !sp_text_equals(name, "Content-Type"))
		return;
	dsn->has_type = true;
	sp_mime_read_type(value, &dsn->type);
}

bool sp_dsn_wants_body(const struct sp_dsn *dsn)
{
	if (dsn->place == IN_HEADER)
		return is_report(&dsn->type);
	return dsn->place != AT_END;
}

void sp_dsn_body(struct sp_dsn *dsn, const unsigned char *bytes, size_t length)
{
	const char *at = (const char *)bytes;

	if (dsn->place == IN_HEADER)
		dsn->place = is_report(&dsn->type) ? IN_PREAMBLE : AT_END;
	while (length > 0 && dsn->place != AT_END) {
		const char *end = memchr(at, '\n', length);
		size_t piece = end ? (size_t)(end - at) : length;

		add_to_line(&dsn->raw, at, piece);
		if (!end)
			return;
		end_raw_line(dsn);
		at += piece + 1;
		length -= piece + 1;
	}
}

void sp_dsn_end(struct sp_dsn *dsn, struct sp_dsn_report *report_out)
{
	if (dsn->place != IN_HEADER && dsn->place != AT_END) {
		if (dsn->raw.length > 0)
			end_raw_line(dsn);
		end_part(dsn);
	}
	dsn->place = AT_END;
	*report_out = (struct sp_dsn_report){
		.is_dsn = dsn->recipients > 0,
		.recipients = dsn->recipients,
		.failed = dsn->failed,
		.message_id = dsn->message_id,
		.was_here = dsn->was_here,
	};
}
