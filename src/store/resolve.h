/*
 * resolve.h - the addresses of the store's host, asked without waiting for
 * longer than a deadline.
 *
 * getaddrinfo(3) cannot be given a time, so it runs in a thread that may outlive
 * its asker. At most one such thread runs per resolver; others join its wait.
 * When it is late or fails, the addresses found before are used.
 *
 * Threads:  any.
 */
#ifndef SALLYPORT_STORE_RESOLVE_H
#define SALLYPORT_STORE_RESOLVE_H

#include <netdb.h>
#include <stdint.h>
#include <sys/socket.h>

#include "sallyport/err.h"

enum {
	SP_RESOLVE_MAX = 4
};

struct sp_resolver;

struct sp_resolved {
	unsigned count;
	struct sockaddr_storage addresses[SP_RESOLVE_MAX];
	socklen_t lengths[SP_RESOLVE_MAX];
};

enum sp_err sp_resolver_new(const char *host, unsigned port,
			    struct sp_resolver **resolver_out);
/* A look-up under way ends by itself, later. */
void sp_resolver_free(struct sp_resolver **resolver);

/* SP_ERR_NOT_FOUND: no such host. SP_ERR_TIMEOUT: not known in time. */
enum sp_err sp_resolver_ask(struct sp_resolver *resolver, int64_t deadline_ms,
			    struct sp_resolved *resolved_out);

#endif
