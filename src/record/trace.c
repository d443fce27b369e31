#include "trace.h"

#include <inttypes.h>
#include <string.h>

#include "sallyport/config.h"
#include "sallyport/dkim.h"
#include "sallyport/dmarc.h"
#include "sallyport/dns.h"
#include "sallyport/dnsbl.h"
#include "sallyport/record.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/text.h"

/* One row; its texts are borrowed. */
struct row {
	const char *method, *result, *about, *reason;
};

static void add(struct sp_record *record, const struct row *row)
{
	struct sp_record_result *to;

	if (record->result_count == SP_RECORD_RESULTS)
		return;
	to = &record->results[record->result_count++];
	sp_text_copy(to->method, sizeof(to->method), row->method);
	sp_text_copy(to->result, sizeof(to->result), row->result);
	sp_text_copy(to->about, sizeof(to->about), row->about);
	sp_text_copy(to->reason, sizeof(to->reason), row->reason);
}

static void add_rdns(struct sp_record *record, const struct sp_rdns_fact *fact)
{
	static const char *const reasons[] = {
		[SP_RDNS_NONE] = "the address has no name",
		[SP_RDNS_NOT_CONFIRMED] = "the name does not lead back",
		[SP_RDNS_CONFIRMED] = "",
	};
	struct row row = { "iprev", sp_rdns_result_text(fact), "",
			   "DNS did not say" };

	if (fact->state == SP_FACT_NOT_RUN)
		return;
	if (fact->state == SP_FACT_KNOWN) {
		row.about = fact->name;
		row.reason = reasons[fact->kind];
	}
	add(record, &row);
}

static void add_spf(struct sp_record *record, const struct sp_spf_fact *fact,
		    const char *method)
{
	struct row row = { method, sp_spf_fact_text(fact), fact->domain,
			   "DNS did not say in time" };

	if (fact->state == SP_FACT_NOT_RUN)
		return;
	if (fact->result != SP_SPF_PENDING)
		row.reason =
			fact->term && fact->term[0] ? fact->term : fact->reason;
	add(record, &row);
}

static void add_signature(struct sp_record *record,
			  const struct sp_dkim_signature *signature)
{
	const char *reason = signature->reason;
	char about[SP_DOMAIN_SIZE];
	struct sp_text text;

	sp_text_init(&text, about, sizeof(about));
	sp_text_addf(&text, "%s (selector %s)", signature->domain,
		     signature->selector);
	if (!reason[0] && signature->is_partial)
		reason = "over the beginning of the body only (l=)";
	else if (!reason[0] && signature->is_testing)
		reason = "its domain is only testing (t=y)";
	add(record,
	    &(struct row){ "dkim", sp_dkim_result_text(signature->result),
			   about, reason });
}

static void add_dmarc(struct sp_record *record,
		      const struct sp_dmarc_fact *fact)
{
	const struct sp_dmarc_outcome *outcome = fact->outcome;
	char reason[128];
	struct sp_text text;

	if (fact->state == SP_FACT_NOT_RUN)
		return;
	sp_text_init(&text, reason, sizeof(reason));
	sp_text_add(&text, outcome->reason);
	if (outcome->policy_domain[0])
		sp_text_addf(&text, "%spolicy %s of %s",
			     outcome->reason[0] ? "; " : "",
			     sp_dmarc_policy_text(outcome->published),
			     outcome->policy_domain);
	add(record,
	    &(struct row){ "dmarc", sp_dmarc_result_text(outcome->result),
			   outcome->domain, reason });
}

static void add_dsn(struct sp_record *record, const struct sp_mail *mail)
{
	static const char *const reasons[] = {
		[SP_DSN_OURS] = "of a mail that went out from here",
		[SP_DSN_PASSED] = "of a mail that was here and is not "
				  "remembered",
		[SP_DSN_BACKSCATTER] = "of a mail that never went out from "
				       "here",
		[SP_DSN_UNREADABLE] = "it does not say of which mail",
	};
	const struct sp_dsn_fact *fact = &mail->dsn_fact;
	char reason[128];
	struct sp_text text;

	if (fact->state == SP_FACT_NOT_RUN)
		return;
	sp_text_init(&text, reason, sizeof(reason));
	sp_text_addf(&text, "%" PRIu32 " failed, %" PRIu32 " counted; %s",
		     fact->failed, mail->bounces_counted,
		     fact->state == SP_FACT_KNOWN ? reasons[fact->kind]
						  : "Redis did not say");
	add(record, &(struct row){ "dsn", sp_dsn_fact_text(fact),
				   fact->submitter, reason });
}

void sp_trace_results(struct sp_record *record,
		      const struct sp_session *session)
{
	const struct sp_dkim_fact *dkim = &session->mail.dkim_fact;

	add_rdns(record, &session->connection.rdns);
	add_spf(record, &session->connection.spf_helo, "spf.helo");
	add_spf(record, &session->mail.spf, "spf.mailfrom");
	for (size_t i = 0; i < dkim->count; i++)
		add_signature(record, dkim->signatures[i]);
	add_dmarc(record, &session->mail.dmarc);
	add_dsn(record, &session->mail);
}

static bool is_below(const char *name, const struct sp_dnsbl_rules *rules)
{
	for (size_t i = 0; i < rules->zone_count; i++)
		if (sp_domain_is_within(name, rules->zones[i]))
			return true;
	return false;
}

/* Names for lists may hold the key that one pays for. */
static const char *show(const struct sp_dnsbl_config *lists, const char *name,
			char text_out[SP_DOMAIN_SIZE])
{
	if (is_below(name, lists->addresses) || is_below(name, lists->domains))
		return sp_dnsbl_zone_show(name, text_out);
	return name;
}

/* What one batch asked. */
static void add_batch(struct sp_record *record, struct sp_text *names,
		      const struct sp_dnsbl_config *lists,
		      struct sp_dns_batch *batch)
{
	struct sp_dns_view view;

	for (unsigned i = 0;
	     batch != NULL && sp_dns_question_get(batch, i, &view); i++) {
		struct sp_record_lookup *lookup =
			&record->lookups[record->lookup_count];
		char shown[SP_DOMAIN_SIZE];
		const char *name = show(lists, view.name, shown);
		size_t length = strlen(name);

		record->lookups_total++;
		if (record->lookup_count == SP_RECORD_LOOKUPS ||
		    names->length + length + 1 >= sizeof(record->names))
			continue;
		*lookup = (struct sp_record_lookup){
			.type = sp_dns_type_text(view.type),
			.status = sp_dns_status_text(view.answer->status),
			.took_us = (int32_t)view.took_us,
			.name = (uint16_t)names->length,
			.is_cached = view.is_cached,
		};
		memcpy(record->names + names->length, name, length + 1);
		names->length += length + 1;
		record->lookup_count++;
	}
}

void sp_trace_lookups(struct sp_record *record,
		      const struct sp_session *session)
{
	const struct sp_dnsbl_config *lists = &session->service->config->dnsbl;
	struct sp_dns_batch *const batches[] = {
		session->connection.batch,  session->connection.helo_batch,
		session->mail.batch,	    session->mail.spf_batch,
		session->mail.author_batch,
	};
	struct sp_text names;

	sp_text_init(&names, record->names, sizeof(record->names));
	for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++)
		add_batch(record, &names, lists, batches[i]);
}
