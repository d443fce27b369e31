#include "dmarc_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sallyport/text.h"

enum {
	DKIM_MAX = SP_DMARC_DKIM_MAX + 1,
	DKIM_TEXT_MAX = 512
};

/* Cuts `text` at each `separator`; returns the pieces' number. */
static size_t split(char *text, const char *separator, const char **pieces,
		    size_t size)
{
	size_t count = 0;

	if (text[0] == '\0')
		return 0;
	while (text != NULL) {
		char *end = strstr(text, separator);

		assert_true(count < size);
		pieces[count++] = text;
		text = end == NULL ? NULL : end + strlen(separator);
		if (end != NULL)
			*end = '\0';
	}
	return count;
}

void dmarc_world_init(struct dmarc_world *world, const char *zone)
{
	assert_true(strlen(zone) < sizeof(world->zone));
	memcpy(world->zone, zone, strlen(zone) + 1);
	world->row_count =
		split(world->zone, " | ", world->rows, DMARC_ROWS_MAX);
	world->is_first_pending = false;
	world->asked_count = 0;
}

/* What a row says of `domain`; NULL when it is about another. */
static const char *said_of(const char *row, const char *domain)
{
	size_t length = strlen(domain);

	if (strncmp(row, domain, length) != 0 || row[length] != ' ')
		return NULL;
	return row + length + 1;
}

static enum sp_dns_status status_of(const char *word)
{
	int status = SP_DNS_PENDING;

	while (strcmp(word, sp_dns_status_text((enum sp_dns_status)status)) !=
	       0) {
		assert_true(status < SP_DNS_NOT_ASKED);
		status++;
	}
	return (enum sp_dns_status)status;
}

static bool is_about_domain(const char *said)
{
	return strncmp(said, "!gone", 5) == 0 || strcmp(said, "!silent") == 0;
}

static void set_existence(const char *said, struct sp_dns_answer *answer)
{
	if (strcmp(said, "!silent") == 0)
		answer->status = SP_DNS_TIMEOUT;
	else if (is_about_domain(said))
		answer->status = SP_DNS_NXDOMAIN;
	if (strcmp(said, "!gone-alias") == 0)
		answer->alias = "elsewhere.example";
}

static void set_text(const char *said, struct sp_dns_answer *answer,
		     struct sp_dns_record *records)
{
	if (is_about_domain(said))
		return;
	if (strcmp(said, "!alias") == 0) {
		answer->alias = "elsewhere.example";
	} else if (said[0] == '!') {
		answer->status = status_of(said + 1);
	} else {
		answer->status = SP_DNS_FOUND;
		records[answer->count].text = said;
		records[answer->count].length = strlen(said);
		answer->count++;
	}
}

static void answer_about(const struct dmarc_world *world, const char *domain,
			 enum sp_dns_type type, struct sp_dns_answer *answer,
			 struct sp_dns_record *records)
{
	*answer = (struct sp_dns_answer){
		.status = type == SP_DNS_TXT ? SP_DNS_NXDOMAIN : SP_DNS_NODATA,
		.alias = "",
		.records = records,
	};
	for (size_t i = 0; i < world->row_count; i++) {
		const char *said = said_of(world->rows[i], domain);

		if (said != NULL && type == SP_DNS_TXT)
			set_text(said, answer, records);
		else if (said != NULL)
			set_existence(said, answer);
	}
}

const struct sp_dns_answer *dmarc_world_answer(void *context,
					       const struct sp_dns_name *name,
					       enum sp_dns_type type)
{
	static const struct sp_dns_answer pending = { .alias = "" };
	struct dmarc_world *world = context;
	const char *domain = name->text;
	char what[SP_DOMAIN_SIZE + 8];
	size_t at = 0;

