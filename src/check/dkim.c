/*
 * Do the mail's signatures hold? Keys are asked for when a signature's field
 * arrives and are on their way while the rest of the mail is; they are needed
 * when its body has been hashed.
 */
#include "sallyport/check.h"

#include "lookup.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/dkim.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

_Static_assert((int)SP_DKIM_FACTS_MAX == (int)SP_DKIM_SIGNATURES_MAX,
	       "every signature that is evaluated has a place");

void sp_dkim_begin(struct sp_session *session, int64_t deadline_ms)
{
	const struct sp_service *service = session->service;

	(void)deadline_ms;
	if (service->config->dkim.is_enabled)
		session->mail.dkim =
			sp_dkim_new(sp_clock_wall_ms(service->clock) / 1000);
}

void sp_dkim_ask(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_mail *mail = &session->mail;
	struct sp_dkim_key_question question;

	(void)deadline_ms;
	if (!mail->dkim)
		return;
	while (sp_dkim_next_key(mail->dkim, &question)) {
		struct sp_dns_batch *batch = sp_lookup_of_author(session);
		uint8_t number = SP_DNS_NO_QUESTION;

		if (batch)
			number = sp_lookup_ask(batch, question.name, SP_DNS_TXT,
					       SP_GROUP_KEYS);
		mail->keys[question.number] = number;
	}
}

void sp_dkim_end_of_headers(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_mail *mail = &session->mail;

	if (mail->dkim && sp_dkim_end_headers(mail->dkim, mail->from_domain))
		sp_dkim_ask(session, deadline_ms);
}

void sp_dkim_take_body(struct sp_session *session, const unsigned char *bytes,
		       size_t length)
{
	struct sp_dkim *dkim = session->mail.dkim;

	if (dkim && sp_dkim_wants_body(dkim))
		sp_dkim_body(dkim, bytes, length);
}

static void hand_over_keys(struct sp_mail *mail)
{
	for (unsigned i = 0; i < SP_DKIM_QUESTIONS_MAX; i++)
		if (mail->keys[i] != SP_DNS_NO_QUESTION)
			sp_dkim_key(mail->dkim, i,
				    sp_dns_answer_get(mail->author_batch,
						      mail->keys[i]));
}

/* A signature that holds says it all, whatever became of the others. */
static enum sp_fact_state state_of(const struct sp_dkim_fact *fact)
{
	enum sp_fact_state state = SP_FACT_KNOWN;

	for (size_t i = 0; i < fact->count; i++) {
		if (fact->signatures[i]->result == SP_DKIM_PASS)
			return SP_FACT_KNOWN;
		if (fact->signatures[i]->result == SP_DKIM_TEMPERROR)
			state = SP_FACT_UNKNOWN;
	}
	return state;
}

void sp_dkim_judge(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_mail *mail = &session->mail;
	struct sp_dkim_fact *fact = &mail->dkim_fact;

	if (!mail->dkim)
		return;
	/* What is not there in time stays without an answer: temperror. */
	if (mail->author_batch && sp_dkim_count(mail->dkim) > 0) {
		(void)sp_lookup_wait(session, mail->author_batch, SP_GROUP_KEYS,
				     deadline_ms);
		hand_over_keys(mail);
	}
	sp_dkim_end(mail->dkim);
	fact->count = sp_dkim_count(mail->dkim);
	for (size_t i = 0; i < fact->count; i++)
		fact->signatures[i] = sp_dkim_get(mail->dkim, i);
	fact->ignored = sp_dkim_ignored(mail->dkim);
	fact->state = state_of(fact);
	if (fact->state == SP_FACT_UNKNOWN)
		sp_lookup_note_unknown(session);
}
