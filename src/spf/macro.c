#include "macro.h"

#include <string.h>

enum {
	PARTS_MAX = 128, /* more are taken as one, at the left */
	VALUE_SIZE = 512
};

struct macro {
	char letter; /* lower case; '\0': `literal` stands for itself */
	bool is_escaped;
	bool is_reversed;
	unsigned keep; /* parts at the right; 0 = all */
	const char *delimiters;
	size_t delimiter_count;
	const char *literal;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alphanum(char c)
{
	return is_digit(c) || is_alpha(c);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* strchr finds the NUL, too. */
static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* "%%", "%_", "%-". */
static const char *literal_of(char c)
{
	switch (c) {
	case '%':
		return "%";
	case '_':
		return " ";
	case '-':
		return "%20";
	default:
		return NULL;
	}
}

/* DIGITs, of which all zeros are none; false when they are. */
static bool read_keep(const char **at, const char *end, unsigned *keep_out)
{
	const char *begin = *at;
	unsigned keep = 0;

	for (; *at < end && is_digit(**at); (*at)++)
		keep = keep > PARTS_MAX ? keep
					: keep * 10 + (unsigned)(**at - '0');
	*keep_out = keep;
	return *at == begin || keep > 0;
}

/* `text` is behind "%{"; returns what is behind "}", or NULL. */
static const char *read_braced(const char *at, const char *end,
			       struct macro *macro_out)
{
	if (at == end || !is_one_of(lower(*at), "slodiphcrtv"))
		return NULL;
	macro_out->letter = lower(*at);
	macro_out->is_escaped = *at != macro_out->letter;
	at++;
	if (!read_keep(&at, end, &macro_out->keep))
		return NULL;
	if (at < end && lower(*at) == 'r') {
		macro_out->is_reversed = true;
		at++;
	}
	macro_out->delimiters = at;
	while (at < end && is_one_of(*at, ".-+,/_="))
		at++;
	macro_out->delimiter_count = (size_t)(at - macro_out->delimiters);
	return at < end && *at == '}' ? at + 1 : NULL;
}

/* `at` is at a '%'. */
static const char *read_macro(const char *at, const char *end,
			      struct macro *macro_out)
{
	*macro_out = (struct macro){ .letter = '\0' };
	if (end - at < 2)
		return NULL;
	if (at[1] == '{')
		return read_braced(at + 2, end, macro_out);
	macro_out->literal = literal_of(at[1]);
	return macro_out->literal != NULL ? at + 2 : NULL;
}

/* *last_out is behind the last macro, or NULL without any. */
static bool is_string(struct macro *macro, const char *text, size_t length,
		      enum sp_spf_place place, const char **last_out)
{
	const char *at = text, *end = text + length;
	char first = place == SP_SPF_IN_EXPLANATION ? ' ' : '!';

	*last_out = NULL;
	while (at < end) {
		if (*at != '%') {
			if (*at < first || *at > '~')
				return false;
			at++;
			continue;
		}
		at = read_macro(at, end, macro);
		if (at == NULL || (place == SP_SPF_IN_RECORD &&
				   is_one_of(macro->letter, "crt")))
			return false;
		*last_out = at;
	}
	return true;
}

bool sp_spf_is_macro_string(const char *text, size_t length,
			    enum sp_spf_place place)
{
	struct macro macro;
	const char *last;

	return is_string(&macro, text, length, place, &last);
}

static bool is_top_label(const char *label, size_t length)
{
	bool has_other = false;

	if (length == 0 || label[0] == '-' || label[length - 1] == '-')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!is_alphanum(label[i]) && label[i] != '-')
			return false;
		has_other = has_other || !is_digit(label[i]);
	}
	return has_other;
}

bool sp_spf_is_domain_spec(const char *text, size_t length)
{
	struct macro macro;
	const char *end = text + length, *last, *label;

	if (length == 0 ||
	    !is_string(&macro, text, length, SP_SPF_IN_RECORD, &last))
		return false;
	if (last == end)
		return true;
	if (end[-1] == '.')
		end--;
	/* A label that begins within a macro is none. */
	if (last == NULL)
		last = text;
	for (label = end; label > last && label[-1] != '.';)
		label--;
	return label > last && is_top_label(label, (size_t)(end - label));
}

bool sp_spf_has_validated(const char *text, size_t length)
{
	const char *at = text, *end;
	struct macro macro;

	/* What is not there may be NULL, to which nothing is added. */
	if (length == 0)
		return false;
	end = text + length;
	while (at != NULL && at < end) {
		if (*at != '%') {
			at++;
			continue;
		}
		at = read_macro(at, end, &macro);
		if (at != NULL && macro.letter == 'p')
			return true;
	}
	return false;
}

