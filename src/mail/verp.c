#include "verp.h"

#include <string.h>

enum {
	/* Fewer digits behind a separator may be a year or a house number. */
	NUMBER_MIN = 5,
	HEX_MIN = 8,
	/* Longer than a telephone number with its country code. */
	LONG_MIN = 14,
	/* An opaque token: letters and digits that change too often for a
	 * word ("P8T5PED6GPLZ4A"). */
	OPAQUE_MIN = 10,
	OPAQUE_SWITCHES_MIN = 4,
	TOKEN_MIN = 8,
	UUID_LENGTH = 36
};

/* Words that only a machine's local part has. */
static const char *const machine_words[] = {
	"bounce", "bounces", "error",	"errors", "mailer",
	"owner",  "return",  "returns", "verp",
};

struct scope {
	const char *text;
	size_t length;
	bool is_extension; /* begins with the '+' behind a mailbox */
};

struct word {
	size_t start;
	size_t end;
	size_t digits;
	size_t hex_letters; /* a to f */
	size_t switches;    /* from letter to digit, or back */
	bool is_uuid;
	bool is_marked;		/* something stands before it */
	bool is_behind_machine; /* the word before is a machine's */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex_letter(char c)
{
	return c >= 'a' && c <= 'f';
}

static bool is_word_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (unsigned char)c > 0x7f;
}

static size_t word_length(const struct word *word)
{
	return word->end - word->start;
}

static bool is_machine_word(const char *text, size_t length)
{
	size_t count = sizeof(machine_words) / sizeof(machine_words[0]);

	for (size_t i = 0; i < count; i++) {
		if (strlen(machine_words[i]) == length &&
		    memcmp(machine_words[i], text, length) == 0)
			return true;
	}
	return false;
}

/* Hex digits in groups of 8-4-4-4-12. */
static bool is_uuid(const char *text, size_t length)
{
	if (length < UUID_LENGTH ||
	    (length > UUID_LENGTH && is_word_char(text[UUID_LENGTH])))
		return false;
	for (size_t i = 0; i < UUID_LENGTH; i++) {
		bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_hyphen ? text[i] != '-'
			      : !is_digit(text[i]) && !is_hex_letter(text[i]))
			return false;
	}
	return true;
}

static void count_chars(const struct scope *scope, struct word *word)
{
	const char *text = scope->text;

	for (size_t i = word->start; i < word->end; i++) {
		if (is_digit(text[i]))
			word->digits++;
		else if (is_hex_letter(text[i]))
			word->hex_letters++;
		if (i > word->start &&
		    is_digit(text[i]) != is_digit(text[i - 1]))
			word->switches++;
	}
}

/* The word behind `word`, which is all zero to begin with. */
static bool next_word(const struct scope *scope, struct word *word)
{
	struct word next = { .is_marked =
				     word->end > 0 || scope->is_extension };
	size_t at = word->end;

	while (at < scope->length && !is_word_char(scope->text[at]))
		at++;
	if (at == scope->length)
		return false;
	next.is_behind_machine =
		is_machine_word(scope->text + word->start, word_length(word));
	next.start = at;
	next.is_uuid = is_uuid(scope->text + at, scope->length - at);
	while (at < scope->length && is_word_char(scope->text[at]))
		at++;
	next.end = next.is_uuid ? next.start + UUID_LENGTH : at;
	count_chars(scope, &next);
	*word = next;
	return true;
}

static bool is_number(const struct word *word)
{
	return word->digits == word_length(word);
}

/* Hex digits, at least one of them a digit: "facade" is a word. */
static bool is_hex(const struct word *word)
{
	return word->digits > 0 &&
	       word->digits + word->hex_letters == word_length(word);
}

static bool surely_varies(const struct word *word)
{
	size_t length = word_length(word);

	if (word->is_uuid || (is_hex(word) && length >= LONG_MIN))
		return true;
	if (!word->is_marked)
		return false;
	if (is_number(word))
		return length >= NUMBER_MIN || word->is_behind_machine;
	if (is_hex(word) && length >= HEX_MIN)
		return true;
	return length >= OPAQUE_MIN && word->switches >= OPAQUE_SWITCHES_MIN;
}

/* In what a machine wrote. */
static bool may_vary(const struct word *word)
{
	if (!word->is_marked)
		return false;
	if (is_number(word))
		return true;
	return word->digits > 0 &&
	       (is_hex(word) || word_length(word) >= TOKEN_MIN);
}

/*
 * Where the encoded recipient, which has its '=' at `equals`, begins: behind
 * the first number, behind the '+', or behind a machine's word. 0 when none of
 * these is there: "john-smith=example.org" may be one person, rewritten by a
 * forwarder, and is left alone.
 */
