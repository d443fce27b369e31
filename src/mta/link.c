#include "link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dial.h"
#include "sallyport/clock.h"
#include "wire.h"

/* A whole packet with its length fits into either. */
enum {
	OUT_SIZE = 131072,
	IN_SIZE = 4 + WIRE_PACKET_MAX
};

enum sp_err sp_link_open(struct sp_link *link, const char *address,
			 int64_t timeout_ms)
{
	enum sp_err err;

	*link = (struct sp_link){ .fd = -1, .timeout_ms = timeout_ms };
	err = sp_mta_dial(address, timeout_ms, &link->fd);
	if (err != SP_OK)
		return err;
	link->out = malloc(OUT_SIZE + IN_SIZE);
	if (!link->out)
		abort();
	link->in = link->out + OUT_SIZE;
	return SP_OK;
}

void sp_link_close(struct sp_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	free(link->out);
	*link = (struct sp_link){ .fd = -1 };
}

static enum sp_err io_error(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK ? SP_ERR_TIMEOUT
						       : SP_ERR_IO;
}

static enum sp_err send_all(struct sp_link *link, const uint8_t *bytes,
			    size_t length)
{
	int64_t deadline_ms = 0;

	while (length > 0) {
		ssize_t sent = send(link->fd, bytes, length, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR)
			return io_error();
		if (sent > 0) {
			bytes += sent;
			length -= (size_t)sent;
		}
		/* Usually one call does it: then no clock is read. */
		if (deadline_ms == 0)
			deadline_ms = sp_clock_mono_ms() + link->timeout_ms;
		else if (length > 0 && sp_clock_mono_ms() > deadline_ms)
			return SP_ERR_TIMEOUT;
	}
	return SP_OK;
}

enum sp_err sp_link_flush(struct sp_link *link)
{
	size_t length = link->out_length;

	link->out_length = 0;
	return send_all(link, link->out, length);
}

enum sp_err sp_link_put(struct sp_link *link, uint8_t letter,
			const struct sp_link_piece *pieces, size_t count)
{
	size_t length = 1;
	uint8_t *to;

	for (size_t i = 0; i < count; i++) {
		if (pieces[i].length > WIRE_PACKET_MAX - length)
			return SP_ERR_TOO_LONG;
		length += pieces[i].length;
	}
	if (4 + length > OUT_SIZE - link->out_length) {
		enum sp_err err = sp_link_flush(link);

		if (err != SP_OK)
			return err;
	}
	to = link->out + link->out_length;
	wire_put32(to, (uint32_t)length);
	to[4] = letter;
	to += 5;
	for (size_t i = 0; i < count; i++) {
		if (pieces[i].length > 0)
			memcpy(to, pieces[i].bytes, pieces[i].length);
		to += pieces[i].length;
	}
	link->out_length += 4 + length;
	return SP_OK;
}

/* Have at least `wanted` bytes in the buffer; IN_SIZE at most. */
static enum sp_err fill(struct sp_link *link, size_t wanted,
			int64_t deadline_ms)
{
	if (link->in_start + wanted > IN_SIZE) {
		memmove(link->in, link->in + link->in_start,
			link->in_end - link->in_start);
		link->in_end -= link->in_start;
		link->in_start = 0;
	}
	while (link->in_end - link->in_start < wanted) {
		ssize_t got;

		if (sp_clock_mono_ms() > deadline_ms)
			return SP_ERR_TIMEOUT;
		got = recv(link->fd, link->in + link->in_end,
			   IN_SIZE - link->in_end, 0);
		if (got == 0)
			return SP_ERR_IO;
		if (got < 0 && errno != EINTR)
			return io_error();
		if (got > 0)
			link->in_end += (size_t)got;
	}
	return SP_OK;
}

enum sp_err sp_link_read(struct sp_link *link, int64_t deadline_ms,
			 struct sp_link_packet *packet_out)
{
	enum sp_err err;
	uint32_t length;

	if (link->in_start == link->in_end)
		link->in_start = link->in_end = 0;
	err = fill(link, 4, deadline_ms);
	if (err != SP_OK)
		return err;
	length = wire_get32(link->in + link->in_start);
	if (length == 0 || length > WIRE_PACKET_MAX)
		return SP_ERR_PROTOCOL;
	err = fill(link, 4 + (size_t)length, deadline_ms);
	if (err != SP_OK)
		return err;
	packet_out->letter = link->in[link->in_start + 4];
	packet_out->data = (const char *)link->in + link->in_start + 5;
	packet_out->length = length - 1;
	link->in_start += 4 + (size_t)length;
	return SP_OK;
}
