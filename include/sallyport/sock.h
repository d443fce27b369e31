/*
 * sock.h - what the kernel knows of a TCP connection, whoever holds it.
 *
 * Place:    beside dns and store: a source of facts, without an opinion. The
 *           MTA holds a client's connection; we ask the kernel about it.
 * How:      NETLINK_SOCK_DIAG: one question for one connection, by its two
 *           ends, not a list of all. The kernel writes the answer before its
 *           send() returns, so nothing here waits. Some 10 microseconds with
 *           any number of connections open (tests/bench/sock), but for
 *           sp_sock_find where it has to search.
 * Rights:   none are needed, any user may ask. Only connections of our own
 *           network namespace are seen: those of an MTA on another machine or
 *           in a container are GONE.
 * Threads:  any; nothing is kept between calls. A call needs a descriptor for
 *           as long as it takes.
 * Standard: sock_diag(7); Linux 4.19 or later, for the bytes that were sent.
 */
#ifndef SALLYPORT_SOCK_H
#define SALLYPORT_SOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "sallyport/ip.h"

/* The two ends of a connection as one of them sees them. IPv4 is written as
 * IPv4, also where the socket is an IPv6 one (::ffff:192.0.2.1). */
struct sp_sock_ends {
	struct sp_ip own;
	struct sp_ip peer;
	uint16_t own_port;
	uint16_t peer_port;
};

enum sp_sock_result {
	SP_SOCK_FOUND,
	/* There is no such connection here: it was reset or closed, or it is
	 * of another namespace, or its addresses are not the real ones (PROXY,
	 * XCLIENT), or not known. Who has seen it before knows that it has gone; nobody else
	 * knows anything. Also said by a kernel without tcp_diag: see
	 * sp_sock_probe. */
	SP_SOCK_GONE,
	SP_SOCK_UNAVAILABLE /* could not be asked */
};

/* One look at a connection. Everything behind `error` is zero but of FOUND. */
struct sp_sock_look {
	enum sp_sock_result result;
	int error; /* an errno: why UNAVAILABLE; else 0 */
	/* The peer's FIN has come: it has closed, or closed its half. Nothing
	 * will be received any more. (Which of the two it was shows only when
	 * something is sent. A reset makes the connection GONE at once.) */
	bool has_finished;
	/* Of data: FIN, which the kernel counts as a byte, is not in it. What
	 * the process has read already is. */
	uint64_t received_bytes;
	/* Sent to the peer, repetitions included. */
	uint64_t sent_bytes;
	uint32_t rtt_us; /* of the handshake, and later smoothed; 0 = unknown */
	/* The same connection has the same number, another one with the same
	 * ends has another. */
	uint64_t number;
};

void sp_sock_look(const struct sp_sock_ends *ends,
		  struct sp_sock_look *look_out);

/*
 * As sp_sock_look, where `ends->own` is not known (family SP_IP_NONE, or
 * 0.0.0.0 or ::, which is what Sendmail says of itself): look where it is
 * likely, then search all connections for the ports and the peer, which takes
 * 0.4 ms and more. When it is FOUND, `ends->own` is the address.
 *
 * UNAVAILABLE with ENOTUNIQ when several match. Not for each of many looks at a
 * connection: find it once, and go on with sp_sock_look whatever came of it.
 */
void sp_sock_find(struct sp_sock_ends *ends, struct sp_sock_look *look_out);

enum sp_sock_owner_kind {
	SP_SOCK_OWNER_KNOWN,  /* a process of this machine, of user `uid` */
	SP_SOCK_OWNER_REMOTE, /* the peer is no socket of this machine */
	/* It is, but its process has closed it: the kernel then says 0, which
	 * must never be read as root. So ask as soon as a client connects. */
	SP_SOCK_OWNER_CLOSED,
	/* The kernel does not see the connection, see SP_SOCK_GONE. */
	SP_SOCK_OWNER_UNSEEN,
	SP_SOCK_OWNER_UNAVAILABLE
};

struct sp_sock_owner {
	enum sp_sock_owner_kind kind;
	uint32_t uid; /* of KNOWN only, else 0: who made the socket */
	int error;    /* an errno: why UNAVAILABLE; else 0 */
};

/*
 * Which user's process is at the peer's end, if that is on this machine?
 * `ends` are as in sp_sock_look: "own" is the MTA's.
 */
void sp_sock_owner(const struct sp_sock_ends *ends,
		   struct sp_sock_owner *owner_out);

/* Whether `ip` is an address of this machine, as far as can be told: where any
 * may be bound (net.ipv4.ip_nonlocal_bind) all seem to be. Some microseconds. */
bool sp_sock_is_own(const struct sp_ip *ip);

enum sp_sock_use {
	SP_SOCK_WORKS,
	SP_SOCK_NO_NETLINK,   /* no netlink socket: seccomp, a container */
	SP_SOCK_NO_ANSWER,    /* the kernel does not tell: no tcp_diag module */
	SP_SOCK_WRONG_ANSWER, /* too old a kernel: it does not count bytes */
	SP_SOCK_NO_LOOPBACK   /* no connection to try it with */
};

/*
 * Try it, on a connection to ourselves over loopback. Takes well under a
 * millisecond, but for the first time, when the kernel may load a module.
 * *error_out is an errno or 0.
 */
enum sp_sock_use sp_sock_probe(int *error_out);

/* A sentence without a full stop; never NULL. */
const char *sp_sock_use_text(enum sp_sock_use use);

#endif
