/*
 * key.h - what a question asks for, as tables look it up.
 *
 * Strangers choose the names, so the place in a table is hashed with a secret.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_DNS_KEY_H
#define SALLYPORT_DNS_KEY_H

#include "sallyport/dns.h"
#include "sallyport/hash.h"

struct sp_dns_key {
	uint64_t hash;
	const char *name; /* borrowed; as a struct sp_dns_name has it */
	enum sp_dns_type type;
	uint8_t length;
};

/* As random as the system can make it. */
void sp_dns_secret_init(struct sp_hash_key *secret);

/* `name` is at most SP_DOMAIN_SIZE - 1 long. */
void sp_dns_key_init(struct sp_dns_key *key, const struct sp_hash_key *secret,
		     const char *name, enum sp_dns_type type);

bool sp_dns_key_equals(const struct sp_dns_key *a, const struct sp_dns_key *b);

#endif
