#include "sallyport/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct sp_clock {
	_Atomic int64_t *ahead_ms; /* the mapped file; NULL: the real clock */
};

const struct sp_clock *sp_clock_real(void)
{
	static const struct sp_clock real = { .ahead_ms = NULL };

	return &real;
}

static int open_with_offset(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	struct stat status;
	int saved_errno;

	if (fd < 0)
		return -1;
	/* Only ever made longer: another process may have written already. */
	if (fstat(fd, &status) == 0 &&
	    (status.st_size >= (off_t)sizeof(int64_t) ||
	     ftruncate(fd, sizeof(int64_t)) == 0))
		return fd;
	saved_errno = errno;
	close(fd);
	errno = saved_errno;
	return -1;
}

enum sp_err sp_clock_from_file(const char *path, struct sp_clock **clock_out)
{
	int fd = open_with_offset(path);
	struct sp_clock *clock;
	void *map;
	int saved_errno;

	*clock_out = NULL;
	if (fd < 0)
		return SP_ERR_SYSTEM;
	map = mmap(NULL, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED,
		   fd, 0);
	saved_errno = errno;
	close(fd);
	errno = saved_errno;
	if (map == MAP_FAILED)
		return SP_ERR_SYSTEM;
	clock = malloc(sizeof(*clock));
	if (clock == NULL) {
		munmap(map, sizeof(int64_t));
		return SP_ERR_NO_MEMORY;
	}
	clock->ahead_ms = map;
	*clock_out = clock;
	return SP_OK;
}

void sp_clock_free(struct sp_clock **clock)
{
	if (*clock == NULL)
		return;
	munmap((void *)(*clock)->ahead_ms, sizeof(int64_t));
	free(*clock);
	*clock = NULL;
}

void sp_clock_advance(struct sp_clock *clock, int64_t ms)
{
	*clock->ahead_ms += ms;
}

static int64_t now_us(clockid_t which)
{
	struct timespec now;

	/* Neither clock can be missing, so this cannot fail. */
	clock_gettime(which, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t sp_clock_wall_ms(const struct sp_clock *clock)
{
	int64_t now_ms = now_us(CLOCK_REALTIME) / 1000;

	return clock->ahead_ms == NULL ? now_ms : now_ms + *clock->ahead_ms;
}

int64_t sp_clock_mono_ms(void)
{
	return now_us(CLOCK_MONOTONIC) / 1000;
}

int64_t sp_clock_mono_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}
