#include "answer.h"

#include <stdlib.h>
#include <string.h>

enum {
	LABEL_MAX = 63,
	MX_HEAD_BYTES = 2
};

const char *sp_dns_status_text(enum sp_dns_status status)
{
	static const char *const texts[] = {
		[SP_DNS_PENDING] = "pending",	  [SP_DNS_FOUND] = "found",
		[SP_DNS_NXDOMAIN] = "nxdomain",	  [SP_DNS_NODATA] = "nodata",
		[SP_DNS_FAILED] = "failed",	  [SP_DNS_TIMEOUT] = "timeout",
		[SP_DNS_NOT_ASKED] = "not-asked",
	};

	if ((size_t)status >= sizeof(texts) / sizeof(*texts))
		return "unknown";
	return texts[status];
}

const char *sp_dns_type_text(enum sp_dns_type type)
{
	switch (type) {
	case SP_DNS_A:
		return "A";
	case SP_DNS_NS:
		return "NS";
	case SP_DNS_CNAME:
		return "CNAME";
	case SP_DNS_PTR:
		return "PTR";
	case SP_DNS_MX:
		return "MX";
	case SP_DNS_TXT:
		return "TXT";
	case SP_DNS_AAAA:
		return "AAAA";
	}
	return "unknown";
}

void sp_dns_reader_init(struct sp_dns_reader *reader)
{
	reader->count = 0;
	reader->dropped = 0;
	reader->used_bytes = 0;
}

/* A copy with a NUL behind it; NULL when the answer is full. */
static char *keep(struct sp_dns_reader *reader, const char *bytes,
		  size_t length)
{
	char *copy = reader->bytes + reader->used_bytes;

	if (length >= sizeof(reader->bytes) - reader->used_bytes)
		return NULL;
	memcpy(copy, bytes, length);
	copy[length] = '\0';
	reader->used_bytes += length + 1;
	return copy;
}

static bool read_address(const struct sp_dns_data *data, size_t length,
			 struct sp_dns_record *record_out)
{
	if (data->length != length)
		return false;
	record_out->ip.family = length == 4 ? SP_IP_4 : SP_IP_6;
	memcpy(record_out->ip.bytes, data->bytes, length);
	return true;
}

/* Labels with their lengths before them, up to the root, and nothing behind.
 * The root alone is the empty text. */
static bool read_labels(const struct sp_dns_data *data,
			char text_out[SP_DOMAIN_SIZE], size_t *length_out)
{
	size_t at = 0;
	size_t length = 0;

	while (at < data->length && data->bytes[at] != 0) {
		size_t label = data->bytes[at];

		/* From 64 on it would be a pointer: there is no packet here. */
		if (label > LABEL_MAX || label >= data->length - at ||
		    length + label + 1 >= SP_DOMAIN_SIZE)
			return false;
		/* A dot within a label would make another name of it. */
		if (memchr(data->bytes + at + 1, '.', label) != NULL)
			return false;
		if (length > 0)
			text_out[length++] = '.';
		memcpy(text_out + length, data->bytes + at + 1, label);
		length += label;
		at += label + 1;
	}
	*length_out = length;
	return at + 1 == data->length;
}

static bool read_name(struct sp_dns_reader *reader,
		      const struct sp_dns_data *data, bool may_be_root,
		      struct sp_dns_record *record_out)
{
	char text[SP_DOMAIN_SIZE];
	struct sp_dns_name name = { "" };
	size_t length;

	if (!read_labels(data, text, &length))
		return false;
	if (length == 0 && !may_be_root)
		return false;
	if (length > 0 && sp_dns_name_domain(text, length, &name) != SP_OK)
		return false;
	record_out->text = keep(reader, name.text, length);
	record_out->length = length;
	return record_out->text != NULL;
}

static bool read_mx(struct sp_dns_reader *reader,
		    const struct sp_dns_data *data,
		    struct sp_dns_record *record_out)
{
	struct sp_dns_data target;

	if (data->length < MX_HEAD_BYTES)
		return false;
	target.bytes = data->bytes + MX_HEAD_BYTES;
	target.length = data->length - MX_HEAD_BYTES;
	record_out->preference = (unsigned)data->bytes[0] << 8 | data->bytes[1];
	return read_name(reader, &target, true, record_out);
}

