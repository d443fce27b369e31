/* What is made of key records: which can be used, and why the others cannot. */
#include "key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dlfcn.h>

#include "base64.h"
#include "decode.h"
#include "der.h"
#include "dkim_signer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ED "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static const struct {
	const char *label;
	const char *record;
	enum sp_dkim_result problem; /* NONE: it can be used */
	const char *reason;
} rows[] = {
	{ "an Ed25519 key", "v=DKIM1; k=ed25519; " ED, SP_DKIM_NONE, "" },
	{ "without version, the rest in another order", ED "; k=ed25519",
	  SP_DKIM_NONE, "" },
	{ "with white space, notes, and what nobody knows",
	  " v = DKIM1 ;\tk=ed25519 ; n=notes=20here; g=*; zz=1 ; " ED " ; ",
	  SP_DKIM_NONE, "" },
	{ "with white space in the key",
	  "k=ed25519; p=11qYAYKxCrfVS/7T yWQHOg7h\tcvPapiMlrwIaaPcHURo =",
	  SP_DKIM_NONE, "" },
	{ "without padding",
	  "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo",
	  SP_DKIM_NONE, "" },
	{ "for mail", "k=ed25519; s=email; " ED, SP_DKIM_NONE, "" },
	{ "for everything", "k=ed25519; s=web : *; " ED, SP_DKIM_NONE, "" },
	{ "for chat only", "k=ed25519; s=chat:mail; " ED, SP_DKIM_PERMERROR,
	  "the key is not for mail" },
	{ "for nothing", "k=ed25519; s=; " ED, SP_DKIM_PERMERROR,
	  "the key is not for mail" },
	{ "another version", "v=DKIM2; k=ed25519; " ED, SP_DKIM_PERMERROR,
	  "the key record has an unknown version" },
	{ "an empty version", "v=; k=ed25519; " ED, SP_DKIM_PERMERROR,
	  "the key record has an unknown version" },
	{ "another protocol's", "v=spf1 -all", SP_DKIM_PERMERROR,
	  "the key record has an unknown version" },
	{ "an unknown type", "k=dsa; " ED, SP_DKIM_PERMERROR,
	  "the key is of an unknown type" },
	{ "revoked", "v=DKIM1; p=", SP_DKIM_PERMERROR, "the key is revoked" },
	{ "revoked, with a space", "v=DKIM1; p= ", SP_DKIM_PERMERROR,
	  "the key is revoked" },
	{ "no key", "v=DKIM1; k=rsa", SP_DKIM_PERMERROR,
	  "the key record has no key" },
	{ "nothing", "", SP_DKIM_PERMERROR, "the key record is malformed" },
	{ "a word", "hello", SP_DKIM_PERMERROR, "the key record is malformed" },
	{ "two keys in one", ED "; " ED, SP_DKIM_PERMERROR,
	  "the key record is malformed" },
	{ "a tag without value", "k=ed25519; t; " ED, SP_DKIM_PERMERROR,
	  "the key record is malformed" },
	{ "backslashes, as in a zone file", "v=DKIM1\\; k=ed25519\\; " ED,
	  SP_DKIM_PERMERROR, "the key record has an unknown version" },
	{ "8-bit text", "k=ed25519; n=\xe4; " ED, SP_DKIM_PERMERROR,
	  "the key record is malformed" },
	{ "no base64", "k=ed25519; p=11qYAYKx?CrfVS", SP_DKIM_PERMERROR,
	  "the key is no base64" },
	{ "base64 behind its end", "k=ed25519; p=11qY=AYKx", SP_DKIM_PERMERROR,
	  "the key is no base64" },
	{ "a character too many", "k=ed25519; p=11qYA", SP_DKIM_PERMERROR,
	  "the key is no base64" },
	{ "padding only", "k=ed25519; p====", SP_DKIM_PERMERROR,
	  "the key is no Ed25519 key" },
	{ "an Ed25519 key with its type around it",
	  "k=ed25519; "
	  "p=MCowBQYDK2VwAyEA3SUqa9UbfciWkk7tlcJ9P1VD5pXAasg0JUn/OgjVbKE=",
	  SP_DKIM_PERMERROR, "the key is no Ed25519 key" },
	{ "an Ed25519 key that says RSA", "k=rsa; " ED, SP_DKIM_PERMERROR,
	  "the key is no RSA key" },
	{ "an RSA key of 512 bits",
	  "p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALgSoqXVSEmfcIsOzw7oRuCCOwsmtX"
	  "/SJnTWxYyj2leFxfS/AVJ+dYfYyNQl4x0nM8n8N6PfJ0GJHhgmN5pVAQcCAwEAAQ=="
	  "",
	  SP_DKIM_POLICY, "the RSA key has less than 1024 bits" },
};

