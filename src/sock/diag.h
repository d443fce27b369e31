/*
 * diag.h - NETLINK_SOCK_DIAG: asking the kernel for TCP sockets.
 *
 * Private to sock. Not one call waits: the kernel writes its answer before
 * sendto() returns, and what should be there and is not is an error.
 */
#ifndef SALLYPORT_SOCK_DIAG_H
#define SALLYPORT_SOCK_DIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "sallyport/sock.h"

/* The kernel's states of a connection. They are in no header that goes
 * together with linux/tcp.h. */
enum sp_diag_state {
	SP_DIAG_ESTABLISHED = 1,
	SP_DIAG_SYN_SENT,
	SP_DIAG_SYN_RECV,
	SP_DIAG_FIN_WAIT1,
	SP_DIAG_FIN_WAIT2,
	SP_DIAG_TIME_WAIT,
	SP_DIAG_CLOSE,
	SP_DIAG_CLOSE_WAIT,
	SP_DIAG_LAST_ACK,
	SP_DIAG_LISTEN,
	SP_DIAG_CLOSING
};

/* What the kernel says of one socket. */
struct sp_diag_socket {
	struct sp_sock_ends ends;
	enum sp_diag_state state;
	uint32_t uid, inode;
	uint64_t cookie;
	bool has_counts;	 /* the four below */
	uint64_t received_bytes; /* a FIN is one of them */
	uint64_t sent_bytes;
	uint32_t rtt_us;
};

/*
 * The socket with these ends. 0, or an errno: ENOENT when there is none (not
 * asked for when an end is not known), and also when the kernel has no tcp_diag.
 * `socket_out` is untouched then.
 */
int sp_diag_get(const struct sp_sock_ends *ends,
		struct sp_diag_socket *socket_out);

/*
 * The connection with this peer and these ports, whatever its own address.
 * As sp_diag_get; ENOTUNIQ when there are several.
 */
int sp_diag_search(const struct sp_sock_ends *ends,
		   struct sp_diag_socket *socket_out);

#endif
