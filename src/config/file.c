#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MEGABYTE = 1024 * 1024
};

static enum sp_err refuse(enum sp_err err, char *reason_out, const char *format,
			  ...) __attribute__((format(printf, 3, 4)));

static enum sp_err refuse(enum sp_err err, char *reason_out, const char *format,
			  ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason_out, SP_FILE_REASON_SIZE, format, args);
	va_end(args);
	return err;
}

static enum sp_err refuse_by_errno(char *reason_out)
{
	int error = errno;
	char text[96];

	return refuse(error == ENOENT ? SP_ERR_NOT_FOUND : SP_ERR_SYSTEM,
		      reason_out, "cannot be read: %s",
		      strerror_r(error, text, sizeof(text)));
}

static enum sp_err refuse_size(size_t most_bytes, char *reason_out)
{
	if (most_bytes < MEGABYTE)
		return refuse(SP_ERR_TOO_LONG, reason_out,
			      "is larger than %zu bytes", most_bytes);
	return refuse(SP_ERR_TOO_LONG, reason_out, "is larger than %zu MB",
		      most_bytes / MEGABYTE);
}

static enum sp_err look(int fd, size_t most_bytes, struct stat *status_out,
			char *reason_out)
{
	if (fstat(fd, status_out) != 0)
		return refuse_by_errno(reason_out);
	if (!S_ISREG(status_out->st_mode))
		return refuse(SP_ERR_SYNTAX, reason_out,
			      S_ISDIR(status_out->st_mode)
				      ? "is a folder: expected a file"
				      : "is not a regular file");
	if (status_out->st_size > (off_t)most_bytes)
		return refuse_size(most_bytes, reason_out);
	return SP_OK;
}

/* The file may grow or shrink while it is read: `size` is room, not truth. */
static enum sp_err read_all(int fd, size_t size, struct sp_file *file_out,
			    char *reason_out)
{
	char *bytes = malloc(size + 1);
	size_t length = 0;

	if (bytes == NULL)
		return refuse(SP_ERR_NO_MEMORY, reason_out,
			      "cannot be read: no memory");
	while (length < size) {
		ssize_t got = read(fd, bytes + length, size - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			free(bytes);
			return refuse_by_errno(reason_out);
		}
		if (got == 0)
			break;
		length += (size_t)got;
	}
	bytes[length] = '\0';
	file_out->bytes = bytes;
	file_out->length = length;
	return SP_OK;
}

enum sp_err sp_file_read(const char *path, size_t most_bytes,
			 struct sp_file *file_out,
			 char reason_out[SP_FILE_REASON_SIZE])
{
	struct stat status;
	enum sp_err err;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	*file_out = (struct sp_file){ .bytes = NULL };
	reason_out[0] = '\0';
	if (fd < 0)
		return refuse_by_errno(reason_out);
	err = look(fd, most_bytes, &status, reason_out);
	if (!err)
		err = read_all(fd, (size_t)status.st_size, file_out,
			       reason_out);
	if (!err)
		file_out->mode = status.st_mode;
	close(fd);
	return err;
}
