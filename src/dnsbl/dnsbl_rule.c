#include "sallyport/dnsbl.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sallyport/text.h"

enum {
	WEIGHT_MAX = 100,
	WEIGHT_PLACES = 3
};

/* What is being read: `at` moves on, and the first error is told. */
struct reader {
	const char *at;
	char *error_out;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_name_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_';
}

/* "expected X, found Y": Y is the character at hand, made safe. */
static enum sp_err expected(const struct reader *reader, const char *what)
{
	struct sp_text text;

	sp_text_init(&text, reader->error_out, SP_DNSBL_ERROR_SIZE);
	sp_text_addf(&text, "expected %s, found ", what);
	if (!*reader->at) {
		sp_text_add(&text, "the end");
		return SP_ERR_SYNTAX;
	}
	sp_text_add(&text, "\"");
	sp_text_add_safe(&text, reader->at, 1, "\"");
	sp_text_add(&text, "\"");
	return SP_ERR_SYNTAX;
}

static enum sp_err refuse(const struct reader *reader, enum sp_err err,
			  const char *sentence)
{
	snprintf(reader->error_out, SP_DNSBL_ERROR_SIZE, "%s", sentence);
	return err;
}

static void skip_blanks(struct reader *reader)
{
	while (is_blank(*reader->at))
		reader->at++;
}

static enum sp_err read_name(struct reader *reader, struct sp_dnsbl_rule *rule)
{
	size_t length = 0;

	skip_blanks(reader);
	while (is_name_char(reader->at[length]))
		length++;
	if (length == 0)
		return expected(reader, "a name of letters, digits and '_'");
	if (length >= sizeof(rule->name))
		return refuse(reader, SP_ERR_TOO_LONG,
			      "the name is longer than 24 characters");
	for (size_t i = 0; i < length; i++) {
		char c = reader->at[i];

		rule->name[i] =
			c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
	}
	rule->name[length] = '\0';
	reader->at += length;
	skip_blanks(reader);
	if (*reader->at != ':')
		return expected(reader, "':' behind the name");
	reader->at++;
	return SP_OK;
}

/* The zone is never repeated in an error: it may hold an access key. */
static enum sp_err read_zone(struct reader *reader,
			     char zone_out[SP_DOMAIN_SIZE])
{
	size_t length;
	char text[SP_DOMAIN_SIZE];

	skip_blanks(reader);
	length = strcspn(reader->at, "=* \t");
	if (length == 0)
		return expected(reader, "a zone such as bl.example.org");
	if (length >= SP_DNSBL_ZONE_SIZE)
		return refuse(reader, SP_ERR_TOO_LONG,
			      "the zone is longer than 189 characters");
	memcpy(text, reader->at, length);
	text[length] = '\0';
	if (sp_domain_kind(text) != SP_DOMAIN_QUALIFIED ||
	    sp_domain_normalise(text, zone_out) != SP_OK)
		return refuse(reader, SP_ERR_SYNTAX,
			      "expected a zone such as bl.example.org, found "
			      "what is no domain name of two labels or more");
	reader->at += length;
	return SP_OK;
}

static enum sp_err read_number(struct reader *reader, unsigned *number_out)
{
	unsigned number = 0;

	if (!is_digit(*reader->at))
		return expected(reader, "a number from 0 to 255");
	while (is_digit(*reader->at)) {
		number = number * 10 + (unsigned)(*reader->at++ - '0');
		if (number > 255)
			return refuse(reader, SP_ERR_RANGE,
				      "expected a number from 0 to 255, found "
				      "a larger one");
	}
	*number_out = number;
	return SP_OK;
}

static void allow(struct sp_dnsbl_octet *octet, unsigned first, unsigned last)
{
	for (unsigned value = first; value <= last; value++)
		octet->values[value / 64] |= UINT64_C(1) << value % 64;
}

static void allow_bit(struct sp_dnsbl_octet *octet, unsigned bit)
{
	for (unsigned value = 0; value <= 255; value++)
		if (value & bit)
			allow(octet, value, value);
}

