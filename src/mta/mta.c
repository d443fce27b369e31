#include "sallyport/mta.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "wire.h"

enum {
	DEFAULT_TIMEOUT_MS = 30000
};

/* What the protocol says about one event. */
struct event_form {
	uint8_t letter;
	enum wire_stage stage; /* whose macros go before it */
	uint32_t step_no;      /* the milter does not want it */
	uint32_t step_mute;    /* the milter does not answer it */
};

static const struct event_form connect_form = { EVENT_CONNECT, STAGE_CONNECT,
						STEP_NO_CONNECT,
						STEP_MUTE_CONNECT };
static const struct event_form helo_form = { EVENT_HELO, STAGE_HELO,
					     STEP_NO_HELO, STEP_MUTE_HELO };
static const struct event_form mail_form = { EVENT_MAIL, STAGE_MAIL,
					     STEP_NO_MAIL, STEP_MUTE_MAIL };
static const struct event_form rcpt_form = { EVENT_RCPT, STAGE_RCPT,
					     STEP_NO_RCPT, STEP_MUTE_RCPT };
static const struct event_form data_form = { EVENT_DATA, STAGE_DATA,
					     STEP_NO_DATA, STEP_MUTE_DATA };
static const struct event_form header_form = { EVENT_HEADER, STAGE_NONE,
					       STEP_NO_HEADERS,
					       STEP_MUTE_HEADER };
static const struct event_form eoh_form = { EVENT_EOH, STAGE_EOH, STEP_NO_EOH,
					    STEP_MUTE_EOH };
static const struct event_form body_form = { EVENT_BODY, STAGE_NONE,
					     STEP_NO_BODY, STEP_MUTE_BODY };
static const struct event_form eom_form = { EVENT_EOM, STAGE_EOM, 0, 0 };
static const struct event_form unknown_form = { EVENT_UNKNOWN, STAGE_NONE,
						STEP_NO_UNKNOWN,
						STEP_MUTE_UNKNOWN };

bool sp_mta_is_refusal(const struct sp_mta_reply *reply)
{
	return reply->answer >= SP_MTA_TEMPFAIL;
}

const char *sp_mta_answer_name(enum sp_mta_answer answer)
{
	static const char *const names[] = {
		[SP_MTA_CONTINUE] = "continue", [SP_MTA_ACCEPT] = "accept",
		[SP_MTA_DISCARD] = "discard",	[SP_MTA_SKIP] = "skip",
		[SP_MTA_TEMPFAIL] = "tempfail", [SP_MTA_REJECT] = "reject",
		[SP_MTA_SHUTDOWN] = "shutdown",
	};

	return names[answer];
}

enum sp_err sp_client_complain(struct sp_mta *mta, const char *complaint)
{
	mta->complaint = complaint;
	return SP_ERR_PROTOCOL;
}

enum sp_err sp_mta_open(const struct sp_mta_options *options,
			struct sp_mta **mta_out)
{
	int64_t timeout_ms = options->timeout_ms > 0 ? options->timeout_ms
						     : DEFAULT_TIMEOUT_MS;
	struct sp_mta *mta;
	struct sp_link link;
	enum sp_err err;

	*mta_out = NULL;
	err = sp_link_open(&link, options->address, timeout_ms);
	if (err != SP_OK)
		return err;
	mta = calloc(1, sizeof *mta);
	if (!mta)
		abort();
	mta->link = link;
	mta->complaint = "";
	mta->offered = (struct sp_mta_agreement){
		.version = WIRE_VERSION,
		.actions = ACTION_ALL & ~options->lacks_actions,
		.steps = STEP_ALL & ~options->lacks_steps,
	};
	sp_macros_init(&mta->macros);
	err = sp_client_negotiate(mta);
	if (err != SP_OK) {
		mta->is_broken = true;
		sp_mta_close(&mta);
		return err;
	}
	*mta_out = mta;
	return SP_OK;
}

void sp_mta_close(struct sp_mta **mta)
{
	struct sp_mta *client = *mta;

	*mta = NULL;
	if (!client)
		return;
	if (!client->is_broken &&
	    sp_link_put(&client->link, EVENT_QUIT, NULL, 0) == SP_OK)
		(void)sp_link_flush(&client->link);
	sp_link_close(&client->link);
	free(client);
}

const struct sp_mta_agreement *sp_mta_agreement(const struct sp_mta *mta)
{
	return &mta->agreed;
}

const char *sp_mta_complaint(const struct sp_mta *mta)
{
	return mta->complaint;
}

const struct sp_mta_changes *sp_mta_changes(const struct sp_mta *mta)
{
	return &mta->changes;
}

