#include "smtp.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sallyport/clock.h"
#include "sallyport/text.h"

static socklen_t to_sockaddr(const struct sp_ip *ip, uint16_t port,
			     struct sockaddr_storage *out)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (ip->family == SP_IP_4) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		memcpy(&four->sin_addr, ip->bytes, 4);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	memcpy(&six->sin6_addr, ip->bytes, 16);
	return sizeof(*six);
}

/* SP_OK when the socket is ready, SP_ERR_TIMEOUT. */
static enum sp_err await(const struct sp_smtp *smtp, short events)
{
	struct pollfd poller = { .fd = smtp->fd, .events = events };

	for (;;) {
		int64_t left_ms = smtp->deadline_ms - sp_clock_mono_ms();
		int ready;

		if (left_ms <= 0)
			return SP_ERR_TIMEOUT;
		ready = poll(&poller, 1, (int)left_ms);
		if (ready > 0)
			return SP_OK;
		if (ready < 0 && errno != EINTR)
			return SP_ERR_SYSTEM;
	}
}

static enum sp_err dial(struct sp_smtp *smtp, const struct sp_smtp_ends *ends)
{
	struct sockaddr_storage address;
	socklen_t length = to_sockaddr(&ends->peer, ends->port, &address);
	int failure = 0;
	socklen_t size = sizeof(failure);
	enum sp_err err;

	smtp->fd = socket(address.ss_family,
			  SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (smtp->fd < 0)
		return SP_ERR_SYSTEM;
	if (ends->own.family != SP_IP_NONE) {
		struct sockaddr_storage own;
		socklen_t own_length = to_sockaddr(&ends->own, 0, &own);

		if (bind(smtp->fd, (struct sockaddr *)&own, own_length) != 0)
			return SP_ERR_SYSTEM;
	}
	if (connect(smtp->fd, (struct sockaddr *)&address, length) == 0)
		return SP_OK;
	if (errno != EINPROGRESS)
		return SP_ERR_SYSTEM;
	err = await(smtp, POLLOUT);
	if (err != SP_OK)
		return err;
	if (getsockopt(smtp->fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0)
		return SP_ERR_SYSTEM;
	errno = failure;
	return failure == 0 ? SP_OK : SP_ERR_SYSTEM;
}

static enum sp_err fill(struct sp_smtp *smtp)
{
	enum sp_err err;
	ssize_t got;

	if (smtp->length == sizeof(smtp->bytes))
		return SP_ERR_PROTOCOL;
	err = await(smtp, POLLIN);
	if (err != SP_OK)
		return err;
	got = recv(smtp->fd, smtp->bytes + smtp->length,
		   sizeof(smtp->bytes) - smtp->length, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return SP_OK;
	if (got <= 0)
		return SP_ERR_IO;
	smtp->length += (size_t)got;
	return SP_OK;
}

/* Take the next line, its end cut off. */
static enum sp_err take_line(struct sp_smtp *smtp,
			     char line_out[SP_SMTP_LINE_MAX])
{
	char *end;
	size_t length;

	while (!(end = memchr(smtp->bytes, '\n', smtp->length))) {
		enum sp_err err = fill(smtp);

		if (err != SP_OK)
			return err;
	}
	length = (size_t)(end - smtp->bytes);
	memcpy(line_out, smtp->bytes, length);
	line_out[length] = '\0';
	line_out[strcspn(line_out, "\r")] = '\0';
	smtp->length -= length + 1;
	memmove(smtp->bytes, end + 1, smtp->length);
	return SP_OK;
}

static bool is_reply_line(const char *line)
{
	return isdigit((unsigned char)line[0]) &&
	       isdigit((unsigned char)line[1]) &&
	       isdigit((unsigned char)line[2]) &&
	       (line[3] == '-' || line[3] == ' ' || line[3] == '\0');
}

static enum sp_err read_reply(struct sp_smtp *smtp,
			      struct sp_smtp_reply *reply_out)
{
	char line[SP_SMTP_LINE_MAX];

	for (unsigned i = 0; i < SP_SMTP_LINES_MAX; i++) {
		enum sp_err err = take_line(smtp, line);

		if (err != SP_OK)
			return err;
		if (!is_reply_line(line))
			return SP_ERR_PROTOCOL;
		if (i == 0)
			sp_text_copy(reply_out->text, sizeof(reply_out->text),
				     line[3] ? line + 4 : "");
		if (line[3] != '-') {
			reply_out->code = (line[0] - '0') * 100 +
					  (line[1] - '0') * 10 +
					  (line[2] - '0');
			return SP_OK;
		}
	}
	return SP_ERR_PROTOCOL;
}

enum sp_err sp_smtp_open(struct sp_smtp *smtp, const struct sp_smtp_ends *ends,
			 int64_t deadline_ms, struct sp_smtp_reply *reply_out)
{
	enum sp_err err;

	*reply_out = (struct sp_smtp_reply){ 0 };
	smtp->deadline_ms = deadline_ms;
	smtp->length = 0;
	err = dial(smtp, ends);
	return err == SP_OK ? read_reply(smtp, reply_out) : err;
}

enum sp_err sp_smtp_say(struct sp_smtp *smtp, const char *line,
			struct sp_smtp_reply *reply_out)
{
	char bytes[1024];
	int length = snprintf(bytes, sizeof(bytes), "%s\r\n", line);

	*reply_out = (struct sp_smtp_reply){ 0 };
	if (length < 0 || (size_t)length >= sizeof(bytes))
		return SP_ERR_TOO_LONG;
	/* Lines this short fit into the socket's buffer: one at a time is on
	 * its way. */
	if (send(smtp->fd, bytes, (size_t)length, MSG_NOSIGNAL) != length)
		return SP_ERR_IO;
	return read_reply(smtp, reply_out);
}

void sp_smtp_close(struct sp_smtp *smtp)
{
	if (smtp->fd >= 0)
		(void)close(smtp->fd);
	smtp->fd = -1;
}
