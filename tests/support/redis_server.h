/*
 * redis_server.h - a real redis-server for one test, in a folder of its own.
 *
 * Listens on a Unix socket only; keeps its data in an append-only file, so a
 * restart finds them again. It dies with the test.
 *
 * Failure:  every call aborts the test with a line on standard error.
 * Threads:  one at a time.
 */
#ifndef SALLYPORT_TESTS_REDIS_SERVER_H
#define SALLYPORT_TESTS_REDIS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct redis_server {
	char folder[64];   /* "/tmp/sallyport-redis-XXXXXX" */
	char socket[96];   /* inside of it */
	const char *extra; /* one more option with its value, or NULL */
	const char *value;
	pid_t pid; /* 0: not running */
};

/* Make the folder, start the server, wait until it answers. `extra` is an
 * option such as "--requirepass" with its `value`; both may be NULL. */
void redis_server_start(struct redis_server *server, const char *extra,
			const char *value);

/* Start it again on the same folder, after a stop or a kill. */
void redis_server_restart(struct redis_server *server);

void redis_server_signal(struct redis_server *server, int signal);
void redis_server_stop(struct redis_server *server); /* SIGTERM, and wait */
void redis_server_kill(struct redis_server *server); /* SIGKILL, and wait */

/* Stop it and remove the folder. */
void redis_server_clear(struct redis_server *server);

/* Say one inline command ("CONFIG SET maxmemory 1"); the beginning of the reply
 * as it came over the wire goes to `reply_out`. */
void redis_server_tell(const struct redis_server *server, const char *command,
		       char *reply_out, size_t reply_size);

/* Wait until a server answers PING on `socket`: false after `wait_ms`. */
bool redis_server_answers(const char *socket, int wait_ms);

/* A new folder below /tmp, and its end with all that is in it. */
void test_folder_new(char path_out[64]);
void test_folder_remove(const char *path);

#endif
