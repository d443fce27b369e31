/*
 * command.h - what all subcommands of `sallyport` share.
 */
#ifndef SP_CTL_COMMAND_H
#define SP_CTL_COMMAND_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "sallyport/err.h"

struct sp_clock;
struct sp_config;

enum {
	SP_EXIT_FINE = 0,
	SP_EXIT_NO = 1,
	SP_EXIT_USAGE = 2,
	SP_EXIT_UNREACHABLE = 3,
	SP_EXIT_CONFIG = 4
};

struct sp_ctl {
	const char *config_path; /* as given; NULL: the default, if it exists */
	const char *clock_path;	 /* --test-clock; NULL: the system's */
	bool is_json;
	const struct sp_config *config; /* NULL until sp_ctl_load_config */
	int exit_code;			/* with SP_OPTION_EXIT */
};

struct sp_command {
	const char *name;
	const char *summary; /* one line for `sallyport help` */
	const char *help;    /* all of `sallyport NAME --help` */
	/* argv[0] is the command as typed, for messages. Returns the exit
	 * code. */
	int (*run)(struct sp_ctl *ctl, int argc, char **argv);
};

extern const struct sp_command sp_command_try;
extern const struct sp_command sp_command_status;
extern const struct sp_command sp_command_explain;
extern const struct sp_command sp_command_replay;
extern const struct sp_command sp_command_schema;
extern const struct sp_command sp_command_greylist;
extern const struct sp_command sp_command_user;
extern const struct sp_command sp_command_notify;
extern const struct sp_command sp_command_config;
extern const struct sp_command sp_command_doctor;

/* The options that every subcommand takes; each puts this row into its own
 * table for getopt_long. */
#define SP_COMMON_OPTIONS                                                      \
	{ "help", no_argument, NULL, 'h' },                                    \
		{ "json", no_argument, NULL, 'j' },                            \
		{ "config", required_argument, NULL, 'c' },                    \
	{                                                                      \
		"test-clock", required_argument, NULL, 'T'                     \
	}

/* What sp_ctl_option returns beside an option's letter. */
enum {
	SP_OPTION_END = -1,
	SP_OPTION_EXIT = -2
};

/*
 * The next option of `argv`, the common ones taken care of.
 * SP_OPTION_END: no more, `optind` is the first argument.
 * SP_OPTION_EXIT: help was given or the usage was wrong (which has been said):
 * return ctl->exit_code.
 */
int sp_ctl_option(struct sp_ctl *ctl, const struct sp_command *command,
		  int argc, char **argv, const struct option *options);

/* Say on stderr what is wrong with the usage; returns SP_EXIT_USAGE. */
int sp_ctl_usage(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Say on stderr what went wrong; returns `exit_code`. */
int sp_ctl_fail(int exit_code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Have ctl->config; says all errors on stderr. SP_EXIT_FINE or
 * SP_EXIT_CONFIG. */
int sp_ctl_load_config(struct sp_ctl *ctl);

/* The file that the configuration is read from; NULL for none. */
const char *sp_ctl_config_file(const struct sp_ctl *ctl);

/* The wall clock, moved by --test-clock when it was given. */
int64_t sp_ctl_now_ms(const struct sp_ctl *ctl);

/* A decimal number within least..most; false when it is none. */
bool sp_ctl_parse_number(const char *text, long least, long most,
			 long *number_out);

#endif
