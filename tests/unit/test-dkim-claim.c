/* What is made of a DKIM-Signature field before its key is known: what is worth
 * a look-up, and why the others are not. */
#include "claim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NOW 1700000000

/* What a good one has behind a, h, i, ...; b= is not looked into. */
#define HASH  "; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define REST  HASH "; b=AbCdEfGhIjKlMnOp"
#define NAMES "; d=example.org; s=sel"
#define GOOD  " v=1; a=rsa-sha256; h=From" NAMES REST

static const struct {
	const char *label;
	const char *text;
	enum sp_dkim_result result; /* NONE: worth evaluating */
	const char *reason;
} rows[] = {
	{ "all that is needed", GOOD, SP_DKIM_NONE, "" },
	{ "a ';' at the end", GOOD ";", SP_DKIM_NONE, "" },
	{ "white space wherever it may be",
	  "\r\n\tv = 1 ;\r\n a\t= rsa-sha256;h = From\r\n : To" NAMES REST
	  " \r\n\t",
	  SP_DKIM_NONE, "" },
	{ "an unknown tag", GOOD "; zz_9=whatever", SP_DKIM_NONE, "" },
	{ "an algorithm in capitals", "v=1; a=RSA-SHA256; h=from" NAMES REST,
	  SP_DKIM_NONE, "" },
	{ "Ed25519", "v=1; a=ed25519-sha256; h=from" NAMES REST, SP_DKIM_NONE,
	  "" },

	{ "nothing", "", SP_DKIM_PERMERROR, "a tag without '='" },
	{ "white space only", " \r\n ", SP_DKIM_PERMERROR,
	  "a tag without '='" },
	{ "a word", "hello", SP_DKIM_PERMERROR, "a tag without '='" },
	{ "two ';' at the end", GOOD ";;", SP_DKIM_PERMERROR,
	  "a tag without '='" },
	{ "a tag without name", GOOD "; =1", SP_DKIM_PERMERROR,
	  "a tag's name is none" },
	{ "a name that begins with a digit", GOOD "; 1a=1", SP_DKIM_PERMERROR,
	  "a tag's name is none" },
	{ "a name of two words", GOOD "; a b=1", SP_DKIM_PERMERROR,
	  "a tag's name is none" },
	{ "a tag twice", GOOD "; d=example.net", SP_DKIM_PERMERROR,
	  "a tag is there twice" },
	{ "a tag twice, in capitals", GOOD "; BH=aaaa", SP_DKIM_PERMERROR,
	  "a tag is there twice" },
	{ "8-bit text", GOOD "; z=\xc3\xa4", SP_DKIM_PERMERROR,
	  "a character that is not allowed" },
	{ "a control character", GOOD "; z=\x01", SP_DKIM_PERMERROR,
	  "a character that is not allowed" },

	{ "no version", "a=rsa-sha256; h=from" NAMES REST, SP_DKIM_PERMERROR,
	  "there is no v=" },
	{ "the draft's version", "v=0.5; a=rsa-sha256; h=from" NAMES REST,
	  SP_DKIM_PERMERROR, "the version is unknown" },
	{ "version 2", "v=2; a=rsa-sha256; h=from" NAMES REST,
	  SP_DKIM_PERMERROR, "the version is unknown" },
	{ "version 11", "v=11; a=rsa-sha256; h=from" NAMES REST,
	  SP_DKIM_PERMERROR, "the version is unknown" },
	{ "no algorithm", "v=1; h=from" NAMES REST, SP_DKIM_PERMERROR,
	  "there is no a=" },
	{ "no domain", "v=1; a=rsa-sha256; h=from; s=sel" REST,
	  SP_DKIM_PERMERROR, "there is no d=" },
	{ "no selector", "v=1; a=rsa-sha256; h=from; d=example.org" REST,
	  SP_DKIM_PERMERROR, "there is no s=" },
	{ "no fields", "v=1; a=rsa-sha256" NAMES REST, SP_DKIM_PERMERROR,
	  "there is no h=" },
	{ "no body hash", "v=1; a=rsa-sha256; h=from" NAMES "; b=AA",
	  SP_DKIM_PERMERROR, "there is no bh=" },
	{ "no signature", "v=1; a=rsa-sha256; h=from" NAMES HASH,
	  SP_DKIM_PERMERROR, "there is no b=" },
	{ "an empty signature", "v=1; a=rsa-sha256; h=from" NAMES HASH "; b=",
	  SP_DKIM_PERMERROR, "there is no b=" },

	{ "rsa-sha1", "v=1; a=rsa-sha1; h=from" NAMES REST, SP_DKIM_PERMERROR,
	  "rsa-sha1 proves nothing any more (RFC 8301)" },
	{ "an algorithm of tomorrow", "v=1; a=mldsa-sha512; h=from" NAMES REST,
	  SP_DKIM_NEUTRAL, "the algorithm is unknown" },
	{ "half an algorithm", "v=1; a=rsa; h=from" NAMES REST, SP_DKIM_NEUTRAL,
	  "the algorithm is unknown" },
	{ "an unknown header form", GOOD "; c=nowsp/simple", SP_DKIM_NEUTRAL,
	  "the canonicalization is unknown" },
	{ "an unknown body form", GOOD "; c=simple/nowsp", SP_DKIM_NEUTRAL,
	  "the canonicalization is unknown" },
	{ "no body form behind a slash", GOOD "; c=simple/", SP_DKIM_NEUTRAL,
	  "the canonicalization is unknown" },
	{ "a header form only", GOOD "; c=relaxed", SP_DKIM_NONE, "" },
	{ "both forms", GOOD "; c=Relaxed/Simple", SP_DKIM_NONE, "" },
	{ "keys out of HTTP", GOOD "; q=http", SP_DKIM_NEUTRAL,
	  "the query method is unknown" },
	{ "keys out of DNS or HTTP", GOOD "; q=http : dns/txt", SP_DKIM_NONE,
	  "" },

	{ "a domain with a space",
	  "v=1; a=rsa-sha256; h=from; s=sel; d=example. org" REST,
	  SP_DKIM_PERMERROR, "d= is no domain name" },
	{ "a domain with a dot at the end",
	  "v=1; a=rsa-sha256; h=from; s=sel; d=example.org." REST,
	  SP_DKIM_PERMERROR, "d= is no domain name" },
	{ "a domain that is an address",
	  "v=1; a=rsa-sha256; h=from; s=sel; d=192.0.2.1" REST,
	  SP_DKIM_PERMERROR, "d= is no domain name" },
	{ "a selector that is more than one",
	  "v=1; a=rsa-sha256; h=from; d=example.org; s=a..b" REST,
	  SP_DKIM_PERMERROR, "s= is no selector" },
	{ "a selector with quotes",
	  "v=1; a=rsa-sha256; h=from; d=example.org; s=\"a\"" REST,
	  SP_DKIM_PERMERROR, "s= is no selector" },
	{ "a selector of two labels",
	  "v=1; a=rsa-sha256; h=from; d=example.org; s=2026.mail_1" REST,
	  SP_DKIM_NONE, "" },

	{ "an identity of the domain", GOOD "; i=joe@example.org", SP_DKIM_NONE,
	  "" },
	{ "an identity below the domain", GOOD "; i=@lists.Example.ORG",
	  SP_DKIM_NONE, "" },
	{ "an encoded identity", GOOD "; i=a=3Db=40@example.org", SP_DKIM_NONE,
	  "" },
	{ "an identity elsewhere", GOOD "; i=joe@example.com",
	  SP_DKIM_PERMERROR, "i= is outside of d=" },
	{ "an identity that only ends alike", GOOD "; i=@badexample.org",
	  SP_DKIM_PERMERROR, "i= is outside of d=" },
	{ "an identity above the domain", GOOD "; i=@org", SP_DKIM_PERMERROR,
	  "i= is outside of d=" },
	{ "an identity whose last part counts",
	  GOOD "; i=a@example.org@example.com", SP_DKIM_PERMERROR,
	  "i= is outside of d=" },
	{ "an identity without '@'", GOOD "; i=example.org", SP_DKIM_PERMERROR,
	  "i= is no identity" },
	{ "an empty identity", GOOD "; i=", SP_DKIM_PERMERROR,
	  "i= is no identity" },
	{ "an identity cut in an escape", GOOD "; i=a@example.org=4",
	  SP_DKIM_PERMERROR, "i= is no identity" },
	{ "an identity with a wrong escape", GOOD "; i=a=4g@example.org",
	  SP_DKIM_PERMERROR, "i= is no identity" },
	{ "an identity with a line feed in it", GOOD "; i=a=0Ab@example.org",
	  SP_DKIM_PERMERROR, "i= is no identity" },
	{ "an identity with a NUL in it", GOOD "; i=a@example.com=00@x",
	  SP_DKIM_PERMERROR, "i= is no identity" },

	{ "From is not signed",
	  "v=1; a=rsa-sha256; h=to:fromage:x-from" NAMES REST,
	  SP_DKIM_PERMERROR, "From is not signed" },
	{ "From is signed twice",
	  "v=1; a=rsa-sha256; h=to:from : FROM" NAMES REST, SP_DKIM_NONE, "" },
	{ "names that are none", "v=1; a=rsa-sha256; h=:::from::" NAMES REST,
	  SP_DKIM_NONE, "" },

	{ "a length", GOOD "; l=100", SP_DKIM_NONE, "" },
	{ "a length below zero", GOOD "; l=-1", SP_DKIM_PERMERROR,
	  "l= is no number" },
	{ "an empty length", GOOD "; l=", SP_DKIM_PERMERROR,
	  "l= is no number" },
	{ "a length of 18 digits", GOOD "; l=999999999999999999", SP_DKIM_NONE,
	  "" },
	{ "a length of 19 digits", GOOD "; l=9999999999999999999",
	  SP_DKIM_PERMERROR, "l= is no number" },

	{ "a space that libopendkim stumbles over",
	  "v=1; a=rsa-sha256; h=from" NAMES HASH "; b =AA", SP_DKIM_NEUTRAL,
	  "b= is written in an unusual way" },
	{ "a tag that it takes for b=", GOOD "; bb=1", SP_DKIM_NEUTRAL,
	  "b= is written in an unusual way" },
	{ "a tag that it does not take for b=", GOOD "; bb =1", SP_DKIM_NONE,
	  "" },

	{ "a body hash of another length",
	  "v=1; a=rsa-sha256; h=from" NAMES "; b=AA; bh=aGFzaA==",
	  SP_DKIM_PERMERROR, "bh= is no hash" },
	{ "a body hash that is none",
	  "v=1; a=rsa-sha256; h=from" NAMES
	  "; b=AA; bh=47DEQpj8HBSa+/TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",
	  SP_DKIM_PERMERROR, "bh= is no hash" },
	{ "a body hash and more",
	  "v=1; a=rsa-sha256; h=from" NAMES
	  "; b=AA; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=AAAA",
	  SP_DKIM_PERMERROR, "bh= is no hash" },
	{ "a body hash in two lines",
	  "v=1; a=rsa-sha256; h=from" NAMES
	  "; b=AA; bh=47DEQpj8HBSa+/TImW+5J\r\n CeuQeRkm5NMpJWZG3hSuFU=",
	  SP_DKIM_NONE, "" },
	{ "signed now, for a while", GOOD "; t=1700000000; x=1700000001",
	  SP_DKIM_NONE, "" },
	{ "signed by a clock that is a little fast", GOOD "; t=1700000300",
	  SP_DKIM_NONE, "" },
	{ "signed in the future", GOOD "; t=1700000301", SP_DKIM_PERMERROR,
	  "the signature is of the future" },
	{ "just expired", GOOD "; x=1699999701", SP_DKIM_NONE, "" },
	{ "expired", GOOD "; x=1699999700", SP_DKIM_PERMERROR,
	  "the signature has expired" },
	{ "expired before it was made", GOOD "; t=1699999999; x=1699999998",
	  SP_DKIM_PERMERROR, "x= is not after t=" },
	{ "expired when it was made", GOOD "; t=1699999999; x=1699999999",
	  SP_DKIM_PERMERROR, "x= is not after t=" },
	{ "for ever", GOOD "; x=999999999999", SP_DKIM_NONE, "" },
	{ "13 digits of time", GOOD "; x=9999999999999", SP_DKIM_PERMERROR,
	  "x= is no time" },
	{ "a time with a sign", GOOD "; t=+1700000000", SP_DKIM_PERMERROR,
	  "t= is no time" },
	{ "a time before all mail", GOOD "; t=0", SP_DKIM_PERMERROR,
	  "t= is before there was DKIM" },
	{ "an empty time", GOOD "; t=", SP_DKIM_PERMERROR, "t= is no time" },
};

