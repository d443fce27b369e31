/* dial.c - see dial.h. */
#include "dial.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "resolve.h"

enum sp_err sp_dialer_init(struct sp_dialer *dialer,
			   const struct sp_redis_config *config)
{
	size_t length;

	*dialer = (struct sp_dialer){ .path = { .sun_family = AF_UNIX } };
	if (config->kind == SP_STORE_TCP) {
		snprintf(dialer->name, sizeof(dialer->name), "%s:%u",
			 config->host, config->port);
		return sp_resolver_new(config->host, config->port,
				       &dialer->resolver);
	}
	length = strlen(config->path);
	if (length >= sizeof(dialer->path.sun_path))
		return SP_ERR_TOO_LONG;
	memcpy(dialer->path.sun_path, config->path, length + 1);
	snprintf(dialer->name, sizeof(dialer->name), "%s", config->path);
	return SP_OK;
}

void sp_dialer_clear(struct sp_dialer *dialer)
{
	sp_resolver_free(&dialer->resolver);
}

enum sp_err sp_wait_ready(int fd, short events, int64_t deadline_ms)
{
	struct pollfd ready = { .fd = fd, .events = events };

	for (;;) {
		int64_t left_ms = deadline_ms - sp_clock_mono_ms();
		int count;

		if (left_ms <= 0)
			return SP_ERR_TIMEOUT;
		if (left_ms > INT_MAX)
			left_ms = INT_MAX;
		count = poll(&ready, 1, (int)left_ms);
		if (count > 0)
			return SP_OK;
		if (count < 0 && errno != EINTR)
			return SP_ERR_IO;
	}
}

static enum sp_err finish_connect(int fd, int64_t deadline_ms)
{
	int error = 0;
	socklen_t size = sizeof(error);
	enum sp_err err = sp_wait_ready(fd, POLLOUT, deadline_ms);

	if (err != SP_OK)
		return err;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		return SP_ERR_IO;
	errno = error;
	return error == 0 ? SP_OK : SP_ERR_IO;
}

static enum sp_err dial_one(const struct sockaddr *address, socklen_t length,
			    int64_t deadline_ms, int *fd_out)
{
	int on = 1;
	int fd = socket(address->sa_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	enum sp_err err = SP_OK;

	if (fd < 0)
		return SP_ERR_IO;
	if (address->sa_family != AF_UNIX) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	}
	/* On a Unix socket EAGAIN means that its queue is full: nobody is
	 * accepting there. */
	if (connect(fd, address, length) != 0)
		err = errno == EINPROGRESS ? finish_connect(fd, deadline_ms)
					   : SP_ERR_IO;
	if (err != SP_OK) {
		int reason = errno;

		close(fd);
		errno = reason;
		return err;
	}
	*fd_out = fd;
	return SP_OK;
}

enum sp_err sp_dial(struct sp_dialer *dialer, int64_t deadline_ms, int *fd_out)
{
	struct sp_resolved resolved;
	enum sp_err err;

	*fd_out = -1;
	if (dialer->resolver == NULL)
		return dial_one((const struct sockaddr *)&dialer->path,
				sizeof(dialer->path), deadline_ms, fd_out);
	err = sp_resolver_ask(dialer->resolver, deadline_ms, &resolved);
	if (err != SP_OK)
		return err;
	for (unsigned i = 0; i < resolved.count; i++) {
		/* A silent address may not take the time of the next one. */
		int64_t now_ms = sp_clock_mono_ms();
		int64_t share_ms =
			(deadline_ms - now_ms) / (resolved.count - i);

		err = dial_one((const struct sockaddr *)&resolved.addresses[i],
			       resolved.lengths[i], now_ms + share_ms, fd_out);
		if (err == SP_OK)
			break;
	}
	return err;
}
