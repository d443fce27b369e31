/*
 * Is the author's domain proven? From what SPF and DKIM found out themselves,
 * never from a field that came in.
 *
 * The records of the sender's domain are asked for at MAIL, for it is most
 * often the author's too; when the header is complete, all that may matter is.
 * So at end of message the answers are there.
 */
#include "sallyport/check.h"

#include <string.h>

#include "lookup.h"
#include "questions.h"
#include "sallyport/config.h"
#include "sallyport/dkim.h"
#include "sallyport/dmarc.h"
#include "sallyport/organisation.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

static bool is_enabled(const struct sp_session *session)
{
	return session->service->config->dmarc.is_enabled;
}

void sp_dmarc_ask_sender(struct sp_session *session,
			 const struct sp_dns_name *name)
{
	struct sp_dns_batch *batch = sp_lookup_of_author(session);
	struct sp_dns_name names[SP_DMARC_WALK_MAX];
	size_t count = sp_dmarc_walk(name->text, names);

	for (size_t i = 0; i < count; i++)
		(void)sp_lookup_ask(batch, &names[i], SP_DNS_TXT,
				    SP_GROUP_DMARC);
}

/* What was asked before is not asked again. */
static const struct sp_dns_answer *answer_of(void *context,
					     const struct sp_dns_name *name,
					     enum sp_dns_type type)
{
	struct sp_dns_batch *batch = context;

	return sp_dns_answer_get(
		batch, sp_lookup_ask(batch, name, type, SP_GROUP_DMARC));
}

static struct sp_dmarc_identifier spf_identifier(const struct sp_mail *mail)
{
	const struct sp_spf_fact *fact = &mail->spf;
	bool is_undecided = fact->state == SP_FACT_UNKNOWN;
	bool is_pass =
		fact->state == SP_FACT_KNOWN && fact->result == SP_SPF_PASS;

	return (struct sp_dmarc_identifier){
		.domain = is_pass || is_undecided ? fact->domain : NULL,
		.is_undecided = is_undecided,
	};
}

/* One signature's; none when it proves nothing. */
static struct sp_dmarc_identifier dkim_identifier(
	const struct sp_session *session,
	const struct sp_dkim_signature *signature)
{
	bool is_partial_enough =
		session->service->config->dkim.is_partial_enough;
	bool may_pass = !signature->is_testing &&
			(!signature->is_partial || is_partial_enough);
	/* NONE: not known before the end of the message. */
	bool is_undecided = signature->result == SP_DKIM_TEMPERROR ||
			    signature->result == SP_DKIM_NONE;

	if (!may_pass || (signature->result != SP_DKIM_PASS && !is_undecided))
		return (struct sp_dmarc_identifier){ 0 };
	return (struct sp_dmarc_identifier){ .domain = signature->domain,
					     .is_undecided = is_undecided };
}

/* False: there is no resolver. */
static bool evaluate(struct sp_session *session,
		     struct sp_dmarc_outcome *outcome_out)
{
	static const struct sp_from no_from;
	const struct sp_mail *mail = &session->mail;
	struct sp_dmarc_identifier dkim[SP_DKIM_SIGNATURES_MAX];
	struct sp_dns_batch *batch = sp_lookup_of_author(session);
	struct sp_dmarc_question question = {
		.from = mail->from ? mail->from : &no_from,
		.spf = spf_identifier(mail),
		.dkim = dkim,
		.suffixes = session->service->suffixes,
		.method = session->service->config->dmarc.method,
	};

	if (!batch)
		return false;
	if (mail->dkim)
		question.dkim_count = sp_dkim_count(mail->dkim);
	for (size_t i = 0; i < question.dkim_count; i++)
		dkim[i] = dkim_identifier(session, sp_dkim_get(mail->dkim, i));
	sp_dmarc_evaluate(&question, answer_of, batch, outcome_out);
	return true;
}

void sp_dmarc_ask_all(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_dmarc_outcome not_yet;

	(void)deadline_ms;
	/* Evaluating asks for all that may matter. */
	if (is_enabled(session))
		(void)evaluate(session, &not_yet);
}

/* The list's own name: "<announce.lists.example.org>", RFC 2919. */
static bool read_list_id(const char *value, char domain_out[SP_DOMAIN_SIZE])
{
	const char *begin = strrchr(value, '<');
	const char *end = begin ? strchr(begin, '>') : NULL;
	char text[SP_DOMAIN_SIZE];
	size_t length;

	domain_out[0] = '\0';
	if (!end)
		return false;
	length = (size_t)(end - begin - 1);
	if (length >= sizeof(text))
		return false;
	memcpy(text, begin + 1, length);
	text[length] = '\0';
	return sp_domain_normalise(text, domain_out) == SP_OK;
}

/* Anybody can write a List-Id; what counts is whose signature holds. */
static const char *list_of(const struct sp_session *session)
{
	const struct sp_dkim_fact *fact = &session->mail.dkim_fact;
	char list[SP_DOMAIN_SIZE];

	if (!read_list_id(session->mail.list_id, list))
		return NULL;
	for (size_t i = 0; i < fact->count; i++) {
		const struct sp_dkim_signature *signature = fact->signatures[i];

		if (sp_dkim_holds(signature) &&
		    (sp_domain_is_within(list, signature->domain) ||
		     sp_organisation_is_same(session->service->suffixes, list,
					     signature->domain)))
			return signature->domain;
	}
	return NULL;
}

static void judge(struct sp_session *session, struct sp_dmarc_fact *fact,
		  const struct sp_dmarc_outcome *outcome)
{
	fact->outcome = outcome;
	fact->state = outcome->result == SP_DMARC_TEMPERROR ? SP_FACT_UNKNOWN
							    : SP_FACT_KNOWN;
	if (fact->state == SP_FACT_UNKNOWN)
		sp_lookup_note_unknown(session);
	if (outcome->result != SP_DMARC_FAIL)
		return;
	fact->forwarder = sp_list_find_ip(
		session->service->config->dmarc.trusted_forwarders,
		&session->connection.client);
	fact->list_domain = list_of(session);
}

/* After dkim. */
void sp_dmarc_judge(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_mail *mail = &session->mail;
	struct sp_dmarc_outcome *outcome;

	if (!is_enabled(session))
		return;
	outcome = sp_arena_alloc(&mail->arena, sizeof(*outcome));
	if (!outcome || !evaluate(session, outcome))
		return;
	if (outcome->is_pending) {
		(void)sp_lookup_wait(session, mail->author_batch,
				     SP_GROUP_DMARC, deadline_ms);
		(void)evaluate(session, outcome);
	}
	judge(session, &mail->dmarc, outcome);
}
