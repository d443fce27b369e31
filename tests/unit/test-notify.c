/* test-notify.c - the administrator is told, by real programs: good ones, and
 * such as hang, fail, flood, or are not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../support/redis_server.h" /* test_folder_new */
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/log.h"
#include "sallyport/notify.h"

struct world {
	char folder[64];
	const struct sp_config *config;
	struct sp_notifier *notifier;
};

enum {
	TEXT_SIZE = 65536
};

static const struct sp_notice locked = {
	.about = SP_NOTICE_SUBMITTER,
	.at_ms = INT64_C(1763783445000),
	.submitter = "sasl:alice@example.org",
	.standing = { .state = SP_SUBMITTER_LOCKED,
		      .since_ms = INT64_C(1763783445000),
		      .until_ms = INT64_C(1764388245000),
		      .why = { .cause = SP_CAUSE_LIMIT,
			       .counted = SP_COUNTED_RECIPIENTS,
			       .count = 1501,
			       .most = 1500,
			       .window_ms = 86400000 } },
	.mail_id = "01J00000000000000000000000",
	.client = "192.0.2.7",
};

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* Good until the next call but three. */
static const char *path_in(const struct world *world, const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", world->folder, name);
	return path;
}

static const char *text_of(const struct world *world, const char *name)
{
	static char text[TEXT_SIZE];
	FILE *file = fopen(path_in(world, name), "r");
	size_t length =
		file == NULL ? 0 : fread(text, 1, sizeof(text) - 1, file);

	if (file != NULL)
		fclose(file);
	text[length] = '\0';
	return text;
}

static void write_text(const struct world *world, const char *name,
		       const char *text, mode_t mode)
{
	FILE *file = fopen(path_in(world, name), "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	chmod(path_in(world, name), mode);
}

/* A configuration with this under "notify:". */
static const struct sp_config *load(struct world *world, const char *options)
{
	static struct sp_config_errors errors;
	const struct sp_config *config;
	char text[4096];

	snprintf(text, sizeof(text), "hostname: mx.example.org\nnotify:\n%s",
		 options);
	write_text(world, "c.yaml", text, 0644);
	if (sp_config_load(path_in(world, "c.yaml"), &config, &errors) != SP_OK)
		fail_msg("%s", errors.texts[0]);
	return config;
}

/* A shell that does this, in the test's folder. */
static void set_script(struct world *world, char *options, const char *timeout,
		       const char *script)
{
	char *to = options;

	to += sprintf(to, "  timeout: %s\n  program: [/bin/sh, -c, 'cd %s; ",
		      timeout, world->folder);
	for (; *script != '\0'; script++)
		if (*script == '\'')
			to += sprintf(to, "''");
		else
			*to++ = *script;
	strcpy(to, "']\n");
}

static void begin(struct world *world, const char *options)
{
	world->config = load(world, options);
	assert_int_equal(sp_notifier_new(world->config, &world->notifier),
			 SP_OK);
}

/* With so much time that only what the test does ends it. */
static void begin_script(struct world *world, const char *script)
{
	char options[2048];

	set_script(world, options, "10m", script);
	begin(world, options);
}

static void begin_short(struct world *world, const char *script)
{
	char options[2048];

	set_script(world, options, "1s", script);
	begin(world, options);
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct sp_log_options log = { .level = SP_LOG_DEBUG,
				      .sink = SP_LOG_FILE };

	test_folder_new(world->folder);
	log.file = path_in(world, "log");
	sp_log_configure(&log);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	sp_notifier_free(&world->notifier);
	sp_config_unref(&world->config);
	test_folder_remove(world->folder);
	free(world);
	return 0;
}

static bool is_over(const struct sp_notice_result *result)
{
	return result->stage != SP_NOTICE_WAITING &&
	       result->stage != SP_NOTICE_RUNNING;
}

/* What became of it, as soon as it is over on both ways. */
static void wait_for(struct world *world, uint64_t number,
		     struct sp_notice_result results[SP_NOTICE_WAYS])
{
	assert_true(number > 0);
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(
			sp_notifier_result(world->notifier, number, results),
			SP_OK);
		if (is_over(&results[0]) && is_over(&results[1]))
			return;
		sleep_ms(10);
	}
	fail_msg("a notice is not over in 30 s");
}

