#include "sallyport/server.h"

#include "milter.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sallyport/config.h"
#include "sallyport/counters.h"
#include "sallyport/daemon.h"
#include "sallyport/log.h"
#include "sallyport/text.h"

enum {
	/* libmilter starts a thread for each callback that blocks. Ours need
	 * little, but libunbound's and the C library's resolver inherit this;
	 * memory that is not touched costs nothing. */
	THREAD_STACK_BYTES = SP_THREAD_STACK_KB * 1024,
	BACKLOG = 1024,
	DRAIN_STEP_MS = 10,
	LAST_ANSWER_MS = 50
};

static atomic_bool has_failed;
static char listening_path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

/* The path of "unix:/path", "local:/path" or "/path"; NULL for the inets. */
static const char *unix_path(const char *listen)
{
	if (sp_text_starts(listen, "unix:"))
		return listen + strlen("unix:");
	if (sp_text_starts(listen, "local:"))
		return listen + strlen("local:");
	return listen[0] == '/' ? listen : NULL;
}

static enum sp_err set_access(const char *path, const struct sp_config *config)
{
	unsigned group = (unsigned)-1;
	enum sp_err err;

	if (config->listen_group[0]) {
		err = sp_daemon_find_group("listen-group", config->listen_group,
					   &group);
		if (err != SP_OK)
			return err;
	}
	if (chown(path, (uid_t)-1, group) != 0 ||
	    chmod(path, (mode_t)config->listen_mode) != 0) {
		sp_log(SP_LOG_ERROR,
		       "listen: cannot set mode %o and group of %s: %s",
		       config->listen_mode, path, strerror(errno));
		return SP_ERR_SYSTEM;
	}
	return SP_OK;
}

/* libmilter writes each packet by itself, and with Nagle's algorithm on, that
 * costs 40 ms a mail. Connections inherit this from the listening socket,
 * which the library does not tell us: look for it. */
static void set_nodelay(void)
{
	struct rlimit limit;
	int yes = 1;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > 1024)
		limit.rlim_cur = 1024;
	for (int fd = 3; fd < (int)limit.rlim_cur; fd++) {
		int listens = 0;
		socklen_t size = sizeof(listens);

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens,
			       &size) == 0 &&
		    listens)
			(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes,
					 sizeof(yes));
	}
}

static enum sp_err open_socket(const struct sp_config *config)
{
	/* Nobody may connect before mode and group are set. */
	mode_t mask = umask(0177);
	int result = smfi_opensocket(false);
	int cause = errno;

	(void)umask(mask);
	if (result == MI_SUCCESS)
		return SP_OK;
	sp_log(SP_LOG_ERROR,
	       "listen: cannot listen on %s: %s. It takes unix:/PATH or "
	       "inet:PORT@ADDRESS, in a folder that exists, on a port that is "
	       "free",
	       config->listen, strerror(cause));
	return SP_ERR_SYSTEM;
}

enum sp_err sp_server_open(const struct sp_config *config)
{
	const char *path = unix_path(config->listen);
	enum sp_err err;

	sp_milter_own_signals();
	if (path) {
		err = sp_daemon_clear_socket("listen", path);
		if (err != SP_OK)
			return err;
	}
	if (smfi_register(sp_milter_callbacks) != MI_SUCCESS ||
	    smfi_setconn((char *)(uintptr_t)config->listen) != MI_SUCCESS ||
	    smfi_setbacklog(BACKLOG) != MI_SUCCESS) {
		sp_log(SP_LOG_ERROR, "listen: libmilter does not take \"%s\"",
		       config->listen);
		return SP_ERR_CONFIG;
	}
	err = open_socket(config);
	if (err != SP_OK)
		return err;
	if (!path) {
		set_nodelay();
		return SP_OK;
	}
	strncpy(listening_path, path, sizeof(listening_path) - 1);
	return set_access(path, config);
}

static void *serve(void *unused)
{
	(void)unused;
	/* With its signals taken away, it only returns when it cannot go on.
	 * The process must end then: staying would look alive and serve
	 * nobody. */
	(void)smfi_main();
	sp_log(SP_LOG_ERROR, "libmilter gave up serving: stopping");
	atomic_store(&has_failed, true);
	(void)kill(getpid(), SIGTERM);
	return NULL;
}

bool sp_server_has_failed(void)
{
	return atomic_load(&has_failed);
}

enum sp_err sp_server_start(struct sp_service_slot *slot)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int failed;

	sp_milter_set_slot(slot);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
	/* For the threads that libmilter makes. */
	failed = pthread_setattr_default_np(&attributes);
	if (failed == 0)
		failed = pthread_create(&thread, &attributes, serve, NULL);
	pthread_attr_destroy(&attributes);
	if (failed != 0) {
		errno = failed;
		return SP_ERR_SYSTEM;
	}
	return pthread_detach(thread) == 0 ? SP_OK : SP_ERR_SYSTEM;
}

static void rest(int64_t ms)
{
	const struct timespec time = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000L,
	};

	(void)nanosleep(&time, NULL);
}

unsigned sp_server_drain(int64_t limit_ms)
{
	sp_milter_refuse_sessions();
	for (int64_t waited_ms = 0; waited_ms < limit_ms;
	     waited_ms += DRAIN_STEP_MS) {
		if (sp_counter_value(SP_COUNT_MAILS_OPEN) == 0)
			break;
		rest(DRAIN_STEP_MS);
	}
	/* The last answer leaves when its callback has returned. */
	rest(LAST_ANSWER_MS);
	return (unsigned)sp_counter_value(SP_COUNT_MAILS_OPEN);
}

void sp_server_close(void)
{
	if (listening_path[0])
		(void)unlink(listening_path);
}
