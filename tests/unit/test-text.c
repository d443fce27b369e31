/* Text in a buffer of fixed size: what is cut, and what is escaped. */
#include "sallyport/text.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

struct add_row {
	const char *sentence;
	size_t size;
	const char *parts[3];
	const char *expected;
	bool is_cut;
};

static const struct add_row add_rows[] = {
	{ "parts are joined", 16, { "mail", "box" }, "mailbox", false },
	{ "text fits with its NUL exactly", 5, { "mail" }, "mail", false },
	{ "one byte too many is cut", 5, { "mails" }, "mail", true },
	{ "after a cut nothing is added, though it would fit",
	  6,
	  { "mail", "boxes", "" },
	  "mailb",
	  true },
	{ "a buffer of one byte holds the NUL alone", 1, { "a" }, "", true },
	{ "nothing added is nothing cut", 1, { "" }, "", false },
};

static void text_is_added_and_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(add_rows) * 2; i++) {
		const struct add_row *row = &add_rows[i / 2];
		char buffer[16];
		struct sp_text text;

		memset(buffer, '~', sizeof(buffer));
		sp_text_init(&text, buffer, row->size);
		for (int j = 0; j < 3 && row->parts[j] != NULL; j++) {
			/* Both ways to add have the same rules. */
			if (i % 2 == 0)
				sp_text_add(&text, row->parts[j]);
			else
				sp_text_addf(&text, "%s", row->parts[j]);
		}
		if (strcmp(buffer, row->expected) != 0 ||
		    text.is_cut != row->is_cut ||
		    text.length != strlen(row->expected))
			fail_msg("%s: \"%s\"", row->sentence, buffer);
		if (row->size < sizeof(buffer))
			assert_int_equal(buffer[row->size], '~');
	}
}

struct safe_row {
	const char *sentence;
	const char *bytes;
	size_t length;
	const char *also;
	size_t size;
	const char *expected;
	bool is_cut;
};

static const struct safe_row safe_rows[] = {
	{ "printable ASCII stays", "a z~!\"", 6, NULL, 64, "a z~!\"", false },
	{ "a line break is escaped", "a\r\nb", 4, NULL, 64, "a\\x0d\\x0ab",
	  false },
	{ "a NUL is escaped", "a\0b", 3, NULL, 64, "a\\x00b", false },
	{ "DEL is escaped", "\x7f", 1, NULL, 64, "\\x7f", false },
	{ "8-bit bytes are escaped", "\xc3\xbc", 2, NULL, 64, "\\xc3\\xbc",
	  false },
	{ "a backslash is escaped: no input can fake an escape", "\\x41", 4,
	  NULL, 64, "\\x5cx41", false },
	{ "what the caller names is escaped too", "a\"=b", 4, "\"=", 64,
	  "a\\x22\\x3db", false },
	{ "an escape that does not fit is left out whole", "ab\n", 3, NULL, 6,
	  "ab", true },
	{ "and what comes after it too, though it would fit", "ab\ncd", 5, NULL,
	  6, "ab", true },
	{ "an escape that just fits is kept", "ab\n", 3, NULL, 7, "ab\\x0a",
	  false },
	{ "nothing stays nothing", "", 0, NULL, 4, "", false },
};

static void hostile_bytes_become_printable(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(safe_rows); i++) {
		const struct safe_row *row = &safe_rows[i];
		char buffer[64];
		struct sp_text text;

		sp_text_init(&text, buffer, row->size);
		sp_text_add_safe(&text, row->bytes, row->length, row->also);
		if (strcmp(buffer, row->expected) != 0 ||
		    text.is_cut != row->is_cut)
			fail_msg("%s: \"%s\"", row->sentence, buffer);
	}
}

static void numbers_are_those_of_printf(void **state)
{
	static const int64_t rows[] = {
		0,  1,	  -1,	 9,	    10,	       -10,
		99, 1000, 65535, INT32_MIN, INT64_MAX, INT64_MIN,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char expected[32], buffer[32];
		struct sp_text text;

		snprintf(expected, sizeof(expected), "%" PRId64, rows[i]);
		sp_text_init(&text, buffer, sizeof(buffer));
		sp_text_add_number(&text, rows[i]);
		assert_string_equal(buffer, expected);
	}
}