static void read_record(const char *text, size_t length,
			struct sp_dkim_key *key_out)
{
	struct sp_dns_record record = { .text = text, .length = length };
	struct sp_dns_answer answer = {
		.status = SP_DNS_FOUND,
		.count = 1,
		.records = &record,
	};

	sp_dkim_key_read(&answer, key_out);
}

static void test_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sp_dkim_key key;

		read_record(rows[i].record, strlen(rows[i].record), &key);
		if (key.problem != rows[i].problem ||
		    strcmp(key.reason, rows[i].reason) != 0)
			fail_msg("%s: %s, %s", rows[i].label,
				 sp_dkim_result_text(key.problem), key.reason);
	}
}

static void test_a_record_ends_where_it_ends(void **state)
{
	struct sp_dkim_key key;

	(void)state;
	read_record("p=; k=ed25519", 2, &key);
	assert_string_equal(key.reason, "the key is revoked");
	read_record("k=ed25519\0; " ED, sizeof("k=ed25519\0; " ED) - 1, &key);
	assert_string_equal(key.reason, "the key record is malformed");
}

static void test_flags(void **state)
{
	struct sp_dkim_key key;
	const char *both = "k=ed25519; t = s:x : Y; " ED;
	const char *none = "k=ed25519; t=yes:no; " ED;

	(void)state;
	read_record(both, strlen(both), &key);
	assert_true(key.is_testing);
	assert_true(key.is_for_one);
	assert_true(key.takes_sha256);
	assert_int_equal(key.bits, 256);
	assert_int_equal(key.type, SP_DKIM_ED25519);
	read_record(none, strlen(none), &key);
	assert_false(key.is_testing);
	assert_false(key.is_for_one);
}

/* ----------------------------------------------------------------- answers */

#define RECORDS 3

static const struct {
	const char *label;
	enum sp_dns_status status;
	const char *records[RECORDS];
	enum sp_dkim_result problem;
	const char *reason;
} answers[] = {
	{ "no such name",
	  SP_DNS_NXDOMAIN,
	  { NULL },
	  SP_DKIM_PERMERROR,
	  "there is no key" },
	{ "a name without text",
	  SP_DNS_NODATA,
	  { NULL },
	  SP_DKIM_PERMERROR,
	  "there is no key" },
	{ "a server in trouble",
	  SP_DNS_FAILED,
	  { NULL },
	  SP_DKIM_TEMPERROR,
	  "no answer for the key" },
	{ "a silent server",
	  SP_DNS_TIMEOUT,
	  { NULL },
	  SP_DKIM_TEMPERROR,
	  "no answer for the key" },
	{ "not asked",
	  SP_DNS_NOT_ASKED,
	  { NULL },
	  SP_DKIM_TEMPERROR,
	  "no answer for the key" },
	{ "no answer yet",
	  SP_DNS_PENDING,
	  { NULL },
	  SP_DKIM_TEMPERROR,
	  "no answer for the key" },
	{ "records that could not be used",
	  SP_DNS_FOUND,
	  { NULL },
	  SP_DKIM_PERMERROR,
	  "there is no key record" },
	{ "one key", SP_DNS_FOUND, { "k=ed25519; " ED }, SP_DKIM_NONE, "" },
	{ "a key between records of other kinds",
	  SP_DNS_FOUND,
	  { "v=spf1 -all", "k=ed25519; " ED, "hello; world" },
	  SP_DKIM_NONE,
	  "" },
	{ "the same key twice",
	  SP_DNS_FOUND,
	  { "k=ed25519; " ED, "k=ed25519; " ED },
	  SP_DKIM_PERMERROR,
	  "there are several key records" },
	{ "a key and one that is revoked",
	  SP_DNS_FOUND,
	  { "k=ed25519; " ED, "p=" },
	  SP_DKIM_PERMERROR,
	  "there are several key records" },
	{ "several records and none a key",
	  SP_DNS_FOUND,
	  { "v=spf1 -all", "v=DKIM1; k=rsa" },
	  SP_DKIM_PERMERROR,
	  "there is no key record" },
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct sp_dns_record records[RECORDS] = { 0 };
		struct sp_dns_answer answer = {
			.status = answers[i].status,
			.records = records,
		};
		struct sp_dkim_key key;

		for (size_t r = 0; r < RECORDS && answers[i].records[r] != NULL;
		     r++) {
			records[r].text = answers[i].records[r];
			records[r].length = strlen(records[r].text);
			answer.count++;
		}
		sp_dkim_key_read(&answer, &key);
		if (key.problem != answers[i].problem ||
		    strcmp(key.reason, answers[i].reason) != 0)
			fail_msg("%s: %s, %s", answers[i].label,
				 sp_dkim_result_text(key.problem), key.reason);
	}
}

