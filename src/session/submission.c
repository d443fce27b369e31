#include "sallyport/submission.h"

#include <string.h>

#include "sallyport/config.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/text.h"

void sp_session_note_submitter(struct sp_session *session,
			       const struct sp_submitter *who)
{
	const struct sp_config *config = session->service->config;
	struct sp_submission *submission = &session->mail.submission;

	submission->whoever = *who;
	submission->who = &submission->whoever;
	submission->class = sp_classes_find(config->outbound.classes, who);
}

void sp_session_note_news(struct sp_session *session, const char *submitter,
			  const struct sp_submitter_standing *standing)
{
	struct sp_mail *mail = &session->mail;
	struct sp_submitter_news *news =
		sp_arena_alloc(&mail->arena, sizeof(*news));
	const char *key = sp_arena_text(&mail->arena, submitter);

	if (!news || !key)
		return;
	*news = (struct sp_submitter_news){
		.next = mail->news,
		.submitter = key,
		.standing = *standing,
	};
	mail->news = news;
}

void sp_submission_keep_recipient(struct sp_session *session, const char *key)
{
	struct sp_mail *mail = &session->mail;
	struct sp_submission *submission = &mail->submission;
	struct sp_late_recipient *late;

	submission->late_count++;
	/* Half is left for what is still to come of this mail. */
	if (mail->arena.used_bytes > SP_MAIL_LIMIT / 2)
		return;
	late = sp_arena_alloc(&mail->arena, sizeof(*late));
	if (!late)
		return;
	late->key = sp_arena_text(&mail->arena, key);
	if (!late->key)
		return;
	late->next = submission->late;
	submission->late = late;
}

static bool goes_out(const struct sp_submission *submission)
{
	return submission->who || submission->is_late;
}

/* Whatever comes next is hashed with what came before as its key. */
static void chain(struct sp_submission *submission, const void *bytes,
		  size_t length)
{
	struct sp_hash_key key;

	memcpy(key.bytes, submission->content.bytes, sizeof(key.bytes));
	sp_hash_make(&key, bytes, length, &submission->content);
}

/* <20261122.4bXyZ12@mx.here.example> of Postfix and Sendmail alike. */
static bool is_made_here(const char *value, const char *own_name)
{
	const char *at = strrchr(value, '@');
	size_t length = strlen(own_name);

	return at && length > 0 && sp_text_starts(at + 1, own_name) &&
	       strchr("> \t\r\n", at[1 + length]);
}

static void note_message_id(struct sp_session *session, const char *value)
{
	struct sp_submission *submission = &session->mail.submission;

	if (submission->has_message_id)
		return;
	submission->has_message_id =
		sp_message_id_hash(value, &submission->message_id);
	/* Of fields without an id there may be many. */
	if (submission->has_message_id &&
	    is_made_here(value, session->connection.own_name))
		submission->made_here =
			sp_arena_copy(&session->mail.arena, value,
				      strnlen(value, SP_MESSAGE_ID_TEXT_MAX));
}

/* What an MTA writes anew at each try. */
static bool is_of_this_try(const char *name)
{
	static const char *const names[] = { "Received", "Message-ID", "Date",
					     "X-Sallyport-Local" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (sp_text_equals(name, names[i]))
			return true;
	return false;
}

void sp_submission_note_header(struct sp_session *session, const char *name,
			       const char *value)
{
	struct sp_submission *submission = &session->mail.submission;

	if (!goes_out(submission))
		return;
	if ((name[0] | 0x20) == 'm' && sp_text_equals(name, "Message-ID"))
		note_message_id(session, value);
	if (is_of_this_try(name))
		return;
	chain(submission, name, strlen(name));
	chain(submission, value, strlen(value));
}

void sp_submission_note_body(struct sp_session *session,
			     const unsigned char *bytes, size_t length)
{
	struct sp_submission *submission = &session->mail.submission;

	if (goes_out(submission) &&
	    (submission->made_here || !submission->has_message_id))
		chain(submission, bytes, length);
}

bool sp_submission_is_made_now(const struct sp_session *session)
{
	const struct sp_submission *submission = &session->mail.submission;
	const char *queue_id = session->mail.queue_id;

	if (!submission->has_message_id)
		return true;
	return submission->made_here && queue_id[0] &&
	       strstr(submission->made_here, queue_id);
}
