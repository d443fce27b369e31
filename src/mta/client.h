/*
 * client.h - the inside of a struct sp_mta.
 */
#ifndef SP_MTA_CLIENT_H
#define SP_MTA_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link.h"
#include "macros.h"
#include "sallyport/mta.h"

enum {
	CHANGE_BYTES = 32768
};

/* How far the milter has made up its mind. */
enum client_state {
	CLIENT_OPEN,
	CLIENT_MAIL_DECIDED,	   /* accept, discard: not this mail */
	CLIENT_CONNECTION_DECIDED, /* not this connection */
	CLIENT_CONNECTION_REFUSED  /* `refusal` is the answer to all */
};

struct sp_mta {
	struct sp_link link;
	bool is_broken;
	const char *complaint;
	struct sp_mta_agreement offered;
	struct sp_mta_agreement agreed;
	enum client_state state;
	uint8_t skipped_event; /* 0 = none */
	struct sp_mta_reply refusal;
	struct macros macros;
	struct sp_mta_changes changes;
	char change_bytes[CHANGE_BYTES]; /* the strings of `changes` */
	size_t change_length;
};

/* Offer, and read what the milter makes of it (negotiate.c). */
enum sp_err sp_client_negotiate(struct sp_mta *mta);

/* Read packets until one answers `event` (reply.c). */
enum sp_err sp_client_read_reply(struct sp_mta *mta, uint8_t event,
				 struct sp_mta_reply *reply_out);

/* Keep one modification (change.c). SP_ERR_PROTOCOL with a complaint when it
 * is none, or none that was agreed upon. */
enum sp_err sp_client_note_change(struct sp_mta *mta,
				  const struct sp_link_packet *packet);

/* Remember what the milter did wrong; returns SP_ERR_PROTOCOL. */
enum sp_err sp_client_complain(struct sp_mta *mta, const char *complaint);

#endif
