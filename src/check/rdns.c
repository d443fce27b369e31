/*
 * Does the client's address lead to a name, and does the name lead back?
 * PTR is asked at connect; its follow-up asks for the addresses of the names,
 * so the chain goes on while the client still greets. The name that the MTA
 * gave is not believed: it may have been looked up by somebody else's rules.
 */
#include "sallyport/check.h"

#include <string.h>

#include "lookup.h"
#include "rhsbl.h"
#include "sallyport/config.h"
#include "sallyport/generic_name.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

/* On this thread or another: writes the lookup and asks, no more. */
static void on_names(struct sp_dns_batch *batch,
		     const struct sp_dns_answer *answer, void *context)
{
	struct sp_session *session = context;
	struct sp_rdns_lookup *lookup = &session->connection.rdns_lookup;

	if (answer->status != SP_DNS_FOUND)
		return;
	for (size_t i = 0; i < answer->count && i < SP_RDNS_NAMES_MAX; i++) {
		const struct sp_dns_record *record = &answer->records[i];
		struct sp_dns_name name;

		/* A name that is no question stays a name: not confirmed. */
		(void)sp_dns_name_domain(record->text, record->length, &name);
		lookup->addresses[i] = sp_lookup_ask(
			batch, &name,
			sp_lookup_type_of(&session->connection.client), 0);
		if (i < SP_RHSBL_RDNS_NAMES_MAX)
			sp_rhsbl_ask_rdns(session, batch, &name, i);
		lookup->name_count++;
	}
}

void sp_rdns_ask(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_connection *connection = &session->connection;
	struct sp_dns_batch *batch;
	struct sp_dns_name name;

	(void)deadline_ms;
	if (!session->service->config->rdns.is_enabled ||
	    sp_dns_name_reverse(&connection->client, NULL, &name) != SP_OK)
		return;
	batch = sp_lookup_of_connection(session);
	if (!batch)
		return;
	connection->rdns_lookup.is_asked = true;
	connection->rdns_lookup.ptr =
		(uint8_t)sp_dns_ask(batch, &(struct sp_dns_question){
						   .name = &name,
						   .type = SP_DNS_PTR,
						   .groups = SP_GROUP_RDNS,
						   .follow = on_names,
						   .context = session,
					   });
}

/* The first name that leads back to the client, or -1; *is_unknown_out when a
 * name that was not answered for might. */
static int find_confirmed(const struct sp_connection *connection,
			  bool *is_unknown_out)
{
	const struct sp_rdns_lookup *lookup = &connection->rdns_lookup;

	*is_unknown_out = false;
	for (int i = 0; i < lookup->name_count; i++) {
		const struct sp_dns_answer *answer = sp_dns_answer_get(
			connection->batch, lookup->addresses[i]);

		if (sp_lookup_has_address(answer, &connection->client))
			return i;
		if (sp_dns_is_unknown(answer->status))
			*is_unknown_out = true;
	}
	return -1;
}

static void note_generic(struct sp_connection *connection,
			 struct sp_rdns_fact *fact)
{
	struct sp_generic_name generic;
	char reason[160];

	sp_generic_name_judge(fact->name, &connection->client, &generic);
	if (generic.kind == SP_GENERIC_NO)
		return;
	fact->generic = sp_arena_text(
		&connection->arena,
		sp_generic_name_reason(&generic, reason, sizeof(reason)));
}

static void judge_names(struct sp_connection *connection,
			const struct sp_dns_answer *names,
			struct sp_rdns_fact *fact)
{
	bool is_unknown;
	int confirmed = find_confirmed(connection, &is_unknown);
	size_t chosen = confirmed >= 0 ? (size_t)confirmed : 0;

	if (confirmed < 0 && is_unknown)
		return;
	fact->state = SP_FACT_KNOWN;
	fact->kind = confirmed >= 0 ? SP_RDNS_CONFIRMED : SP_RDNS_NOT_CONFIRMED;
	connection->confirmed_name = confirmed;
	/* FOUND, but no name in it that can be one: `count` is 0. */
	fact->name = chosen < names->count ? names->records[chosen].text : "";
	note_generic(connection, fact);
}

void sp_rdns_judge(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_connection *connection = &session->connection;
	struct sp_rdns_fact *fact = &connection->rdns;
	const struct sp_dns_answer *names;

	if (!connection->rdns_lookup.is_asked || fact->state == SP_FACT_KNOWN)
		return;
	*fact = (struct sp_rdns_fact){ .state = SP_FACT_UNKNOWN, .name = "" };
	if (sp_lookup_wait(session, connection->batch, SP_GROUP_RDNS,
			   deadline_ms)) {
		names = sp_dns_answer_get(connection->batch,
					  connection->rdns_lookup.ptr);
		if (sp_dns_is_absent(names->status))
			fact->state = SP_FACT_KNOWN; /* NONE */
		else if (names->status == SP_DNS_FOUND)
			judge_names(connection, names, fact);
	}
	if (fact->state == SP_FACT_UNKNOWN)
		sp_lookup_note_unknown(session);
}