static void read_text(const char *text, struct sp_arena *arena,
		      struct sp_dkim_claim *claim_out)
{
	struct sp_dkim_claim_text claim = {
		.value = text,
		.length = strlen(text),
		.now_sec = NOW,
	};

	sp_arena_init(arena, 65536);
	sp_dkim_claim_read(&claim, arena, claim_out);
}

static void test_what_is_worth_evaluating(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sp_dkim_claim claim;
		struct sp_arena arena;

		read_text(rows[i].text, &arena, &claim);
		if (claim.told.result != rows[i].result ||
		    strcmp(claim.told.reason, rows[i].reason) != 0)
			fail_msg("%s: %s, %s", rows[i].label,
				 sp_dkim_result_text(claim.told.result),
				 claim.told.reason);
		sp_arena_clear(&arena);
	}
}

static void test_a_claim_tells_who_and_how(void **state)
{
	struct sp_dkim_claim claim;
	struct sp_arena arena;

	(void)state;
	read_text(
		"v=1; a=ED25519-sha256; d=Example.ORG; s=SEL;\r\n"
		" i=J=6Fe@lists.Example.Org; l=3; h=From : To:\r\n\tSubject;"
		" bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=Ab\r\n Cd EfGhIj",
		&arena, &claim);
	assert_string_equal(claim.told.domain, "example.org");
	assert_string_equal(claim.told.selector, "sel");
	assert_string_equal(claim.told.identity, "Joe@lists.Example.Org");
	assert_string_equal(claim.told.algorithm, "ed25519-sha256");
	assert_string_equal(claim.told.hash_start, "AbCdEfGh");
	assert_string_equal(claim.key_name.text, "sel._domainkey.example.org");
	assert_string_equal(claim.fields, "From:To:Subject");
	assert_int_equal(claim.field_count, 3);
	assert_true(claim.told.is_partial);
	assert_true(claim.is_of_subdomain);
	sp_arena_clear(&arena);

	read_text(GOOD, &arena, &claim);
	assert_string_equal(claim.told.identity, "@example.org");
	assert_false(claim.is_of_subdomain);
	assert_false(claim.told.is_partial);
	sp_arena_clear(&arena);
}

