/*
 * Where does the name that the client said lead? The name, the name of the
 * client's address and the address itself are three things: a client may say
 * the name of a big provider, come from an address whose own name is another,
 * and only the address is proven.
 */
#include "sallyport/check.h"

#include <string.h>

#include "lookup.h"
#include "rhsbl.h"
#include "sallyport/config.h"
#include "sallyport/organisation.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

enum {
	/* EHLO before and after STARTTLS, HELO for want of EHLO. Who greets
	 * more often has his last name looked up when he sends a mail: else
	 * each greeting would be a volley of questions for nothing. */
	HELO_AT_ONCE_MAX = 4
};

static void ask(struct sp_session *session)
{
	struct sp_connection *connection = &session->connection;
	const struct sp_config *config = session->service->config;
	bool is_looked_up =
		config->helo.is_enabled && config->helo.is_looked_up;
	struct sp_helo_name_lookup *lookup = &connection->helo_lookup;
	struct sp_dns_batch *batch;
	struct sp_dns_name name;

	connection->is_helo_due = false;
	if ((!is_looked_up && !config->dnsbl.is_enabled) ||
	    sp_domain_kind(connection->helo) != SP_DOMAIN_QUALIFIED ||
	    sp_dns_name_domain(connection->helo, strlen(connection->helo),
			       &name) != SP_OK)
		return;
	batch = sp_lookup_of_helo(session);
	if (!batch)
		return;
	sp_rhsbl_ask_helo(session, &name);
	if (!is_looked_up)
		return;
	lookup->is_asked = true;
	lookup->a = sp_lookup_ask(batch, &name, SP_DNS_A, SP_GROUP_HELO_NAME);
	lookup->aaaa =
		sp_lookup_ask(batch, &name, SP_DNS_AAAA, SP_GROUP_HELO_NAME);
}

static void forget(struct sp_connection *connection)
{
	if (connection->helo_batch)
		sp_dns_batch_clear(connection->helo_batch);
	connection->helo_lookup = (struct sp_helo_name_lookup){ 0 };
	connection->helo_name = (struct sp_helo_name_fact){ 0 };
	connection->rhsbl_helo = (struct sp_lists_lookup){ 0 };
	connection->rhsbl[SP_RHSBL_HELO] = (struct sp_rhsbl_fact){ 0 };
}

void sp_helo_name_ask(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_connection *connection = &session->connection;

	(void)deadline_ms;
	forget(connection);
	connection->is_helo_due = true;
	if (connection->helo_count++ < HELO_AT_ONCE_MAX)
		ask(session);
}

void sp_helo_name_ask_late(struct sp_session *session, int64_t deadline_ms)
{
	(void)deadline_ms;
	if (session->connection.is_helo_due)
		ask(session);
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
