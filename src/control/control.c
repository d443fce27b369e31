#include "sallyport/control.h"

#include "user_ask.h"
#include "views.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sallyport/clock.h"
#include "sallyport/daemon.h"
#include "sallyport/log.h"
#include "sallyport/record.h"
#include "sallyport/service.h"
#include "sallyport/text.h"

enum {
	/* A login of thousands of bytes, each as %HH. */
	QUESTION_SIZE = 16384,
	PEER_SIZE = 64,
	QUESTION_LIMIT_MS = 2000,
	SOCKET_MODE = 0660,
	RELOAD_ERROR_SIZE = 512
};

struct sp_control {
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	int listener;
	int stop_event;
	pthread_t thread;
	bool is_bound;
	bool is_running;
	int64_t begun_ms;
	struct sp_control_sources sources;
	pthread_mutex_t lock;
	char reload_error[RELOAD_ERROR_SIZE]; /* guarded by lock */
};

static enum sp_err bind_path(struct sp_control *control)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int result;
	enum sp_err err = sp_daemon_clear_socket("control", control->path);

	if (err != SP_OK)
		return err;
	memcpy(address.sun_path, control->path, sizeof(address.sun_path));
	mask = umask(0177);
	result = bind(control->listener, (const struct sockaddr *)&address,
		      sizeof(address));
	(void)umask(mask);
	if (result != 0 || listen(control->listener, 16) != 0 ||
	    chmod(control->path, SOCKET_MODE) != 0) {
		sp_log(SP_LOG_ERROR, "control: cannot listen on %s: %s",
		       control->path, strerror(errno));
		return SP_ERR_SYSTEM;
	}
	control->is_bound = true;
	return SP_OK;
}

enum sp_err sp_control_open(const char *path, struct sp_control **control_out)
{
	struct sp_control *control = calloc(1, sizeof(*control));
	enum sp_err err;

	if (!control)
		return SP_ERR_NO_MEMORY;
	pthread_mutex_init(&control->lock, NULL);
	control->begun_ms = sp_clock_mono_ms();
	strncpy(control->path, path, sizeof(control->path) - 1);
	control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	control->stop_event = eventfd(0, EFD_CLOEXEC);
	err = control->listener < 0 || control->stop_event < 0
		      ? SP_ERR_SYSTEM
		      : bind_path(control);
	if (err != SP_OK) {
		sp_control_stop(&control);
		return err;
	}
	*control_out = control;
	return SP_OK;
}

/* Whether `fd` is ready for `events` before the deadline. */
static bool is_ready(int fd, short events, int64_t deadline_ms)
{
	struct pollfd poller = { .fd = fd, .events = events };
	int64_t left_ms = deadline_ms - sp_clock_mono_ms();

	return left_ms > 0 && poll(&poller, 1, (int)left_ms) == 1;
}

/* One line, without its end; false when there is none in time. */
static bool read_question(int fd, char question[QUESTION_SIZE],
			  int64_t deadline_ms)
{
	size_t length = 0;

	while (length < QUESTION_SIZE - 1 &&
	       is_ready(fd, POLLIN, deadline_ms)) {
		ssize_t got = recv(fd, question + length,
				   QUESTION_SIZE - 1 - length, MSG_DONTWAIT);
		char *end;

		if (got <= 0)
			return false;
		length += (size_t)got;
		question[length] = '\0';
		end = strpbrk(question, "\r\n");
		if (end) {
			*end = '\0';
			return true;
		}
	}
	return false;
}

static void write_answer(int fd, const char *bytes, size_t length,
			 int64_t deadline_ms)
{
	while (length > 0 && is_ready(fd, POLLOUT, deadline_ms)) {
		ssize_t put =
			send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (put < 0)
			return;
		bytes += put;
		length -= (size_t)put;
	}
}

static json_t *complaint(const char *text)
{
	return json_pack("{s:s}", "error", text);
}

static json_t *answer_verdict(const char *id)
{
	char facts[SP_RECORD_FACTS_SIZE];
	struct sp_record record;

	if (sp_record_find(id, &record, facts) != SP_OK)
		return complaint("not among the last 256 mails");
	return sp_view_record(&record, facts);
}

