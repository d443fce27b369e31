/*
 * What the MTA tells us, moment by moment. Each callback is the same few
 * lines: note what was said, run the checks that it makes possible, decide,
 * act, and at the end of a mail record.
 */
#include "milter.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/arena.h"
#include "sallyport/check.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/counters.h"
#include "sallyport/log.h"
#include "sallyport/policy.h"
#include "sallyport/probe.h"
#include "sallyport/record.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/submitter_store.h"

/* Events that we have no use for, and answers that we never give: each costs a
 * round trip, and together they are half of what a mail costs. */
static const unsigned long unwanted_steps =
	SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NOEOH | SMFIP_NR_CONN |
	SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_HDR | SMFIP_NR_BODY;

/* Recipients that the MTA refuses itself are shown to us too, and header fields
 * as they are on the wire: a signature may cover their first space. */
static const unsigned long wanted_steps = SMFIP_RCPT_REJ | SMFIP_HDR_LEADSPC;

static const unsigned long wanted_actions =
	SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST;

/* The macros that we read, so that no administrator has to list them. An empty
 * list spares a packet. */
static const struct {
	int stage;
	const char *names;
} macros[] = {
	{ SMFIM_CONNECT,
	  "j {daemon_addr} {daemon_port} {if_addr} {tls_version} "
	  "{sallyport_try}" },
	{ SMFIM_HELO, "" },
	{ SMFIM_ENVFROM, "i {auth_authen}" },
	{ SMFIM_ENVRCPT, "{rcpt_mailer} {rcpt_host} {rcpt_addr}" },
	{ SMFIM_DATA, "" },
	{ SMFIM_EOH, "" },
	{ SMFIM_EOM, "i" },
};

static struct {
	struct sp_service_slot *slot;
	atomic_bool refuses_sessions;
} environment;

void sp_milter_set_slot(struct sp_service_slot *slot)
{
	environment.slot = slot;
}

void sp_milter_refuse_sessions(void)
{
	atomic_store(&environment.refuses_sessions, true);
	sp_greeting_end_all();
}

static const char *macro(SMFICTX *ctx, const char *name)
{
	return smfi_getsymval(ctx, (char *)(uintptr_t)name);
}

static struct sp_session *session_of(SMFICTX *ctx)
{
	return smfi_getpriv(ctx);
}

static void end_mail(struct sp_session *session)
{
	if (!session->mail.is_open)
		return;
	sp_record_mail(session);
	sp_session_end_mail(session);
	sp_count_down(SP_COUNT_MAILS_OPEN);
}

/* As end_mail, where there is time to wait for Redis. */
static void finish_mail(struct sp_session *session)
{
	if (session->mail.is_open) {
		sp_record_submission(session);
		sp_record_bounces(session);
		sp_record_news(session);
		sp_record_teach(session);
		sp_record_probes(session);
	}
	end_mail(session);
}

static void end_session(SMFICTX *ctx)
{
	struct sp_session *session = session_of(ctx);

	if (!session)
		return;
	end_mail(session);
	(void)smfi_setpriv(ctx, NULL);
	sp_session_free(&session);
	sp_count_down(SP_COUNT_CONNECTIONS_OPEN);
}

static bool answers_connect(const struct sp_session *session)
{
	const struct sp_greeting_config *greeting =
		&session->service->config->greeting;

	return session->is_sent_away ||
	       (greeting->delay_ms > 0 && greeting->mode == SP_MODE_ENFORCE);
}

/* Only while somebody is locked; else it would be a round trip for nothing. */
static bool answers_mail(const struct sp_session *session)
{
	const struct sp_service *service = session->service;

	return service->config->outbound.is_enabled &&
	       service->config->outbound.mode == SP_MODE_ENFORCE &&
	       sp_submitter_memory_has_locks(service->submitters,
					     sp_clock_wall_ms(service->clock));
}

