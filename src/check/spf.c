/*
 * May the client send for this domain? Asked for the HELO name at HELO and for
 * the sender at MAIL, judged at RCPT. A result that comes too late for one
 * recipient may be there for the next, or at end of message.
 */
#include "sallyport/check.h"

#include "lookup.h"
#include "questions.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

enum {
	EXPLANATION_MS = 100
};

/* Our own name, as in the headers. */
static const char *receiver_of(const struct sp_session *session)
{
	const char *hostname = session->service->config->hostname;

	return hostname[0] ? hostname : session->connection.own_name;
}

/* Until it runs, the evaluation is ours alone; its domain stays as it is. */
static struct sp_spf *begin(const struct sp_session *session,
			    enum sp_spf_identity identity,
			    struct sp_spf_fact *fact)
{
	const struct sp_connection *connection = &session->connection;
	const struct sp_service *service = session->service;
	char sender[SP_SPF_SENDER_SIZE];
	struct sp_spf *spf;

	sp_spf_sender(session->mail.sender, sender);
	spf = sp_spf_new(&(struct sp_spf_request){
		.engine = service->config->spf.engine,
		.identity = identity,
		.client = connection->client,
		.helo = connection->helo,
		.sender = sender,
		.receiver = receiver_of(session),
		.time_sec = sp_clock_wall_ms(service->clock) / 1000,
	});
	*fact = (struct sp_spf_fact){
		.domain = sp_spf_outcome_get(spf)->domain,
		.term = "",
		.reason = "",
		.explanation = "",
	};
	return spf;
}

void sp_spf_ask_helo(struct sp_session *session)
{
	struct sp_connection *connection = &session->connection;

	connection->spf_evaluation =
		begin(session, SP_SPF_HELO, &connection->spf_helo);
	sp_spf_run(connection->spf_evaluation, sp_lookup_of_helo(session),
		   &(struct sp_spf_groups){ .result = SP_GROUP_SPF_HELO });
}

void sp_spf_ask_sender(struct sp_session *session)
{
	struct sp_mail *mail = &session->mail;

	mail->spf_evaluation = begin(session, SP_SPF_MAILFROM, &mail->spf);
	sp_spf_run(mail->spf_evaluation, sp_lookup_of_spf(session),
		   &(struct sp_spf_groups){
			   .result = SP_GROUP_SPF,
			   .explanation = SP_GROUP_SPF_EXPLANATION,
		   });
}

static void take_outcome(const struct sp_spf_outcome *outcome,
			 struct sp_spf_fact *fact)
{
	fact->result = outcome->result;
	fact->state = outcome->result == SP_SPF_TEMPERROR ? SP_FACT_UNKNOWN
							  : SP_FACT_KNOWN;
	fact->passes_world = outcome->passes_world;
	fact->term = outcome->term;
	fact->reason = outcome->reason;
}

static void judge(struct sp_session *session, const struct sp_spf *spf,
		  struct sp_spf_fact *fact)
{
	fact->state = SP_FACT_UNKNOWN;
	if (sp_spf_is_done(spf))
		take_outcome(sp_spf_outcome_get(spf), fact);
	if (fact->state == SP_FACT_UNKNOWN)
		sp_lookup_note_unknown(session);
}

static void judge_helo(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_connection *connection = &session->connection;

	if (!connection->spf_evaluation ||
	    connection->spf_helo.state == SP_FACT_KNOWN)
		return;
	(void)sp_lookup_wait(session, connection->helo_batch, SP_GROUP_SPF_HELO,
			     deadline_ms);
	judge(session, connection->spf_evaluation, &connection->spf_helo);
}

/* A reply may carry the explanation: a moment is worth that, but not more. */
static void await_explanation(struct sp_session *session, int64_t deadline_ms)
{
	int64_t until_ms = sp_clock_mono_ms() + EXPLANATION_MS;

	(void)sp_lookup_wait(session, session->mail.spf_batch,
			     SP_GROUP_SPF_EXPLANATION,
			     until_ms < deadline_ms ? until_ms : deadline_ms);
}

static void judge_sender(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_mail *mail = &session->mail;

	if (!mail->spf_evaluation)
		return;
	if (mail->spf.state != SP_FACT_KNOWN) {
		(void)sp_lookup_wait(session, mail->spf_batch, SP_GROUP_SPF,
				     deadline_ms);
		judge(session, mail->spf_evaluation, &mail->spf);
		if (mail->spf.result == SP_SPF_FAIL)
			await_explanation(session, deadline_ms);
	}
	mail->spf.explanation = sp_spf_explanation_get(mail->spf_evaluation);
}

void sp_spf_check(struct sp_session *session, int64_t deadline_ms)
{
	judge_helo(session, deadline_ms);
	judge_sender(session, deadline_ms);
}
