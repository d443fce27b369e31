/*
 * probe.h - recipients that the MTA itself does not take, and what the client's
 * network tried of that kind lately.
 *
 * An MTA that offers SMFIP_RCPT_REJ shows us also the recipients that it
 * refuses: {rcpt_mailer} is then "error", {rcpt_host} an enhanced status code
 * and no more, and {rcpt_addr} the text of its reply. (Postfix 3.7 shows all of
 * them; Sendmail 8.17 shows unknown users, and no attempts to relay.) They are not ours to judge; but who
 * names many users that are not there is harvesting addresses, and who names
 * domains that are not ours is looking for an open relay.
 *
 * Place:    RCPT.
 * Network:  none but Redis, and that only where greylisting is off.
 * Scoring:  none. The fact holds counts; policy compares them with harvest.*
 *           and relay.*.
 * Threads:  reentrant.
 * Standard: RFC 3463 section 3.2 (5.1.1: no such mailbox).
 */
#ifndef SALLYPORT_PROBE_H
#define SALLYPORT_PROBE_H

#include "sallyport/facts.h"

struct sp_config;

/* Whether what a network tried can matter. */
bool sp_probe_is_wanted(const struct sp_config *config);

/* What the macros of a recipient say; each may be NULL. */
struct sp_refusal_note {
	const char *mailer; /* {rcpt_mailer} */
	const char *code;   /* {rcpt_host} */
	const char *text;   /* {rcpt_addr} */
};

enum sp_refusal sp_refusal_judge(const struct sp_refusal_note *note);

#endif
