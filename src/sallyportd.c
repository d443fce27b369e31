/*
 * sallyportd: the daemon's main. Options, the order of starting, signals, the
 * order of stopping. What a mail meets is told in ARCHITECTURE.md.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/control.h"
#include "sallyport/counters.h"
#include "sallyport/daemon.h"
#include "sallyport/embedded.h"
#include "sallyport/geo.h"
#include "sallyport/list_watch.h"
#include "sallyport/log.h"
#include "sallyport/notify.h"
#include "sallyport/recorder.h"
#include "sallyport/server.h"
#include "sallyport/service.h"
#include "sallyport/web.h"

#define DEFAULT_CONFIG SP_SYSCONFDIR "/sallyport/sallyport.yaml"

enum {
	EXIT_CONFIG = 1,
	EXIT_USAGE = 2,
	EXIT_START = 3,
	REDIS_WAIT_MS = 3000,
	NOTIFY_STOP_MS = 2000
};

struct options {
	const char *config;
	const char *test_clock; /* NULL = the real one */
	bool only_check;
};

/* What main has started, in the order in which it is stopped from behind. */
struct parts {
	const struct sp_config *config;
	struct sp_clock *test_clock;
	struct sp_control *control;
	struct sp_embedded *embedded;
	struct sp_service_slot *slot;
	struct sp_list_watch *watch;
	struct sp_web *web;
};

static void print_usage(FILE *to)
{
	(void)fputs(
		"usage: sallyportd [-t] [-c FILE]\n"
		"\n"
		"  -c, --config FILE      the configuration (default: " DEFAULT_CONFIG
		")\n"
		"  -t, --test             check it and leave: 0 = fine, 1 = "
		"errors, named\n"
		"      --test-clock FILE  for tests: be ahead by the milliseconds "
		"in FILE\n"
		"      --version, --help\n"
		"\n"
		"Runs in the foreground. SIGHUP reads the configuration and its "
		"lists anew,\n"
		"SIGTERM lets open mails finish and stops. See sallyportd(8).\n",
		to);
}

