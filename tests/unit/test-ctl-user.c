/* test-ctl-user.c - the command line of `sallyport user`, and how what was
 * typed goes to the daemon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "command.h"
#include "sallyport/ctl.h"
#include "sallyport/text.h"

enum {
	ARGUMENTS_MAX = 12
};

struct usage_row {
	const char *sentence, *line; /* '' is an empty argument */
	int exit_code;
};

static const struct usage_row usages[] = {
	{ "it has a help", "user --help", SP_EXIT_FINE },
	{ "it needs a verb", "user", SP_EXIT_USAGE },
	{ "it knows no such verb", "user drop a", SP_EXIT_USAGE },
	{ "show needs a submitter", "user show", SP_EXIT_USAGE },
	{ "one at a time", "user show a b", SP_EXIT_USAGE },
	{ "list takes none", "user list a", SP_EXIT_USAGE },
	{ "a lock has a reason", "user lock a", SP_EXIT_USAGE },
	{ "that is not empty", "user lock a --reason ''", SP_EXIT_USAGE },
	{ "ok is no lock", "user lock a --reason x --state ok", SP_EXIT_USAGE },
	{ "a term has a unit", "user lock a --reason x --for 5",
	  SP_EXIT_USAGE },
	{ "it is no moment", "user lock a --reason x --for 59s",
	  SP_EXIT_USAGE },
	{ "nor for ever", "user lock a --reason x --for 401d", SP_EXIT_USAGE },
	{ "a state is one of four", "user list --state drunk", SP_EXIT_USAGE },
	{ "a release needs no reason", "user release a --reason x",
	  SP_EXIT_USAGE },
	{ "nor a term", "user release a --for 1h", SP_EXIT_USAGE },
	{ "nor a state", "user release a --state hold", SP_EXIT_USAGE },
	{ "a limit is for lists", "user show a --limit 5", SP_EXIT_USAGE },
	{ "and so are all", "user limits --all", SP_EXIT_USAGE },
	{ "a limit is not nothing", "user list --limit 0", SP_EXIT_USAGE },
	{ "nor too much", "user list --limit 501", SP_EXIT_USAGE },
	{ "all have no limit", "user list --limit 5 --all", SP_EXIT_USAGE },
};

static void test_usage(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(usages) / sizeof(*usages); i++) {
		char buffer[256], name[] = "sallyport";
		char *argv[ARGUMENTS_MAX + 1] = { name };
		char *rest = NULL;
		int argc = 1;

		print_message("  %s\n", usages[i].sentence);
		strcpy(buffer, usages[i].line);
		for (char *word = strtok_r(buffer, " ", &rest); word != NULL;
		     word = strtok_r(NULL, " ", &rest))
			argv[argc++] =
				strcmp(word, "''") == 0 ? word + 2 : word;
		optind = 0;
		assert_int_equal(sp_ctl_main(argc, argv), usages[i].exit_code);
	}
}

static const struct word_row {
	const char *sentence, *word, *written;
} words[] = {
	{ "a login", "alice@example.org", " alice@example.org" },
	{ "an address", "net:2001:db8::/64", " net:2001:db8::/64" },
	{ "nothing", "", " " },
	{ "what parts words and lines", "a b\r\n", " a%20b%0D%0A" },
	{ "the sign itself", "%41", " %2541" },
	{ "8-bit and quotes", "\xff\"'", " %FF%22%27" },
};

static void test_words_of_a_question(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		char bytes[64];
		struct sp_text text;

		print_message("  %s\n", words[i].sentence);
		sp_text_init(&text, bytes, sizeof(bytes));
		sp_ask_word(&text, words[i].word);
		assert_string_equal(bytes, words[i].written);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_words_of_a_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
