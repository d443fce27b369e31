/*
 * What a mail that goes out has counted for stands, if it went out: then it is
 * remembered, for its bounces and its retries. If it did not, it is taken back.
 */
#include "sallyport/record.h"

#include "sallyport/check.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

static struct sp_submitter_mail mail_of(const struct sp_submission *submission)
{
	struct sp_submitter_mail mail = {
		.submitter = submission->who->key,
		.class = submission->class,
		.counted_ms = submission->counted_ms,
		.id = submission->content,
		.recipients = submission->recipients,
	};

	for (unsigned i = 0; i < SP_COUNTED_DISTINCT; i++)
		mail.added[i] = submission->added[i];
	/* These were refused, whatever becomes of the mail. */
	mail.added[SP_COUNTED_REFUSED] = 0;
	return mail;
}

/* Its bounces come under the Message-ID that it bears now. A retry under another
 * one is told by what is in it; what is told by both is taken back once. */
static enum sp_err note_sent(const struct sp_submitter_books *books,
			     const struct sp_session *session,
			     int64_t deadline_ms)
{
	const struct sp_submission *submission = &session->mail.submission;
	struct sp_submitter_mail mail = mail_of(submission);
	enum sp_err err = SP_OK;
	bool is_again = false;

	if (submission->has_message_id) {
		mail.id = submission->message_id;
		err = sp_submitter_sent(books, &mail, deadline_ms, &is_again);
	}
	if (err != SP_OK || is_again || !sp_submission_is_made_now(session))
		return err;
	mail.id = submission->content;
	return sp_submitter_sent(books, &mail, deadline_ms, &is_again);
}

void sp_record_submission(struct sp_session *session)
{
	const struct sp_service *service = session->service;
	const struct sp_mail *mail = &session->mail;
	const struct sp_submitter_books books = sp_service_books(service);
	int64_t deadline_ms =
		sp_clock_mono_ms() + service->config->budget.callback_ms;
	struct sp_submitter_mail counted;

	if (!mail->submission.who)
		return;
	sp_submitter_count_refused(session, deadline_ms);
	if (mail->submission.added[SP_COUNTED_RECIPIENTS] == 0)
		return;
	if (mail->was_answered && mail->tally.accepted > 0) {
		(void)note_sent(&books, session, deadline_ms);
		return;
	}
	counted = mail_of(&mail->submission);
	(void)sp_submitter_take_back(&books, &counted, deadline_ms);
}