static void test_no_answer_is_a_temperror(void **state)
{
	struct sp_dkim_key key;

	(void)state;
	sp_dkim_key_read(NULL, &key);
	assert_int_equal(key.problem, SP_DKIM_TEMPERROR);
}

/* --------------------------------------------------------------------- RSA */

static const struct {
	unsigned bits;
	const char *reason;
} lengths[] = {
	{ 512, "the RSA key has less than 1024 bits" },
	{ 1023, "the RSA key has less than 1024 bits" },
	{ 1024, "" },
	{ 2048, "" },
};

static void test_lengths_of_rsa_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct dkim_signer *signer = dkim_signer_new(lengths[i].bits);
		const char *record = dkim_signer_record(signer);
		struct sp_dkim_key key;

		read_record(record, strlen(record), &key);
		assert_string_equal(key.reason, lengths[i].reason);
		assert_int_equal(key.bits, lengths[i].bits);
		if (key.problem == SP_DKIM_NONE)
			assert_string_equal(key.text, strstr(record, "k="));
		dkim_signer_free(&signer);
	}
}

/* RFC 6376 section 3.6.1 says so; everybody publishes it with its type. */
static void test_an_rsa_key_without_its_type_is_the_same_key(void **state)
{
	struct dkim_signer *signer = dkim_signer_new(1024);
	char *bare = dkim_signer_bare_key(signer);
	struct sp_dkim_key key;
	char record[2048];

	(void)state;
	snprintf(record, sizeof(record), "v=DKIM1; p=%s", bare);
	read_record(record, strlen(record), &key);
	assert_string_equal(key.reason, "");
	assert_string_equal(key.text, strstr(dkim_signer_record(signer), "k="));
	free(bare);
	dkim_signer_free(&signer);
}

/* An RSAPublicKey of any numbers. */
static void read_numbers(unsigned modulus_bits, unsigned exponent_bits,
			 struct sp_dkim_key *key_out)
{
	unsigned char der[2200] = { 0x30, 0x82 };
	char record[4096] = "p=";
	size_t modulus = (modulus_bits + 7) / 8;
	size_t exponent = (exponent_bits + 7) / 8, at = 4;

	der[at++] = 0x02;
	der[at++] = 0x82;
	der[at++] = (unsigned char)((modulus + 1) >> 8);
	der[at++] = (unsigned char)(modulus + 1);
	der[at++] = 0;
	memset(der + at, 0xff, modulus);
	der[at] = (unsigned char)(0xff >> (8 * modulus - modulus_bits));
	at += modulus;
	der[at++] = 0x02;
	der[at++] = 0x81;
	der[at++] = (unsigned char)exponent;
	memset(der + at, 0xff, exponent);
	if (exponent > 0)
		der[at] =
			(unsigned char)(0xff >> (8 * exponent - exponent_bits));
	at += exponent;
	der[2] = (unsigned char)((at - 4) >> 8);
	der[3] = (unsigned char)(at - 4);
	sp_dkim_base64_encode(der, at, record + 2);
	read_record(record, strlen(record), key_out);
}

