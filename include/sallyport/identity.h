/*
 * identity.h - who a client is taken for.
 *
 * What Redis remembers is remembered of an identity: today of the network
 * around the client's address, "net:192.0.2.0/24".
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_IDENTITY_H
#define SALLYPORT_IDENTITY_H

#include "sallyport/greylist_store.h"

struct sp_greylist_config;
struct sp_ip;

/* Returns `identity_out`: the empty string for a client without address. */
const char *sp_identity_of(const struct sp_ip *client,
			   const struct sp_greylist_config *config,
			   char identity_out[SP_IDENTITY_SIZE]);

#endif
