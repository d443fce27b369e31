#include "key.h"

#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "der.h"
#include "tags.h"

enum {
	/* An RSA key of 16,384 bits: beyond what anybody may use here, but its
	 * length can still be told. */
	KEY_BYTES_MAX = 2200,
	INFO_BYTES_MAX = 700, /* 4096 bits need 550 */
	ED25519_BYTES = 32,
	ED25519_BITS = 256,
	/* A signature is verified by raising it to this power. 65537 is
	 * everybody's; one as long as the modulus costs a hundred times that. */
	EXPONENT_BITS_MOST = 64
};

static void refuse(struct sp_dkim_key *key, enum sp_dkim_result problem,
		   const char *reason)
{
	key->problem = problem;
	key->reason = reason;
}

static void write_text(struct sp_dkim_key *key, const char *type,
		       const unsigned char *bytes, size_t length)
{
	int used = snprintf(key->text, sizeof(key->text), "k=%s; p=", type);

	if ((size_t)used + sp_dkim_base64_length(length) >= sizeof(key->text))
		refuse(key, SP_DKIM_POLICY, "the key is too long");
	else
		sp_dkim_base64_encode(bytes, length, key->text + used);
}

static void read_rsa(struct sp_dkim_key *key, const unsigned char *bytes,
		     size_t length)
{
	unsigned char info[INFO_BYTES_MAX];
	struct sp_dkim_rsa rsa;

	if (!sp_dkim_rsa_read(bytes, length, &rsa)) {
		refuse(key, SP_DKIM_PERMERROR, "the key is no RSA key");
		return;
	}
	key->bits = rsa.bits;
	if (rsa.bits < SP_DKIM_KEY_BITS_LEAST)
		refuse(key, SP_DKIM_POLICY,
		       "the RSA key has less than 1024 bits");
	else if (rsa.bits > SP_DKIM_KEY_BITS_MOST)
		refuse(key, SP_DKIM_POLICY,
		       "the RSA key has more than 4096 bits");
	else if (rsa.exponent_bits > EXPONENT_BITS_MOST)
		refuse(key, SP_DKIM_POLICY,
		       "the RSA key's exponent is too large");
	else if (sp_dkim_rsa_write(&rsa, info, sizeof(info), &length))
		write_text(key, "rsa", info, length);
	else
		refuse(key, SP_DKIM_PERMERROR, "the key is no RSA key");
}

static void read_ed25519(struct sp_dkim_key *key, const unsigned char *bytes,
			 size_t length)
{
	if (length != ED25519_BYTES) {
		refuse(key, SP_DKIM_PERMERROR, "the key is no Ed25519 key");
		return;
	}
	key->bits = ED25519_BITS;
	write_text(key, "ed25519", bytes, length);
}

static void read_data(struct sp_dkim_key *key, const struct sp_dkim_tag *tag)
{
	unsigned char bytes[KEY_BYTES_MAX];
	size_t length;

	if (tag == NULL)
		refuse(key, SP_DKIM_PERMERROR, "the key record has no key");
	else if (tag->length == 0)
		refuse(key, SP_DKIM_PERMERROR, "the key is revoked");
	else if (!sp_dkim_base64_decode(tag->value, tag->length, bytes,
					sizeof(bytes), &length))
		refuse(key, SP_DKIM_PERMERROR, "the key is no base64");
	else if (key->type == SP_DKIM_RSA)
		read_rsa(key, bytes, length);
	else
		read_ed25519(key, bytes, length);
}

/* What the key may be used for; false when that is nothing of ours. */
static bool read_terms(struct sp_dkim_key *key, const struct sp_dkim_tags *tags)
{
	const struct sp_dkim_tag *version = sp_dkim_tags_find(tags, "v");
	const struct sp_dkim_tag *type = sp_dkim_tags_find(tags, "k");
	const struct sp_dkim_tag *service = sp_dkim_tags_find(tags, "s");
	const struct sp_dkim_tag *hashes = sp_dkim_tags_find(tags, "h");
	const struct sp_dkim_tag *flags = sp_dkim_tags_find(tags, "t");

	key->is_testing = sp_dkim_tag_lists(flags, "y");
	key->is_for_one = sp_dkim_tag_lists(flags, "s");
	key->takes_sha256 =
		hashes == NULL || sp_dkim_tag_lists(hashes, "sha256");
	if (version != NULL && !sp_dkim_tag_is(version, "DKIM1"))
		refuse(key, SP_DKIM_PERMERROR,
		       "the key record has an unknown version");
	else if (service != NULL && !sp_dkim_tag_lists(service, "*") &&
		 !sp_dkim_tag_lists(service, "email"))
		refuse(key, SP_DKIM_PERMERROR, "the key is not for mail");
	else if (sp_dkim_tag_is(type, "ed25519"))
		key->type = SP_DKIM_ED25519;
	else if (type != NULL && !sp_dkim_tag_is(type, "rsa"))
		refuse(key, SP_DKIM_PERMERROR, "the key is of an unknown type");
	return key->problem == SP_DKIM_NONE;
}

static void read_record(struct sp_dkim_key *key,
			const struct sp_dns_record *record)
{
	struct sp_dkim_tags tags;

	if (sp_dkim_tags_read(record->text, record->length, &tags) != NULL)
		refuse(key, SP_DKIM_PERMERROR, "the key record is malformed");
	else if (read_terms(key, &tags))
		read_data(key, sp_dkim_tags_find(&tags, "p"));
}

/* Records of other kinds stand beside keys where a wildcard put them. */
static bool is_key_record(const struct sp_dns_record *record)
{
	struct sp_dkim_tags tags;

	(void)sp_dkim_tags_read(record->text, record->length, &tags);
	return sp_dkim_tags_find(&tags, "p") != NULL;
}

/*
 * RFC 6376 section 3.6.2.2 leaves undefined what several records mean. Taking
 * any of them would make the result depend on the order of an answer, so they
 * are an error, unless only one of them is a key at all.
 */
static const struct sp_dns_record *choose(struct sp_dkim_key *key,
					  const struct sp_dns_answer *answer)
{
	const struct sp_dns_record *found = NULL;

	if (answer->count == 1)
		return &answer->records[0];
	for (size_t i = 0; i < answer->count; i++) {
		if (!is_key_record(&answer->records[i]))
			continue;
		if (found != NULL) {
			refuse(key, SP_DKIM_PERMERROR,
			       "there are several key records");
			return NULL;
		}
		found = &answer->records[i];
	}
	if (found == NULL)
		refuse(key, SP_DKIM_PERMERROR, "there is no key record");
	return found;
}

void sp_dkim_key_read(const struct sp_dns_answer *answer,
		      struct sp_dkim_key *key_out)
{
	const struct sp_dns_record *record;

	key_out->problem = SP_DKIM_NONE;
	key_out->reason = "";
	key_out->type = SP_DKIM_RSA;
	key_out->bits = 0;
	key_out->is_testing = false;
	key_out->is_for_one = false;
	key_out->takes_sha256 = false;
	key_out->text[0] = '\0';
	if (answer == NULL || sp_dns_is_unknown(answer->status)) {
		refuse(key_out, SP_DKIM_TEMPERROR, "no answer for the key");
	} else if (sp_dns_is_absent(answer->status)) {
		refuse(key_out, SP_DKIM_PERMERROR, "there is no key");
	} else {
		record = choose(key_out, answer);
		if (record != NULL)
			read_record(key_out, record);
	}
}
