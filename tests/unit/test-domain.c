/* Host and domain names: which text is one. */
#include "sallyport/domain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define TEN	     "abcdefghij"
#define LABEL_60     TEN TEN TEN TEN TEN TEN
#define LABEL_63     LABEL_60 "abc"
#define THREE_LABELS LABEL_63 "." LABEL_63 "." LABEL_63 "."

struct name_row {
	const char *sentence;
	const char *text;
	enum sp_domain_kind kind;
	const char *normalised;
};

static const struct name_row name_rows[] = {
	{ "a qualified name", "mx.example.org", SP_DOMAIN_QUALIFIED,
	  "mx.example.org" },
	{ "case is folded", "MX.Example.ORG", SP_DOMAIN_QUALIFIED,
	  "mx.example.org" },
	{ "a trailing dot is dropped", "example.org.", SP_DOMAIN_QUALIFIED,
	  "example.org" },
	{ "one label is a name", "localhost", SP_DOMAIN_SINGLE, "localhost" },
	{ "with a trailing dot still one", "localhost.", SP_DOMAIN_SINGLE,
	  "localhost" },
	{ "a label may be of digits", "163.com", SP_DOMAIN_QUALIFIED,
	  "163.com" },
	{ "an underscore is borne", "my_host.example.org", SP_DOMAIN_QUALIFIED,
	  "my_host.example.org" },
	{ "hyphens within a label", "a--b.xn--p1ai", SP_DOMAIN_QUALIFIED,
	  "a--b.xn--p1ai" },
	{ "a label of 63 characters", LABEL_63 ".org", SP_DOMAIN_QUALIFIED,
	  LABEL_63 ".org" },
	{ "253 characters", THREE_LABELS LABEL_60 "a", SP_DOMAIN_QUALIFIED,
	  THREE_LABELS LABEL_60 "a" },
	{ "253 characters and the dot", THREE_LABELS LABEL_60 "a.",
	  SP_DOMAIN_QUALIFIED, THREE_LABELS LABEL_60 "a" },
	{ "nothing is empty", "", SP_DOMAIN_EMPTY, "" },
	{ "the root is no host", ".", SP_DOMAIN_BAD, "" },
	{ "a leading dot", ".example.org", SP_DOMAIN_BAD, "" },
	{ "two dots", "example..org", SP_DOMAIN_BAD, "" },
	{ "two trailing dots", "example.org..", SP_DOMAIN_BAD, "" },
	{ "an address is no name", "192.0.2.1", SP_DOMAIN_BAD, "" },
	{ "a numeric top level is none", "example.123", SP_DOMAIN_BAD, "" },
	{ "a literal is no name", "[192.0.2.1]", SP_DOMAIN_BAD, "" },
	{ "IPv6 is no name", "2001:db8::1", SP_DOMAIN_BAD, "" },
	{ "a label that begins with a hyphen", "-a.example.org", SP_DOMAIN_BAD,
	  "" },
	{ "a label that ends with one", "a-.example.org", SP_DOMAIN_BAD, "" },
	{ "a label of 64 characters", LABEL_63 "d.org", SP_DOMAIN_BAD, "" },
	{ "a blank", "mx example.org", SP_DOMAIN_BAD, "" },
	{ "a line break", "example.org\n", SP_DOMAIN_BAD, "" },
	{ "an 8-bit letter",
	  "b\xc3\xbc"
	  "cher.example",
	  SP_DOMAIN_BAD, "" },
	{ "a slash", "a/b.example", SP_DOMAIN_BAD, "" },
	{ "a wildcard", "*.example.org", SP_DOMAIN_BAD, "" },
};

static void names_are_told_from_other_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(name_rows); i++) {
		const struct name_row *row = &name_rows[i];
		bool is_name = row->kind == SP_DOMAIN_SINGLE ||
			       row->kind == SP_DOMAIN_QUALIFIED;
		char name[SP_DOMAIN_SIZE] = "before";
		enum sp_err err = sp_domain_normalise(row->text, name);

		if (sp_domain_kind(row->text) != row->kind ||
		    err != (is_name ? SP_OK : SP_ERR_SYNTAX) ||
		    strcmp(name, row->normalised) != 0)
			fail_msg("%s: \"%s\"", row->sentence, name);
	}
}

static void a_name_of_254_characters_is_too_long(void **state)
{
	static const char text[] = THREE_LABELS LABEL_60 "ab";
	char name[SP_DOMAIN_SIZE] = "before";

	(void)state;
	assert_int_equal(strlen(text), 254);
	assert_int_equal(sp_domain_kind(text), SP_DOMAIN_BAD);
	assert_int_equal(sp_domain_normalise(text, name), SP_ERR_TOO_LONG);
	assert_string_equal(name, "");
}

static void underscores_are_seen(void **state)
{
	(void)state;
	assert_true(sp_domain_has_underscore("my_host.example.org"));
	assert_false(sp_domain_has_underscore("my-host.example.org"));
}

struct within_row {
	const char *sentence;
	const char *name;
	const char *parent;
	bool is_within;
};

static const struct within_row within_rows[] = {
	{ "a name is within itself", "example.org", "example.org", true },
	{ "a subdomain is within", "a.example.org", "example.org", true },
	{ "a deeper one too", "a.b.example.org", "example.org", true },
	{ "the same ending is not enough", "notexample.org", "example.org",
	  false },
	{ "the parent is not within its child", "example.org", "a.example.org",
	  false },
	{ "a sibling is not", "b.example.org", "a.example.org", false },
	{ "no parent holds nothing", "example.org", "", false },
	{ "not even no name", "", "", false },
};

static void subdomains_are_within(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(within_rows); i++) {
		const struct within_row *row = &within_rows[i];

		if (sp_domain_is_within(row->name, row->parent) !=
		    row->is_within)
			fail_msg("%s", row->sentence);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_told_from_other_text),
		cmocka_unit_test(a_name_of_254_characters_is_too_long),
		cmocka_unit_test(underscores_are_seen),
		cmocka_unit_test(subdomains_are_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
