/* sallyport config: the effective values, and a check of a file. */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "output.h"
#include "sallyport/config.h"

static const char help[] =
	"Usage: sallyport config show [--changed] [NAME]\n"
	"       sallyport config check [FILE]\n"
	"\n"
	"show   Print every option: its effective value, and as a comment what it\n"
	"       means, its type, range and default. NAME is one option\n"
	"       (greylist.delay) or a section (greylist). With --changed only\n"
	"       those that the file sets.\n"
	"check  Read FILE (or the file of --config) with every list it names, and\n"
	"       print all errors with their file, line and column.\n"
	"\n"
	"Exit codes: 0 fine; 1 show: there is no option NAME; 2 used wrongly;\n"
	"4 the configuration has errors.\n";

/* Whether the option `name` is `wanted`, or in that section. */
static bool is_wanted(const char *name, const char *wanted)
{
	size_t length;

	if (!wanted)
		return true;
	length = strlen(wanted);
	return strncmp(name, wanted, length) == 0 &&
	       (name[length] == '\0' || name[length] == '.');
}

static void print_option(const struct sp_option_view *view)
{
	printf("# %s\n# %s%s%s; default: %s%s\n", view->help, view->type,
	       view->range[0] ? ", " : "", view->range,
	       view->initial[0] ? view->initial : "none",
	       view->is_set ? "; set in the file" : "");
	printf("%s: ", view->name);
	sp_output_safe(stdout, view->value);
	fputs("\n\n", stdout);
}

static json_t *option_json(const struct sp_option_view *view)
{
	json_t *object = json_object();

	json_object_set_new(object, "name", json_string(view->name));
	json_object_set_new(object, "value", sp_output_json_text(view->value));
	json_object_set_new(object, "type", json_string(view->type));
	json_object_set_new(object, "range", json_string(view->range));
	json_object_set_new(object, "default",
			    sp_output_json_text(view->initial));
	json_object_set_new(object, "is_set", json_boolean(view->is_set));
	json_object_set_new(object, "help", json_string(view->help));
	return object;
}

static int show(const struct sp_ctl *ctl, const char *wanted, bool is_changed)
{
	static struct sp_option_view view;
	json_t *array = json_array();
	size_t found = 0;

	for (size_t i = 0; sp_config_option(ctl->config, i, &view) == SP_OK;
	     i++) {
		if (!is_wanted(view.name, wanted))
			continue;
		found++;
		if (is_changed && !view.is_set)
			continue;
		if (ctl->is_json)
			json_array_append_new(array, option_json(&view));
		else
			print_option(&view);
	}
	if (ctl->is_json)
		sp_output_json(array);
	else
		json_decref(array);
	if (found == 0)
		return sp_ctl_fail(SP_EXIT_NO, "there is no option \"%s\"",
				   wanted ? wanted : "");
	return SP_EXIT_FINE;
}

static void report_check_json(const char *file,
			      const struct sp_config_errors *errors)
{
	json_t *object = json_object();
	json_t *array = json_array();

	for (size_t i = 0; i < errors->count && i < SP_CONFIG_ERRORS_MAX; i++)
		json_array_append_new(array,
				      sp_output_json_text(errors->texts[i]));
	json_object_set_new(object, "file", sp_output_json_text(file));
	json_object_set_new(object, "is_fine",
			    json_boolean(errors->count == 0));
	json_object_set_new(object, "error_count",
			    json_integer((json_int_t)errors->count));
	json_object_set_new(object, "errors", array);
	sp_output_json(object);
}

static int check(const struct sp_ctl *ctl, const char *file)
{
	static struct sp_config_errors errors;
	const struct sp_config *config;

	if (sp_config_load(file, &config, &errors) == SP_OK)
		sp_config_unref(&config);
	if (ctl->is_json) {
		report_check_json(file, &errors);
		return errors.count ? SP_EXIT_CONFIG : SP_EXIT_FINE;
	}
	if (errors.count == 0) {
		printf("%s is fine\n", file ? file : "no file: the default");
		return SP_EXIT_FINE;
	}
	for (size_t i = 0; i < errors.count && i < SP_CONFIG_ERRORS_MAX; i++)
		fprintf(stderr, "%s\n", errors.texts[i]);
	if (errors.count > SP_CONFIG_ERRORS_MAX)
		fprintf(stderr, "... and %zu more\n",
			errors.count - SP_CONFIG_ERRORS_MAX);
	return SP_EXIT_CONFIG;
}

static int run_show(struct sp_ctl *ctl, int argc, char **argv, bool is_changed)
{
	int exit_code;

	if (argc - optind > 2)
		return sp_ctl_usage(argv[0], "show takes one name");
	exit_code = sp_ctl_load_config(ctl);
	return exit_code == SP_EXIT_FINE
		       ? show(ctl, argv[optind + 1], is_changed)
		       : exit_code;
}

static int run(struct sp_ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		SP_COMMON_OPTIONS,
		{ "changed", no_argument, NULL, 'C' },
		{ 0 },
	};
	bool is_changed = false;
	int option;

	while ((option = sp_ctl_option(ctl, &sp_command_config, argc, argv,
				       options)) != SP_OPTION_END) {
		if (option == SP_OPTION_EXIT)
			return ctl->exit_code;
		is_changed = true;
	}
	if (optind == argc)
		return sp_ctl_usage(argv[0], "show or check?");
	if (strcmp(argv[optind], "show") == 0)
		return run_show(ctl, argc, argv, is_changed);
	if (strcmp(argv[optind], "check") != 0)
		return sp_ctl_usage(argv[0], "show or check, not \"%s\"",
				    argv[optind]);
	if (argc - optind > 2)
		return sp_ctl_usage(argv[0], "check takes one file");
	return check(ctl, argv[optind + 1] ? argv[optind + 1]
					   : sp_ctl_config_file(ctl));
}

const struct sp_command sp_command_config = {
	.name = "config",
	.summary = "show the effective configuration, or check a file",
	.help = help,
	.run = run,
};