enum sp_err sp_mta_set_macro(struct sp_mta *mta, const char *name,
			     const char *value)
{
	return sp_macros_set(&mta->macros, name, value);
}

/* After an error the two sides no longer agree on whose turn it is. */
static enum sp_err settle(struct sp_mta *mta, enum sp_err err)
{
	if (err != SP_OK && err != SP_ERR_TOO_LONG)
		mta->is_broken = true;
	return err;
}

static bool is_of_connection(uint8_t letter)
{
	return letter == EVENT_CONNECT || letter == EVENT_HELO;
}

/* Draw the consequences of a reply for the events to come. */
static void note_reply(struct sp_mta *mta, uint8_t letter,
		       const struct sp_mta_reply *reply)
{
	switch (reply->answer) {
	case SP_MTA_CONTINUE:
		break;
	case SP_MTA_ACCEPT:
	case SP_MTA_DISCARD:
		mta->state = is_of_connection(letter)
				     ? CLIENT_CONNECTION_DECIDED
				     : CLIENT_MAIL_DECIDED;
		break;
	case SP_MTA_SKIP:
		mta->skipped_event = letter;
		break;
	case SP_MTA_TEMPFAIL:
	case SP_MTA_REJECT:
	case SP_MTA_SHUTDOWN:
		if (!is_of_connection(letter) &&
		    reply->answer != SP_MTA_SHUTDOWN)
			break;
		mta->state = CLIENT_CONNECTION_REFUSED;
		mta->refusal = *reply;
		mta->refusal.was_asked = false;
		break;
	}
}

static void clear_reply(struct sp_mta_reply *reply_out)
{
	reply_out->answer = SP_MTA_CONTINUE;
	reply_out->was_asked = false;
	reply_out->is_own_text = false;
	reply_out->text[0] = '\0';
}

static enum sp_err send_event(struct sp_mta *mta, const struct event_form *form,
			      const struct sp_link_piece *pieces, size_t count)
{
	enum sp_err err = SP_OK;

	/* Postfix sends the macros of a stage also when the milter does not
	 * want the event itself. */
	if (form->stage != STAGE_NONE)
		err = sp_macros_put(&mta->macros, form->stage, form->letter,
				    &mta->link);
	if (err == SP_OK && !(mta->agreed.steps & form->step_no))
		err = sp_link_put(&mta->link, form->letter, pieces, count);
	return err;
}

/* One event, from what must not be sent to what the reply means. */
static enum sp_err play(struct sp_mta *mta, const struct event_form *form,
			const struct sp_link_piece *pieces, size_t count,
			struct sp_mta_reply *reply_out)
{
	enum sp_err err;

	clear_reply(reply_out);
	if (mta->is_broken)
		return SP_ERR_UNAVAILABLE;
	if (mta->state == CLIENT_CONNECTION_REFUSED)
		*reply_out = mta->refusal;
	if (mta->state != CLIENT_OPEN)
		return SP_OK;
	if (mta->skipped_event == form->letter)
		return SP_OK;
	mta->skipped_event = 0;

	err = send_event(mta, form, pieces, count);
	if (err != SP_OK ||
	    (mta->agreed.steps & (form->step_no | form->step_mute)))
		return settle(mta, err);
	err = sp_link_flush(&mta->link);
	if (err == SP_OK)
		err = sp_client_read_reply(mta, form->letter, reply_out);
	if (err == SP_OK)
		note_reply(mta, form->letter, reply_out);
	else
		clear_reply(reply_out);
	return settle(mta, err);
}

static struct sp_link_piece string_piece(const char *string)
{
	return (struct sp_link_piece){ string, strlen(string) + 1 };
}

enum sp_err sp_mta_connect(struct sp_mta *mta,
			   const struct sp_mta_client *client,
			   struct sp_mta_reply *reply_out)
{
	char address[SP_IP_TEXT_SIZE];
	uint8_t family[3] = { 'U', (uint8_t)(client->port >> 8),
			      (uint8_t)client->port };
	struct sp_link_piece pieces[3] = { string_piece(client->name),
					   { family, 1 } };
	size_t count = 2;

	if (client->ip.family != SP_IP_NONE) {
		family[0] = client->ip.family == SP_IP_4 ? '4' : '6';
		pieces[1].length = sizeof family;
		pieces[count++] =
			string_piece(sp_ip_format(&client->ip, address));
	}
	return play(mta, &connect_form, pieces, count, reply_out);
}

enum sp_err sp_mta_helo(struct sp_mta *mta, const char *name,
			struct sp_mta_reply *reply_out)
{
	struct sp_link_piece piece = string_piece(name);

