/* sallyport explain: the whole story of one verdict. */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "events.h"
#include "output.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/store.h"
#include "sallyport/text.h"
#include "sallyport/what_if.h"
#include "story.h"

enum {
	NAME_MAX_LENGTH = 63
};

static const char help[] =
	"Usage: sallyport explain ID | QUEUE-ID [--config FILE] [--json]\n"
	"\n"
	"Tell the whole story of one verdict: what was found and why, what it\n"
	"came to, and what would have changed it. ID is what the reply, the\n"
	"header X-Sallyport-Verdict and the log line bear; QUEUE-ID is the mail\n"
	"server's name for the mail, and means its last one.\n"
	"\n"
	"The daemon's memory of the last 256 mails is asked first, then Redis,\n"
	"which keeps record.events of them, no longer than record.keep. What\n"
	"would have changed it is found by deciding again, with the\n"
	"configuration of now.\n"
	"\n"
	"Exit codes: 0 fine; 1 there is no such mail (any more); 2 used wrongly;\n"
	"3 neither the daemon nor Redis can be reached; 4 the configuration has\n"
	"errors.\n";

/* One run of the command. */
struct task {
	struct sp_ctl *ctl;
	const char *name;
	struct sp_store *store;
	json_t *record; /* NULL: not found */
	const char *source;
};

/* The daemon need not run. */
static void ask_daemon(struct task *task)
{
	char question[NAME_MAX_LENGTH + 16];
	json_t *answer;

	snprintf(question, sizeof(question), "verdict %s", task->name);
	if (sp_ask(task->ctl->config->control, question, &answer) != SP_OK)
		return;
	if (json_object_get(answer, "error")) {
		json_decref(answer);
		return;
	}
	task->record = answer;
	task->source = "the daemon's memory";
}

static enum sp_err ask_redis_for(struct task *task, const char *kind)
{
	char bytes[SP_EVENT_WORD_SIZE];
	struct sp_event_page page;
	struct sp_text word;
	enum sp_err err;

	sp_text_init(&word, bytes, sizeof(bytes));
	sp_event_word(&word, kind, task->name);
	err = sp_events_page(task->store,
			     &(struct sp_event_filter){
				     .words = { bytes },
				     .limit = 1,
				     .has_facts = true,
			     },
			     &page);
	if (err == SP_OK && page.count == 1) {
		task->record = json_loads(page.events[0].json, 0, NULL);
		task->source = "Redis";
	}
	if (task->record)
		json_object_set_new(task->record, "facts",
				    sp_output_json_text(page.events[0].facts));
	sp_event_page_clear(&page);
	return err;
}

static int say_not_found(struct task *task)
{
	const struct sp_record_config *config = &task->ctl->config->record;
	struct sp_event_extent extent;
	char span[SP_SPAN_SIZE], time[SP_TIME_SIZE];
	enum sp_err err = sp_event_extent(task->store,
					  sp_clock_mono_ms() + 5000, &extent);

	if (err != SP_OK)
		return sp_events_fail(task->store, err);
	if (extent.count == 0)
		return sp_ctl_fail(
			SP_EXIT_NO, "no mail of that name: none is kept%s",
			config->events == 0 ? " (record.events is 0)" : "");
	return sp_ctl_fail(SP_EXIT_NO,
			   "no mail of that name: the latest %u are kept, no "
			   "longer than %s; now %" PRIu64 ", since %s",
			   config->events,
			   sp_output_span(config->keep_ms, span), extent.count,
			   sp_story_time(extent.oldest_ms, time));
}

