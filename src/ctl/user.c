/* sallyport user: what submitters send, and locking and releasing them. */
#include "user.h"

#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "output.h"
#include "sallyport/config.h"
#include "sallyport/limits.h"
#include "sallyport/text.h"

enum {
	LIMIT_MAX = 500
};

static const int64_t term_least_ms = 60000,
		     term_most_ms = INT64_C(400) * 86400000;

static const char help[] =
	"Usage: sallyport user list [--state STATE] [--limit N | --all]\n"
	"       sallyport user show SUBMITTER\n"
	"       sallyport user lock SUBMITTER --reason WORDS [--for TIME]\n"
	"                           [--state watch|hold|locked]\n"
	"       sallyport user release SUBMITTER\n"
	"       sallyport user limits [SUBMITTER]\n"
	"\n"
	"list     who sends out through us: first those that are locked, held or\n"
	"         watched, then those of today and yesterday that are nearest to\n"
	"         a limit\n"
	"show     everything about one: what it has sent in each window against\n"
	"         its limits, from where, its state and why, what to do\n"
	"lock     do not take its mail any more (--state hold: keep it in the\n"
	"         mail server's queue; --state watch: only watch)\n"
	"release  end that; shows what it was locked for. All counts begin anew\n"
	"limits   the limits of all classes, or those of one submitter, and where\n"
	"         they are stated\n"
	"\n"
	"SUBMITTER is a login (alice@example.org, sasl:alice), a user of this\n"
	"machine (uid:71023) or a trusted relay (net:192.0.2.7). A login without\n"
	"a domain gets outbound.login-domain.\n"
	"\n"
	"  --state STATE   list: only those that are ok, watch, hold or locked\n"
	"  --limit N       list so many at most (50; no more than 500)\n"
	"  --all           list all: those that are not ok, then the others, the\n"
	"                  one with the latest mail first\n"
	"  --reason WORDS  why it is locked: kept, and shown at its release\n"
	"  --for TIME      lock for so long: 30m, 12h, 2d (as outbound.locked-term,\n"
	"                  hold-term and watch-term say)\n"
	"\n"
	"The daemon is asked on its control socket. When its Redis does not answer,\n"
	"what this machine remembers is shown, and a lock or release holds on this\n"
	"machine only: then the exit code is 3.\n"
	"\n"
	"Exit codes: 0 fine; 1 nothing is known of it, or there is nothing to\n"
	"release; 2 used wrongly; 3 the daemon or Redis cannot be reached; 4 the\n"
	"configuration has errors.\n";

/* --- asking --------------------------------------------------------------- */

/* What the daemon complains of; the text may hold anything. */
static int complain(const json_t *answer)
{
	const char *code = sp_user_text(answer, "code");

	fputs("sallyport: ", stderr);
	sp_output_safe(stderr, sp_user_text(answer, "error"));
	fputc('\n', stderr);
	return strcmp(code, "usage") == 0     ? SP_EXIT_USAGE
	       : strcmp(code, "nothing") == 0 ? SP_EXIT_NO
					      : SP_EXIT_UNREACHABLE;
}

int sp_user_ask(const struct sp_user_task *task, const char *question,
		json_t **answer_out)
{
	const char *path = task->ctl->config->control;
	enum sp_err err = sp_ask(path, question, answer_out);

	if (err != SP_OK)
		return sp_ctl_fail(SP_EXIT_UNREACHABLE,
				   "no daemon answers at %s: %s", path,
				   sp_ask_why(err));
	return json_object_get(*answer_out, "error") != NULL
		       ? complain(*answer_out)
		       : SP_EXIT_FINE;
}

/* Ask, and print in JSON whatever comes; else with `print`, when there is
 * something. */
static int ask_and_print(const struct sp_user_task *task, const char *question,
			 void (*print)(const struct sp_user_task *task,
				       const json_t *answer))
{
	json_t *answer;
	int exit_code = sp_user_ask(task, question, &answer);

	if (answer == NULL)
		return exit_code;
	if (task->ctl->is_json) {
		sp_output_json(answer);
		return exit_code;
	}
	if (exit_code == SP_EXIT_FINE || exit_code == SP_EXIT_UNREACHABLE)
		print(task, answer);
	json_decref(answer);
	return exit_code;
}

/* --- the verbs ------------------------------------------------------------ */

