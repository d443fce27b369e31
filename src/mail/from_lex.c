#include "from_lex.h"

#include <string.h>

#include "sallyport/address.h"
#include "sallyport/text.h"
#include "utf8.h"

enum {
	/* RFC 2047 says 75, and senders say more. A bound keeps a field full
	 * of beginnings from being searched to its end for each of them. */
	ENCODED_WORD_MAX = 256,
	LITERAL_MAX = 64
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_8_bit(char c)
{
	return (unsigned char)c > 0x7f;
}

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* RFC 5322 atext, and RFC 6532's. */
static bool is_atom(char c)
{
	return is_letter_or_digit(c) || is_8_bit(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

char sp_from_next(const struct sp_from_reader *reader)
{
	return reader->at < reader->end ? *reader->at : '\0';
}

bool sp_from_fail(struct sp_from_reader *reader, enum sp_from_reason reason)
{
	reader->reason = reason;
	return false;
}

/* LF or CR LF, and a blank behind it. */
static bool is_folding(const char *at, const char *end)
{
	if (*at == '\r')
		at++;
	return end - at >= 2 && at[0] == '\n' &&
	       (at[1] == ' ' || at[1] == '\t');
}

bool sp_from_check_bytes(struct sp_from_reader *reader)
{
	for (const char *at = reader->at; at < reader->end; at++) {
		if (*at == '\r' || *at == '\n') {
			if (!is_folding(at, reader->end))
				return sp_from_fail(reader, SP_FROM_LINE_BREAK);
		} else if ((*at >= 0 && *at < ' ' && *at != '\t') ||
			   *at == 0x7f) {
			return sp_from_fail(reader, SP_FROM_CONTROL);
		}
	}
	return true;
}

/* At a '('. */
static bool skip_comment(struct sp_from_reader *reader)
{
	unsigned depth = 0;

	for (; reader->at < reader->end; reader->at++) {
		char c = *reader->at;

		if (c == '\\') {
			if (++reader->at == reader->end)
				break;
		} else if (c == '(') {
			if (++depth > SP_FROM_DEPTH_MAX)
				return sp_from_fail(reader, SP_FROM_TOO_DEEP);
		} else if (c == ')' && --depth == 0) {
			reader->at++;
			return true;
		}
	}
	return sp_from_fail(reader, SP_FROM_OPEN_COMMENT);
}

bool sp_from_skip_blanks_and_comments(struct sp_from_reader *reader)
{
	for (;;) {
		while (is_blank(sp_from_next(reader)))
			reader->at++;
		if (sp_from_next(reader) != '(')
			return true;
		if (!skip_comment(reader))
			return false;
	}
}

/* At a '"'. */
static bool skip_quoted(struct sp_from_reader *reader)
{
	while (++reader->at < reader->end) {
		if (*reader->at == '"') {
			reader->at++;
			return true;
		}
		if (*reader->at == '\\' && ++reader->at == reader->end)
			break;
	}
	return sp_from_fail(reader, SP_FROM_OPEN_QUOTE);
}

/* "charset?q?" or "charset?b?", the beginning of an encoded word behind its
 * "=?": where its text begins, or NULL. */
static const char *encoded_text(const char *at, const char *end)
{
	while (at < end && is_atom(*at) && *at != '?')
		at++;
	if (end - at < 3 || at[0] != '?' || strchr("bBqQ", at[1]) == NULL ||
	    at[2] != '?')
		return NULL;
	return at + 3;
}

/*
 * How long the encoded word at `reader` is; 0 when there is none.
 *
 * Its text should hold no specials, but senders leave some. An '@' is taken
 * for text. What would make an address for a program that knows no encoded
 * words is not: with brackets, quotes, parentheses, or separators beside an
 * '@' it is read as if it were none, and most likely as unreadable.
 */
static size_t encoded_word_length(const struct sp_from_reader *reader)
{
	const char *end = reader->end;
	const char *at;
	bool has_at = false;
	bool has_separator = false;

	if (end - reader->at > ENCODED_WORD_MAX)
		end = reader->at + ENCODED_WORD_MAX;
	if (end - reader->at < 2 || memcmp(reader->at, "=?", 2) != 0)
		return 0;
	at = encoded_text(reader->at + 2, end);
	for (; at != NULL && at < end && *at != '?'; at++) {
		if (is_blank(*at) || strchr("<>\"()\\", *at) != NULL)
			return 0;
		has_at = has_at || *at == '@';
		has_separator = has_separator || strchr(",;:", *at) != NULL;
	}
	if (at == NULL || end - at < 2 || at[1] != '=')
		return 0;
	return has_at && has_separator ? 0 : (size_t)(at + 2 - reader->at);
}

/* Atom characters, and in names also brackets: "Ann [Sales] <ann@...>". */
static void skip_word(struct sp_from_reader *reader,
		      struct sp_from_phrase *phrase)
{
	size_t encoded = encoded_word_length(reader);

	reader->at += encoded;
	if (encoded > 0)
		phrase->is_local = false;
	for (;; reader->at++) {
		char c = sp_from_next(reader);

		if (c == '[' || c == ']')
			phrase->is_local = false;
		else if (!is_atom(c))
			return;
	}
}

bool sp_from_read_phrase(struct sp_from_reader *reader,
			 struct sp_from_phrase *phrase_out)
{
	struct sp_from_phrase phrase = { .is_empty = true,
					 .is_local = true,
					 .begin = reader->at };
	bool is_after_word = false;

	for (;;) {
		char c;

		if (!sp_from_skip_blanks_and_comments(reader))
			return false;
		c = sp_from_next(reader);
		if (c != '"' && c != '.' && c != '[' && c != ']' && !is_atom(c))
			break;
		phrase.is_empty = false;
		if (c == '.') {
			reader->at++;
			is_after_word = false;
			continue;
		}
		if (c != '"')
			skip_word(reader, &phrase);
		else if (!skip_quoted(reader))
			return false;
		phrase.words++;
		phrase.is_local = phrase.is_local && !is_after_word;
		is_after_word = true;
	}
	phrase.is_local = phrase.is_local && phrase.words > 0;
	phrase.end = reader->at;
	*phrase_out = phrase;
	return true;
}

/* At a '"': what stands between it and the next. */
static void write_quoted(struct sp_from_reader *reader, struct sp_text *text)
{
	while (++reader->at < reader->end && *reader->at != '"') {
		if (*reader->at == '\\' && reader->at + 1 < reader->end)
			reader->at++;
		/* A line that is folded within quotes has its blank only. */
		if (*reader->at != '\r' && *reader->at != '\n')
			sp_text_add_bytes(text, reader->at, 1);
	}
	if (reader->at < reader->end)
		reader->at++;
}

void sp_from_write_local(const struct sp_from_phrase *phrase,
			 char local_out[SP_LOCAL_SIZE])
{
	struct sp_from_reader reader = { phrase->begin, phrase->end,
					 SP_FROM_READ };
	struct sp_text text;

	sp_text_init(&text, local_out, SP_LOCAL_SIZE);
	while (sp_from_skip_blanks_and_comments(&reader) &&
	       reader.at < reader.end) {
		if (*reader.at == '"')
			write_quoted(&reader, &text);
		else
			sp_text_add_bytes(&text, reader.at++, 1);
	}
	if (text.is_cut)
		local_out[0] = '\0';
}

/* Behind the '@', at a '['. Which addresses are taken, and how they are
 * written, is the envelope parser's business. */
static bool read_literal(struct sp_from_reader *reader,
			 struct sp_from_domain *domain_out)
{
	char path[LITERAL_MAX + 3] = "x@";
	size_t left = (size_t)(reader->end - reader->at);
	const char *close = memchr(reader->at, ']',
				   left < LITERAL_MAX ? left : LITERAL_MAX);
	struct sp_address address;
	size_t length;

	if (close == NULL)
		return sp_from_fail(reader, left < LITERAL_MAX
						    ? SP_FROM_OPEN_BRACKET
						    : SP_FROM_BAD_DOMAIN);
	length = (size_t)(close + 1 - reader->at);
	memcpy(path + 2, reader->at, length);
	path[2 + length] = '\0';
	sp_address_parse(path, &address);
	if (address.kind != SP_ADDRESS_FULL)
		return sp_from_fail(reader, SP_FROM_BAD_DOMAIN);
	reader->at += length;
	domain_out->kind = SP_FROM_DOMAIN_LITERAL;
	memcpy(domain_out->name, address.domain, sizeof(domain_out->name));
	return true;
}

/* A name with U-labels has the form of one with an 'a' for each of their
 * characters. What IDNA says of it is not asked here. */
static bool is_idn(const char *text)
{
	char form[SP_DOMAIN_SIZE + 1];
	size_t length = 0;

	if (!sp_mail_is_utf8(text))
		return false;
	for (; *text != '\0'; text++) {
		bool is_continued = ((unsigned char)*text & 0xc0) == 0x80;

		if (!is_continued)
			form[length++] = is_8_bit(*text) ? 'a' : *text;
	}
	form[length] = '\0';
	return sp_domain_kind(form) > SP_DOMAIN_BAD;
}

static bool has_8_bit(const char *text)
{
	while (*text != '\0' && !is_8_bit(*text))
		text++;
	return *text != '\0';
}

static bool take_name(const struct sp_text *text,
		      struct sp_from_domain *domain_out)
{
	size_t length = text->length;

	if (text->is_cut)
		return false;
	if (!has_8_bit(text->bytes)) {
		domain_out->kind = SP_FROM_DOMAIN_NAME;
		return sp_domain_normalise(text->bytes, domain_out->name) ==
		       SP_OK;
	}
	if (!is_idn(text->bytes))
		return false;
	if (text->bytes[length - 1] == '.')
		length--;
	if (length >= SP_DOMAIN_SIZE)
		return false;
	domain_out->kind = SP_FROM_DOMAIN_IDN;
	memcpy(domain_out->name, text->bytes, length);
	domain_out->name[length] = '\0';
	sp_text_lower(domain_out->name);
	return true;
}

bool sp_from_read_domain(struct sp_from_reader *reader,
			 struct sp_from_domain *domain_out)
{
	char buffer[SP_DOMAIN_SIZE + 1]; /* room for a trailing dot */
	struct sp_text text;
	bool is_after_atom = false;

	sp_text_init(&text, buffer, sizeof(buffer));
	reader->at++;
	for (;;) {
		const char *start;

		if (!sp_from_skip_blanks_and_comments(reader))
			return false;
		start = reader->at;
		if (sp_from_next(reader) == '[' && text.length == 0)
			return read_literal(reader, domain_out);
		if (sp_from_next(reader) == '.')
			reader->at++;
		else if (!is_after_atom)
			while (is_atom(sp_from_next(reader)))
				reader->at++;
		if (reader->at == start)
			break;
		is_after_atom = *start != '.';
		sp_text_add_bytes(&text, start, (size_t)(reader->at - start));
	}
	return take_name(&text, domain_out) ||
	       sp_from_fail(reader, SP_FROM_BAD_DOMAIN);
}

/* A name as a reader would make it out: without backslashes, and without a
 * full stop behind it. */
static bool find_name(struct sp_from_reader *reader,
		      struct sp_from_domain *domain_out)
{
	char buffer[SP_DOMAIN_SIZE + 1];
	struct sp_text text;

	sp_text_init(&text, buffer, sizeof(buffer));
	for (; reader->at < reader->end; reader->at++) {
		char c = *reader->at;

		if (c == '\\')
			continue;
		if (!is_letter_or_digit(c) && !is_8_bit(c) && c != '.' &&
		    c != '-' && c != '_')
			break;
		sp_text_add_bytes(&text, &c, 1);
	}
	while (text.length > 0 && strchr(".-_", buffer[text.length - 1]))
		buffer[--text.length] = '\0';
	return take_name(&text, domain_out);
}

bool sp_from_find_domain(struct sp_from_reader *reader,
			 struct sp_from_domain *domain_out)
{
	for (;;) {
		size_t left = (size_t)(reader->end - reader->at);
		const char *at =
			left > 0 ? memchr(reader->at, '@', left) : NULL;

		if (at == NULL)
			return false;
		reader->at = at + 1;
		while (is_blank(sp_from_next(reader)))
			reader->at++;
		if (sp_from_next(reader) == '['
			    ? read_literal(reader, domain_out)
			    : find_name(reader, domain_out))
			return true;
	}
}
