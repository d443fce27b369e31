/*
 * value.h - one value of the configuration as text, both ways.
 *
 * Readers:  the whole text is the value, or SP_ERR_SYNTAX (SP_ERR_RANGE when
 *           it is a number too large for any option) and the output untouched.
 * Threads:  reentrant, the same in every locale.
 */
#ifndef SALLYPORT_CONFIG_VALUE_H
#define SALLYPORT_CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "sallyport/err.h"
#include "sallyport/text.h"

/* "250ms", "90s", "5m", "2h", "36d": a whole number and its unit. */
enum sp_err sp_value_duration(const char *text, int64_t *ms_out);

/* "4096B", "64KB", "256MB", "1GB", "1TB", in powers of 1024 as Redis counts;
 * the unit in either case, the B may be left out. */
enum sp_err sp_value_size(const char *text, uint64_t *bytes_out);

enum sp_err sp_value_number(const char *text, uint64_t *number_out);

/* "-1", "2.5", "0.125": at most three digits behind the point. */
enum sp_err sp_value_real(const char *text, double *real_out);

/* The mode of a file: "0660", "660". */
enum sp_err sp_value_octal(const char *text, unsigned *mode_out);

/* true yes on, false no off, in either case. */
enum sp_err sp_value_bool(const char *text, bool *bool_out);

/* Which of `choices` ("observe|enforce") it is, from 0. */
enum sp_err sp_value_choice(const char *text, const char *choices,
			    unsigned *index_out);

/* The shortest way to write what the readers above read. */
void sp_value_write_duration(struct sp_text *out, int64_t ms);
void sp_value_write_size(struct sp_text *out, uint64_t bytes);
void sp_value_write_real(struct sp_text *out, double real);
void sp_value_write_choice(struct sp_text *out, const char *choices,
			   unsigned index);

#endif
