/*
 * Log lines as they arrive in a file, on standard error, in a journal: nothing
 * that a stranger says may break one, or fake a key.
 */
#include "sallyport/log.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

enum {
	THREADS = 4,
	LINES_EACH = 500,
	CONTENT_SIZE = 1 << 20
};

struct files {
	char directory[32];
	char log[64];
	char rotated[64];
	char content[CONTENT_SIZE];
};

static int make_files(void **state)
{
	struct files *files = calloc(1, sizeof(*files));

	*state = files;
	snprintf(files->directory, sizeof(files->directory),
		 "/tmp/test-log-XXXXXX");
	if (mkdtemp(files->directory) == NULL)
		return -1;
	snprintf(files->log, sizeof(files->log), "%s/log", files->directory);
	snprintf(files->rotated, sizeof(files->rotated), "%s/log.1",
		 files->directory);
	return 0;
}

static int remove_files(void **state)
{
	struct files *files = *state;

	sp_log_configure(&(struct sp_log_options){ .level = SP_LOG_INFO });
	unlink(files->log);
	unlink(files->rotated);
	rmdir(files->directory);
	free(files);
	return 0;
}

static void log_to_file(const struct files *files, enum sp_log_format format)
{
	const struct sp_log_options options = { .level = SP_LOG_INFO,
						.sink = SP_LOG_FILE,
						.format = format,
						.file = files->log };

	assert_int_equal(sp_log_configure(&options), SP_OK);
}

static void read_file(const char *path, char content_out[CONTENT_SIZE])
{
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	content_out[fread(content_out, 1, CONTENT_SIZE - 1, file)] = '\0';
	fclose(file);
}

/* What stands in the file, which is emptied, behind the prefix of its only
 * line and without the line's end. */
static const char *take_line(struct files *files, enum sp_log_format format)
{
	const char *prefix_end = format == SP_LOG_JSON ? "Z\"," : "]: ";
	char *body;

	read_file(files->log, files->content);
	assert_int_equal(truncate(files->log, 0), 0);
	body = strstr(files->content, prefix_end);
	assert_non_null(body);
	body += 3;
	assert_ptr_equal(strchr(body, '\n'), body + strlen(body) - 1);
	body[strlen(body) - 1] = '\0';
	return body;
}

struct value_row {
	const char *sentence;
	const char *value;
	const char *key_value;
	const char *json;
};

static const struct value_row value_rows[] = {
	{ "a plain word has no quotes", "joe@example.org",
	  "event=e k=joe@example.org",
	  "\"event\":\"e\",\"k\":\"joe@example.org\"}" },
	{ "an = in a value needs none", "A=1,B=2", "event=e k=A=1,B=2",
	  "\"event\":\"e\",\"k\":\"A=1,B=2\"}" },
	{ "a value of two words has them", "joe doe", "event=e k=\"joe doe\"",
	  "\"event\":\"e\",\"k\":\"joe doe\"}" },
	{ "an empty value is seen", "", "event=e k=\"\"",
	  "\"event\":\"e\",\"k\":\"\"}" },
	{ "a missing value is left out with its key", NULL, "event=e",
	  "\"event\":\"e\"}" },
	{ "no key can be faked", "x\" verdict=accept",
	  "event=e k=\"x\\x22 verdict=accept\"",
	  "\"event\":\"e\",\"k\":\"x\\\" verdict=accept\"}" },
	{ "no line can be faked", "x\r\nevent=verdict",
	  "event=e k=\"x\\x0d\\x0aevent=verdict\"",
	  "\"event\":\"e\",\"k\":\"x\\u000d\\u000aevent=verdict\"}" },
	{ "no escape can be faked", "x\\x22", "event=e k=\"x\\x5cx22\"",
	  "\"event\":\"e\",\"k\":\"x\\\\x22\"}" },
	{ "8-bit bytes are escaped one by one", "\xc3\xbc",
	  "event=e k=\"\\xc3\\xbc\"",
	  "\"event\":\"e\",\"k\":\"\\u00c3\\u00bc\"}" },
	{ "DEL and ESC too", "\x7f\x1b[2J", "event=e k=\"\\x7f\\x1b[2J\"",
	  "\"event\":\"e\",\"k\":\"\\u007f\\u001b[2J\"}" },
	{ "a % is nothing special", "%s%n", "event=e k=%s%n",
	  "\"event\":\"e\",\"k\":\"%s%n\"}" },
};

