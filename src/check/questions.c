/*
 * When the HELO name and the sender are asked about: as soon as they are said,
 * but not as often as a client likes to say something else.
 */
#include "questions.h"

#include <string.h>

#include "lookup.h"
#include "rhsbl.h"
#include "sallyport/check.h"
#include "sallyport/config.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

enum {
	/* EHLO before and after STARTTLS, HELO for want of EHLO. Who greets
	 * more often has his last name looked up when he sends a mail: else
	 * each greeting would be a volley of questions for nothing. */
	HELO_AT_ONCE_MAX = 4,
	/* A mail that nobody is to get costs a client nothing, and a lookup of
	 * a silent domain keeps its place among those in flight for seconds:
	 * thousands of them left no place for others'. Who begins more mails in
	 * vain waits for the answers, for they are asked for at RCPT. */
	SENDERS_IN_VAIN_MAX = 4
};

/* A client that has gone already has no address to ask about. */
static bool may_ask_spf(const struct sp_session *session)
{
	return session->service->config->spf.is_enabled &&
	       session->connection.client.family != SP_IP_NONE;
}

static void ask_about_helo(struct sp_session *session)
{
	const struct sp_config *config = session->service->config;
	struct sp_connection *connection = &session->connection;
	struct sp_dns_name name;

	connection->is_helo_due = false;
	if (!session->service->dns ||
	    sp_domain_kind(connection->helo) != SP_DOMAIN_QUALIFIED ||
	    sp_dns_name_domain(connection->helo, strlen(connection->helo),
			       &name) != SP_OK)
		return;
	if (config->helo.is_enabled && config->helo.is_looked_up)
		sp_helo_name_ask(session, &name);
	if (config->dnsbl.is_enabled)
		sp_rhsbl_ask_helo(session, &name);
	if (may_ask_spf(session))
		sp_spf_ask_helo(session);
}

static void forget_helo(struct sp_connection *connection)
{
	if (connection->helo_batch)
		sp_dns_batch_clear(connection->helo_batch);
	/* Behind the batch, whose follow-ups write into it. */
	sp_spf_free(&connection->spf_evaluation);
	connection->spf_helo = (struct sp_spf_fact){ 0 };
	connection->helo_lookup = (struct sp_helo_name_lookup){ 0 };
	connection->helo_name = (struct sp_helo_name_fact){ 0 };
	connection->rhsbl_helo = (struct sp_lists_lookup){ 0 };
	connection->rhsbl[SP_RHSBL_HELO] = (struct sp_rhsbl_fact){ 0 };
}

void sp_questions_at_helo(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_connection *connection = &session->connection;

	(void)deadline_ms;
	forget_helo(connection);
	connection->is_helo_due = true;
	if (connection->helo_count++ < HELO_AT_ONCE_MAX)
		ask_about_helo(session);
}

static void ask_about_sender(struct sp_session *session)
{
	const struct sp_config *config = session->service->config;
	struct sp_mail *mail = &session->mail;
	struct sp_dns_name name;

	mail->is_sender_due = false;
	if (!session->service->dns)
		return;
	/* Of the null sender, too. */
	if (may_ask_spf(session))
		sp_spf_ask_sender(session);
	if (!mail->sender_domain[0] ||
	    sp_dns_name_domain(mail->sender_domain, strlen(mail->sender_domain),
			       &name) != SP_OK)
		return;
	if (config->sender_domain.is_enabled)
		sp_sender_domain_ask(session, &name);
	if (config->dnsbl.is_enabled)
		sp_rhsbl_ask_sender(session, &name);
	if (config->dmarc.is_enabled)
		sp_dmarc_ask_sender(session, &name);
}

void sp_questions_at_mail(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_connection *connection = &session->connection;

	(void)deadline_ms;
	if (connection->is_helo_due)
		ask_about_helo(session);
	session->mail.is_sender_due = true;
	if (connection->senders_in_vain >= SENDERS_IN_VAIN_MAX)
		return;
	connection->senders_in_vain++;
	ask_about_sender(session);
}

void sp_questions_at_recipient(struct sp_session *session, int64_t deadline_ms)
{
	(void)deadline_ms;
	if (session->mail.is_sender_due)
		ask_about_sender(session);
	session->connection.senders_in_vain = 0;
}
