/*
 * mta.h - the MTA's side of the milter protocol: a small synchronous client.
 *
 * It plays Postfix to a milter, for `sallyport try`, the tests and the bench:
 * real option negotiation (version 6), the macro lists that the milter asked
 * for (Postfix's defaults for the stages it left alone), steps it does not
 * want left out, no waiting where it gives no reply, SKIP honoured.
 *
 *   sp_mta_open
 *     sp_mta_connect  sp_mta_helo
 *       sp_mta_mail  sp_mta_rcpt...  sp_mta_data
 *         sp_mta_header...  sp_mta_eoh  sp_mta_body...  sp_mta_eom
 *       sp_mta_mail ...                  the next mail, or sp_mta_abort
 *   sp_mta_close
 *
 * Writing:  an event that gets no reply is only put into the buffer; it goes
 *           out with the next event that does (one write for all headers and
 *           the body), or with sp_mta_flush. Nothing is allocated per event.
 * Decided:  an accept or discard ends the mail (at connect or HELO: the
 *           connection) for the milter: later events are not sent and answered
 *           with CONTINUE. A refusal at connect or HELO is kept and given for
 *           every later event, as Postfix does. What to do after a refusal at
 *           MAIL or RCPT is the caller's, as it is smtpd's.
 * Failure:  SP_ERR_TIMEOUT, SP_ERR_IO (the milter closed), SP_ERR_PROTOCOL (it
 *           said what it may not say; sp_mta_complaint says what). From then
 *           on the client is broken: SP_ERR_UNAVAILABLE for every call.
 *           SP_ERR_TOO_LONG (an event over 64 KiB) leaves it whole.
 * Bounds:   packets 64 KiB; an event waits `timeout_ms` (the last read may
 *           take as long again), and anew for each of at most
 *           SP_MTA_PROGRESS_MAX signs of progress.
 * Threads:  one thread at a time per client.
 * Standard: the milter protocol as Sendmail 8.14 and Postfix 2.6 speak it.
 */
#ifndef SALLYPORT_MTA_H
#define SALLYPORT_MTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"
#include "sallyport/ip.h"

struct sp_mta;

enum {
	SP_MTA_TEXT_SIZE = 2048,
	SP_MTA_CHANGES_MAX = 256,
	SP_MTA_PROGRESS_MAX = 100,
	SP_MTA_MACROS_MAX = 96
};

struct sp_mta_options {
	/* "unix:/path", "local:/path", "/path", "inet:port[@host]",
	 * "inet6:port[@host]"; a host may stand in []. */
	const char *address;
	int64_t timeout_ms; /* for connecting and for each event; 0 = 30 s */
	/* Bits of SMFIF_* and SMFIP_* that this MTA does not have. */
	uint32_t lacks_actions;
	uint32_t lacks_steps;
};

/* What was agreed upon: the wire's SMFIF_* and SMFIP_* bits. */
struct sp_mta_agreement {
	uint32_t version;
	uint32_t actions;
	uint32_t steps;
};

struct sp_mta_client {
	const char
		*name;	 /* as the MTA writes it: "mx.example", "[192.0.2.1]" */
	struct sp_ip ip; /* family NONE: "unknown" to the milter */
	uint16_t port;
};

enum sp_mta_answer {
	SP_MTA_CONTINUE,
	SP_MTA_ACCEPT,
	SP_MTA_DISCARD,
	SP_MTA_SKIP,	 /* no more events of this kind, please */
	SP_MTA_TEMPFAIL, /* 4xx */
	SP_MTA_REJECT,	 /* 5xx */
	SP_MTA_SHUTDOWN	 /* 421: the MTA closes the connection */
};

struct sp_mta_reply {
	enum sp_mta_answer answer;
	bool was_asked;	  /* the milter was waited for and said this itself */
	bool is_own_text; /* the milter's words, not the MTA's default */
	/* What the SMTP client is told, "" for CONTINUE, ACCEPT, DISCARD and
	 * SKIP. Lines are parted by CR LF, there is none at the end; cut when
	 * too long. */
	char text[SP_MTA_TEXT_SIZE];
};

/* Whether it keeps the SMTP client from going on: 4xx, 5xx. */
bool sp_mta_is_refusal(const struct sp_mta_reply *reply);

/* "continue", "reject"... */
const char *sp_mta_answer_name(enum sp_mta_answer answer);

