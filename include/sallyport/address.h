/*
 * address.h - an envelope address, taken apart.
 *
 * Threads:  reentrant; nothing is kept.
 * Standard: RFC 5321 sections 4.1.2 (Path, Mailbox, Quoted-string) and
 *           4.5.3.1 (lengths), RFC 6531 (UTF-8 in local parts).
 *
 * An MTA hands over what its client said, so odd shapes are met: with and
 * without angle brackets, source routes, quoted local parts. Whatever cannot
 * be read is SP_ADDRESS_BAD, never an error: a mail is not lost for it, and
 * the caller still has the text.
 */
#ifndef SALLYPORT_ADDRESS_H
#define SALLYPORT_ADDRESS_H

#include <stddef.h>

#include "sallyport/domain.h"
#include "sallyport/err.h"

enum {
	SP_ADDRESS_SIZE = 512,
	SP_LOCAL_SIZE = 256
};

enum sp_address_kind {
	SP_ADDRESS_NULL,  /* <> */
	SP_ADDRESS_FULL,  /* local@domain */
	SP_ADDRESS_LOCAL, /* local part alone: <postmaster>, or a local user */
	SP_ADDRESS_BAD
};

struct sp_address {
	enum sp_address_kind kind;
	char local[SP_LOCAL_SIZE]; /* quotes removed, case kept */
	/* normalised; or "[192.0.2.1]", "[ipv6:2001:db8::1]" */
	char domain[SP_DOMAIN_SIZE];
};

/*
 * Parse `path` as given in MAIL FROM or RCPT TO, with or without <>.
 * A source route (<@a,@b:user@c>) is dropped, as RFC 5321 appendix C says.
 * Control characters, an empty local part, what is not UTF-8, and a domain
 * that is no name and no address literal are not read.
 * Never fails: what cannot be read has kind SP_ADDRESS_BAD and empty parts.
 */
void sp_address_parse(const char *path, struct sp_address *address_out);

/*
 * `local@domain` in lower case, "" for <>, bad or over-long ones: the form
 * that lists and keys use. (Local parts are case-sensitive by the RFC and by
 * no server that matters; folding them is what lists want.)
 */
void sp_address_key(const struct sp_address *address,
		    char key_out[SP_ADDRESS_SIZE]);

#endif
