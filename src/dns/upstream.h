/*
 * upstream.h - whom libunbound asks, and how it is set up.
 *
 * Threads:  the dispatcher only, but for sp_upstream_init before it runs.
 */
#ifndef SALLYPORT_DNS_UPSTREAM_H
#define SALLYPORT_DNS_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "sallyport/dns.h"

struct ub_ctx;

enum {
	SP_UPSTREAM_SERVER_SIZE = 64 /* "ADDRESS@PORT" with a scope */
};

struct sp_upstream {
	size_t count;
	char servers[SP_DNS_SERVERS_MAX][SP_UPSTREAM_SERVER_SIZE];
	bool is_system; /* the servers stand in system_file */
	bool is_recursive;
	unsigned max_in_flight;
	uint64_t cache_bytes;
	char system_file[1024];
};

void sp_upstream_init(struct sp_upstream *upstream,
		      const struct sp_dns_config *config);

/* Read the system's servers, when they are to be asked. False when nobody is
 * known to ask. */
bool sp_upstream_find(struct sp_upstream *upstream);

/* A libunbound context with its thread not yet running; NULL, and said in the
 * log, when libunbound refuses. */
struct ub_ctx *sp_upstream_open(const struct sp_upstream *upstream);

/* Ends the context's thread and frees it. This and sp_upstream_open() may be
 * called by any thread, for several contexts at once. */
void sp_upstream_close(struct ub_ctx *context);

/* "192.0.2.1@53, 192.0.2.2@53"; "the root" for recursion. */
void sp_upstream_write(const struct sp_upstream *upstream, char *text_out,
		       size_t size);

#endif
