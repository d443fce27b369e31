/*
 * libmilter asks the kernel for each packet anew: up to three poll()s and two
 * read()s, though an MTA sends the headers of a mail in one piece and they have
 * long arrived. That is half of what a mail costs. So the program brings a
 * read() that takes what is there and keeps what was not asked for, and a
 * poll() that knows of it; the library finds them before the C library's.
 * accept() and close() tell which descriptors are an MTA's connections; all
 * others are passed on as they are. writev() is taken over for outbox.h.
 *
 * Why this is sound: one thread at a time works on a connection, and libmilter
 * gives it back to its pool only when poll() says that nothing more is there
 * (mi_rd_socket_ready() in its engine.c; every other way out of its loop closes
 * the connection). So nothing is ever left here while somebody else waits for
 * the descriptor. It closes connections by close() alone, and a number is used
 * again only after that.
 *
 * Memory: at most KEPT_MAX bytes for a connection, and only between reading
 * and the end of what was read; none for an idle one.
 *
 * The same calls show when a session is handed to libmilter's pool and when a
 * thread begins with it: handoff.h tells what for.
 *
 * This file belongs to sallyportd alone, not to the library of all programs.
 */
#include "handoff.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "outbox.h"

enum {
	/* Descriptors beyond are served without reading ahead. */
	DESCRIPTORS = SP_HANDOFF_DESCRIPTORS,
	KEPT_MAX = 8192
};

/* What was read and not yet asked for; never empty. */
struct kept {
	size_t start, end;
	char bytes[];
};

static struct {
	atomic_bool is_connection;
	/* poll() said so, and nothing was read since: libmilter asks twice. */
	bool is_readable;
	_Atomic(struct kept *) kept;
} descriptors[DESCRIPTORS];

/* Where libmilter accepts, once it has; 0 = not yet. */
static atomic_int listening;
static bool is_spare_due; /* of the one thread that accepts */

/* Under names of their own, for the C library's headers promise the compiler
 * more of them than holds here (that poll() only writes, for one). */
int sp_ahead_accept(int listener, struct sockaddr *restrict address,
		    socklen_t *restrict length) __asm__("accept");
int sp_ahead_close(int fd) __asm__("close");
int sp_ahead_poll(struct pollfd *polled, nfds_t count,
		  int timeout_ms) __asm__("poll");
ssize_t sp_ahead_read(int fd, void *to, size_t size) __asm__("read");
ssize_t sp_ahead_writev(int fd, const struct iovec *pieces,
			int count) __asm__("writev");

/* What a libmilter that was built with _FORTIFY_SOURCE calls where the compiler
 * cannot see that the room is enough. It does both then, here the one and there
 * the other: all of them have to know what is kept. */
ssize_t sp_ahead_read_checked(int fd, void *to, size_t size,
			      size_t room) __asm__("__read_chk");
int sp_ahead_poll_checked(struct pollfd *polled, nfds_t count, int timeout_ms,
			  size_t room) __asm__("__poll_chk");

/* ThreadSanitizer's own, which ours hides from the library; NULL without it.
 * A descriptor that it did not see closed has two owners when it is used again:
 * it would call that a race. */
int sp_ahead_close_watched(int fd) __asm__("__interceptor_close")
	__attribute__((weak));

static bool is_connection(int fd)
{
	return fd >= 0 && fd < DESCRIPTORS && descriptors[fd].is_connection;
}

static void begin_connection(int fd)
{
	if (fd >= 0 && fd < DESCRIPTORS)
		descriptors[fd].is_connection = true;
}

static int accept_spare(struct sockaddr *address, const socklen_t *length)
{
	struct sockaddr_storage own = { .ss_family = AF_UNSPEC };
	socklen_t own_length = sizeof(own);
	int fd;

	is_spare_due = false;
	(void)getsockname(listening, (struct sockaddr *)&own, &own_length);
	fd = sp_handoff_give_spare(own.ss_family, address, length);
	if (fd < 0)
		errno = EAGAIN;
	begin_connection(fd);
	return fd;
}

int sp_ahead_accept(int listener, struct sockaddr *restrict address,
		    socklen_t *restrict length)
{
	int fd;

	if (is_spare_due && listener == listening)
		return accept_spare(address, length);
	listening = listener;
	fd = accept4(listener, address, length, 0);
	begin_connection(fd);
	sp_handoff_promise(fd);
	return fd;
}

int sp_ahead_close(int fd)
{
	if (is_connection(fd)) {
		sp_handoff_forget(fd);
		descriptors[fd].is_connection = false;
		descriptors[fd].is_readable = false;
		sp_outbox_forget(fd);
		free(atomic_exchange(&descriptors[fd].kept, NULL));
	}
	return sp_ahead_close_watched ? sp_ahead_close_watched(fd)
				      : (int)syscall(SYS_close, fd);
}

