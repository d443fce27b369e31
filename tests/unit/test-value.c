/* One value as text, read and written again. */
#include "../../src/config/value.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum type {
	DURATION,
	SIZE,
	NUMBER,
	REAL,
	OCTAL,
	BOOL,
	MODE
};

/* What is read, in the words of the writers; or the error. */
struct row {
	const char *sentence;
	enum type type;
	const char *text;
	const char *expected;
};

static const struct row rows[] = {
	{ "milliseconds are the smallest unit", DURATION, "250ms", "250ms" },
	{ "seconds", DURATION, "90s", "90s" },
	{ "sixty seconds are a minute", DURATION, "60s", "1m" },
	{ "minutes", DURATION, "5m", "5m" },
	{ "hours", DURATION, "2h", "2h" },
	{ "days", DURATION, "36d", "36d" },
	{ "no time at all", DURATION, "0s", "0s" },
	{ "a duration needs its unit", DURATION, "90", "syntax" },
	{ "a unit needs its number", DURATION, "s", "syntax" },
	{ "an empty duration", DURATION, "", "syntax" },
	{ "a duration below zero", DURATION, "-5s", "syntax" },
	{ "a duration with a fraction", DURATION, "1.5h", "syntax" },
	{ "a duration with a blank", DURATION, "5 m", "syntax" },
	{ "two durations in one", DURATION, "1h30m", "syntax" },
	{ "units are in lower case", DURATION, "5M", "syntax" },
	{ "more digits than a number has", DURATION,
	  "99999999999999999999999999s", "range" },
	{ "days that overflow in milliseconds", DURATION, "9007199254740992d",
	  "range" },

	{ "megabytes are powers of 1024", SIZE, "1024KB", "1MB" },
	{ "the B may be left out", SIZE, "64K", "64KB" },
	{ "a size in lower case, as Redis writes it", SIZE, "256mb", "256MB" },
	{ "gigabytes", SIZE, "1GB", "1GB" },
	{ "bytes", SIZE, "4095B", "4095B" },
	{ "a size needs its unit", SIZE, "4096", "syntax" },
	{ "petabytes are too much to mean", SIZE, "1PB", "syntax" },
	{ "a size that overflows", SIZE, "99999999999TB", "range" },

	{ "a number", NUMBER, "42", "42" },
	{ "a number with zeros in front", NUMBER, "007", "7" },
	{ "a number below zero", NUMBER, "-1", "syntax" },
	{ "a number with a plus", NUMBER, "+1", "syntax" },
	{ "a hexadecimal number", NUMBER, "0x10", "syntax" },
	{ "a word is no number", NUMBER, "many", "syntax" },

	{ "a whole real", REAL, "10", "10" },
	{ "one digit behind the point", REAL, "2.5", "2.5" },
	{ "two digits behind the point", REAL, "0.25", "0.25" },
	{ "three digits behind the point", REAL, "0.125", "0.125" },
	{ "zeros in the middle stay", REAL, "3.005", "3.005" },
	{ "zeros at the end go", REAL, "3.50", "3.5" },
	{ "a real below zero", REAL, "-1.5", "-1.5" },
	{ "minus zero is zero", REAL, "-0", "0" },
	{ "four digits behind the point", REAL, "0.1234", "syntax" },
	{ "a point without digits", REAL, "1.", "syntax" },
	{ "a real with a comma", REAL, "1,5", "syntax" },
	{ "an exponent", REAL, "1e3", "syntax" },
	{ "what is not a number", REAL, "nan", "syntax" },
	{ "infinity", REAL, "inf", "syntax" },

	{ "a mode with its zero", OCTAL, "0660", "0660" },
	{ "a mode without it", OCTAL, "660", "0660" },
	{ "nine is no octal digit", OCTAL, "0690", "syntax" },
	{ "a mode in letters", OCTAL, "rw-rw----", "syntax" },
	{ "a mode of too many digits", OCTAL, "000660", "syntax" },

	{ "true", BOOL, "true", "true" },
	{ "yes is true", BOOL, "Yes", "true" },
	{ "on is true", BOOL, "ON", "true" },
	{ "no is false", BOOL, "no", "false" },
	{ "one is not true", BOOL, "1", "syntax" },
	{ "nothing is not false", BOOL, "", "syntax" },

	{ "the first choice", MODE, "observe", "0 observe" },
	{ "the second choice", MODE, "enforce", "1 enforce" },
	{ "the beginning of a choice", MODE, "enf", "syntax" },
	{ "a choice and more", MODE, "enforced", "syntax" },
	{ "a choice in upper case", MODE, "ENFORCE", "syntax" },
	{ "both choices with their bar", MODE, "observe|enforce", "syntax" },
	{ "no choice", MODE, "", "syntax" },
};