static void print_show(const struct sp_user_task *task, const json_t *answer)
{
	(void)task;
	if (json_is_object(json_object_get(answer, "user")))
		sp_user_print_whole(answer);
	else if (json_object_get(answer, "user") != NULL)
		puts("this machine remembers nothing of it");
}

static int show(const struct sp_user_task *task)
{
	char bytes[SP_USER_QUESTION_SIZE];
	struct sp_text question;

	sp_text_init(&question, bytes, sizeof(bytes));
	sp_text_add(&question, "user");
	sp_ask_word(&question, task->typed);
	return ask_and_print(task, bytes, print_show);
}

static void print_changed(const struct sp_user_task *task, const json_t *answer)
{
	const json_t *user = json_object_get(answer, "user");
	const json_t *before = json_object_get(answer, "before");
	int64_t now_ms = sp_user_number(answer, "now_ms");
	bool is_release = task->reason == NULL;

	if (user == NULL)
		return;
	sp_output_safe(stdout, sp_user_text(user, "submitter"));
	puts(is_release ? ": released" : ":");
	if (!is_release) {
		fputs("  now ", stdout);
		sp_user_print_standing(user, now_ms);
	}
	fputs("  it was ", stdout);
	if (json_is_object(before))
		sp_user_print_standing(before, now_ms);
	else
		puts("ok");
	if (sp_user_text(answer, "error")[0] != '\0')
		puts(is_release
			     ? "  on this machine only, until Redis is back: "
			       "release it again then"
			     : "  on this machine only: the others learn of it "
			       "with its next mail, once Redis is back");
	sp_user_print_advice(answer, user,
			     is_release ? "released"
					: sp_user_text(user, "state"));
	sp_user_print_notes(answer);
}

static int set(const struct sp_user_task *task, const char *state)
{
	char bytes[SP_USER_QUESTION_SIZE];
	struct sp_text question;

	sp_text_init(&question, bytes, sizeof(bytes));
	sp_text_addf(&question, "user-set %s ", state);
	sp_text_add_number(&question, task->term_ms);
	sp_ask_word(&question, task->typed);
	sp_ask_word(&question, task->reason == NULL ? "" : task->reason);
	return ask_and_print(task, bytes, print_changed);
}

static int lock(const struct sp_user_task *task)
{
	return set(task, task->state == NULL ? "locked" : task->state);
}

static int release(const struct sp_user_task *task)
{
	return set(task, "ok");
}

static void print_limits(const struct sp_user_task *task, const json_t *answer)
{
	(void)task;
	sp_user_print_limits(answer);
	sp_user_print_unusual(answer);
	sp_user_print_notes(answer);
}

/* All pages as one. */
static int all_limits(const struct sp_user_task *task)
{
	json_t *first = NULL;
	int64_t next = 0;
	int exit_code;

	do {
		char bytes[64];
		struct sp_text question;
		json_t *answer;

		sp_text_init(&question, bytes, sizeof(bytes));
		sp_text_add(&question, "user-limits ");
		sp_text_add_number(&question, next);
		exit_code = sp_user_ask(task, bytes, &answer);
		if (exit_code != SP_EXIT_FINE) {
			json_decref(answer);
			break;
		}
		next = sp_user_number(answer, "next");
		if (first == NULL) {
			first = answer;
			continue;
		}
		json_array_extend(json_object_get(first, "classes"),
				  json_object_get(answer, "classes"));
		json_decref(answer);
	} while (next > 0);
	if (exit_code != SP_EXIT_FINE) {
		json_decref(first);
		return exit_code;
	}
	json_object_del(first, "next");
	if (task->ctl->is_json) {
		sp_output_json(first);
		return exit_code;
	}
	print_limits(task, first);
	json_decref(first);
	return exit_code;
}

static int limits(const struct sp_user_task *task)
{
	char bytes[SP_USER_QUESTION_SIZE];
	struct sp_text question;

	if (task->typed == NULL)
		return all_limits(task);
	sp_text_init(&question, bytes, sizeof(bytes));
	sp_text_add(&question, "user-limits-of");
	sp_ask_word(&question, task->typed);
	return ask_and_print(task, bytes, print_limits);
}

/* --- the command line ----------------------------------------------------- */

enum {
	TAKES_STATE = 1,
	TAKES_LIMIT = 2,
	TAKES_ORDER = 4 /* --reason, --for */
};