static void test_a_bad_claim_tells_what_can_be_read(void **state)
{
	struct sp_dkim_claim claim;
	struct sp_arena arena;

	(void)state;
	read_text("v=1; d=example.org; s=a b; a=<script>; b=!\"a&b\xff; ;",
		  &arena, &claim);
	assert_int_equal(claim.told.result, SP_DKIM_PERMERROR);
	assert_string_equal(claim.told.domain, "example.org");
	assert_string_equal(claim.told.selector, "");
	assert_string_equal(claim.told.algorithm, "");
	assert_string_equal(claim.told.hash_start, "");
	assert_string_equal(claim.told.identity, "");
	sp_arena_clear(&arena);

	read_text("b=\x01<a>\"b\";v=1", &arena, &claim);
	assert_string_equal(claim.told.hash_start, "");
	sp_arena_clear(&arena);
	read_text("b=<a>\"b\"; d=x.org; v=3", &arena, &claim);
	assert_string_equal(claim.told.hash_start, "ab");
	sp_arena_clear(&arena);
}

/* `text`, then `piece` so often. */
static void read_long(const char *text, const char *piece, size_t times,
		      struct sp_dkim_claim *claim_out)
{
	static char long_text[1 << 20];
	size_t length = strlen(text), size = strlen(piece);
	struct sp_arena arena;

