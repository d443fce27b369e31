/* tags.c - the tag list of a DMARC record (RFC 9989 sections 4.7 and 4.8). */
#include "sallyport/dmarc.h"

#include <string.h>

/* Bytes of the record, without blanks at their ends. */
struct span {
	const char *at;
	size_t length;
};

/* What one tag can be: absent, wrong, or a policy. */
enum policy_tag {
	TAG_ABSENT = 0,
	TAG_WRONG,
	TAG_NONE,
	TAG_QUARANTINE,
	TAG_REJECT
};

struct tags {
	enum policy_tag p;
	enum policy_tag sp;
	enum policy_tag np;
	char adkim; /* '\0' = absent; else the letter, or '?' */
	char aspf;
	char t;
	char psd;
	bool has_rua;
	bool has_reports; /* ... with an address that is one */
};

const char *sp_dmarc_policy_text(enum sp_dmarc_policy policy)
{
	static const char *const texts[] = {
		[SP_DMARC_POLICY_NONE] = "none",
		[SP_DMARC_POLICY_QUARANTINE] = "quarantine",
		[SP_DMARC_POLICY_REJECT] = "reject",
	};

	if ((size_t)policy >= sizeof(texts) / sizeof(*texts))
		return "none";
	return texts[policy];
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Line breaks too: they get in where a record was pasted from a page. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trim(const char *at, size_t length)
{
	struct span span = { at, length };

	while (span.length > 0 && is_blank(span.at[0])) {
		span.at++;
		span.length--;
	}
	while (span.length > 0 && is_blank(span.at[span.length - 1]))
		span.length--;
	return span;
}

/* Takes what stands before the next `separator`; *rest begins behind it, and
 * has no bytes left (`at` is NULL) when there was none. */
static struct span take(struct span *rest, char separator)
{
	const char *end = memchr(rest->at, separator, rest->length);
	struct span taken;

	if (end == NULL) {
		taken = trim(rest->at, rest->length);
		*rest = (struct span){ NULL, 0 };
		return taken;
	}
	taken = trim(rest->at, (size_t)(end - rest->at));
	rest->length -= (size_t)(end + 1 - rest->at);
	rest->at = end + 1;
	return taken;
}

/* Ignoring case. */
static bool is_word(struct span span, const char *word)
{
	if (span.length != strlen(word))
		return false;
	for (size_t i = 0; i < span.length; i++)
		if (lower(span.at[i]) != word[i])
			return false;
	return true;
}

static enum policy_tag policy_of(struct span value)
{
	if (is_word(value, "none"))
		return TAG_NONE;
	if (is_word(value, "quarantine"))
		return TAG_QUARANTINE;
	return is_word(value, "reject") ? TAG_REJECT : TAG_WRONG;
}

static char letter_of(struct span value)
{
	return value.length == 1 && is_letter(value.at[0]) ? lower(value.at[0])
							   : '?';
}

static bool is_scheme(struct span scheme)
{
	if (scheme.length == 0 || !is_letter(scheme.at[0]))
		return false;
	for (size_t i = 1; i < scheme.length; i++) {
		char c = scheme.at[i];

		if (!is_letter(c) && !is_digit(c) && c != '+' && c != '-' &&
		    c != '.')
			return false;
	}
	return true;
}

/* RFC 3986, as far as it matters: a scheme, and behind it something that is
 * made of its characters. The obsolete "!10m" is a size, not an address. */
static bool is_uri(struct span uri)
{
	const char *colon = memchr(uri.at, ':', uri.length);
	const char *size;

	if (colon == NULL ||
	    !is_scheme((struct span){ uri.at, (size_t)(colon - uri.at) }))
		return false;
	uri.length -= (size_t)(colon + 1 - uri.at);
	uri.at = colon + 1;
	size = memchr(uri.at, '!', uri.length);
	if (size != NULL)
		uri.length = (size_t)(size - uri.at);
	for (size_t i = 0; i < uri.length; i++) {
		char c = uri.at[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}", c) != NULL)
			return false;
	}
	return uri.length > 0;
}

static bool has_uri(struct span list)
{
	while (list.at != NULL)
		if (is_uri(take(&list, ',')))
			return true;
	return false;
}

static void note_policy(enum policy_tag *tag, struct span value)
{
	if (*tag == TAG_ABSENT)
		*tag = policy_of(value);
}

static void note_letter(char *tag, struct span value)
{
	if (*tag == '\0')
		*tag = letter_of(value);
}

static void note_tag(struct tags *tags, struct span name, struct span value)
{
	if (is_word(name, "p")) {
		note_policy(&tags->p, value);
	} else if (is_word(name, "sp")) {
		note_policy(&tags->sp, value);
	} else if (is_word(name, "np")) {
		note_policy(&tags->np, value);
	} else if (is_word(name, "adkim")) {
		note_letter(&tags->adkim, value);
	} else if (is_word(name, "aspf")) {
		note_letter(&tags->aspf, value);
	} else if (is_word(name, "t")) {
		note_letter(&tags->t, value);
	} else if (is_word(name, "psd")) {
		note_letter(&tags->psd, value);
	} else if (is_word(name, "rua") && !tags->has_rua) {
		tags->has_rua = true;
		tags->has_reports = has_uri(value);
	}
}

/* Its version is exactly this, case and all. */
static bool is_version(struct span tag)
{
	static const char version[] = "DMARC1";
	struct span name;

	if (tag.length == 0 || memchr(tag.at, '=', tag.length) == NULL)
		return false;
	name = take(&tag, '=');
	tag = trim(tag.at, tag.length);
	return is_word(name, "v") && tag.length == strlen(version) &&
	       memcmp(tag.at, version, tag.length) == 0;
}

static void read_tags(struct span rest, struct tags *tags)
{
	while (rest.at != NULL) {
		struct span tag = take(&rest, ';');
		struct span name;

		if (tag.length == 0 || memchr(tag.at, '=', tag.length) == NULL)
			continue;
		name = take(&tag, '=');
		note_tag(tags, name, trim(tag.at, tag.length));
	}
}

static enum sp_dmarc_policy policy_or(enum policy_tag tag,
				      enum sp_dmarc_policy otherwise)
{
	switch (tag) {
	case TAG_NONE:
		return SP_DMARC_POLICY_NONE;
	case TAG_QUARANTINE:
		return SP_DMARC_POLICY_QUARANTINE;
	case TAG_REJECT:
		return SP_DMARC_POLICY_REJECT;
	default:
		return otherwise;
	}
}

static enum sp_dmarc_psd psd_of(char letter)
{
	if (letter == 'y')
		return SP_DMARC_PSD_YES;
	return letter == 'n' ? SP_DMARC_PSD_NO : SP_DMARC_PSD_UNKNOWN;
}

static enum sp_dmarc_validity judge(const struct tags *tags,
				    struct sp_dmarc_record *record)
{
	record->is_dkim_strict = tags->adkim == 's';
	record->is_spf_strict = tags->aspf == 's';
	record->is_testing = tags->t == 'y';
	record->psd = psd_of(tags->psd);
	if (tags->p == TAG_WRONG || tags->sp == TAG_WRONG ||
	    tags->np == TAG_WRONG)
		return tags->has_reports ? SP_DMARC_RECORD_MONITORS
					 : SP_DMARC_RECORD_UNUSABLE;
	record->p = policy_or(tags->p, SP_DMARC_POLICY_NONE);
	record->sp = policy_or(tags->sp, record->p);
	record->np = policy_or(tags->np, record->sp);
	return SP_DMARC_RECORD_GOOD;
}

enum sp_dmarc_validity sp_dmarc_record_parse(const char *text, size_t length,
					     struct sp_dmarc_record *record_out)
{
	struct span rest = { text, length };
	struct tags tags = { 0 };

	*record_out = (struct sp_dmarc_record){ 0 };
	if (!is_version(take(&rest, ';')))
		return SP_DMARC_NOT_A_RECORD;
	if (length > SP_DMARC_RECORD_MAX)
		return SP_DMARC_RECORD_UNUSABLE;
	read_tags(rest, &tags);
	return judge(&tags, record_out);
}
