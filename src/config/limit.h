/*
 * limit.h - one limit as text (inside src/config only).
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_CONFIG_LIMIT_H
#define SALLYPORT_CONFIG_LIMIT_H

#include <stdbool.h>

#include "sallyport/limits.h"

/* A statement, parted at its first ':'; both are in `bytes`. */
struct sp_statement {
	char bytes[512];
	char *name;  /* before it, without blanks around */
	char *value; /* behind it, likewise */
};

/* SP_ERR_SYNTAX: there is no ':', or nothing on one side of it;
 * SP_ERR_TOO_LONG. */
enum sp_err sp_statement_read(const char *text,
			      struct sp_statement *statement_out);

/*
 * "200/1h hold". Errors as sp_classes_add_limit, `error_out` likewise; then
 * *limit_out is untouched. Its `stands` is the caller's to fill.
 */
enum sp_err sp_limit_read(enum sp_counted counted, const char *value,
			  struct sp_limit *limit_out,
			  char error_out[SP_LIMIT_ERROR_SIZE]);

/* Whether `other` is always reached before or with `limit`, and leads as far:
 * then `limit` says nothing. */
bool sp_limit_is_idle(const struct sp_limit *limit,
		      const struct sp_limit *other);

/* Write the error; returns `err`. */
enum sp_err sp_limit_refuse(char error_out[SP_LIMIT_ERROR_SIZE],
			    enum sp_err err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
