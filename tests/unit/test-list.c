/* Lists: what is an entry, which entry holds, and that long lists are fast. */
#include "sallyport/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum {
	ENTRIES_MAX = 6,
	MANY = 100000
};

#define NETWORKS  SP_LIST_NETWORKS
#define NAMES	  SP_LIST_NAMES
#define ADDRESSES SP_LIST_ADDRESSES
#define SERVERS	  SP_LIST_SERVERS

struct find_row {
	const char *sentence;
	enum sp_list_kind kind;
	const char *entries[ENTRIES_MAX];
	const char *asked;
	const char *found; /* the entry's text; NULL = none */
};

static const struct find_row find_rows[] = {
	{ "an empty list holds nobody", NETWORKS, { NULL }, "192.0.2.1", NULL },
	{ "an address holds for itself",
	  NETWORKS,
	  { "192.0.2.1" },
	  "192.0.2.1",
	  "192.0.2.1" },
	{ "and not for its neighbour",
	  NETWORKS,
	  { "192.0.2.1" },
	  "192.0.2.2",
	  NULL },
	{ "a network holds for its last address",
	  NETWORKS,
	  { "192.0.2.0/25" },
	  "192.0.2.127",
	  "192.0.2.0/25" },
	{ "and not for the one behind it",
	  NETWORKS,
	  { "192.0.2.0/25" },
	  "192.0.2.128",
	  NULL },
	{ "the longest prefix is found, whatever stands first",
	  NETWORKS,
	  { "0.0.0.0/0", "192.0.2.0/24", "192.0.2.128/25", "192.0.0.0/16" },
	  "192.0.2.200",
	  "192.0.2.128/25" },
	{ "the whole Internet, version 4",
	  NETWORKS,
	  { "0.0.0.0/0" },
	  "203.0.113.9",
	  "0.0.0.0/0" },
	{ "is not that of version 6",
	  NETWORKS,
	  { "0.0.0.0/0" },
	  "2001:db8::1",
	  NULL },
	{ "an IPv6 network",
	  NETWORKS,
	  { "2001:db8::/32", "2001:db8:1::/48" },
	  "2001:db8:1::25",
	  "2001:db8:1::/48" },
	{ "an IPv6 address is written the short way",
	  NETWORKS,
	  { "2001:DB8:0:0:0:0:0:1" },
	  "2001:db8::1",
	  "2001:db8::1" },
	{ "an IPv4 address in IPv6 clothes is an IPv4 address",
	  NETWORKS,
	  { "192.0.2.0/24" },
	  "::ffff:192.0.2.9",
	  "192.0.2.0/24" },

	{ "a name holds for itself",
	  NAMES,
	  { "example.org" },
	  "example.org",
	  "example.org" },
	{ "and for all below it",
	  NAMES,
	  { "example.org" },
	  "a.b.example.org",
	  "example.org" },
	{ "and not for one that ends alike",
	  NAMES,
	  { "example.org" },
	  "notexample.org",
	  NULL },
	{ "and not for the one above it",
	  NAMES,
	  { "mx.example.org" },
	  "example.org",
	  NULL },
	{ "the longest name is found",
	  NAMES,
	  { "org", "example.org", "mx.example.org" },
	  "a.mx.example.org",
	  "mx.example.org" },
	{ "case and a last dot do not matter in an entry",
	  NAMES,
	  { "Example.ORG." },
	  "example.org",
	  "example.org" },
	{ "no name is in no list", NAMES, { "example.org" }, "", NULL },

	{ "an address holds for itself",
	  ADDRESSES,
	  { "Jo@Example.org" },
	  "jo@example.org",
	  "jo@example.org" },
	{ "the address comes before domain and local part",
	  ADDRESSES,
	  { "example.org", "jo@", "jo@example.org" },
	  "jo@example.org",
	  "jo@example.org" },
	{ "a domain comes before the local part",
	  ADDRESSES,
	  { "jo@", "example.org" },
	  "jo@example.org",
	  "example.org" },
	{ "the nearer domain comes first",
	  ADDRESSES,
	  { "org", "example.org" },
	  "jo@mx.example.org",
	  "example.org" },
	{ "a local part holds in every domain",
	  ADDRESSES,
	  { "postmaster@" },
	  "postmaster@example.net",
	  "postmaster@" },
	{ "and for a local user",
	  ADDRESSES,
	  { "postmaster@" },
	  "postmaster",
	  "postmaster@" },
	{ "a domain is not a local user of that name",
	  ADDRESSES,
	  { "root" },
	  "root",
	  NULL },
	{ "the null sender", ADDRESSES, { "<>" }, "", "<>" },
	{ "is nobody else", ADDRESSES, { "<>" }, "jo@example.org", NULL },
	{ "and nobody else is the null sender",
	  ADDRESSES,
	  { "example.org", "jo@" },
	  "",
	  NULL },
	{ "an address in the domain of an address literal",
	  ADDRESSES,
	  { "jo@[192.0.2.1]" },
	  "jo@[192.0.2.1]",
	  "jo@[192.0.2.1]" },
	{ "a local part in UTF-8",
	  ADDRESSES,
	  { "j\xc3\xb6@example.org" },
	  "j\xc3\xb6@example.org",
	  "j\xc3\xb6@example.org" },
};