static void test_the_numbers_of_a_key_are_bounded(void **state)
{
	struct sp_dkim_key key;

	(void)state;
	read_numbers(2048, 64, &key);
	assert_string_equal(key.reason, "");
	read_numbers(2048, 65, &key);
	assert_string_equal(key.reason, "the RSA key's exponent is too large");
	read_numbers(4096, 64, &key);
	assert_string_equal(key.reason, "");
	read_numbers(4097, 17, &key);
	assert_string_equal(key.reason, "the RSA key has more than 4096 bits");
	read_numbers(16384, 17, &key);
	assert_string_equal(key.reason, "the RSA key has more than 4096 bits");
	assert_int_equal(key.bits, 16384);
	read_numbers(2048, 0, &key);
	assert_string_equal(key.reason, "the key is no RSA key");
	read_numbers(0, 17, &key);
	assert_string_equal(key.reason, "the key is no RSA key");
}

/* Every key that differs in a byte, or ends too early, is refused or has its
 * length told; a copy of its own guards its end. */
static void test_damaged_keys(void **state)
{
	struct dkim_signer *signer = dkim_signer_new(1024);
	const char *text = strstr(dkim_signer_record(signer), "p=") + 2;
	unsigned char der[512];
	struct sp_dkim_rsa rsa;
	size_t length, refused = 0;

	(void)state;
	assert_true(sp_dkim_base64_decode(text, strlen(text), der, sizeof(der),
					  &length));
	for (size_t i = 0; i < length * 256; i++) {
		unsigned char *copy = malloc(length);

		memcpy(copy, der, length);
		copy[i / 256] = (unsigned char)i;
		refused += !sp_dkim_rsa_read(copy, length, &rsa);
		free(copy);
	}
	assert_true(refused > 256);
	for (size_t size = 0; size < length; size++) {
		unsigned char *copy = malloc(size + 1);

		memcpy(copy, der, size);
		assert_false(sp_dkim_rsa_read(copy, size, &rsa));
		free(copy);
	}
	dkim_signer_free(&signer);
}

/* decode.h: it is found by its name, and nothing breaks when it is not. */
static void test_libopendkim_finds_our_decoder(void **state)
{
	Dl_info found;

	(void)state;
	sp_dkim_own_decoder();
	assert_true(dladdr(dlsym(RTLD_DEFAULT, "d2i_PUBKEY_bio"), &found) != 0);
	assert_null(strstr(found.dli_fname, "libcrypto"));
}

static void test_base64_goes_both_ways(void **state)
{
	unsigned char bytes[64], back[64];
	char text[128];
	size_t length;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 37 + 200);
	for (size_t size = 0; size <= sizeof(bytes); size++) {
		sp_dkim_base64_encode(bytes, size, text);
		assert_int_equal(strlen(text), sp_dkim_base64_length(size));
		assert_true(sp_dkim_base64_decode(text, strlen(text), back,
						  size, &length));
		assert_int_equal(length, size);
		assert_memory_equal(back, bytes, size);
		if (size > 0)
			assert_false(sp_dkim_base64_decode(
				text, strlen(text), back, size - 1, &length));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_a_record_ends_where_it_ends),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_no_answer_is_a_temperror),
		cmocka_unit_test(test_lengths_of_rsa_keys),
		cmocka_unit_test(
			test_an_rsa_key_without_its_type_is_the_same_key),
		cmocka_unit_test(test_the_numbers_of_a_key_are_bounded),
		cmocka_unit_test(test_damaged_keys),
		cmocka_unit_test(test_libopendkim_finds_our_decoder),
		cmocka_unit_test(test_base64_goes_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
