/*
 * key.h - what a domain publishes under a selector: a key, and for what it may
 * be used.
 *
 * libopendkim never sees a record as it was published, only the key out of it:
 * its own reading takes other hashes and types of key than the signature's.
 *
 * Threads:  reentrant.
 * Standard: RFC 6376 section 3.6, RFC 8301 section 3.2, RFC 8463 section 4.
 */
#ifndef SALLYPORT_DKIM_KEY_H
#define SALLYPORT_DKIM_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "sallyport/dkim.h"

enum sp_dkim_key_type {
	SP_DKIM_RSA,
	SP_DKIM_ED25519
};

enum {
	/* libopendkim's buffer has 1025 bytes. */
	SP_DKIM_KEY_TEXT_SIZE = 1024
};

struct sp_dkim_key {
	enum sp_dkim_result problem; /* SP_DKIM_NONE: it can be used */
	const char *reason;	     /* constant words */
	enum sp_dkim_key_type type;
	unsigned bits;
	bool is_testing;		  /* t=y */
	bool is_for_one;		  /* t=s: for no subdomain of d= */
	bool takes_sha256;		  /* h= has it, or there is none */
	char text[SP_DKIM_KEY_TEXT_SIZE]; /* "k=rsa; p=..." */
};

/* NULL is an answer that says nothing. */
void sp_dkim_key_read(const struct sp_dns_answer *answer,
		      struct sp_dkim_key *key_out);

#endif