static const struct verb {
	const char *name;
	int (*run)(const struct sp_user_task *task);
	int least, most; /* arguments */
	unsigned takes;
} verbs[] = {
	{ "list", sp_user_list, 0, 0, TAKES_STATE | TAKES_LIMIT },
	{ "show", show, 1, 1, 0 },
	{ "lock", lock, 1, 1, TAKES_STATE | TAKES_ORDER },
	{ "release", release, 1, 1, 0 },
	{ "limits", limits, 0, 1, 0 },
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static const char *what_is_wrong_with_order(const struct sp_user_task *task)
{
	if (task->reason == NULL || task->reason[0] == '\0')
		return "why? --reason WORDS is kept, and shown at the release";
	if (strlen(task->reason) > SP_USER_REASON_MAX)
		return "--reason takes 1000 bytes at most";
	if (task->state != NULL && strcmp(task->state, "ok") == 0)
		return "lock takes --state watch, hold or locked (release "
		       "makes it ok)";
	return NULL;
}

/* What is wrong with the options and arguments for this verb, or NULL. */
static const char *what_is_wrong(const struct sp_user_task *task,
				 const struct verb *verb, int arguments)
{
	if (arguments < verb->least)
		return "which submitter? (alice@example.org, uid:71023, "
		       "net:192.0.2.7)";
	if (arguments > verb->most)
		return verb->most == 0 ? "list takes options only"
				       : "one submitter at a time";
	if (task->typed != NULL && strlen(task->typed) > SP_USER_TYPED_MAX)
		return "a submitter has 4000 bytes at most";
	if (task->state != NULL && !(verb->takes & TAKES_STATE))
		return "--state is for list and lock";
	if ((task->limit >= 0 || task->is_all) && !(verb->takes & TAKES_LIMIT))
		return "--limit and --all are for list";
	if (task->limit >= 0 && task->is_all)
		return "either --limit or --all, not both";
	if (verb->takes & TAKES_ORDER)
		return what_is_wrong_with_order(task);
	return task->reason != NULL || task->term_ms > 0
		       ? "--reason and --for are for lock"
		       : NULL;
}

/* One option of the table below; what is wrong with it, or NULL. */
static const char *take_option(struct sp_user_task *task, int option)
{
	enum sp_submitter_state state;

	switch (option) {
	case 't':
		task->state = optarg;
		return sp_submitter_state_by_name(optarg, &state) == SP_OK
			       ? NULL
			       : "--state takes ok, watch, hold or locked";
	case 'n':
		return sp_ctl_parse_number(optarg, 1, LIMIT_MAX, &task->limit)
			       ? NULL
			       : "--limit takes a number from 1 to 500 (--all "
				 "lists all)";
	case 'f':
		return sp_config_duration(optarg, &task->term_ms) == SP_OK &&
				       task->term_ms >= term_least_ms &&
				       task->term_ms <= term_most_ms
			       ? NULL
			       : "--for takes a time from 1m to 400d, such as "
				 "12h or 2d";
	case 'r':
		task->reason = optarg;
		return NULL;
	default:
		task->is_all = true;
		return NULL;
	}
}

static int run(struct sp_ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		SP_COMMON_OPTIONS,
		{ "state", required_argument, NULL, 't' },
		{ "limit", required_argument, NULL, 'n' },
		{ "all", no_argument, NULL, 'a' },
		{ "reason", required_argument, NULL, 'r' },
		{ "for", required_argument, NULL, 'f' },
		{ 0 },
	};
	struct sp_user_task task = { .ctl = ctl,
				     .command = argv[0],
				     .limit = -1 };
	const struct verb *verb = NULL;
	const char *wrong = NULL;
	int option, exit_code;

	while (!wrong &&
	       (option = sp_ctl_option(ctl, &sp_command_user, argc, argv,
				       options)) != SP_OPTION_END) {
		if (option == SP_OPTION_EXIT)
			return ctl->exit_code;
		wrong = take_option(&task, option);
	}
	if (!wrong && optind < argc)
		verb = find_verb(argv[optind]);
	if (!wrong && !verb)
		wrong = "list, show, lock, release or limits?";
	if (!wrong) {
		task.typed = argv[optind + 1];
		wrong = what_is_wrong(&task, verb, argc - optind - 1);
	}
	if (wrong)
		return sp_ctl_usage(argv[0], "%s", wrong);
	exit_code = sp_ctl_load_config(ctl);
	return exit_code == SP_EXIT_FINE ? verb->run(&task) : exit_code;
}

const struct sp_command sp_command_user = {
	.name = "user",
	.summary = "who sends out how much; lock or release a submitter",
	.help = help,
	.run = run,
};