static void values_are_quoted_and_escaped(void **state)
{
	struct files *files = *state;

	for (size_t i = 0; i < 2 * COUNT(value_rows); i++) {
		const struct value_row *row = &value_rows[i / 2];
		enum sp_log_format format =
			i % 2 == 0 ? SP_LOG_KEY_VALUE : SP_LOG_JSON;
		const char *expected = i % 2 == 0 ? row->key_value : row->json;
		struct sp_log_event event;
		const char *line;

		log_to_file(files, format);
		sp_log_event_begin(&event, SP_LOG_INFO, "e");
		sp_log_event_text(&event, "k", row->value);
		sp_log_event_end(&event);
		line = take_line(files, format);
		if (strcmp(line, expected) != 0)
			fail_msg("%s: %s", row->sentence, line);
	}
}

struct number_row {
	const char *sentence;
	double value;
	const char *expected;
};

static const struct number_row number_rows[] = {
	{ "a whole number has one digit behind the point", 3, "k=3.0" },
	{ "a half", 2.5, "k=2.5" },
	{ "three digits", 0.125, "k=0.125" },
	{ "not four", 0.12345, "k=0.123" },
	{ "a zero within stays", 1.205, "k=1.205" },
	{ "below zero", -1.5, "k=-1.5" },
	{ "zero", 0, "k=0.0" },
	{ "not a number", NAN, "k=nan" },
	{ "infinity", INFINITY, "k=inf" },
};

static void reals_have_one_to_three_digits(void **state)
{
	struct files *files = *state;

	log_to_file(files, SP_LOG_KEY_VALUE);
	for (size_t i = 0; i < COUNT(number_rows); i++) {
		const struct number_row *row = &number_rows[i];
		struct sp_log_event event;
		const char *line;

		sp_log_event_begin(&event, SP_LOG_INFO, "e");
		sp_log_event_real(&event, "k", row->value);
		sp_log_event_end(&event);
		line = take_line(files, SP_LOG_KEY_VALUE);
		if (strcmp(line + strlen("event=e "), row->expected) != 0)
			fail_msg("%s: %s", row->sentence, line);
	}
}

static void numbers_are_bare_in_json(void **state)
{
	struct files *files = *state;
	struct sp_log_event event;

	log_to_file(files, SP_LOG_JSON);
	sp_log_event_begin(&event, SP_LOG_INFO, "e");
	sp_log_event_number(&event, "n", INT64_MIN);
	sp_log_event_real(&event, "r", 2.5);
	sp_log_event_real(&event, "x", NAN);
	sp_log_event_real(&event, "huge", 1e308);
	sp_log_event_end(&event);
	assert_non_null(strstr(take_line(files, SP_LOG_JSON),
			       "\"event\":\"e\",\"n\":-9223372036854775808,"
			       "\"r\":2.5,\"x\":\"nan\",\"huge\":1000000000"));
}

static void messages_say_their_level(void **state)
{
	struct files *files = *state;

	log_to_file(files, SP_LOG_KEY_VALUE);
	sp_log(SP_LOG_WARNING, "cannot read \"%s\": %d", "a\nb", 7);
	assert_string_equal(
		take_line(files, SP_LOG_KEY_VALUE),
		"level=warning msg=\"cannot read \\x22a\\x0ab\\x22: 7\"");
	log_to_file(files, SP_LOG_JSON);
	sp_log(SP_LOG_ERROR, "gone");
	assert_string_equal(take_line(files, SP_LOG_JSON),
			    "\"level\":\"error\",\"msg\":\"gone\"}");
}

