/*
 * dkim_signer.h - signs mails, with whatever tags a test wants.
 *
 * On libcrypto alone: what it makes of RFC 6376 is another reading than
 * libopendkim's, so that each is a test of the other.
 */
#ifndef SALLYPORT_TESTS_DKIM_SIGNER_H
#define SALLYPORT_TESTS_DKIM_SIGNER_H

#include <stddef.h>

struct dkim_signer;

/* A new key: RSA of so many bits, or Ed25519 for 0. */
struct dkim_signer *dkim_signer_new(unsigned rsa_bits);
void dkim_signer_free(struct dkim_signer **signer);

/* "v=DKIM1; k=rsa; p=...", until the signer is freed. */
const char *dkim_signer_record(const struct dkim_signer *signer);

/* p= alone; an RSA key as RFC 6376 has it, without the type around it. Free
 * it. */
char *dkim_signer_bare_key(const struct dkim_signer *signer);

struct dkim_order {
	const char *tags; /* all but bh= and b=: "v=1; a=rsa-sha256; ..." */
	const char *mail; /* the fields, an empty line, the body; all CRLF */
	size_t length;
};

/* "DKIM-Signature: ...; bh=...; b=..." and CRLF, followed by the mail; free
 * it. `length_out` may be NULL. */
char *dkim_sign(const struct dkim_signer *signer,
		const struct dkim_order *order, size_t *length_out);

#endif