/* The MTA has to be told beforehand for which of its words it has to wait for
 * ours. It negotiates before it says who its client is, so for all clients or
 * none. */
static unsigned long steps_for(const struct sp_session *session)
{
	unsigned long steps = unwanted_steps | wanted_steps;

	if (answers_connect(session))
		steps &= ~(unsigned long)SMFIP_NR_CONN;
	if (answers_mail(session))
		steps &= ~(unsigned long)SMFIP_NR_MAIL;
	return steps;
}

/* Its steps are for the caller to set. */
static struct sp_session *begin_session(SMFICTX *ctx)
{
	const struct sp_service *service = sp_service_get(environment.slot);
	struct sp_session *session = sp_session_new(service);

	/* Nobody negotiates twice on one connection but to do harm. */
	end_session(ctx);
	if (!session) {
		sp_service_unref(&service);
		return NULL;
	}
	if (smfi_setpriv(ctx, session) != MI_SUCCESS) {
		sp_session_free(&session);
		return NULL;
	}
	sp_count(SP_COUNT_CONNECTIONS);
	sp_count(SP_COUNT_CONNECTIONS_OPEN);
	return session;
}

/* No answer where the MTA waits for none. */
static sfsistat go_on(const struct sp_session *session, unsigned long no_reply)
{
	return session->steps & no_reply ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/* `is_final`: what it was decided by is kept. */
static void decide(struct sp_session *session, enum sp_stage stage,
		   bool is_final, struct sp_arena *arena,
		   struct sp_verdict *verdict_out)
{
	struct sp_facts facts;

	sp_session_facts(session, stage, &facts);
	sp_policy_decide(&facts, session->service->config, arena, verdict_out);
	if (is_final)
		sp_record_moment(session, &facts, verdict_out);
}

/* The strongest verdict of all and that of the accepted recipients are most
 * often the same one, and then one copy. */
static void keep_verdict(struct sp_mail *mail, const struct sp_verdict *verdict)
{
	bool is_strongest = sp_verdict_is_stronger(verdict, mail->verdict);
	bool is_accepted =
		verdict->action <= SP_ACTION_HOLD &&
		sp_verdict_is_stronger(verdict, mail->accepted_verdict);
	const struct sp_verdict *copy;

	if (!is_strongest && !is_accepted)
		return;
	copy = sp_verdict_copy(verdict, &mail->arena);
	if (!copy)
		return;
	if (is_strongest)
		mail->verdict = copy;
	if (is_accepted)
		mail->accepted_verdict = copy;
}

/* NULL when the arena is used up: then the caller's own verdict is shown. */
static const struct sp_verdict *join(struct sp_mail *mail,
				     const struct sp_verdict *verdict,
				     const struct sp_verdict *earlier)
{
	struct sp_verdict joined = *verdict;

	sp_verdict_join(&joined, earlier);
	return sp_verdict_copy(&joined, &mail->arena);
}

/* At end of message more is known than when its recipients were judged. */
static void keep_last_verdict(struct sp_mail *mail,
			      const struct sp_verdict *verdict)
{
	mail->verdict = join(mail, verdict, mail->verdict);
	mail->accepted_verdict = join(mail, verdict, mail->accepted_verdict);
}

static void tally_would(struct sp_tally *tally,
			const struct sp_verdict *verdict)
{
	if (verdict->would <= verdict->action)
		return;
	if (verdict->would == SP_ACTION_REFUSE)
		tally->would_refuse++;
	else if (verdict->would == SP_ACTION_DEFER)
		tally->would_defer++;
	else
		tally->would_hold = true;
}

static void tally_recipient(struct sp_tally *tally,
			    const struct sp_verdict *verdict)
{
	switch (verdict->action) {
	case SP_ACTION_ACCEPT:
	case SP_ACTION_HOLD: /* it is kept when it is whole */
		tally->accepted++;
		break;
	case SP_ACTION_DEFER:
		tally->deferred++;
		break;
	case SP_ACTION_REFUSE:
		tally->refused++;
		break;
	}
	tally_would(tally, verdict);
}

/* What is said at end of message is said to all that were accepted so far. */
static void tally_message(struct sp_tally *tally,
			  const struct sp_verdict *verdict)
{
	tally_would(tally, verdict);
	tally->is_held = verdict->action == SP_ACTION_HOLD;
	if (verdict->action <= SP_ACTION_HOLD)
		return;
	if (verdict->action == SP_ACTION_DEFER)
		tally->deferred += tally->accepted;
	else
		tally->refused += tally->accepted;
	tally->accepted = 0;
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions,
			     unsigned long steps, unsigned long unused_2,
			     unsigned long unused_3, unsigned long *actions_out,
			     unsigned long *steps_out,
			     unsigned long *unused_2_out,
			     unsigned long *unused_3_out)
{
	static struct sp_log_limit limit = { .every_ms = 3600000 };
	struct sp_session *session;

	(void)unused_2;
	(void)unused_3;
	if (atomic_load(&environment.refuses_sessions))
		return SMFIS_REJECT;
	session = begin_session(ctx);
	if (!session)
		return SMFIS_REJECT;
	session->is_sent_away = sp_descriptors_are_short();
	session->steps = steps & steps_for(session);
	if ((actions & wanted_actions) != wanted_actions)
		sp_log_limited(&limit, SP_LOG_WARNING,
			       "the MTA offers less than we ask for: headers "
			       "or macros will be missing (offered 0x%lx, "
			       "wanted 0x%lx)",
			       actions, wanted_actions);
	*actions_out = actions & wanted_actions;
	*steps_out = session->steps;
	*unused_2_out = 0;
	*unused_3_out = 0;
	if (actions & SMFIF_SETSYMLIST)
		for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++)
			(void)smfi_setsymlist(
				ctx, macros[i].stage,
				(char *)(uintptr_t)macros[i].names);
	return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	struct sp_session *session = session_of(ctx);

	/* An MTA may keep the connection for its next client; then there is no
	 * second negotiation, and the steps are those of the first. */
	if (!session && !atomic_load(&environment.refuses_sessions)) {
		session = begin_session(ctx);
		if (session)
			session->steps = steps_for(session);
	}
	if (!session)
		return SMFIS_TEMPFAIL;
	if (session->is_sent_away)
		return sp_act_busy(ctx);
	sp_session_note_connect(
		session, &(struct sp_connect_note){
				 .client_name = name,
				 .address = address,
				 .own_name = macro(ctx, "j"),
				 .own_address = sp_macros_own_address(ctx),
				 .own_port = sp_macros_own_port(ctx),
			 });
	sp_macros_seen_at_connect(ctx, sp_macros_own_address(ctx));
	sp_checks_run(session, SP_STAGE_CONNECT);
	if (session->steps & SMFIP_NR_CONN)
		return SMFIS_NOREPLY;
	/* There is no client that could be watched. */
	if (sp_macros_are_of_try(ctx))
		return SMFIS_CONTINUE;
	return sp_greeting_hold(session, sp_macros_say_tls(ctx))
		       ? SMFIS_CONTINUE
		       : sp_act_close(ctx);
}

