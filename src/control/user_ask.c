#include "user_ask.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/limits.h"
#include "sallyport/submitter_store.h"
#include "sallyport/text.h"
#include "sallyport/users.h"

enum {
	WORDS_MAX = 5
};

/* The words of a question, %HH read. */
struct words {
	size_t count;
	char *words[WORDS_MAX];
};

/* In place; false when a % is not followed by the digits of a byte. */
static bool unescape(char *word)
{
	char *to = word;

	for (const char *from = word; *from != '\0'; from++) {
		int high, low;

		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		high = sp_hex_digit(from[1]);
		low = high < 0 ? -1 : sp_hex_digit(from[2]);
		if (low < 0 || high + low == 0)
			return false;
		*to++ = (char)(16 * high + low);
		from += 2;
	}
	*to = '\0';
	return true;
}

/* Parted by single spaces: a word may be empty. */
static bool split(char *question, struct words *words_out)
{
	char *word;

	words_out->count = 0;
	while ((word = strsep(&question, " ")) != NULL) {
		if (words_out->count == WORDS_MAX || !unescape(word))
			return false;
		words_out->words[words_out->count++] = word;
	}
	return true;
}

static bool read_number(const char *word, int64_t *number_out)
{
	size_t length = strlen(word);

	if (length == 0 || length > 15 || strspn(word, "0123456789") != length)
		return false;
	*number_out = strtoll(word, NULL, 10);
	return true;
}

static json_t *complain(const char *text)
{
	return json_pack("{s:s, s:s}", "error", text, "code", "usage");
}

/* --- the questions -------------------------------------------------------- */

typedef json_t *(*answer_fn)(const struct sp_service *service,
			     const struct words *words, const char *by);

static bool read_sorting(const char *word, enum sp_submitter_sorting *by_out)
{
	static const char *const names[] = {
		[SP_SUBMITTERS_BY_STATE] = "state",
		[SP_SUBMITTERS_BY_LAST] = "last",
		[SP_SUBMITTERS_BY_SHARE] = "share",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i], word) != 0)
			continue;
		*by_out = (enum sp_submitter_sorting)i;
		return true;
	}
	return false;
}

static json_t *answer_list(const struct sp_service *service,
			   const struct words *words, const char *by)
{
	struct sp_submitter_range range = { .by = SP_SUBMITTERS_BY_STATE };
	int64_t offset, count;

	(void)by;
	if (!read_sorting(words->words[1], &range.by) ||
	    sp_submitter_state_by_name(words->words[2], &range.state) !=
		    SP_OK ||
	    !read_number(words->words[3], &offset) ||
	    !read_number(words->words[4], &count))
		return complain("expected: users state|last|share STATE "
				"OFFSET COUNT");
	range.offset = (size_t)offset;
	range.count = (size_t)count;
	return sp_users_list(service, &range);
}

static json_t *answer_show(const struct sp_service *service,
			   const struct words *words, const char *by)
{
	(void)by;
	return sp_users_show(service, words->words[1]);
}

static json_t *answer_set(const struct sp_service *service,
			  const struct words *words, const char *by)
{
	struct sp_users_order order = {
		.typed = words->words[3],
		.words = words->words[4],
		.by = by,
	};

	if (sp_submitter_state_by_name(words->words[1], &order.state) !=
		    SP_OK ||
	    !read_number(words->words[2], &order.term_ms))
		return complain("expected: user-set STATE MILLISECONDS "
				"SUBMITTER WORDS");
	return sp_users_set(service, &order);
}

static json_t *answer_limits(const struct sp_service *service,
			     const struct words *words, const char *by)
{
	int64_t first;

	(void)by;
	if (!read_number(words->words[1], &first))
		return complain("expected: user-limits FIRST");
	return sp_users_limits(service, (size_t)first);
}

static json_t *answer_limits_of(const struct sp_service *service,
				const struct words *words, const char *by)
{
	(void)by;
	return sp_users_limits_of(service, words->words[1]);
}

static const struct question {
	const char *name;
	size_t words; /* with the name */
	answer_fn answer;
} questions[] = {
	{ "users", 5, answer_list },
	{ "user", 2, answer_show },
	{ "user-set", 5, answer_set },
	{ "user-limits", 2, answer_limits },
	{ "user-limits-of", 2, answer_limits_of },
};

json_t *sp_user_answer(const struct sp_service *service, char *question,
		       const char *by)
{
	size_t length = strcspn(question, " ");
	struct words words;

	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
		const struct question *row = &questions[i];

		if (strlen(row->name) != length ||
		    strncmp(row->name, question, length) != 0)
			continue;
		if (!split(question, &words) || words.count != row->words)
			return complain("too few or too many words, or a % "
					"without the digits of a byte");
		return row->answer(service, &words, by);
	}
	return NULL;
}