static const struct sp_list_entry *ask(const struct sp_list *list,
				       enum sp_list_kind kind,
				       const char *asked)
{
	struct sp_ip ip;

	switch (kind) {
	case SP_LIST_NETWORKS:
		assert_int_equal(sp_ip_parse(asked, &ip), SP_OK);
		return sp_list_find_ip(list, &ip);
	case SP_LIST_NAMES:
		return sp_list_find_name(list, asked);
	default:
		return sp_list_find_address(list, asked);
	}
}

static struct sp_list *new_list(enum sp_list_kind kind,
				const char *const entries[ENTRIES_MAX])
{
	struct sp_list *list;

	assert_int_equal(sp_list_new(kind, &list), SP_OK);
	for (unsigned i = 0; i < ENTRIES_MAX && entries[i] != NULL; i++)
		assert_int_equal(sp_list_add(list, entries[i], "f", i + 1),
				 SP_OK);
	return list;
}

static void test_find(void **state)
{
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(find_rows) / sizeof(*find_rows); i++) {
		const struct find_row *row = &find_rows[i];
		struct sp_list *list = new_list(row->kind, row->entries);
		const struct sp_list_entry *entry =
			ask(list, row->kind, row->asked);
		const char *found = entry == NULL ? "(none)" : entry->text;
		const char *expected =
			row->found == NULL ? "(none)" : row->found;

		if (strcmp(found, expected) != 0) {
			print_error("%s: expected %s, found %s\n",
				    row->sentence, expected, found);
			failures++;
		}
		sp_list_free(&list);
	}
	assert_int_equal(failures, 0);
}

struct add_row {
	const char *sentence;
	enum sp_list_kind kind;
	const char *text;
	enum sp_err expected;
};

static const struct add_row add_rows[] = {
	{ "a word is no network", NETWORKS, "hello", SP_ERR_SYNTAX },
	{ "nothing is no network", NETWORKS, "", SP_ERR_SYNTAX },
	{ "bits behind the prefix", NETWORKS, "192.0.2.7/24", SP_ERR_RANGE },
	{ "a prefix too long", NETWORKS, "192.0.2.0/33", SP_ERR_RANGE },
	{ "two networks in one", NETWORKS, "192.0.2.0/24 10.0.0.0/8",
	  SP_ERR_SYNTAX },
	{ "an address is no name", NAMES, "jo@example.org", SP_ERR_SYNTAX },
	{ "two names in one", NAMES, "a.example b.example", SP_ERR_SYNTAX },
	{ "a wildcard is no name: below it is meant already", NAMES,
	  "*.example.org", SP_ERR_SYNTAX },
	{ "a name with an empty label", NAMES, "a..b", SP_ERR_SYNTAX },
	{ "an address without a local part", ADDRESSES, "@example.org",
	  SP_ERR_SYNTAX },
	{ "an address with a bad domain", ADDRESSES, "jo@exa mple.org",
	  SP_ERR_SYNTAX },
	{ "an address in angle brackets", ADDRESSES, "<jo@example.org>",
	  SP_ERR_SYNTAX },
	{ "a local part with a blank", ADDRESSES, "jo doe@example.org",
	  SP_ERR_SYNTAX },
	{ "a server by its name", SERVERS, "ns.example.org", SP_ERR_SYNTAX },
	{ "a server without an address", SERVERS, "@53", SP_ERR_SYNTAX },
	{ "a server without a port behind its @", SERVERS, "192.0.2.1@",
	  SP_ERR_SYNTAX },
	{ "port 0", SERVERS, "192.0.2.1@0", SP_ERR_SYNTAX },
	{ "port 65536", SERVERS, "192.0.2.1@65536", SP_ERR_SYNTAX },
	{ "a port that is no number", SERVERS, "192.0.2.1@domain",
	  SP_ERR_SYNTAX },
	{ "a server with a prefix", SERVERS, "192.0.2.1/32", SP_ERR_SYNTAX },
	{ "two servers in one", SERVERS, "192.0.2.1 192.0.2.2", SP_ERR_SYNTAX },
};

static void test_add_refuses(void **state)
{
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(add_rows) / sizeof(*add_rows); i++) {
		const struct add_row *row = &add_rows[i];
		struct sp_list *list;
		enum sp_err err;

		assert_int_equal(sp_list_new(row->kind, &list), SP_OK);
		err = sp_list_add(list, row->text, "f", 1);
		if (err != row->expected || sp_list_count(list) != 0) {
			print_error("%s: \"%s\": expected %d, found %d, "
				    "%zu entries\n",
				    row->sentence, row->text, row->expected,
				    err, sp_list_count(list));
			failures++;
		}
		sp_list_free(&list);
	}
	assert_int_equal(failures, 0);
}