	memcpy(long_text, text, length);
	for (size_t i = 0; i < times; i++, length += size)
		memcpy(long_text + length, piece, size);
	long_text[length] = '\0';
	read_text(long_text, &arena, claim_out);
	sp_arena_clear(&arena);
}

static const struct {
	const char *label;
	const char *text;
	const char *piece;
	size_t times;
	const char *reason; /* "" = worth evaluating */
} long_rows[] = {
	{ "256 names", "v=1; a=rsa-sha256" NAMES REST "; h=from", ":x", 255,
	  "" },
	{ "257 names", "v=1; a=rsa-sha256" NAMES REST "; h=from", ":x", 256,
	  "h= has too many names" },
	{ "4000 characters of names",
	  "v=1; a=rsa-sha256" NAMES REST "; h=from:", "x", 3995, "" },
	{ "4001 characters of names",
	  "v=1; a=rsa-sha256" NAMES REST "; h=from:", "x", 3996,
	  "h= is too long" },
	{ "a long identity", GOOD "; i=@example.org", "=20", 200,
	  "i= is no identity" },
	{ "64 KB in a tag that nobody knows", GOOD "; zz=", "x", 65536, "" },
	{ "64 KB of b=", "v=1; a=rsa-sha256; h=from" NAMES HASH "; b=", "A",
	  65536, "" },
	{ "64 KB of a=", "v=1; h=from" NAMES REST "; a=", "r", 65536,
	  "the algorithm is unknown" },
	{ "64 KB of d=", "v=1; a=rsa-sha256; h=from; s=sel" REST "; d=", "a.",
	  32768, "d= is no domain name" },
	{ "64 KB of s=", "v=1; a=rsa-sha256; h=from; d=example.org" REST "; s=",
	  "a", 65536, "s= is no selector" },
	{ "64 KB of q=", GOOD "; q=", "a:", 32768,
	  "the query method is unknown" },
	{ "64 KB of white space", GOOD, "\r\n ", 22000, "" },
	{ "64 KB of ';'", GOOD, ";", 65536, "a tag without '='" },
	{ "a list of tags without end", GOOD, "; a=1", 10000,
	  "a tag is there twice" },
};

