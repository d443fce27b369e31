#include "sallyport/auth_results.h"

#include <string.h>

#include "sallyport/domain.h"
#include "sallyport/idn.h"
#include "sallyport/list.h"
#include "sallyport/text.h"

enum {
	RECEIVER_MAX = 512 /* between "receiver" and the end of its value */
};

/* What is still to be read: [at, end). */
struct reader {
	const char *at;
	const char *end;
};

/* A name as it stands in a field, in lower case; longer than any domain, with
 * bytes that none has. */
struct word {
	char bytes[SP_DOMAIN_SIZE + 2];
	struct sp_text text;
	bool is_8_bit;
};

static char next(const struct reader *reader)
{
	return reader->at < reader->end ? *reader->at : '\0';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_8_bit(char c)
{
	return (unsigned char)c > 0x7f;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       is_digit(c) || c == '-' || c == '_' || c == '.' || is_8_bit(c);
}

static bool is_encoded_word(const char *at, const char *end)
{
	return end - at > 1 && at[0] == '=' && at[1] == '?';
}

static void skip_blanks(struct reader *reader)
{
	while (is_blank(next(reader)))
		reader->at++;
}

static void skip_name(struct reader *reader)
{
	while (is_name_character(next(reader)))
		reader->at++;
}

/* At a '('. False when it does not end. */
static bool skip_comment(struct reader *reader)
{
	size_t depth = 0;

	while (reader->at < reader->end) {
		char c = *reader->at++;

		if (c == '\\' && reader->at < reader->end)
			reader->at++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			return true;
	}
	return false;
}

static bool skip_blanks_and_comments(struct reader *reader)
{
	for (;;) {
		skip_blanks(reader);
		if (next(reader) != '(')
			return true;
		if (!skip_comment(reader))
			return false;
	}
}

/* ------------------------------------------------------- which name is it? */

static bool is_ours(const struct word *word, const struct sp_auth_names *names);

/* Our name number `index`; false when it is none. */
static bool get_name(const struct sp_auth_names *names, size_t index,
		     char name_out[SP_DOMAIN_SIZE])
{
	return names->names[index] &&
	       sp_domain_normalise(names->names[index], name_out) == SP_OK;
}

static void word_init(struct word *word)
{
	sp_text_init(&word->text, word->bytes, sizeof(word->bytes));
	word->is_8_bit = false;
}

static void word_add(struct word *word, const char *bytes, size_t length)
{
	sp_text_add_bytes(&word->text, bytes, length);
	for (size_t i = 0; i < length && !word->is_8_bit; i++)
		word->is_8_bit = is_8_bit(bytes[i]);
}

static void word_end(struct word *word)
{
	struct sp_text *text = &word->text;

	while (text->length > 0 && text->bytes[text->length - 1] == '.')
		text->bytes[--text->length] = '\0';
	sp_text_lower(text->bytes);
}

static bool ends_with(const char *text, const char *tail)
{
	size_t text_length = strlen(text);
	size_t tail_length = strlen(tail);

	return tail_length <= text_length &&
	       sp_text_equals(text + text_length - tail_length, tail);
}

/* Behind the last 8-bit byte. */
static const char *tail_of(const char *name)
{
	const char *tail = name + strlen(name);

	while (tail > name && !is_8_bit(tail[-1]))
		tail--;
	return tail;
}

/* Of a name that is none for us, a reader may leave any 8-bit byte out, or make
 * a letter of it. */
static bool may_be(const char *name, const char *own)
{
	const char *tail = tail_of(name);
	size_t head_length = 0;

	while (!is_8_bit(name[head_length]))
		head_length++;
	if (tail[0] == '\0')
		while (head_length > 0 && name[head_length - 1] == '.')
			head_length--;
	return strlen(own) >= head_length + strlen(tail) &&
	       strncmp(own, name, head_length) == 0 && ends_with(own, tail);
}

/* Whether it may be below `own`, or it. */
static bool may_be_within(const char *name, const char *own)
{
	const char *tail = tail_of(name);

	if (sp_domain_is_within(tail, own))
		return true;
	while (name != NULL && name < tail) {
		if (may_be(name, own))
			return true;
		name = strchr(name, '.');
		if (name != NULL)
			name++;
	}
	return false;
}

static bool may_be_in_family(const char *name, const struct sp_list *list)
{
	for (size_t i = 0; i < sp_list_count(list); i++)
		if (may_be_within(name, sp_list_get(list, i)->text))
			return true;
	return false;
}

/* Letters that IDNA2003 made others of, or nothing: both readings are used. */
static bool has_two_readings(const char *name)
{
	static const char *const letters[] = {
		"\xc3\x9f",		    /* sharp s, in capitals too */
		"\xe1\xba\x9e", "\xcf\x82", /* final sigma */
		"\xe2\x80\x8c", /* joiners, and what keeps from joining */
		"\xe2\x80\x8d",
	};

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (strstr(name, letters[i]))
			return true;
	return false;
}

static bool is_8_bit_name_ours(const struct word *word,
			       const struct sp_auth_names *names)
{
	struct word ascii;
	char own[SP_DOMAIN_SIZE];

	if (!has_two_readings(word->bytes) &&
	    sp_idn_to_ascii(word->bytes, own) == SP_OK) {
		word_init(&ascii);
		word_add(&ascii, own, strlen(own));
		return is_ours(&ascii, names);
	}
	for (size_t i = 0; i < SP_AUTH_NAMES_MAX; i++)
		if (get_name(names, i, own) && may_be(word->bytes, own))
			return true;
	return names->families &&
	       may_be_in_family(word->bytes, names->families);
}

static bool is_ours(const struct word *word, const struct sp_auth_names *names)
{
	char own[SP_DOMAIN_SIZE];

	if (word->text.length == 0)
		return false;
	/* No domain is as long, but for what readers leave out of it. */
	if (word->text.is_cut)
		return word->is_8_bit;
	if (word->is_8_bit)
		return is_8_bit_name_ours(word, names);
	for (size_t i = 0; i < SP_AUTH_NAMES_MAX; i++)
		if (get_name(names, i, own) && strcmp(word->bytes, own) == 0)
			return true;
	return sp_list_find_name(names->families, word->bytes) != NULL;
}

/* ------------------------------------------------------------ a plain field */

/* Letters that hide nothing from whoever reads for a name. */
static bool is_left_out(char c)
{
	return is_blank(c) || c == '"' || c == '\\';
}

/* Whether `text` holds one of our names, whatever stands around it. */
static bool holds_name(const char *text, const struct sp_auth_names *names)
{
	size_t count = names->families ? sp_list_count(names->families) : 0;
	char own[SP_DOMAIN_SIZE];

	for (size_t i = 0; i < SP_AUTH_NAMES_MAX; i++)
		if (get_name(names, i, own) && strstr(text, own))
			return true;
	for (size_t i = 0; i < count; i++)
		if (strstr(text, sp_list_get(names->families, i)->text))
			return true;
	return false;
}

/* As holds_name, without what is left out. More than SP_AUTH_OBSCURE_MAX bytes
 * are not looked at: they do. */
static bool hides_name(const char *at, const char *end,
		       const struct sp_auth_names *names)
{
	char bytes[SP_AUTH_OBSCURE_MAX + 1];
	size_t length = 0;

	if (end - at > SP_AUTH_OBSCURE_MAX)
		return true;
	for (; at < end; at++)
		if (!is_left_out(*at) && *at != '\0')
			bytes[length++] = *at;
	bytes[length] = '\0';
	sp_text_lower(bytes);
	return holds_name(bytes, names);
}

/* The name at the beginning. */
static bool read_name(struct reader *reader, struct word *word_out)
{
	bool is_quoted = next(reader) == '"';
	const char *start;

	word_init(word_out);
	reader->at += is_quoted;
	start = reader->at;
	skip_name(reader);
	if (reader->at == start)
		return false;
	word_add(word_out, start, (size_t)(reader->at - start));
	word_end(word_out);
	if (!is_quoted)
		return true;
	return next(reader) == '"' && reader->at++ != NULL;
}

static void skip_job(struct reader *reader)
{
	if (next(reader) != '/')
		return;
	reader->at++;
	skip_name(reader);
}

static void skip_version(struct reader *reader)
{
	while (is_digit(next(reader)))
		reader->at++;
}

/* Behind the name: does the field go on as one should? */
static bool goes_on_plainly(struct reader *reader, const struct word *name)
{
	skip_job(reader);
	if (!skip_blanks_and_comments(reader))
		return false;
	if (next(reader) == '=')
		return !is_encoded_word(reader->at, reader->end) &&
		       strcmp(name->bytes, "i") != 0;
	skip_version(reader);
	return skip_blanks_and_comments(reader) &&
	       (reader->at == reader->end || *reader->at == ';');
}

/* ---------------------------------------------------------- an obscure field */

/* Who has none is claimed to be by nobody. */
static bool has_names(const struct sp_auth_names *names)
{
	char own[SP_DOMAIN_SIZE];

	for (size_t i = 0; i < SP_AUTH_NAMES_MAX; i++)
		if (get_name(names, i, own))
			return true;
	return names->families && sp_list_count(names->families) > 0;
}

static bool is_hiding_place(const char *at, const char *end)
{
	if (*at == '(' || *at == ')' || is_8_bit(*at))
		return true;
	if ((*at < ' ' && !is_blank(*at)) || *at == 0x7f)
		return true;
	return is_encoded_word(at, end);
}

static bool is_obscurely_ours(const char *at, const char *end,
			      const struct sp_auth_names *names)
{
	if (!has_names(names))
		return false;
	for (const char *c = at; c < end && *c != ';'; c++)
		if (is_hiding_place(c, end))
			return true;
	return hides_name(at, end, names);
}

bool sp_auth_results_claims(const char *value, size_t length,
			    const struct sp_auth_names *names)
{
	struct reader reader = { value, value + length };
	struct word name;
	const char *start;

	if (!skip_blanks_and_comments(&reader))
		return is_obscurely_ours(value, value + length, names);
	start = reader.at;
	if (!read_name(&reader, &name))
		return is_obscurely_ours(value, value + length, names);
	if (is_ours(&name, names))
		return true;
	if (!goes_on_plainly(&reader, &name))
		return is_obscurely_ours(value, value + length, names);
	/* Who does not know comments, or how they nest, begins within them. */
	return memchr(value, '(', (size_t)(start - value)) != NULL &&
	       hides_name(value, start, names);
}

/* ------------------------------------------------------------- Received-SPF */

static bool is_ours_at(struct reader reader, const struct sp_auth_names *names)
{
	struct word word;

	while (is_left_out(next(&reader)))
		reader.at++;
	word_init(&word);
	for (; reader.at < reader.end && !word.text.is_cut; reader.at++) {
		if (*reader.at == '"' || *reader.at == '\\')
			continue;
		if (!is_name_character(*reader.at))
			break;
		word_add(&word, reader.at, 1);
	}
	word_end(&word);
	return is_ours(&word, names);
}

/* Behind "receiver": is there an '=', and our name? A bound keeps a field full
 * of open comments from being searched to its end for each of them. */
static bool is_our_receiver(struct reader reader,
			    const struct sp_auth_names *names)
{
	if (reader.end - reader.at > RECEIVER_MAX)
		reader.end = reader.at + RECEIVER_MAX;
	if (!skip_blanks_and_comments(&reader) || next(&reader) != '=')
		return false;
	reader.at++;
	return skip_blanks_and_comments(&reader) && is_ours_at(reader, names);
}

bool sp_received_spf_claims(const char *value, size_t length,
			    const struct sp_auth_names *names)
{
	static const char key[] = "receiver";
	const size_t key_length = sizeof(key) - 1;
	struct reader reader = { value, value + length };

	while (reader.at < reader.end) {
		bool is_key = (size_t)(reader.end - reader.at) >= key_length &&
			      sp_text_starts(reader.at, key);
		bool is_comment = *reader.at == '(';

		reader.at += is_key ? key_length : 1;
		if (is_comment && is_ours_at(reader, names))
			return true;
		if (is_key && is_our_receiver(reader, names))
			return true;
	}
	return false;
}
