/* A mail with DKIM-Signature fields: whatever they say, each gets a result, what
 * is told of it can be shown, and it does not depend on how the mail comes. */
#include "sallyport/dkim.h"

#include <stdlib.h>
#include <string.h>

#include "dkim_world.h"

#define RSA                                                                    \
	"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCbJdnf25hmM3" \
	"cLA1YUNWIrHER0bk7B98pZ/OenERlmooKwDCxChWnaOhmznshBlXoo5QBRpZUjGcRG"   \
	"YiATuuFSLnqjMMTY9yGPwAkeUp+lXiIWBjm2mu3sdLZiXIbuCdn2QHZxnHuo9CRoAr"   \
	"Lazk4+eRO69N3Wi2g0ljVAQj/4+QIDAQAB"
#define ED25519                                                                \
	"v=DKIM1; k=ed25519; p=KWTfZ0GwUlCPaQbO49gsRSRHmSu9UkNvemt2ELNIUkA="

enum {
	SIZE_MAX_BYTES = 32768
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_text(const char *text, size_t most)
{
	require(text != NULL && strlen(text) <= most);
	for (; *text != '\0'; text++)
		require(*text >= ' ' && *text <= '~');
}

static void check(const struct sp_dkim_signature *told)
{
	require(told->result > SP_DKIM_NONE &&
		told->result <= SP_DKIM_PERMERROR);
	require((told->result == SP_DKIM_PASS) == (told->reason[0] == '\0'));
	require(told->result != SP_DKIM_PASS || told->domain[0] != '\0');
	check_text(told->reason, 100);
	check_text(told->domain, SP_DOMAIN_SIZE - 1);
	check_text(told->selector, SP_DOMAIN_SIZE - 1);
	check_text(told->identity, SP_DOMAIN_SIZE);
	check_text(told->algorithm, 14);
	check_text(told->hash_start, 8);
}

static void check_same(const struct sp_dkim *one, const struct sp_dkim *other)
{
	require(sp_dkim_count(one) <= SP_DKIM_SIGNATURES_MAX);
	require(sp_dkim_count(one) == sp_dkim_count(other));
	require(sp_dkim_ignored(one) == sp_dkim_ignored(other));
	for (size_t i = 0; i < sp_dkim_count(one); i++) {
		check(sp_dkim_get(one, i));
		require(sp_dkim_get(one, i)->result ==
			sp_dkim_get(other, i)->result);
		require(strcmp(sp_dkim_get(one, i)->reason,
			       sp_dkim_get(other, i)->reason) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct dkim_world_mail mail = {
		.bytes = (const char *)bytes,
		.length = size,
		.now_sec = 1700000000,
		.author = "example.org",
	};
	static struct dkim_world world;
	struct sp_dkim *one, *other;

	if (size > SIZE_MAX_BYTES)
		return 0;
	if (world.count == 0) {
		dkim_world_init(&world);
		dkim_world_add(&world, "sel._domainkey.example.org", RSA,
			       strlen(RSA));
		dkim_world_add(&world, "ed._domainkey.example.org", ED25519,
			       strlen(ED25519));
		dkim_world_set(&world, "no._domainkey.example.org",
			       SP_DNS_FAILED);
	}
	one = dkim_world_verify(&world, &mail);
	mail.chunk = 1 + size % 7;
	mail.is_late = true;
	other = dkim_world_verify(&world, &mail);
	check_same(one, other);
	sp_dkim_free(&one);
	sp_dkim_free(&other);
	return 0;
}
