/*
 * Where does the name that the client said lead? The name, the name of the
 * client's address and the address itself are three things: a client may say
 * the name of a big provider, come from an address whose own name is another,
 * and only the address is proven.
 */
#include "sallyport/check.h"

#include "lookup.h"
#include "questions.h"
#include "sallyport/organisation.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

void sp_helo_name_ask(struct sp_session *session,
		      const struct sp_dns_name *name)
{
	struct sp_dns_batch *batch = sp_lookup_of_helo(session);

	session->connection.helo_lookup = (struct sp_helo_name_lookup){
		.is_asked = true,
		.a = sp_lookup_ask(batch, name, SP_DNS_A, SP_GROUP_HELO_NAME),
		.aaaa = sp_lookup_ask(batch, name, SP_DNS_AAAA,
				      SP_GROUP_HELO_NAME),
	};
}

static void judge_addresses(const struct sp_connection *connection,
			    struct sp_helo_name_fact *fact)
{
	const struct sp_helo_name_lookup *lookup = &connection->helo_lookup;
	const struct sp_dns_answer *a =
		sp_dns_answer_get(connection->helo_batch, lookup->a);
	const struct sp_dns_answer *aaaa =
		sp_dns_answer_get(connection->helo_batch, lookup->aaaa);

	if (sp_lookup_has_address(a, &connection->client) ||
	    sp_lookup_has_address(aaaa, &connection->client)) {
		fact->state = SP_FACT_KNOWN;
		fact->kind = SP_HELO_NAME_CLIENT;
	} else if (!sp_dns_is_unknown(a->status) &&
		   !sp_dns_is_unknown(aaaa->status)) {
		bool leads = a->status == SP_DNS_FOUND ||
			     aaaa->status == SP_DNS_FOUND;

		fact->state = SP_FACT_KNOWN;
		fact->kind =
			leads ? SP_HELO_NAME_ELSEWHERE : SP_HELO_NAME_NOWHERE;
	}
}

/* Hosts of one organisation may say each other's names. */
static bool is_of_others(const struct sp_session *session)
{
	const struct sp_connection *connection = &session->connection;
	char helo[SP_DOMAIN_SIZE];

	return connection->rdns.state == SP_FACT_KNOWN &&
	       connection->rdns.kind == SP_RDNS_CONFIRMED &&
	       sp_domain_normalise(connection->helo, helo) == SP_OK &&
	       !sp_organisation_is_same(session->service->suffixes, helo,
					connection->rdns.name);
}

/* After rdns, whose fact it compares with. */
void sp_helo_name_judge(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_connection *connection = &session->connection;
	struct sp_helo_name_fact *fact = &connection->helo_name;

	if (!connection->helo_lookup.is_asked || fact->state == SP_FACT_KNOWN)
		return;
	*fact = (struct sp_helo_name_fact){ .state = SP_FACT_UNKNOWN };
	(void)sp_lookup_wait(session, connection->helo_batch,
			     SP_GROUP_HELO_NAME, deadline_ms);
	judge_addresses(connection, fact);
	if (fact->state == SP_FACT_UNKNOWN)
		sp_lookup_note_unknown(session);
	else if (fact->kind != SP_HELO_NAME_CLIENT)
		fact->is_mismatch = is_of_others(session);
}
