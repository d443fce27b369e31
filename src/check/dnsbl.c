/*
 * What lists of addresses say of the client: asked at connect, all of them at
 * once, judged at RCPT.
 */
#include "sallyport/check.h"

#include "lists.h"
#include "lookup.h"
#include "sallyport/config.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

static enum sp_err question(const void *about, const char *zone,
			    char name_out[SP_DOMAIN_SIZE])
{
	return sp_dnsbl_question(about, zone, name_out);
}

void sp_dnsbl_ask(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_connection *connection = &session->connection;
	const struct sp_service *service = session->service;
	struct sp_dns_batch *batch;

	(void)deadline_ms;
	if (!service->config->dnsbl.is_enabled)
		return;
	batch = sp_lookup_of_connection(session);
	if (!batch)
		return;
	sp_lists_ask(
		&(struct sp_lists_inquiry){
			.batch = batch,
			.set = service->address_lists,
			.question = question,
			.about = &connection->client,
			.groups = SP_GROUP_DNSBL,
		},
		&connection->dnsbl_lookup);
}

void sp_dnsbl_check(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_connection *connection = &session->connection;
	struct sp_dnsbl_list_fact *fact = &connection->dnsbl;
	bool is_complete;

	if (!connection->dnsbl_lookup.is_asked || fact->state == SP_FACT_KNOWN)
		return;
	(void)sp_lookup_wait(session, connection->batch, SP_GROUP_DNSBL,
			     deadline_ms);
	is_complete = sp_lists_judge(session, connection->batch,
				     session->service->address_lists,
				     &connection->dnsbl_lookup, &fact->hits);
	fact->state = is_complete ? SP_FACT_KNOWN : SP_FACT_UNKNOWN;
	if (!is_complete)
		sp_lookup_note_unknown(session);
}