static struct sp_notice_result tell(struct world *world)
{
	struct sp_notice_result results[SP_NOTICE_WAYS];

	wait_for(world, sp_notify(world->notifier, &locked), results);
	return results[SP_NOTICE_PROGRAM];
}

static bool comes(const struct world *world, const char *name, const char *text)
{
	for (int i = 0; i < 1000; i++) {
		if (strstr(text_of(world, name), text) != NULL)
			return true;
		sleep_ms(10);
	}
	return false;
}

/* --- one run --------------------------------------------------------------- */

struct program_row {
	const char *sentence;
	const char *script;
	enum sp_notice_stage stage;
	const char *how;    /* its beginning */
	const char *output; /* its beginning */
	int64_t most_ms;
};

static const struct program_row program_rows[] = {
	{ "one that reads all and ends", "cat >/dev/null", SP_NOTICE_GOOD,
	  "exit 0", "", 10000 },
	{ "one that does not read", "exit 0", SP_NOTICE_GOOD, "exit 0", "",
	  10000 },
	{ "one that closes its input at once", "exec <&-; sleep 0.2",
	  SP_NOTICE_GOOD, "exit 0", "", 10000 },
	{ "one that fails, and says why", "echo no room >&2; exit 75",
	  SP_NOTICE_FAILED, "exit 75", "no room", 10000 },
	{ "one that says several things", "echo a; echo b >&2; echo", //
	  SP_NOTICE_GOOD, "exit 0", "a | b", 10000 },
	{ "one that would write upon our terminal", "printf '\\033[31m\\200'",
	  SP_NOTICE_GOOD, "exit 0", "\\x1b[31m\\x80", 10000 },
	{ "one that dies", "kill -9 $$", SP_NOTICE_FAILED, "signal 9", "",
	  10000 },
	{ "one that floods us with 100 MB", "exec head -c 100000000 /dev/zero",
	  SP_NOTICE_FAILED, "signal 13, after more than 1 MB of output",
	  "\\x00\\x00", 10000 },
	{ "one that writes a lot, but not too much",
	  "head -c 900000 /dev/zero; exit 0", SP_NOTICE_GOOD, "exit 0",
	  "\\x00\\x00", 10000 },
	{ "one that hangs", "sleep 30", SP_NOTICE_FAILED, "ended by us after",
	  "", 20000 },
	{ "one that hangs, and does not mind SIGTERM",
	  "trap '' TERM; echo no; while :; do sleep 30; done", SP_NOTICE_FAILED,
	  "ended by us after", "no", 20000 },
	{ "one that ends well at SIGTERM, but too late",
	  "trap 'exit 0' TERM; sleep 30 & wait", SP_NOTICE_FAILED,
	  "ended by us after", "", 20000 },
	{ "one that leaves a child behind, which keeps the pipe",
	  "sleep 30 & echo $! >child; exit 0", SP_NOTICE_GOOD, "exit 0", "",
	  20000 },
	{ "one that stops itself", "kill -STOP $$", SP_NOTICE_FAILED,
	  "ended by us after", "", 20000 },
};

static void test_programs(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(program_rows) / sizeof(*program_rows);
	     i++) {
		const struct program_row *row = &program_rows[i];
		struct sp_notice_result result;

		begin_short(world, row->script);
		result = tell(world);
		if (result.stage != row->stage ||
		    strncmp(result.how, row->how, strlen(row->how)) != 0 ||
		    strncmp(result.output, row->output, strlen(row->output)) ||
		    (row->output[0] == '\0' && result.output[0] != '\0') ||
		    result.took_ms > row->most_ms)
			fail_msg("%s: %s, %s, \"%s\", %lld ms", row->sentence,
				 sp_notice_stage_name(result.stage), result.how,
				 result.output, (long long)result.took_ms);
		sp_notifier_free(&world->notifier);
		sp_config_unref(&world->config);
	}
	/* What was put into the background goes on. */
	assert_int_equal(kill(atoi(text_of(world, "child")), SIGKILL), 0);
}

