/* Which Authentication-Results and Received-SPF that come in claim to be ours. */
#include "sallyport/auth_results.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sallyport/list.h"

#define N "mx.here.example"

struct row {
	const char *sentence;
	const char *value;
	bool is_ours;
};

static const struct row plain_rows[] = {
	{ "our name", N "; dkim=pass", true },
	{ "... with the space behind the colon", " " N "; dkim=pass", true },
	{ "... and nothing else", N, true },
	{ "... in capitals", "MX.Here.EXAMPLE; dkim=pass", true },
	{ "... with a dot at its end", N ".; dkim=pass", true },
	{ "... with several", N "...; dkim=pass", true },
	{ "... with a version", N " 1; dkim=pass", true },
	{ "... with one that does not exist", N " 77; dkim=pass", true },
	{ "... glued to a job's number", N "/4F8B91F8; dkim=pass", true },
	{ "... before an =", N "=pass; dkim=pass", true },
	{ "... folded", "\n\t" N "\n\t;\n\tdkim=pass", true },
	{ "... folded with CR LF", "\r\n " N "\r\n ; dkim=pass", true },
	{ "... behind a comment", "(hello) " N "; dkim=pass", true },
	{ "... behind nested ones", "(a (b (c)) d)(e) " N "; x=y", true },
	{ "... behind a quoted parenthesis", "(a \\) b) " N "; x=y", true },
	{ "... before a comment", N "(hello); dkim=pass", true },
	{ "... before comments and a version", N " (a)\n (b) 1 (c) ; x=y",
	  true },
	{ "... in quotes", "\"" N "\"; dkim=pass", true },
	{ "... and none", N "; none", true },
	{ "our second name", "here.example; dkim=pass", true },
	{ "a name of our families", "mx7.family.example; dkim=pass", true },
	{ "the family itself", "FAMILY.example; dkim=pass", true },
	{ "a semicolon in a comment before it", "(;) " N "; x=y", true },

	{ "another name", "other.example; dkim=pass", false },
	{ "... with a version", "other.example 1; dkim=pass", false },
	{ "... with comments", "(a) other.example (b (c)) 1; dkim=pass",
	  false },
	{ "... in quotes", "\"other.example\"; dkim=pass", false },
	{ "... with a job's number", "other.example/4F8B91F8; x=y", false },
	{ "... that speaks of us",
	  "other.example; dkim=pass header.d=" N " (" N ")", false },
	{ "... that speaks of us at once", "other.example (" N "); x=y",
	  false },
	{ "... and nothing", "other.example", false },
	{ "a name below ours", "a." N "; dkim=pass", false },
	{ "a name that ends like ours", "x" N "; dkim=pass", false },
	{ "a name that begins like ours", N ".evil.example; x=y", false },
	{ "a name above ours", "example; dkim=pass", false },
	{ "a name that ends like a family's", "xfamily.example; x=y", false },
	{ "results without a name, as Microsoft's servers write them",
	  "spf=pass (sender IP is 192.0.2.1)\n smtp.mailfrom=here.example;\n "
	  "dkim=none (message not signed)\n header.d=none;dmarc=bestguesspass",
	  false },
	{ "results without a name and with our name's dot",
	  "dkim=pass header.d=here.example", false },
	{ "nothing", "", false },
	{ "blanks", " \n\t", false },
	{ "a semicolon", ";", false },
};

static const struct row obscure_rows[] = {
	{ "words before our name", "evil.example " N "; x=y", true },
	{ "words behind it", N " evil.example; x=y", true },
	{ "what Yahoo's servers once wrote",
	  "mta1042.mail.other.example  from=a.example; domainkeys=pass (ok)",
	  false },
	{ "our name with quoted pairs", "\"mx.h\\ere.example\"; x=y", true },
	{ "our name with a space in its quotes", "\" " N " \"; x=y", true },
	{ "our name in quotes that do not end", "\"" N "; x=y", true },
	{ "our name in two halves", "\"mx.here\"\".example\"; x=y", true },
	{ "our name folded within", "mx.here\n .exam\n ple; x=y", true },
	{ "our name with a comment within", "mx(a).here.example; x=y", true },
	{ "a name with a comment within", "m(a)y.other.example; x=y", true },
	{ "a comment that does not end", "other.example (; x=y", true },
	{ "a comment that does not end before a name", "(other.example; x=y",
	  true },
	{ "a parenthesis too many", "other.example ); x=y", true },
	{ "comments that a reader who does not nest them ends too early",
	  "(a (b) " N "; x=y) other.example; x=y", true },
	{ "our name in a comment at the beginning",
	  "(" N ") other.example; x=y", true },
	{ "a quoted parenthesis that hides a comment's end",
	  "(\\) other.example; x=y", true },
	{ "an encoded word", "=?utf-8?q?mx=2Ehere=2Eexample?=; x=y", true },
	{ "... in base64", "=?us-ascii?b?bXguaGVyZS5leGFtcGxl?=; x=y", true },
	{ "... behind a name", "other.example =?utf-8?q?_?=; x=y", true },
	{ "... in what others say of a result",
	  "other.example; dkim=fail reason=\"=?utf-8?q?x?=\"", false },
	{ "a control character", "other.example\v; x=y", true },
	{ "... before our name", "\f" N "; x=y", true },
	{ "... within it", "mx.here\x1b.example; x=y", true },
	{ "an address at our name", "a@" N "; x=y", true },
	{ "a URL of ours", "https://" N "/; x=y", true },
	{ "a comma behind our name", N ", x=y", true },
	{ "our name behind a semicolon", "; " N "; x=y", true },
	{ "our name behind an instance, as in ARC", "i=1; " N "; x=y", true },
	{ "another's behind an instance", "i=1; other.example; x=y", false },
	{ "two words of others", "other.example two; x=y", false },
	{ "two versions", "other.example 1 2; x=y", false },
};

