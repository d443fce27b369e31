/*
 * The way out: who sends this mail, and may he? His recipients are held against
 * his limits one by one, as they are named, and counted in the same step.
 *
 * Whose it is: the login; else the user of this machine whose process has
 * connected, or who has called Postfix's sendmail command; else the trusted
 * network. Of a user of this machine nobody can say who it is when his process
 * closed its end before we looked, or when Postfix does not tell: all of these
 * are one submitter with limits, for else whoever wants to hide would have none.
 *
 * A process of this machine that has dialled an address of it that is not in
 * access.trusted-networks is counted, and checked as a stranger too.
 *
 * Nobody's is what Postfix itself writes: notices of mail that could not be
 * delivered, which it shows us only with internal_mail_filter_classes = bounce.
 * They come as mail of its sendmail command does, with a null sender, but
 * without the field that tells whose such mail is.
 *
 * Our own notices (notify.mail) are nobody's: held, they could not tell of what
 * they are held for.
 */
#include "sallyport/check.h"

#include <unistd.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/notify.h"
#include "sallyport/own_from.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

static bool is_user(const struct sp_session *session)
{
	const struct sp_owner_fact *owner = sp_session_owner(session);

	/* Of mail without any field nobody was asked for. */
	if (owner->state == SP_FACT_NOT_RUN)
		return session->connection.is_local;
	return owner->state == SP_FACT_KNOWN || owner->why != SP_OWNER_UNSEEN;
}

static bool find_network(const struct sp_session *session,
			 struct sp_submitter *who_out)
{
	const struct sp_outbound_config *config =
		&session->service->config->outbound;
	const struct sp_ip *client = &session->connection.client;
	unsigned prefix = client->family == SP_IP_4 ? config->ipv4_prefix
						    : config->ipv6_prefix;

	return session->connection.is_trusted &&
	       sp_submitter_of_client(client, prefix, who_out) == SP_OK;
}

static bool is_mtas_own(const struct sp_session *session)
{
	const struct sp_owner_fact *owner = sp_session_owner(session);

	return session->connection.is_local &&
	       session->mail.sender_kind == SP_ADDRESS_NULL &&
	       owner->state == SP_FACT_UNKNOWN &&
	       owner->why == SP_OWNER_NO_HEADER;
}

/* Of the null sender, and from our own account; or, where nobody can say who
 * uses Postfix's sendmail command, by an id that only we know. */
static bool is_our_notice(const struct sp_session *session)
{
	const struct sp_owner_fact *owner = sp_session_owner(session);
	const struct sp_submission *submission = &session->mail.submission;

	if (session->mail.sender_kind != SP_ADDRESS_NULL)
		return false;
	if (owner->state == SP_FACT_KNOWN)
		return owner->uid == geteuid();
	return submission->has_message_id &&
	       sp_notifier_has_sent(session->service->notifier,
				    &submission->message_id);
}

/* False: a stranger, or ourselves. */
static bool find(const struct sp_session *session, struct sp_submitter *who_out)
{
	const struct sp_config *config = session->service->config;
	const struct sp_owner_fact *owner = sp_session_owner(session);

	if (sp_submitter_of_login(session->mail.login,
				  config->outbound.login_domain,
				  who_out) == SP_OK)
		return true;
	if (is_mtas_own(session))
		return false;
	if (!is_user(session))
		return find_network(session, who_out);
	if (is_our_notice(session))
		return false;
	sp_submitter_of_user(owner->state == SP_FACT_KNOWN ? owner->uid
							   : SP_UID_UNKNOWN,
			     who_out);
	return true;
}

static void note(struct sp_session *session,
		 const struct sp_submitter_standing *standing)
{
	const struct sp_submission *submission = &session->mail.submission;

	session->mail.submitter_fact = (struct sp_submitter_fact){
		.state = SP_FACT_KNOWN,
		.who = submission->who,
		.class = submission->class,
		.standing = *standing,
		.foreign_from = submission->foreign_from,
	};
}

/* What it has added, for it to be taken back if the mail does not go out. */
static void add_up(struct sp_submission *submission,
		   const struct sp_submitter_question *question)
{
	for (unsigned i = 0; i < SP_COUNTED_DISTINCT; i++)
		submission->added[i] += question->adds[i];
	if (submission->counted_ms == 0)
		submission->counted_ms = question->now_ms;
	if (question->recipient)
		sp_delivery_add(&submission->recipients, question->recipient);
}

/* False: a lock keeps it back. */
static bool ask(struct sp_session *session,
		struct sp_submitter_question *question, int64_t deadline_ms)
{
	struct sp_submission *submission = &session->mail.submission;
	const struct sp_submitter_books books =
		sp_service_books(session->service);
	struct sp_submitter_answer answer;

	question->submitter = submission->who->key;
	question->class = submission->class;
	question->now_ms = sp_clock_wall_ms(session->service->clock);
	if (sp_submitter_ask(&books, question, deadline_ms, &answer) != SP_OK)
		session->mail.degraded |= SP_DEGRADED_STORE;
	note(session, &answer.standing);
	if (answer.is_new)
		sp_session_note_news(session, question->submitter,
				     &answer.standing);
	if (answer.is_counted)
		add_up(submission, question);
	return answer.is_counted;
}

