/*
 * base64.h - the encoding of keys (RFC 2045 section 6.8).
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_DKIM_BASE64_H
#define SALLYPORT_DKIM_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* White space anywhere, padding at the end or none. False for anything else,
 * and when `size` bytes cannot hold it. */
bool sp_dkim_base64_decode(const char *text, size_t length,
			   unsigned char *bytes_out, size_t size,
			   size_t *length_out);

/* How many characters `length` bytes are, without a NUL. */
size_t sp_dkim_base64_length(size_t length);

/* `text_out` takes sp_dkim_base64_length(length) characters and a NUL. */
void sp_dkim_base64_encode(const unsigned char *bytes, size_t length,
			   char *text_out);

#endif
