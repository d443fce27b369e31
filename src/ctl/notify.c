/* sallyport notify: can the administrator be told? */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ask.h"
#include "output.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"

enum {
	LOOK_EVERY_MS = 100,
	/* Beyond twice the time of a run: what runs already, then the test. */
	PATIENCE_MS = 5000
};

static const char help[] =
	"Usage: sallyport notify test [--no-wait] [--config FILE] [--json]\n"
	"\n"
	"Have the daemon tell the administrator, by notify.program and by\n"
	"notify.mail, that this is a test, and show what became of it. The\n"
	"program gets {\"event\":\"test\", ...} on its standard input.\n"
	"\n"
	"  --no-wait   do not wait for the end; the log shows it\n"
	"\n"
	"Exit codes: 0 told on every way that is configured; 1 not so, or none\n"
	"is configured; 2 used wrongly; 3 the daemon cannot be reached; 4 the\n"
	"configuration has errors.\n";

static const char *const ways[] = { "program", "mail" };

enum {
	WAYS = sizeof(ways) / sizeof(ways[0])
};

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static bool is_at(const json_t *result, const char *way, const char *stage)
{
	return strcmp(text(json_object_get(result, way), "stage"), stage) == 0;
}

static bool is_over(const json_t *result)
{
	for (size_t i = 0; i < WAYS; i++)
		if (is_at(result, ways[i], "waiting") ||
		    is_at(result, ways[i], "running"))
			return false;
	return true;
}

static int judge(const json_t *result)
{
	for (size_t i = 0; i < WAYS; i++)
		if (!is_at(result, ways[i], "good") &&
		    !is_at(result, ways[i], "off"))
			return SP_EXIT_NO;
	return SP_EXIT_FINE;
}

static void print_way(const json_t *result, const char *way)
{
	const json_t *object = json_object_get(result, way);

	printf("%-8s %s", way, text(object, "stage"));
	if (text(object, "how")[0]) {
		fputs(": ", stdout);
		sp_output_safe(stdout, text(object, "how"));
		printf(" after %lld ms",
		       (long long)json_integer_value(
			       json_object_get(object, "ms")));
	}
	putchar('\n');
	if (!text(object, "output")[0])
		return;
	fputs("         it said: ", stdout);
	sp_output_safe(stdout, text(object, "output"));
	putchar('\n');
}

/* Ask; what went wrong is said, and *answer_out NULL then. */
static int ask(const struct sp_ctl *ctl, const char *question,
	       json_t **answer_out)
{
	const char *path = ctl->config->control;
	enum sp_err err = sp_ask(path, question, answer_out);
	int exit_code;

	if (err != SP_OK)
		return sp_ctl_fail(SP_EXIT_UNREACHABLE,
				   "no daemon answers at %s: %s", path,
				   sp_ask_why(err));
	if (!text(*answer_out, "error")[0])
		return SP_EXIT_FINE;
	exit_code = sp_ctl_fail(SP_EXIT_NO, "%s", text(*answer_out, "error"));
	json_decref(*answer_out);
	*answer_out = NULL;
	return exit_code;
}

/* Until it is over, or patience is. */
static int wait_for(const struct sp_ctl *ctl, const json_t *test,
		    json_t **result_out)
{
	const struct timespec pause = { .tv_nsec = LOOK_EVERY_MS * 1000000L };
	int64_t until_ms =
		sp_clock_mono_ms() + PATIENCE_MS +
		2 * json_integer_value(json_object_get(test, "timeout_ms"));
	char question[64];

	snprintf(
		question, sizeof(question), "notify %lld",
		(long long)json_integer_value(json_object_get(test, "number")));
	for (;;) {
		int exit_code = ask(ctl, question, result_out);

		if (exit_code != SP_EXIT_FINE || is_over(*result_out) ||
		    sp_clock_mono_ms() > until_ms)
			return exit_code;
		json_decref(*result_out);
		(void)nanosleep(&pause, NULL);
	}
}

static int test(const struct sp_ctl *ctl, bool is_waiting)
{
	json_t *started, *result;
	int exit_code = ask(ctl, "notify test", &started);

	if (exit_code != SP_EXIT_FINE)
		return exit_code;
	if (!is_waiting) {
		if (ctl->is_json) {
			sp_output_json(started);
			return SP_EXIT_FINE;
		}
		puts("on its way; the log shows what becomes of it");
		json_decref(started);
		return SP_EXIT_FINE;
	}
	exit_code = wait_for(ctl, started, &result);
	json_decref(started);
	if (exit_code != SP_EXIT_FINE)
		return exit_code;
	exit_code = judge(result);
	if (ctl->is_json) {
		sp_output_json(result);
		return exit_code;
	}
	for (size_t i = 0; i < WAYS; i++)
		print_way(result, ways[i]);
	json_decref(result);
	return exit_code;
}

static int run(struct sp_ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		SP_COMMON_OPTIONS,
		{ "no-wait", no_argument, NULL, 'n' },
		{ 0 },
	};
	bool is_waiting = true;
	int option, exit_code;

	while ((option = sp_ctl_option(ctl, &sp_command_notify, argc, argv,
				       options)) != SP_OPTION_END) {
		if (option == SP_OPTION_EXIT)
			return ctl->exit_code;
		is_waiting = false;
	}
	if (optind + 1 != argc || strcmp(argv[optind], "test") != 0)
		return sp_ctl_usage(argv[0], "expected: test");
	exit_code = sp_ctl_load_config(ctl);
	return exit_code == SP_EXIT_FINE ? test(ctl, is_waiting) : exit_code;
}

const struct sp_command sp_command_notify = {
	.name = "notify",
	.summary = "can the administrator be told? send a test",
	.help = help,
	.run = run,
};
