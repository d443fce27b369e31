/*
 * claim.h - what a DKIM-Signature field says, before anything of it is known to
 * be true.
 *
 * Everything that can be judged without the key is judged here: libopendkim
 * takes the last of two tags of a name, passes rsa-sha1, and asks the system's
 * clock.
 *
 * Threads:  reentrant. Texts are in the arena that was given.
 * Standard: RFC 6376 sections 3.5, 6.1.1; RFC 8301 section 3.1.
 */
#ifndef SALLYPORT_DKIM_CLAIM_H
#define SALLYPORT_DKIM_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "body.h"
#include "key.h"
#include "sallyport/arena.h"
#include "sallyport/dkim.h"

struct sp_dkim_claim {
	/* result: SP_DKIM_NONE, or final. */
	struct sp_dkim_signature told;
	struct sp_dns_name key_name; /* "" unless result is NONE */
	enum sp_dkim_key_type type;
	bool is_of_subdomain; /* i= is not d= itself */
	/* h= without white space: names with colons between. */
	const char *fields;
	size_t field_count;
	struct sp_dkim_form form; /* of the body */
	unsigned char body_hash[SP_DKIM_HASH_BYTES];
};

struct sp_dkim_claim_text {
	const char *value; /* behind the field's colon */
	size_t length;
	int64_t now_sec;
};

/* One that says nothing. */
void sp_dkim_claim_init(struct sp_dkim_claim *claim);

void sp_dkim_claim_read(const struct sp_dkim_claim_text *text,
			struct sp_arena *arena,
			struct sp_dkim_claim *claim_out);

/* Whether the key can have made this signature: NONE, or the claim's result. */
void sp_dkim_claim_judge_key(struct sp_dkim_claim *claim,
			     const struct sp_dkim_key *key);

/* The result is final; `reason` in constant words. */
void sp_dkim_claim_end(struct sp_dkim_claim *claim, enum sp_dkim_result result,
		       const char *reason);

#endif
