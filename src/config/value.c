#include "value.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

/* From the largest down, so that the first that divides is the shortest. */
static const struct unit time_units[] = {
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
	{ "s", 1000 },	   { "ms", 1 },	     { NULL, 0 },
};

static const struct unit size_units[] = {
	{ "TB", UINT64_C(1) << 40 },
	{ "GB", UINT64_C(1) << 30 },
	{ "MB", UINT64_C(1) << 20 },
	{ "KB", UINT64_C(1) << 10 },
	{ "B", 1 },
	{ NULL, 0 },
};

/* Every value stays exact in a double, which is how ranges are compared. */
static const uint64_t most = UINT64_C(1) << 53;

/* The digits at the beginning of `text`; *rest_out is what follows them. */
static enum sp_err read_digits(const char *text, uint64_t *number_out,
			       const char **rest_out)
{
	uint64_t number = 0;
	size_t i = 0;

	for (; text[i] >= '0' && text[i] <= '9'; i++) {
		number = number * 10 + (uint64_t)(text[i] - '0');
		if (number > most)
			return SP_ERR_RANGE;
	}
	if (i == 0)
		return SP_ERR_SYNTAX;
	*number_out = number;
	*rest_out = text + i;
	return SP_OK;
}

static enum sp_err scale(uint64_t number, uint64_t factor, uint64_t *out)
{
	if (number > most / factor)
		return SP_ERR_RANGE;
	*out = number * factor;
	return SP_OK;
}

enum sp_err sp_value_duration(const char *text, int64_t *ms_out)
{
	const char *suffix;
	uint64_t ms;
	enum sp_err err = read_digits(text, &ms, &suffix);

	if (err)
		return err;
	for (const struct unit *unit = time_units; unit->name; unit++) {
		if (strcmp(suffix, unit->name) != 0)
			continue;
		err = scale(ms, unit->factor, &ms);
		if (!err)
			*ms_out = (int64_t)ms;
		return err;
	}
	return SP_ERR_SYNTAX;
}

static bool is_size_unit(const char *suffix, const char *name)
{
	if (sp_text_equals(suffix, name))
		return true;
	/* "64K" for "64KB", but a bare number has no unit at all. */
	return strlen(suffix) == 1 && strlen(name) == 2 &&
	       sp_text_starts(name, suffix);
}

enum sp_err sp_value_size(const char *text, uint64_t *bytes_out)
{
	const char *suffix;
	uint64_t number;
	enum sp_err err = read_digits(text, &number, &suffix);

	if (err)
		return err;
	for (const struct unit *unit = size_units; unit->name; unit++)
		if (is_size_unit(suffix, unit->name))
			return scale(number, unit->factor, bytes_out);
	return SP_ERR_SYNTAX;
}

enum sp_err sp_value_number(const char *text, uint64_t *number_out)
{
	const char *rest;
	uint64_t number;
	enum sp_err err = read_digits(text, &number, &rest);

	if (err)
		return err;
	if (*rest != '\0')
		return SP_ERR_SYNTAX;
	*number_out = number;
	return SP_OK;
}

enum sp_err sp_value_real(const char *text, double *real_out)
{
	bool is_negative = *text == '-';
	const char *rest;
	uint64_t whole;
	uint64_t thousandths = 0;
	enum sp_err err = read_digits(text + is_negative, &whole, &rest);

	if (err)
		return err;
	if (*rest == '.') {
		const char *digits = rest + 1;

		err = read_digits(digits, &thousandths, &rest);
		if (err || rest - digits > 3)
			return SP_ERR_SYNTAX;
		for (long i = rest - digits; i < 3; i++)
			thousandths *= 10;
	}
	if (*rest != '\0')
		return SP_ERR_SYNTAX;
	if (whole > most / 2000)
		return SP_ERR_RANGE;
	*real_out = (double)(whole * 1000 + thousandths) / 1000;
	if (is_negative)
		*real_out = -*real_out;
	return SP_OK;
}

enum sp_err sp_value_octal(const char *text, unsigned *mode_out)
{
	size_t length = strlen(text);
	unsigned mode = 0;

	if (length < 1 || length > 5 || strspn(text, "01234567") != length)
		return SP_ERR_SYNTAX;
	for (; *text != '\0'; text++)
		mode = mode * 8 + (unsigned)(*text - '0');
	*mode_out = mode;
	return SP_OK;
}

enum sp_err sp_value_bool(const char *text, bool *bool_out)
{
	static const char *const words[] = { "false", "true", "no",
					     "yes",   "off",  "on" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (sp_text_equals(text, words[i])) {
			*bool_out = i % 2 == 1;
			return SP_OK;
		}
	}
	return SP_ERR_SYNTAX;
}

enum sp_err sp_value_choice(const char *text, const char *choices,
			    unsigned *index_out)
{
	size_t length = strlen(text);
	unsigned index = 0;

	for (;;) {
		size_t end = strcspn(choices, "|");

		if (end == length && memcmp(choices, text, end) == 0) {
			*index_out = index;
			return SP_OK;
		}
		if (choices[end] == '\0')
			return SP_ERR_SYNTAX;
		choices += end + 1;
		index++;
	}
}

static void write_scaled(struct sp_text *out, uint64_t value,
			 const struct unit *units, const char *of_nothing)
{
	const struct unit *unit = units;

	if (value == 0) {
		sp_text_add(out, of_nothing);
		return;
	}
	while (value % unit->factor != 0)
		unit++;
	sp_text_addf(out, "%" PRIu64 "%s", value / unit->factor, unit->name);
}

void sp_value_write_duration(struct sp_text *out, int64_t ms)
{
	write_scaled(out, (uint64_t)ms, time_units, "0s");
}

void sp_value_write_size(struct sp_text *out, uint64_t bytes)
{
	write_scaled(out, bytes, size_units, "0B");
}

void sp_value_write_real(struct sp_text *out, double real)
{
	long long thousandths = llround(fabs(real) * 1000);
	long long fraction = thousandths % 1000;

	sp_text_addf(out, "%s%lld", real < 0 && thousandths > 0 ? "-" : "",
		     thousandths / 1000);
	if (fraction % 10 != 0)
		sp_text_addf(out, ".%03lld", fraction);
	else if (fraction % 100 != 0)
		sp_text_addf(out, ".%02lld", fraction / 10);
	else if (fraction != 0)
		sp_text_addf(out, ".%lld", fraction / 100);
}

void sp_value_write_choice(struct sp_text *out, const char *choices,
			   unsigned index)
{
	for (; index > 0; index--)
		choices += strcspn(choices, "|") + 1;
	sp_text_add_bytes(out, choices, strcspn(choices, "|"));
}
