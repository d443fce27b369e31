#include "sallyport/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "log_private.h"

enum {
	PREFIX_SIZE = 96
};

static _Atomic(enum sp_log_level) log_level = SP_LOG_INFO;
static _Atomic(enum sp_log_format) log_format = SP_LOG_KEY_VALUE;

static struct {
	pthread_mutex_t lock;
	/* All guarded by lock. */
	enum sp_log_sink sink;
	int fd; /* of the file */
	bool has_looked_at_stderr;
	bool is_stderr_journal;
} state = { .lock = PTHREAD_MUTEX_INITIALIZER,
	    .sink = SP_LOG_STDERR,
	    .fd = -1 };

/*
 * Whether what we write to standard error goes to the systemd journal, which
 * knows the time and takes the level in front of the line (sd-daemon(3)).
 * Children inherit the variable, so it holds only if it names our stream.
 */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device;
	uintmax_t inode;
	struct stat status;

	if (stream == NULL || fstat(fd, &status) != 0)
		return false;
	if (sscanf(stream, "%ju:%ju", &device, &inode) != 2)
		return false;
	return device == status.st_dev && inode == status.st_ino;
}

static bool is_known_sink(enum sp_log_sink sink)
{
	return sink == SP_LOG_STDERR || sink == SP_LOG_SYSLOG ||
	       sink == SP_LOG_FILE;
}

enum sp_err sp_log_configure(const struct sp_log_options *options)
{
	int fd = -1;
	int old_fd;

	if (!is_known_sink(options->sink))
		return SP_ERR_RANGE;
	if (options->sink == SP_LOG_FILE) {
		fd = open(options->file,
			  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
			  0640);
		if (fd < 0)
			return SP_ERR_SYSTEM;
	}
	pthread_mutex_lock(&state.lock);
	old_fd = state.fd;
	state.fd = fd;
	state.sink = options->sink;
	if (options->sink == SP_LOG_SYSLOG)
		openlog(program_invocation_short_name, LOG_PID, LOG_MAIL);
	log_level = options->level;
	log_format = options->format;
	pthread_mutex_unlock(&state.lock);
	if (old_fd >= 0)
		close(old_fd);
	return SP_OK;
}

bool sp_log_is_on(enum sp_log_level level)
{
	return level <= log_level;
}

enum sp_log_format sp_log_format(void)
{
	return log_format;
}

static int syslog_priority(enum sp_log_level level)
{
	switch (level) {
	case SP_LOG_ERROR:
		return LOG_ERR;
	case SP_LOG_WARNING:
		return LOG_WARNING;
	case SP_LOG_INFO:
		return LOG_INFO;
	case SP_LOG_DEBUG:
		break;
	}
	return LOG_DEBUG;
}

/* RFC 3339, UTC, milliseconds. */
static void add_time(struct sp_text *text)
{
	struct timespec now;
	struct tm parts;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	sp_text_addf(text, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ",
		     parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
		     parts.tm_hour, parts.tm_min, parts.tm_sec,
		     now.tv_nsec / 1000000);
}

static void add_prefix(struct sp_text *text, const struct sp_log_line *line,
		       bool to_journal)
{
	if (to_journal)
		sp_text_addf(text, "<%d>", syslog_priority(line->level));
	if (line->format == SP_LOG_JSON)
		sp_text_add(text, "{");
	if (to_journal)
		return;
	if (line->format == SP_LOG_JSON) {
		sp_text_add(text, "\"time\":\"");
		add_time(text);
		sp_text_add(text, "\",");
	} else {
		add_time(text);
		sp_text_addf(text,
			     " %.32s[%ld]: ", program_invocation_short_name,
			     (long)getpid());
	}
}

static void write_to_fd(int fd, const struct sp_log_line *line, bool to_journal)
{
	char newline[] = "\n";
	char bytes[PREFIX_SIZE];
	struct sp_text prefix;
	struct iovec parts[3];
	ssize_t written;

	sp_text_init(&prefix, bytes, sizeof(bytes));
	add_prefix(&prefix, line, to_journal);
	parts[0] = (struct iovec){ prefix.bytes, prefix.length };
	parts[1] = (struct iovec){ (void *)line->pairs, line->length };
	parts[2] = (struct iovec){ newline, 1 };
	do {
		written = writev(fd, parts, 3);
	} while (written < 0 && errno == EINTR);
}

static bool is_stderr_journal(void)
{
	if (!state.has_looked_at_stderr) {
		state.is_stderr_journal = is_journal(STDERR_FILENO);
		state.has_looked_at_stderr = true;
	}
	return state.is_stderr_journal;
}

void sp_log_write(const struct sp_log_line *line)
{
	int saved_errno = errno;

	pthread_mutex_lock(&state.lock);
	switch (state.sink) {
	case SP_LOG_STDERR:
		write_to_fd(STDERR_FILENO, line, is_stderr_journal());
		break;
	case SP_LOG_FILE:
		write_to_fd(state.fd, line, false);
		break;
	case SP_LOG_SYSLOG:
		syslog(syslog_priority(line->level), "%s%.*s",
		       line->format == SP_LOG_JSON ? "{" : "",
		       (int)line->length, line->pairs);
		break;
	}
	pthread_mutex_unlock(&state.lock);
	/* Callers log first and then act upon errno. */
	errno = saved_errno;
}
