/*
 * server.h - libmilter, tamed: the socket, the callbacks, the end.
 *
 * The only part that knows mfapi.h (src/milter). What it works round is told
 * in src/milter/server.c and src/milter/signals.c.
 *
 * Threads:  open, run and drain from the main thread.
 */
#ifndef SALLYPORT_SERVER_H
#define SALLYPORT_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "sallyport/err.h"

struct sp_config;
struct sp_service_slot;

/*
 * Open the listening socket as `config` says (mode, group), while we may still
 * be root. A Unix socket that is left over is removed only if nobody answers
 * on it; SP_ERR_EXISTS when somebody does. Every error is said in the log.
 */
enum sp_err sp_server_open(const struct sp_config *config);

/* Begin to serve, on libmilter's threads. `slot` outlives the server. */
enum sp_err sp_server_start(struct sp_service_slot *slot);

/*
 * No new sessions (the MTA's default action applies to them); the mails that
 * are open may finish, `limit_ms` at most. Returns how many were cut.
 * Afterwards only the end of the process may follow.
 */
unsigned sp_server_drain(int64_t limit_ms);

/* Whether the milter ended by itself: it then sends us SIGTERM. */
bool sp_server_has_failed(void);

/* Remove the Unix socket that sp_server_open made. */
void sp_server_close(void);

#endif