static void test_long_claims(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(long_rows); i++) {
		struct sp_dkim_claim claim;

		read_long(long_rows[i].text, long_rows[i].piece,
			  long_rows[i].times, &claim);
		if (strcmp(claim.told.reason, long_rows[i].reason) != 0)
			fail_msg("%s: %s", long_rows[i].label,
				 claim.told.reason);
	}
}

static void test_a_list_has_32_tags(void **state)
{
	static const char name[] = "; aa=1; az=1; ac=1; ad=1; ae=1; af=1; ag=1;"
				   " ah=1; ai=1; aj=1; ak=1; al=1; am=1; an=1;"
				   " ao=1; ap=1; aq=1; ar=1; as=1; at=1; au=1;"
				   " av=1; aw=1; ax=1; ay=1";
	struct sp_dkim_claim claim;
	char text[1024];

	(void)state;
	strcpy(text, GOOD);
	strcat(text, name);
	read_long(text, "", 0, &claim);
	assert_string_equal(claim.told.reason, "");
	read_long(text, "; zz=1", 1, &claim);
	assert_string_equal(claim.told.reason, "too many tags");
}

static void test_names_that_are_too_long_together(void **state)
{
	char text[1024] = "v=1; a=rsa-sha256; h=from; b=A; d=";
	struct sp_dkim_claim claim;

	(void)state;
	for (int i = 0; i < 24; i++)
		strcat(text, "abcdefghi.");
	strcat(text, "org; s=sel" HASH);
	read_long(text, "", 0, &claim);
	assert_string_equal(claim.told.reason, "the key's name is too long");
}

