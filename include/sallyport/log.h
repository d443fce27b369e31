/*
 * log.h - what we say to the administrator, one line at a time.
 *
 * Two kinds of line, in one format (key=value, or one JSON object a line):
 *   - a message:  level=warning msg="..."
 *   - an event:   event=verdict id=01J... client=192.0.2.7 ...   stable keys
 *
 * No value can break a line: quotes, backslashes, control and 8-bit bytes are
 * escaped (\xHH in key=value, \u00HH in JSON), long values are cut at 1,024
 * characters (and end in "...") and a line at 8 KiB (whole pairs are left out,
 * and it ends in cut=yes), and a line is one write(2). Keys are our own words:
 * they are not escaped.
 *
 * A value stands in quotes when it is empty or holds anything but printable
 * ASCII without space, quote and backslash.
 *
 * A line in a file or on standard error begins with the time (RFC 3339, UTC)
 * and sallyportd[PID]; in JSON it has the key "time" instead. The systemd
 * journal gets neither, but the level (<4>), and syslog takes both itself.
 *
 * Threads:  any thread. Lines never mix.
 */
#ifndef SALLYPORT_LOG_H
#define SALLYPORT_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "sallyport/err.h"
#include "sallyport/text.h"

enum sp_log_level {
	SP_LOG_ERROR,	/* somebody has to do something */
	SP_LOG_WARNING, /* somebody should look at it */
	SP_LOG_INFO,	/* verdicts, start, stop, reload */
	SP_LOG_DEBUG
};

enum sp_log_sink {
	SP_LOG_STDERR,
	SP_LOG_SYSLOG,
	SP_LOG_FILE
};
enum sp_log_format {
	SP_LOG_KEY_VALUE,
	SP_LOG_JSON
};

struct sp_log_options {
	enum sp_log_level level; /* lines below it are not written */
	enum sp_log_sink sink;
	enum sp_log_format format;
	const char *file; /* for SP_LOG_FILE: an absolute path */
};

/*
 * Set where lines go; before the first call they go to standard error as
 * key=value. Opens the file anew, so a reload follows logrotate. On failure
 * (SP_ERR_SYSTEM, SP_ERR_RANGE for an unknown sink) nothing changes.
 */
enum sp_err sp_log_configure(const struct sp_log_options *options);

bool sp_log_is_on(enum sp_log_level level);

void sp_log(enum sp_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* An event: begun, filled with pairs, ended (then it is written). */
struct sp_log_event {
	enum sp_log_level level;
	bool is_on;
	enum sp_log_format format;
	struct sp_text line;
	char bytes[8192];
};

void sp_log_event_begin(struct sp_log_event *event, enum sp_log_level level,
			const char *name);
/* A NULL value is left out. */
void sp_log_event_text(struct sp_log_event *event, const char *key,
		       const char *value);
void sp_log_event_number(struct sp_log_event *event, const char *key,
			 int64_t value);
/* With one to three digits behind the point: 2.5, 0.125, 3.0. */
void sp_log_event_real(struct sp_log_event *event, const char *key,
		       double value);
void sp_log_event_end(struct sp_log_event *event);

/*
 * A bound on lines that repeat: at most one in `every_ms`. Zero-initialise,
 * one object per cause, static or beside what fails.
 * When it says yes, *suppressed_out is how many were held back before.
 */
struct sp_log_limit {
	int64_t every_ms;
	_Atomic int64_t next_ms; /* monotonic */
	_Atomic uint32_t suppressed;
};

bool sp_log_limit_allows(struct sp_log_limit *limit, uint32_t *suppressed_out);

/* sp_log() under a limit; says how many lines were held back. */
void sp_log_limited(struct sp_log_limit *limit, enum sp_log_level level,
		    const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
