/*
 * verp.h - what varies from mail to mail in a bulk sender's local part.
 *
 * A local part is read as words (letters and digits) between separators
 * (everything else). Some words are *surely* made for one mail or recipient:
 * a long number behind a separator, a run of hex digits, a UUID, an encoded
 * recipient. Where one of these is, a machine wrote the local part, and its
 * short numbers are counters; where none is, short numbers belong to a
 * person's name and are kept.
 *
 * The first word is somebody's name however it looks (telephone numbers, the
 * numeric mailboxes of large providers) unless it is longer than any of
 * those. What stands left of '+' is a mailbox of its own: what comes behind
 * tells nothing about it.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_VERP_H
#define SALLYPORT_VERP_H

#include "sallyport/text.h"

/* Add `local`, in lower case already, to `out` with '#' for what varies.
 * Never adds more than strlen(local) bytes. */
void sp_verp_fold(const char *local, struct sp_text *out);

#endif
