/*
 * milter.h - what the files of src/milter share.
 */
#ifndef SALLYPORT_SRC_MILTER_H
#define SALLYPORT_SRC_MILTER_H

#include <libmilter/mfapi.h>

#include <stdbool.h>
#include <stdint.h>

#include "sallyport/seen.h"

struct sp_service_slot;
struct sp_session;
struct sp_verdict;

/* The callbacks libmilter is registered with. */
extern const struct smfiDesc sp_milter_callbacks;

/* libmilter hands its callbacks no pointer of ours before a session exists:
 * this is where they find the services. Set once, before smfi_main. */
void sp_milter_set_slot(struct sp_service_slot *slot);
void sp_milter_refuse_sessions(void); /* from now on, for good */

/* act.c: the only caller of smfi_ actions. */
sfsistat sp_act_envelope(SMFICTX *ctx, const struct sp_verdict *verdict,
			 const char *mail_id); /* at MAIL or RCPT */
/* 421 in place of the greeting. */
sfsistat sp_act_close(SMFICTX *ctx);
sfsistat sp_act_busy(SMFICTX *ctx); /* likewise, for want of descriptors */
sfsistat sp_act_message(SMFICTX *ctx, const struct sp_session *session,
			const struct sp_verdict *verdict);

/* descriptors.c: few are left; said in the log then. Three system calls. */
bool sp_descriptors_are_short(void);

/* greeting.c: hold the greeting for as long as policy says. `is_tls`: from the
 * first byte on (smtps). False: the connection is to be closed. Only where the
 * MTA waits for our answer to its connect. */
bool sp_greeting_hold(struct sp_session *session, bool is_tls);

/* How long the client took for it tells something where the kernel does not. */
void sp_greeting_note_helo(struct sp_session *session);
void sp_greeting_note_mail(struct sp_session *session);

/* Before an answer that refuses for points: let the client wait for it. */
void sp_greeting_tarpit(const struct sp_session *session,
			const struct sp_verdict *verdict);

/* From now on nobody is held any more. */
void sp_greeting_end_all(void);

/* macros.c: our end of the client's connection, and whether TLS came first.
 * NULL, 0, false: it is not said. */
const char *sp_macros_own_address(SMFICTX *ctx);
uint16_t sp_macros_own_port(SMFICTX *ctx);
bool sp_macros_say_tls(SMFICTX *ctx);
/* Whether `sallyport try` plays the MTA; else, notes for the operator
 * what the MTA sends (seen.h). NULL: it does not. */
bool sp_macros_are_of_try(SMFICTX *ctx);
void sp_macros_seen(SMFICTX *ctx, enum sp_seen what, const char *value);
void sp_macros_seen_at_connect(SMFICTX *ctx, const char *own_address);
void sp_macros_seen_at_mail(SMFICTX *ctx);

/* signals.c: keeps libmilter's own signal thread asleep. Calling it is what
 * links our sigwait() into the program. */
void sp_milter_own_signals(void);

#endif
