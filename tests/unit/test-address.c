/* Envelope addresses as MTAs hand them over. */
#include "sallyport/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define TEN	  "abcdefghij"
#define FIFTY	  TEN TEN TEN TEN TEN
#define LOCAL_255 FIFTY FIFTY FIFTY FIFTY FIFTY "abcde"

struct row {
	const char *sentence;
	const char *path;
	enum sp_address_kind kind;
	const char *local;
	const char *domain;
	const char *key;
};

#define FULL(local, domain) SP_ADDRESS_FULL, local, domain, local "@" domain
#define LOCAL(local)	    SP_ADDRESS_LOCAL, local, "", local
#define BAD		    SP_ADDRESS_BAD, "", "", ""
#define NOBODY		    SP_ADDRESS_NULL, "", "", ""

static const struct row rows[] = {
	{ "a mailbox in brackets", "<joe@example.org>",
	  FULL("joe", "example.org") },
	{ "without brackets", "joe@example.org", FULL("joe", "example.org") },
	{ "blanks around it", " \t<joe@example.org> ",
	  FULL("joe", "example.org") },
	{ "the null sender", "<>", NOBODY },
	{ "nothing is the null sender too", "", NOBODY },
	{ "blanks alone too", "  ", NOBODY },
	{ "case is kept in the local part, and folded in the key",
	  "<Joe@Example.ORG>", SP_ADDRESS_FULL, "Joe", "example.org",
	  "joe@example.org" },
	{ "a trailing dot of the domain is dropped", "<joe@example.org.>",
	  FULL("joe", "example.org") },
	{ "postmaster needs no domain", "<Postmaster>", SP_ADDRESS_LOCAL,
	  "Postmaster", "", "postmaster" },
	{ "a local user", "root", LOCAL("root") },
	{ "a domain of one label", "joe@localhost", FULL("joe", "localhost") },
	{ "all that an atom may hold", "<a!#$%&'*+-/=?^_`{|}~z@d.example>",
	  FULL("a!#$%&'*+-/=?^_`{|}~z", "d.example") },
	{ "dots where the RFC has none", "<.a..b.@d.example>",
	  FULL(".a..b.", "d.example") },

	{ "a source route is dropped", "<@a.example,@b.example:joe@c.example>",
	  FULL("joe", "c.example") },
	{ "a route of one", "<@a.example:joe@c.example>",
	  FULL("joe", "c.example") },
	{ "a route through an IPv6 literal", "<@[IPv6:::1]:joe@c.example>",
	  FULL("joe", "c.example") },
	{ "a route that leads nowhere", "<@a.example:>", BAD },
	{ "a route without a colon", "<@a.example>", BAD },
	{ "a route inside of a route", "<@a.example:@b.example:j@c.example>",
	  BAD },

	{ "quotes are taken off", "<\"joe\"@example.org>",
	  FULL("joe", "example.org") },
	{ "a blank in quotes", "<\"joe doe\"@example.org>",
	  FULL("joe doe", "example.org") },
	{ "an @ in quotes", "<\"joe@home\"@example.org>",
	  FULL("joe@home", "example.org") },
	{ "an escaped quote", "<\"j\\\"oe\"@example.org>",
	  FULL("j\"oe", "example.org") },
	{ "an escaped backslash", "<\"j\\\\\"@example.org>",
	  FULL("j\\", "example.org") },
	{ "an escaped @ without quotes", "<joe\\@home@example.org>",
	  FULL("joe@home", "example.org") },
	{ "brackets in quotes", "<\"<>\"@example.org>",
	  FULL("<>", "example.org") },
	{ "quotes that do not close", "<\"joe@example.org>", BAD },
	{ "quotes that an escape keeps open", "<\"joe\\\"@example.org>", BAD },
	{ "a backslash at the end", "<joe\\>", BAD },
	{ "quotes around nothing: its key would be that of the whole domain",
	  "<\"\"@example.org>", BAD },

	{ "an IPv4 literal", "<joe@[192.0.2.1]>", FULL("joe", "[192.0.2.1]") },
	{ "an IPv6 literal is written in one way", "<joe@[IPv6:2001:DB8:0::1]>",
	  FULL("joe", "[ipv6:2001:db8::1]") },
	{ "an IPv6 literal without the tag", "<joe@[2001:db8::1]>",
	  FULL("joe", "[ipv6:2001:db8::1]") },
	{ "a mapped IPv6 literal is the IPv4 one",
	  "<j@[IPv6:::ffff:192.0.2.1]>", FULL("j", "[192.0.2.1]") },
	{ "a literal that does not close", "<joe@[192.0.2.1>", BAD },
	{ "a literal that goes on", "<joe@[192.0.2.1].example>", BAD },
	{ "a literal that is no address", "<joe@[example.org]>", BAD },
	{ "an empty literal", "<joe@[]>", BAD },
	{ "a bracket alone", "<joe@[>", BAD },
	{ "an address without brackets is no domain", "<joe@192.0.2.1>", BAD },

	{ "UTF-8 in the local part", "<j\xc3\xb6rg@example.org>",
	  FULL("j\xc3\xb6rg", "example.org") },
	{ "four bytes of UTF-8", "<\xf0\x9f\x93\xa7@example.org>",
	  FULL("\xf0\x9f\x93\xa7", "example.org") },
	{ "Latin-1 is not UTF-8", "<j\xf6rg@example.org>", BAD },
	{ "a UTF-8 sequence that is cut", "<j\xc3@example.org>", BAD },
	{ "a slash in two bytes", "<j\xc0\xaf@example.org>", BAD },
	{ "a slash in three bytes", "<j\xe0\x80\xaf@example.org>", BAD },
	{ "a surrogate", "<j\xed\xa0\x80@example.org>", BAD },
	{ "beyond the last code point", "<j\xf4\x90\x80\x80@example.org>",
	  BAD },

	{ "a bracket that does not close", "<joe@example.org", BAD },
	{ "a bracket that does not open", "joe@example.org>", BAD },
	{ "one bracket", "<", BAD },
	{ "two pairs of brackets", "<<joe@example.org>>", BAD },
	{ "a name before the brackets", "Joe <joe@example.org>", BAD },
	{ "a comment", "<joe(home)@example.org>", BAD },
	{ "a list", "<joe@example.org,ann@example.org>", BAD },
	{ "a parameter behind it", "<joe@example.org> SIZE=1", BAD },
	{ "no local part", "@example.org", BAD },
	{ "no domain", "<joe@>", BAD },
	{ "two @", "<joe@home@example.org>", BAD },
	{ "a blank", "<joe doe@example.org>", BAD },
	{ "a line break", "<joe\r\n@example.org>", BAD },
	{ "a line break in quotes", "<\"joe\n\"@example.org>", BAD },
	{ "an escaped line break", "<\"joe\\\n\"@example.org>", BAD },
	{ "a DEL", "<joe\x7f@example.org>", BAD },
	{ "a bad domain", "<joe@-example.org>", BAD },

	{ "255 characters of local part", "<" LOCAL_255 "@d.example>",
	  FULL(LOCAL_255, "d.example") },
	{ "256 are too many", "<" LOCAL_255 "x@d.example>", BAD },
	{ "a domain that is too long",
	  "<joe@" FIFTY "." FIFTY "." FIFTY "." FIFTY "." FIFTY ".a>", BAD },
};

static void paths_are_taken_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct sp_address address;
		char key[SP_ADDRESS_SIZE];

		sp_address_parse(row->path, &address);
		sp_address_key(&address, key);
		if (address.kind != row->kind ||
		    strcmp(address.local, row->local) != 0 ||
		    strcmp(address.domain, row->domain) != 0 ||
		    strcmp(key, row->key) != 0)
			fail_msg("%s: kind %d, \"%s\" at \"%s\", key \"%s\"",
				 row->sentence, address.kind, address.local,
				 address.domain, key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