/* A thread of the pool begins with a session, or asks whether there is more. */
static bool poll_session(struct pollfd *polled, int timeout_ms, int *ready_out)
{
	sp_handoff_begin(polled->fd);
	if (sp_handoff_is_spare(polled->fd)) {
		polled->revents = 0;
		*ready_out = 0;
		return true;
	}
	*ready_out = 1;
	if (!(polled->events & POLLIN)) {
		/* Writing waits for room itself. */
		sp_outbox_note_timeout(polled->fd, timeout_ms);
		polled->revents = POLLOUT;
		return polled->events == POLLOUT;
	}
	polled->revents = POLLIN;
	return descriptors[polled->fd].kept ||
	       descriptors[polled->fd].is_readable;
}

/* The thread that accepts, and the one that watches all sessions that wait for
 * their MTA, hand sessions to the pool. */
static bool hands_over(const struct pollfd *polled, nfds_t count)
{
	return count > 1 ? is_connection(polled[count - 1].fd)
			 : count == 1 && polled->fd == listening && listening;
}

static int poll_all(struct pollfd *polled, nfds_t count, int timeout_ms)
{
	int ready;

	if (count == 1 && sp_handoff_wants_spare()) {
		is_spare_due = true;
		polled->revents = POLLIN;
		return 1;
	}
	ready = sp_handoff_poll(polled, count, timeout_ms);
	for (nfds_t i = 0; ready > 0 && i < count; i++)
		if (polled[i].revents && is_connection(polled[i].fd))
			sp_handoff_promise(polled[i].fd);
	return ready;
}

static int poll_kernel(struct pollfd *polled, nfds_t count, int timeout_ms)
{
	struct timespec timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000L,
	};

	return ppoll(polled, count, timeout_ms < 0 ? NULL : &timeout, NULL);
}

int sp_ahead_poll(struct pollfd *polled, nfds_t count, int timeout_ms)
{
	int ready;

	if (hands_over(polled, count))
		return poll_all(polled, count, timeout_ms);
	if (count != 1 || !is_connection(polled->fd))
		return poll_kernel(polled, count, timeout_ms);
	if (poll_session(polled, timeout_ms, &ready))
		return ready;
	ready = poll_kernel(polled, 1, timeout_ms);
	descriptors[polled->fd].is_readable =
		ready == 1 && polled->revents == POLLIN;
	return ready;
}

static size_t take_kept(int fd, struct kept *kept, void *to, size_t size)
{
	size_t length = kept->end - kept->start;

	if (length > size)
		length = size;
	memcpy(to, kept->bytes + kept->start, length);
	kept->start += length;
	if (kept->start == kept->end) {
		descriptors[fd].kept = NULL;
		free(kept);
	}
	return length;
}

/* Small allocations that fail abort, as everywhere. */
static void keep(int fd, const char *bytes, size_t length)
{
	struct kept *kept = malloc(sizeof(*kept) + length);

	if (!kept)
		abort();
	kept->start = 0;
	kept->end = length;
	memcpy(kept->bytes, bytes, length);
	descriptors[fd].kept = kept;
}

static ssize_t read_ahead(int fd, void *to, size_t size)
{
	char bytes[KEPT_MAX];
	ssize_t length = recv(fd, bytes, sizeof(bytes), 0);

	if (length <= 0)
		return length;
	if ((size_t)length < size)
		size = (size_t)length;
	memcpy(to, bytes, size);
	if ((size_t)length > size)
		keep(fd, bytes + size, (size_t)length - size);
	return (ssize_t)size;
}

ssize_t sp_ahead_read(int fd, void *to, size_t size)
{
	struct iovec into = { .iov_base = to, .iov_len = size };
	struct kept *kept;

	if (!is_connection(fd))
		return readv(fd, &into, 1);
	kept = descriptors[fd].kept;
	if (kept)
		return (ssize_t)take_kept(fd, kept, to, size);
	descriptors[fd].is_readable = false;
	/* A piece of a body goes where it belongs at once. */
	return size < KEPT_MAX ? read_ahead(fd, to, size) : readv(fd, &into, 1);
}

ssize_t sp_ahead_writev(int fd, const struct iovec *pieces, int count)
{
	/* As writev(), under another name. */
	return is_connection(fd) ? sp_outbox_write(fd, pieces, count)
				 : pwritev2(fd, pieces, count, -1, 0);
}

ssize_t sp_ahead_read_checked(int fd, void *to, size_t size, size_t room)
{
	if (size > room)
		abort();
	return sp_ahead_read(fd, to, size);
}

int sp_ahead_poll_checked(struct pollfd *polled, nfds_t count, int timeout_ms,
			  size_t room)
{
	if (count > room / sizeof(*polled))
		abort();
	return sp_ahead_poll(polled, count, timeout_ms);
}