static sfsistat on_helo(SMFICTX *ctx, char *helo)
{
	struct sp_session *session = session_of(ctx);

	if (!session)
		return SMFIS_TEMPFAIL;
	sp_greeting_note_helo(session);
	sp_session_note_helo(session, helo);
	sp_checks_run(session, SP_STAGE_HELO);
	return go_on(session, SMFIP_NR_HELO);
}

/* A submitter that is known to be locked hears it here. */
static sfsistat answer_mail(SMFICTX *ctx, struct sp_session *session)
{
	struct sp_mail *mail = &session->mail;
	struct sp_verdict verdict;
	sfsistat status;

	if (!sp_policy_is_locked(&mail->submitter_fact,
				 session->service->config))
		return SMFIS_CONTINUE;
	decide(session, SP_STAGE_MAIL, true, &mail->arena, &verdict);
	keep_verdict(mail, &verdict);
	mail->was_answered = true;
	mail->tally.is_sender_deferred = verdict.action == SP_ACTION_DEFER;
	mail->tally.is_sender_refused = verdict.action == SP_ACTION_REFUSE;
	status = sp_act_envelope(ctx, &verdict, mail->id);
	finish_mail(session);
	return status;
}

static sfsistat on_mail(SMFICTX *ctx, char **arguments)
{
	struct sp_session *session = session_of(ctx);

	if (!session)
		return SMFIS_TEMPFAIL;
	finish_mail(session);
	sp_greeting_note_mail(session);
	sp_session_note_mail(session, arguments[0] ? arguments[0] : "",
			     macro(ctx, "{auth_authen}"), macro(ctx, "i"));
	sp_macros_seen_at_mail(ctx);
	sp_count(SP_COUNT_MAILS);
	sp_count(SP_COUNT_MAILS_OPEN);
	sp_checks_run(session, SP_STAGE_MAIL);
	return session->steps & SMFIP_NR_MAIL ? SMFIS_NOREPLY
					      : answer_mail(ctx, session);
}

