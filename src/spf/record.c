#include "record.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "macro.h"

static const char version[] = "v=spf1";

enum {
	VERSION_LENGTH = sizeof(version) - 1
};

/* What may stand behind a mechanism's name. */
enum domain_need {
	DOMAIN_NEVER,
	DOMAIN_MAY,
	DOMAIN_MUST
};

static const struct mechanism {
	const char *name;
	enum sp_spf_kind kind;
	enum domain_need domain;
	bool has_prefixes;
} mechanisms[] = {
	{ "all", SP_SPF_ALL, DOMAIN_NEVER, false },
	{ "include", SP_SPF_INCLUDE, DOMAIN_MUST, false },
	{ "a", SP_SPF_A, DOMAIN_MAY, true },
	{ "mx", SP_SPF_MX, DOMAIN_MAY, true },
	{ "ptr", SP_SPF_PTR, DOMAIN_MAY, false },
	{ "exists", SP_SPF_EXISTS, DOMAIN_MUST, false },
	/* An address in the domain's place: see read_network. */
	{ "ip4", SP_SPF_IP4, DOMAIN_MUST, false },
	{ "ip6", SP_SPF_IP6, DOMAIN_MUST, false },
};

bool sp_spf_is_record(const char *text, size_t length)
{
	return length >= VERSION_LENGTH &&
	       strncasecmp(text, version, VERSION_LENGTH) == 0 &&
	       (length == VERSION_LENGTH || text[VERSION_LENGTH] == ' ');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool equals(struct sp_spf_slice slice, const char *word)
{
	return slice.length == strlen(word) &&
	       strncasecmp(slice.text, word, slice.length) == 0;
}

static struct sp_spf_slice first(struct sp_spf_slice slice, size_t length)
{
	return (struct sp_spf_slice){ slice.text, length };
}

static struct sp_spf_slice behind(struct sp_spf_slice slice, size_t length)
{
	return (struct sp_spf_slice){ slice.text + length,
				      slice.length - length };
}

/* ---------------------------------------------------------------- prefixes */

/* Digits without a needless zero, up to `max`. */
static bool read_number(struct sp_spf_slice digits, unsigned max,
			unsigned *number_out)
{
	unsigned number = 0;

	if (digits.length == 0 || digits.length > 3 ||
	    (digits.length > 1 && digits.text[0] == '0'))
		return false;
	for (size_t i = 0; i < digits.length; i++) {
		if (!is_digit(digits.text[i]))
			return false;
		number = number * 10 + (unsigned)(digits.text[i] - '0');
	}
	*number_out = number;
	return number <= max;
}

/* How many digits `text` ends in, when `slashes` stand before them. */
static size_t trailing_digits(struct sp_spf_slice text, const char *slashes)
{
	size_t at = text.length, wanted = strlen(slashes);

	while (at > 0 && is_digit(text.text[at - 1]))
		at--;
	if (at == text.length || at < wanted ||
	    memcmp(text.text + at - wanted, slashes, wanted) != 0)
		return 0;
	return text.length - at;
}

/* Cut "/24", "//64" or "/24//64" off the end. A slash may also be part of a
 * domain, so only what looks like a prefix is one. */
static bool take_prefixes(struct sp_spf_slice *text, struct sp_spf_term *term)
{
	size_t digits = trailing_digits(*text, "//");

	if (digits > 0) {
		if (!read_number(behind(*text, text->length - digits), 128,
				 &term->prefix6))
			return false;
		text->length -= digits + 2;
	}
	digits = trailing_digits(*text, "/");
	if (digits > 0) {
		if (!read_number(behind(*text, text->length - digits), 32,
				 &term->prefix4))
			return false;
		text->length -= digits + 1;
	}
	return true;
}

/* ---------------------------------------------------------------- networks */

/* Not sp_ip_parse: a mapped address stays IPv6 here, and matches nobody. */
static bool read_address(struct sp_spf_slice text, bool is_4,
			 struct sp_ip *ip_out)
{
	char bytes[SP_IP_TEXT_SIZE];

	if (text.length >= sizeof(bytes) ||
	    memchr(text.text, '\0', text.length) != NULL)
		return false;
	memcpy(bytes, text.text, text.length);
	bytes[text.length] = '\0';
	*ip_out = (struct sp_ip){ .family = is_4 ? SP_IP_4 : SP_IP_6 };
	return inet_pton(is_4 ? AF_INET : AF_INET6, bytes, ip_out->bytes) == 1;
}

static bool read_network(struct sp_spf_slice text, struct sp_spf_term *term)
{
	bool is_4 = term->kind == SP_SPF_IP4;
	const char *slash = memchr(text.text, '/', text.length);
	size_t length =
		slash != NULL ? (size_t)(slash - text.text) : text.length;

	if (slash != NULL &&
	    !read_number(behind(text, length + 1), is_4 ? 32 : 128,
			 is_4 ? &term->prefix4 : &term->prefix6))
		return false;
	return read_address(first(text, length), is_4, &term->ip);
}

/* -------------------------------------------------------------- mechanisms */

static enum sp_spf_result take_qualifier(struct sp_spf_slice *text)
{
	static const char signs[] = "+-~?";
	static const enum sp_spf_result results[] = { SP_SPF_PASS, SP_SPF_FAIL,
						      SP_SPF_SOFTFAIL,
						      SP_SPF_NEUTRAL };
	const char *sign = text->length > 0 && text->text[0] != '\0'
				   ? strchr(signs, text->text[0])
				   : NULL;

	if (sign == NULL)
		return SP_SPF_PASS;
	*text = behind(*text, 1);
	return results[sign - signs];
}

static const struct mechanism *find_mechanism(struct sp_spf_slice name)
{
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		if (equals(name, mechanisms[i].name))
			return &mechanisms[i];
	return NULL;
}

/* `text` is what stands behind the name and the prefixes are cut off: nothing,
 * or ':' and a domain. */
static bool read_domain(struct sp_spf_slice text, enum domain_need need,
			struct sp_spf_term *term)
{
	if (text.length == 0)
		return need != DOMAIN_MUST;
	if (need == DOMAIN_NEVER || text.text[0] != ':')
		return false;
	text = behind(text, 1);
	if (term->kind == SP_SPF_IP4 || term->kind == SP_SPF_IP6)
		return read_network(text, term);
	term->domain = text;
	return sp_spf_is_domain_spec(text.text, text.length);
}

static bool read_mechanism(struct sp_spf_slice text, struct sp_spf_term *term)
{
	const struct mechanism *mechanism;
	size_t length = 0;

	*term = (struct sp_spf_term){ .text = text,
				      .prefix4 = 32,
				      .prefix6 = 128 };
	term->qualifier = take_qualifier(&text);
	while (length < text.length && text.text[length] != ':' &&
	       text.text[length] != '/')
		length++;
	mechanism = find_mechanism(first(text, length));
	if (mechanism == NULL)
		return false;
	term->kind = mechanism->kind;
	text = behind(text, length);
	if (mechanism->has_prefixes && !take_prefixes(&text, term))
		return false;
	return read_domain(text, mechanism->domain, term);
}

/* --------------------------------------------------------------- modifiers */

/* The length of a modifier's name before its '='; 0: it is none. */
static size_t modifier_name(struct sp_spf_slice text)
{
	size_t length = 0;

	while (length < text.length &&
	       (is_alpha(text.text[length]) ||
		(length > 0 &&
		 (is_digit(text.text[length]) || text.text[length] == '-' ||
		  text.text[length] == '_' || text.text[length] == '.'))))
		length++;
	return length < text.length && text.text[length] == '=' ? length : 0;
}

/* Both may be there once. */
static bool set_once(struct sp_spf_slice value, struct sp_spf_slice *place)
{
	if (place->text != NULL ||
	    !sp_spf_is_domain_spec(value.text, value.length))
		return false;
	*place = value;
	return true;
}

static bool read_modifier(struct sp_spf_slice text, size_t name_length,
			  struct sp_spf_record *record)
{
	struct sp_spf_slice name = first(text, name_length);
	struct sp_spf_slice value = behind(text, name_length + 1);

	if (equals(name, "redirect"))
		return set_once(value, &record->redirect);
	if (equals(name, "exp"))
		return set_once(value, &record->exp);
	return sp_spf_is_macro_string(value.text, value.length,
				      SP_SPF_IN_RECORD);
}

/* ------------------------------------------------------------------ record */

/* The next word, cut off `text`; empty at its end. */
static struct sp_spf_slice take_word(struct sp_spf_slice *text)
{
	struct sp_spf_slice word;
	size_t length = 0;

	while (text->length > 0 && text->text[0] == ' ')
		*text = behind(*text, 1);
	while (length < text->length && text->text[length] != ' ')
		length++;
	word = first(*text, length);
	*text = behind(*text, length);
	return word;
}

static size_t count_words(struct sp_spf_slice text)
{
	size_t count = 0;

	while (take_word(&text).length > 0)
		count++;
	return count;
}

static bool read_word(struct sp_spf_slice word, struct sp_spf_term *terms,
		      struct sp_spf_record *record)
{
	size_t name_length = modifier_name(word);

	if (name_length > 0)
		return read_modifier(word, name_length, record);
	if (!read_mechanism(word, &terms[record->count]))
		return false;
	record->count++;
	return true;
}

enum sp_err sp_spf_record_read(struct sp_arena *arena, const char *text,
			       size_t length, struct sp_spf_record *record_out)
{
	struct sp_spf_slice rest = { text, length }, word;
	struct sp_spf_term *terms;
	size_t words;

	*record_out = (struct sp_spf_record){ .terms = NULL };
	if (length > SP_SPF_RECORD_MAX)
		return SP_ERR_TOO_LONG;
	rest = behind(rest, VERSION_LENGTH);
	words = count_words(rest);
	if (words > SP_SPF_TERMS_MAX)
		return SP_ERR_TOO_LONG;
	terms = sp_arena_alloc(arena, words * sizeof(*terms));
	if (terms == NULL)
		return SP_ERR_NO_MEMORY;
	record_out->terms = terms;
	for (word = take_word(&rest); word.length > 0; word = take_word(&rest))
		if (!read_word(word, terms, record_out)) {
			record_out->bad = word;
			return SP_ERR_SYNTAX;
		}
	return SP_OK;
}
