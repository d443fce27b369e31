/* test-submitter.c - who sends, and the name it is counted by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sallyport/submitter.h"

struct login_row {
	const char *sentence;
	const char *login, *domain;
	const char *key;
	const char *key_domain; /* NULL: none */
};

static const struct login_row logins[] = {
	{ "a login", "alice", "", "sasl:alice", NULL },
	{ "in capitals it is the same", "ALICE", "", "sasl:alice", NULL },
	{ "with its domain", "Alice@Example.ORG", "", "sasl:alice@example.org",
	  "example.org" },
	{ "a domain is put behind one that has none", "alice", "example.org",
	  "sasl:alice@example.org", "example.org" },
	{ "and not behind one that has", "alice@example.net", "example.org",
	  "sasl:alice@example.net", "example.net" },
	{ "of two @ the last one counts", "a@b@example.org", "",
	  "sasl:a@b@example.org", "example.org" },
	{ "an @ with nothing behind it", "alice@", "example.org", "sasl:alice@",
	  "" },
	{ "spaces", "al ice\t", "", "sasl:al%20ice%09", NULL },
	{ "quotes, and what shells read", "\"a'b\\`", "", "sasl:%22a%27b%5C%60",
	  NULL },
	{ "a line of its own in the log", "a\nlevel=error msg=x\r", "",
	  "sasl:a%0Alevel=error%20msg=x%0D", NULL },
	{ "8 bits, Latin-1", "J\xdcrgen", "", "sasl:j%DCrgen", NULL },
	{ "8 bits, UTF-8", "j\xc3\xbcrgen@example.org", "",
	  "sasl:j%C3%BCrgen@example.org", "example.org" },
	{ "what would end Redis's hash tag", "a}b{c", "", "sasl:a%7Db%7Bc",
	  NULL },
	{ "what looks escaped already is another login", "al%20ice", "",
	  "sasl:al%2520ice", NULL },
	{ "what looks cut is not", "a~0123", "", "sasl:a%7E0123", NULL },
	{ "a control character and DEL", "\x01\x7f", "", "sasl:%01%7F", NULL },
	{ "a login that calls itself a user", "uid:0", "", "sasl:uid:0", NULL },
};

static void test_logins(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(logins) / sizeof(*logins); i++) {
		const struct login_row *row = &logins[i];
		struct sp_submitter submitter, again;
		const char *domain;

		print_message("  %s\n", row->sentence);
		assert_int_equal(sp_submitter_of_login(row->login, row->domain,
						       &submitter),
				 SP_OK);
		assert_int_equal(submitter.kind, SP_SUBMITTER_LOGIN);
		assert_string_equal(submitter.key, row->key);
		domain = sp_submitter_domain(&submitter);
		if (row->key_domain == NULL)
			assert_null(domain);
		else
			assert_string_equal(domain, row->key_domain);
		/* What is shown can be typed. */
		assert_int_equal(
			sp_submitter_parse(row->key, "other.example", &again),
			SP_OK);
		assert_string_equal(again.key, row->key);
	}
}

static void test_no_login(void **state)
{
	struct sp_submitter submitter;

	(void)state;
	assert_int_equal(sp_submitter_of_login("", "example.org", &submitter),
			 SP_ERR_SYNTAX);
	assert_int_equal(submitter.kind, SP_SUBMITTER_NONE);
	assert_string_equal(submitter.key, "");
}

enum {
	LONG = 1000
};

static void make_key(const char *login, char key_out[SP_SUBMITTER_SIZE])
{
	struct sp_submitter submitter;

	assert_int_equal(sp_submitter_of_login(login, "", &submitter), SP_OK);
	strcpy(key_out, submitter.key);
}

/* 1,000 characters of `byte`, the last one `last`. */
static void fill(char login[LONG + 1], char byte, char last)
{
	memset(login, byte, LONG);
	login[LONG - 1] = last;
	login[LONG] = '\0';
}

