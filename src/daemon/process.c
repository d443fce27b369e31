#include "sallyport/daemon.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sallyport/log.h"

enum sp_err sp_daemon_write_pid_file(const char *path)
{
	FILE *file;
	bool is_written;

	if (!path[0])
		return SP_OK;
	file = fopen(path, "we");
	is_written = file && fprintf(file, "%ld\n", (long)getpid()) > 0;
	if (file && fclose(file) != 0)
		is_written = false;
	if (is_written)
		return SP_OK;
	sp_log(SP_LOG_ERROR, "pid-file: cannot write %s: %s", path,
	       strerror(errno));
	return SP_ERR_SYSTEM;
}

void sp_daemon_remove_pid_file(const char *path)
{
	/* After giving up root we may not be allowed to: then it stays, as
	 * every init system expects. */
	if (path[0])
		(void)unlink(path);
}

static bool somebody_answers(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answers;

	if (fd < 0)
		return true; /* better not to remove it */
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	answers = connect(fd, (const struct sockaddr *)&address,
			  sizeof(address)) == 0 ||
		  errno != ECONNREFUSED;
	(void)close(fd);
	return answers;
}

enum sp_err sp_daemon_clear_socket(const char *option, const char *path)
{
	struct stat status;

	if (lstat(path, &status) != 0)
		return SP_OK;
	if (!S_ISSOCK(status.st_mode)) {
		sp_log(SP_LOG_ERROR,
		       "%s: %s is there and is not a socket: not touched",
		       option, path);
		return SP_ERR_EXISTS;
	}
	if (somebody_answers(path)) {
		sp_log(SP_LOG_ERROR,
		       "%s: another process answers on %s: is sallyportd "
		       "running already?",
		       option, path);
		return SP_ERR_EXISTS;
	}
	if (unlink(path) != 0) {
		sp_log(SP_LOG_ERROR, "%s: cannot remove the stale %s: %s",
		       option, path, strerror(errno));
		return SP_ERR_SYSTEM;
	}
	sp_log(SP_LOG_INFO, "%s: removed a stale socket at %s", option, path);
	return SP_OK;
}

void sp_daemon_notify(const char *state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	socklen_t size;
	int fd;

	if (!path || (path[0] != '/' && path[0] != '@') ||
	    strlen(path) >= sizeof(address.sun_path))
		return;
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			   strlen(path));
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* the abstract namespace */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		     (const struct sockaddr *)&address, size);
	(void)close(fd);
}