	snprintf(what, sizeof(what), "%s %s", type == SP_DNS_TXT ? "TXT" : "MX",
		 domain);
	while (at < world->asked_count && strcmp(world->asked[at], what) != 0)
		at++;
	if (at < world->asked_count)
		return &world->answers[at];
	assert_true(at < DMARC_ASKED_MAX);
	if (type == SP_DNS_TXT) {
		assert_memory_equal(domain, "_dmarc.", 7);
		domain += 7;
	}
	world->asked_count++;
	memcpy(world->asked[at], what, sizeof(what));
	answer_about(world, domain, type, &world->answers[at],
		     world->records[at]);
	return world->is_first_pending ? &pending : &world->answers[at];
}

bool dmarc_world_was_asked(const struct dmarc_world *world, const char *what)
{
	for (size_t i = 0; i < world->asked_count; i++)
		if (strcmp(world->asked[i], what) == 0)
			return true;
	return false;
}

void dmarc_summary(const struct sp_dmarc_outcome *outcome,
		   char summary_out[DMARC_SUMMARY_SIZE])
{
	struct sp_text text;

	sp_text_init(&text, summary_out, DMARC_SUMMARY_SIZE);
	sp_text_add(&text, sp_dmarc_result_text(outcome->result));
	if (outcome->is_spf_aligned)
		sp_text_add(&text, " spf");
	if (outcome->is_dkim_aligned)
		sp_text_addf(&text, " dkim[%zu]", outcome->dkim_index);
	if (outcome->result == SP_DMARC_PERMERROR)
		sp_text_addf(&text, " (%s)",
			     sp_dmarc_author_text(outcome->author));
	if (outcome->result != SP_DMARC_PASS &&
	    outcome->result != SP_DMARC_FAIL)
		return;
	sp_text_addf(&text, " %s", sp_dmarc_policy_text(outcome->policy));
	if (outcome->policy != outcome->published)
		sp_text_addf(&text, "<%s",
			     sp_dmarc_policy_text(outcome->published));
	sp_text_addf(&text, " by %s of %s", outcome->policy_domain,
		     outcome->organisation);
}

static struct sp_dmarc_identifier identifier(const char *text)
{
	bool is_undecided = text[0] == '?';

	return (struct sp_dmarc_identifier){
		.domain = text + is_undecided,
		.is_undecided = is_undecided,
	};
}

void dmarc_evaluate(const struct dmarc_row *row,
		    enum sp_organisation_method method,
		    const struct sp_suffixes *suffixes,
		    struct dmarc_world *world,
		    struct sp_dmarc_outcome *outcome_out)
{
	struct sp_dmarc_identifier dkim[DKIM_MAX];
	const char *domains[DKIM_MAX];
	char text[DKIM_TEXT_MAX];
	struct sp_from from;
	struct sp_dmarc_question question = {
		.from = &from,
		.spf = identifier(row->spf),
		.dkim = dkim,
		.suffixes = suffixes,
		.method = method,
	};

	snprintf(text, sizeof(text), "%s", row->dkim);
	question.dkim_count = split(text, ",", domains, DKIM_MAX);
	for (size_t i = 0; i < question.dkim_count; i++)
		dkim[i] = identifier(domains[i]);
	sp_from_init(&from);
	if (row->from != NULL)
		sp_from_add_field(&from, row->from, strlen(row->from));
	sp_dmarc_evaluate(&question, dmarc_world_answer, world, outcome_out);
	assert_non_null(outcome_out->reason);
}

void dmarc_check_rows(enum sp_organisation_method method,
		      const struct sp_suffixes *suffixes,
		      const struct dmarc_row *rows, size_t count)
{
	struct dmarc_world *world = malloc(sizeof(*world));
	unsigned wrong = 0;

	assert_non_null(world);
	for (size_t i = 0; i < count; i++) {
		struct sp_dmarc_outcome outcome;
		char found[DMARC_SUMMARY_SIZE];

		dmarc_world_init(world, rows[i].zone);
		dmarc_evaluate(&rows[i], method, suffixes, world, &outcome);
		dmarc_summary(&outcome, found);
		if (strcmp(found, rows[i].found) != 0) {
			print_error("%s: %s\n", rows[i].sentence, found);
			wrong++;
		}
	}
	free(world);
	assert_int_equal(wrong, 0);
}