enum sp_mta_change_kind {
	SP_MTA_ADD_HEADER,
	SP_MTA_INSERT_HEADER, /* `index` 0 = on top */
	SP_MTA_CHANGE_HEADER, /* `index` 1 = first of that name; "" deletes */
	SP_MTA_ADD_RECIPIENT, /* name = address, value = ESMTP parameters */
	SP_MTA_DELETE_RECIPIENT,
	SP_MTA_CHANGE_SENDER, /* name = address, value = ESMTP parameters */
	SP_MTA_QUARANTINE     /* name = reason */
};

struct sp_mta_change {
	enum sp_mta_change_kind kind;
	uint32_t index;
	const char *name;
	const char *value; /* never NULL */
};

/* What the milter asked for at end of message, in its order. */
struct sp_mta_changes {
	size_t count;	     /* in list[] */
	size_t total;	     /* of all; above `count` when some were not kept */
	uint64_t body_bytes; /* of the new body */
	bool is_body_replaced;
	struct sp_mta_change list[SP_MTA_CHANGES_MAX];
};

/*
 * Dial and negotiate. SP_ERR_SYNTAX: no such kind of address;
 * SP_ERR_NOT_FOUND: the host has no address; SP_ERR_SYSTEM: errno says why
 * nobody answers; the failures above for the negotiation. *mta_out is NULL
 * unless SP_OK.
 */
enum sp_err sp_mta_open(const struct sp_mta_options *options,
			struct sp_mta **mta_out);

/* Says QUIT if it can, and closes. NULL inside is fine. */
void sp_mta_close(struct sp_mta **mta);

const struct sp_mta_agreement *sp_mta_agreement(const struct sp_mta *mta);

/* What the milter did wrong; a constant sentence, "" for nothing. */
const char *sp_mta_complaint(const struct sp_mta *mta);

/*
 * Give a macro its value from now on: "i", "{client_addr}", "client_addr".
 * The value is borrowed until it is set anew or the client closed; NULL takes
 * it away. A value that the milter wants at no stage is never sent.
 * SP_ERR_TOO_LONG: more than SP_MTA_MACROS_MAX names, or a name over 60 bytes.
 */
enum sp_err sp_mta_set_macro(struct sp_mta *mta, const char *name,
			     const char *value);

/* The events. `reply_out` is CONTINUE with was_asked false where the milter
 * gives no reply or does not want the event; on failure too. */
enum sp_err sp_mta_connect(struct sp_mta *mta,
			   const struct sp_mta_client *client,
			   struct sp_mta_reply *reply_out);
enum sp_err sp_mta_helo(struct sp_mta *mta, const char *name,
			struct sp_mta_reply *reply_out);

/* `path` as the client wrote it, with its <>. `parameters`: ESMTP parameters
 * ("SIZE=200") ending with NULL; may be NULL. */
enum sp_err sp_mta_mail(struct sp_mta *mta, const char *path,
			const char *const *parameters,
			struct sp_mta_reply *reply_out);
enum sp_err sp_mta_rcpt(struct sp_mta *mta, const char *path,
			const char *const *parameters,
			struct sp_mta_reply *reply_out);
enum sp_err sp_mta_data(struct sp_mta *mta, struct sp_mta_reply *reply_out);

/* `value` is all that stands behind the colon, its first space included,
 * folds written "\n" and the white space that follows. */
enum sp_err sp_mta_header(struct sp_mta *mta, const char *name,
			  const char *value, struct sp_mta_reply *reply_out);
enum sp_err sp_mta_eoh(struct sp_mta *mta, struct sp_mta_reply *reply_out);

/* Any length; sent in pieces of at most 65,535 bytes. Lines end in CR LF.
 * The reply is the first that is no CONTINUE; the rest is then not sent. */
enum sp_err sp_mta_body(struct sp_mta *mta, const void *bytes, size_t length,
			struct sp_mta_reply *reply_out);

/* The mail is over for the milter, whatever it answers. */
enum sp_err sp_mta_eom(struct sp_mta *mta, struct sp_mta_reply *reply_out);

/* An SMTP command that the MTA does not know. */
enum sp_err sp_mta_unknown(struct sp_mta *mta, const char *command,
			   struct sp_mta_reply *reply_out);

/* The mail is given up (RSET, a lost client). Only buffered. */
enum sp_err sp_mta_abort(struct sp_mta *mta);

/* Begin a new SMTP session on the same milter connection (QUIT_NC); the
 * agreement stays. The next event is sp_mta_connect. Only buffered. */
enum sp_err sp_mta_renew(struct sp_mta *mta);

/* Send what is buffered now. */
enum sp_err sp_mta_flush(struct sp_mta *mta);

/* Of the last sp_mta_eom; borrowed until the next. */
const struct sp_mta_changes *sp_mta_changes(const struct sp_mta *mta);

#endif