/* Returns -1 to go on, else the exit status. */
static int parse_options(int argc, char **argv, struct options *options_out)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "test", no_argument, NULL, 't' },
		{ "test-clock", required_argument, NULL, 'C' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*options_out = (struct options){ .config = DEFAULT_CONFIG };
	while ((option = getopt_long(argc, argv, "c:th", known, NULL)) != -1) {
		switch (option) {
		case 'c':
			options_out->config = optarg;
			break;
		case 't':
			options_out->only_check = true;
			break;
		case 'C':
			options_out->test_clock = optarg;
			break;
		case 'V':
			(void)puts("sallyportd " PACKAGE_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			print_usage(stdout);
			return EXIT_SUCCESS;
		default:
			print_usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	(void)fprintf(stderr, "sallyportd: what is \"%s\"?\n", argv[optind]);
	print_usage(stderr);
	return EXIT_USAGE;
}

/* All errors of the file to standard error, as a compiler would. */
static enum sp_err load(const char *path, const struct sp_config **config_out)
{
	struct sp_config_errors *errors = calloc(1, sizeof(*errors));
	enum sp_err err;

	if (!errors)
		return SP_ERR_NO_MEMORY;
	err = sp_config_load(path, config_out, errors);
	for (size_t i = 0; i < errors->count && i < SP_CONFIG_ERRORS_MAX; i++)
		(void)fprintf(stderr, "%s\n", errors->texts[i]);
	if (errors->count > SP_CONFIG_ERRORS_MAX)
		(void)fprintf(stderr, "and %zu errors more\n",
			      errors->count - SP_CONFIG_ERRORS_MAX);
	free(errors);
	return err;
}

static void show_warnings(const struct sp_config *config)
{
	const char *text;

	for (size_t i = 0; (text = sp_config_warning(config, i)) != NULL; i++)
		(void)fprintf(stderr, "%s: warning: %s\n", config->file, text);
}

/* They come from elsewhere, and are read anew while we run: without one mail
 * goes on. */
static void check_databases(const struct sp_config *config)
{
	const char *const paths[SP_GEO_KINDS] = {
		[SP_GEO_COUNTRY] = config->outbound.country_database,
		[SP_GEO_ASN] = config->outbound.asn_database,
	};
	char reason[SP_GEO_REASON_SIZE];

	for (enum sp_geo_kind kind = 0; kind < SP_GEO_KINDS; kind++)
		if (paths[kind][0] != '\0' &&
		    !sp_geo_check(paths[kind], kind, reason))
			(void)fprintf(stderr, "%s: warning: %s: %s %s\n",
				      config->file, sp_geo_option(kind),
				      paths[kind], reason);
}

/* Signals are taken by sigwaitinfo in main alone; every thread inherits the
 * mask, so this comes before the first of them. */
static void block_signals(sigset_t *taken_out)
{
	(void)sigemptyset(taken_out);
	(void)sigaddset(taken_out, SIGHUP);
	(void)sigaddset(taken_out, SIGTERM);
	(void)sigaddset(taken_out, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, taken_out, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* The folder that `path` stands in, made when it is missing. */
static enum sp_err make_parent(const struct sp_config *config,
			       const char *option, const char *path,
			       const char *group)
{
	char folder[PATH_MAX];
	char *slash;

	if (strlen(path) >= sizeof(folder))
		return SP_ERR_TOO_LONG;
	strcpy(folder, path);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return SP_OK;
	*slash = '\0';
	return sp_daemon_make_folder(config, &(struct sp_daemon_folder){
						     .option = option,
						     .path = folder,
						     .group = group,
					     });
}

/* What needs root's rights: folders, sockets, the pid file. */
static enum sp_err start_as_root(struct parts *parts)
{
	const struct sp_config *config = parts->config;
	const char *socket = strchr(config->listen, '/');
	enum sp_err err;

	(void)umask(027);
	sp_daemon_raise_file_limit();
	err = sp_daemon_make_folder(config, &(struct sp_daemon_folder){
						    .option = "state-dir",
						    .path = config->state_dir,
						    .group = "",
					    });
	if (err == SP_OK && socket)
		err = make_parent(config, "listen", socket,
				  config->listen_group);
	if (err == SP_OK)
		err = make_parent(config, "control", config->control, "");
	if (err == SP_OK)
		err = sp_server_open(config);
	if (err == SP_OK)
		err = sp_control_open(config->control, &parts->control);
	if (err == SP_OK)
		err = sp_web_open(config, &parts->web);
	if (err == SP_OK)
		err = sp_daemon_write_pid_file(config->pid_file);
	return err;
}

/* As the account that we run as: so a reload can open the file again. What went
 * wrong before went to standard error. */
static enum sp_err open_log(const struct sp_config *config)
{
	enum sp_err err = sp_log_configure(&config->log.options);

	if (err != SP_OK)
		sp_log(SP_LOG_ERROR, "log.to: cannot open %s: %s",
		       config->log.options.file, strerror(errno));
	return err;
}

static enum sp_err open_clock(const struct options *options,
			      struct parts *parts)
{
	enum sp_err err;

	if (!options->test_clock)
		return SP_OK;
	err = sp_clock_from_file(options->test_clock, &parts->test_clock);
	if (err != SP_OK)
		sp_log(SP_LOG_ERROR, "--test-clock: cannot use %s: %s",
		       options->test_clock, sp_err_text(err));
	return err;
}

/* A Redis that does not come up is no reason not to serve: mail flows. */
static void start_redis(struct parts *parts)
{
	enum sp_err err;

	if (parts->config->redis.kind != SP_STORE_EMBEDDED)
		return;
	err = sp_embedded_start(parts->config, REDIS_WAIT_MS, &parts->embedded);
	if (err != SP_OK)
		sp_log(SP_LOG_WARNING,
		       "store: the embedded Redis is not up yet (%s): mail is "
		       "let in without greylisting until it is",
		       sp_err_text(err));
}

static enum sp_err start_serving(const struct options *options,
				 struct parts *parts)
{
	const struct sp_clock *clock;
	enum sp_err err = open_clock(options, parts);

	if (err != SP_OK)
		return err;
	start_redis(parts);
	clock = parts->test_clock ? parts->test_clock : sp_clock_real();
	err = sp_service_slot_new(sp_config_ref(parts->config), clock,
				  &parts->slot);
	if (err == SP_OK)
		err = sp_control_start(parts->control,
				       &(struct sp_control_sources){
					       .slot = parts->slot,
					       .embedded = parts->embedded,
				       });
	if (err == SP_OK)
		err = sp_web_start(parts->web,
				   &(struct sp_web_sources){
					   .slot = parts->slot,
					   .embedded = parts->embedded,
				   });
	if (err == SP_OK)
		err = sp_list_watch_start(parts->slot, &parts->watch);
	if (err == SP_OK)
		err = sp_recorder_start(parts->slot);
	if (err == SP_OK)
		err = sp_server_start(parts->slot);
	if (err != SP_OK)
		sp_log(SP_LOG_ERROR, "cannot start: %s", sp_err_text(err));
	return err;
}

/* What only a restart can change is kept, and said. */
static void warn_of_restart(const struct sp_config *old,
			    const struct sp_config *fresh)
{
	const struct {
		const char *option;
		bool has_changed;
	} rows[] = {
		{ "listen", strcmp(old->listen, fresh->listen) != 0 },
		{ "control", strcmp(old->control, fresh->control) != 0 },
		{ "user", strcmp(old->user, fresh->user) != 0 },
		{ "group", strcmp(old->group, fresh->group) != 0 },
		{ "state-dir", strcmp(old->state_dir, fresh->state_dir) != 0 },
		{ "web.listen",
		  strcmp(old->web.listen, fresh->web.listen) != 0 },
		{ "pid-file", strcmp(old->pid_file, fresh->pid_file) != 0 },
		{ "store (to or from embedded)",
		  old->redis.kind != fresh->redis.kind &&
			  (old->redis.kind == SP_STORE_EMBEDDED ||
			   fresh->redis.kind == SP_STORE_EMBEDDED) },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].has_changed)
			sp_log(SP_LOG_WARNING,
			       "reload: %s has changed; that takes a restart",
			       rows[i].option);
}

static void complain_of_reload(struct parts *parts,
			       const struct sp_config_errors *errors)
{
	for (size_t i = 0; i < errors->count && i < SP_CONFIG_ERRORS_MAX; i++)
		sp_log(SP_LOG_ERROR, "reload: %s", errors->texts[i]);
	sp_log(SP_LOG_ERROR,
	       "reload: %zu error%s; the configuration that runs "
	       "is kept",
	       errors->count, errors->count == 1 ? "" : "s");
	sp_control_set_reload_error(parts->control, errors->texts[0]);
}

static void warn_of_config(const struct sp_config *config)
{
	const char *text;

	for (size_t i = 0; (text = sp_config_warning(config, i)) != NULL; i++)
		sp_log(SP_LOG_WARNING, "%s", text);
}

static void take_over(struct parts *parts, const struct sp_config *fresh)
{
	enum sp_err err;

	warn_of_restart(parts->config, fresh);
	warn_of_config(fresh);
	if (sp_log_configure(&fresh->log.options) != SP_OK)
		sp_log(SP_LOG_ERROR, "reload: cannot open the log %s: %s",
		       fresh->log.options.file, strerror(errno));
	err = sp_service_slot_set(parts->slot, sp_config_ref(fresh));
	if (err != SP_OK) {
		const struct sp_config *given = fresh;

		sp_log(SP_LOG_ERROR,
		       "reload: %s; the configuration that runs is kept",
		       sp_err_text(err));
		sp_control_set_reload_error(parts->control, sp_err_text(err));
		sp_config_unref(&given);
		sp_config_unref(&fresh);
		return;
	}
	sp_service_slot_tidy(parts->slot);
	sp_config_unref(&parts->config);
	parts->config = fresh;
	sp_count(SP_COUNT_RELOADS);
	sp_control_set_reload_error(parts->control, "");
	sp_log(SP_LOG_INFO, "reload: done; it holds for new connections");
}

static void reload(const struct options *options, struct parts *parts)
{
	struct sp_config_errors *errors = calloc(1, sizeof(*errors));
	const struct sp_config *fresh = NULL;

	if (!errors)
		return;
	sp_daemon_notify("RELOADING=1");
	if (sp_config_load(options->config, &fresh, errors) == SP_OK)
		take_over(parts, fresh);
	else
		complain_of_reload(parts, errors);
	sp_daemon_notify("READY=1");
	free(errors);
}

static void wait_for_the_end(const struct options *options, struct parts *parts,
			     const sigset_t *taken)
{
	for (;;) {
		int taken_signal = sigwaitinfo(taken, NULL);

		if (taken_signal == SIGHUP)
			reload(options, parts);
		else if (taken_signal > 0)
			return;
	}
}

static void stop_serving(struct parts *parts)
{
	unsigned cut;

	sp_daemon_notify("STOPPING=1");
	sp_log(SP_LOG_INFO, "stopping: open mails may finish");
	cut = sp_server_drain(parts->config->drain_ms);
	if (cut > 0)
		sp_log(SP_LOG_WARNING,
		       "stopping: %u mails were still open after %lld s; the "
		       "MTA decides about them",
		       cut, (long long)(parts->config->drain_ms / 1000));
}

/* The mails that have just ended may have led to notices. */
static void stop_telling(struct sp_service_slot *slot)
{
	const struct sp_service *service;
	unsigned left;

	if (!slot)
		return;
	service = sp_service_get(slot);
	left = service->notifier
		       ? sp_notifier_stop(service->notifier, NOTIFY_STOP_MS)
		       : 0;
	sp_service_unref(&service);
	if (left > 0)
		sp_log(SP_LOG_WARNING,
		       "stopping: %u notices were not told (notify.program, "
		       "notify.mail); what they were about stands in this log",
		       left);
}

static void stop(struct parts *parts)
{
	sp_server_close();
	sp_web_stop(&parts->web);
	stop_telling(parts->slot);
	sp_control_stop(&parts->control);
	sp_list_watch_stop(&parts->watch);
	sp_recorder_stop();
	sp_embedded_stop(&parts->embedded);
	if (parts->config)
		sp_daemon_remove_pid_file(parts->config->pid_file);
	/* The service stays: callbacks of sessions that are still connected may
	 * run until the process is gone. */
	sp_config_unref(&parts->config);
}

static int run(const struct options *options, struct parts *parts,
	       const sigset_t *taken)
{
	enum sp_err err = start_as_root(parts);

	if (err == SP_OK)
		err = sp_daemon_drop_root(parts->config);
	if (err == SP_OK)
		err = open_log(parts->config);
	if (err == SP_OK)
		warn_of_config(parts->config);
	if (err == SP_OK)
		err = start_serving(options, parts);
	if (err == SP_OK) {
		sp_log(SP_LOG_INFO, "ready: listening on %s",
		       parts->config->listen);
		sp_daemon_notify("READY=1");
		wait_for_the_end(options, parts, taken);
		stop_serving(parts);
	}
	stop(parts);
	return err != SP_OK || sp_server_has_failed() ? EXIT_START
						      : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct parts parts = { 0 };
	struct options options;
	sigset_t taken;
	int status = parse_options(argc, argv, &options);

	if (status >= 0)
		return status;
	if (load(options.config, &parts.config) != SP_OK)
		return EXIT_CONFIG;
	if (options.only_check) {
		show_warnings(parts.config);
		check_databases(parts.config);
		sp_config_unref(&parts.config);
		return EXIT_SUCCESS;
	}
	block_signals(&taken);
	status = run(&options, &parts, &taken);
	sp_log(SP_LOG_INFO, "stopped");
	return status;
}
