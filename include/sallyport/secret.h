/*
 * secret.h - the key with which this site hashes what strangers shall not read.
 *
 * It stands in STATE-DIR/secret as 32 hexadecimal digits, readable for nobody
 * but us, and is made of the kernel's random bytes when it is not there. Machines
 * that are to write the same hashes have the same file.
 *
 * Threads:  at the start, after root was given up.
 */
#ifndef SALLYPORT_SECRET_H
#define SALLYPORT_SECRET_H

#include "sallyport/hash.h"

/* One that cannot be read or made is said in the log, once, and another holds
 * until the process ends: hashes differ after a restart, nothing else. */
void sp_secret_load(const char *state_dir, struct sp_hash_key *secret_out);

#endif