static void print_head(const json_t *record)
{
	char time[SP_TIME_SIZE];

	sp_output_safe(stdout, sp_story_text(record, "id"));
	printf("  %s", sp_story_time(sp_story_number(record, "at"), time));
	if (sp_story_text(record, "queue")[0]) {
		fputs("  queue ", stdout);
		sp_output_safe(stdout, sp_story_text(record, "queue"));
	}
	putchar('\n');
	sp_story_pair("from", sp_story_text(record, "from"));
	sp_story_pair("to", sp_story_text(record, "to"));
	sp_story_pair("client", sp_story_text(record, "client"));
	sp_story_pair("name", sp_story_text(record, "name"));
	sp_story_pair("helo", sp_story_text(record, "helo"));
	sp_story_pair("login", sp_story_text(record, "login"));
	sp_story_pair("submitter", sp_story_text(record, "submitter"));
	sp_story_pair("identity", sp_story_text(record, "identity"));
	sp_story_pair("greeting", sp_story_text(record, "greeting"));
	sp_story_pair("degraded", sp_story_text(record, "degraded"));
}

/* What an outcome means, in words. */
static const char *words_of(const char *outcome)
{
	static const char *const rows[][2] = {
		{ "accept", "let in" },
		{ "hold", "kept in the mail server's queue" },
		{ "defer", "asked to come back" },
		{ "reject", "refused" },
		{ "mixed", "let in for some recipients, not for others" },
		{ "aborted", "over before it was decided" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i][0], outcome) == 0)
			return rows[i][1];
	return outcome;
}

static void print_verdict(const json_t *record)
{
	const char *because = sp_story_text(record, "because");
	double score = json_number_value(json_object_get(record, "score"));
	double refuse = json_number_value(json_object_get(record, "refuse"));

	printf("verdict    %s: %s", sp_story_text(record, "verdict"),
	       words_of(sp_story_text(record, "verdict")));
	if (because[0])
		printf(", because of %s", because);
	putchar('\n');
	if (sp_story_text(record, "would")[0])
		printf("           only observed: enforced, it would have been "
		       "%s\n",
		       words_of(sp_story_text(record, "would")));
	if (refuse <= 0)
		return;
	printf("score      %.4g of %.4g", score, refuse);
	if (score < refuse)
		printf(": %.4g below what is refused\n", refuse - score);
	else
		printf(": %.4g above what is refused\n", score - refuse);
}

static void print_findings(const json_t *record)
{
	const json_t *finding;
	size_t i;

	json_array_foreach(json_object_get(record, "findings"), i, finding)
	{
		fputs(i == 0 ? "findings   " : "           ", stdout);
		printf("%-20s %5.4g  ", sp_story_text(finding, "name"),
		       json_number_value(json_object_get(finding, "weight")));
		sp_output_safe(stdout, sp_story_text(finding, "reason"));
		putchar('\n');
	}
}

static void print_greylist(const struct task *task)
{
	const struct sp_greylist_config *config = &task->ctl->config->greylist;
	const json_t *record = task->record;
	long long wait_ms = sp_story_number(record, "greylist_wait_ms");
	long long waited_ms = sp_story_number(record, "greylist_waited_ms");
	long long at_ms = sp_story_number(record, "at");
	char first[SP_TIME_SIZE], last[SP_TIME_SIZE], span[SP_SPAN_SIZE];

	if (!sp_story_text(record, "greylist")[0])
		return;
	printf("greylist   %s", sp_story_text(record, "greylist"));
	if (wait_ms > 0)
		printf(": a try from %s on passes, until %s",
		       sp_story_time(at_ms + wait_ms + 999, first),
		       sp_story_time(at_ms + wait_ms - config->delay_ms +
					     config->retry_window_ms,
				     last));
	if (waited_ms > 0)
		printf(": it came back after %s",
		       sp_output_span(waited_ms, span));
	putchar('\n');
}

static void print_end(const json_t *object)
{
	const char *would = sp_story_text(object, "would");

	fputs(words_of(sp_story_text(object, "verdict")), stdout);
	if (would[0])
		printf(" (enforced: %s)", words_of(would));
	putchar('\n');
}

