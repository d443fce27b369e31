/* Names in Unicode, and what they are called in DNS: one row, one sentence. */
#include "sallyport/idn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define UMLAUTS(a) a a a a a a a a a a
#define FIFTY	   UMLAUTS("\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc")
#define LABEL	   "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz."

static void names_have_an_ascii_form(void **state)
{
	static const struct {
		const char *sentence;
		const char *name;
		enum sp_err error;
		const char *ascii;
	} rows[] = {
		{ "ASCII is normalised", "Mail.Example.ORG.", SP_OK,
		  "mail.example.org" },
		{ "an A-label is ASCII", "XN--Bcher-Kva.example", SP_OK,
		  "xn--bcher-kva.example" },
		{ "nothing is no name", "", SP_ERR_SYNTAX, "" },
		{ "nor is an address", "192.0.2.1", SP_ERR_SYNTAX, "" },
		{ "a U-label",
		  "b\xc3\xbc"
		  "cher.example",
		  SP_OK, "xn--bcher-kva.example" },
		{ "one in capital letters",
		  "B\xc3\x9c"
		  "CHER.Example",
		  SP_OK, "xn--bcher-kva.example" },
		{ "one in two code points",
		  "bu\xcc\x88"
		  "cher.example",
		  SP_OK, "xn--bcher-kva.example" },
		{ "a dot at its end",
		  "b\xc3\xbc"
		  "cher.example.",
		  SP_OK, "xn--bcher-kva.example" },
		{ "all of its labels",
		  "\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0."
		  "\xd1\x80\xd1\x84",
		  SP_OK, "xn--80a1acny.xn--p1ai" },
		{ "the ideographic full stop is a dot",
		  "\xe4\xbe\x8b\xe3\x80\x82"
		  "example",
		  SP_OK, "xn--fsq.example" },
		{ "wide letters are letters",
		  "\xef\xbd\x81\xef\xbd\x82.example", SP_OK, "ab.example" },
		{ "the sharp s stays one", "fa\xc3\x9f.example", SP_OK,
		  "xn--fa-hia.example" },
		{ "a joiner where no script wants it",
		  "a\xe2\x80\x8d"
		  "b.example",
		  SP_ERR_SYNTAX, "" },
		{ "an unassigned character", "\xcd\xb8.example", SP_ERR_SYNTAX,
		  "" },
		{ "a picture", "\xf0\x9f\x98\x80.example", SP_ERR_SYNTAX, "" },
		{ "letters of both directions",
		  "\xd7\x90"
		  "a.example",
		  SP_ERR_SYNTAX, "" },
		{ "a mark first",
		  "\xcc\x88"
		  "a.example",
		  SP_ERR_SYNTAX, "" },
		{ "what becomes a slash", "\xe2\x84\x80.example", SP_ERR_SYNTAX,
		  "" },
		{ "what becomes a space",
		  "a\xc2\xa0"
		  "b.example",
		  SP_ERR_SYNTAX, "" },
		{ "what becomes an @",
		  "a\xef\xbc\xa0"
		  "b.example",
		  SP_ERR_SYNTAX, "" },
		{ "half a character", "b\xc3.example", SP_ERR_SYNTAX, "" },
		{ "an overlong one",
		  "b\xc0\xae"
		  "b.example",
		  SP_ERR_SYNTAX, "" },
		{ "half of a pair", "b\xed\xa0\x80.example", SP_ERR_SYNTAX,
		  "" },
		{ "a hole", "b\xc3\xbc..example", SP_ERR_SYNTAX, "" },
		{ "one label that is too long", FIFTY FIFTY ".example",
		  SP_ERR_TOO_LONG, "" },
		{ "too many labels",
		  LABEL LABEL LABEL LABEL LABEL "\xc3\xbc.example",
		  SP_ERR_TOO_LONG, "" },
		{ "over 1,024 bytes",
		  UMLAUTS(FIFTY) UMLAUTS(FIFTY) "." UMLAUTS(FIFTY),
		  SP_ERR_TOO_LONG, "" },
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char ascii[SP_DOMAIN_SIZE] = "before";
		enum sp_err error = sp_idn_to_ascii(rows[i].name, ascii);

		if (error != rows[i].error ||
		    strcmp(ascii, rows[i].ascii) != 0) {
			print_error("%s: %s, %s\n", rows[i].sentence,
				    sp_err_text(error), ascii);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_an_ascii_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