static const struct row idn_rows[] = {
	{ "U-labels of others", "mail.ex\xc3\xa4mple.net; x=y", false },
	{ "... and nothing else", "\xd0\xbf\xd0\xbe.\xd1\x80\xd1\x84; x=y",
	  false },
	{ "... that begin and end like ours", "mx.her\xc3\xa9.example; x=y",
	  false },
	{ "U-labels of ours",
	  "mx.b\xc3\xbc"
	  "cher.example; x=y",
	  true },
	{ "... in capitals",
	  "MX.B\xc3\x9c"
	  "CHER.example; x=y",
	  true },
	{ "A-labels of ours", "mx.XN--bcher-kva.example; x=y", true },
	{ "a letter of full width", "\xef\xbd\x8dx.here.example; x=y", true },
	{ "... at the end", "mx.here.exampl\xef\xbd\x85; x=y", true },
	{ "a full stop of full width", "mx\xe3\x80\x82here.example; x=y",
	  true },
	{ "a joiner that readers leave out", "m\xe2\x80\x8dx.here.example; x=y",
	  true },
	{ "a sharp s that readers make two letters of",
	  "mx.gru\xc3\x9f.example; x=y", true },
	{ "... of others", "mx.gro\xc3\x9f.example; x=y", false },
	{ "a space that does not break", N "\xc2\xa0; x=y", true },
	{ "... behind a dot", N ".\xc2\xa0; x=y", true },
	{ "... before our name", "\xc2\xa0" N "; x=y", true },
	{ "... behind another", "other.example\xc2\xa0; x=y", false },
	{ "latin-1, whatever it means", "mx.her\xe9.example; x=y", true },
	{ "... of others", "mx.\xe9.other.example; x=y", false },
	{ "in quotes", "\"\xef\xbd\x8dx.here.example\"; x=y", true },
	{ "8-bit bytes behind another name", "other.example (\xc3\xa4); x=y",
	  false },
	{ "U-labels of a family's member", "\xc3\xa4.family.example; x=y",
	  true },
	{ "full width in a family's name", "a.famil\xef\xbd\x99.example; x=y",
	  true },
	{ "latin-1 in it", "mx.famil\xfd.example; x=y", true },
	{ "latin-1 in a member's", "\xfd.family.example; x=y", true },
	{ "8-bit bytes in two words", "\xc3\xa4 other.example; x=y", true },
};

static const struct row spf_rows[] = {
	{ "our name as receiver", "pass receiver=" N "; client-ip=192.0.2.1",
	  true },
	{ "... in quotes", "pass receiver=\"" N "\"", true },
	{ "... with a quoted pair", "pass receiver=\"m\\x.here.example\"",
	  true },
	{ "... in capitals", "PASS RECEIVER=MX.HERE.EXAMPLE.", true },
	{ "... with blanks and comments",
	  "pass receiver (a)\n =\n (b (c)) " N "; x=y", true },
	{ "... behind another one", "pass receiver=a.example; receiver=" N,
	  true },
	{ "our name in the comment",
	  "pass (" N ": domain of a.example designates 192.0.2.1)", true },
	{ "... behind a space", "pass ( " N " is sure)", true },
	{ "... in a nested one", "pass (a (" N "))", true },
	{ "our second name", "pass receiver=here.example", true },
	{ "a family's", "pass receiver=mx2.family.example", true },
	{ "in letters of full width",
	  "pass receiver=\xef\xbd\x8dx.here.example", true },
	{ "without a result", "receiver=" N, true },

	{ "another receiver", "pass receiver=other.example", false },
	{ "... and its comment",
	  "pass (other.example: domain of here.example designates 192.0.2.1) "
	  "receiver=other.example; helo=" N "; envelope-from=\"a@" N "\"",
	  false },
	{ "a name that begins like ours", "pass receiver=" N ".evil.example",
	  false },
	{ "no receiver", "pass", false },
	{ "a receiver without a name", "pass receiver=", false },
	{ "a key without a value", "pass receiver", false },
	{ "nothing", "", false },
};