struct path_row {
	const char *sentence;
	const char *path;
	const char *why;
};

static const struct path_row path_rows[] = {
	{ "none", "/nonexistent/tell", "No such file or directory" },
	{ "one that must not be run", "/etc/passwd", "Permission denied" },
	{ "a folder", "/etc", "Permission denied" },
};

static void test_programs_that_cannot_run(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(path_rows) / sizeof(*path_rows); i++) {
		const struct path_row *row = &path_rows[i];
		struct sp_notice_result result;
		char options[128];

		snprintf(options, sizeof(options), "  program: [%s]\n",
			 row->path);
		begin(world, options);
		result = tell(world);
		assert_int_equal(result.stage, SP_NOTICE_FAILED);
		if (strstr(result.how, row->why) == NULL ||
		    strstr(result.how, row->path) == NULL)
			fail_msg("%s: %s", row->sentence, result.how);
		sp_notifier_free(&world->notifier);
		sp_config_unref(&world->config);
	}
}

/* Its whole group ends with it. */
static void test_the_children_of_one_that_hangs_end_too(void **state)
{
	struct world *world = *state;
	pid_t child;

	begin_short(world, "(trap '' TERM; echo $(exec sh -c 'echo $PPID') "
			   ">child; while :; do sleep 30; done) & sleep 30");
	assert_int_equal(tell(world).stage, SP_NOTICE_FAILED);
	child = (pid_t)atoi(text_of(world, "child"));
	assert_true(child > 1);
	/* Whoever takes in orphans reaps it. */
	for (int i = 0; i < 500 && kill(child, 0) == 0; i++) {
		char name[32], line[256] = "";
		FILE *file;

		snprintf(name, sizeof(name), "/proc/%d/stat", (int)child);
		file = fopen(name, "r");
		if (file == NULL || fgets(line, sizeof(line), file) == NULL)
			line[0] = '\0';
		if (file != NULL)
			fclose(file);
		if (strstr(line, ") Z ") != NULL)
			return; /* dead, and nobody reaps here */
		sleep_ms(10);
	}
	assert_int_not_equal(kill(child, 0), 0);
}

static void test_a_child_has_no_descriptor_of_ours(void **state)
{
	struct world *world = *state;
	int fds[50];

	/* Without O_CLOEXEC, as a careless library opens them. */
	for (size_t i = 0; i < 50; i++)
		fds[i] = open("/dev/null", O_RDONLY);
	begin(world, "  program: [/bin/ls, /proc/self/fd]\n");
	/* 3 is the folder that it reads. */
	assert_string_equal(tell(world).output, "0 | 1 | 2 | 3");
	for (size_t i = 0; i < 50; i++)
		close(fds[i]);
}

static void test_a_child_has_no_signal_blocked_or_ignored(void **state)
{
	struct world *world = *state;
	struct sp_notice_result result;
	sigset_t usr1, before;
	const char *text;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, &before);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	begin(world, "  program: [/bin/grep, ^Sig, /proc/self/status]\n");
	result = tell(world);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_non_null(strstr(result.output, "SigBlk:\\x090000000000000000"));
	text = strstr(result.output, "SigIgn:\\x09");
	assert_non_null(text);
	/* Those of the C library itself, 32 and 33, it ignores in children. */
	assert_int_equal(strtoull(text + 11, NULL, 16) & ~0x180000000ULL, 0);
}

