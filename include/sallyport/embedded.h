/*
 * embedded.h - a redis-server of our own, kept running.
 *
 * Listens on a Unix socket under the state directory, mode 0700, no TCP; keeps
 * its data there (append-only file, synced every second). One thread of ours
 * starts it, waits for it and starts it again when it dies, after 100 ms, then
 * twice as long each time up to 30 s; a minute of life resets that.
 * It dies with us (PR_SET_PDEATHSIG), and is stopped by us with SIGTERM, so
 * its data is on disk.
 *
 * Failure:  a missing program, a state directory that cannot be written, or a
 *           server of another process on that socket are said in the log in
 *           one readable line and tried again; mail flows meanwhile.
 * Threads:  start and stop from one thread; the rest from any.
 */
#ifndef SALLYPORT_EMBEDDED_H
#define SALLYPORT_EMBEDDED_H

#include <stdint.h>
#include <sys/types.h>

#include "sallyport/err.h"

struct sp_config;
struct sp_embedded;

/* Starts the thread, and waits until the server answers PING, `wait_ms` at
 * most. SP_ERR_TIMEOUT: it goes on trying by itself, *embedded_out is valid.
 * SP_ERR_NOT_FOUND: the program is not there (named in the log);
 * *embedded_out is valid too, and it is looked for again.
 * Any other error: *embedded_out is NULL. */
enum sp_err sp_embedded_start(const struct sp_config *config, int64_t wait_ms,
			      struct sp_embedded **embedded_out);

/* Stop the server (SIGTERM, after 10 s SIGKILL), end the thread. */
void sp_embedded_stop(struct sp_embedded **embedded);

pid_t sp_embedded_pid(const struct sp_embedded *embedded); /* 0: not running */
unsigned sp_embedded_restarts(const struct sp_embedded *embedded);

#endif
