/*
 * What the operator's lists say of the client, its HELO name, the sender and
 * the recipient. Each moment fills its own fact; which of them decides is told
 * in facts.h (sp_facts_access).
 */
#include "sallyport/check.h"

#include "sallyport/config.h"
#include "sallyport/domain.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

/* Where both lists hold an entry for it, the more particular one decides:
 * 192.0.2.7 allowed in 192.0.2.0/24 denied, and the other way round. (The same
 * entry in both is refused when a configuration is loaded.) */
static void answer(struct sp_access_fact *fact,
		   const struct sp_list_entry *allowed,
		   const struct sp_list_entry *denied)
{
	bool is_denied = denied && (!allowed || denied->rank > allowed->rank);

	*fact = (struct sp_access_fact){
		.state = SP_FACT_KNOWN,
		.answer = is_denied ? SP_ACCESS_DENY
			  : allowed ? SP_ACCESS_ALLOW
				    : SP_ACCESS_NOTHING,
		.entry = is_denied ? denied : allowed,
	};
}

static const struct sp_access_config *lists(const struct sp_session *session)
{
	return &session->service->config->access;
}

void sp_access_client(struct sp_session *session, int64_t deadline_ms)
{
	const struct sp_access_config *access = lists(session);
	const struct sp_ip *client = &session->connection.client;

	(void)deadline_ms;
	answer(&session->connection.access_client,
	       sp_list_find_ip(access->allow_clients, client),
	       sp_list_find_ip(access->deny_clients, client));
}

void sp_access_helo(struct sp_session *session, int64_t deadline_ms)
{
	const struct sp_access_config *access = lists(session);
	char name[SP_DOMAIN_SIZE];

	(void)deadline_ms;
	/* What is no name is on no list of names; *helo* looks at it. */
	if (sp_domain_normalise(session->connection.helo, name) != SP_OK)
		return;
	answer(&session->connection.access_helo,
	       sp_list_find_name(access->allow_helo, name),
	       sp_list_find_name(access->deny_helo, name));
}

void sp_access_sender(struct sp_session *session, int64_t deadline_ms)
{
	const struct sp_access_config *access = lists(session);
	const char *sender = session->mail.sender_key;

	(void)deadline_ms;
	answer(&session->mail.access_sender,
	       sp_list_find_address(access->allow_senders, sender),
	       sp_list_find_address(access->deny_senders, sender));
}

void sp_access_recipient(struct sp_session *session, int64_t deadline_ms)
{
	const struct sp_access_config *access = lists(session);
	const char *recipient = session->recipient->key;

	(void)deadline_ms;
	answer(&session->recipient->access,
	       sp_list_find_address(access->allow_recipients, recipient),
	       sp_list_find_address(access->deny_recipients, recipient));
}
