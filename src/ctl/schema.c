/* sallyport schema: what Redis holds against what it should. */
#include "command.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "events.h"
#include "output.h"
#include "sallyport/schema.h"
#include "sallyport/store.h"

enum {
	PROBLEMS_SHOWN = 100
};

static const char help[] =
	"Usage: sallyport schema check [--limit N] [--config FILE] [--json]\n"
	"       sallyport schema list [--json]\n"
	"\n"
	"check  walk over all keys of sallyport in Redis (or N of them): is each\n"
	"       one described in redis-schema/README.md, is it of the type that\n"
	"       is described, does it end some day, can its value be read? Nothing\n"
	"       is changed. It takes about a minute for a million keys.\n"
	"list   the keys that are described, and their types\n"
	"\n"
	"Exit codes: 0 all is as described; 1 something is not; 2 used wrongly;\n"
	"3 Redis cannot be reached; 4 the configuration has errors.\n";

static json_t *kinds_json(const struct sp_schema_report *report)
{
	json_t *array = json_array();
	const struct sp_schema_kind *kind;

	for (size_t i = 0; (kind = sp_schema_kind(i)) != NULL; i++) {
		json_t *object = json_object();

		json_object_set_new(object, "key", json_string(kind->pattern));
		json_object_set_new(object, "type", json_string(kind->type));
		if (report)
			json_object_set_new(
				object, "keys",
				json_integer((json_int_t)report->counts[i]));
		json_array_append_new(array, object);
	}
	return array;
}

static int list(const struct sp_ctl *ctl)
{
	const struct sp_schema_kind *kind;

	if (ctl->is_json) {
		sp_output_json(kinds_json(NULL));
		return SP_EXIT_FINE;
	}
	for (size_t i = 0; (kind = sp_schema_kind(i)) != NULL; i++)
		printf("%-8s %s\n", kind->type, kind->pattern);
	return SP_EXIT_FINE;
}

static void note_problem(const char *key, const char *problem, void *context)
{
	json_t *problems = context;
	json_t *object;

	if (json_array_size(problems) == PROBLEMS_SHOWN)
		return;
	object = json_object();
	json_object_set_new(object, "key", sp_output_json_text(key));
	json_object_set_new(object, "problem", json_string(problem));
	json_array_append_new(problems, object);
}

static void print(const struct sp_schema_report *report, const json_t *problems)
{
	const struct sp_schema_kind *kind;
	const json_t *one;
	size_t i;

	for (i = 0; (kind = sp_schema_kind(i)) != NULL; i++)
		if (report->counts[i] > 0)
			printf("%10" PRIu64 "  %-7s %s\n", report->counts[i],
			       kind->type, kind->pattern);
	printf("%10" PRIu64 "  keys, %" PRIu64 " problems\n", report->keys,
	       report->problems);
	json_array_foreach(problems, i, one)
	{
		sp_output_safe(stdout,
			       json_string_value(json_object_get(one, "key")));
		printf(": %s\n",
		       json_string_value(json_object_get(one, "problem")));
	}
	if (report->problems > i)
		printf("... and %" PRIu64 " more\n", report->problems - i);
}

static void print_json(const struct sp_schema_report *report, json_t *problems)
{
	json_t *object = json_object();

	json_object_set_new(object, "keys",
			    json_integer((json_int_t)report->keys));
	json_object_set_new(object, "problem_count",
			    json_integer((json_int_t)report->problems));
	json_object_set_new(object, "kinds", kinds_json(report));
	json_object_set(object, "problems", problems);
	sp_output_json(object);
}

static int check(struct sp_ctl *ctl, uint64_t most)
{
	struct sp_schema_report report;
	struct sp_store *store;
	json_t *problems;
	enum sp_err err;
	int exit_code = sp_ctl_load_config(ctl);

	if (exit_code == SP_EXIT_FINE)
		exit_code = sp_events_open(ctl, &store);
	if (exit_code != SP_EXIT_FINE)
		return exit_code;
	problems = json_array();
	err = sp_schema_check(store,
			      &(struct sp_schema_task){
				      .most = most,
				      .found = note_problem,
				      .context = problems,
			      },
			      &report);
	if (err != SP_OK)
		exit_code = sp_events_fail(store, err);
	else if (ctl->is_json)
		print_json(&report, problems);
	else
		print(&report, problems);
	json_decref(problems);
	sp_store_free(&store);
	return err == SP_OK && report.problems > 0 ? SP_EXIT_NO : exit_code;
}

static int run(struct sp_ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		SP_COMMON_OPTIONS,
		{ "limit", required_argument, NULL, 'n' },
		{ 0 },
	};
	long most = 0;
	int option;

	do {
		option = sp_ctl_option(ctl, &sp_command_schema, argc, argv,
				       options);
		if (option == SP_OPTION_EXIT)
			return ctl->exit_code;
		if (option == 'n' &&
		    !sp_ctl_parse_number(optarg, 0, 1000000000, &most))
			return sp_ctl_usage(argv[0], "--limit wants a number");
	} while (option != SP_OPTION_END);
	if (optind == argc - 1 && strcmp(argv[optind], "list") == 0)
		return list(ctl);
	if (optind != argc - 1 || strcmp(argv[optind], "check") != 0)
		return sp_ctl_usage(argv[0], "check, or list?");
	return check(ctl, (uint64_t)most);
}

const struct sp_command sp_command_schema = {
	.name = "schema",
	.summary = "is in Redis what should be there?",
	.help = help,
	.run = run,
};