/* IPv4 dotted, IPv6 as dotted nibbles. */
static void add_address(struct sp_text *out, const struct sp_ip *ip)
{
	if (ip->family != SP_IP_6) {
		char text[SP_IP_TEXT_SIZE];

		sp_text_add(out, sp_ip_format(ip, text));
		return;
	}
	for (size_t i = 0; i < 16; i++)
		sp_text_addf(out, "%s%X.%X", i > 0 ? "." : "",
			     ip->bytes[i] >> 4, ip->bytes[i] & 15U);
}

static const char *text_of(const struct sp_spf_macros *macros, char letter)
{
	switch (letter) {
	case 's':
		return macros->sender;
	case 'l':
		return macros->local;
	case 'o':
		return macros->sender_domain;
	case 'd':
		return macros->domain;
	case 'h':
		return macros->helo;
	case 'r':
		return macros->receiver;
	case 'p':
		return macros->validated != NULL ? macros->validated
						 : "unknown";
	default: /* v */
		return macros->client.family == SP_IP_6 ? "ip6" : "in-addr";
	}
}

static void add_value(struct sp_text *out, const struct sp_spf_macros *macros,
		      char letter)
{
	char text[SP_IP_TEXT_SIZE];

	if (letter == 'i')
		add_address(out, &macros->client);
	else if (letter == 'c')
		sp_text_add(out, sp_ip_format(&macros->client, text));
	else if (letter == 't')
		sp_text_addf(out, "%lld", (long long)macros->time_sec);
	else
		sp_text_add(out, text_of(macros, letter));
}

struct part {
	const char *text;
	size_t length;
};

static bool is_delimiter(const struct macro *macro, char c)
{
	if (macro->delimiter_count == 0)
		return c == '.';
	return memchr(macro->delimiters, c, macro->delimiter_count) != NULL;
}

static size_t split(const struct macro *macro, const struct sp_text *value,
		    struct part parts[PARTS_MAX])
{
	const char *end = value->bytes + value->length;
	const char *to = end;
	size_t count = 0;

	/* From the right, where the parts are that are kept. */
	for (const char *at = end; at > value->bytes; at--) {
		if (!is_delimiter(macro, at[-1]) || count == PARTS_MAX - 1)
			continue;
		parts[count++] = (struct part){ at, (size_t)(to - at) };
		to = at - 1;
	}
	parts[count++] =
		(struct part){ value->bytes, (size_t)(to - value->bytes) };
	return count;
}

/* RFC 3986: all but unreserved characters. */
static void add_escaped(struct sp_text *out, const struct part *part)
{
	for (size_t i = 0; i < part->length; i++) {
		char c = part->text[i];

		if (is_alphanum(c) || is_one_of(c, "-._~"))
			sp_text_add_bytes(out, &c, 1);
		else
			sp_text_addf(out, "%%%02X", (unsigned char)c);
	}
}

static void add_part(struct sp_text *out, const struct macro *macro,
		     const struct part *part)
{
	if (macro->is_escaped)
		add_escaped(out, part);
	else
		sp_text_add_bytes(out, part->text, part->length);
}

static void add_parts(struct sp_text *out, const struct macro *macro,
		      const struct sp_text *value)
{
	struct part parts[PARTS_MAX];
	size_t count = split(macro, value, parts);
	size_t keep =
		macro->keep > 0 && macro->keep < count ? macro->keep : count;

	/* `parts` are from right to left: that is reversed already, and then
	 * the last ones are kept. */
	for (size_t i = 0; i < keep; i++) {
		const struct part *part = macro->is_reversed
						  ? &parts[count - keep + i]
						  : &parts[keep - 1 - i];

		if (i > 0)
			sp_text_add(out, ".");
		add_part(out, macro, part);
	}
}

static void add_macro(struct sp_text *out, const struct macro *macro,
		      const struct sp_spf_macros *macros)
{
	char bytes[VALUE_SIZE];
	struct sp_text value;

	if (macro->letter == '\0') {
		sp_text_add(out, macro->literal);
		return;
	}
	sp_text_init(&value, bytes, sizeof(bytes));
	add_value(&value, macros, macro->letter);
	if (value.is_cut)
		out->is_cut = true;
	else if (macro->keep == 0 && !macro->is_reversed &&
		 macro->delimiter_count == 0)
		add_part(out, macro,
			 &(struct part){ value.bytes, value.length });
	else
		add_parts(out, macro, &value);
}

void sp_spf_expand(const char *text, size_t length,
		   const struct sp_spf_macros *macros, struct sp_text *out)
{
	const char *at = text, *end = text + length;
	struct macro macro;

	while (at != NULL && at < end) {
		const char *percent = memchr(at, '%', (size_t)(end - at));
		const char *stop = percent != NULL ? percent : end;

		sp_text_add_bytes(out, at, (size_t)(stop - at));
		if (percent == NULL)
			return;
		at = read_macro(percent, end, &macro);
		if (at != NULL)
			add_macro(out, &macro, macros);
	}
}