static void test_a_part_too_long_is_refused(void **state)
{
	char text[1024];
	struct sp_list *list;

	(void)state;
	assert_int_equal(sp_list_new(ADDRESSES, &list), SP_OK);
	for (size_t length = 200; length < 1000; length++) {
		memset(text, 'a', length);
		strcpy(text + length, "@");
		if (sp_list_add(list, text, "f", 1) == SP_OK)
			assert_true(length < 256);
		text[0] = 'u';
		text[1] = '@';
		text[length] = '\0';
		assert_int_not_equal(sp_list_add(list, text, "f", 1), SP_OK);
		text[2] = '[';
		if (sp_list_add(list, text, "f", 1) == SP_OK)
			assert_true(length < 256);
	}
	sp_list_free(&list);
	assert_null(list);
	sp_list_free(&list);
}

static void test_an_entry_twice_is_kept_once_with_its_first_place(void **state)
{
	const struct sp_list_entry *entry;
	struct sp_list *list;

	(void)state;
	assert_int_equal(sp_list_new(NAMES, &list), SP_OK);
	assert_int_equal(sp_list_add(list, "a.example", "one", 3), SP_OK);
	assert_int_equal(sp_list_add(list, "A.Example.", "two", 9), SP_OK);
	assert_int_equal(sp_list_count(list), 1);
	entry = sp_list_find_name(list, "a.example");
	assert_string_equal(entry->file, "one");
	assert_int_equal(entry->line, 3);
	sp_list_free(&list);
}

static void test_same_is_not_what_holds(void **state)
{
	static const char *const entries[ENTRIES_MAX] = { "192.0.2.0/24" };
	struct sp_list *list = new_list(NETWORKS, entries);

	(void)state;
	assert_non_null(sp_list_find_same(list, "192.0.2.0/24"));
	assert_null(sp_list_find_same(list, "192.0.2.1"));
	assert_null(sp_list_find_same(list, "no network"));
	assert_null(sp_list_find_same(NULL, "192.0.2.0/24"));
	sp_list_free(&list);
}

static void test_a_list_of_another_kind_finds_nothing(void **state)
{
	static const char *const entries[ENTRIES_MAX] = { "example.org" };
	struct sp_list *list = new_list(NAMES, entries);
	struct sp_ip ip = { .family = SP_IP_4 };
	struct sp_ip none = { .family = SP_IP_NONE };

	(void)state;
	assert_null(sp_list_find_ip(list, &ip));
	assert_null(sp_list_find_ip(list, &none));
	assert_null(sp_list_find_address(list, "jo@example.org"));
	assert_null(sp_list_find_ip(NULL, &ip));
	assert_null(sp_list_find_name(NULL, "example.org"));
	assert_null(sp_list_find_address(NULL, ""));
	assert_int_equal(sp_list_count(NULL), 0);
	sp_list_free(&list);
}

static double now_sec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Scanning 100,000 entries 100,000 times would take many seconds; the bound is
 * far from both, so a slow machine passes and a scan does not. */
static void test_long_lists_are_fast(void **state)
{
	struct sp_list *networks, *names;
	double start = now_sec();
	char text[64];

	(void)state;
	assert_int_equal(sp_list_new(NETWORKS, &networks), SP_OK);
	assert_int_equal(sp_list_new(NAMES, &names), SP_OK);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.%u/%u", i >> 15 & 255,
			 i >> 7 & 255, (i & 127) << 1, 31 + (i & 1));
		assert_int_equal(sp_list_add(networks, text, "f", i), SP_OK);
		snprintf(text, sizeof(text), "host-%u.example", i);
		assert_int_equal(sp_list_add(names, text, "f", i), SP_OK);
	}
	assert_int_equal(sp_list_count(networks), MANY);
	assert_int_equal(sp_list_count(names), MANY);
	for (unsigned i = 0; i < MANY; i++) {
		const struct sp_list_entry *entry;
		struct sp_ip ip = { .family = SP_IP_4 };

		ip.bytes[0] = 10;
		ip.bytes[1] = (uint8_t)(i >> 15);
		ip.bytes[2] = (uint8_t)(i >> 7);
		ip.bytes[3] = (uint8_t)(i << 1);
		entry = sp_list_find_ip(networks, &ip);
		assert_non_null(entry);
		assert_int_equal(entry->line, i);
		snprintf(text, sizeof(text), "a.b.c.host-%u.example", i);
		entry = sp_list_find_name(names, text);
		assert_non_null(entry);
		assert_int_equal(entry->line, i);
	}
	assert_true(now_sec() - start < 10);
	sp_list_free(&networks);
	sp_list_free(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_add_refuses),
		cmocka_unit_test(test_a_part_too_long_is_refused),
		cmocka_unit_test(
			test_an_entry_twice_is_kept_once_with_its_first_place),
		cmocka_unit_test(test_same_is_not_what_holds),
		cmocka_unit_test(test_a_list_of_another_kind_finds_nothing),
		cmocka_unit_test(test_long_lists_are_fast),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