static void points_as_people_write_them(void **state)
{
	static const struct {
		double points;
		const char *text;
	} rows[] = { { 0, "0" },	   { -0.0, "0" },
		     { 2.5, "2.5" },	   { 10, "10" },
		     { -1.25, "-1.25" },   { 0.1 + 0.2, "0.3" },
		     { 999.9, "999.9" },   { 0.05, "0.05" },
		     { -0.2, "-0.2" },	   { 99.99, "99.99" },
		     { 99.996, "100" },	   { 1000, "1000" },
		     { 0.125, "0.125" },   { -12345, "-1.234e+04" },
		     { 1e300, "1e+300" },  { 2.675, "2.675" },
		     { 1.0 / 3, "0.3333" } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buffer[32];
		struct sp_text text;

		sp_text_init(&text, buffer, sizeof(buffer));
		sp_text_add_points(&text, rows[i].points);
		assert_string_equal(buffer, rows[i].text);
	}
	/* All that weights usually are: -99.99 to 99.99. */
	for (int hundredths = -9999; hundredths <= 9999; hundredths++) {
		char expected[32], buffer[32];
		struct sp_text text;

		snprintf(expected, sizeof(expected), "%.4g",
			 hundredths / 100.0);
		sp_text_init(&text, buffer, sizeof(buffer));
		sp_text_add_points(&text, hundredths / 100.0);
		assert_string_equal(buffer, expected);
	}
}

/* Room is left, but only because an escape did not fit into it. */
static void after_a_cut_escape_nothing_is_added(void **state)
{
	char buffer[8];
	struct sp_text text;

	(void)state;
	sp_text_init(&text, buffer, sizeof(buffer));
	sp_text_add_safe(&text, "mail\n", 6, NULL);
	sp_text_add(&text, "b");
	sp_text_addf(&text, "%d", 1);
	assert_string_equal(buffer, "mail");
	assert_true(text.is_cut);
}

static void every_byte_becomes_printable(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		char buffer[8];
		char c = (char)byte;
		struct sp_text text;

		sp_text_init(&text, buffer, sizeof(buffer));
		sp_text_add_safe(&text, &c, 1, NULL);
		assert_true(text.length == 1 || text.length == 4);
		for (size_t i = 0; i < text.length; i++)
			assert_in_range(buffer[i], ' ', '~');
	}
}

struct compare_row {
	const char *sentence;
	const char *a;
	const char *b;
	bool is_equal;
	bool is_start; /* b is what a starts with */
};

static const struct compare_row compare_rows[] = {
	{ "case does not count", "Mail", "mAIL", true, true },
	{ "a longer text is another one", "mails", "mail", false, true },
	{ "a shorter one too", "mail", "mails", false, false },
	{ "everything starts with nothing", "mail", "", false, true },
	{ "nothing equals nothing", "", "", true, true },
	{ "only ASCII letters are folded: [ is no {", "[", "{", false, false },
	{ "nor is @ a backquote", "@", "`", false, false },
	{ "8-bit letters are not folded", "\xc4", "\xe4", false, false },
};

static void texts_are_compared_ignoring_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(compare_rows); i++) {
		const struct compare_row *row = &compare_rows[i];

		if (sp_text_equals(row->a, row->b) != row->is_equal ||
		    sp_text_starts(row->a, row->b) != row->is_start)
			fail_msg("%s", row->sentence);
	}
}

static void lower_case_is_ascii_only(void **state)
{
	char text[] = "AZ[@az0\xc4";

	(void)state;
	sp_text_lower(text);
	assert_string_equal(text, "az[@az0\xc4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_added_and_cut),
		cmocka_unit_test(hostile_bytes_become_printable),
		cmocka_unit_test(after_a_cut_escape_nothing_is_added),
		cmocka_unit_test(numbers_are_those_of_printf),
		cmocka_unit_test(points_as_people_write_them),
		cmocka_unit_test(every_byte_becomes_printable),
		cmocka_unit_test(texts_are_compared_ignoring_case),
		cmocka_unit_test(lower_case_is_ascii_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