static json_t *answer_status(struct sp_control *control)
{
	char reload_error[RELOAD_ERROR_SIZE];

	pthread_mutex_lock(&control->lock);
	memcpy(reload_error, control->reload_error, sizeof(reload_error));
	pthread_mutex_unlock(&control->lock);
	return sp_view_status(&control->sources,
			      sp_clock_mono_ms() - control->begun_ms,
			      reload_error);
}

/* Who it is, as the kernel says: it may be another by the time one looks. */
static void write_peer(int fd, char peer_out[PEER_SIZE])
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	struct sp_text text;

	sp_text_init(&text, peer_out, PEER_SIZE);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
		sp_text_addf(&text, "uid:%u", (unsigned)peer.uid);
	else
		sp_text_add(&text, "unknown");
}

static json_t *answer_user(struct sp_control *control, char *question, int fd)
{
	const struct sp_service *service =
		sp_service_get(control->sources.slot);
	char peer[PEER_SIZE];
	json_t *object;

	write_peer(fd, peer);
	object = sp_user_answer(service, question, peer);
	sp_service_unref(&service);
	return object;
}

static json_t *answer(struct sp_control *control, char *question, int fd)
{
	json_t *object;

	if (strcmp(question, "status") == 0)
		return answer_status(control);
	if (sp_text_starts(question, "verdict "))
		return answer_verdict(question + strlen("verdict "));
	if (sp_text_starts(question, "notify "))
		return sp_answer_notify(&control->sources,
					question + strlen("notify "));
	object = answer_user(control, question, fd);
	return object != NULL
		       ? object
		       : complaint("unknown question: status, verdict ID, "
				   "notify test, notify NUMBER, users, user, "
				   "user-set, user-limits or user-limits-of");
}

static void serve_one(struct sp_control *control, int fd)
{
	int64_t deadline_ms = sp_clock_mono_ms() + QUESTION_LIMIT_MS;
	char question[QUESTION_SIZE];
	json_t *object;
	char *bytes;

	if (!read_question(fd, question, deadline_ms))
		return;
	object = answer(control, question, fd);
	bytes = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
	if (bytes) {
		write_answer(fd, bytes, strlen(bytes), deadline_ms);
		write_answer(fd, "\n", 1, deadline_ms);
	}
	free(bytes);
	json_decref(object);
}

static void *serve(void *argument)
{
	struct sp_control *control = argument;
	struct pollfd pollers[] = {
		{ .fd = control->listener, .events = POLLIN },
		{ .fd = control->stop_event, .events = POLLIN },
	};

	for (;;) {
		int fd;

		if (poll(pollers, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (pollers[1].revents)
			return NULL;
		fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0) {
			/* Out of descriptors: do not spin. */
			(void)poll(NULL, 0, 100);
			continue;
		}
		serve_one(control, fd);
		(void)close(fd);
	}
}

enum sp_err sp_control_start(struct sp_control *control,
			     const struct sp_control_sources *sources)
{
	control->sources = *sources;
	if (pthread_create(&control->thread, NULL, serve, control) != 0)
		return SP_ERR_SYSTEM;
	control->is_running = true;
	return SP_OK;
}

void sp_control_set_reload_error(struct sp_control *control, const char *text)
{
	struct sp_text copy;

	pthread_mutex_lock(&control->lock);
	sp_text_init(&copy, control->reload_error,
		     sizeof(control->reload_error));
	sp_text_add(&copy, text);
	pthread_mutex_unlock(&control->lock);
}

void sp_control_stop(struct sp_control **control_at)
{
	struct sp_control *control = *control_at;
	const uint64_t one = 1;

	if (!control)
		return;
	if (control->is_running) {
		(void)!write(control->stop_event, &one, sizeof(one));
		(void)pthread_join(control->thread, NULL);
	}
	if (control->is_bound)
		(void)unlink(control->path);
	if (control->listener >= 0)
		(void)close(control->listener);
	if (control->stop_event >= 0)
		(void)close(control->stop_event);
	pthread_mutex_destroy(&control->lock);
	free(control);
	*control_at = NULL;
}
