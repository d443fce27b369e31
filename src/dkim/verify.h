/*
 * verify.h - libopendkim: whether a mail's header is what was signed.
 *
 * The only place that knows the library. Its ways, and what is made of them:
 * - It asks for keys when the header is over, unless told to verify later
 *   (DELAYSIGPROC): so keys may come late, and each signature is verified when
 *   its key is there.
 * - It selects fields into an array of as many places as there are fields, and
 *   writes one place behind it when all of them are signed and h= names more:
 *   a field that nobody can sign comes along.
 * - It refuses to verify when it cannot read From, and does not list signatures
 *   that it cannot parse: with BADSIGHANDLES it does neither, and its list is
 *   that of the fields.
 * - It judges x= and t= by the system's clock. Ours has judged already: with an
 *   allowance of 31 years it agrees. (It takes the allowance off t= without
 *   looking, so times before 2001 would be far in the future to it: claim.c.)
 * - It never sees the body: see body.h.
 * - It opens no temporary file and asks no DNS.
 *
 * Threads:  one at a time per object; all share the library's handle.
 */
#ifndef SALLYPORT_DKIM_VERIFY_H
#define SALLYPORT_DKIM_VERIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "claim.h"
#include "fields.h"
#include "key.h"

struct sp_dkim_verify;

/* The fields that are chosen are shown to the library. They stay as they are
 * until this is freed. NULL when it does not take them: without memory. */
struct sp_dkim_verify *sp_dkim_verify_new(const struct sp_dkim_fields *fields);
void sp_dkim_verify_free(struct sp_dkim_verify **verify);

/*
 * Verify the header's signature in `field`, which is chosen, with `key`. True:
 * the header is what was signed. Otherwise the claim has got its result.
 */
bool sp_dkim_verify_header(struct sp_dkim_verify *verify,
			   const struct sp_dkim_field *field,
			   const struct sp_dkim_key *key,
			   struct sp_dkim_claim *claim);

#endif