static void print_together(const json_t *names)
{
	const json_t *name;
	size_t i;

	if (json_array_size(names) == 0)
		return;
	printf("           none of them alone: it takes ");
	json_array_foreach(names, i, name)
		printf("%s%s", i > 0 ? " and " : "", json_string_value(name));
	puts(" not to be refused for the score");
}

static void print_what_if(const json_t *what_if)
{
	const json_t *one;
	size_t i;

	if (!what_if) {
		puts("changed by (the facts are not kept)");
		return;
	}
	fputs("changed by ", stdout);
	if (json_is_true(json_object_get(what_if, "is_changed"))) {
		fputs("the configuration since then: now it would be ", stdout);
		print_end(what_if);
		fputs("           ", stdout);
	}
	json_array_foreach(json_object_get(what_if, "without"), i, one)
	{
		printf("%swithout %-20s ", i > 0 ? "           " : "",
		       sp_story_text(one, "name"));
		print_end(one);
	}
	if (i == 0)
		puts("no single finding");
	print_together(json_object_get(what_if, "together"));
}

static void print_stages(const json_t *record)
{
	const json_t *stage;
	size_t i;

	fputs("times     ", stdout);
	json_array_foreach(json_object_get(record, "stages"), i, stage)
	{
		double ms = json_number_value(json_object_get(stage, "ms"));

		if (ms > 0)
			printf(" %s %.1f ms;", sp_story_text(stage, "name"),
			       ms);
	}
	printf(" %.1f ms waited\n",
	       json_number_value(json_object_get(record, "ms_wait")));
}

static void print(const struct task *task, const json_t *what_if)
{
	print_head(task->record);
	print_verdict(task->record);
	print_findings(task->record);
	print_greylist(task);
	print_what_if(what_if);
	sp_story_results(task->record);
	sp_story_lookups(task->record);
	print_stages(task->record);
	printf("told by    %s\n", task->source);
}

static int tell(struct task *task)
{
	json_t *what_if = sp_what_if(sp_story_text(task->record, "facts"),
				     task->ctl->config);

	if (!task->ctl->is_json) {
		print(task, what_if);
		json_decref(what_if);
		return SP_EXIT_FINE;
	}
	json_object_set_new(task->record, "what_if",
			    what_if ? what_if : json_null());
	json_object_set_new(task->record, "source", json_string(task->source));
	sp_output_json(json_incref(task->record));
	return SP_EXIT_FINE;
}

static int find_and_tell(struct task *task)
{
	int exit_code = sp_events_open(task->ctl, &task->store);
	enum sp_err err = SP_OK;

	if (exit_code != SP_EXIT_FINE)
		return exit_code;
	ask_daemon(task);
	if (!task->record)
		err = ask_redis_for(task, "id/");
	if (!task->record && err == SP_OK)
		err = ask_redis_for(task, "queue/");
	if (task->record)
		exit_code = tell(task);
	else if (err != SP_OK)
		exit_code = sp_events_fail(task->store, err);
	else
		exit_code = say_not_found(task);
	json_decref(task->record);
	sp_store_free(&task->store);
	return exit_code;
}

static bool is_name(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length > NAME_MAX_LENGTH)
		return false;
	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return false;
	return true;
}

static int run(struct sp_ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = { SP_COMMON_OPTIONS, { 0 } };
	struct task task = { .ctl = ctl };
	int option, exit_code;

	do {
		option = sp_ctl_option(ctl, &sp_command_explain, argc, argv,
				       options);
		if (option == SP_OPTION_EXIT)
			return ctl->exit_code;
	} while (option != SP_OPTION_END);
	if (optind != argc - 1 || !is_name(argv[optind]))
		return sp_ctl_usage(argv[0], "one id, or one queue id");
	task.name = argv[optind];
	exit_code = sp_ctl_load_config(ctl);
	return exit_code == SP_EXIT_FINE ? find_and_tell(&task) : exit_code;
}

const struct sp_command sp_command_explain = {
	.name = "explain",
	.summary = "the whole story of one verdict",
	.help = help,
	.run = run,
};
