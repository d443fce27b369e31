/*
 * sender.h - one sender behind many envelope addresses.
 *
 * Bulk senders write a new address for each mail or each recipient. For
 * greylisting these are one sender, so what varies is folded away:
 *
 *   BATV   prvs=1234abcdef=user@d            -> user@d
 *          (also btv1==..==user, msprvs1=..=) (draft-levine-smtp-batv)
 *   SRS    SRS0=hash=tt=orig.d=user@fwd      -> srs0=orig.d=user@fwd
 *          SRS1=hash=fwd1==hash=tt=d=user@f2 -> srs1=fwd1=d=user@f2
 *          (separators =, +, - as in the SRS paper)
 *          box+SRS=hash=tt=d=user@fwd        -> box+srs=d=user@fwd
 *   VERP   bounce-123456-user=example.org@l  -> bounce-#-#@l
 *          bounces+77-ab12-user=d.example@l  -> bounces+#-#@l
 *          bounce-md_10612303.5adf1f70@l     -> bounce-md_#.#@l
 *          user+12ab34cd56ef@d               -> user+#@d
 *
 * Of VERP, a word behind a separator becomes '#' when it is a number of 5
 * digits or more, 8 or more hex digits with a digit among them, a UUID, or an
 * opaque token; and where one of these, or an encoded recipient, is, the
 * shorter numbers beside it are folded too.
 *
 * Two addresses of people must not be folded into one (postgrey folds every
 * digit): john1@d and john2@d stay apart, and john.1985@d and john.1990@d, and
 * the numeric mailboxes 123456789@d and 987654321@d. One person's address is
 * rather left as it is than two persons' merged: the price of the former is
 * one more delay.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_SENDER_H
#define SALLYPORT_SENDER_H

#include "sallyport/address.h"

/* The folded key of `sender`, lower case; "" for the null sender, and for an
 * address that could not be read. */
void sp_sender_fold(const struct sp_address *sender,
		    char key_out[SP_ADDRESS_SIZE]);

#endif
