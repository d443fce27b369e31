/*
 * Out of descriptors, libmilter accepts again and again without a rest, for the
 * connection stays where it is: a whole core for nothing. So the program brings
 * an accept4() (readahead.c calls it for libmilter) that keeps one descriptor
 * in reserve, takes the connection with it and closes it. Its MTA then does
 * what it does without a milter, most often 451.
 *
 * This file belongs to sallyportd alone, not to the library of all programs.
 */
#include "milter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sallyport/log.h"

/* The descriptor in reserve; 0 = none. */
static atomic_int reserve;

int sp_accept4(int listener, struct sockaddr *restrict address,
	       socklen_t *restrict length, int flags) __asm__("accept4");

static int take(int listener, struct sockaddr *restrict address,
		socklen_t *restrict length, int flags)
{
	return (int)syscall(SYS_accept4, listener, address, length, flags);
}

static void keep_reserve(void)
{
	int none = 0, fd;

	if (atomic_load(&reserve) != 0)
		return;
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd > 0 && !atomic_compare_exchange_strong(&reserve, &none, fd))
		(void)close(fd);
}

/* Somebody else may have taken what the reserve has given back: then there is
 * at least a rest. */
static void turn_away(int listener)
{
	static struct sp_log_limit once = { .every_ms = 60000 };
	const struct timespec rest = { .tv_nsec = 10 * 1000000L };
	int fd = atomic_exchange(&reserve, 0);

	if (fd > 0)
		(void)close(fd);
	fd = take(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		(void)close(fd);
	keep_reserve();
	sp_log_limited(&once, SP_LOG_ERROR,
		       "no more files can be opened: connections of the MTA "
		       "are closed (LimitNOFILE= in the unit)");
	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL);
}

int sp_accept4(int listener, struct sockaddr *restrict address,
	       socklen_t *restrict length, int flags)
{
	int fd;

	keep_reserve();
	fd = take(listener, address, length, flags);
	if (fd >= 0 || (errno != EMFILE && errno != ENFILE))
		return fd;
	turn_away(listener);
	errno = EAGAIN;
	return -1;
}