static void test_long_logins_stay_apart(void **state)
{
	char login[LONG + 1], one[SP_SUBMITTER_SIZE], other[SP_SUBMITTER_SIZE];
	struct sp_submitter again;

	(void)state;
	fill(login, 'a', 'b');
	make_key(login, one);
	assert_int_equal(strlen(one), 5 + 128 + 1 + 32);
	fill(login, 'A', 'B');
	make_key(login, other);
	assert_string_equal(one, other);
	fill(login, 'a', 'c');
	make_key(login, other);
	assert_string_not_equal(one, other);
	assert_memory_equal(one, other, 5 + 128 + 1);
	/* Typed as it is shown, it is the same one. */
	assert_int_equal(sp_submitter_parse(one, "", &again), SP_OK);
	assert_string_equal(again.key, one);
	assert_null(sp_submitter_domain(&again));
	/* Nobody can log in as the cut one of somebody else. */
	make_key(one + 5, other);
	assert_string_not_equal(one, other);
}

/* Escapes make three of one; none is cut in half at any length. */
static void test_no_escape_is_cut(void **state)
{
	char login[LONG + 1], key[SP_SUBMITTER_SIZE];

	(void)state;
	for (size_t length = 1; length < 200; length++) {
		const char *at;

		memset(login, '\xff', length);
		login[0] = 'x';
		login[length] = '\0';
		make_key(login, key);
		for (at = strchr(key, '%'); at != NULL && *at == '%'; at += 3)
			assert_memory_equal(at, "%FF", 3);
		assert_true(at == NULL || *at == '\0' || *at == '~');
	}
}

struct parse_row {
	const char *sentence;
	const char *text;
	enum sp_err err;
	enum sp_submitter_kind kind;
	const char *key;
};

static const struct parse_row parses[] = {
	{ "a key", "sasl:alice@example.net", SP_OK, SP_SUBMITTER_LOGIN,
	  "sasl:alice@example.net" },
	{ "a key without a domain gets none", "sasl:alice", SP_OK,
	  SP_SUBMITTER_LOGIN, "sasl:alice" },
	{ "a login is enough", "Alice", SP_OK, SP_SUBMITTER_LOGIN,
	  "sasl:alice@example.org" },
	{ "with a domain of its own", "alice@example.net", SP_OK,
	  SP_SUBMITTER_LOGIN, "sasl:alice@example.net" },
	{ "a user", "uid:71023", SP_OK, SP_SUBMITTER_USER, "uid:71023" },
	{ "root", "uid:0", SP_OK, SP_SUBMITTER_USER, "uid:0" },
	{ "zeros before a number", "uid:007", SP_OK, SP_SUBMITTER_USER,
	  "uid:7" },
	{ "the last user there can be", "uid:4294967294", SP_OK,
	  SP_SUBMITTER_USER, "uid:4294967294" },
	{ "the number that nobody has", "uid:4294967295", SP_OK,
	  SP_SUBMITTER_USER, "uid:unknown" },
	{ "nobody knows which user", "uid:unknown", SP_OK, SP_SUBMITTER_USER,
	  "uid:unknown" },
	{ "one more", "uid:4294967296", SP_ERR_RANGE, SP_SUBMITTER_NONE, "" },
	{ "no number", "uid:www-data", SP_ERR_SYNTAX, SP_SUBMITTER_NONE, "" },
	{ "a sign", "uid:-1", SP_ERR_SYNTAX, SP_SUBMITTER_NONE, "" },
	{ "nothing", "uid:", SP_ERR_SYNTAX, SP_SUBMITTER_NONE, "" },
	{ "a number alone is a login", "71023", SP_OK, SP_SUBMITTER_LOGIN,
	  "sasl:71023@example.org" },
	{ "an address", "192.0.2.7", SP_OK, SP_SUBMITTER_NETWORK,
	  "net:192.0.2.7" },
	{ "with its net:", "net:192.0.2.7", SP_OK, SP_SUBMITTER_NETWORK,
	  "net:192.0.2.7" },
	{ "a network", "net:192.0.2.0/24", SP_OK, SP_SUBMITTER_NETWORK,
	  "net:192.0.2.0/24" },
	{ "IPv6, however it is written", "2001:DB8:0:0::1", SP_OK,
	  SP_SUBMITTER_NETWORK, "net:2001:db8::1" },
	{ "bits behind the prefix", "192.0.2.7/24", SP_ERR_RANGE,
	  SP_SUBMITTER_NONE, "" },
	{ "no address", "net:example.org", SP_ERR_SYNTAX, SP_SUBMITTER_NONE,
	  "" },
	{ "an escape without its digits", "sasl:a%2", SP_ERR_SYNTAX,
	  SP_SUBMITTER_NONE, "" },
	{ "an escaped NUL", "sasl:a%00b", SP_ERR_SYNTAX, SP_SUBMITTER_NONE,
	  "" },
	{ "sasl: alone", "sasl:", SP_ERR_SYNTAX, SP_SUBMITTER_NONE, "" },
	{ "nothing at all", "", SP_ERR_SYNTAX, SP_SUBMITTER_NONE, "" },
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(parses) / sizeof(*parses); i++) {
		struct sp_submitter submitter;

		print_message("  %s\n", parses[i].sentence);
		assert_int_equal(sp_submitter_parse(parses[i].text,
						    "example.org", &submitter),
				 parses[i].err);
		assert_int_equal(submitter.kind, parses[i].kind);
		assert_string_equal(submitter.key, parses[i].key);
	}
}

