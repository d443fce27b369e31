/*
 * verify.h - libopendkim: canonical forms, hashes and signatures of one mail.
 *
 * The only place that knows the library. Its ways, and what is made of them:
 * - It hashes while it is fed and verifies in the end (DELAYSIGPROC), so the
 *   keys may come late. Handed out early, it would ask for them itself.
 * - It selects fields into an array of as many places as there are fields, and
 *   writes one place behind it when all of them are signed and h= names more:
 *   a field that nobody can sign comes along, see sp_dkim_verify_new.
 * - It refuses to verify when it cannot read From, and it counts what it cannot
 *   parse as no signature: with BADSIGHANDLES it does neither, and its list of
 *   signatures is that of the fields.
 * - PASSED says that the header's signature is right, whatever the body is.
 * - It judges x= and t= by the system's clock. Ours has judged already: with an
 *   allowance of 31 years it agrees. (It takes the allowance off t= without
 *   looking, so times before 2001 would be far in the future to it: claim.c.)
 * - It reads no temporary file, no DNS and no clock but that one.
 *
 * Threads:  one at a time per object.
 */
#ifndef SALLYPORT_DKIM_VERIFY_H
#define SALLYPORT_DKIM_VERIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "claim.h"
#include "fields.h"
#include "key.h"

/* One to be verified. */
struct sp_dkim_candidate {
	struct sp_dkim_claim *claim;
	const struct sp_dkim_field *field; /* chosen */
	const struct sp_dkim_key *key;	   /* NULL: not to be verified */
};

struct sp_dkim_verify;

/* The fields that are chosen are shown, all of them. NULL when the library does
 * not want to: without memory. */
struct sp_dkim_verify *sp_dkim_verify_new(const struct sp_dkim_fields *fields);
void sp_dkim_verify_free(struct sp_dkim_verify **verify);

/* False once no more of the body is needed. */
bool sp_dkim_verify_wants_body(const struct sp_dkim_verify *verify);
void sp_dkim_verify_body(struct sp_dkim_verify *verify,
			 const unsigned char *bytes, size_t length);

/* Each claim that has a key gets its result. */
void sp_dkim_verify_end(struct sp_dkim_verify *verify,
			const struct sp_dkim_candidate *candidates,
			size_t count);

#endif
