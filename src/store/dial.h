/*
 * dial.h - a socket to the store, connected before a deadline.
 *
 * Threads:  any, on one dialer.
 */
#ifndef SALLYPORT_STORE_DIAL_H
#define SALLYPORT_STORE_DIAL_H

#include <stdint.h>
#include <sys/un.h>

#include "sallyport/err.h"

struct sp_redis_config;
struct sp_resolver;

struct sp_dialer {
	struct sp_resolver *resolver; /* TCP; NULL for a Unix socket */
	struct sockaddr_un path;
	char name[128]; /* for people: "127.0.0.1:6379", "/run/redis.sock" */
};

/* SP_ERR_TOO_LONG when a socket's path is over the system's 107 bytes. */
enum sp_err sp_dialer_init(struct sp_dialer *dialer,
			   const struct sp_redis_config *config);
void sp_dialer_clear(struct sp_dialer *dialer);

/*
 * SP_OK: *fd_out is connected, non-blocking, closed on exec, and the caller's.
 * SP_ERR_TIMEOUT, SP_ERR_IO (errno says why), SP_ERR_NOT_FOUND (no such host):
 * *fd_out is -1.
 */
enum sp_err sp_dial(struct sp_dialer *dialer, int64_t deadline_ms, int *fd_out);

/* Wait until `fd` is ready for `events` (poll). SP_ERR_TIMEOUT, SP_ERR_IO. */
enum sp_err sp_wait_ready(int fd, short events, int64_t deadline_ms);

#endif
