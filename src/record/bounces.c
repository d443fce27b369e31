/*
 * Mail that has come back counts against who had sent it, once the mail that
 * says so was let in: one that is asked to come back, or refused, says nothing.
 *
 * Anybody can write such a mail who knows the Message-ID of another. So a mail
 * comes back from no more recipients than it went to (submitter-bounce.lua):
 * with one mail to ten, ten bounces at most can be forged. Nobody is held for
 * less than outbound.limits says of "bounces", and what was forged is in the
 * log: dsn_submitter= with the client that said so.
 */
#include "sallyport/record.h"

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/submitter_store.h"

static bool was_let_in(const struct sp_mail *mail)
{
	return mail->was_answered && mail->tally.accepted > 0;
}

static void count(struct sp_session *session, uint32_t bounces,
		  int64_t deadline_ms)
{
	const struct sp_service *service = session->service;
	const struct sp_outbound_config *config = &service->config->outbound;
	const struct sp_submitter_books books = sp_service_books(service);
	struct sp_submitter_question question = {
		.adds[SP_COUNTED_BOUNCES] = bounces,
		.has_happened = true,
		.now_ms = sp_clock_wall_ms(service->clock),
	};
	struct sp_submitter_answer answer;
	struct sp_submitter submitter;

	if (sp_submitter_parse(session->mail.dsn_fact.submitter,
			       config->login_domain, &submitter) != SP_OK)
		return;
	question.submitter = submitter.key;
	question.class = sp_classes_find(config->classes, &submitter);
	if (sp_submitter_ask(&books, &question, deadline_ms, &answer) != SP_OK)
		session->mail.degraded |= SP_DEGRADED_STORE;
	session->mail.bounces_counted = bounces;
	if (answer.is_new)
		sp_session_note_news(session, submitter.key, &answer.standing);
}

void sp_record_bounces(struct sp_session *session)
{
	const struct sp_service *service = session->service;
	const struct sp_dsn_fact *fact = &session->mail.dsn_fact;
	int64_t deadline_ms;
	struct sp_submitter_bounced bounced;

	if (fact->state != SP_FACT_KNOWN || fact->kind != SP_DSN_OURS ||
	    fact->failed == 0 || !was_let_in(&session->mail))
		return;
	deadline_ms = sp_clock_mono_ms() + service->config->budget.callback_ms;
	if (sp_submitter_bounce(service->store, &fact->mail, fact->failed,
				deadline_ms, &bounced) == SP_OK &&
	    bounced.counts > 0)
		count(session, bounced.counts, deadline_ms);
}
