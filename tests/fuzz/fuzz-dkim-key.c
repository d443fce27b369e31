/* Key records, one in a line, for an RSA and an Ed25519 signature that nobody
 * made: none makes them pass. */
#include "sallyport/dkim.h"

#include <stdlib.h>
#include <string.h>

#include "dkim_world.h"

#define SIGNED                                                                 \
	"h=from; d=example.org; s=sel; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm"       \
	"5NMpJWZG3hSuFU="
#define BYTES_64                                                               \
	"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8w"     \
	"MTIzNDU2Nzg5Ojs8PT4/QA"

enum {
	SIZE_MAX_BYTES = 8192
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static const char mail_text[] =
	"DKIM-Signature: v=1; a=rsa-sha256; c=simple/relaxed; " SIGNED
	"; b=" BYTES_64 BYTES_64 "\r\n"
	"DKIM-Signature: v=1; a=ed25519-sha256; c=simple/relaxed; " SIGNED
	"; b=" BYTES_64 "==\r\n"
	"From: joe@example.org\r\n"
	"\r\n";

static void add_records(struct dkim_world *world, const char *text, size_t size)
{
	for (int i = 0; i < DKIM_WORLD_RECORDS_MAX; i++) {
		const char *end = size > 0 ? memchr(text, '\n', size) : NULL;
		size_t length = end != NULL ? (size_t)(end - text) : size;

		dkim_world_add(world, "sel._domainkey.example.org", text,
			       length);
		if (end == NULL)
			break;
		text = end + 1;
		size -= length + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct dkim_world world;
	struct dkim_world_mail mail = {
		.bytes = mail_text,
		.length = sizeof(mail_text) - 1,
		.now_sec = 1700000000,
	};
	struct sp_dkim *dkim;

	if (size > SIZE_MAX_BYTES)
		return 0;
	dkim_world_init(&world);
	add_records(&world, (const char *)bytes, size);
	mail.is_late = size % 2 == 0;
	dkim = dkim_world_verify(&world, &mail);
	require(sp_dkim_count(dkim) == 2);
	for (size_t i = 0; i < 2; i++) {
		const struct sp_dkim_signature *told = sp_dkim_get(dkim, i);

		require(told->result > SP_DKIM_PASS &&
			told->result <= SP_DKIM_PERMERROR);
		require(told->reason[0] != '\0');
	}
	sp_dkim_free(&dkim);
	dkim_world_clear(&world);
	return 0;
}