static size_t recipient_start(const struct scope *scope, size_t equals)
{
	struct scope before = { scope->text, equals, scope->is_extension };
	struct word word = { 0 };
	size_t behind_word = 0;

	while (next_word(&before, &word)) {
		/* It needs a separator, and a user behind it. */
		if (word.end + 1 >= equals)
			break;
		if (surely_varies(&word) ||
		    (word.is_marked && is_number(&word)))
			return word.end + 1;
		if (behind_word == 0 &&
		    is_machine_word(scope->text + word.start,
				    word_length(&word)))
			behind_word = word.end + 1;
	}
	return scope->is_extension && equals > 1 ? 1 : behind_word;
}

/* The length of a domain name of two labels or more at `at`, or 0. */
static size_t domain_length(const struct scope *scope, size_t at)
{
	size_t end = at;
	bool has_dot = false;

	while (end < scope->length &&
	       (is_word_char(scope->text[end]) || scope->text[end] == '.' ||
		scope->text[end] == '-')) {
		has_dot = has_dot || (scope->text[end] == '.' && end > at);
		end++;
	}
	return has_dot ? end - at : 0;
}

/* How the '@' is written at `at`: "=", or "==a==" (Sympa). */
static size_t at_sign_length(const struct scope *scope, size_t at)
{
	static const char sympa[] = "==a==";
	size_t length = strlen(sympa);

	if (scope->length - at > length &&
	    memcmp(scope->text + at, sympa, length) == 0)
		return length;
	return scope->text[at] == '=' ? 1 : 0;
}

static bool find_recipient(const struct scope *scope, size_t *start_out,
			   size_t *end_out)
{
	for (size_t at = 1; at < scope->length; at++) {
		size_t sign = at_sign_length(scope, at);
		size_t length = sign > 0 ? domain_length(scope, at + sign) : 0;
		size_t start = length > 0 ? recipient_start(scope, at) : 0;

		if (start > 0) {
			*start_out = start;
			*end_out = at + sign + length;
			return true;
		}
	}
	*start_out = scope->length;
	*end_out = scope->length;
	return false;
}

static bool has_sure_word(const struct scope *scope, size_t length)
{
	struct scope part = { scope->text, length, scope->is_extension };
	struct word word = { 0 };

	while (next_word(&part, &word)) {
		if (surely_varies(&word))
			return true;
	}
	return false;
}

/* A word that stays, but for numbers in it that are too long for people. */
static void add_word(const char *text, size_t length, struct sp_text *out)
{
	size_t at = 0;

	while (at < length) {
		size_t run = 0;

		while (at + run < length && is_digit(text[at + run]))
			run++;
		if (run >= LONG_MIN)
			sp_text_add(out, "#");
		else
			sp_text_add_bytes(out, text + at, run);
		at += run;
		if (at < length)
			sp_text_add_bytes(out, text + at++, 1);
	}
}

/* Fold [from, to) of the scope word by word. */
static void fold_words(const struct scope *scope, size_t from, size_t to,
		       bool is_machine, struct sp_text *out)
{
	struct scope part = { scope->text, to, scope->is_extension };
	struct word word = { .start = from, .end = from };
	size_t done = from;

	while (next_word(&part, &word)) {
		sp_text_add_bytes(out, scope->text + done, word.start - done);
		done = word.end;
		if (surely_varies(&word) || (is_machine && may_vary(&word)))
			sp_text_add(out, "#");
		else
			add_word(scope->text + word.start, word_length(&word),
				 out);
	}
	sp_text_add_bytes(out, scope->text + done, to - done);
}

static void fold_scope(const struct scope *scope, struct sp_text *out)
{
	size_t start = scope->length;
	size_t end = scope->length;
	bool has_recipient = find_recipient(scope, &start, &end);
	bool is_machine = has_recipient || has_sure_word(scope, start);

	fold_words(scope, 0, start, is_machine, out);
	if (has_recipient)
		sp_text_add(out, "#");
	fold_words(scope, end, scope->length, is_machine, out);
}

void sp_verp_fold(const char *local, struct sp_text *out)
{
	size_t length = strlen(local);
	/* A '+' in front is no mailbox's end: "+4930123456". */
	const char *plus = length > 0 ? strchr(local + 1, '+') : NULL;
	size_t before = plus != NULL ? (size_t)(plus - local) : length;
	struct scope mailbox = { local, before, false };

	fold_scope(&mailbox, out);
	if (plus != NULL) {
		struct scope extension = { plus, length - before, true };

		fold_scope(&extension, out);
	}
}
