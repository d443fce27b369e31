/*
 * Has this sender's try been seen before? Asks Redis once for a recipient, and
 * only where the answer can matter: not when a list has decided already, and
 * not again in a mail whose identity turned out to be known.
 */
#include "sallyport/check.h"

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/text.h"

/* Who the sender is taken for: the network around its address. */
static const char *identity_of(const struct sp_connection *connection,
			       const struct sp_greylist_config *config,
			       char identity_out[SP_IDENTITY_SIZE])
{
	unsigned prefix = connection->client.family == SP_IP_4
				  ? config->ipv4_prefix
				  : config->ipv6_prefix;
	struct sp_network network;
	char around[SP_NETWORK_TEXT_SIZE];
	struct sp_text text;

	sp_network_around(&connection->client, prefix, &network);
	sp_text_init(&text, identity_out, SP_IDENTITY_SIZE);
	sp_text_addf(&text, "net:%s", sp_network_format(&network, around));
	return identity_out;
}

static bool is_decided_by_lists(const struct sp_session *session)
{
	struct sp_facts facts;

	sp_session_facts(session, SP_STAGE_RCPT, &facts);
	return sp_facts_access(&facts)->answer != SP_ACCESS_NOTHING;
}

static void ask(struct sp_session *session, const char *identity,
		int64_t deadline_ms)
{
	const struct sp_service *service = session->service;
	const struct sp_greylist_config *config = &service->config->greylist;
	struct sp_greylist_fact *fact = &session->recipient->greylist;
	char client[SP_IP_TEXT_SIZE];
	const struct sp_greylist_question question = {
		.identity = identity,
		.sender = session->mail.sender_folded,
		.recipient = session->recipient->key,
		.mail_id = session->mail.id,
		.client = sp_ip_format(&session->connection.client, client),
		.now_ms = sp_clock_wall_ms(service->clock),
	};
	enum sp_err err = sp_greylist_ask(service->store, config, &question,
					  deadline_ms, &fact->answer);

	fact->state = err == SP_OK ? SP_FACT_KNOWN : SP_FACT_UNKNOWN;
	if (err != SP_OK)
		session->mail.degraded |= SP_DEGRADED_STORE;
}

/* The null sender is answered at end of message: the longest wait counts. */
static void hold_for_end(struct sp_mail *mail,
			 const struct sp_greylist_fact *fact)
{
	if (mail->sender_kind != SP_ADDRESS_NULL)
		return;
	if (!sp_greylist_must_wait(&mail->held) ||
	    (sp_greylist_must_wait(fact) &&
	     fact->answer.wait_ms > mail->held.answer.wait_ms))
		mail->held = *fact;
}

void sp_greylist_check(struct sp_session *session, int64_t deadline_ms)
{
	const struct sp_greylist_config *config =
		&session->service->config->greylist;
	struct sp_mail *mail = &session->mail;
	struct sp_greylist_fact *fact = &session->recipient->greylist;
	char identity[SP_IDENTITY_SIZE];

	if (!config->is_enabled || is_decided_by_lists(session) ||
	    session->connection.client.family == SP_IP_NONE)
		return;
	if (mail->greylist.state == SP_FACT_KNOWN &&
	    mail->greylist.answer.state == SP_GREYLIST_KNOWN) {
		*fact = mail->greylist;
		return;
	}
	fact->identity = mail->greylist.identity;
	if (!fact->identity) {
		identity_of(&session->connection, config, identity);
		fact->identity = sp_arena_text(&mail->arena, identity);
	}
	if (!fact->identity)
		return;
	ask(session, fact->identity, deadline_ms);
	hold_for_end(mail, fact);
	mail->greylist = *fact;
}