static void test_a_child_has_nothing_of_ours(void **state)
{
	struct world *world = *state;
	int pid, group, session;
	char options[512];
	const char *text;

	setenv("SECRET", "s3cret", 1);
	snprintf(options, sizeof(options),
		 "  program: [/bin/sh, -c, 'F=%s; env >$F/env; pwd >$F/pwd; "
		 "cat /proc/$$/stat >$F/stat; cat >$F/in; echo \"$0\" \"$@\" "
		 ">$F/words', tell, \"a b\", \"$(id)\", x, x]\n",
		 world->folder);
	begin(world, options);
	assert_int_equal(tell(world).stage, SP_NOTICE_GOOD);
	assert_string_equal(text_of(world, "pwd"), "/\n");
	assert_string_equal(text_of(world, "words"), "tell a b $(id) x x\n");
	text = text_of(world, "env");
	assert_null(strstr(text, "SECRET"));
	assert_non_null(strstr(text, "PATH=/usr/local/sbin:"));
	assert_int_equal(sscanf(text_of(world, "stat"), "%d %*s %*c %*d %d %d",
				&pid, &group, &session),
			 3);
	assert_int_equal(group, pid);
	assert_int_equal(session, pid);
	assert_non_null(strstr(text_of(world, "in"),
			       "\"submitter\":\"sasl:alice@example.org\""));
}

/* --- queues ---------------------------------------------------------------- */

static void test_each_is_told_once_and_in_order(void **state)
{
	struct world *world = *state;
	struct sp_notice_result results[SP_NOTICE_WAYS];
	struct sp_notice notice = locked;
	char expected[256] = "";
	uint64_t last = 0;

	begin_script(world, "sed 's/.*submitter\":\"uid:\\([0-9]*\\).*/\\1/' "
			    ">>told");
	for (int i = 0; i < 20; i++) {
		snprintf(notice.submitter, sizeof(notice.submitter), "uid:%d",
			 i);
		snprintf(expected + strlen(expected), 8, "%d\n", i);
		last = sp_notify(world->notifier, &notice);
	}
	wait_for(world, last, results);
	assert_string_equal(text_of(world, "told"), expected);
}

static void test_a_full_queue_drops_the_new_ones_and_says_so_once(void **state)
{
	struct world *world = *state;
	struct sp_notifier_health health;
	const char *first;
	int64_t began_ms;

	begin_script(world, "touch begun; sleep 30");
	sp_notify(world->notifier, &locked);
	for (int i = 0; i < 1000 && access(path_in(world, "begun"), F_OK); i++)
		sleep_ms(10);
	began_ms = sp_clock_mono_ms();
	for (int i = 0; i < SP_NOTICES_WAITING; i++)
		assert_true(sp_notify(world->notifier, &locked) > 0);
	for (int i = 0; i < 1000; i++)
		assert_true(sp_notify(world->notifier, &locked) == 0);
	/* Had any of them waited for the program, it would be 30 s. */
	assert_true(sp_clock_mono_ms() - began_ms < 20000);
	sp_notifier_health(world->notifier, &health);
	assert_int_equal(health.dropped, 1000);
	assert_int_equal(health.waiting, SP_NOTICES_WAITING);
	assert_int_equal(health.running, 1);
	first = strstr(text_of(world, "log"), "64 notices wait");
	assert_non_null(first);
	assert_null(strstr(first + 1, "64 notices wait"));
}

static void write_sendmail(const struct world *world)
{
	write_text(world, "sendmail",
		   "#!/bin/sh\ncd \"$(dirname \"$0\")\"\n"
		   "for word in \"$@\"; do printf '[%s]' \"$word\"; done "
		   ">words\ncat >mail\n",
		   0755);
}

static void test_a_program_that_hangs_holds_up_no_mail(void **state)
{
	struct world *world = *state;
	struct sp_notice_result results[SP_NOTICE_WAYS];
	char options[512];
	uint64_t number;

	write_sendmail(world);
	snprintf(options, sizeof(options),
		 "  timeout: 10m\n  program: [/bin/sleep, 600]\n"
		 "  mail: postmaster@example.org\n  sendmail: %s\n",
		 path_in(world, "sendmail"));
	begin(world, options);
	number = sp_notify(world->notifier, &locked);
	assert_true(comes(world, "log", "way=mail"));
	assert_int_equal(sp_notifier_result(world->notifier, number, results),
			 SP_OK);
	assert_int_equal(results[SP_NOTICE_MAIL].stage, SP_NOTICE_GOOD);
	assert_int_equal(results[SP_NOTICE_PROGRAM].stage, SP_NOTICE_RUNNING);
	assert_string_equal(text_of(world, "words"),
			    "[-i][-f][<>][--][postmaster@example.org]");
	assert_non_null(strstr(text_of(world, "mail"),
			       "\nAuto-Submitted: auto-generated\n"));
}