static struct sp_auth_names names_of(struct sp_list *families)
{
	return (struct sp_auth_names){
		.names = { "MX.here.example.", "here.example", NULL },
		.families = families,
	};
}

static int set_up(void **state)
{
	struct sp_list *list;

	assert_int_equal(sp_list_new(SP_LIST_NAMES, &list), SP_OK);
	assert_int_equal(sp_list_add(list, "family.example", "test", 1), SP_OK);
	assert_int_equal(
		sp_list_add(list, "mx.xn--bcher-kva.example", "test", 2),
		SP_OK);
	assert_int_equal(sp_list_add(list, "mx.gruss.example", "test", 3),
			 SP_OK);
	*state = list;
	return 0;
}

static int tear_down(void **state)
{
	sp_list_free((struct sp_list **)state);
	return 0;
}

/* A copy without a NUL behind it, for reading too far to be seen. */
static bool claims(const char *value, size_t length, bool is_spf,
		   const struct sp_auth_names *names)
{
	char *copy = malloc(length > 0 ? length : 1);
	bool is_ours;

	assert_non_null(copy);
	memcpy(copy, value, length);
	is_ours = is_spf ? sp_received_spf_claims(copy, length, names)
			 : sp_auth_results_claims(copy, length, names);
	free(copy);
	return is_ours;
}

static void check_rows(struct sp_list *list, const struct row *rows,
		       size_t count, bool is_spf)
{
	struct sp_auth_names names = names_of(list);

	for (size_t i = 0; i < count; i++)
		if (claims(rows[i].value, strlen(rows[i].value), is_spf,
			   &names) != rows[i].is_ours)
			fail_msg("row %zu, %s: %s", i, rows[i].sentence,
				 rows[i].value);
}

static void test_fields_that_begin_with_a_name(void **state)
{
	check_rows(*state, plain_rows,
		   sizeof(plain_rows) / sizeof(plain_rows[0]), false);
}

static void test_fields_that_hide_one(void **state)
{
	check_rows(*state, obscure_rows,
		   sizeof(obscure_rows) / sizeof(obscure_rows[0]), false);
}

static void test_names_with_8_bit_bytes(void **state)
{
	check_rows(*state, idn_rows, sizeof(idn_rows) / sizeof(idn_rows[0]),
		   false);
}

static void test_received_spf(void **state)
{
	check_rows(*state, spf_rows, sizeof(spf_rows) / sizeof(spf_rows[0]),
		   true);
}

static void test_who_has_no_name_is_nobody(void **state)
{
	const struct sp_auth_names names = { .names = { "", NULL, "-" } };

	(void)state;
	assert_false(claims(N "; x=y", 20, false, &names));
	assert_false(claims("", 0, false, &names));
	assert_false(claims("two words", 9, false, &names));
	assert_false(claims("open (", 6, false, &names));
	assert_false(claims("pass receiver=" N, 29, true, &names));
}

/* 64 KiB of each: as long as a milter gets, as deep and as wide. */
static void test_large_fields(void **state)
{
	static const struct {
		const char *sentence;
		const char *piece;
		bool is_ours;
	} rows[] = {
		{ "open comments", "(", true },
		{ "closed ones", "()", true },
		{ "backslashes", "\\", true },
		{ "quotes", "\"", true },
		{ "letters", "a", false },
		{ "dots", ".", false },
		{ "beginnings of our name", "mx.", false },
		{ "8-bit bytes", "\xff", true },
		{ "semicolons", ";", true },
		{ "receivers", "receiver(", true },
		{ "words", "a ", true },
		{ "folded lines", "\n ", true },
	};
	const size_t size = 65535;
	struct sp_auth_names names = names_of(*state);
	char *value = malloc(size);

	assert_non_null(value);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t length = strlen(rows[i].piece);

		for (size_t at = 0; at < size; at++)
			value[at] = rows[i].piece[at % length];
		value[size - 1] = ' ';
		if (sp_auth_results_claims(value, size, &names) !=
		    rows[i].is_ours)
			fail_msg("%s", rows[i].sentence);
		assert_false(sp_received_spf_claims(value, size, &names));
	}
	free(value);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fields_that_begin_with_a_name),
		TEST(test_fields_that_hide_one),
		TEST(test_names_with_8_bit_bytes),
		TEST(test_received_spf),
		cmocka_unit_test(test_who_has_no_name_is_nobody),
		TEST(test_large_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
