/*
 * Few descriptors are left: clients are asked to come back (421) while there
 * are some for the mails that are under way. accept.c is for when there are
 * none.
 */
#include "milter.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sallyport/log.h"

enum {
	KEPT_FREE = 32 /* for Redis, DNS, the kernel's view of sockets */
};

static void say_short(unsigned long long limit)
{
	static struct sp_log_limit once = { .every_ms = 60000 };

	sp_log_limited(&once, SP_LOG_ERROR,
		       "of %llu files nearly all are open: new clients are "
		       "sent away with 421 (LimitNOFILE= in the unit)",
		       limit);
}

/* The kernel gives the lowest number that is free: what is below it is used. */
bool sp_descriptors_are_short(void)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY };
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	bool are_short = fd < 0 && errno == EMFILE;

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	if (fd >= 0) {
		are_short = limit.rlim_cur != RLIM_INFINITY &&
			    (rlim_t)fd + KEPT_FREE >= limit.rlim_cur;
		(void)close(fd);
	}
	if (are_short)
		say_short(limit.rlim_cur);
	return are_short;
}
