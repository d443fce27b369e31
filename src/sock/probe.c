/*
 * Whether looking works here, tried on a connection of our own.
 */
#include "sallyport/sock.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	SENT_BYTES = 3,
	PATIENCE_SEC = 1
};

struct pair {
	int listener, client, server;
};

static bool listen_on(int fd, struct sockaddr *address, socklen_t *length)
{
	return bind(fd, address, *length) == 0 && listen(fd, 1) == 0 &&
	       getsockname(fd, address, length) == 0;
}

/* Over loopback neither connect() nor accept() waits, unless a packet filter
 * swallows what is sent there. */
static bool set_patience(int fd, int which)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SEC };

	return setsockopt(fd, SOL_SOCKET, which, &patience, sizeof(patience)) ==
	       0;
}

static bool connect_pair(struct pair *pair, struct sockaddr *address,
			 socklen_t length)
{
	pair->listener =
		socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pair->client =
		socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (pair->listener < 0 || pair->client < 0 ||
	    !set_patience(pair->listener, SO_RCVTIMEO) ||
	    !set_patience(pair->client, SO_SNDTIMEO) ||
	    !listen_on(pair->listener, address, &length) ||
	    connect(pair->client, address, length) != 0)
		return false;
	pair->server = accept4(pair->listener, NULL, NULL, SOCK_CLOEXEC);
	return pair->server >= 0;
}

static void close_pair(struct pair *pair)
{
	int *const fds[] = { &pair->listener, &pair->client, &pair->server };

	for (int i = 0; i < 3; i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

static bool make_pair(struct pair *pair)
{
	struct sockaddr_in ipv4 = {
		.sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	struct sockaddr_in6 ipv6 = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};

	if (connect_pair(pair, (struct sockaddr *)&ipv4, sizeof(ipv4)))
		return true;
	close_pair(pair);
	return connect_pair(pair, (struct sockaddr *)&ipv6, sizeof(ipv6));
}

static bool read_end(int fd,
		     int (*ask)(int, struct sockaddr *restrict,
				socklen_t *restrict),
		     struct sp_ip *ip_out, uint16_t *port_out)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	if (ask(fd, (struct sockaddr *)&address, &length) != 0)
		return false;
	sp_ip_from_sockaddr((struct sockaddr *)&address, ip_out, port_out);
	return true;
}

static enum sp_sock_use try_look(const struct pair *pair, int *error_out)
{
	struct sp_sock_ends ends;
	struct sp_sock_look look;

	if (send(pair->client, "abc", SENT_BYTES, MSG_NOSIGNAL) != SENT_BYTES ||
	    !read_end(pair->server, getsockname, &ends.own, &ends.own_port) ||
	    !read_end(pair->server, getpeername, &ends.peer, &ends.peer_port)) {
		*error_out = errno;
		return SP_SOCK_NO_LOOPBACK;
	}
	sp_sock_look(&ends, &look);
	*error_out = look.error;
	if (look.result == SP_SOCK_GONE)
		return SP_SOCK_NO_ANSWER;
	if (look.result == SP_SOCK_UNAVAILABLE)
		return look.error == ENOTSUP ? SP_SOCK_WRONG_ANSWER
					     : SP_SOCK_NO_ANSWER;
	return look.received_bytes == SENT_BYTES ? SP_SOCK_WORKS
						 : SP_SOCK_WRONG_ANSWER;
}

static enum sp_sock_use try_loopback(int *error_out)
{
	struct pair pair = { -1, -1, -1 };
	enum sp_sock_use use = SP_SOCK_NO_LOOPBACK;

	if (make_pair(&pair))
		use = try_look(&pair, error_out);
	else
		*error_out = errno;
	close_pair(&pair);
	return use;
}

enum sp_sock_use sp_sock_probe(int *error_out)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	*error_out = 0;
	if (fd < 0) {
		*error_out = errno;
		return SP_SOCK_NO_NETLINK;
	}
	close(fd);
	return try_loopback(error_out);
}

const char *sp_sock_use_text(enum sp_sock_use use)
{
	switch (use) {
	case SP_SOCK_WORKS:
		return "the kernel tells of TCP connections";
	case SP_SOCK_NO_NETLINK:
		return "no netlink socket is allowed here (a container, or "
		       "RestrictAddressFamilies= without AF_NETLINK)";
	case SP_SOCK_NO_ANSWER:
		return "the kernel does not tell of TCP connections (the "
		       "module tcp_diag is missing, or it is not allowed)";
	case SP_SOCK_WRONG_ANSWER:
		return "the kernel does not count a connection's bytes (Linux "
		       "4.19 does)";
	case SP_SOCK_NO_LOOPBACK:
		return "there is no loopback connection to try it with";
	}
	return "unknown";
}
