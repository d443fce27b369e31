/*
 * A signature proves a domain, but only once the mail is over: too late for
 * the mail that bears it. So it speaks for the next one: the mail counts for
 * that domain too, as if it had come by it, and a domain that has often sent
 * well-signed mail, by whatever hosts, is known when it comes by SPF or by its
 * host's name.
 *
 * Only of mail that was let in, and would have been; only by signatures that
 * cover all of it, made by the author's or the sender's own domain: what an
 * uninvolved domain signs says nothing of who wrote it.
 *
 * Who signs with a domain of his own teaches us that domain; he could have sent
 * from it as well. Who sends others' signed mail again teaches us their domain,
 * from which he cannot send: an identity is used only where SPF or the client's
 * name proves it.
 */
#include "sallyport/record.h"

#include <string.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/dkim.h"
#include "sallyport/identity.h"
#include "sallyport/organisation.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/text.h"

/* Greylisting was asked: so it is on, and Redis answers. */
static bool was_let_in(const struct sp_mail *mail)
{
	const struct sp_tally *tally = &mail->tally;

	return mail->was_answered && tally->accepted > 0 &&
	       tally->would_defer + tally->would_refuse == 0 &&
	       mail->greylist.state == SP_FACT_KNOWN;
}

static bool is_own(const struct sp_session *session, const char *domain)
{
	const struct sp_suffixes *suffixes = session->service->suffixes;
	const struct sp_mail *mail = &session->mail;

	return sp_organisation_is_same(suffixes, domain, mail->from_domain) ||
	       sp_organisation_is_same(suffixes, domain, mail->sender_domain);
}

static bool proves(const struct sp_session *session,
		   const struct sp_dkim_signature *signature)
{
	return signature->result == SP_DKIM_PASS && !signature->is_partial &&
	       !signature->is_testing && is_own(session, signature->domain);
}

/* The one that the mail came by has counted already. */
static bool is_new(const struct sp_session *session,
		   const struct sp_greylist_lesson *lesson,
		   const char *identity)
{
	if (strcmp(identity, session->mail.greylist.identity) == 0)
		return false;
	for (size_t i = 0; i < lesson->count; i++)
		if (strcmp(identity, lesson->identities[i]) == 0)
			return false;
	return true;
}

static void note_taught(struct sp_mail *mail,
			const struct sp_greylist_lesson *lesson,
			unsigned taught)
{
	char bytes[SP_GREYLIST_LESSONS_MAX * SP_IDENTITY_SIZE];
	struct sp_text text;

	sp_text_init(&text, bytes, sizeof(bytes));
	for (size_t i = 0; i < lesson->count; i++)
		if (taught & 1U << i)
			sp_text_addf(&text, "%s%s", text.length > 0 ? "," : "",
				     lesson->identities[i]);
	mail->taught = sp_arena_text(&mail->arena, bytes);
}

void sp_record_teach(struct sp_session *session)
{
	const struct sp_service *service = session->service;
	const struct sp_config *config = service->config;
	struct sp_mail *mail = &session->mail;
	const struct sp_dkim_fact *dkim = &mail->dkim_fact;
	char identities[SP_GREYLIST_LESSONS_MAX][SP_IDENTITY_SIZE];
	struct sp_greylist_lesson lesson = {
		.proof = "dkim",
		.mail_id = mail->id,
		.now_ms = sp_clock_wall_ms(service->clock),
	};
	unsigned taught;

	if (dkim->count == 0 || config->greylist.known_after == 0 ||
	    !was_let_in(mail))
		return;
	for (size_t i = 0;
	     i < dkim->count && lesson.count < SP_GREYLIST_LESSONS_MAX; i++) {
		char *identity = identities[lesson.count];

		if (proves(session, dkim->signatures[i]) &&
		    sp_identity_of_domain(dkim->signatures[i]->domain,
					  identity) == SP_OK &&
		    is_new(session, &lesson, identity))
			lesson.identities[lesson.count++] = identity;
	}
	if (lesson.count > 0 &&
	    sp_greylist_teach(service->store, &config->greylist, &lesson,
			      sp_clock_mono_ms() + config->budget.callback_ms,
			      &taught) == SP_OK &&
	    taught != 0)
		note_taught(mail, &lesson, taught);
}