/* Whether the MTA refuses this one by itself: nothing of it is ours. */
static bool note_refusal(SMFICTX *ctx, struct sp_session *session,
			 const char *path)
{
	enum sp_refusal refusal = sp_refusal_judge(&(struct sp_refusal_note){
		.mailer = macro(ctx, "{rcpt_mailer}"),
		.code = macro(ctx, "{rcpt_host}"),
		.text = macro(ctx, "{rcpt_addr}"),
	});

	if (refusal == SP_REFUSAL_NONE)
		return false;
	sp_session_note_refusal(session, path, refusal);
	return true;
}

/*
 * Who is refused for what is known already is not asked about in Redis: a try
 * that was refused must not make its sender known. Whether it has to wait goes
 * by the same score; what its network tried in vain comes with greylisting's
 * answer, and counts for the next recipient.
 */
static void judge_recipient(struct sp_session *session, struct sp_arena *arena,
			    struct sp_verdict *verdict_out)
{
	sp_checks_run(session, SP_STAGE_RCPT);
	decide(session, SP_STAGE_RCPT, false, arena, verdict_out);
	if (verdict_out->action == SP_ACTION_REFUSE) {
		decide(session, SP_STAGE_RCPT, true, arena, verdict_out);
		return;
	}
	session->recipient->is_suspicious =
		sp_policy_is_suspicious(verdict_out, session->service->config);
	sp_checks_run(session, SP_STAGE_GREYLIST);
	decide(session, SP_STAGE_RCPT, true, arena, verdict_out);
}

static sfsistat on_recipient(SMFICTX *ctx, char **arguments)
{
	struct sp_session *session = session_of(ctx);
	struct sp_recipient recipient;
	struct sp_verdict verdict;
	struct sp_arena scratch;
	sfsistat status;

	if (!session || !session->mail.is_open)
		return SMFIS_TEMPFAIL;
	sp_macros_seen(ctx, SP_SEEN_RCPT_MAILER, macro(ctx, "{rcpt_mailer}"));
	if (note_refusal(ctx, session, arguments[0] ? arguments[0] : ""))
		return SMFIS_CONTINUE;
	sp_arena_init(&scratch, SP_MAIL_LIMIT);
	sp_session_note_recipient(session, arguments[0] ? arguments[0] : "",
				  &recipient);
	judge_recipient(session, &scratch, &verdict);
	if (verdict.action == SP_ACTION_ACCEPT &&
	    recipient.access.answer == SP_ACCESS_ALLOW)
		session->mail.access_recipient = recipient.access;
	sp_session_end_recipient(session);
	if (verdict.because == SP_FINDING_RELAY_GUARD)
		sp_session_note_probe(session, SP_REFUSAL_RELAY);
	keep_verdict(&session->mail, &verdict);
	tally_recipient(&session->mail.tally, &verdict);
	sp_greeting_tarpit(session, &verdict);
	status = sp_act_envelope(ctx, &verdict, session->mail.id);
	sp_arena_clear(&scratch);
	sp_record_news(session);
	return status;
}

