/*
 * milter.h - what the files of src/milter share.
 */
#ifndef SALLYPORT_SRC_MILTER_H
#define SALLYPORT_SRC_MILTER_H

#include <libmilter/mfapi.h>

#include <stdbool.h>

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
sfsistat sp_act_recipient(SMFICTX *ctx, const struct sp_verdict *verdict,
			  const char *mail_id);
sfsistat sp_act_message(SMFICTX *ctx, const struct sp_session *session,
			const struct sp_verdict *verdict);

/* signals.c: keeps libmilter's own signal thread asleep. Calling it is what
 * links our sigwait() into the program. */
void sp_milter_own_signals(void);

#endif