/* A or A..B, within brackets. */
static enum sp_err read_range(struct reader *reader,
			      struct sp_dnsbl_octet *octet)
{
	unsigned first, last;
	enum sp_err err = read_number(reader, &first);

	if (err)
		return err;
	last = first;
	if (!strncmp(reader->at, "..", 2)) {
		reader->at += 2;
		err = read_number(reader, &last);
	}
	if (err)
		return err;
	if (last < first)
		return refuse(reader, SP_ERR_RANGE,
			      "expected a range such as [2..11], found one "
			      "that ends before it begins");
	allow(octet, first, last);
	return SP_OK;
}

static enum sp_err read_bit(struct reader *reader, struct sp_dnsbl_octet *octet)
{
	unsigned bit;
	enum sp_err err = read_number(reader, &bit);

	if (err)
		return err;
	if (bit == 0 || (bit & (bit - 1)))
		return refuse(reader, SP_ERR_RANGE,
			      "expected the value of one bit within {} (1, 2, "
			      "4, ... 128), found another number");
	allow_bit(octet, bit);
	return SP_OK;
}

/* [..;..] or {..;..}: from behind the opening bracket to behind the other. */
static enum sp_err read_set(struct reader *reader, char end,
			    struct sp_dnsbl_octet *octet)
{
	for (;;) {
		enum sp_err err = end == ']' ? read_range(reader, octet)
					     : read_bit(reader, octet);

		if (err)
			return err;
		if (*reader->at == end) {
			reader->at++;
			return SP_OK;
		}
		if (*reader->at != ';')
			return expected(reader, end == ']' ? "'..', ';' or ']'"
							   : "';' or '}'");
		reader->at++;
	}
}

static enum sp_err read_octet(struct reader *reader,
			      struct sp_dnsbl_octet *octet_out)
{
	unsigned number;
	enum sp_err err;

	if (*reader->at == '[' || *reader->at == '{')
		return read_set(reader, *reader->at++ == '[' ? ']' : '}',
				octet_out);
	if (!is_digit(*reader->at))
		return expected(reader,
				"an octet: a number, [A..B;C] or {BIT}");
	err = read_number(reader, &number);
	if (!err)
		allow(octet_out, number, number);
	return err;
}

static bool is_allowed(const struct sp_dnsbl_octet *octet, unsigned value)
{
	return octet->values[value / 64] >> value % 64 & 1;
}

static enum sp_err read_filter(struct reader *reader,
			       struct sp_dnsbl_octet filter[4])
{
	memset(filter, 0, 4 * sizeof(filter[0]));
	for (size_t i = 0; i < 4; i++) {
		enum sp_err err;

		if (i > 0 && *reader->at != '.')
			return expected(reader,
					"'.' and four octets in the filter");
		reader->at += i > 0;
		err = read_octet(reader, &filter[i]);
		if (err)
			return err;
	}
	/* It could never hit, and surely is a slip. */
	if (!is_allowed(&filter[0], 127))
		return refuse(reader, SP_ERR_RANGE,
			      "expected a filter of answers in 127.0.0.0/8, "
			      "found one outside of it");
	return SP_OK;
}

/* By hand, for strtod reads what the locale says, "inf" and "0x1p3". */
static enum sp_err read_weight(struct reader *reader, double *weight_out)
{
	bool is_negative = *reader->at == '-';
	long thousandths = 0;
	unsigned places = 0;

	if (*reader->at == '-' || *reader->at == '+')
		reader->at++;
	if (!is_digit(*reader->at))
		return expected(reader, "a weight such as 2.5 or -1");
	for (; is_digit(*reader->at) && thousandths <= WEIGHT_MAX; reader->at++)
		thousandths = thousandths * 10 + (*reader->at - '0');
	if (*reader->at == '.' && is_digit(reader->at[1])) {
		reader->at++;
		for (; is_digit(*reader->at) && places < WEIGHT_PLACES;
		     places++)
			thousandths = thousandths * 10 + (*reader->at++ - '0');
	}
	if (is_digit(*reader->at) && places == WEIGHT_PLACES)
		return expected(reader, "at most three decimal places");
	for (; places < WEIGHT_PLACES; places++)
		thousandths *= 10;
	if (is_digit(*reader->at) || thousandths > WEIGHT_MAX * 1000)
		return refuse(reader, SP_ERR_RANGE,
			      "expected a weight from -100 to 100, found one "
			      "beyond");
	*weight_out = (double)(is_negative ? -thousandths : thousandths) / 1000;
	return SP_OK;
}

