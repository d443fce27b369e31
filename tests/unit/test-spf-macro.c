/* What macros say: RFC 7208's own examples first, then what strangers write. */
#include "macro.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* RFC 7208 section 7.4. */
static const struct sp_spf_macros macros = {
	.sender = "strong-bad@email.example.com",
	.local = "strong-bad",
	.sender_domain = "email.example.com",
	.domain = "email.example.com",
	.helo = "mx.example.org",
	.receiver = "here.example",
	.client = { SP_IP_4, { 192, 0, 2, 3 } },
	.time_sec = 1234567890,
};

static const struct sp_spf_macros macros_6 = {
	.sender = "Jack&Jill=up\xe4@A..b.",
	.local = "Jack&Jill=up\xe4",
	.sender_domain = "A..b.",
	.domain = "a.b.c.d.e.f.g.h.i.j.k.l",
	.helo = "",
	.receiver = "here.example",
	.validated = "mx.example.org",
	.client = { SP_IP_6,
		    { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		      0xcb } },
};

static const struct {
	const char *text;
	const char *expanded;
} rfc_rows[] = {
	{ "%{s}", "strong-bad@email.example.com" },
	{ "%{o}", "email.example.com" },
	{ "%{d}", "email.example.com" },
	{ "%{d4}", "email.example.com" },
	{ "%{d3}", "email.example.com" },
	{ "%{d2}", "example.com" },
	{ "%{d1}", "com" },
	{ "%{dr}", "com.example.email" },
	{ "%{d2r}", "example.email" },
	{ "%{l}", "strong-bad" },
	{ "%{l-}", "strong.bad" },
	{ "%{lr}", "strong-bad" },
	{ "%{lr-}", "bad.strong" },
	{ "%{l1r-}", "strong" },
	{ "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com" },
	{ "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com" },
	{ "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
	  "bad.strong.lp.3.2.0.192.in-addr._spf.example.com" },
	{ "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}",
	  "3.2.0.192.in-addr.strong.lp._spf.example.com" },
	{ "%{d2}.trusted-domains.example.net",
	  "example.com.trusted-domains.example.net" },
	{ "%{h} %{r} %{t} %{c} %{p}",
	  "mx.example.org here.example 1234567890 192.0.2.3 unknown" },
	{ "%%%_%-", "% %20" },
};

static const struct {
	const char *sentence;
	const char *text;
	const char *expanded;
} rows_6[] = {
	{ "IPv6 is written in nibbles, reversed", "%{ir}.%{v}",
	  "B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6" },
	{ "as it is known", "%{c}", "2001:db8::cb" },
	{ "a proven name", "%{p}", "mx.example.org" },
	{ "capitals escape for a URL", "%{L}", "Jack%26Jill%3Dup%E4" },
	{ "... what was split, too", "%{L=}", "Jack%26Jill.up%E4" },
	{ "... and small letters do not", "%{l}", "Jack&Jill=up\xe4" },
	{ "several delimiters", "%{s=.}", "Jack&Jill.up\xe4@A..b." },
	{ "a delimiter that is not there joins nothing", "%{d-}",
	  "a.b.c.d.e.f.g.h.i.j.k.l" },
	{ "empty parts stay parts", "%{o2}", "b." },
	{ "... reversed, too", "%{or}", ".b..A" },
	{ "more parts than there are", "%{d99999999999999999999}",
	  "a.b.c.d.e.f.g.h.i.j.k.l" },
	{ "more than ten parts", "%{d11}", "b.c.d.e.f.g.h.i.j.k.l" },
	{ "nothing stays nothing", "%{h}%{hr}%{H1-}", "" },
};

static const char *expand(const char *text, const struct sp_spf_macros *values)
{
	static char bytes[256];
	struct sp_text out;

	sp_text_init(&out, bytes, sizeof(bytes));
	sp_spf_expand(text, strlen(text), values, &out);
	return bytes;
}

static void test_the_examples_of_rfc_7208(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rfc_rows); i++)
		assert_string_equal(expand(rfc_rows[i].text, &macros),
				    rfc_rows[i].expanded);
}

static void test_expansions(void **state)
{
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows_6); i++) {
		const char *expanded = expand(rows_6[i].text, &macros_6);

		if (strcmp(expanded, rows_6[i].expanded) == 0)
			continue;
		print_error("%s: %s, not %s\n", rows_6[i].sentence, expanded,
			    rows_6[i].expanded);
		failures++;
	}
	assert_int_equal(failures, 0);
}

static const struct {
	const char *sentence;
	const char *text;
	bool in_record, in_explanation;
} form_rows[] = {
	{ "nothing", "", true, true },
	{ "words", "no mail from here", false, true },
	{ "every transformer", "%{S99R.-+,/_=}", true, true },
	{ "zero parts", "%{d0}", false, false },
	{ "zeros before a number", "%{d02}", true, true },
	{ "a letter that is none", "%{x}", false, false },
	{ "no letter", "%{}", false, false },
	{ "not closed", "%{d", false, false },
	{ "in parentheses", "%(d)", false, false },
	{ "a percent sign alone", "50% off", false, false },
	{ "... at the end", "100%", false, false },
	{ "the order is digits, r, delimiters", "%{dr2}", false, false },
	{ "the address in words only explains", "%{c}", false, true },
	{ "the receiver only explains", "%{R}", false, true },
	{ "the time only explains", "%{t}", false, true },
	{ "a delimiter that is none", "%{d:}", false, false },
	{ "8-bit", "\xe4", false, false },
	{ "a line end", "a\nb", false, false },
	{ "a control character", "a\x01", false, false },
};

static void test_forms(void **state)
{
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(form_rows); i++) {
		const char *text = form_rows[i].text;

		if (sp_spf_is_macro_string(text, strlen(text),
					   SP_SPF_IN_RECORD) ==
			    form_rows[i].in_record &&
		    sp_spf_is_macro_string(text, strlen(text),
					   SP_SPF_IN_EXPLANATION) ==
			    form_rows[i].in_explanation)
			continue;
		print_error("%s: %s\n", form_rows[i].sentence, text);
		failures++;
	}
	assert_int_equal(failures, 0);
}

static void test_a_name_of_the_client_costs_questions(void **state)
{
	(void)state;
	assert_true(sp_spf_has_validated("a%{p}", 5));
	assert_true(sp_spf_has_validated("%{d}%{P2r-}", 11));
	assert_false(sp_spf_has_validated("%%{p}%{d}", 9));
	assert_false(sp_spf_has_validated("p", 1));
}

static void test_what_does_not_fit_is_told(void **state)
{
	char bytes[8];
	struct sp_text out;

	(void)state;
	sp_text_init(&out, bytes, sizeof(bytes));
	sp_spf_expand("%{d}", 4, &macros, &out);
	assert_true(out.is_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_examples_of_rfc_7208),
		cmocka_unit_test(test_expansions),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_a_name_of_the_client_costs_questions),
		cmocka_unit_test(test_what_does_not_fit_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