static void lines_below_the_level_are_not_written(void **state)
{
	struct files *files = *state;
	struct sp_log_event event;

	log_to_file(files, SP_LOG_KEY_VALUE);
	assert_true(sp_log_is_on(SP_LOG_INFO));
	assert_false(sp_log_is_on(SP_LOG_DEBUG));
	sp_log(SP_LOG_DEBUG, "nothing");
	sp_log_event_begin(&event, SP_LOG_DEBUG, "e");
	sp_log_event_text(&event, "k", "v");
	sp_log_event_number(&event, "n", 1);
	sp_log_event_real(&event, "r", 1);
	sp_log_event_end(&event);
	read_file(files->log, files->content);
	assert_string_equal(files->content, "");
}

static void a_line_begins_with_the_time_and_the_process(void **state)
{
	struct files *files = *state;
	int milliseconds = -1;
	int length = 0;
	int pid = 0;

	log_to_file(files, SP_LOG_KEY_VALUE);
	sp_log(SP_LOG_INFO, "up");
	read_file(files->log, files->content);
	assert_int_equal(sscanf(files->content,
				"%*4d-%*2d-%*2dT%*2d:%*2d:%*2d.%3dZ "
				"%*[a-z-][%d]: level=info msg=up\n%n",
				&milliseconds, &pid, &length),
			 2);
	assert_int_equal(strlen(files->content), length);
	assert_int_equal(pid, getpid());
	assert_in_range(milliseconds, 0, 999);
	assert_true(strncmp(files->content, "20", 2) == 0);
}

/* `values` values of 3,000 bytes `byte`. */
static const char *log_long_values(struct files *files, int values, char byte,
				   enum sp_log_format format)
{
	char value[3001];
	struct sp_log_event event;

	memset(value, byte, 3000);
	value[3000] = '\0';
	log_to_file(files, format);
	sp_log_event_begin(&event, SP_LOG_INFO, "e");
	for (int i = 0; i < values; i++)
		sp_log_event_text(&event, "k", value);
	sp_log_event_end(&event);
	return take_line(files, format);
}

static void long_values_are_cut(void **state)
{
	struct files *files = *state;
	const char *line = log_long_values(files, 1, 'x', SP_LOG_KEY_VALUE);

	assert_int_equal(strlen(line), strlen("event=e k=...") + 1024);
	assert_string_equal(line + strlen(line) - 4, "x...");
	/* Escapes count as they are written, and are never halved. */
	line = log_long_values(files, 1, '\n', SP_LOG_KEY_VALUE);
	assert_int_equal(strlen(line), strlen("event=e k=\"...\"") + 1024);
	assert_string_equal(line + strlen(line) - 8, "\\x0a...\"");
	line = log_long_values(files, 1, '\n', SP_LOG_JSON);
	assert_string_equal(line + strlen(line) - 11, "\\u000a...\"}");
}

static void long_lines_lose_whole_pairs(void **state)
{
	struct files *files = *state;
	const char *line = log_long_values(files, 20, 'x', SP_LOG_KEY_VALUE);

	assert_in_range(strlen(line), 7000, 8192);
	assert_true(strlen(files->content) < 8192);
	assert_string_equal(line + strlen(line) - 12, "x... cut=yes");
	line = log_long_values(files, 20, 'x', SP_LOG_JSON);
	assert_true(strlen(files->content) < 8192);
	assert_string_equal(line + strlen(line) - 17, "x...\",\"cut\":true}");
}

static void a_long_message_is_cut_too(void **state)
{
	struct files *files = *state;
	char text[5000];
	const char *line;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_to_file(files, SP_LOG_KEY_VALUE);
	sp_log(SP_LOG_INFO, "%s", text);
	line = take_line(files, SP_LOG_KEY_VALUE);
	assert_int_equal(strlen(line), strlen("level=info msg=...") + 1024);
}

static void logging_leaves_errno_alone(void **state)
{
	struct files *files = *state;
	const struct sp_log_options options = { .level = SP_LOG_INFO,
						.sink = SP_LOG_FILE,
						.file = "/dev/full" };

	assert_int_equal(sp_log_configure(&options), SP_OK);
	errno = ENOENT;
	sp_log(SP_LOG_INFO, "lost");
	assert_int_equal(errno, ENOENT);
	log_to_file(files, SP_LOG_KEY_VALUE);
}

