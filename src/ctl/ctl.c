#include "sallyport/ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/log.h"

static const char default_config[] = SP_SYSCONFDIR "/sallyport/sallyport.yaml";

static const struct sp_command *const commands[] = {
	&sp_command_try,    &sp_command_status,	  &sp_command_explain,
	&sp_command_replay, &sp_command_greylist, &sp_command_user,
	&sp_command_notify, &sp_command_config,	  &sp_command_schema,
	&sp_command_doctor,
};

enum {
	COMMAND_COUNT = sizeof(commands) / sizeof(commands[0])
};

static const char exit_codes[] =
	"Exit codes: 0 fine; 1 the answer is no (see each command's help);\n"
	"2 used wrongly; 3 the daemon or Redis cannot be reached;\n"
	"4 the configuration has errors.\n";

static void print_help(FILE *to)
{
	fprintf(to, "Usage: sallyport [--config FILE] [--json] COMMAND ...\n"
		    "\n"
		    "Commands:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(to, "  %-10s %s\n", commands[i]->name,
			commands[i]->summary);
	fprintf(to,
		"  %-10s %s\n"
		"\n"
		"Options:\n"
		"  --config FILE  the daemon's configuration\n"
		"                 (%s)\n"
		"  --json         answer in JSON, for programs\n"
		"  --help         also behind every command\n"
		"  --version\n"
		"\n"
		"%s",
		"help", "this page, or that of a command: sallyport help try",
		default_config, exit_codes);
}

static const struct sp_command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

int sp_ctl_fail(int exit_code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("sallyport: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return exit_code;
}

int sp_ctl_usage(const char *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "%s: ", command);
	vfprintf(stderr, format, args);
	fprintf(stderr, "\nTry: %s --help\n", command);
	va_end(args);
	return SP_EXIT_USAGE;
}

/* Take one of SP_COMMON_OPTIONS; false when it is another. */
static bool take_common(struct sp_ctl *ctl, int option)
{
	if (option == 'j')
		ctl->is_json = true;
	else if (option == 'c')
		ctl->config_path = optarg;
	else if (option == 'T')
		ctl->clock_path = optarg;
	else
		return false;
	return true;
}

int sp_ctl_option(struct sp_ctl *ctl, const struct sp_command *command,
		  int argc, char **argv, const struct option *options)
{
	int option;

	do {
		option = getopt_long(argc, argv, "h", options, NULL);
	} while (take_common(ctl, option));
	if (option == 'h') {
		fputs(command->help, stdout);
		ctl->exit_code = SP_EXIT_FINE;
		return SP_OPTION_EXIT;
	}
	if (option == '?') {
		fprintf(stderr, "Try: %s --help\n", argv[0]);
		ctl->exit_code = SP_EXIT_USAGE;
		return SP_OPTION_EXIT;
	}
	return option;
}

const char *sp_ctl_config_file(const struct sp_ctl *ctl)
{
	if (ctl->config_path)
		return ctl->config_path;
	/* Without any file the defaults hold, as they do for the daemon's
	 * first run. One that is there and cannot be read is an error. */
	if (access(default_config, F_OK) != 0 && errno == ENOENT)
		return NULL;
	return default_config;
}

int sp_ctl_load_config(struct sp_ctl *ctl)
{
	static struct sp_config_errors errors;

	if (ctl->config)
		return SP_EXIT_FINE;
	if (sp_config_load(sp_ctl_config_file(ctl), &ctl->config, &errors) ==
	    SP_OK)
		return SP_EXIT_FINE;
	for (size_t i = 0; i < errors.count && i < SP_CONFIG_ERRORS_MAX; i++)
		fprintf(stderr, "%s\n", errors.texts[i]);
	return SP_EXIT_CONFIG;
}

int64_t sp_ctl_now_ms(const struct sp_ctl *ctl)
{
	struct sp_clock *clock;
	int64_t now_ms;

	if (!ctl->clock_path ||
	    sp_clock_from_file(ctl->clock_path, &clock) != SP_OK)
		return sp_clock_wall_ms(sp_clock_real());
	now_ms = sp_clock_wall_ms(clock);
	sp_clock_free(&clock);
	return now_ms;
}

bool sp_ctl_parse_number(const char *text, long least, long most,
			 long *number_out)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || number < least ||
	    number > most)
		return false;
	*number_out = number;
	return true;
}

static int run_command(struct sp_ctl *ctl, int argc, char **argv)
{
	const struct sp_command *command = find_command(argv[0]);
	char typed[64];
	int exit_code;

	if (!command)
		return sp_ctl_usage("sallyport", "there is no command \"%s\"",
				    argv[0]);
	snprintf(typed, sizeof(typed), "sallyport %s", command->name);
	argv[0] = typed;
	optind = 0; /* GNU: begin anew */
	exit_code = command->run(ctl, argc, argv);
	sp_config_unref(&ctl->config);
	return exit_code;
}

static int help(int argc, char **argv)
{
	const struct sp_command *command;

	if (argc < 2) {
		print_help(stdout);
		return SP_EXIT_FINE;
	}
	command = find_command(argv[1]);
	if (!command)
		return sp_ctl_usage("sallyport", "there is no command \"%s\"",
				    argv[1]);
	fputs(command->help, stdout);
	return SP_EXIT_FINE;
}

int sp_ctl_main(int argc, char **argv)
{
	static const struct option options[] = {
		SP_COMMON_OPTIONS,
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	/* Ours to tell is what the command says; the store's warnings are not.
	 */
	static const struct sp_log_options quiet = { .level = SP_LOG_ERROR };
	struct sp_ctl ctl = { 0 };
	int option;

	(void)sp_log_configure(&quiet);

	/* The "+": what stands behind the command is the command's. */
	while ((option = getopt_long(argc, argv, "+hV", options, NULL)) != -1) {
		if (option == 'h') {
			print_help(stdout);
			return SP_EXIT_FINE;
		}
		if (option == 'V') {
			puts("sallyport " PACKAGE_VERSION);
			return SP_EXIT_FINE;
		}
		if (!take_common(&ctl, option)) {
			fputs("Try: sallyport --help\n", stderr);
			return SP_EXIT_USAGE;
		}
	}
	if (optind == argc) {
		print_help(stderr);
		return SP_EXIT_USAGE;
	}
	if (strcmp(argv[optind], "help") == 0)
		return help(argc - optind, argv + optind);
	return run_command(&ctl, argc - optind, argv + optind);
}