static enum sp_err read_rule(struct reader *reader, struct sp_dnsbl_rule *rule,
			     char zone_out[SP_DOMAIN_SIZE])
{
	enum sp_err err = read_name(reader, rule);

	if (!err)
		err = read_zone(reader, zone_out);
	if (err)
		return err;
	rule->weight = 1;
	allow(&rule->filter[0], 127, 127);
	for (size_t i = 1; i < 4; i++)
		allow(&rule->filter[i], 0, 255);
	if (*reader->at == '=') {
		reader->at++;
		err = read_filter(reader, rule->filter);
	}
	if (!err && *reader->at == '*') {
		reader->at++;
		err = read_weight(reader, &rule->weight);
	}
	if (err)
		return err;
	skip_blanks(reader);
	return *reader->at ? expected(reader, "'=FILTER', '*WEIGHT' or the end")
			   : SP_OK;
}

static size_t find_zone(const struct sp_dnsbl_rules *rules, const char *zone)
{
	size_t i = 0;

	while (i < rules->zone_count && strcmp(rules->zones[i], zone) != 0)
		i++;
	return i;
}

static bool is_same_filter(const struct sp_dnsbl_rule *a,
			   const struct sp_dnsbl_rule *b)
{
	return !memcmp(a->filter, b->filter, sizeof(a->filter));
}

/* Whether `rule` can stand beside those that are there. */
static enum sp_err check_place(const struct reader *reader,
			       const struct sp_dnsbl_rules *rules,
			       const struct sp_dnsbl_rule *rule)
{
	if (rules->rule_count == SP_DNSBL_MAX_RULES)
		return refuse(reader, SP_ERR_TOO_LONG,
			      "there are 64 rules already, and no more are "
			      "possible");
	if (rule->zone == SP_DNSBL_MAX_ZONES)
		return refuse(reader, SP_ERR_TOO_LONG,
			      "there are 32 zones already, and no more are "
			      "possible");
	for (size_t i = 0; i < rules->rule_count; i++) {
		const struct sp_dnsbl_rule *other = &rules->rules[i];

		if (strcmp(other->name, rule->name) != 0)
			continue;
		if (other->zone != rule->zone)
			return refuse(reader, SP_ERR_EXISTS,
				      "the name belongs to another zone "
				      "already: expected a name of its own");
		if (is_same_filter(other, rule))
			return refuse(reader, SP_ERR_EXISTS,
				      "this name has a rule with this filter "
				      "already");
	}
	return SP_OK;
}

void sp_dnsbl_rules_init(struct sp_dnsbl_rules *rules)
{
	memset(rules, 0, sizeof(*rules));
}

enum sp_err sp_dnsbl_rules_add(struct sp_dnsbl_rules *rules, const char *text,
			       char error_out[SP_DNSBL_ERROR_SIZE])
{
	struct reader reader = { .at = text, .error_out = error_out };
	struct sp_dnsbl_rule rule = { .name = "" };
	char zone[SP_DOMAIN_SIZE];
	enum sp_err err;

	error_out[0] = '\0';
	err = read_rule(&reader, &rule, zone);
	if (err)
		return err;
	rule.zone = find_zone(rules, zone);
	err = check_place(&reader, rules, &rule);
	if (err)
		return err;
	if (rule.zone == rules->zone_count)
		memcpy(rules->zones[rules->zone_count++], zone,
		       strlen(zone) + 1);
	rules->rules[rules->rule_count++] = rule;
	return SP_OK;
}
