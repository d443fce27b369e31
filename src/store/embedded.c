/* embedded.c - the supervisor of our private redis-server; see embedded.h. */
#include "sallyport/embedded.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "connection.h"
#include "dial.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/log.h"
#include "spawn.h"

enum {
	BACK_OFF_MS = 100,
	BACK_OFF_MAX_MS = 30000,
	LONG_LIFE_MS = 60000,
	STOP_MS = 10000,
	REPEAT_MS = 600000 /* an unchanged trouble is said again so often */
};

struct sp_embedded {
	struct sp_spawn spawn;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* CLOCK_MONOTONIC */
	/* guarded by lock */
	bool is_stopping;
	bool is_ended;	/* the thread has nothing left to do */
	pid_t unreaped; /* the server's pid; 0: none. Not reaped without lock */
	/* read by anybody */
	_Atomic pid_t pid;
	_Atomic unsigned restarts;
	/* the thread's own */
	unsigned lives; /* how often it was started */
	int64_t back_off_ms;
	int64_t said_ms;
	char said[SP_SPAWN_WHY_SIZE];
};

static struct timespec monotonic(int64_t ms)
{
	return (struct timespec){
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000,
	};
}

/* The same trouble every 30 s is one line in ten minutes. */
static void complain(struct sp_embedded *embedded, const char *why)
{
	int64_t now_ms = sp_clock_mono_ms();

	if (strcmp(embedded->said, why) == 0 &&
	    now_ms - embedded->said_ms < REPEAT_MS)
		return;
	embedded->said_ms = now_ms;
	snprintf(embedded->said, sizeof(embedded->said), "%s", why);
	sp_log(SP_LOG_ERROR,
	       "embedded store: %s; mail goes on without it, trying again",
	       why);
}

static void complain_of_death(struct sp_embedded *embedded, pid_t pid,
			      int status)
{
	char why[SP_SPAWN_WHY_SIZE];
	char words[256];

	sp_spawn_last_words(&embedded->spawn, words, sizeof(words));
	snprintf(
		why, sizeof(why),
		"redis-server (pid %d) ended by %s %d, its last words in %.120s: %s",
		(int)pid, WIFSIGNALED(status) ? "signal" : "exit",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
		embedded->spawn.log, words);
	complain(embedded, why);
}

/* Whether to stop instead of going on. */
static bool rest(struct sp_embedded *embedded)
{
	struct timespec until =
		monotonic(sp_clock_mono_ms() + embedded->back_off_ms);
	bool is_stopping;

	pthread_mutex_lock(&embedded->lock);
	while (!embedded->is_stopping &&
	       pthread_cond_timedwait(&embedded->changed, &embedded->lock,
				      &until) == 0)
		;
	is_stopping = embedded->is_stopping;
	pthread_mutex_unlock(&embedded->lock);
	embedded->back_off_ms *= 2;
	if (embedded->back_off_ms > BACK_OFF_MAX_MS)
		embedded->back_off_ms = BACK_OFF_MAX_MS;
	return is_stopping;
}

/* Until the server ends. Returns its wait status. */
static int wait_for_end(struct sp_embedded *embedded, pid_t pid)
{
	siginfo_t info;
	int status = 0;

	/* First without reaping: as long as the pid is ours alone, stop may
	 * send signals to it. */
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0 &&
	       errno == EINTR)
		;
	pthread_mutex_lock(&embedded->lock);
	embedded->unreaped = 0;
	atomic_store(&embedded->pid, 0);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	pthread_mutex_unlock(&embedded->lock);
	return status;
}

/* One life of the server. Whether to go on supervising. */
static bool supervise_once(struct sp_embedded *embedded)
{
	char why[SP_SPAWN_WHY_SIZE];
	int64_t began_ms = sp_clock_mono_ms();
	bool is_stopping;
	pid_t pid;
	int status;

	if (sp_spawn(&embedded->spawn, &pid, why) != SP_OK) {
		complain(embedded, why);
		return !rest(embedded);
	}
	pthread_mutex_lock(&embedded->lock);
	embedded->unreaped = pid;
	atomic_store(&embedded->pid, pid);
	/* Stopped while it was being started: nobody else would tell it. */
	if (embedded->is_stopping)
		kill(pid, SIGTERM);
	pthread_mutex_unlock(&embedded->lock);
	atomic_store(&embedded->restarts, embedded->lives++);
	sp_log(SP_LOG_INFO, "embedded store: redis-server started, pid %d",
	       (int)pid);
	status = wait_for_end(embedded, pid);
	pthread_mutex_lock(&embedded->lock);
	is_stopping = embedded->is_stopping;
	pthread_mutex_unlock(&embedded->lock);
	if (is_stopping)
		return false;
	complain_of_death(embedded, pid, status);
	if (sp_clock_mono_ms() - began_ms >= LONG_LIFE_MS)
		embedded->back_off_ms = BACK_OFF_MS;
	return !rest(embedded);
}

static void *supervise(void *argument)
{
	struct sp_embedded *embedded = argument;

	/* The server gets SIGTERM when this thread ends (PR_SET_PDEATHSIG). */
	while (supervise_once(embedded))
		;
	pthread_mutex_lock(&embedded->lock);
	embedded->is_ended = true;
	pthread_cond_broadcast(&embedded->changed);
	pthread_mutex_unlock(&embedded->lock);
	return NULL;
}

static enum sp_err start_thread(struct sp_embedded *embedded)
{
	sigset_t all, before;
	int failure;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failure = pthread_create(&embedded->thread, NULL, supervise, embedded);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failure == 0)
		return SP_OK;
	errno = failure;
	return SP_ERR_SYSTEM;
}

