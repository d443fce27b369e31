/*
 * mime.h - what a part of a mail says that it is.
 *
 * Bounds:   one pass over the field; names are cut at their caps.
 * Threads:  reentrant.
 * Standard: RFC 2045 sections 5 and 6. More lenient: a value without quotes may
 *           have any character but blanks, ';' and parentheses, for boundaries
 *           with '=' and '/' are often left without. Values that are split or
 *           encoded (RFC 2231) are not read.
 */
#ifndef SALLYPORT_MAIL_MIME_H
#define SALLYPORT_MAIL_MIME_H

#include <stddef.h>
#include <stdint.h>

enum {
	SP_MIME_NAME_SIZE = 64,
	/* RFC 2046 has boundaries of 70 characters at most; some are longer. */
	SP_MIME_BOUNDARY_SIZE = 201
};

struct sp_mime_type {
	char name[SP_MIME_NAME_SIZE]; /* "multipart/report", in lower case; ""
					 is none, unreadable or too long */
	char boundary[SP_MIME_BOUNDARY_SIZE]; /* "": none, or too long */
	char report_type[SP_MIME_NAME_SIZE];  /* in lower case; likewise */
};

enum sp_mime_encoding {
	SP_MIME_PLAIN, /* 7bit, 8bit, binary, and what nobody knows */
	SP_MIME_BASE64,
	SP_MIME_QUOTED
};

/* `value` stands behind "Content-Type:", folded or not. Of parameters that are
 * there twice the first one counts. */
void sp_mime_read_type(const char *value, struct sp_mime_type *type_out);

/* `value` stands behind "Content-Transfer-Encoding:". */
enum sp_mime_encoding sp_mime_read_encoding(const char *value);

/*
 * The first word of a field, in lower case: of "failed (no such user)" it is
 * "failed". Empty when there is none, or it does not fit.
 */
void sp_mime_read_word(const char *value, char word_out[SP_MIME_NAME_SIZE]);

/* What stands at `at` behind blanks and comments, which may be nested. */
const char *sp_mime_skip(const char *at);

/* Takes an encoding off, line by line. */
struct sp_mime_decoder {
	enum sp_mime_encoding encoding;
	uint32_t bits; /* of base64, not yet a byte */
	unsigned bit_count;
};

/*
 * One line without its end. Up to `length` + 1 bytes are written to `out`: of
 * base64 what it makes, of the others the line, a line feed behind it unless
 * the next one continues it. Returns how many. What is no code stands for
 * itself, or in base64 for nothing.
 */
size_t sp_mime_decode(struct sp_mime_decoder *decoder, const char *line,
		      size_t length, char *out);

#endif
