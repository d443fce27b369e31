/*
 * Has this sender's try been seen before? Asks Redis once for a recipient, and
 * only where the answer can matter: not when a list has decided already, and
 * not again in a mail whose identity turned out to be known.
 */
#include "sallyport/check.h"

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/dnsbl.h"
#include "sallyport/identity.h"
#include "sallyport/probe.h"
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

/* DNS has had its time at the first recipient; the others are of the same
 * sender, whatever it says meanwhile. False: a client without address. */
static bool find_identities(struct sp_session *session)
{
	struct sp_mail *mail = &session->mail;
	struct sp_identity found[SP_IDENTITIES_MAX];
	const struct sp_identity_question question = {
		.client = &session->connection.client,
		.spf = &mail->spf,
		.rdns = &session->connection.rdns,
		.suffixes = session->service->suffixes,
	};
	size_t count;

	if (mail->identity_count > 0)
		return true;
	count = sp_identities_find(&question,
				   &session->service->config->greylist, found);
	for (size_t i = 0; i < count; i++) {
		mail->identities[i] =
			sp_arena_text(&mail->arena, found[i].text);
		mail->proofs[i] = found[i].proof;
		if (!mail->identities[i])
			return false;
	}
	mail->identity_count = count;
	return count > 0;
}

/* Once for a mail, and as long as it is not there. */
static const char *network_to_ask(const struct sp_mail *mail,
				  const struct sp_config *config)
{
	return mail->is_network_asked || !sp_probe_is_wanted(config)
		       ? NULL
		       : mail->identities[mail->identity_count - 1];
}

/* An address needs no proof. */
static const char *proof_of(const struct sp_mail *mail)
{
	return mail->proofs[0] == SP_IDENTITY_NETWORK
		       ? NULL
		       : sp_identity_proof_text(mail->proofs[0]);
}

/* For people who look at what greylisting costs: nothing speaks against it but
 * that it is new. */
static bool looks_honest(const struct sp_session *session)
{
	const struct sp_spf_fact *spf = &session->mail.spf;
	const struct sp_dnsbl_list_fact *lists = &session->connection.dnsbl;
	const struct sp_dnsbl_rules *rules =
		session->service->config->dnsbl.addresses;

	if (spf->state != SP_FACT_KNOWN || spf->result != SP_SPF_PASS ||
	    spf->passes_world)
		return false;
	for (size_t i = 0; i < rules->rule_count; i++)
		if ((lists->hits >> i & 1) && rules->rules[i].weight > 0)
			return false;
	return true;
}

static void ask(struct sp_session *session, int64_t deadline_ms)
{
	const struct sp_service *service = session->service;
	const struct sp_mail *mail = &session->mail;
	struct sp_greylist_fact *fact = &session->recipient->greylist;
	char client[SP_IP_TEXT_SIZE];
	struct sp_greylist_question question = {
		.identity = mail->identities[0],
		.proof = proof_of(mail),
		.network = network_to_ask(mail, service->config),
		.lets_in = !session->recipient->is_suspicious,
		.is_for_desk =
			service->config->greylist.mode == SP_MODE_ENFORCE,
		.looks_honest = looks_honest(session),
		.sender = mail->sender_folded,
		.recipient = session->recipient->key,
		.mail_id = mail->id,
		.client = sp_ip_format(&session->connection.client, client),
		.now_ms = sp_clock_wall_ms(service->clock),
	};
	enum sp_err err;

	for (size_t i = 1; i < mail->identity_count; i++)
		question.also[i - 1] = mail->identities[i];
	err = sp_greylist_ask(service->store, &service->config->greylist,
			      &question, deadline_ms, &fact->answer);
	fact->state = err == SP_OK ? SP_FACT_KNOWN : SP_FACT_UNKNOWN;
	fact->identity = mail->identities[0];
	fact->proof = mail->proofs[0];
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

	if (!config->is_enabled || is_decided_by_lists(session) ||
	    is_refused_as_relay(session))
		return;
	if (mail->greylist.state == SP_FACT_KNOWN &&
	    mail->greylist.answer.state == SP_GREYLIST_KNOWN) {
		*fact = mail->greylist;
		return;
	}
	if (!find_identities(session))
		return;
	ask(session, deadline_ms);
	hold_for_end(mail, fact);
	mail->greylist = *fact;
}
