#include "tcp_pair.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where a listener is bound, and where its client goes from and to. */
struct route {
	struct sockaddr_storage listen, from, to;
	socklen_t length, from_length;
};

const char *tcp_kind_name(enum tcp_kind kind)
{
	static const char *const names[TCP_KINDS] = {
		[TCP_IPV4] = "IPv4",
		[TCP_IPV6] = "IPv6",
		[TCP_MAPPED_SERVER] = "IPv4 to an IPv6 socket",
		[TCP_MAPPED_BOTH] = "IPv4 between IPv6 sockets",
	};

	return names[kind];
}

static socklen_t write_ipv4(const char *text, uint16_t port,
			    struct sockaddr_storage *address_out)
{
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)address_out;

	memset(address_out, 0, sizeof(*address_out));
	ipv4->sin_family = AF_INET;
	ipv4->sin_port = htons(port);
	inet_pton(AF_INET, text ? text : "127.0.0.1", &ipv4->sin_addr);
	return sizeof(*ipv4);
}

static socklen_t write_ipv6(const char *text,
			    struct sockaddr_storage *address_out)
{
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)address_out;

	memset(address_out, 0, sizeof(*address_out));
	ipv6->sin6_family = AF_INET6;
	inet_pton(AF_INET6, text, &ipv6->sin6_addr);
	return sizeof(*ipv6);
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	struct sp_ip ip;
	uint16_t port = 0;

	if (getsockname(fd, (struct sockaddr *)&address, &length) == 0)
		sp_ip_from_sockaddr((struct sockaddr *)&address, &ip, &port);
	return port;
}

static bool read_ends(struct tcp_pair *pair)
{
	struct sockaddr_storage own, peer;
	socklen_t own_length = sizeof(own), peer_length = sizeof(peer);

	if (getsockname(pair->server, (struct sockaddr *)&own, &own_length) ||
	    getpeername(pair->server, (struct sockaddr *)&peer, &peer_length))
		return false;
	sp_ip_from_sockaddr((struct sockaddr *)&own, &pair->ends.own,
			    &pair->ends.own_port);
	sp_ip_from_sockaddr((struct sockaddr *)&peer, &pair->ends.peer,
			    &pair->ends.peer_port);
	return true;
}

static int make_listener(const struct route *route)
{
	int no = 0;
	int fd = socket(route->listen.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (route->listen.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	if (bind(fd, (const struct sockaddr *)&route->listen, route->length) ||
	    listen(fd, 4096))
		return -1;
	return fd;
}

static bool dial(struct tcp_pair *pair, const struct route *route)
{
	int yes = 1;

	pair->client =
		socket(route->to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(pair->client, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (route->from_length &&
	    bind(pair->client, (const struct sockaddr *)&route->from,
		 route->from_length))
		return false;
	if (connect(pair->client, (const struct sockaddr *)&route->to,
		    route->to.ss_family == AF_INET6
			    ? sizeof(struct sockaddr_in6)
			    : sizeof(struct sockaddr_in)))
		return false;
	pair->server = accept4(pair->listener, NULL, NULL, SOCK_CLOEXEC);
	return pair->server >= 0 && read_ends(pair);
}

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
	if (address->ss_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)address)->sin_port = htons(port);
}

static bool open_route(struct route *route, struct tcp_pair *pair)
{
	*pair = (struct tcp_pair){ -1, -1, -1, { .own_port = 0 } };
	pair->listener = make_listener(route);
	if (pair->listener < 0)
		return false;
	set_port(&route->to, port_of(pair->listener));
	return dial(pair, route);
}

bool tcp_pair_open(enum tcp_kind kind, struct tcp_pair *pair)
{
	struct route route = { .from_length = 0 };

	route.length = write_ipv4(NULL, 0, &route.to);
	route.length = write_ipv4(NULL, 0, &route.listen);
	if (kind == TCP_IPV6)
		(void)write_ipv6("::1", &route.to);
	if (kind == TCP_MAPPED_BOTH)
		(void)write_ipv6("::ffff:127.0.0.1", &route.to);
	if (kind != TCP_IPV4)
		route.length = write_ipv6(kind == TCP_IPV6 ? "::1" : "::",
					  &route.listen);
	return open_route(&route, pair);
}

bool tcp_pair_open_between(const char *client, uint16_t client_port,
			   const char *server, struct tcp_pair *pair)
{
	struct route route;

	route.from_length = write_ipv4(client, client_port, &route.from);
	route.length = write_ipv4(server, 0, &route.listen);
	(void)write_ipv4(server, 0, &route.to);
	return open_route(&route, pair);
}

bool tcp_pair_again(const struct tcp_pair *pair, uint16_t client_port,
		    struct tcp_pair *again)
{
	struct route route;
	char text[SP_IP_TEXT_SIZE];

	*again = (struct tcp_pair){ pair->listener, -1, -1, { .own_port = 0 } };
	route.from_length = write_ipv4(sp_ip_format(&pair->ends.peer, text),
				       client_port, &route.from);
	(void)write_ipv4(sp_ip_format(&pair->ends.own, text),
			 pair->ends.own_port, &route.to);
	if (!dial(again, &route))
		return false;
	again->listener = -1;
	return true;
}

void tcp_pair_close(struct tcp_pair *pair)
{
	int *const fds[] = { &pair->client, &pair->server, &pair->listener };

	for (int i = 0; i < 3; i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

void tcp_pair_reset(struct tcp_pair *pair)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(pair->client, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(pair->client);
	pair->client = -1;
}
