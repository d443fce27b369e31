#include "client.h"

#include <string.h>

#include "sallyport/clock.h"
#include "sallyport/text.h"
#include "wire.h"

/* The replies of one letter, with what Postfix tells the SMTP client. */
static const struct plain_reply {
	uint8_t letter;
	enum sp_mta_answer answer;
	const char *text;
} plain_replies[] = {
	{ REPLY_CONTINUE, SP_MTA_CONTINUE, "" },
	{ REPLY_ACCEPT, SP_MTA_ACCEPT, "" },
	{ REPLY_DISCARD, SP_MTA_DISCARD, "" },
	{ REPLY_SKIP, SP_MTA_SKIP, "" },
	{ REPLY_TEMPFAIL, SP_MTA_TEMPFAIL,
	  "451 4.7.1 Service unavailable - try again later" },
	{ REPLY_REJECT, SP_MTA_REJECT, "550 5.7.1 Command rejected" },
	{ REPLY_SHUTDOWN, SP_MTA_SHUTDOWN,
	  "421 4.3.2 Service currently unavailable" },
	{ REPLY_CONNECTION_FAIL, SP_MTA_SHUTDOWN,
	  "421 4.3.2 Service currently unavailable" },
};

static const struct plain_reply *plain_reply_of(uint8_t letter)
{
	for (size_t i = 0; i < sizeof plain_replies / sizeof plain_replies[0];
	     i++)
		if (plain_replies[i].letter == letter)
			return &plain_replies[i];
	return NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Milters write a percent sign twice; MTAs take one away. */
static void add_unescaped(struct sp_text *text, const char *data, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (data[i] == '%' && i + 1 < length && data[i + 1] == '%')
			i++;
		sp_text_add_bytes(text, &data[i], 1);
	}
}

/* "451 4.7.1 ...", lines parted by CR LF, one NUL at the end. */
static enum sp_err take_own_text(struct sp_mta *mta,
				 const struct sp_link_packet *packet,
				 struct sp_mta_reply *reply_out)
{
	const char *data = packet->data;
	struct sp_text text;
	size_t length = packet->length;

	if (length < 4 || memchr(data, '\0', length) != data + length - 1)
		return sp_client_complain(mta, "a reply text without its end");
	if ((data[0] != '4' && data[0] != '5') || !is_digit(data[1]) ||
	    !is_digit(data[2]) ||
	    (data[3] != ' ' && data[3] != '-' && data[3] != '\0'))
		return sp_client_complain(mta,
					  "a reply text that is no 4xx, 5xx");
	length--;
	while (length > 3 &&
	       (data[length - 1] == '\n' || data[length - 1] == '\r'))
		length--;
	sp_text_init(&text, reply_out->text, sizeof reply_out->text);
	add_unescaped(&text, data, length);
	reply_out->is_own_text = true;
	reply_out->answer = data[0] == '4' ? SP_MTA_TEMPFAIL : SP_MTA_REJECT;
	if (memcmp(data, "421", 3) == 0)
		reply_out->answer = SP_MTA_SHUTDOWN;
	return SP_OK;
}

/* One packet that ends the waiting. */
static enum sp_err take_reply(struct sp_mta *mta,
			      const struct sp_link_packet *packet,
			      struct sp_mta_reply *reply_out)
{
	const struct plain_reply *plain = plain_reply_of(packet->letter);

	if (packet->letter == REPLY_CODE)
		return take_own_text(mta, packet, reply_out);
	if (!plain)
		return sp_client_complain(mta,
					  "a reply that has no place here");
	if (packet->length > 0)
		return sp_client_complain(mta,
					  "a reply with too much behind it");
	if (plain->answer == SP_MTA_SKIP && !(mta->agreed.steps & STEP_SKIP))
		return sp_client_complain(mta, "SKIP, not agreed upon");
	reply_out->answer = plain->answer;
	strcpy(reply_out->text, plain->text);
	return SP_OK;
}

/* Whether the letter may come before the reply to end of message. */
static bool is_change(uint8_t letter)
{
	return letter != '\0' && strchr("+-2behimq", letter) != NULL;
}

enum sp_err sp_client_read_reply(struct sp_mta *mta, uint8_t event,
				 struct sp_mta_reply *reply_out)
{
	int64_t deadline_ms = sp_clock_mono_ms() + mta->link.timeout_ms;
	unsigned progress = 0;

	for (;;) {
		struct sp_link_packet packet;
		enum sp_err err;

		err = sp_link_read(&mta->link, deadline_ms, &packet);
		if (err == SP_ERR_PROTOCOL)
			return sp_client_complain(mta,
						  "a packet of bad length");
		if (err != SP_OK)
			return err;
		if (packet.letter == REPLY_PROGRESS && packet.length == 0) {
			if (++progress > SP_MTA_PROGRESS_MAX)
				return sp_client_complain(mta,
							  "endless progress");
			deadline_ms = sp_clock_mono_ms() + mta->link.timeout_ms;
		} else if (event == EVENT_EOM && is_change(packet.letter)) {
			err = sp_client_note_change(mta, &packet);
			if (err != SP_OK)
				return err;
		} else {
			reply_out->was_asked = true;
			return take_reply(mta, &packet, reply_out);
		}
	}
}
