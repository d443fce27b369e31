/* Which terms are SPF, and how a record is read: one row, one sentence. */
#include "record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *sentence;
	const char *term;
	bool is_good;
} term_rows[] = {
	{ "all", "all", true },
	{ "a qualifier", "~all", true },
	{ "any case", "?AlL", true },
	{ "one qualifier only", "-+all", false },
	{ "a qualifier alone", "-", false },
	{ "all takes no domain", "all:example.org", false },
	{ "all takes no prefix", "all/8", false },
	{ "all with a dot", "all.", false },
	{ "include wants a domain", "include", false },
	{ "include wants more than a colon", "include:", false },
	{ "include takes no prefix", "include:a.example.org/24", false },
	{ "include with a domain", "include:a.example.org", true },
	{ "a alone", "a", true },
	{ "a with a prefix", "a/24", true },
	{ "a with an IPv6 prefix", "a//64", true },
	{ "a with both", "a:b.example.org/24//64", true },
	{ "a with both the wrong way round", "a//64/24", false },
	{ "a with a slash alone", "a/", false },
	{ "/0 is a prefix", "a/0//0", true },
	{ "/32 and /128 are the longest", "mx/32//128", true },
	{ "/33 is too long", "a/33", false },
	{ "//129 is too long", "a//129", false },
	{ "no needless zeros", "a/024", false },
	{ "nor two of them", "a/00", false },
	{ "a colon wants a domain", "a:", false },
	{ "a colon and a prefix, too", "a:/24", false },
	{ "a domain has a dot", "a:localhost", false },
	{ "a dot at the end does not help", "a:localhost.", false },
	{ "a dot at the end is fine otherwise", "a:example.org.", true },
	{ "an address is no domain", "a:192.0.2.1", false },
	{ "a hyphen within the last label", "a:example.xn--p1ai", true },
	{ "a hyphen at the label's begin", "a:example.-org", false },
	{ "a hyphen at the label's end", "a:example.org-", false },
	{ "an underscore in the last label", "a:example.o_g", false },
	{ "odd characters before it", "a:foo:bar/baz.example.org", true },
	{ "a space cannot be", "a:foo bar.example.org", false },
	{ "a tab cannot be", "a:foo\tbar.example.org", false },
	{ "8-bit cannot be", "a:f\xc3\xb6o.example.org", false },
	{ "DEL cannot be", "a:foo\x7f.example.org", false },
	{ "a macro at the end", "exists:%{i}", true },
	{ "a macro before a dot alone", "exists:%{i}.", false },
	{ "a label that a macro begins", "exists:%{d}org", false },
	{ "a label behind a macro", "exists:%{d}.org", true },
	{ "ptr alone", "ptr", true },
	{ "ptr takes no prefix", "ptr/24", false },
	{ "exists wants a domain", "exists", false },
	{ "ip4", "ip4:192.0.2.1", true },
	{ "ip4 with host bits", "ip4:192.0.2.1/24", true },
	{ "ip4 wants an address", "ip4", false },
	{ "ip4 wants a whole one", "ip4:192.0.2", false },
	{ "ip4 without leading zeros", "ip4:192.0.02.1", false },
	{ "ip4 knows no ports", "ip4:192.0.2.1:25", false },
	{ "ip4 has one prefix", "ip4:192.0.2.1/24//64", false },
	{ "ip4 with an empty prefix", "ip4:192.0.2.1/", false },
	{ "ip4/33", "ip4:192.0.2.1/33", false },
	{ "ip4 is no IPv6", "ip4:2001:db8::1", false },
	{ "ip6", "ip6:2001:db8::/32", true },
	{ "ip6/0", "ip6:::/0", true },
	{ "ip6 is no IPv4", "ip6:192.0.2.1", false },
	{ "ip6 with IPv4 at its end", "ip6:::ffff:192.0.2.1", true },
	{ "ip6/129", "ip6:2001:db8::1/129", false },
	{ "no such mechanism", "foo", false },
	{ "redirect", "redirect=example.org", true },
	{ "redirect is no mechanism", "redirect:example.org", false },
	{ "redirect wants a domain", "redirect=", false },
	{ "exp wants a domain", "exp=", false },
	{ "exp of a name without a dot", "exp=why", false },
	{ "a modifier nobody knows", "moo.cow-far_out=man:dog/cat", true },
	{ "its value may be empty", "moo=", true },
	{ "its value holds macros", "moo=%{s}%%", true },
	{ "of good form", "moo=%{s", false },
	{ "its name begins with a letter", "1moo=x", false },
	{ "its name is there", "=x", false },
	{ "a modifier has no qualifier", "-redirect=example.org", false },
	{ "%{c} only explains", "redirect=%{c}.example.org", false },
};

static enum sp_err read_text(struct sp_arena *arena, const char *text,
			     struct sp_spf_record *record)
{
	return sp_spf_record_read(arena, text, strlen(text), record);
}

