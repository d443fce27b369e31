/*
 * hide.h - a record without local parts, as privacy.hash-local-parts wants it.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_SRC_RECORD_HIDE_H
#define SALLYPORT_SRC_RECORD_HIDE_H

struct sp_hash_key;
struct sp_record;

/*
 * What stands before the @ of sender and recipients, and logins, becomes "~" and
 * twelve digits of its keyed hash, in lower case: the same person has the same
 * digits. So does everything that reads like an address in words, and what
 * is the same as one of these local parts. Names that were looked up with one in
 * them (macros of SPF) are not shown.
 */
void sp_record_hide(struct sp_record *record, const struct sp_hash_key *secret);

#endif
