#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum {
	MEGABYTE = 1024 * 1024
};

bool sp_geo_refuse(char reason_out[SP_GEO_REASON_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(reason_out, SP_GEO_REASON_SIZE, format, args);
	va_end(args);
	return false;
}

static bool refuse_by_errno(char *reason_out, const char *what)
{
	int error = errno;
	char text[96];

	return sp_geo_refuse(reason_out, "%s: %s", what,
			     strerror_r(error, text, sizeof(text)));
}

bool sp_geo_is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool check_status(const struct stat *status, char *reason_out)
{
	if (!S_ISREG(status->st_mode))
		return sp_geo_refuse(reason_out, "is not a regular file");
	if (status->st_size == 0)
		return sp_geo_refuse(reason_out, "is empty");
	if (status->st_size > (off_t)SP_GEO_FILE_MAX_MB * MEGABYTE)
		return sp_geo_refuse(reason_out, "is larger than %d MB",
				     SP_GEO_FILE_MAX_MB);
	return true;
}

static bool copy_bytes(int from, struct sp_geo_copy *copy, char *reason_out)
{
	struct stat after;
	size_t done = 0;

	while (done < copy->size) {
		ssize_t sent =
			sendfile(copy->fd, from, NULL, copy->size - done);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return refuse_by_errno(reason_out, "cannot be copied");
		if (sent == 0)
			break;
		done += (size_t)sent;
	}
	if (done < copy->size || fstat(from, &after) != 0 ||
	    !sp_geo_is_same_file(&copy->status, &after))
		return sp_geo_refuse(reason_out,
				     "changed while it was read: write a new "
				     "file beside it and rename that onto it");
	return true;
}

static bool fill(int from, struct sp_geo_copy *copy, char *reason_out)
{
	void *bytes;

	copy->size = (size_t)copy->status.st_size;
	copy->fd = memfd_create("sallyport-geo", MFD_CLOEXEC);
	if (copy->fd < 0)
		return refuse_by_errno(reason_out, "cannot be copied");
	if (!copy_bytes(from, copy, reason_out))
		return false;
	bytes = mmap(NULL, copy->size, PROT_READ, MAP_SHARED, copy->fd, 0);
	if (bytes == MAP_FAILED)
		return refuse_by_errno(reason_out, "cannot be mapped");
	copy->bytes = bytes;
	(void)snprintf(copy->name, sizeof(copy->name), "/proc/self/fd/%d",
		       copy->fd);
	return true;
}

bool sp_geo_copy_make(const char *path, struct sp_geo_copy *copy_out,
		      char reason_out[SP_GEO_REASON_SIZE])
{
	int from = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool is_good;

	*copy_out = (struct sp_geo_copy){ .fd = -1 };
	if (from < 0)
		return refuse_by_errno(reason_out, "cannot be read");
	if (fstat(from, &copy_out->status) != 0)
		is_good = refuse_by_errno(reason_out, "cannot be read");
	else
		is_good = check_status(&copy_out->status, reason_out) &&
			  fill(from, copy_out, reason_out);
	(void)close(from);
	if (!is_good)
		sp_geo_copy_clear(copy_out);
	return is_good;
}

void sp_geo_copy_clear(struct sp_geo_copy *copy)
{
	if (copy->bytes != NULL)
		(void)munmap((void *)(uintptr_t)copy->bytes, copy->size);
	if (copy->fd >= 0)
		(void)close(copy->fd);
	*copy = (struct sp_geo_copy){ .fd = -1 };
}