static void test_terms(void **state)
{
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(term_rows); i++) {
		struct sp_spf_record record;
		struct sp_arena arena;
		char text[128];
		bool is_good;

		snprintf(text, sizeof(text), "v=spf1 ip4:192.0.2.1 %s -all",
			 term_rows[i].term);
		sp_arena_init(&arena, SP_SPF_BYTES_MAX);
		is_good = read_text(&arena, text, &record) == SP_OK;
		sp_arena_clear(&arena);
		if (is_good == term_rows[i].is_good)
			continue;
		print_error("%s: %s\n", term_rows[i].sentence,
			    term_rows[i].term);
		failures++;
	}
	assert_int_equal(failures, 0);
}

static const struct {
	const char *sentence;
	const char *text;
	bool is_record;
} version_rows[] = {
	{ "the version alone", "v=spf1", true },
	{ "and a term", "v=spf1 -all", true },
	{ "any case", "V=SPF1 -all", true },
	{ "another version", "v=spf10", false },
	{ "a tab behind it", "v=spf1\t-all", false },
	{ "a space before it", " v=spf1", false },
	{ "a part of it", "v=spf", false },
	{ "Sender ID", "spf2.0/pra -all", false },
	{ "nothing", "", false },
};

static void test_versions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(version_rows); i++)
		if (sp_spf_is_record(version_rows[i].text,
				     strlen(version_rows[i].text)) !=
		    version_rows[i].is_record)
			fail_msg("%s", version_rows[i].sentence);
}

static void test_a_record_is_read_to_its_parts(void **state)
{
	static const char text[] =
		"v=spf1  a:%{d}/24//64 redirect=r.example.org"
		" ?ip6:2001:db8::/32 exp=e.example.org  ";
	struct sp_spf_record record;
	struct sp_arena arena;

	(void)state;
	sp_arena_init(&arena, SP_SPF_BYTES_MAX);
	assert_int_equal(read_text(&arena, text, &record), SP_OK);
	assert_int_equal(record.count, 2);
	assert_int_equal(record.terms[0].kind, SP_SPF_A);
	assert_int_equal(record.terms[0].qualifier, SP_SPF_PASS);
	assert_int_equal(record.terms[0].prefix4, 24);
	assert_int_equal(record.terms[0].prefix6, 64);
	assert_int_equal(record.terms[0].domain.length, strlen("%{d}"));
	assert_int_equal(record.terms[1].kind, SP_SPF_IP6);
	assert_int_equal(record.terms[1].qualifier, SP_SPF_NEUTRAL);
	assert_int_equal(record.terms[1].ip.family, SP_IP_6);
	assert_int_equal(record.terms[1].prefix6, 32);
	assert_memory_equal(record.redirect.text, "r.example.org",
			    record.redirect.length);
	assert_memory_equal(record.exp.text, "e.example.org",
			    record.exp.length);
	sp_arena_clear(&arena);
}

static void expect(const char *text, enum sp_err err)
{
	struct sp_spf_record record;
	struct sp_arena arena;

	sp_arena_init(&arena, SP_SPF_BYTES_MAX);
	assert_int_equal(read_text(&arena, text, &record), err);
	sp_arena_clear(&arena);
}

static void test_a_modifier_that_counts_is_there_once(void **state)
{
	(void)state;
	expect("v=spf1 exp=a.example.org exp=a.example.org", SP_ERR_SYNTAX);
	expect("v=spf1 redirect=a.example.org redirect=b.example.org",
	       SP_ERR_SYNTAX);
	expect("v=spf1 moo=a moo=a", SP_OK);
}

static void test_a_record_has_a_length_and_a_number_of_terms(void **state)
{
	char text[SP_SPF_RECORD_MAX + 2];

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, "v=spf1", 6);
	text[SP_SPF_RECORD_MAX] = '\0';
	expect(text, SP_OK);
	text[SP_SPF_RECORD_MAX] = ' ';
	text[SP_SPF_RECORD_MAX + 1] = '\0';
	expect(text, SP_ERR_TOO_LONG);
	for (size_t i = 0; i < SP_SPF_TERMS_MAX; i++)
		memcpy(text + 6 + 2 * i, " a", 2);
	text[6 + 2 * SP_SPF_TERMS_MAX] = '\0';
	expect(text, SP_OK);
	memcpy(text + 6 + 2 * SP_SPF_TERMS_MAX, " a", 3);
	expect(text, SP_ERR_TOO_LONG);
}

static void test_an_arena_may_be_too_small(void **state)
{
	struct sp_spf_record record;
	struct sp_arena arena;

	(void)state;
	sp_arena_init(&arena, 16);
	assert_int_equal(read_text(&arena, "v=spf1 a -all", &record),
			 SP_ERR_NO_MEMORY);
	sp_arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_a_record_is_read_to_its_parts),
		cmocka_unit_test(test_a_modifier_that_counts_is_there_once),
		cmocka_unit_test(
			test_a_record_has_a_length_and_a_number_of_terms),
		cmocka_unit_test(test_an_arena_may_be_too_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