/* `folder/name`, absolute: the server changes its working directory. */
static enum sp_err join_path(const char *folder, const char *name,
			     char path_out[SP_SPAWN_PATH_SIZE])
{
	char here[SP_SPAWN_PATH_SIZE] = "";
	int length;

	if (folder[0] != '/' && getcwd(here, sizeof(here) - 1) == NULL)
		return SP_ERR_SYSTEM;
	if (here[0] != '\0')
		strcat(here, "/");
	length = snprintf(path_out, SP_SPAWN_PATH_SIZE, "%s%s%s", here, folder,
			  name);
	return length < SP_SPAWN_PATH_SIZE ? SP_OK : SP_ERR_TOO_LONG;
}

static enum sp_err fill_spawn(const struct sp_config *config,
			      struct sp_spawn *spawn)
{
	const char *folder = config->state_dir;
	const char *socket = config->redis.path;
	size_t length = strlen(config->redis.server_program);
	enum sp_err err;

	if (length >= sizeof(spawn->program))
		return SP_ERR_TOO_LONG;
	memcpy(spawn->program, config->redis.server_program, length + 1);
	spawn->max_memory_bytes = config->redis.max_memory_bytes;
	err = join_path(folder, "/redis", spawn->folder);
	if (err == SP_OK)
		err = join_path(folder, "/redis/redis.log", spawn->log);
	if (err != SP_OK)
		return err;
	if (socket == NULL || socket[0] == '\0')
		return join_path(folder, "/redis.sock", spawn->socket);
	return join_path(socket, "", spawn->socket);
}

/* Whether the server answers PING: one that loads its data says LOADING. */
static bool is_ready(struct sp_dialer *dialer, int64_t deadline_ms)
{
	const struct sp_login nobody = { .user = "", .password = "" };
	const struct sp_store_bytes word = { "PING", 4 };
	const struct sp_command ping = { &word, 1 };
	struct sp_connection connection;
	redisReply *reply = NULL;
	bool is_ready = false;

	sp_connection_init(&connection);
	if (sp_connection_open(&connection, dialer, &nobody, deadline_ms,
			       deadline_ms) == SP_OK &&
	    sp_connection_ask(&connection, &ping, 1, deadline_ms, &reply) ==
		    SP_OK) {
		is_ready = reply->type == REDIS_REPLY_STATUS;
		freeReplyObject(reply);
	}
	sp_connection_close(&connection);
	return is_ready;
}

static enum sp_err wait_until_ready(const struct sp_embedded *embedded,
				    int64_t deadline_ms)
{
	const struct sp_redis_config config = {
		.kind = SP_STORE_EMBEDDED,
		.path = embedded->spawn.socket,
	};
	struct sp_dialer dialer;
	/* A path that is too long is the supervisor's to complain about. */
	bool can_dial = sp_dialer_init(&dialer, &config) == SP_OK;
	enum sp_err err = SP_ERR_TIMEOUT;

	while (err != SP_OK && sp_clock_mono_ms() < deadline_ms) {
		if (can_dial && sp_embedded_pid(embedded) != 0 &&
		    is_ready(&dialer, deadline_ms))
			err = SP_OK;
		else
			nanosleep(&(struct timespec){ .tv_nsec = 5000000 },
				  NULL);
	}
	sp_dialer_clear(&dialer);
	return err;
}

enum sp_err sp_embedded_start(const struct sp_config *config, int64_t wait_ms,
			      struct sp_embedded **embedded_out)
{
	int64_t deadline_ms = sp_clock_mono_ms() + wait_ms;
	struct sp_embedded *embedded = calloc(1, sizeof(*embedded));
	pthread_condattr_t attributes;
	char program[SP_SPAWN_PATH_SIZE];
	enum sp_err err;

	*embedded_out = NULL;
	if (embedded == NULL)
		return SP_ERR_NO_MEMORY;
	embedded->back_off_ms = BACK_OFF_MS;
	pthread_mutex_init(&embedded->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&embedded->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	err = fill_spawn(config, &embedded->spawn);
	if (err == SP_OK)
		err = start_thread(embedded);
	if (err != SP_OK) {
		pthread_cond_destroy(&embedded->changed);
		pthread_mutex_destroy(&embedded->lock);
		free(embedded);
		return err;
	}
	*embedded_out = embedded;
	if (sp_spawn_find(&embedded->spawn, program) != SP_OK)
		return SP_ERR_NOT_FOUND;
	return wait_until_ready(embedded, deadline_ms);
}

void sp_embedded_stop(struct sp_embedded **embedded)
{
	struct sp_embedded *old = *embedded;
	struct timespec until = monotonic(sp_clock_mono_ms() + STOP_MS);

	if (old == NULL)
		return;
	pthread_mutex_lock(&old->lock);
	old->is_stopping = true;
	pthread_cond_broadcast(&old->changed);
	if (old->unreaped != 0)
		kill(old->unreaped, SIGTERM);
	while (!old->is_ended &&
	       pthread_cond_timedwait(&old->changed, &old->lock, &until) == 0)
		;
	if (old->unreaped != 0) {
		sp_log(SP_LOG_WARNING,
		       "embedded store: redis-server does not end; killing it");
		kill(old->unreaped, SIGKILL);
	}
	pthread_mutex_unlock(&old->lock);
	pthread_join(old->thread, NULL);
	pthread_cond_destroy(&old->changed);
	pthread_mutex_destroy(&old->lock);
	free(old);
	*embedded = NULL;
}

pid_t sp_embedded_pid(const struct sp_embedded *embedded)
{
	return embedded == NULL ? 0 : atomic_load(&embedded->pid);
}

unsigned sp_embedded_restarts(const struct sp_embedded *embedded)
{
	return embedded == NULL ? 0 : atomic_load(&embedded->restarts);
}
