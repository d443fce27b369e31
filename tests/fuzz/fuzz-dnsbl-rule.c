/* Rules for DNS lists, a line each, and behind a NUL what a zone answers. */
#include "sallyport/dnsbl.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static void add_rules(struct sp_dnsbl_rules *rules, char *lines)
{
	char *line;

	while ((line = strsep(&lines, "\n"))) {
		char error[SP_DNSBL_ERROR_SIZE];
		size_t count = rules->rule_count;
		enum sp_err err = sp_dnsbl_rules_add(rules, line, error);

		require((err == SP_OK) == (error[0] == '\0'));
		require(rules->rule_count == count + (err == SP_OK));
		for (const char *c = error; *c; c++)
			require(*c >= ' ' && *c <= '~');
	}
	require(rules->rule_count <= SP_DNSBL_MAX_RULES);
	require(rules->zone_count <= SP_DNSBL_MAX_ZONES);
}

static void check_zone(const char *zone)
{
	const struct sp_ip ip = { .family = SP_IP_6 };
	struct sp_dnsbl_points points;
	char shown[SP_DOMAIN_SIZE], name[SP_DOMAIN_SIZE];

	require(sp_domain_kind(zone) == SP_DOMAIN_QUALIFIED);
	sp_dnsbl_zone_show(zone, shown);
	require(strlen(shown) <= strlen(zone));
	require(sp_dnsbl_zone_is_secret(zone) == (strchr(shown, '*') != NULL));
	require(sp_dnsbl_question(&ip, zone, name) == SP_OK);
	for (int kind = SP_DNSBL_IPV4; kind <= SP_DNSBL_DOMAIN; kind++) {
		sp_dnsbl_test_points(zone, (enum sp_dnsbl_kind)kind, &points);
		require(points.listed[0] && points.unlisted[0]);
	}
}

static void check_fact(const struct sp_dnsbl_rules *rules,
		       const struct sp_dnsbl_answer *answers, uint32_t well_in)
{
	struct sp_dnsbl_fact fact;

	sp_dnsbl_judge(rules, answers, well_in, &fact);
	require((fact.silent_in & fact.answered_in) == 0);
	require((fact.listed_in & ~(fact.answered_in & well_in)) == 0);
	for (size_t i = 0; i < rules->rule_count; i++)
		if (fact.hits >> i & 1)
			require(fact.listed_in >> rules->rules[i].zone & 1);
	for (size_t i = 0; i < rules->zone_count; i++)
		if (fact.errors[i])
			require(!(fact.answered_in >> i & 1));
}

/* The same answer of all zones: a state, then addresses. */
static void answer(const struct sp_dnsbl_rules *rules, const uint8_t *bytes,
		   size_t size)
{
	struct sp_dnsbl_answer answers[SP_DNSBL_MAX_ZONES];
	struct sp_dnsbl_answer one = { .count = 0 };
	uint32_t well_in;

	if (size < 2)
		return;
	one.state = (enum sp_dnsbl_state)(bytes[0] % 4);
	well_in = bytes[1] * UINT32_C(0x01010101);
	bytes += 2;
	size -= 2;
	for (; size >= 4 && one.count < SP_DNSBL_MAX_ADDRESSES; size -= 4) {
		one.addresses[one.count++] = (uint32_t)bytes[0] << 24 |
					     (uint32_t)bytes[1] << 16 |
					     (uint32_t)bytes[2] << 8 | bytes[3];
		bytes += 4;
	}
	for (size_t i = 0; i < rules->zone_count; i++)
		answers[i] = one;
	check_fact(rules, answers, well_in);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct sp_dnsbl_rules rules;
	char *lines = calloc(1, size + 1);
	size_t length;

	require(lines != NULL);
	memcpy(lines, bytes, size);
	length = strlen(lines);
	sp_dnsbl_rules_init(&rules);
	add_rules(&rules, lines);
	for (size_t i = 0; i < rules.zone_count; i++)
		check_zone(rules.zones[i]);
	if (length < size)
		answer(&rules, bytes + length + 1, size - length - 1);
	free(lines);
	return 0;
}
