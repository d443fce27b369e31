/*
 * What an engine (builtin, libspf2) says of cases in a made-up DNS, for
 * tests/conformance/spf.
 *
 * Lines of words on stdin; a text is hexadecimal behind a '=':
 *
 *	record NAME TYPE VALUE
 *	silent NAME			what is not there is not answered
 *	case CLIENT HELO SENDER
 *	clear
 *
 * For each case a line on stdout: the result, the explanation, the reason.
 * Answers are given in several orders; "differs" when that makes a difference.
 */
#include "sallyport/spf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spf_world.h"

enum {
	LINE_SIZE = 65536,
	WORDS_MAX = 4
};

static void die(const char *what)
{
	fprintf(stderr, "spf-eval: %s\n", what);
	exit(1);
}

static unsigned digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	if (at == NULL)
		die("no hexadecimal digit");
	return (unsigned)(at - digits);
}

/* In place. */
static char *decode(char *word, size_t *length_out)
{
	size_t length = (strlen(word) - 1) / 2;

	for (size_t i = 0; i < length; i++)
		word[i] = (char)(digit(word[1 + 2 * i]) * 16 +
				 digit(word[2 + 2 * i]));
	word[length] = '\0';
	*length_out = length;
	return word;
}

static void run_record(struct spf_world *world, char *const words[WORDS_MAX])
{
	size_t name_length, length;
	char *name = decode(words[1], &name_length);
	char *value = decode(words[3], &length);
	enum sp_dns_type type;

	if (!spf_world_type(words[2], &type) ||
	    !spf_world_add(world, name, type, value, length))
		die("a record that is none");
}

static void run_case(struct spf_world *world, enum sp_spf_engine engine,
		     char *const words[WORDS_MAX])
{
	size_t length;
	struct sp_spf_request request = {
		.engine = engine,
		.helo = decode(words[2], &length),
		.sender = decode(words[3], &length),
		.receiver = "receiver.example",
	};
	const struct sp_spf_outcome *outcome;
	struct sp_spf *first;
	const char *result;

	if (sp_ip_parse(words[1], &request.client) != SP_OK)
		die("no client");
	first = spf_world_evaluate(world, &request, 0);
	outcome = sp_spf_outcome_get(first);
	result = sp_spf_result_text(outcome->result);
	for (unsigned order = 1; order < SPF_WORLD_ORDERS; order++) {
		struct sp_spf *other =
			spf_world_evaluate(world, &request, order);

		if (!spf_world_is_same(first, other))
			result = "differs";
		sp_spf_free(&other);
	}
	printf("%s\t%s\t%s\n", result, sp_spf_explanation_get(first),
	       outcome->reason);
	sp_spf_free(&first);
}

struct evaluator {
	struct spf_world world;
	enum sp_spf_engine engine;
};

static void run_line(struct evaluator *evaluator, char *const words[WORDS_MAX],
		     size_t count)
{
	struct spf_world *world = &evaluator->world;
	size_t length;

	if (strcmp(words[0], "clear") == 0)
		spf_world_clear(world);
	else if (strcmp(words[0], "record") == 0 && count == 4)
		run_record(world, words);
	else if (strcmp(words[0], "silent") == 0 && count == 2)
		spf_world_add_silent(world, decode(words[1], &length));
	else if (strcmp(words[0], "case") == 0 && count == 4)
		run_case(world, evaluator->engine, words);
	else
		die("a line that is none");
}

int main(int count_of_words, char **given)
{
	static struct evaluator evaluator;
	static char line[LINE_SIZE];

	if (count_of_words != 2 || (strcmp(given[1], "builtin") != 0 &&
				    strcmp(given[1], "libspf2") != 0))
		die("usage: spf-eval builtin|libspf2");
	if (strcmp(given[1], "libspf2") == 0)
		evaluator.engine = SP_SPF_LIBSPF2;
	spf_world_init(&evaluator.world);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		char *words[WORDS_MAX] = { NULL };
		size_t count = 0;
		char *rest = NULL;

		for (char *word = strtok_r(line, " \n", &rest);
		     word != NULL && count < WORDS_MAX;
		     word = strtok_r(NULL, " \n", &rest))
			words[count++] = word;
		if (count > 0)
			run_line(&evaluator, words, count);
	}
	spf_world_clear(&evaluator.world);
	return 0;
}
