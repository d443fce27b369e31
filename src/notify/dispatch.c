#include "dispatch.h"

#include <string.h>
#include <unistd.h>

#include "letter.h"
#include "sallyport/config.h"
#include "sallyport/log.h"
#include "sallyport/text.h"

enum {
	WORDS_SIZE = SP_NOTIFY_WORDS_MAX + 1
};

/* What a header field can hold. The configuration's name, or the machine's. */
static void write_host(const struct sp_config *config,
		       char host_out[SP_DISPATCH_HOST_SIZE])
{
	sp_text_copy(host_out, SP_DISPATCH_HOST_SIZE, config->hostname);
	if (host_out[0] == '\0' &&
	    gethostname(host_out, SP_DISPATCH_HOST_SIZE - 1) != 0)
		sp_text_copy(host_out, SP_DISPATCH_HOST_SIZE, "localhost");
	for (char *c = host_out; *c != '\0'; c++)
		if (strspn(c, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == 0)
			*c = '-';
}

static void fill_words(const struct sp_notify_config *config,
		       enum sp_notice_way way, const char *words[WORDS_SIZE])
{
	const char *const mail[] = { config->sendmail, "-i", "-f", "<>", "--",
				     config->mail };
	size_t count = 0;

	if (way == SP_NOTICE_MAIL)
		for (; count < sizeof(mail) / sizeof(mail[0]); count++)
			words[count] = mail[count];
	else
		for (; count < sp_list_count(config->program); count++)
			words[count] =
				sp_list_get(config->program, count)->text;
	words[count] = NULL;
}

void sp_dispatch_init(struct sp_dispatch *dispatch, enum sp_notice_way way,
		      const struct sp_notice *notice,
		      const struct sp_config *config)
{
	char id[SP_ID_SIZE];
	struct sp_text text;

	dispatch->way = way;
	dispatch->notice = notice;
	dispatch->config = config;
	write_host(config, dispatch->host);
	sp_id_new(notice->at_ms, id);
	sp_text_init(&text, dispatch->message_id, sizeof(dispatch->message_id));
	sp_text_addf(&text, "%s@%s", id, dispatch->host);
}

enum sp_err sp_dispatch_start(const struct sp_dispatch *dispatch,
			      struct sp_run *run, struct sp_run_end *end_out)
{
	const struct sp_notify_config *config = &dispatch->config->notify;
	const char *words[WORDS_SIZE];
	const struct sp_letter letter = {
		.notice = dispatch->notice,
		.host = dispatch->host,
		.to = config->mail,
		.message_id = dispatch->message_id,
	};
	struct sp_run_order order = {
		.words = words,
		.timeout_ms = config->timeout_ms,
	};

	*end_out = (struct sp_run_end){ .how = "no memory" };
	fill_words(config, dispatch->way, words);
	order.input = dispatch->way == SP_NOTICE_MAIL ? sp_letter_mail(&letter)
						      : sp_letter_json(&letter);
	if (order.input == NULL)
		return SP_ERR_NO_MEMORY;
	return sp_run_start(run, &order, end_out);
}

void sp_dispatch_log(enum sp_notice_way way, const struct sp_notice *notice,
		     const struct sp_notice_result *result)
{
	bool is_good = result->stage == SP_NOTICE_GOOD;
	struct sp_log_event event;

	sp_log_event_begin(&event, is_good ? SP_LOG_INFO : SP_LOG_WARNING,
			   "notify");
	sp_log_event_text(&event, "way", sp_notice_way_name(way));
	sp_log_event_text(&event, "about", sp_letter_event(notice));
	if (notice->about == SP_NOTICE_SUBMITTER) {
		sp_log_event_text(&event, "submitter", notice->submitter);
		sp_log_event_text(
			&event, "state",
			sp_submitter_state_name(notice->standing.state));
	}
	sp_log_event_text(&event, "result",
			  sp_notice_stage_name(result->stage));
	sp_log_event_text(&event, "how", result->how);
	sp_log_event_number(&event, "ms", result->took_ms);
	if (result->output[0] != '\0')
		sp_log_event_text(&event, "output", result->output);
	sp_log_event_end(&event);
}
