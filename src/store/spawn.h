/*
 * spawn.h - one run of our private redis-server, from its folder to its pid.
 *
 * Threads:  one at a time. The child gets SIGTERM when the *thread* that called
 *           sp_spawn ends, so that thread lives as long as the server.
 */
#ifndef SALLYPORT_STORE_SPAWN_H
#define SALLYPORT_STORE_SPAWN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sallyport/err.h"

enum {
	SP_SPAWN_PATH_SIZE = 512,
	SP_SPAWN_WHY_SIZE = 1024
};

struct sp_spawn {
	char program[SP_SPAWN_PATH_SIZE]; /* as configured */
	char folder[SP_SPAWN_PATH_SIZE];  /* STATE_DIR/redis: its data */
	char socket[SP_SPAWN_PATH_SIZE];
	char log[SP_SPAWN_PATH_SIZE]; /* its own log file, in the folder */
	uint64_t max_memory_bytes;
};

/* Find the program, in PATH unless it has a slash. SP_ERR_NOT_FOUND. */
enum sp_err sp_spawn_find(const struct sp_spawn *spawn,
			  char path_out[SP_SPAWN_PATH_SIZE]);

/*
 * Make the folder, make sure that nobody else serves there, start the server.
 * On failure `why_out` says what to do, in words:
 * SP_ERR_NOT_FOUND no program; SP_ERR_EXISTS another server has the folder or
 * the socket; SP_ERR_SYSTEM.
 */
enum sp_err sp_spawn(const struct sp_spawn *spawn, pid_t *pid_out,
		     char why_out[SP_SPAWN_WHY_SIZE]);

/* The last line of the server's log; "" when there is none. */
void sp_spawn_last_words(const struct sp_spawn *spawn, char *line_out,
			 size_t line_size);

#endif
