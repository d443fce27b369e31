/* sallyport replay: recorded facts under another configuration. */
#include "command.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "output.h"
#include "replay_sum.h"
#include "sallyport/arena.h"
#include "sallyport/config.h"
#include "sallyport/replay.h"
#include "sallyport/store.h"
#include "story.h"

enum {
	ARENA_BYTES = 4 << 20
};

static const char help[] =
	"Usage: sallyport [--config RUNNING] replay --config NEW [--since SPAN]\n"
	"                 [--json]\n"
	"\n"
	"Decide again about the mails of the last time (24h; 90s, 5m, 7d: as far\n"
	"back as record.events and record.keep reach), by their recorded facts\n"
	"and the configuration NEW: how many verdicts would be others, which way,\n"
	"because of which findings, with examples. Nothing is changed, nobody is\n"
	"asked but Redis, by the configuration RUNNING, which stands in front of\n"
	"the command.\n"
	"\n"
	"What was not asked then is not known: a list that NEW adds, a check that\n"
	"it turns on. The operator's own lists (access) count as they did. A\n"
	"message that nobody was let in to send is taken for one that passes.\n"
	"\n"
	"Exit codes: 0 no verdict would change; 1 some would; 2 used wrongly; 3\n"
	"Redis cannot be reached; 4 a configuration has errors.\n";

/* One run of the command. */
struct task {
	struct sp_ctl *ctl; /* its configuration is the running one */
	const struct sp_config *fresh;
	struct sp_store *store;
	int64_t since_ms;
	struct sp_replay_sum sum;
};

static void take_event(struct task *task, const struct sp_event_view *event)
{
	struct sp_moment moments[SP_MOMENTS_MAX];
	struct sp_arena arena;
	struct sp_replay_task again = {
		.moments = moments,
		.config = task->fresh,
		.arena = &arena,
	};
	struct sp_replay replay;
	json_t *record = json_loads(event->json, 0, NULL);

	sp_arena_init(&arena, ARENA_BYTES);
	if (event->facts[0] &&
	    sp_moments_read(event->facts, task->fresh, &arena, moments,
			    &again.count) == SP_OK &&
	    again.count > 0) {
		sp_replay(&again, &replay);
		sp_replay_sum_add(&task->sum, record, &replay);
	} else {
		task->sum.without_facts++;
	}
	sp_arena_clear(&arena);
	json_decref(record);
}

static enum sp_err read_all(struct task *task)
{
	struct sp_event_page page = { .next = "" };
	char before[SP_EVENT_PLACE_SIZE];
	enum sp_err err;

	do {
		memcpy(before, page.next, sizeof(before));
		err = sp_events_page(task->store,
				     &(struct sp_event_filter){
					     .before = before,
					     .since_ms = task->since_ms,
					     .limit = SP_EVENT_PAGE,
					     .has_facts = true,
				     },
				     &page);
		for (size_t i = 0; i < page.count; i++)
			take_event(task, &page.events[i]);
		sp_event_page_clear(&page);
	} while (err == SP_OK && page.next[0]);
	return err;
}

static int replay(struct task *task)
{
	int exit_code = sp_events_open(task->ctl, &task->store);
	enum sp_err err;

	if (exit_code != SP_EXIT_FINE)
		return exit_code;
	err = read_all(task);
	if (err != SP_OK)
		exit_code = sp_events_fail(task->store, err);
	sp_store_free(&task->store);
	if (exit_code != SP_EXIT_FINE)
		return exit_code;
	if (task->ctl->is_json)
		sp_output_json(sp_replay_sum_json(&task->sum));
	else
		sp_replay_sum_print(&task->sum, task->since_ms,
				    task->fresh->file);
	return task->sum.changed > 0 ? SP_EXIT_NO : SP_EXIT_FINE;
}

/* Both configurations; the new one was given behind the command. */
static int load_both(struct task *task, const char *running_path,
		     const char *fresh_path)
{
	struct sp_ctl fresh = *task->ctl;
	int exit_code;

	fresh.config = NULL;
	fresh.config_path = fresh_path;
	exit_code = sp_ctl_load_config(&fresh);
	task->fresh = fresh.config;
	task->ctl->config_path = running_path;
	if (exit_code == SP_EXIT_FINE)
		exit_code = sp_ctl_load_config(task->ctl);
	return exit_code;
}

static int run(struct sp_ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		SP_COMMON_OPTIONS,
		{ "since", required_argument, NULL, 's' },
		{ 0 },
	};
	const char *running_path = ctl->config_path;
	struct task task = { .ctl = ctl };
	int64_t span_ms = 86400000;
	int option, exit_code;

	ctl->config_path = NULL;
	do {
		option = sp_ctl_option(ctl, &sp_command_replay, argc, argv,
				       options);
		if (option == SP_OPTION_EXIT)
			return ctl->exit_code;
		if (option == 's' && !sp_events_parse_span(optarg, &span_ms))
			return sp_ctl_usage(argv[0],
					    "--since wants a span: 90m, 24h, "
					    "7d");
	} while (option != SP_OPTION_END);
	if (optind != argc || !ctl->config_path)
		return sp_ctl_usage(argv[0], "--config NEW, and no more");
	exit_code = load_both(&task, running_path, ctl->config_path);
	task.since_ms = sp_ctl_now_ms(ctl) - span_ms;
	if (exit_code == SP_EXIT_FINE)
		exit_code = replay(&task);
	sp_replay_sum_clear(&task.sum);
	sp_config_unref(&task.fresh);
	return exit_code;
}

const struct sp_command sp_command_replay = {
	.name = "replay",
	.summary = "recorded mails under another configuration",
	.help = help,
	.run = run,
};
