/*
 * text.h - text built in a buffer of fixed size, always NUL-terminated.
 *
 * What does not fit is left out and `is_cut` is set, and from then on nothing
 * more is added, for it would read as if nothing were missing in between. A
 * caller that must not cut looks at it once, at the end.
 *
 * Threads:  one thread at a time per object.
 */
#ifndef SALLYPORT_TEXT_H
#define SALLYPORT_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sp_text {
	char *bytes; /* borrowed from the caller */
	size_t size;
	size_t length; /* without the NUL */
	bool is_cut;
};

/* `size` is at least 1. */
void sp_text_init(struct sp_text *text, char *buffer, size_t size);

/* All of a text at once: `from`, cut at `size` - 1; NULL is "". */
void sp_text_copy(char *to, size_t size, const char *from);

void sp_text_add(struct sp_text *text, const char *string);
void sp_text_add_bytes(struct sp_text *text, const char *bytes, size_t length);
void sp_text_addf(struct sp_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void sp_text_vaddf(struct sp_text *text, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* As "%" PRId64 does, at a tenth of its cost: a log line is full of numbers. */
void sp_text_add_number(struct sp_text *text, int64_t value);

/* Points as people write them, as "%.4g" does: "2.5", "0", "-1.25". */
void sp_text_add_points(struct sp_text *text, double points);

/*
 * Add `length` bytes of hostile input so that the result holds printable
 * ASCII only: everything else, the backslash, and each character of `also`
 * (may be NULL) becomes \xHH. Never cuts an escape in half.
 */
void sp_text_add_safe(struct sp_text *text, const char *bytes, size_t length,
		      const char *also);

/* The value of a hexadecimal digit, 0-9 and A-F; `_any` takes a-f too. -1: it is
 * none. */
int sp_hex_digit(char c);
int sp_hex_digit_any(char c);

/* ASCII only, whatever the locale. */
bool sp_text_equals(const char *a, const char *b);	   /* ignoring case */
bool sp_text_starts(const char *text, const char *prefix); /* ignoring case */
void sp_text_lower(char *string);			   /* in place */

#endif
