#include "dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "sallyport/text.h"

/* connect(2) honours SO_SNDTIMEO, so one setting bounds all three. */
static enum sp_err connect_socket(const struct sockaddr *address,
				  socklen_t length, int64_t timeout_ms,
				  int *fd_out)
{
	struct timeval wait = { .tv_sec = timeout_ms / 1000,
				.tv_usec = timeout_ms % 1000 * 1000 };
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int yes = 1, saved;

	if (fd < 0)
		return SP_ERR_SYSTEM;
	if (address->sa_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
	    connect(fd, address, length) == 0) {
		*fd_out = fd;
		return SP_OK;
	}
	saved = errno;
	close(fd);
	errno = saved;
	if (errno == EINPROGRESS || errno == EAGAIN)
		return SP_ERR_TIMEOUT;
	return SP_ERR_SYSTEM;
}

static enum sp_err dial_unix(const char *path, int64_t timeout_ms, int *fd_out)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof address.sun_path)
		return SP_ERR_SYNTAX;
	memcpy(address.sun_path, path, strlen(path));
	return connect_socket((const struct sockaddr *)&address, sizeof address,
			      timeout_ms, fd_out);
}

/* "port@host" or "port". */
static bool split_inet(const char *text, char port_out[16], char host_out[256])
{
	size_t port_length = strcspn(text, "@");
	const char *host =
		text[port_length] == '@' ? text + port_length + 1 : "";
	size_t host_length = strlen(host);

	if (port_length == 0 || port_length >= 16)
		return false;
	if (host_length >= 2 && host[0] == '[' &&
	    host[host_length - 1] == ']') {
		host++;
		host_length -= 2;
	}
	if (host_length >= 256)
		return false;
	memcpy(port_out, text, port_length);
	port_out[port_length] = '\0';
	memcpy(host_out, host, host_length);
	host_out[host_length] = '\0';
	return true;
}

static enum sp_err dial_inet(const char *text, int family, int64_t timeout_ms,
			     int *fd_out)
{
	struct addrinfo hints = { .ai_family = family,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	enum sp_err err = SP_ERR_NOT_FOUND;
	char port[16], host[256];

	if (!split_inet(text, port, host))
		return SP_ERR_SYNTAX;
	if (getaddrinfo(*host ? host : NULL, port, &hints, &found) != 0)
		return SP_ERR_NOT_FOUND;
	for (struct addrinfo *at = found; at && err != SP_OK; at = at->ai_next)
		err = connect_socket(at->ai_addr, at->ai_addrlen, timeout_ms,
				     fd_out);
	int saved = errno;
	freeaddrinfo(found);
	errno = saved;
	return err;
}

enum sp_err sp_mta_dial(const char *address, int64_t timeout_ms, int *fd_out)
{
	if (address[0] == '/')
		return dial_unix(address, timeout_ms, fd_out);
	if (sp_text_starts(address, "unix:"))
		return dial_unix(address + 5, timeout_ms, fd_out);
	if (sp_text_starts(address, "local:"))
		return dial_unix(address + 6, timeout_ms, fd_out);
	/* "inet" without a host of IPv6 kind is IPv4 to libmilter; a literal
	 * decides for itself. */
	if (sp_text_starts(address, "inet:"))
		return dial_inet(address + 5,
				 strchr(address + 5, ':') ? AF_UNSPEC : AF_INET,
				 timeout_ms, fd_out);
	if (sp_text_starts(address, "inet6:"))
		return dial_inet(address + 6, AF_INET6, timeout_ms, fd_out);
	return SP_ERR_SYNTAX;
}