/* False: where it comes from says nothing new of its submitter. */
static bool has_place(const struct sp_session *session)
{
	return session->mail.submission.who->kind == SP_SUBMITTER_LOGIN &&
	       session->connection.client.family != SP_IP_NONE;
}

static const char *write_network(const struct sp_session *session,
				 char text_out[SP_NETWORK_TEXT_SIZE])
{
	const struct sp_greylist_config *config =
		&session->service->config->greylist;
	const struct sp_ip *client = &session->connection.client;
	struct sp_network network;

	sp_network_around(client,
			  client->family == SP_IP_4 ? config->ipv4_prefix
						    : config->ipv6_prefix,
			  &network);
	return sp_network_format(&network, text_out);
}

static const char *unless_empty(const char *text)
{
	return text[0] ? text : NULL;
}

/* The network is written into `network`, which must stay. */
static void add_place(struct sp_session *session,
		      struct sp_submitter_question *question,
		      char network[SP_NETWORK_TEXT_SIZE])
{
	struct sp_place *place = &session->mail.submission.place;

	sp_geo_find(session->service->geo, &session->connection.client, place);
	question->network = write_network(session, network);
	question->country = unless_empty(place->country);
	question->asn = unless_empty(place->asn);
}

/* The first that counts brings the message along, and where it comes from. */
static bool ask_for(struct sp_session *session, const char *recipient,
		    uint32_t recipients, int64_t deadline_ms)
{
	char network[SP_NETWORK_TEXT_SIZE];
	struct sp_submitter_question question = {
		.adds[SP_COUNTED_RECIPIENTS] = recipients,
		.recipient = recipient,
	};

	if (session->mail.submission.added[SP_COUNTED_MESSAGES] == 0) {
		question.adds[SP_COUNTED_MESSAGES] = 1;
		if (has_place(session))
			add_place(session, &question, network);
	}
	return ask(session, &question, deadline_ms);
}

/* Of mail whose submitter shows in the header, all at once; then its recipients
 * by name, for those that are new. */
static void ask_late(struct sp_session *session, int64_t deadline_ms)
{
	const struct sp_submission *submission = &session->mail.submission;

	if (!ask_for(session, NULL, submission->late_count, deadline_ms))
		return;
	for (const struct sp_late_recipient *late = submission->late; late;
	     late = late->next) {
		struct sp_submitter_question question = {
			.recipient = late->key,
		};

		if (!ask(session, &question, deadline_ms))
			return;
	}
}

void sp_submitter_at_mail(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_mail *mail = &session->mail;
	const struct sp_submitter_books books =
		sp_service_books(session->service);
	struct sp_submitter_standing standing;
	struct sp_submitter who;

	if (!session->service->config->outbound.is_enabled)
		return;
	mail->submission.is_late =
		session->connection.is_local && !mail->login[0];
	if (mail->submission.is_late || !find(session, &who))
		return;
	sp_session_note_submitter(session, &who);
	if (sp_submitter_look(&books, who.key,
			      sp_clock_wall_ms(session->service->clock),
			      deadline_ms, &standing) != SP_OK)
		mail->degraded |= SP_DEGRADED_STORE;
	note(session, &standing);
}

void sp_submitter_at_recipient(struct sp_session *session, int64_t deadline_ms)
{
	const struct sp_submission *submission = &session->mail.submission;

	if (submission->is_late)
		sp_submission_keep_recipient(session, session->recipient->key);
	else if (submission->who)
		(void)ask_for(session, session->recipient->key, 1, deadline_ms);
}

void sp_submitter_count_refused(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_submission *submission = &session->mail.submission;
	const struct sp_tally *tally = &session->mail.tally;
	uint32_t refused =
		tally->mta_unknown + tally->mta_relay + tally->mta_other;
	struct sp_submitter_question question = {
		.adds[SP_COUNTED_REFUSED] =
			refused - submission->refused_counted,
		.has_happened = true,
	};

	if (!submission->who || refused == submission->refused_counted)
		return;
	submission->refused_counted = refused;
	(void)ask(session, &question, deadline_ms);
}

/* In whose name is it written? */
static void count_foreign(struct sp_session *session, int64_t deadline_ms)
{
	const struct sp_outbound_config *config =
		&session->service->config->outbound;
	struct sp_mail *mail = &session->mail;
	const struct sp_own_from_question question = {
		.submitter = mail->submission.who,
		.login = mail->login,
		.login_domain = config->login_domain,
		.rule = config->own_from,
		.senders = config->senders,
		.from = mail->from,
	};
	struct sp_submitter_question adds = {
		.adds[SP_COUNTED_FOREIGN] = 1,
	};
	struct sp_own_from_fact fact;

	sp_own_from_judge(&question, &fact);
	if (fact.verdict != SP_OWN_FROM_FOREIGN)
		return;
	mail->submission.foreign_from =
		sp_arena_text(&mail->arena, fact.reason);
	mail->submitter_fact.foreign_from = mail->submission.foreign_from;
	(void)ask(session, &adds, deadline_ms);
}

void sp_submitter_at_end(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_submission *submission = &session->mail.submission;
	struct sp_submitter who;

	if (submission->is_late && !submission->who && find(session, &who)) {
		sp_session_note_submitter(session, &who);
		ask_late(session, deadline_ms);
	}
	if (submission->who)
		count_foreign(session, deadline_ms);
	sp_submitter_count_refused(session, deadline_ms);
}
