#include "hide.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "sallyport/hash.h"
#include "sallyport/record.h"
#include "sallyport/text.h"

enum {
	LOCALS_MAX = 8, /* sender, login, the recipients that are shown */
	LOCAL_SIZE = 256,
	DIGITS = 12,
	HIDDEN_SIZE = DIGITS + 2,
	WORDS_SIZE = 512,
	SHORTEST = 2 /* one letter is in every sentence */
};

/* The local parts of one mail, in lower case. */
struct locals {
	const struct sp_hash_key *secret;
	size_t count;
	char texts[LOCALS_MAX][LOCAL_SIZE];
};

/* "~" and digits for `length` bytes of a local part. */
static const char *hidden(const struct sp_hash_key *secret, const char *bytes,
			  size_t length, char text_out[HIDDEN_SIZE])
{
	char lower[LOCAL_SIZE], digits[SP_HASH_TEXT_SIZE];
	struct sp_hash hash;
	struct sp_text text;

	sp_text_init(&text, lower, sizeof(lower));
	sp_text_add_bytes(&text, bytes,
			  length < LOCAL_SIZE ? length : LOCAL_SIZE - 1);
	sp_text_lower(lower);
	sp_hash_make(secret, lower, strlen(lower), &hash);
	text_out[0] = '~';
	memcpy(text_out + 1, sp_hash_text(&hash, digits), DIGITS);
	text_out[1 + DIGITS] = '\0';
	return text_out;
}

static void note(struct locals *locals, const char *bytes, size_t length)
{
	struct sp_text text;

	if (length < SHORTEST || locals->count == LOCALS_MAX)
		return;
	sp_text_init(&text, locals->texts[locals->count],
		     sizeof(locals->texts[0]));
	sp_text_add_bytes(&text, bytes,
			  length < LOCAL_SIZE ? length : LOCAL_SIZE - 1);
	sp_text_lower(locals->texts[locals->count++]);
}

/* One address of `length` bytes, with or without <>; its domain stays. */
static void hide_address(struct locals *locals, const char *bytes,
			 size_t length, struct sp_text *out)
{
	bool has_bracket = length >= 2 && bytes[0] == '<';
	const char *begin = bytes + has_bracket;
	const char *end = bytes + length -
			  (has_bracket && bytes[length - 1] == '>' ? 1 : 0);
	const char *at = memrchr(begin, '@', (size_t)(end - begin));
	size_t local = (size_t)((at ? at : end) - begin);
	char digits[HIDDEN_SIZE];

	if (local == 0) {
		sp_text_add_bytes(out, bytes, length);
		return;
	}
	note(locals, begin, local);
	sp_text_add(out, has_bracket ? "<" : "");
	sp_text_add(out, hidden(locals->secret, begin, local, digits));
	sp_text_add_bytes(out, begin + local,
			  (size_t)(bytes + length - begin) - local);
}

/* Addresses with commas between. */
static void hide_addresses(struct locals *locals, char *text, size_t size)
{
	char bytes[1024];
	struct sp_text out;

	if (!text[0])
		return;
	sp_text_init(&out, bytes, sizeof(bytes));
	for (const char *at = text;;) {
		size_t length = strcspn(at, ",");

		hide_address(locals, at, length, &out);
		at += length;
		if (!*at)
			break;
		sp_text_add(&out, ",");
		at++;
	}
	sp_text_copy(text, size, bytes);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* How much of a local part stands at `at`, as a whole word; 0: none. */
static size_t local_at(const struct locals *locals, const char *text,
		       const char *at)
{
	if (at > text && is_letter(at[-1]))
		return 0;
	for (size_t i = 0; i < locals->count; i++) {
		size_t length = strlen(locals->texts[i]);

		if (strncasecmp(at, locals->texts[i], length) == 0 &&
		    !is_letter(at[length]))
			return length;
	}
	return 0;
}

/* What stands before an @ from here on; 0: no @ belongs to it. */
static size_t before_at_sign(const char *text, const char *at)
{
	size_t length = strcspn(at, "@ <>,;:()\"");

	if (at > text && !strchr(" <>,;:()\"", at[-1]))
		return 0;
	return at[length] == '@' ? length : 0;
}

static void hide_in_words(const struct locals *locals, char *text, size_t size)
{
	char bytes[WORDS_SIZE], digits[HIDDEN_SIZE];
	const char *at = text;
	struct sp_text out;

	sp_text_init(&out, bytes, sizeof(bytes));
	while (*at) {
		size_t length = before_at_sign(text, at);

		if (length == 0)
			length = local_at(locals, text, at);
		if (length > 0)
			sp_text_add(&out,
				    hidden(locals->secret, at, length, digits));
		else
			sp_text_add_bytes(&out, at, 1);
		at += length > 0 ? length : 1;
	}
	sp_text_copy(text, size, bytes);
}

static void hide_lookups(const struct locals *locals, struct sp_record *record)
{
	for (size_t i = 0; i < record->lookup_count; i++) {
		char *name = record->names + record->lookups[i].name;
		bool is_bad = strchr(name, '@') != NULL;

		for (const char *at = name; *at && !is_bad; at++)
			is_bad = local_at(locals, name, at) > 0;
		/* They lie behind each other: it may not grow. */
		if (is_bad)
			sp_text_copy(name, strlen(name) + 1, "(hidden)");
	}
}

static void hide_submitter(struct locals *locals, struct sp_record *record)
{
	static const char kind[] = "sasl:";
	size_t length = strlen(kind);

	if (strncmp(record->submitter, kind, length) == 0)
		hide_addresses(locals, record->submitter + length,
			       sizeof(record->submitter) - length);
}

void sp_record_hide(struct sp_record *record, const struct sp_hash_key *secret)
{
	struct locals locals = { .secret = secret };

	hide_addresses(&locals, record->from, sizeof(record->from));
	hide_addresses(&locals, record->login, sizeof(record->login));
	hide_submitter(&locals, record);
	hide_addresses(&locals, record->to, sizeof(record->to));
	for (size_t i = 0; i < record->finding_count; i++)
		hide_in_words(&locals, record->findings[i].reason,
			      sizeof(record->findings[i].reason));
	for (size_t i = 0; i < record->result_count; i++) {
		struct sp_record_result *result = &record->results[i];

		hide_in_words(&locals, result->about, sizeof(result->about));
		hide_in_words(&locals, result->reason, sizeof(result->reason));
	}
	hide_lookups(&locals, record);
}
