#include "sallyport/dnsbl.h"

#include <assert.h>

/* What answers mean that are none. */
struct code {
	const char *zone; /* of this operator only; NULL = of any */
	uint32_t first;
	uint32_t last;
	enum sp_dnsbl_error error;
};

/*
 * The first row that fits counts.
 *
 * 127.0.10.x of dnswl.org looks like one of its categories, and 127.0.10.0 is
 * what its test point has; but the trusted ones of that category are what it
 * tells everybody who asks too much, so they are not believed.
 */
static const struct code codes[] = {
	{ NULL, 0x7fffff00 + 252, 0x7fffff00 + 252, SP_DNSBL_TYPING_ERROR },
	{ NULL, 0x7fffff00 + 254, 0x7fffff00 + 254,
	  SP_DNSBL_REFUSED_OPEN_RESOLVER },
	{ NULL, 0x7fffff00 + 255, 0x7fffff00 + 255, SP_DNSBL_OVER_QUOTA },
	{ NULL, 0x7fffff00, 0x7fffffff, SP_DNSBL_REFUSED },
	{ NULL, 0x7f000001, 0x7f000001, SP_DNSBL_REFUSED },
	{ NULL, 0, 0x7effffff, SP_DNSBL_OUTSIDE_127 },
	{ NULL, 0x80000000, 0xffffffff, SP_DNSBL_OUTSIDE_127 },
	{ "dnswl.org", 0x7f0000ff, 0x7f0000ff, SP_DNSBL_OVER_QUOTA },
	{ "dnswl.org", 0x7f000a01, 0x7f000aff, SP_DNSBL_OVER_QUOTA },
	{ "dbl.spamhaus.org", 0x7f0001ff, 0x7f0001ff, SP_DNSBL_TYPING_ERROR },
	{ "dbl.dq.spamhaus.net", 0x7f0001ff, 0x7f0001ff,
	  SP_DNSBL_TYPING_ERROR },
};

static enum sp_dnsbl_error error_of(const char *zone, uint32_t address)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		const struct code *code = &codes[i];

		if (address >= code->first && address <= code->last &&
		    (!code->zone || sp_domain_is_within(zone, code->zone)))
			return code->error;
	}
	return SP_DNSBL_FINE;
}

enum sp_dnsbl_error sp_dnsbl_answer_judge(const char *zone,
					  const struct sp_dnsbl_answer *answer,
					  bool *is_listed_out)
{
	enum sp_dnsbl_error error = SP_DNSBL_FINE;

	assert(answer->count <= SP_DNSBL_MAX_ADDRESSES);
	if (is_listed_out)
		*is_listed_out = false;
	if (answer->state == SP_DNSBL_FAILED)
		return SP_DNSBL_SILENT;
	if (answer->state != SP_DNSBL_FOUND)
		return SP_DNSBL_FINE;
	for (size_t i = 0; i < answer->count && !error; i++)
		error = error_of(zone, answer->addresses[i]);
	if (is_listed_out)
		*is_listed_out = !error && answer->count > 0;
	return error;
}

static bool is_allowed(const struct sp_dnsbl_octet *octet, uint32_t value)
{
	return octet->values[value / 64] >> value % 64 & 1;
}

static bool fits(const struct sp_dnsbl_rule *rule, uint32_t address)
{
	for (unsigned i = 0; i < 4; i++)
		if (!is_allowed(&rule->filter[i],
				address >> (24 - 8 * i) & 0xff))
			return false;
	return true;
}

static bool is_hit(const struct sp_dnsbl_rule *rule,
		   const struct sp_dnsbl_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		if (fits(rule, answer->addresses[i]))
			return true;
	return false;
}

static void judge_zone(const char *zone, const struct sp_dnsbl_answer *answer,
		       uint32_t zone_bit, struct sp_dnsbl_fact *fact)
{
	bool is_listed;
	enum sp_dnsbl_error error =
		sp_dnsbl_answer_judge(zone, answer, &is_listed);

	fact->errors[__builtin_ctz(zone_bit)] = error;
	if (error)
		fact->silent_in |= zone_bit;
	else
		fact->answered_in |= zone_bit;
	if (is_listed)
		fact->listed_in |= zone_bit;
}

void sp_dnsbl_judge(const struct sp_dnsbl_rules *rules,
		    const struct sp_dnsbl_answer *answers, uint32_t well_in,
		    struct sp_dnsbl_fact *fact_out)
{
	struct sp_dnsbl_fact fact = { .hits = 0 };

	for (size_t i = 0; i < rules->zone_count; i++)
		if (answers[i].state != SP_DNSBL_NOT_ASKED)
			judge_zone(rules->zones[i], &answers[i],
				   UINT32_C(1) << i, &fact);
	fact.silent_in |= fact.answered_in & ~well_in;
	fact.answered_in &= well_in;
	fact.listed_in &= well_in;
	for (size_t i = 0; i < rules->rule_count; i++) {
		const struct sp_dnsbl_rule *rule = &rules->rules[i];

		if (fact.listed_in >> rule->zone & 1 &&
		    is_hit(rule, &answers[rule->zone]))
			fact.hits |= UINT64_C(1) << i;
	}
	*fact_out = fact;
}

const char *sp_dnsbl_error_text(enum sp_dnsbl_error error)
{
	switch (error) {
	case SP_DNSBL_FINE:
		return "no error";
	case SP_DNSBL_SILENT:
		return "no answer";
	case SP_DNSBL_REFUSED:
		return "the list refuses our questions";
	case SP_DNSBL_REFUSED_OPEN_RESOLVER:
		return "the list refuses questions by an open resolver";
	case SP_DNSBL_OVER_QUOTA:
		return "more questions than the list allows";
	case SP_DNSBL_TYPING_ERROR:
		return "the list does not know this zone or kind of question";
	case SP_DNSBL_OUTSIDE_127:
		return "an answer outside of 127.0.0.0/8, as of a parked zone";
	}
	return "no error";
}