	return play(mta, &helo_form, &piece, 1, reply_out);
}

/* A path with its ESMTP parameters. */
static enum sp_err play_path(struct sp_mta *mta, const struct event_form *form,
			     const char *path, const char *const *parameters,
			     struct sp_mta_reply *reply_out)
{
	enum {
		PARAMETERS_MAX = 15
	};
	struct sp_link_piece pieces[1 + PARAMETERS_MAX] = { string_piece(
		path) };
	size_t count = 1;

	for (; parameters && *parameters; parameters++) {
		if (count > PARAMETERS_MAX) {
			clear_reply(reply_out);
			return SP_ERR_TOO_LONG;
		}
		pieces[count++] = string_piece(*parameters);
	}
	return play(mta, form, pieces, count, reply_out);
}

enum sp_err sp_mta_mail(struct sp_mta *mta, const char *path,
			const char *const *parameters,
			struct sp_mta_reply *reply_out)
{
	mta->changes.count = 0;
	mta->changes.total = 0;
	mta->changes.body_bytes = 0;
	mta->changes.is_body_replaced = false;
	mta->change_length = 0;
	if (mta->state == CLIENT_MAIL_DECIDED)
		mta->state = CLIENT_OPEN;
	return play_path(mta, &mail_form, path, parameters, reply_out);
}

enum sp_err sp_mta_rcpt(struct sp_mta *mta, const char *path,
			const char *const *parameters,
			struct sp_mta_reply *reply_out)
{
	return play_path(mta, &rcpt_form, path, parameters, reply_out);
}

enum sp_err sp_mta_data(struct sp_mta *mta, struct sp_mta_reply *reply_out)
{
	return play(mta, &data_form, NULL, 0, reply_out);
}

enum sp_err sp_mta_header(struct sp_mta *mta, const char *name,
			  const char *value, struct sp_mta_reply *reply_out)
{
	struct sp_link_piece pieces[2];

	if (!(mta->agreed.steps & STEP_LEADING_SPACE) && *value == ' ')
		value++;
	pieces[0] = string_piece(name);
	pieces[1] = string_piece(value);
	return play(mta, &header_form, pieces, 2, reply_out);
}

enum sp_err sp_mta_eoh(struct sp_mta *mta, struct sp_mta_reply *reply_out)
{
	return play(mta, &eoh_form, NULL, 0, reply_out);
}

enum sp_err sp_mta_body(struct sp_mta *mta, const void *bytes, size_t length,
			struct sp_mta_reply *reply_out)
{
	enum sp_err err = SP_OK;

	clear_reply(reply_out);
	while (length > 0 && err == SP_OK &&
	       reply_out->answer == SP_MTA_CONTINUE) {
		struct sp_link_piece piece = { bytes, length };

		if (piece.length > WIRE_CHUNK_MAX)
			piece.length = WIRE_CHUNK_MAX;
		err = play(mta, &body_form, &piece, 1, reply_out);
		bytes = (const char *)bytes + piece.length;
		length -= piece.length;
	}
	return err;
}

enum sp_err sp_mta_eom(struct sp_mta *mta, struct sp_mta_reply *reply_out)
{
	enum sp_err err = play(mta, &eom_form, NULL, 0, reply_out);

	if (mta->state == CLIENT_MAIL_DECIDED)
		mta->state = CLIENT_OPEN;
	return err;
}

enum sp_err sp_mta_unknown(struct sp_mta *mta, const char *command,
			   struct sp_mta_reply *reply_out)
{
	struct sp_link_piece piece = string_piece(command);

	return play(mta, &unknown_form, &piece, 1, reply_out);
}

enum sp_err sp_mta_abort(struct sp_mta *mta)
{
	if (mta->is_broken)
		return SP_ERR_UNAVAILABLE;
	mta->skipped_event = 0;
	if (mta->state == CLIENT_MAIL_DECIDED)
		mta->state = CLIENT_OPEN;
	return settle(mta, sp_link_put(&mta->link, EVENT_ABORT, NULL, 0));
}

enum sp_err sp_mta_renew(struct sp_mta *mta)
{
	if (mta->is_broken)
		return SP_ERR_UNAVAILABLE;
	mta->skipped_event = 0;
	mta->state = CLIENT_OPEN;
	return settle(mta, sp_link_put(&mta->link, EVENT_QUIT_NC, NULL, 0));
}

enum sp_err sp_mta_flush(struct sp_mta *mta)
{
	if (mta->is_broken)
		return SP_ERR_UNAVAILABLE;
	return settle(mta, sp_link_flush(&mta->link));
}
