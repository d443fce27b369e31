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
		   SP_GROUP_SPF_HELO);
}

void sp_spf_ask_sender(struct sp_session *session)
{
	struct sp_mail *mail = &session->mail;

	mail->spf_evaluation = begin(session, SP_SPF_MAILFROM, &mail->spf);
	sp_spf_run(mail->spf_evaluation, sp_lookup_of_spf(session),
		   SP_GROUP_SPF);
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

/* One evaluation, where its questions are asked. */
struct evaluation {
	const struct sp_spf *spf;
	struct sp_dns_batch *batch;
	uint32_t groups;
};

static void judge(struct sp_session *session,
		  const struct evaluation *evaluation, int64_t deadline_ms,
		  struct sp_spf_fact *fact)
{
	const struct sp_spf *spf = evaluation->spf;

	if (spf == NULL)
		return;
	if (fact->state != SP_FACT_KNOWN) {
		fact->state = SP_FACT_UNKNOWN;
		(void)sp_lookup_wait(session, evaluation->batch,
				     evaluation->groups, deadline_ms);
		if (sp_spf_is_done(spf))
			take_outcome(sp_spf_outcome_get(spf), fact);
		if (fact->state == SP_FACT_UNKNOWN)
			sp_lookup_note_unknown(session);
	}
	fact->explanation = sp_spf_explanation_get(spf);
}

void sp_spf_check(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_connection *connection = &session->connection;
	struct sp_mail *mail = &session->mail;

	judge(session,
	      &(struct evaluation){ .spf = connection->spf_evaluation,
				    .batch = connection->helo_batch,
				    .groups = SP_GROUP_SPF_HELO },
	      deadline_ms, &connection->spf_helo);
	judge(session,
	      &(struct evaluation){ .spf = mail->spf_evaluation,
				    .batch = mail->spf_batch,
				    .groups = SP_GROUP_SPF },
	      deadline_ms, &mail->spf);
}