/* An old MTA cuts the space off: then there was one, most likely. */
static bool note_cut_header(struct sp_session *session, const char *name,
			    const char *value)
{
	size_t size = strlen(value) + 2;
	char *spaced = malloc(size);
	bool has_news;

	if (!spaced)
		return false;
	spaced[0] = ' ';
	memcpy(spaced + 1, value, size - 1);
	has_news = sp_session_note_header(session, name, spaced);
	free(spaced);
	return has_news;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct sp_session *session = session_of(ctx);
	bool has_news;

	if (!session || !session->mail.is_open)
		return SMFIS_TEMPFAIL;
	if (session->steps & SMFIP_HDR_LEADSPC)
		has_news = sp_session_note_header(session, name, value);
	else
		has_news = note_cut_header(session, name, value);
	if (has_news)
		sp_checks_run(session, SP_STAGE_HEADER);
	return go_on(session, SMFIP_NR_HDR);
}

/* Before the body or, if there is none, before the end. */
static void end_headers(struct sp_session *session)
{
	if (session->mail.has_headers_ended)
		return;
	session->mail.has_headers_ended = true;
	sp_checks_run(session, SP_STAGE_EOH);
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t length)
{
	struct sp_session *session = session_of(ctx);

	if (!session || !session->mail.is_open)
		return SMFIS_TEMPFAIL;
	end_headers(session);
	sp_submission_note_body(session, bytes, length);
	sp_dkim_take_body(session, bytes, length);
	sp_dsn_take_body(session, bytes, length);
	return go_on(session, SMFIP_NR_BODY);
}

static sfsistat on_end_of_message(SMFICTX *ctx)
{
	struct sp_session *session = session_of(ctx);
	struct sp_verdict verdict;
	sfsistat status;

	if (!session || !session->mail.is_open)
		return SMFIS_TEMPFAIL;
	sp_session_note_queue_id(session, macro(ctx, "i"));
	sp_macros_seen(ctx, SP_SEEN_QUEUE_ID, macro(ctx, "i"));
	end_headers(session);
	sp_checks_run(session, SP_STAGE_EOM);
	decide(session, SP_STAGE_EOM, true, &session->mail.arena, &verdict);
	keep_last_verdict(&session->mail, &verdict);
	tally_message(&session->mail.tally, &verdict);
	session->mail.was_answered = true;
	status = sp_act_message(ctx, session, &verdict);
	finish_mail(session);
	return status;
}

static sfsistat on_abort(SMFICTX *ctx)
{
	struct sp_session *session = session_of(ctx);

	if (session)
		finish_mail(session);
	return SMFIS_CONTINUE;
}

/* May run on libmilter's controller with its pool locked: nothing here waits
 * for anybody but the log. */
static sfsistat on_close(SMFICTX *ctx)
{
	end_session(ctx);
	return SMFIS_CONTINUE;
}

static char filter_name[] = "sallyport";

const struct smfiDesc sp_milter_callbacks = {
	.xxfi_name = filter_name,
	.xxfi_version = SMFI_VERSION,
	.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE |
		      SMFIF_SETSYMLIST,
	.xxfi_connect = on_connect,
	.xxfi_helo = on_helo,
	.xxfi_envfrom = on_mail,
	.xxfi_envrcpt = on_recipient,
	.xxfi_header = on_header,
	.xxfi_body = on_body,
	.xxfi_eom = on_end_of_message,
	.xxfi_abort = on_abort,
	.xxfi_close = on_close,
	.xxfi_negotiate = on_negotiate,
};
