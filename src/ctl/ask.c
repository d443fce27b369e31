#include "ask.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "sallyport/clock.h"

enum {
	ANSWER_MAX = 1024 * 1024,
	WAIT_SEC = 3
};

static enum sp_err dial(const char *path, int *fd_out)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval wait = { .tv_sec = WAIT_SEC };
	int fd, saved;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return SP_ERR_SYSTEM;
	}
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return SP_ERR_SYSTEM;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
		    0) {
		*fd_out = fd;
		return SP_OK;
	}
	saved = errno;
	(void)close(fd);
	errno = saved;
	return SP_ERR_SYSTEM;
}

static bool send_line(int fd, const char *question)
{
	size_t length = strlen(question);

	return send(fd, question, length, MSG_NOSIGNAL | MSG_MORE) ==
		       (ssize_t)length &&
	       send(fd, "\n", 1, MSG_NOSIGNAL) == 1;
}

/* All that comes until the daemon closes. */
static enum sp_err read_answer(int fd, char *bytes, size_t *length_out)
{
	int64_t deadline_ms = sp_clock_mono_ms() + WAIT_SEC * 1000;
	size_t length = 0;

	while (length < ANSWER_MAX) {
		ssize_t got;

		if (sp_clock_mono_ms() > deadline_ms)
			return SP_ERR_TIMEOUT;
		got = recv(fd, bytes + length, ANSWER_MAX - length, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? SP_ERR_TIMEOUT : SP_ERR_IO;
		if (got == 0) {
			*length_out = length;
			return SP_OK;
		}
		length += (size_t)got;
	}
	return SP_ERR_TOO_LONG;
}

enum sp_err sp_ask(const char *path, const char *question, json_t **answer_out)
{
	char *bytes;
	size_t length;
	enum sp_err err;
	int fd;

	*answer_out = NULL;
	err = dial(path, &fd);
	if (err != SP_OK)
		return err;
	bytes = malloc(ANSWER_MAX);
	if (!bytes)
		abort();
	err = send_line(fd, question) ? read_answer(fd, bytes, &length)
				      : SP_ERR_IO;
	if (err == SP_OK) {
		*answer_out = json_loadb(bytes, length, 0, NULL);
		if (!json_is_object(*answer_out)) {
			json_decref(*answer_out);
			*answer_out = NULL;
			err = SP_ERR_PROTOCOL;
		}
	}
	free(bytes);
	(void)close(fd);
	return err;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("@.:-_/", c));
}

void sp_ask_word(struct sp_text *question, const char *word)
{
	sp_text_add(question, " ");
	for (; *word != '\0'; word++) {
		if (is_plain(*word))
			sp_text_add_bytes(question, word, 1);
		else
			sp_text_addf(question, "%%%02X", (unsigned char)*word);
	}
}

const char *sp_ask_why(enum sp_err err)
{
	return err == SP_ERR_SYSTEM ? strerror(errno) : sp_err_text(err);
}
