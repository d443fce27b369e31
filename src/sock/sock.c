#include "sallyport/sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"

/* Whether the peer's FIN has been received, by which the count is one more
 * than the data. */
static bool has_finished(enum sp_diag_state state)
{
	return state == SP_DIAG_CLOSE_WAIT || state == SP_DIAG_LAST_ACK ||
	       state == SP_DIAG_CLOSING;
}

/* Nobody holds it any more, at our end; the kernel keeps a note of it for what
 * may still come from the other. */
static bool is_over(const struct sp_diag_socket *socket)
{
	return !socket->has_counts && (socket->state == SP_DIAG_TIME_WAIT ||
				       socket->state == SP_DIAG_FIN_WAIT2);
}

static struct sp_sock_look describe(const struct sp_diag_socket *socket)
{
	bool is_finished = has_finished(socket->state);
	bool counts_fin = is_finished && socket->received_bytes > 0;

	return (struct sp_sock_look){
		.result = SP_SOCK_FOUND,
		.has_finished = is_finished,
		.received_bytes = socket->received_bytes - counts_fin,
		.sent_bytes = socket->sent_bytes,
		.rtt_us = socket->rtt_us,
		.number = socket->cookie,
	};
}

static struct sp_sock_look judge(int error, const struct sp_diag_socket *socket)
{
	struct sp_sock_look look = { .result = SP_SOCK_UNAVAILABLE,
				     .error = error };

	if (error == ENOENT || (error == 0 && is_over(socket)))
		return (struct sp_sock_look){ .result = SP_SOCK_GONE };
	if (error == 0 && socket->has_counts)
		return describe(socket);
	if (error == 0)
		look.error = ENOTSUP;
	return look;
}

/* The kernel reads the state a moment before it counts: a FIN between the two
 * would pass for a byte. Whatever made the count, the state of a second look is
 * newer. */
static void make_sure(const struct sp_sock_ends *ends,
		      struct sp_sock_look *look)
{
	struct sp_diag_socket socket;
	int error;

	if (look->result != SP_SOCK_FOUND || look->has_finished ||
	    look->received_bytes == 0)
		return;
	error = sp_diag_get(ends, &socket);
	*look = judge(error, &socket);
}

void sp_sock_look(const struct sp_sock_ends *ends,
		  struct sp_sock_look *look_out)
{
	struct sp_diag_socket socket;
	int error = sp_diag_get(ends, &socket);

	*look_out = judge(error, &socket);
	make_sure(ends, look_out);
}

/* Not told, or 0.0.0.0 or ::, where a server listens on all of its own. */
static bool is_unspecified(const struct sp_ip *ip)
{
	static const uint8_t zeros[16];

	return ip->family == SP_IP_NONE ||
	       memcmp(ip->bytes, zeros, sizeof(zeros)) == 0;
}

static bool is_ipv4_loopback(const struct sp_ip *ip)
{
	return ip->family == SP_IP_4 && ip->bytes[0] == 127;
}

/* Who talks to a machine from itself mostly uses one address for both ends. */
static int find(const struct sp_sock_ends *ends,
		struct sp_diag_socket *socket_out)
{
	struct sp_sock_ends likely = *ends;
	int error;

	likely.own = ends->peer;
	error = sp_diag_get(&likely, socket_out);
	if (error == ENOENT && is_ipv4_loopback(&ends->peer)) {
		likely.own = (struct sp_ip){ .family = SP_IP_4,
					     .bytes = { 127, 0, 0, 1 } };
		error = sp_diag_get(&likely, socket_out);
	}
	if (error == ENOENT)
		error = sp_diag_search(ends, socket_out);
	return error;
}

void sp_sock_find(struct sp_sock_ends *ends, struct sp_sock_look *look_out)
{
	struct sp_diag_socket socket;
	int error;

	if (!is_unspecified(&ends->own)) {
		sp_sock_look(ends, look_out);
		return;
	}
	error = find(ends, &socket);
	*look_out = judge(error, &socket);
	if (look_out->result == SP_SOCK_FOUND)
		ends->own = socket.ends.own;
	make_sure(ends, look_out);
}

static struct sp_sock_ends turned(const struct sp_sock_ends *ends)
{
	return (struct sp_sock_ends){ .own = ends->peer,
				      .own_port = ends->peer_port,
				      .peer = ends->own,
				      .peer_port = ends->own_port };
}

static enum sp_sock_owner_kind unanswered(int error,
					  enum sp_sock_owner_kind absent)
{
	return error == ENOENT ? absent : SP_SOCK_OWNER_UNAVAILABLE;
}

static enum sp_sock_owner_kind find_owner(const struct sp_sock_ends *ends,
					  uint32_t *uid_out, int *error_out)
{
	struct sp_sock_ends other = turned(ends);
	struct sp_diag_socket socket;

	/* Who does not see the MTA's end would not see the other one. */
	*error_out = sp_diag_get(ends, &socket);
	if (*error_out != 0)
		return unanswered(*error_out, SP_SOCK_OWNER_UNSEEN);
	*error_out = sp_diag_get(&other, &socket);
	if (*error_out != 0)
		return unanswered(*error_out, SP_SOCK_OWNER_REMOTE);
	if (socket.inode == 0)
		return SP_SOCK_OWNER_CLOSED;
	*uid_out = socket.uid;
	return SP_SOCK_OWNER_KNOWN;
}

void sp_sock_owner(const struct sp_sock_ends *ends,
		   struct sp_sock_owner *owner_out)
{
	struct sp_sock_owner owner = { .uid = 0 };

	owner.kind = find_owner(ends, &owner.uid, &owner.error);
	if (owner.kind != SP_SOCK_OWNER_UNAVAILABLE)
		owner.error = 0;
	*owner_out = owner;
}

static socklen_t to_sockaddr(const struct sp_ip *ip,
			     struct sockaddr_storage *address_out)
{
	struct sockaddr_in ipv4 = { .sin_family = AF_INET };
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };

	if (ip->family == SP_IP_4) {
		memcpy(&ipv4.sin_addr, ip->bytes, sizeof(ipv4.sin_addr));
		memcpy(address_out, &ipv4, sizeof(ipv4));
		return sizeof(ipv4);
	}
	memcpy(&ipv6.sin6_addr, ip->bytes, sizeof(ipv6.sin6_addr));
	memcpy(address_out, &ipv6, sizeof(ipv6));
	return sizeof(ipv6);
}

bool sp_sock_is_own(const struct sp_ip *ip)
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	socklen_t length;
	bool is_own;
	int fd;

	if (is_unspecified(ip))
		return false;
	length = to_sockaddr(ip, &address);
	fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	is_own = bind(fd, (const struct sockaddr *)&address, length) == 0;
	(void)close(fd);
	return is_own;
}
