#include "limit.h"

#include <inttypes.h>
#include <string.h>

#include "report.h"
#include "value.h"

/* How a limit reads, for errors. */
#define EXAMPLE "\"200/1h hold\""

static const struct kind {
	const char *name, *one, *words;
	uint32_t most;
} kinds[SP_COUNTED_KINDS] = {
	[SP_COUNTED_MESSAGES] = { "messages", "mail", "mails", SP_LIMIT_MOST },
	[SP_COUNTED_RECIPIENTS] = { "recipients", "recipient", "recipients",
				    SP_LIMIT_MOST },
	[SP_COUNTED_REFUSED] = { "refused", "refused recipient",
				 "refused recipients", SP_LIMIT_MOST },
	[SP_COUNTED_FOREIGN] = { "foreign-from", "mail in another's name",
				 "mails in others' names", SP_LIMIT_MOST },
	[SP_COUNTED_BOUNCES] = { "bounces", "bounce", "bounces",
				 SP_LIMIT_MOST },
	[SP_COUNTED_DISTINCT_RECIPIENTS] = { "distinct-recipients", "recipient",
					     "different recipients",
					     SP_LIMIT_MOST_DISTINCT },
	[SP_COUNTED_NETWORKS] = { "networks", "network", "networks",
				  SP_LIMIT_MOST_PLACES },
	[SP_COUNTED_COUNTRIES] = { "countries", "country", "countries",
				   SP_LIMIT_MOST_PLACES },
	[SP_COUNTED_ASNS] = { "asns", "provider", "providers",
			      SP_LIMIT_MOST_PLACES },
};

static const char *const states[] = {
	[SP_SUBMITTER_OK] = "ok",
	[SP_SUBMITTER_WATCH] = "watch",
	[SP_SUBMITTER_HOLD] = "hold",
	[SP_SUBMITTER_LOCKED] = "locked",
};

enum {
	STATES = sizeof(states) / sizeof(*states)
};

static const int64_t window_least_ms = 60000, window_most_ms = 2592000000;

const char *sp_counted_name(enum sp_counted counted)
{
	return kinds[counted].name;
}

const char *sp_counted_words(enum sp_counted counted, uint32_t count)
{
	return count == 1 ? kinds[counted].one : kinds[counted].words;
}

enum sp_counted sp_counted_by_name(const char *name)
{
	unsigned i = 0;

	while (i < SP_COUNTED_KINDS && strcmp(kinds[i].name, name) != 0)
		i++;
	return (enum sp_counted)i;
}

const char *sp_submitter_state_name(enum sp_submitter_state state)
{
	return states[state];
}

enum sp_err sp_submitter_state_by_name(const char *name,
				       enum sp_submitter_state *state_out)
{
	for (unsigned i = 0; i < STATES; i++) {
		if (strcmp(states[i], name) != 0)
			continue;
		*state_out = (enum sp_submitter_state)i;
		return SP_OK;
	}
	return SP_ERR_NOT_FOUND;
}

void sp_limit_write(const struct sp_limit *limit, struct sp_text *out)
{
	sp_text_addf(out, "%s: %" PRIu32 "/", kinds[limit->counted].name,
		     limit->most);
	sp_value_write_duration(out, limit->window_ms);
	sp_text_addf(out, " %s", states[limit->state]);
}

uint32_t sp_limit_share(const struct sp_limit *limit, uint32_t count)
{
	const uint64_t most = limit->most, share_most = 10000;
	uint64_t share;

	if (most == 0)
		return count == 0 ? 0 : (uint32_t)share_most;
	share = 1000 * (uint64_t)count / most;
	return (uint32_t)(share < share_most ? share : share_most);
}

enum sp_err sp_limit_refuse(char error_out[SP_LIMIT_ERROR_SIZE],
			    enum sp_err err, const char *format, ...)
{
	struct sp_text text;
	va_list args;

	sp_text_init(&text, error_out, SP_LIMIT_ERROR_SIZE);
	va_start(args, format);
	sp_text_vaddf(&text, format, args);
	va_end(args);
	return err;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Without the blanks around it, in place. */
static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (is_blank(*text))
		text++;
	while (end > text && is_blank(end[-1]))
		end--;
	*end = '\0';
	return text;
}

enum sp_err sp_statement_read(const char *text,
			      struct sp_statement *statement_out)
{
	size_t length = strlen(text);
	char *colon;

