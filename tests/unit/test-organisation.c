/* Whose a name is: one row, one sentence; then the list's own vectors. */
#include "sallyport/organisation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define TEN   "abcdefghi."
#define FIFTY TEN TEN TEN TEN TEN

static struct sp_suffixes *suffixes;

static int load(void **state)
{
	(void)state;
	return sp_suffixes_new(NULL, &suffixes) == SP_OK ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	sp_suffixes_free(&suffixes);
	sp_suffixes_free(&suffixes); /* nothing is left: nothing happens */
	return suffixes == NULL ? 0 : -1;
}

static void names_have_their_organisation(void **state)
{
	static const struct {
		const char *sentence;
		const char *name;
		const char *domain; /* "" for none */
	} rows[] = {
		{ "a domain is its own", "example.org", "example.org" },
		{ "a host is its domain's", "a.b.example.org", "example.org" },
		{ "a suffix of two labels", "www.example.co.uk",
		  "example.co.uk" },
		{ "a suffix has none", "co.uk", "" },
		{ "one label has none", "localhost", "" },
		{ "nothing has none", "", "" },
		{ "a dot has none", ".", "" },
		{ "a name with a hole has none", "a..org", "" },
		{ "an end that is in no rule is a suffix of one label",
		  "a.b.invalid", "b.invalid" },
		{ "hosting companies' customers are apart", "shop.blogspot.com",
		  "shop.blogspot.com" },
		{ "a key's name belongs to its domain",
		  "sel._domainkey.example.org", "example.org" },
		{ "case and a trailing dot do not matter", "A.Example.ORG.",
		  "example.org" },
		{ "an address has none", "192.0.2.1", "" },
		{ "an address literal has none", "[192.0.2.1]", "" },
		{ "an IPv6 literal has none", "[ipv6:2001:db8::1]", "" },
		{ "U-labels are taken",
		  "www.b\xc3\xbc"
		  "cher.example",
		  "b\xc3\xbc"
		  "cher.example" },
		{ "their case is folded",
		  "www.B\xc3\x9c"
		  "CHER.example",
		  "b\xc3\xbc"
		  "cher.example" },
		{ "U-labels with a hole have none", "b\xc3\xbc..example", "" },
		{ "the longest name", FIFTY FIFTY FIFTY FIFTY FIFTY "org",
		  "abcdefghi.org" },
		{ "one that is too long has none",
		  FIFTY FIFTY FIFTY FIFTY FIFTY "info", "" },
		{ "U-labels that are too long have none",
		  FIFTY FIFTY FIFTY FIFTY FIFTY "\xc3\xbc.org", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char domain[SP_DOMAIN_SIZE] = "untouched";
		enum sp_err err =
			sp_organisation_of(suffixes, rows[i].name, domain);
		bool is_none = rows[i].domain[0] == '\0';

		if (err != (is_none ? SP_ERR_NOT_FOUND : SP_OK) ||
		    strcmp(domain, rows[i].domain) != 0)
			fail_msg("%s: \"%s\" gives %d, \"%s\"",
				 rows[i].sentence, rows[i].name, err, domain);
	}
}

static void names_are_of_one_organisation_or_not(void **state)
{
	static const struct {
		const char *sentence;
		const char *a;
		const char *b;
		bool is_same;
	} rows[] = {
		{ "a name and itself", "example.org", "example.org", true },
		{ "a host and its domain", "mail.example.org", "example.org",
		  true },
		{ "two hosts of a domain", "a.example.co.uk",
		  "b.c.example.co.uk", true },
		{ "two domains below a suffix", "a.co.uk", "b.co.uk", false },
		{ "an end that looks alike", "notexample.org", "example.org",
		  false },
		{ "two customers of a hosting company", "a.blogspot.com",
		  "b.blogspot.com", false },
		{ "a suffix and itself", "co.uk", "co.uk", true },
		{ "a suffix and what is below", "co.uk", "a.co.uk", false },
		{ "two addresses that end alike", "192.0.2.1", "198.51.2.1",
		  false },
		{ "two labels", "mail", "localhost", false },
		{ "nothing and nothing", "", "", false },
		{ "nothing and a name", "", "example.org", false },
		{ "case does not matter", "Mail.Example.org", "EXAMPLE.org",
		  true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (sp_organisation_is_same(suffixes, rows[i].a, rows[i].b) !=
			    rows[i].is_same ||
		    sp_organisation_is_same(suffixes, rows[i].b, rows[i].a) !=
			    rows[i].is_same)
			fail_msg("%s: \"%s\" and \"%s\"", rows[i].sentence,
				 rows[i].a, rows[i].b);
	}
}

static void without_the_file_the_built_in_list_serves(void **state)
{
	struct sp_suffixes *built_in;
	char domain[SP_DOMAIN_SIZE];

	(void)state;
	assert_int_equal(sp_suffixes_new("/nonexistent/list", &built_in),
			 SP_OK);
	assert_string_equal(sp_suffixes_source(built_in), "built-in");
	assert_int_equal(
		sp_organisation_of(built_in, "www.example.co.uk", domain),
		SP_OK);
	assert_string_equal(domain, "example.co.uk");
	sp_suffixes_free(&built_in);
	assert_null(built_in);
}

static void a_list_of_ones_own_is_read(void **state)
{
	char path[] = "/tmp/sallyport-test-XXXXXX";
	static const char rules[] = "example\nzone.example\n";
	struct sp_suffixes *own;
	char domain[SP_DOMAIN_SIZE];
	int fd = mkstemp(path);
	FILE *stream;

	(void)state;
	assert_true(fd >= 0);
	stream = fdopen(fd, "w");
	assert_non_null(stream);
	assert_true(fputs(rules, stream) >= 0 && fclose(stream) == 0);
	assert_int_equal(sp_suffixes_new(path, &own), SP_OK);
	assert_string_equal(sp_suffixes_source(own), path);
	assert_int_equal(sp_organisation_of(own, "a.b.zone.example", domain),
			 SP_OK);
	assert_string_equal(domain, "b.zone.example");
	sp_suffixes_free(&own);
	remove(path);
}

static FILE *open_data(const char *file)
{
	const char *srcdir = getenv("srcdir");
	const char *ci = getenv("CI");
	char path[1000];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/../shared/data/%s",
		 srcdir != NULL ? srcdir : ".", file);
	stream = fopen(path, "r");
	if (stream != NULL)
		return stream;
	if (ci != NULL && strcmp(ci, "true") == 0)
		fail_msg("%s is missing", path);
	print_message("skipped: ../shared/data is not here (%s)\n", path);
	skip();
	return NULL;
}

/* publicsuffix.org's own: "input expected", "null" for none.
 * (The one with no input at all is not for C.) */
static void the_vectors_of_the_list_hold(void **state)
{
	FILE *stream = open_data("psl/tests.txt");
	char line[1000], name[300], expected[300], domain[SP_DOMAIN_SIZE];
	size_t total = 0, right = 0;

	(void)state;
	while (fgets(line, sizeof(line), stream) != NULL) {
		if (sscanf(line, "%299s %299s", name, expected) != 2 ||
		    name[0] == '/' || strcmp(name, "null") == 0)
			continue;
		total++;
		if (strcmp(expected, "null") == 0)
			expected[0] = '\0';
		sp_organisation_of(suffixes, name, domain);
		if (strcmp(domain, expected) == 0)
			right++;
		else
			print_error("%s: \"%s\", not \"%s\"\n", name, domain,
				    expected);
	}
	fclose(stream);
	print_message("public suffix vectors: %zu of %zu\n", right, total);
	assert_int_equal(total, 77);
	assert_int_equal(right, total);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_their_organisation),
		cmocka_unit_test(names_are_of_one_organisation_or_not),
		cmocka_unit_test(without_the_file_the_built_in_list_serves),
		cmocka_unit_test(a_list_of_ones_own_is_read),
		cmocka_unit_test(the_vectors_of_the_list_hold),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
