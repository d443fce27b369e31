#include "letter.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sallyport/notify.h"
#include "sallyport/text.h"

enum {
	DATE_SIZE = 40,
	WORDS_SIZE = 1024,
	/* A notice's texts are capped: no mail comes near it. */
	MAIL_SIZE = 8192
};

const char *sp_letter_event(const struct sp_notice *notice)
{
	return notice->about == SP_NOTICE_TEST ? "test" : "submitter";
}

static void write_why(const struct sp_notice *notice, char words[WORDS_SIZE])
{
	char raw[WORDS_SIZE / 4];
	struct sp_text text;

	sp_text_init(&text, raw, sizeof(raw));
	sp_submitter_why_write(&notice->standing.why, &text);
	sp_text_init(&text, words, WORDS_SIZE);
	sp_text_add_safe(&text, raw, strlen(raw), NULL);
}

/* --- JSON ------------------------------------------------------------------ */

static void put(json_t *object, const char *key, const char *value)
{
	char safe[WORDS_SIZE];
	struct sp_text text;

	sp_text_init(&text, safe, sizeof(safe));
	sp_text_add_safe(&text, value, strlen(value), NULL);
	json_object_set_new(object, key, json_string(safe));
}

static void put_unless_empty(json_t *object, const char *key, const char *value)
{
	if (value[0] != '\0')
		put(object, key, value);
}

/* RFC 3339, UTC; nothing when it is not known. */
static void put_time(json_t *object, const char *key, int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	char date[DATE_SIZE];
	struct tm parts;

	if (wall_ms <= 0 || gmtime_r(&seconds, &parts) == NULL)
		return;
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &parts);
	json_object_set_new(object, key, json_string(date));
}

static json_t *cause(const struct sp_submitter_why *why)
{
	json_t *object = json_object();

	put(object, "kind",
	    why->cause == SP_CAUSE_NONE ? "unknown"
					: sp_submitter_cause_name(why->cause));
	if (why->cause != SP_CAUSE_LIMIT && why->cause != SP_CAUSE_UNUSUAL)
		return object;
	put(object, "counted", sp_counted_name(why->counted));
	json_object_set_new(object, "count", json_integer(why->count));
	json_object_set_new(object, "most", json_integer(why->most));
	json_object_set_new(object, "window_sec",
			    json_integer(why->window_ms / 1000));
	return object;
}

static void put_submitter(json_t *object, const struct sp_notice *notice)
{
	const struct sp_submitter_standing *standing = &notice->standing;
	char words[WORDS_SIZE];

	write_why(notice, words);
	put(object, "submitter", notice->submitter);
	put(object, "state", sp_submitter_state_name(standing->state));
	put_time(object, "since", standing->since_ms);
	put_time(object, "until", standing->until_ms);
	json_object_set_new(object, "is_observed",
			    json_boolean(standing->is_observed));
	put(object, "why", words);
	json_object_set_new(object, "cause", cause(&standing->why));
	put_unless_empty(object, "mail", notice->mail_id);
	put_unless_empty(object, "queue", notice->queue_id);
	put_unless_empty(object, "client", notice->client);
}

char *sp_letter_json(const struct sp_letter *letter)
{
	const struct sp_notice *notice = letter->notice;
	json_t *object = json_object();
	char *compact, *line;

	put(object, "event", sp_letter_event(notice));
	put_time(object, "time", notice->at_ms);
	put(object, "host", letter->host);
	if (notice->about == SP_NOTICE_SUBMITTER)
		put_submitter(object, notice);
	compact = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER |
					     JSON_ENSURE_ASCII);
	json_decref(object);
	if (compact == NULL)
		return NULL;
	line = realloc(compact, strlen(compact) + 2);
	if (line == NULL)
		free(compact);
	else
		strcat(line, "\n");
	return line;
}

/* --- mail ------------------------------------------------------------------ */

/* "Sun, 22 Nov 2026 03:50:45 +0000", in no locale. */
static const char *write_date(int64_t wall_ms, char date_out[DATE_SIZE])
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed",
					"Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr",
					  "May", "Jun", "Jul", "Aug",
					  "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm parts = { .tm_mday = 1 };
	struct sp_text text;

	gmtime_r(&seconds, &parts);
	sp_text_init(&text, date_out, DATE_SIZE);
	sp_text_addf(&text, "%s, %d %s %d %02d:%02d:%02d +0000",
		     days[parts.tm_wday], parts.tm_mday, months[parts.tm_mon],
		     parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
		     parts.tm_sec);
	return date_out;
}

