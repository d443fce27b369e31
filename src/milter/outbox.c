#include "outbox.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "handoff.h"

enum {
	HELD_MAX = 16384,
	PIECES_MAX = 4,	 /* libmilter has two */
	LENGTH_BYTES = 4 /* then comes the command */
};

struct held {
	size_t length;
	char bytes[HELD_MAX];
};

/* Each is touched by the thread that works on its connection alone. */
static struct {
	struct held *held; /* NULL: nothing */
	int timeout_ms;
} boxes[SP_HANDOFF_DESCRIPTORS];

void sp_outbox_note_timeout(int fd, int timeout_ms)
{
	boxes[fd].timeout_ms = timeout_ms;
}

void sp_outbox_forget(int fd)
{
	free(boxes[fd].held);
	boxes[fd].held = NULL;
}

static size_t length_of(const struct iovec *pieces, int count)
{
	size_t length = 0;

	for (int i = 0; i < count; i++)
		length += pieces[i].iov_len;
	return length;
}

/* Adding, inserting and changing a header: SMFIR_ADDHEADER, SMFIR_INSHEADER,
 * SMFIR_CHGHEADER. */
static bool is_edit(const struct iovec *pieces, int count)
{
	const char *head = pieces[0].iov_base;

	return count > 0 && pieces[0].iov_len == LENGTH_BYTES + 1 &&
	       memchr("him", head[LENGTH_BYTES], 3) != NULL;
}

static bool wait_for_room(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLOUT };
	int timeout_ms = boxes[fd].timeout_ms;
	struct timespec timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000L,
	};
	int ready = ppoll(&polled, 1, timeout_ms < 0 ? NULL : &timeout, NULL);

	if (ready == 0)
		errno = ETIMEDOUT;
	return ready > 0 || (ready < 0 && errno == EINTR);
}

/* Take `length` bytes off the beginning of the message. */
static void advance(struct msghdr *message, size_t length)
{
	while (message->msg_iovlen > 0 && length >= message->msg_iov->iov_len) {
		length -= message->msg_iov->iov_len;
		message->msg_iov++;
		message->msg_iovlen--;
	}
	if (length > 0) {
		message->msg_iov->iov_base =
			(char *)message->msg_iov->iov_base + length;
		message->msg_iov->iov_len -= length;
	}
}

static bool send_all(int fd, struct iovec *pieces, size_t count)
{
	struct msghdr message = { .msg_iov = pieces, .msg_iovlen = count };

	while (message.msg_iovlen > 0) {
		ssize_t length =
			sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (length >= 0)
			advance(&message, (size_t)length);
		else if (errno == EAGAIN && !wait_for_room(fd))
			return false;
		else if (errno != EAGAIN && errno != EINTR)
			return false;
	}
	return true;
}

/* With what was held in front. */
static ssize_t send_with_held(int fd, const struct iovec *pieces, int count)
{
	struct held *held = boxes[fd].held;
	struct iovec all[1 + PIECES_MAX];
	size_t used = 0;
	bool is_sent;

	if (count > PIECES_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (held)
		all[used++] = (struct iovec){ held->bytes, held->length };
	for (int i = 0; i < count; i++)
		all[used++] = pieces[i];
	is_sent = send_all(fd, all, used);
	sp_outbox_forget(fd);
	return is_sent ? (ssize_t)length_of(pieces, count) : -1;
}

static ssize_t hold(struct held *held, const struct iovec *pieces, int count)
{
	size_t before = held->length;

	for (int i = 0; i < count; i++) {
		memcpy(held->bytes + held->length, pieces[i].iov_base,
		       pieces[i].iov_len);
		held->length += pieces[i].iov_len;
	}
	return (ssize_t)(held->length - before);
}

ssize_t sp_outbox_write(int fd, const struct iovec *pieces, int count)
{
	struct held *held = boxes[fd].held;
	size_t used = held ? held->length : 0;

	if (!is_edit(pieces, count) ||
	    length_of(pieces, count) > HELD_MAX - used)
		return send_with_held(fd, pieces, count);
	if (!held) {
		/* Small allocations that fail abort, as everywhere. */
		held = malloc(sizeof(*held));
		if (!held)
			abort();
		held->length = 0;
		boxes[fd].held = held;
	}
	return hold(held, pieces, count);
}
