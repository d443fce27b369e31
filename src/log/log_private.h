/*
 * log_private.h - between the builders of lines and the sinks.
 *
 * Threads:  any thread.
 */
#ifndef SALLYPORT_LOG_PRIVATE_H
#define SALLYPORT_LOG_PRIVATE_H

#include "sallyport/log.h"

struct sp_log_line {
	enum sp_log_level level;
	enum sp_log_format format;
	/* The pairs. In JSON with the closing brace, but without the opening
	 * one: what the sink knows (the time) comes first in the object. */
	const char *pairs;
	size_t length;
};

enum sp_log_format sp_log_format(void);

/* Write the line, in one piece, to where lines go now. What cannot be written
 * is lost: there is nobody left to tell. */
void sp_log_write(const struct sp_log_line *line);

/* A message as a line of its own; `suppressed` > 0 says how many like it
 * were held back. */
void sp_log_message(enum sp_log_level level, uint32_t suppressed,
		    const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

#endif