static const char *subject_of(const struct sp_notice *notice)
{
	if (notice->about == SP_NOTICE_TEST)
		return "a test of notices";
	switch (notice->standing.state) {
	case SP_SUBMITTER_WATCH:
		return "is watched";
	case SP_SUBMITTER_HOLD:
		return "is held";
	case SP_SUBMITTER_LOCKED:
		return "is locked";
	case SP_SUBMITTER_OK:
		break;
	}
	return "is free again";
}

static void add_head(const struct sp_letter *letter, struct sp_text *out)
{
	const struct sp_notice *notice = letter->notice;
	char date[DATE_SIZE];

	sp_text_addf(out, "From: sallyport <sallyport@%s>\nTo: <%s>\n",
		     letter->host, letter->to);
	sp_text_add(out, "Subject: [sallyport] ");
	if (notice->about == SP_NOTICE_SUBMITTER) {
		sp_text_add_safe(out, notice->submitter,
				 strlen(notice->submitter), NULL);
		sp_text_add(out, " ");
	}
	sp_text_addf(out,
		     "%s\nDate: %s\nMessage-ID: <%s>\n"
		     "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"
		     "Content-Type: text/plain; charset=us-ascii\n"
		     "Content-Transfer-Encoding: 7bit\n\n",
		     subject_of(notice), write_date(notice->at_ms, date),
		     letter->message_id);
}

/* Behind "its". */
static const char *effect_of(enum sp_submitter_state state)
{
	switch (state) {
	case SP_SUBMITTER_WATCH:
		return "mail goes out, and is marked.";
	case SP_SUBMITTER_HOLD:
		return "mail is kept in the mail server's queue.";
	case SP_SUBMITTER_LOCKED:
		return "mail is not taken.";
	case SP_SUBMITTER_OK:
		break;
	}
	return "mail goes out.";
}

static void add_effect(const struct sp_submitter_standing *standing,
		       struct sp_text *out)
{
	bool is_idle =
		standing->is_observed && standing->state > SP_SUBMITTER_WATCH;

	if (is_idle)
		sp_text_add(out, "Nothing is done about it, for outbound.mode "
				 "observes. If it enforced:\n");
	sp_text_addf(out, "%s %s\n\n", is_idle ? "its" : "Its",
		     effect_of(standing->state));
}

static void add_row(struct sp_text *out, const char *label, const char *value)
{
	if (value[0] == '\0')
		return;
	sp_text_addf(out, "  %-8s ", label);
	sp_text_add_safe(out, value, strlen(value), NULL);
	sp_text_add(out, "\n");
}

/* As a shell takes it: whoever names himself "x;reboot" shall not find his
 * command copied from our mail. A key holds no single quote. */
static void add_quoted(struct sp_text *out, const char *submitter)
{
	sp_text_add(out, "'");
	sp_text_add_safe(out, submitter, strlen(submitter), "'");
	sp_text_add(out, "'\n");
}

static void add_submitter(const struct sp_letter *letter, struct sp_text *out)
{
	const struct sp_notice *notice = letter->notice;
	const struct sp_submitter_standing *standing = &notice->standing;
	char words[WORDS_SIZE], date[DATE_SIZE];

	write_why(notice, words);
	sp_text_add_safe(out, notice->submitter, strlen(notice->submitter),
			 NULL);
	sp_text_addf(out, " %s.\n", subject_of(notice));
	add_effect(standing, out);
	add_row(out, "why", words);
	add_row(out, "since", write_date(standing->since_ms, date));
	if (standing->until_ms > 0)
		add_row(out, "until", write_date(standing->until_ms, date));
	add_row(out, "mail", notice->mail_id);
	add_row(out, "queue", notice->queue_id);
	add_row(out, "client", notice->client);
	add_row(out, "machine", letter->host);
	sp_text_add(out, "\nWhat it has sent, and from where:\n"
			 "  sallyport user show ");
	add_quoted(out, notice->submitter);
	sp_text_add(out, "Once its cause is gone (a stolen password is "
			 "changed, say), let it send again:\n"
			 "  sallyport user release ");
	add_quoted(out, notice->submitter);
}

static void add_test(const struct sp_letter *letter, struct sp_text *out)
{
	sp_text_addf(out,
		     "This is a test: sallyport on %s can reach you.\n"
		     "Nothing has happened.\n",
		     letter->host);
}

char *sp_letter_mail(const struct sp_letter *letter)
{
	char *bytes = malloc(MAIL_SIZE);
	struct sp_text text;

	if (bytes == NULL)
		return NULL;
	sp_text_init(&text, bytes, MAIL_SIZE);
	add_head(letter, &text);
	if (letter->notice->about == SP_NOTICE_TEST)
		add_test(letter, &text);
	else
		add_submitter(letter, &text);
	return bytes;
}