	if (length >= sizeof(statement_out->bytes))
		return SP_ERR_TOO_LONG;
	memcpy(statement_out->bytes, text, length + 1);
	colon = strchr(statement_out->bytes, ':');
	if (colon == NULL)
		return SP_ERR_SYNTAX;
	*colon = '\0';
	statement_out->name = trim(statement_out->bytes);
	statement_out->value = trim(colon + 1);
	return *statement_out->name == '\0' || *statement_out->value == '\0'
		       ? SP_ERR_SYNTAX
		       : SP_OK;
}

/* The next word of `*at`, up to `end` or a blank; "" when there is none. */
static enum sp_err read_word(const char **at, char end, char word_out[24])
{
	size_t length = 0;

	while (is_blank(**at))
		(*at)++;
	for (; **at != '\0' && **at != end && !is_blank(**at); (*at)++) {
		if (length + 1 >= 24)
			return SP_ERR_SYNTAX;
		word_out[length++] = **at;
	}
	word_out[length] = '\0';
	return length == 0 ? SP_ERR_SYNTAX : SP_OK;
}

static enum sp_err read_most(const char *word, enum sp_counted counted,
			     uint32_t *most_out, char *error_out)
{
	const struct kind *kind = &kinds[counted];
	uint64_t most;
	enum sp_err err = sp_value_number(word, &most);

	if (err == SP_OK && most > kind->most)
		err = SP_ERR_RANGE;
	if (err == SP_ERR_RANGE)
		return sp_limit_refuse(error_out, err,
				       "expected at most %" PRIu32
				       " %s, found %s",
				       kind->most, kind->words, word);
	if (err != SP_OK)
		return sp_limit_refuse(
			error_out, err,
			"expected a whole number before the '/', as in " EXAMPLE
			", found \"%s\"",
			word);
	*most_out = (uint32_t)most;
	return SP_OK;
}

static enum sp_err read_window(const char *word, int64_t *window_ms_out,
			       char *error_out)
{
	int64_t window_ms;
	enum sp_err err = sp_value_duration(word, &window_ms);

	if (err == SP_OK &&
	    (window_ms < window_least_ms || window_ms > window_most_ms))
		err = SP_ERR_RANGE;
	if (err == SP_ERR_RANGE)
		return sp_limit_refuse(
			error_out, err,
			"expected a window from 1m to 30d, found %s", word);
	if (err != SP_OK)
		return sp_limit_refuse(
			error_out, err,
			"expected a window behind the '/', as in " EXAMPLE
			", found \"%s\"",
			word);
	*window_ms_out = window_ms;
	return SP_OK;
}

static enum sp_err read_state(const char *word,
			      enum sp_submitter_state *state_out,
			      char *error_out)
{
	enum sp_submitter_state state = SP_SUBMITTER_OK;

	if (sp_submitter_state_by_name(word, &state) != SP_OK ||
	    state == SP_SUBMITTER_OK)
		return sp_limit_refuse(error_out, SP_ERR_SYNTAX,
				       "expected watch, hold or locked, found "
				       "\"%s\"",
				       word);
	*state_out = state;
	return SP_OK;
}

static enum sp_err read_parts(const char *value, char most_out[24],
			      char window_out[24], char state_out[24])
{
	const char *at = value;

	if (read_word(&at, '/', most_out) != SP_OK || *at++ != '/' ||
	    read_word(&at, '\0', window_out) != SP_OK ||
	    read_word(&at, '\0', state_out) != SP_OK)
		return SP_ERR_SYNTAX;
	while (is_blank(*at))
		at++;
	return *at == '\0' ? SP_OK : SP_ERR_SYNTAX;
}

enum sp_err sp_limit_read(enum sp_counted counted, const char *value,
			  struct sp_limit *limit_out,
			  char error_out[SP_LIMIT_ERROR_SIZE])
{
	struct sp_limit limit = { .counted = counted };
	char most[24], window[24], state[24], quote[SP_QUOTE_SIZE];
	enum sp_err err = read_parts(value, most, window, state);

	if (err != SP_OK)
		return sp_limit_refuse(error_out, err,
				       "expected a limit such as " EXAMPLE
				       ", found %s",
				       sp_quote(value, quote));
	err = read_most(most, counted, &limit.most, error_out);
	if (err == SP_OK)
		err = read_window(window, &limit.window_ms, error_out);
	if (err == SP_OK)
		err = read_state(state, &limit.state, error_out);
	if (err == SP_OK)
		*limit_out = limit;
	return err;
}

bool sp_limit_is_idle(const struct sp_limit *limit,
		      const struct sp_limit *other)
{
	return limit->counted == other->counted && other->most <= limit->most &&
	       other->window_ms >= limit->window_ms &&
	       other->state >= limit->state;
}
