#include "submitter_words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	NAME_SIZE = 24
};

void sp_submitter_key(const char *submitter, bool is_recipients,
		      char key_out[SP_SUBMITTER_KEY_SIZE])
{
	struct sp_text key;

	sp_text_init(&key, key_out, SP_SUBMITTER_KEY_SIZE);
	sp_text_addf(&key, "sp:out:{%s}%s", submitter,
		     is_recipients ? ":rcpt" : "");
}

static void write_why(const struct sp_submitter_why *why, struct sp_text *out)
{
	switch (why->cause) {
	case SP_CAUSE_LIMIT:
	case SP_CAUSE_UNUSUAL:
		sp_text_addf(out, "%s %s %" PRIu32 " %" PRIu32 " %" PRId64,
			     why->cause == SP_CAUSE_LIMIT ? "limit" : "unusual",
			     sp_counted_name(why->counted), why->count,
			     why->most, why->window_ms);
		return;
	case SP_CAUSE_OPERATOR:
		sp_text_addf(out, "operator %s", why->words);
		return;
	default:
		sp_text_add(out, "unknown");
	}
}

const char *sp_standing_write(const struct sp_submitter_standing *standing,
			      char text_out[SP_STANDING_TEXT_SIZE])
{
	struct sp_text text;

	sp_text_init(&text, text_out, SP_STANDING_TEXT_SIZE);
	if (standing->state == SP_SUBMITTER_OK)
		return text_out;
	sp_text_addf(&text, "%s %" PRId64 " %" PRId64 " %c ",
		     sp_submitter_state_name(standing->state),
		     standing->since_ms, standing->until_ms,
		     standing->is_observed ? 'o' : 'e');
	write_why(&standing->why, &text);
	return text_out;
}

const char *sp_submitter_cause_name(enum sp_submitter_cause cause)
{
	switch (cause) {
	case SP_CAUSE_LIMIT:
		return "limit";
	case SP_CAUSE_UNUSUAL:
		return "unusual";
	case SP_CAUSE_OPERATOR:
		return "operator";
	case SP_CAUSE_NONE:
		break;
	}
	return "none";
}

/* The next word of `*at`; false when there is none, or it is too long. */
static bool read_name(const char **at, char name_out[NAME_SIZE])
{
	size_t length = strcspn(*at, " ");

	if (length == 0 || length >= NAME_SIZE)
		return false;
	memcpy(name_out, *at, length);
	name_out[length] = '\0';
	*at += length;
	*at += **at == ' ';
	return true;
}

static bool read_number(const char **at, int64_t *number_out)
{
	char name[NAME_SIZE];

	if (!read_name(at, name) ||
	    strspn(name, "0123456789") != strlen(name) || strlen(name) > 18)
		return false;
	*number_out = strtoll(name, NULL, 10);
	return true;
}

static uint32_t to_count(int64_t number)
{
	return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* "recipients 301 300 3600000" */
static bool read_measure(const char *at, struct sp_submitter_why *why)
{
	int64_t count, most;
	char name[NAME_SIZE];

	if (!read_name(&at, name) || !read_number(&at, &count) ||
	    !read_number(&at, &most) || !read_number(&at, &why->window_ms))
		return false;
	why->counted = sp_counted_by_name(name);
	why->count = to_count(count);
	why->most = to_count(most);
	return why->counted != SP_COUNTED_KINDS;
}

/* Made printable when it was written: but Redis may hold anything. */
static void copy_words(const char *from,
		       char words_out[SP_SUBMITTER_WORDS_SIZE])
{
	size_t length = strnlen(from, SP_SUBMITTER_WORDS_SIZE - 1);

	for (size_t i = 0; i < length; i++)
		words_out[i] = from[i] < ' ' || from[i] > '~' ? '?' : from[i];
	words_out[length] = '\0';
}

void sp_why_read(const char *text, struct sp_submitter_why *why_out)
{
	struct sp_submitter_why why = { .cause = SP_CAUSE_NONE };
	char name[NAME_SIZE];
	const char *at = text;

	*why_out = why;
	if (!read_name(&at, name))
		return;
	if (strcmp(name, "operator") == 0) {
		why.cause = SP_CAUSE_OPERATOR;
		copy_words(at, why.words);
		*why_out = why;
		return;
	}
	why.cause = strcmp(name, "limit") == 0	   ? SP_CAUSE_LIMIT
		    : strcmp(name, "unusual") == 0 ? SP_CAUSE_UNUSUAL
						   : SP_CAUSE_NONE;
	if (why.cause != SP_CAUSE_NONE && read_measure(at, &why))
		*why_out = why;
}

enum sp_err sp_standing_read(const char *text,
			     struct sp_submitter_standing *standing_out)
{
	struct sp_submitter_standing standing = { .state = SP_SUBMITTER_OK };
	char name[NAME_SIZE], mode[NAME_SIZE];
	const char *at = text;

	*standing_out = standing;
	if (!read_name(&at, name) ||
	    sp_submitter_state_by_name(name, &standing.state) != SP_OK ||
	    !read_number(&at, &standing.since_ms) ||
	    !read_number(&at, &standing.until_ms) || !read_name(&at, mode))
		return SP_ERR_SYNTAX;
	standing.is_observed = mode[0] == 'o';
	sp_why_read(at, &standing.why);
	*standing_out = standing;
	return SP_OK;
}

/* "hour", "6 hours" */
static void write_span(int64_t ms, struct sp_text *out)
{
	static const struct {
		int64_t ms;
		const char *name;
	} units[] = { { 86400000, "day" },
		      { 3600000, "hour" },
		      { 60000, "minute" },
		      { 1000, "second" } };
	size_t i = 0;

	while (i < 3 && (ms < units[i].ms || ms % units[i].ms != 0))
		i++;
	if (ms / units[i].ms != 1)
		sp_text_addf(out, "%" PRId64 " ", ms / units[i].ms);
	sp_text_addf(out, "%s%s", units[i].name,
		     ms / units[i].ms == 1 ? "" : "s");
}

void sp_submitter_why_write(const struct sp_submitter_why *why,
			    struct sp_text *out)
{
	if (why->cause == SP_CAUSE_OPERATOR) {
		sp_text_addf(out, "by hand%s%s", why->words[0] ? ": " : "",
			     why->words);
		return;
	}
	if (why->cause == SP_CAUSE_NONE) {
		sp_text_add(out, "no reason is kept");
		return;
	}
	sp_text_addf(out, "%" PRIu32 " %s in the last ", why->count,
		     sp_counted_words(why->counted, why->count));
	write_span(why->window_ms, out);
	if (why->cause == SP_CAUSE_LIMIT)
		sp_text_addf(out, "; the limit is %" PRIu32, why->most);
	else
		sp_text_addf(out, "; the most in 30 days was %" PRIu32,
			     why->most);
}
