/* Bytes as a DMARC record, and its lines as the answers that a mail's
 * evaluation gets: whatever is in them, an outcome that agrees with itself. */
#include "sallyport/dmarc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum {
	RECORDS_MAX = 2,
	ANSWERS_MAX = 64
};

static void require(int is_true)
{
	if (!is_true)
		abort();
}

/* ------------------------------------------------------------------ records */

/* A copy of its own, for its ends to be guarded. */
static char *copy_of(const char *bytes, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);

	require(copy != NULL);
	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

static void check_record(const char *bytes, size_t size)
{
	char *copy = copy_of(bytes, size);
	struct sp_dmarc_record record;
	enum sp_dmarc_validity validity =
		sp_dmarc_record_parse(copy, size, &record);

	require(record.p <= SP_DMARC_POLICY_REJECT &&
		record.sp <= SP_DMARC_POLICY_REJECT &&
		record.np <= SP_DMARC_POLICY_REJECT &&
		record.psd <= SP_DMARC_PSD_NO);
	require(validity == SP_DMARC_RECORD_GOOD ||
		(record.p == SP_DMARC_POLICY_NONE &&
		 record.sp == SP_DMARC_POLICY_NONE &&
		 record.np == SP_DMARC_POLICY_NONE));
	require(validity != SP_DMARC_NOT_A_RECORD ||
		(record.psd == SP_DMARC_PSD_UNKNOWN && !record.is_testing &&
		 !record.is_dkim_strict && !record.is_spf_strict));
	require(size <= SP_DMARC_RECORD_MAX ||
		validity == SP_DMARC_NOT_A_RECORD ||
		validity == SP_DMARC_RECORD_UNUSABLE);
	free(copy);
}

/* -------------------------------------------------------------- evaluations */

/* A name's answer is the next line, by a '!' before it a failed one, by a '-'
 * none, by a '+' two of it. Names are told apart by their order. */
struct zone {
	const char *at;
	size_t left;
	size_t count;
	struct sp_dns_name names[ANSWERS_MAX];
	enum sp_dns_type types[ANSWERS_MAX];
	struct sp_dns_answer answers[ANSWERS_MAX];
	struct sp_dns_record records[ANSWERS_MAX][RECORDS_MAX];
};

static void read_line(struct zone *zone, struct sp_dns_answer *answer,
		      struct sp_dns_record *records)
{
	const char *line = zone->at;
	const char *end =
		zone->left > 0 ? memchr(line, '\n', zone->left) : NULL;
	size_t length = end != NULL ? (size_t)(end - line) : zone->left;
	char first = length > 0 ? line[0] : '-';

	*answer = (struct sp_dns_answer){ .alias = "", .records = records };
	zone->at += length + (end != NULL);
	zone->left -= length + (end != NULL);
	answer->status = first == '!'	? SP_DNS_FAILED
			 : first == '-' ? SP_DNS_NXDOMAIN
					: SP_DNS_FOUND;
	if (answer->status != SP_DNS_FOUND)
		return;
	answer->count = first == '+' ? 2 : 1;
	for (size_t i = 0; i < RECORDS_MAX; i++) {
		records[i].text = line + (first == '+');
		records[i].length = length - (first == '+');
	}
}

static const struct sp_dns_answer *answer_of(void *context,
					     const struct sp_dns_name *name,
					     enum sp_dns_type type)
{
	struct zone *zone = context;
	size_t at = 0;

	while (at < zone->count &&
	       (zone->types[at] != type ||
		strcmp(zone->names[at].text, name->text) != 0))
		at++;
	if (at == zone->count) {
		require(at < ANSWERS_MAX);
		zone->names[at] = *name;
		zone->types[at] = type;
		read_line(zone, &zone->answers[at], zone->records[at]);
		zone->count++;
	}
	return &zone->answers[at];
}

static void check_outcome(const struct sp_dmarc_outcome *outcome)
{
	require(outcome->reason != NULL && outcome->reason[0] != '\0');
	require(!outcome->is_pending);
	require((outcome->result == SP_DMARC_PASS) ==
		(outcome->is_spf_aligned || outcome->is_dkim_aligned));
	require(outcome->policy <= outcome->published);
	require(outcome->result == SP_DMARC_PASS ||
		outcome->result == SP_DMARC_FAIL ||
		outcome->published == SP_DMARC_POLICY_NONE);
	if (outcome->policy_domain[0] != '\0')
		require(sp_domain_is_within(outcome->domain,
					    outcome->policy_domain));
	if (outcome->organisation[0] != '\0')
		require(sp_domain_is_within(outcome->domain,
					    outcome->organisation));
}

static void check_mail(const char *bytes, size_t size, const char *field)
{
	static const struct sp_dmarc_identifier dkim[] = {
		{ .domain = "b.c.d.example" },
		{ .domain = "1.2.3.4.5.6.7.8.9.d.example" },
		{ .domain = "e.d.example", .is_undecided = true },
	};
	struct sp_from from;
	struct sp_dmarc_question question = {
		.from = &from,
		.spf.domain = "c.d.example",
		.dkim = dkim,
		.dkim_count = sizeof(dkim) / sizeof(*dkim),
	};
	struct sp_dmarc_outcome outcome;
	struct zone *zone = calloc(1, sizeof(*zone));

	require(zone != NULL);
	zone->at = bytes;
	zone->left = size;
	sp_from_init(&from);
	sp_from_add_field(&from, field, strlen(field));
	sp_dmarc_evaluate(&question, answer_of, zone, &outcome);
	check_outcome(&outcome);
	free(zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *text = (const char *)bytes;
	char *copy = copy_of(text, size);

	check_record(text, size);
	check_mail(copy, size, "a@a.b.c.d.example");
	check_mail(copy, size, "a@d.example, b@9.8.7.6.5.4.3.2.1.d.example");
	free(copy);
	return 0;
}
