/*
 * seen.h - which macros the MTA sends us, as far as its last mail showed.
 *
 * We ask for what we read (smfi_setsymlist), but an MTA may be too old for that,
 * or an administrator may have set its lists otherwise. What is missing then
 * makes checks silent, and nobody would know why: `sallyport status` and
 * `sallyport doctor` tell.
 *
 * Threads:  any; atomics.
 */
#ifndef SALLYPORT_SEEN_H
#define SALLYPORT_SEEN_H

#include <stdbool.h>
#include <stdint.h>

enum sp_seen {
	SP_SEEN_NAME,	     /* j, at connect */
	SP_SEEN_ADDRESS,     /* {daemon_addr} or {if_addr}, at connect */
	SP_SEEN_PORT,	     /* {daemon_port}, at connect */
	SP_SEEN_RCPT_MAILER, /* {rcpt_mailer}, at RCPT */
	SP_SEEN_QUEUE_ID,    /* i, at end of message */
	SP_SEEN_COUNT
};

enum sp_seen_state {
	SP_SEEN_NOT_YET, /* its moment has not come since the start */
	SP_SEEN_THERE,
	SP_SEEN_MISSING
};

/* The moment has come; the last one counts. */
void sp_seen_note(enum sp_seen macro, bool is_there);
enum sp_seen_state sp_seen_state(enum sp_seen macro);

/* As the MTA writes it, "{daemon_port}"; never NULL. */
const char *sp_seen_macro(enum sp_seen macro);
/* "seen", "missing", "not yet"; never NULL. */
const char *sp_seen_state_text(enum sp_seen_state state);

/* A mail of the MTA's has begun. */
void sp_seen_note_mail(int64_t mono_ms);
/* When the last one did; 0 = none since the start. */
int64_t sp_seen_mail_ms(void);

#endif
