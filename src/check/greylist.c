/*
 * Has this sender's try been seen before? Asks Redis once for a recipient, and
 * only where the answer can matter: not when a list has decided already, and
 * not again in a mail whose identity turned out to be known.
 */
#include "sallyport/check.h"

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/identity.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

static bool is_decided_by_lists(const struct sp_session *session)
{
	struct sp_facts facts;

	sp_session_facts(session, SP_STAGE_RCPT, &facts);
	return sp_facts_access(&facts)->answer != SP_ACCESS_NOTHING;
}

static bool is_refused_as_relay(const struct sp_session *session)
{
	return session->recipient->relay.kind != SP_RELAY_LOCAL &&
	       session->service->config->relay.mode == SP_MODE_ENFORCE;
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
		.network = identity,
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
	    is_refused_as_relay(session) ||
	    session->connection.client.family == SP_IP_NONE)
		return;
	if (mail->greylist.state == SP_FACT_KNOWN &&
	    mail->greylist.answer.state == SP_GREYLIST_KNOWN) {
		*fact = mail->greylist;
		return;
	}
	fact->identity = mail->greylist.identity;
	if (!fact->identity) {
		sp_identity_of(&session->connection.client, config, identity);
		fact->identity = sp_arena_text(&mail->arena, identity);
	}
	if (!fact->identity)
		return;
	ask(session, fact->identity, deadline_ms);
	hold_for_end(mail, fact);
	mail->greylist = *fact;
}