static void a_bad_sink_changes_nothing(void **state)
{
	struct files *files = *state;
	struct sp_log_options options = { .level = SP_LOG_ERROR,
					  .sink = SP_LOG_FILE,
					  .format = SP_LOG_JSON,
					  .file = "/nonexistent/log" };

	log_to_file(files, SP_LOG_KEY_VALUE);
	assert_int_equal(sp_log_configure(&options), SP_ERR_SYSTEM);
	assert_int_equal(errno, ENOENT);
	sp_log(SP_LOG_INFO, "still here");
	assert_string_equal(take_line(files, SP_LOG_KEY_VALUE),
			    "level=info msg=\"still here\"");
}

static void configuring_again_follows_a_rotated_file(void **state)
{
	struct files *files = *state;

	log_to_file(files, SP_LOG_KEY_VALUE);
	sp_log(SP_LOG_INFO, "first");
	assert_int_equal(rename(files->log, files->rotated), 0);
	sp_log(SP_LOG_INFO, "second");
	log_to_file(files, SP_LOG_KEY_VALUE);
	sp_log(SP_LOG_INFO, "third");
	assert_string_equal(take_line(files, SP_LOG_KEY_VALUE),
			    "level=info msg=third");
	read_file(files->rotated, files->content);
	assert_non_null(strstr(files->content, "msg=second\n"));
}

/* In a process of its own, whose standard error is `fd`. */
static void log_to_stderr_of_a_child(int fd, enum sp_log_format format,
				     const char *journal_stream)
{
	const struct sp_log_options options = { .level = SP_LOG_INFO,
						.sink = SP_LOG_STDERR,
						.format = format };
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		dup2(fd, STDERR_FILENO);
		if (journal_stream != NULL)
			setenv("JOURNAL_STREAM", journal_stream, 1);
		else
			unsetenv("JOURNAL_STREAM");
		sp_log_configure(&options);
		sp_log(SP_LOG_WARNING, "up");
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void the_journal_gets_the_level_and_no_time(void **state)
{
	struct files *files = *state;
	int fd = open(files->log, O_RDWR | O_CREAT | O_APPEND, 0600);
	char stream[64];
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)status.st_dev,
		 (uintmax_t)status.st_ino);
	log_to_stderr_of_a_child(fd, SP_LOG_KEY_VALUE, stream);
	log_to_stderr_of_a_child(fd, SP_LOG_JSON, stream);
	read_file(files->log, files->content);
	assert_string_equal(files->content,
			    "<4>level=warning msg=up\n"
			    "<4>{\"level\":\"warning\",\"msg\":\"up\"}\n");
	/* The variable is inherited by those who write elsewhere. */
	assert_int_equal(ftruncate(fd, 0), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju",
		 (uintmax_t)status.st_dev + 1, (uintmax_t)status.st_ino);
	log_to_stderr_of_a_child(fd, SP_LOG_KEY_VALUE, stream);
	assert_string_equal(take_line(files, SP_LOG_KEY_VALUE),
			    "level=warning msg=up");
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)status.st_dev,
		 (uintmax_t)status.st_ino + 1);
	log_to_stderr_of_a_child(fd, SP_LOG_KEY_VALUE, stream);
	assert_string_equal(take_line(files, SP_LOG_KEY_VALUE),
			    "level=warning msg=up");
	log_to_stderr_of_a_child(fd, SP_LOG_JSON, NULL);
	read_file(files->log, files->content);
	assert_int_equal(strncmp(files->content, "{\"time\":\"20", 11), 0);
	close(fd);
}

static void *log_many(void *argument)
{
	for (int i = 0; i < LINES_EACH; i++)
		sp_log(SP_LOG_INFO, "thread %s line %d", (const char *)argument,
		       i);
	return NULL;
}

