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
 *   VERP   bounce-123456-user=example.org@l  -> bounce-#-#@l
 *          list-return-77-user=d@l, user+12ab34cd56ef@d: runs of digits and
 *          of hex digits (8 or more, with a digit) become '#', the encoded
 *          recipient too
 *
 * Two addresses of people must not be folded into one: john1@d and john2@d
 * stay apart (postgrey folds every digit; we fold only what is marked by a
 * separator on its left, or is long).
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
