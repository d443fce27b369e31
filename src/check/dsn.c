/*
 * Does the mail say that another one has come back, and did that one go out from
 * here? Only asked here: what failed is counted when the mail was let in
 * (src/record/bounces.c), for a mail that has to come back would count twice.
 *
 * A mail that is not remembered, but has passed one of our servers by its
 * Received fields, is nobody's and no backscatter: it was only forwarded from
 * here, or went out before outbound.enabled, or more than five days ago, or Redis
 * was wiped since. Who forges such a field escapes a finding, nothing more.
 */
#include "sallyport/check.h"

#include <string.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/dsn.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/submitter_store.h"

static bool is_same(const char *own, const char *name)
{
	char normalised[SP_DOMAIN_SIZE];

	return sp_domain_normalise(own, normalised) == SP_OK &&
	       strcmp(normalised, name) == 0;
}

static bool is_own(void *context, const char *name)
{
	const struct sp_session *session = context;
	const struct sp_config *config = session->service->config;

	return is_same(session->connection.own_name, name) ||
	       is_same(config->hostname, name) ||
	       sp_list_find_name(config->helo.own_names, name) != NULL;
}

/* What a login sends with a null sender is his own mail, and says nothing of
 * others'. What comes over a trusted network, or from Postfix itself, does. */
void sp_dsn_begin(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_mail *mail = &session->mail;

	(void)deadline_ms;
	if (mail->sender_kind == SP_ADDRESS_NULL && !mail->login[0] &&
	    session->service->config->outbound.is_enabled)
		mail->dsn =
			sp_dsn_new(&mail->arena,
				   &(struct sp_dsn_names){ is_own, session });
}

void sp_dsn_take_body(struct sp_session *session, const unsigned char *bytes,
		      size_t length)
{
	struct sp_dsn *dsn = session->mail.dsn;

	if (dsn && sp_dsn_wants_body(dsn))
		sp_dsn_body(dsn, bytes, length);
}

static void ask(struct sp_session *session, bool was_here, int64_t deadline_ms)
{
	struct sp_mail *mail = &session->mail;
	struct sp_dsn_fact *fact = &mail->dsn_fact;
	struct sp_submitter_bounced bounced;
	const char *submitter;

	switch (sp_submitter_bounce(session->service->store, &fact->mail, 0,
				    deadline_ms, &bounced)) {
	case SP_OK:
		submitter = sp_arena_text(&mail->arena, bounced.submitter);
		fact->submitter = submitter ? submitter : "";
		fact->state = SP_FACT_KNOWN;
		fact->kind = SP_DSN_OURS;
		return;
	case SP_ERR_NOT_FOUND:
		fact->state = SP_FACT_KNOWN;
		fact->kind = was_here ? SP_DSN_PASSED : SP_DSN_BACKSCATTER;
		return;
	default:
		fact->state = SP_FACT_UNKNOWN;
		mail->degraded |= SP_DEGRADED_STORE;
	}
}

void sp_dsn_judge(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_mail *mail = &session->mail;
	struct sp_dsn_report report;

	if (!mail->dsn)
		return;
	sp_dsn_end(mail->dsn, &report);
	if (!report.is_dsn)
		return;
	mail->dsn_fact.failed = report.failed;
	if (!sp_message_id_hash(report.message_id, &mail->dsn_fact.mail)) {
		mail->dsn_fact.state = SP_FACT_KNOWN;
		mail->dsn_fact.kind = SP_DSN_UNREADABLE;
		return;
	}
	ask(session, report.was_here, deadline_ms);
}