static const char choices[] = "observe|enforce";

/* One function per type would be seven; each row says which it means. */
static enum sp_err read_and_write(const struct row *row, struct sp_text *out)
{
	int64_t ms = -1;
	uint64_t number = 1;
	double real = -1;
	unsigned small = 7;
	bool is_true = false;
	enum sp_err err = SP_ERR_PROTOCOL;

	switch (row->type) {
	case DURATION:
		err = sp_value_duration(row->text, &ms);
		if (err == SP_OK)
			sp_value_write_duration(out, ms);
		break;
	case SIZE:
		err = sp_value_size(row->text, &number);
		if (err == SP_OK)
			sp_value_write_size(out, number);
		break;
	case NUMBER:
		err = sp_value_number(row->text, &number);
		sp_text_addf(out, "%" PRIu64, number);
		break;
	case REAL:
		err = sp_value_real(row->text, &real);
		if (err == SP_OK)
			sp_value_write_real(out, real);
		break;
	case OCTAL:
		err = sp_value_octal(row->text, &small);
		sp_text_addf(out, "%04o", small);
		break;
	case BOOL:
		err = sp_value_bool(row->text, &is_true);
		sp_text_add(out, is_true ? "true" : "false");
		break;
	case MODE:
		err = sp_value_choice(row->text, choices, &small);
		if (err == SP_OK) {
			sp_text_addf(out, "%u ", small);
			sp_value_write_choice(out, choices, small);
		}
	}
	return err;
}

static void test_values(void **state)
{
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char found[64];
		struct sp_text text;
		enum sp_err err;
		const char *result = found;

		sp_text_init(&text, found, sizeof(found));
		err = read_and_write(&rows[i], &text);
		if (err == SP_ERR_SYNTAX)
			result = "syntax";
		else if (err == SP_ERR_RANGE)
			result = "range";
		if (strcmp(result, rows[i].expected) == 0)
			continue;
		print_error("%s: \"%s\": expected %s, found %s\n",
			    rows[i].sentence, rows[i].text, rows[i].expected,
			    result);
		failures++;
	}
	assert_int_equal(failures, 0);
}

static void test_a_failed_reader_leaves_its_output_alone(void **state)
{
	int64_t ms = 77;
	uint64_t number = 77;
	double real = 77;
	unsigned small = 77;
	bool is_true = true;

	(void)state;
	assert_int_not_equal(sp_value_duration("5", &ms), SP_OK);
	assert_int_not_equal(sp_value_duration("9007199254740992d", &ms),
			     SP_OK);
	assert_int_not_equal(sp_value_size("9007199254740992TB", &number),
			     SP_OK);
	assert_int_not_equal(sp_value_number("5x", &number), SP_OK);
	assert_int_not_equal(sp_value_real("5.x", &real), SP_OK);
	assert_int_not_equal(sp_value_octal("8", &small), SP_OK);
	assert_int_not_equal(sp_value_bool("maybe", &is_true), SP_OK);
	assert_int_not_equal(sp_value_choice("x", choices, &small), SP_OK);
	assert_int_equal(ms, 77);
	assert_int_equal(number, 77);
	assert_true(real > 76 && real < 78);
	assert_int_equal(small, 77);
	assert_true(is_true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_a_failed_reader_leaves_its_output_alone),
	};

	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