/* ------------------------------------------------------------------- judge */

static const struct {
	const char *label;
	const char *text;
	const char *record;
	enum sp_dkim_result result;
	const char *reason;
} key_rows[] = {
	{ "an Ed25519 key for an Ed25519 signature",
	  "v=1; a=ed25519-sha256; h=from" NAMES REST,
	  "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
	  SP_DKIM_NONE, "" },
	{ "an Ed25519 key for an RSA signature", GOOD,
	  "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
	  SP_DKIM_PERMERROR, "the key is of another type" },
	{ "a key for SHA-1 only", "v=1; a=ed25519-sha256; h=from" NAMES REST,
	  "h=sha1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
	  SP_DKIM_PERMERROR, "the key is not for this hash" },
	{ "a key for both hashes", "v=1; a=ed25519-sha256; h=from" NAMES REST,
	  "h=sha1 : SHA256; k=ed25519;"
	  " p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
	  SP_DKIM_NONE, "" },
	{ "a key for the domain itself, and a signature of a subdomain",
	  "v=1; a=ed25519-sha256; h=from; i=@sub.example.org" NAMES REST,
	  "t=s; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
	  SP_DKIM_PERMERROR, "the key is not for subdomains" },
	{ "a key for the domain itself, and a signature of it",
	  "v=1; a=ed25519-sha256; h=from; i=joe@Example.org" NAMES REST,
	  "t=y:s; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
	  SP_DKIM_NONE, "" },
	{ "a key that is revoked", GOOD, "v=DKIM1; p=", SP_DKIM_PERMERROR,
	  "the key is revoked" },
};

static void test_whether_a_key_can_have_signed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(key_rows); i++) {
		struct sp_dns_record record = {
			.text = key_rows[i].record,
			.length = strlen(key_rows[i].record),
		};
		struct sp_dns_answer answer = {
			.status = SP_DNS_FOUND,
			.count = 1,
			.records = &record,
		};
		struct sp_dkim_claim claim;
		struct sp_dkim_key key;
		struct sp_arena arena;

		read_text(key_rows[i].text, &arena, &claim);
		sp_dkim_key_read(&answer, &key);
		sp_dkim_claim_judge_key(&claim, &key);
		if (claim.told.result != key_rows[i].result ||
		    strcmp(claim.told.reason, key_rows[i].reason) != 0)
			fail_msg("%s: %s, %s", key_rows[i].label,
				 sp_dkim_result_text(claim.told.result),
				 claim.told.reason);
		sp_arena_clear(&arena);
	}
}

static void test_without_memory_nothing_passes(void **state)
{
	struct sp_dkim_claim_text text = {
		.value = GOOD,
		.length = strlen(GOOD),
		.now_sec = NOW,
	};
	struct sp_dkim_claim claim;
	struct sp_arena arena;

	(void)state;
	for (size_t limit = 0; limit < 48; limit++) {
		sp_arena_init(&arena, limit);
		sp_dkim_claim_read(&text, &arena, &claim);
		assert_non_null(claim.told.domain);
		assert_non_null(claim.told.identity);
		assert_true(claim.told.result != SP_DKIM_PASS);
		assert_true(claim.fields != NULL);
		sp_arena_clear(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_worth_evaluating),
		cmocka_unit_test(test_a_claim_tells_who_and_how),
		cmocka_unit_test(test_a_bad_claim_tells_what_can_be_read),
		cmocka_unit_test(test_long_claims),
		cmocka_unit_test(test_a_list_has_32_tags),
		cmocka_unit_test(test_names_that_are_too_long_together),
		cmocka_unit_test(test_whether_a_key_can_have_signed),
		cmocka_unit_test(test_without_memory_nothing_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
