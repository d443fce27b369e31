/* A submitter has come into a state that somebody is to be told of. */
#include "sallyport/record.h"

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/counters.h"
#include "sallyport/log.h"
#include "sallyport/notify.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/text.h"

enum {
	WHY_SIZE = 224
};

static void count(enum sp_submitter_state state)
{
	static const enum sp_counter counters[] = {
		[SP_SUBMITTER_WATCH] = SP_COUNT_SUBMITTERS_WATCHED,
		[SP_SUBMITTER_HOLD] = SP_COUNT_SUBMITTERS_HELD,
		[SP_SUBMITTER_LOCKED] = SP_COUNT_SUBMITTERS_LOCKED,
	};

	if (state != SP_SUBMITTER_OK)
		sp_count(counters[state]);
}

static void write_line(const struct sp_session *session,
		       const struct sp_submitter_news *news)
{
	const struct sp_submitter_standing *standing = &news->standing;
	char client[SP_IP_TEXT_SIZE], why[WHY_SIZE];
	struct sp_log_event event;
	struct sp_text text;

	sp_text_init(&text, why, sizeof(why));
	sp_submitter_why_write(&standing->why, &text);
	sp_log_event_begin(&event, SP_LOG_WARNING, "submitter");
	sp_log_event_text(&event, "submitter", news->submitter);
	sp_log_event_text(&event, "state",
			  sp_submitter_state_name(standing->state));
	sp_log_event_text(&event, "mode",
			  standing->is_observed ? "observe" : "enforce");
	sp_log_event_text(&event, "why", why);
	sp_log_event_number(&event, "seconds",
			    (standing->until_ms - standing->since_ms) / 1000);
	sp_log_event_text(&event, "id", session->mail.id);
	sp_log_event_text(&event, "client",
			  sp_ip_format(&session->connection.client, client));
	sp_log_event_end(&event);
}

static void tell(const struct sp_session *session,
		 const struct sp_submitter_news *news)
{
	struct sp_notice notice = {
		.about = SP_NOTICE_SUBMITTER,
		.at_ms = sp_clock_wall_ms(session->service->clock),
		.standing = news->standing,
	};

	sp_text_copy(notice.submitter, sizeof(notice.submitter),
		     news->submitter);
	sp_text_copy(notice.mail_id, sizeof(notice.mail_id), session->mail.id);
	sp_text_copy(notice.queue_id, sizeof(notice.queue_id),
		     session->mail.queue_id);
	sp_ip_format(&session->connection.client, notice.client);
	(void)sp_notify(session->service->notifier, &notice);
}

/* The first first. */
static struct sp_submitter_news *turn_round(struct sp_submitter_news *news)
{
	struct sp_submitter_news *turned = NULL;

	while (news) {
		struct sp_submitter_news *next = news->next;

		news->next = turned;
		turned = news;
		news = next;
	}
	return turned;
}

void sp_record_news(struct sp_session *session)
{
	const struct sp_submitter_news *news = turn_round(session->mail.news);

	for (; news; news = news->next) {
		count(news->standing.state);
		write_line(session, news);
		tell(session, news);
	}
	session->mail.news = NULL;
}