static void test_users_and_clients(void **state)
{
	struct sp_submitter submitter;
	struct sp_ip ip;

	(void)state;
	sp_submitter_of_user(71023, &submitter);
	assert_string_equal(submitter.key, "uid:71023");
	assert_int_equal(submitter.uid, 71023);
	assert_null(sp_submitter_domain(&submitter));
	assert_int_equal(sp_ip_parse("192.0.2.7", &ip), SP_OK);
	assert_int_equal(sp_submitter_of_client(&ip, 32, &submitter), SP_OK);
	assert_string_equal(submitter.key, "net:192.0.2.7");
	assert_int_equal(sp_submitter_of_client(&ip, 24, &submitter), SP_OK);
	assert_string_equal(submitter.key, "net:192.0.2.0/24");
	assert_int_equal(sp_ip_parse("2001:db8:1:2:3::4", &ip), SP_OK);
	assert_int_equal(sp_submitter_of_client(&ip, 64, &submitter), SP_OK);
	assert_string_equal(submitter.key, "net:2001:db8:1:2::/64");
	ip.family = SP_IP_NONE;
	assert_int_equal(sp_submitter_of_client(&ip, 64, &submitter),
			 SP_ERR_SYNTAX);
	assert_int_equal(submitter.kind, SP_SUBMITTER_NONE);
}

static void test_masks(void **state)
{
	const struct sp_hash_key one = { { 1 } }, two = { { 2 } };
	char mask[SP_SUBMITTER_MASK_SIZE], again[SP_SUBMITTER_MASK_SIZE];

	(void)state;
	sp_submitter_mask("sasl:alice@example.org", &one, mask);
	assert_int_equal(strlen(mask), 5 + 16);
	assert_memory_equal(mask, "sasl:", 5);
	assert_null(strstr(mask, "alice"));
	assert_string_equal(
		mask, sp_submitter_mask("sasl:alice@example.org", &one, again));
	assert_string_not_equal(
		mask, sp_submitter_mask("sasl:alice@example.org", &two, again));
	assert_string_not_equal(
		mask, sp_submitter_mask("sasl:alicf@example.org", &one, again));
	assert_memory_equal(sp_submitter_mask("net:192.0.2.7", &one, again),
			    "net:", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logins),
		cmocka_unit_test(test_no_login),
		cmocka_unit_test(test_long_logins_stay_apart),
		cmocka_unit_test(test_no_escape_is_cut),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_users_and_clients),
		cmocka_unit_test(test_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
