/*
 * tcp_pair.h - a client connected to a server over loopback, in this process,
 * in each way that addresses are written.
 *
 * Failure: the calls return false and errno says why.
 */
#ifndef SALLYPORT_TESTS_TCP_PAIR_H
#define SALLYPORT_TESTS_TCP_PAIR_H

#include <stdbool.h>

#include "sallyport/sock.h"

enum tcp_kind {
	TCP_IPV4,
	TCP_IPV6,
	TCP_MAPPED_SERVER, /* an IPv6 socket that took an IPv4 client */
	TCP_MAPPED_BOTH,   /* and the client's is one, too */
	TCP_KINDS
};

struct tcp_pair {
	int listener, client, server;
	struct sp_sock_ends ends; /* as the server sees them */
};

const char *tcp_kind_name(enum tcp_kind kind);

bool tcp_pair_open(enum tcp_kind kind, struct tcp_pair *pair);

/* IPv4 from `client` (port 0: any) to `server`; NULL for 127.0.0.1. */
bool tcp_pair_open_between(const char *client, uint16_t client_port,
			   const char *server, struct tcp_pair *pair);

/* Another connection to the listener of `pair`, which stays the owner of it. */
bool tcp_pair_again(const struct tcp_pair *pair, uint16_t client_port,
		    struct tcp_pair *again);

void tcp_pair_close(struct tcp_pair *pair);

/* Close the client's end with a reset instead of FIN. */
void tcp_pair_reset(struct tcp_pair *pair);

#endif
