#include "key.h"

#include <string.h>
#include <sys/random.h>

#include "sallyport/clock.h"

void sp_dns_secret_init(struct sp_hash_key *secret)
{
	int64_t now_us = sp_clock_mono_us();

	*secret = (struct sp_hash_key){ { 0 } };
	/* Without the system's help at least not the same each time. */
	if (getrandom(secret, sizeof(*secret), 0) != (ssize_t)sizeof(*secret))
		memcpy(secret, &now_us, sizeof(now_us));
}

void sp_dns_key_init(struct sp_dns_key *key, const struct sp_hash_key *secret,
		     const char *name, enum sp_dns_type type)
{
	key->name = name;
	key->type = type;
	key->length = (uint8_t)strlen(name);
	/* Types are few, and a stranger's choice of them is no choice. */
	key->hash = sp_hash_place(secret, name, key->length) +
		    (uint64_t)type * UINT64_C(0x9e3779b97f4a7c15);
}

bool sp_dns_key_equals(const struct sp_dns_key *a, const struct sp_dns_key *b)
{
	return a->hash == b->hash && a->type == b->type &&
	       a->length == b->length &&
	       memcmp(a->name, b->name, a->length) == 0;
}
