/* Envelope addresses that others wrote: isemail's, made to be hard to read. */
#include "sallyport/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "isemail.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* isemail's categories that RFC 5321 has in MAIL FROM and RCPT TO. The others
 * may stand in a header only (comments, folding, obsolete forms), are no mailbox
 * by SMTP's rules (RFC 5322 alone), or no address at all. */
static const char *const envelope_categories[] = {
	"ISEMAIL_VALID_CATEGORY",
	"ISEMAIL_DNSWARN", /* whether the domain takes mail is DNS's matter */
	"ISEMAIL_RFC5321", /* literals, quotes, and a top without a dot */
};

/* Where we differ. An address that is not read is no identity and meets no list
 * of the operator's, and the mail goes on: so what some host somewhere sends is
 * read, if there is one way to read it. */
static const struct {
	int first, last;
	bool is_read; /* here */
	const char *argument;
} argued[] = {
	{ 15, 16, true,
	  "dots where the RFC has none: some networks hand them out" },
	{ 20, 20, true,
	  "an escape without quotes: RFC 821 had it, old MTAs do" },
	{ 23, 24, false,
	  "a domain that ends in a number is an address or nothing" },
	{ 26, 26, true,
	  "local parts over 64: bounce addresses (VERP) have them" },
	{ 35, 35, true, "a domain's last dot is the root; it is left out" },
	{ 39, 39, true, "as 26: long in all, and yet one mailbox" },
	{ 43, 43, false,
	  "quotes around nothing: its key is that of a whole domain" },
	{ 51, 54, true,
	  "quotes around a part of the word: there is one way to read it" },
	{ 56, 56, true, "as above" },
	{ 59, 60, true, "as 26, in quotes" },
	{ 66, 66, true,
	  "an IPv6 literal without its tag is still that address" },
	{ 71, 71, true,
	  ":: for one group: the RFC wants two, and means the same" },
};

static bool is_of_envelope(const char *category)
{
	for (size_t i = 0; i < COUNT(envelope_categories); i++) {
		if (strcmp(category, envelope_categories[i]) == 0)
			return true;
	}
	return false;
}

/* What shall be done with test `id`, by the table or else by its category. */
static bool shall_be_read(const struct isemail_test *test)
{
	for (size_t i = 0; i < COUNT(argued); i++) {
		if (test->id >= argued[i].first && test->id <= argued[i].last)
			return argued[i].is_read;
	}
	return is_of_envelope(test->category);
}

static const char *const kinds[] = {
	[SP_ADDRESS_NULL] = "the null sender",
	[SP_ADDRESS_FULL] = "read",
	[SP_ADDRESS_LOCAL] = "a local part",
	[SP_ADDRESS_BAD] = "not read",
};

/* Exceptions that are none any more are wrong, too. */
static bool is_exception_needed(const struct isemail_test *test)
{
	for (size_t i = 0; i < COUNT(argued); i++) {
		if (test->id >= argued[i].first && test->id <= argued[i].last)
			return argued[i].is_read !=
			       is_of_envelope(test->category);
	}
	return true;
}

/* The key is what lists and Redis see of a stranger's words. */
static bool is_key_sound(const struct sp_address *address)
{
	char key[SP_ADDRESS_SIZE];

	sp_address_key(address, key);
	if ((key[0] != '\0') != (address->kind == SP_ADDRESS_FULL ||
				 address->kind == SP_ADDRESS_LOCAL))
		return false;
	for (const char *c = key; *c != '\0'; c++) {
		if ((*c >= 0 && *c < ' ') || *c == 0x7f ||
		    (*c >= 'A' && *c <= 'Z'))
			return false;
	}
	return true;
}

/* No errors in an envelope, though isemail has them for such: nobody, and local
 * parts alone (users of the host itself, <postmaster>). */
static enum sp_address_kind kind_without_domain(int id)
{
	static const struct {
		int id;
		enum sp_address_kind kind;
	} rows[] = {
		{ 1, SP_ADDRESS_NULL },	  /* nothing */
		{ 2, SP_ADDRESS_LOCAL },  /* test */
		{ 17, SP_ADDRESS_LOCAL }, /* test..iana.org */
		{ 18, SP_ADDRESS_LOCAL }, /* test_exa-mple.com */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].id == id)
			return rows[i].kind;
	}
	return SP_ADDRESS_BAD;
}

/* As MTAs hand over what their client said in MAIL and RCPT. (A path is a C
 * string: what stands behind a NUL was gone before it came to us.) */
static bool is_told_as_argued(const struct isemail_test *test)
{
	char path[ISEMAIL_ADDRESS_MAX + 3];
	struct sp_address address;
	enum sp_address_kind kind = shall_be_read(test)
					    ? SP_ADDRESS_FULL
					    : kind_without_domain(test->id);

	snprintf(path, sizeof(path), "<%s>", test->address);
	sp_address_parse(path, &address);
	if (address.kind == kind && is_exception_needed(test) &&
	    is_key_sound(&address))
		return true;
	print_error("isemail %d: [%s] %s, here %s\n", test->id, test->address,
		    test->category, kinds[address.kind]);
	return false;
}

static void hard_paths_are_told_as_argued(void **state)
{
	char *tests = isemail_load();
	const char *at = tests;
	size_t total = 0, right = 0, alike = 0;
	struct isemail_test test;

	(void)state;
	while (isemail_next(&at, &test)) {
		total++;
		right += is_told_as_argued(&test);
		alike += shall_be_read(&test) == is_of_envelope(test.category);
	}
	free(tests);
	print_message(
		"isemail in MAIL and RCPT: %zu of %zu alike, %zu argued\n",
		alike, total, total - alike);
	assert_int_equal(total, ISEMAIL_TESTS);
	assert_int_equal(right, total);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hard_paths_are_told_as_argued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