/* Strings with their lengths before them, joined (RFC 7208 section 3.3). */
static bool read_text(struct sp_dns_reader *reader,
		      const struct sp_dns_data *data,
		      struct sp_dns_record *record_out)
{
	size_t room = sizeof(reader->bytes) - reader->used_bytes;
	char *text = reader->bytes + reader->used_bytes;
	size_t length = 0;

	for (size_t at = 0; at < data->length;) {
		size_t size = data->bytes[at];

		if (size >= data->length - at || size >= room - length)
			return false;
		memcpy(text + length, data->bytes + at + 1, size);
		length += size;
		at += size + 1;
	}
	if (data->length == 0 || length >= room)
		return false;
	text[length] = '\0';
	reader->used_bytes += length + 1;
	record_out->text = text;
	record_out->length = length;
	return true;
}

static bool read_record(struct sp_dns_reader *reader, enum sp_dns_type type,
			const struct sp_dns_data *data,
			struct sp_dns_record *record_out)
{
	switch (type) {
	case SP_DNS_A:
		return read_address(data, 4, record_out);
	case SP_DNS_AAAA:
		return read_address(data, 16, record_out);
	case SP_DNS_MX:
		return read_mx(reader, data, record_out);
	case SP_DNS_TXT:
		return read_text(reader, data, record_out);
	case SP_DNS_NS:
	case SP_DNS_CNAME:
	case SP_DNS_PTR:
		return read_name(reader, data, false, record_out);
	}
	return false;
}

void sp_dns_reader_take(struct sp_dns_reader *reader, enum sp_dns_type type,
			const struct sp_dns_data *data)
{
	struct sp_dns_record record = { .text = "" };

	if (reader->count == SP_DNS_RECORDS_MAX ||
	    !read_record(reader, type, data, &record)) {
		reader->dropped++;
		return;
	}
	reader->records[reader->count++] = record;
}

/* Records, texts and the alias stand behind the answer in one piece. */
struct sp_dns_held *sp_dns_held_new(const struct sp_dns_reader *reader,
				    const struct sp_dns_answer *like)
{
	size_t records_bytes = reader->count * sizeof(*reader->records);
	size_t alias_size = strlen(like->alias) + 1;
	size_t size_bytes = sizeof(struct sp_dns_held) + records_bytes +
			    reader->used_bytes + alias_size;
	struct sp_dns_held *held = malloc(size_bytes);
	struct sp_dns_record *records = (struct sp_dns_record *)(held + 1);
	char *bytes = (char *)(held + 1) + records_bytes;

	if (held == NULL)
		abort();
	for (size_t i = 0; i < reader->count; i++) {
		const char *text = reader->records[i].text;

		records[i] = reader->records[i];
		/* An address has no text of its own: "" is a constant. */
		if (text >= reader->bytes &&
		    text < reader->bytes + reader->used_bytes)
			records[i].text = bytes + (text - reader->bytes);
	}
	memcpy(bytes, reader->bytes, reader->used_bytes);
	memcpy(bytes + reader->used_bytes, like->alias, alias_size);
	held->references = 1;
	held->size_bytes = (unsigned)size_bytes;
	held->answer = *like;
	held->answer.alias = bytes + reader->used_bytes;
	held->answer.count = reader->count;
	held->answer.records = records;
	held->answer.dropped = reader->dropped;
	return held;
}

struct sp_dns_held *sp_dns_held_ref(struct sp_dns_held *held)
{
	if (held != NULL && held->references > 0)
		held->references++;
	return held;
}

void sp_dns_held_unref(struct sp_dns_held *held)
{
	if (held == NULL || held->references == 0)
		return;
	if (--held->references == 0)
		free(held);
}

struct sp_dns_held *sp_dns_held_constant(enum sp_dns_status status)
{
#define CONSTANT(s) [s] = { 0, 0, { .status = s, .alias = "" } }
	static struct sp_dns_held constants[] = {
		CONSTANT(SP_DNS_PENDING),   CONSTANT(SP_DNS_FOUND),
		CONSTANT(SP_DNS_NXDOMAIN),  CONSTANT(SP_DNS_NODATA),
		CONSTANT(SP_DNS_FAILED),    CONSTANT(SP_DNS_TIMEOUT),
		CONSTANT(SP_DNS_NOT_ASKED),
	};
#undef CONSTANT

	return &constants[status];
}