static void test_a_reload_holds_for_those_that_wait(void **state)
{
	struct world *world = *state;
	const struct sp_config *other;
	char options[512];

	begin_script(world,
		     "touch begun; until [ -e go ]; do sleep 0.05; done; "
		     "echo old >>told");
	sp_notify(world->notifier, &locked);
	for (int i = 0; i < 1000 && access(path_in(world, "begun"), F_OK); i++)
		sleep_ms(10);
	sp_notify(world->notifier, &locked);
	set_script(world, options, "10m", "echo new >>told");
	other = load(world, options);
	sp_notifier_configure(world->notifier, other);
	sp_config_unref(&other);
	write_text(world, "go", "", 0644);
	assert_true(comes(world, "told", "new"));
	assert_string_equal(text_of(world, "told"), "old\nnew\n");
}

static void test_nobody_to_be_told(void **state)
{
	struct world *world = *state;
	struct sp_notice_result results[SP_NOTICE_WAYS];

	begin(world, "");
	assert_int_equal(sp_notify(world->notifier, &locked), 0);
	assert_int_equal(sp_notify(NULL, &locked), 0);
	assert_int_equal(sp_notifier_result(world->notifier, 0, results),
			 SP_ERR_NOT_FOUND);
	assert_int_equal(sp_notifier_result(world->notifier, 1, results),
			 SP_ERR_NOT_FOUND);
}

/* --- the end --------------------------------------------------------------- */

static void test_what_waits_is_told_before_the_end(void **state)
{
	struct world *world = *state;

	begin_script(world, "echo told >>told");
	for (int i = 0; i < 5; i++)
		sp_notify(world->notifier, &locked);
	assert_int_equal(sp_notifier_stop(world->notifier, 30000), 0);
	assert_string_equal(text_of(world, "told"),
			    "told\ntold\ntold\ntold\ntold\n");
	assert_int_equal(sp_notify(world->notifier, &locked), 0);
}

static void test_one_that_hangs_delays_the_end_no_longer_than_said(void **state)
{
	struct world *world = *state;
	int64_t began_ms;
	char options[512];

	snprintf(options, sizeof(options),
		 "  timeout: 10m\n  program: [/bin/sh, -c, 'trap \"\" TERM; "
		 "touch %s/begun; while :; do sleep 30; done']\n",
		 world->folder);
	begin(world, options);
	for (int i = 0; i < 4; i++)
		sp_notify(world->notifier, &locked);
	for (int i = 0; i < 1000 && access(path_in(world, "begun"), F_OK); i++)
		sleep_ms(10);
	began_ms = sp_clock_mono_ms();
	assert_int_equal(sp_notifier_stop(world->notifier, 300), 4);
	assert_true(sp_clock_mono_ms() - began_ms < 10000);
	assert_true(comes(world, "log", "(we stop)"));
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_programs),
		TEST(test_programs_that_cannot_run),
		TEST(test_the_children_of_one_that_hangs_end_too),
		TEST(test_a_child_has_no_descriptor_of_ours),
		TEST(test_a_child_has_no_signal_blocked_or_ignored),
		TEST(test_a_child_has_nothing_of_ours),
		TEST(test_each_is_told_once_and_in_order),
		TEST(test_a_full_queue_drops_the_new_ones_and_says_so_once),
		TEST(test_a_program_that_hangs_holds_up_no_mail),
		TEST(test_a_reload_holds_for_those_that_wait),
		TEST(test_nobody_to_be_told),
		TEST(test_what_waits_is_told_before_the_end),
		TEST(test_one_that_hangs_delays_the_end_no_longer_than_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
