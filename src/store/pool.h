/*
 * pool.h - the connections, lent to one thread at a time.
 *
 * Last in, first out: few connections stay warm, the others grow old and are
 * closed by the server without harm.
 *
 * Threads:  any.
 */
#ifndef SALLYPORT_STORE_POOL_H
#define SALLYPORT_STORE_POOL_H

#include <pthread.h>
#include <stdint.h>

#include "connection.h"

struct sp_pool {
	pthread_mutex_t lock;
	pthread_cond_t freed; /* CLOCK_MONOTONIC */
	struct sp_connection *connections;
	/* guarded by lock */
	struct sp_connection **idle; /* a stack; closed ones at the bottom */
	size_t idle_count;
	size_t size;
};

/* `size` is at least 1. SP_ERR_NO_MEMORY. */
enum sp_err sp_pool_init(struct sp_pool *pool, size_t size);
/* All connections are back. */
void sp_pool_clear(struct sp_pool *pool);

/* Borrow one, open or closed; NULL when all were in use until the deadline. */
struct sp_connection *sp_pool_take(struct sp_pool *pool, int64_t deadline_ms);
void sp_pool_give(struct sp_pool *pool, struct sp_connection *connection);

/* Close those that nobody uses: their server is likely gone too. */
void sp_pool_close_idle(struct sp_pool *pool);

#endif
