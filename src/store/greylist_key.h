/*
 * greylist_key.h - the names of an identity's keys, made and read.
 *
 *   sp:grey:{IDENTITY}
 *   sp:grey:{IDENTITY}:SENDER:RECIPIENT
 *   sp:probe:{IDENTITY}
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_STORE_GREYLIST_KEY_H
#define SALLYPORT_STORE_GREYLIST_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "sallyport/err.h"
#include "sallyport/greylist_store.h"
#include "sallyport/text.h"

#define SP_GREYLIST_KEY_PREFIX "sp:grey:{"

/* Every byte of the three parts may be written as three. */
enum {
	SP_GREYLIST_KEY_SIZE = 16 + 3 * (SP_IDENTITY_SIZE + 2 * SP_ADDRESS_SIZE)
};

/* The identity's key, with `sender` and `recipient` NULL; else a triplet's.
 * SP_ERR_TOO_LONG; *key_out is then the empty string. */
enum sp_err sp_greylist_key(const char *identity, const char *sender,
			    const char *recipient,
			    char key_out[SP_GREYLIST_KEY_SIZE]);

/* "sp:probe:{IDENTITY}", where the identity is always a network.
 * SP_ERR_TOO_LONG; *key_out is then the empty string. */
enum sp_err sp_probe_key(const char *identity,
			 char key_out[SP_GREYLIST_KEY_SIZE]);

/* Fill the three texts; both addresses are "" for an identity's key.
 * SP_ERR_SYNTAX: not one of our keys; SP_ERR_TOO_LONG. */
enum sp_err sp_greylist_key_parse(const char *key, bool *is_identity_out,
				  struct sp_greylist_entry *entry_out);

/* What SCAN's MATCH finds all triplets of an identity with. */
enum sp_err sp_greylist_key_pattern(const char *identity,
				    char pattern_out[2 * SP_GREYLIST_KEY_SIZE]);

#endif
