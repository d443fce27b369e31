/*
 * body.h - a body in canonical form, hashed while it comes.
 *
 * Ours, not libopendkim's: that one keeps a word until white space follows, so
 * its memory grows with the body; what it makes of a CR without LF depends on
 * how the body is cut into chunks; it refuses a relaxed body whose last line
 * has no end; and it takes 47 instructions for a byte (measured), this takes 7.
 *
 * Bounds:   a fixed size, whatever the body is.
 * Threads:  one at a time per object.
 * Standard: RFC 6376 sections 3.4.3, 3.4.4, 3.4.5. A CR or LF that is no part
 *           of a CRLF is a character like others.
 */
#ifndef SALLYPORT_DKIM_BODY_H
#define SALLYPORT_DKIM_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SP_DKIM_HASH_BYTES = 32 /* SHA-256 */
};

/* What of the body a signature covers. */
struct sp_dkim_form {
	bool is_relaxed;
	int64_t limit; /* bytes in canonical form; -1 = all */
};

struct sp_dkim_body;

/* NULL when libcrypto has no memory, or may not calculate SHA-256. */
struct sp_dkim_body *sp_dkim_body_new(struct sp_dkim_form form);
void sp_dkim_body_free(struct sp_dkim_body **body);

/* False once the limit is reached. */
bool sp_dkim_body_wants(const struct sp_dkim_body *body);
void sp_dkim_body_add(struct sp_dkim_body *body, const unsigned char *bytes,
		      size_t length);

/* Once, when the body is over. False when it has less bytes than the limit, or
 * libcrypto failed. */
bool sp_dkim_body_end(struct sp_dkim_body *body,
		      unsigned char hash_out[SP_DKIM_HASH_BYTES]);

bool sp_dkim_form_is_same(struct sp_dkim_form a, struct sp_dkim_form b);

#endif
