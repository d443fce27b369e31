/*
 * What lists of domains say of the names of a mail: the HELO name, the client's
 * confirmed name, the sender's domain, and at end of message the author's.
 */
#include "rhsbl.h"

#include <string.h>

#include "lists.h"
#include "lookup.h"
#include "sallyport/check.h"
#include "sallyport/config.h"
#include "sallyport/list_set.h"
#include "sallyport/organisation.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

static enum sp_err question(const void *about, const char *zone,
			    char name_out[SP_DOMAIN_SIZE])
{
	return sp_dnsbl_domain_question(about, zone, name_out);
}

static void ask(struct sp_session *session, struct sp_dns_batch *batch,
		const char *name, uint32_t groups,
		struct sp_lists_lookup *lookup)
{
	const struct sp_service *service = session->service;
	char organisation[SP_DOMAIN_SIZE];

	*lookup = (struct sp_lists_lookup){ 0 };
	if (!batch || !service->config->dnsbl.is_enabled ||
	    sp_list_set_rules(service->domain_lists)->zone_count == 0 ||
	    sp_organisation_of(service->suffixes, name, organisation) != SP_OK)
		return;
	sp_lists_ask(
		&(struct sp_lists_inquiry){
			.batch = batch,
			.set = service->domain_lists,
			.question = question,
			.about = organisation,
			.groups = groups,
		},
		lookup);
}

void sp_rhsbl_ask_helo(struct sp_session *session,
		       const struct sp_dns_name *name)
{
	ask(session, sp_lookup_of_helo(session), name->text,
	    SP_GROUP_RHSBL_HELO, &session->connection.rhsbl_helo);
}

void sp_rhsbl_ask_rdns(struct sp_session *session, struct sp_dns_batch *batch,
		       const struct sp_dns_name *name, size_t index)
{
	ask(session, batch, name->text, SP_GROUP_RHSBL_RDNS,
	    &session->connection.rhsbl_rdns[index]);
}

void sp_rhsbl_ask_sender(struct sp_session *session,
			 const struct sp_dns_name *name)
{
	ask(session, sp_lookup_of_mail(session), name->text,
	    SP_GROUP_RHSBL_SENDER, &session->mail.rhsbl_sender);
}

void sp_rhsbl_ask_from(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_mail *mail = &session->mail;

	(void)deadline_ms;
	if (mail->from_domain[0] && !mail->rhsbl_from.is_asked &&
	    session->service->config->dnsbl.is_enabled)
		ask(session, sp_lookup_of_mail(session), mail->from_domain,
		    SP_GROUP_RHSBL_FROM, &mail->rhsbl_from);
}

/* One name's lists, read and judged. */
struct reading {
	struct sp_dns_batch *batch;
	struct sp_lists_lookup *lookup;
	uint32_t groups;
};

static void judge(struct sp_session *session, const struct reading *reading,
		  int64_t deadline_ms, struct sp_rhsbl_fact *fact)
{
	if (fact->state == SP_FACT_KNOWN)
		return;
	(void)sp_lookup_wait(session, reading->batch, reading->groups,
			     deadline_ms);
	fact->state = SP_FACT_UNKNOWN;
	if (sp_lists_judge(session, reading->batch,
			   session->service->domain_lists, reading->lookup,
			   &fact->hits))
		fact->state = SP_FACT_KNOWN;
	if (fact->state == SP_FACT_UNKNOWN)
		sp_lookup_note_unknown(session);
}

static void judge_rdns(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_connection *connection = &session->connection;
	int confirmed = connection->confirmed_name;

	/* rdns has been judged: its group is complete when a name is confirmed,
	 * and only then is its lookup read. */
	if (connection->rdns.state != SP_FACT_KNOWN ||
	    connection->rdns.kind != SP_RDNS_CONFIRMED ||
	    confirmed >= SP_RHSBL_RDNS_NAMES_MAX ||
	    !connection->rhsbl_rdns[confirmed].is_asked)
		return;
	judge(session,
	      &(struct reading){
		      .batch = connection->batch,
		      .lookup = &connection->rhsbl_rdns[confirmed],
		      .groups = SP_GROUP_RHSBL_RDNS,
	      },
	      deadline_ms, &connection->rhsbl[SP_RHSBL_RDNS]);
}

void sp_rhsbl_check(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_connection *connection = &session->connection;
	struct sp_mail *mail = &session->mail;

	if (connection->rhsbl_helo.is_asked)
		judge(session,
		      &(struct reading){ .batch = connection->helo_batch,
					 .lookup = &connection->rhsbl_helo,
					 .groups = SP_GROUP_RHSBL_HELO },
		      deadline_ms, &connection->rhsbl[SP_RHSBL_HELO]);
	judge_rdns(session, deadline_ms);
	if (mail->rhsbl_sender.is_asked)
		judge(session,
		      &(struct reading){ .batch = mail->batch,
					 .lookup = &mail->rhsbl_sender,
					 .groups = SP_GROUP_RHSBL_SENDER },
		      deadline_ms, &mail->rhsbl[SP_RHSBL_SENDER]);
}

void sp_rhsbl_check_from(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_mail *mail = &session->mail;

	if (mail->rhsbl_from.is_asked)
		judge(session,
		      &(struct reading){ .batch = mail->batch,
					 .lookup = &mail->rhsbl_from,
					 .groups = SP_GROUP_RHSBL_FROM },
		      deadline_ms, &mail->rhsbl[SP_RHSBL_FROM]);
}