static void lines_of_threads_never_mix(void **state)
{
	struct files *files = *state;
	static char names[THREADS][2] = { "a", "b", "c", "d" };
	pthread_t threads[THREADS];
	int next[THREADS] = { 0 };
	char *line;
	char *rest;

	log_to_file(files, SP_LOG_KEY_VALUE);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, log_many, names[i]),
			0);
	/* A reload while they write loses nothing. */
	log_to_file(files, SP_LOG_KEY_VALUE);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	read_file(files->log, files->content);
	for (line = strtok_r(files->content, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		char thread;
		int number;

		line = strstr(line, "]: ");
		assert_non_null(line);
		assert_int_equal(sscanf(line,
					"]: level=info msg=\"thread %c line "
					"%d\"",
					&thread, &number),
				 2);
		assert_int_equal(number, next[thread - 'a']++);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(next[i], LINES_EACH);
}

static void a_limit_lets_one_through_and_counts_the_rest(void **state)
{
	struct sp_log_limit limit = { .every_ms = 60000 };
	uint32_t suppressed = 99;

	(void)state;
	assert_true(sp_log_limit_allows(&limit, &suppressed));
	assert_int_equal(suppressed, 0);
	for (int i = 0; i < 5; i++)
		assert_false(sp_log_limit_allows(&limit, &suppressed));
	limit.next_ms = 0; /* the minute is over */
	assert_true(sp_log_limit_allows(&limit, &suppressed));
	assert_int_equal(suppressed, 5);
	assert_false(sp_log_limit_allows(&limit, &suppressed));
}

static void a_limited_line_says_how_many_were_held_back(void **state)
{
	struct files *files = *state;
	struct sp_log_limit limit = { .every_ms = 60000 };

	log_to_file(files, SP_LOG_KEY_VALUE);
	for (int i = 0; i < 4; i++)
		sp_log_limited(&limit, SP_LOG_ERROR, "store: %s", "gone");
	assert_string_equal(take_line(files, SP_LOG_KEY_VALUE),
			    "level=error msg=\"store: gone\"");
	limit.next_ms = 0;
	sp_log_limited(&limit, SP_LOG_ERROR, "store: %s", "gone");
	assert_string_equal(take_line(files, SP_LOG_KEY_VALUE),
			    "level=error msg=\"store: gone\" suppressed=3");
	/* What is not written anyway takes nobody's turn. */
	limit.next_ms = 0;
	sp_log_limited(&limit, SP_LOG_DEBUG, "detail");
	assert_int_equal(limit.next_ms, 0);
}

struct contest {
	struct sp_log_limit limit;
	_Atomic int allowed;
	_Atomic uint32_t suppressed;
};

static void *ask_many_times(void *argument)
{
	struct contest *contest = argument;
	uint32_t suppressed;

	for (int i = 0; i < 1000; i++) {
		if (!sp_log_limit_allows(&contest->limit, &suppressed))
			continue;
		contest->allowed++;
		contest->suppressed += suppressed;
	}
	return NULL;
}

static void of_many_threads_one_gets_the_line(void **state)
{
	struct contest contest = { .limit.every_ms = 60000 };
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						ask_many_times, &contest),
				 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(contest.allowed, 1);
	assert_int_equal(contest.suppressed + contest.limit.suppressed,
			 THREADS * 1000 - 1);
}

#define WITH_FILES(test)                                                       \
	cmocka_unit_test_setup_teardown(test, make_files, remove_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FILES(values_are_quoted_and_escaped),
		WITH_FILES(reals_have_one_to_three_digits),
		WITH_FILES(numbers_are_bare_in_json),
		WITH_FILES(messages_say_their_level),
		WITH_FILES(lines_below_the_level_are_not_written),
		WITH_FILES(a_line_begins_with_the_time_and_the_process),
		WITH_FILES(long_values_are_cut),
		WITH_FILES(long_lines_lose_whole_pairs),
		WITH_FILES(a_long_message_is_cut_too),
		WITH_FILES(logging_leaves_errno_alone),
		WITH_FILES(a_bad_sink_changes_nothing),
		WITH_FILES(configuring_again_follows_a_rotated_file),
		WITH_FILES(the_journal_gets_the_level_and_no_time),
		WITH_FILES(lines_of_threads_never_mix),
		cmocka_unit_test(a_limit_lets_one_through_and_counts_the_rest),
		WITH_FILES(a_limited_line_says_how_many_were_held_back),
		cmocka_unit_test(of_many_threads_one_gets_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
