/* published.c - a key as its owner sees it. */
#include "sallyport/dkim.h"

#include "key.h"

void sp_dkim_published_read(const struct sp_dns_answer *answer,
			    struct sp_dkim_published *published_out)
{
	struct sp_dkim_key key;

	sp_dkim_key_read(answer, &key);
	published_out->problem = key.problem;
	published_out->reason = key.reason;
	published_out->type = key.type == SP_DKIM_RSA ? "RSA" : "Ed25519";
	published_out->bits = key.bits;
	published_out->is_testing = key.is_testing;
	if (key.problem != SP_DKIM_NONE || key.takes_sha256)
		return;
	published_out->problem = SP_DKIM_PERMERROR;
	published_out->reason = "the key does not allow SHA-256 (h=)";
}
