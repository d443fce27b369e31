/* pool.c - see pool.h. */
#include "pool.h"

#include <stdlib.h>
#include <string.h>

enum sp_err sp_pool_init(struct sp_pool *pool, size_t size)
{
	pthread_condattr_t attributes;

	*pool = (struct sp_pool){
		.connections = calloc(size, sizeof(*pool->connections)),
		.idle = calloc(size, sizeof(struct sp_connection *)),
		.size = size,
		.idle_count = size,
	};
	if (pool->connections == NULL || pool->idle == NULL) {
		free(pool->connections);
		free(pool->idle);
		*pool = (struct sp_pool){ .size = 0 };
		return SP_ERR_NO_MEMORY;
	}
	for (size_t i = 0; i < size; i++) {
		sp_connection_init(&pool->connections[i]);
		pool->idle[i] = &pool->connections[i];
	}
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->freed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&pool->lock, NULL);
	return SP_OK;
}

void sp_pool_clear(struct sp_pool *pool)
{
	if (pool->size == 0)
		return;
	for (size_t i = 0; i < pool->size; i++)
		sp_connection_close(&pool->connections[i]);
	free(pool->connections);
	free(pool->idle);
	pthread_cond_destroy(&pool->freed);
	pthread_mutex_destroy(&pool->lock);
	*pool = (struct sp_pool){ .size = 0 };
}

struct sp_connection *sp_pool_take(struct sp_pool *pool, int64_t deadline_ms)
{
	struct timespec until = {
		.tv_sec = deadline_ms / 1000,
		.tv_nsec = deadline_ms % 1000 * 1000000,
	};
	struct sp_connection *connection = NULL;

	pthread_mutex_lock(&pool->lock);
	while (pool->idle_count == 0 &&
	       pthread_cond_timedwait(&pool->freed, &pool->lock, &until) == 0)
		;
	if (pool->idle_count > 0)
		connection = pool->idle[--pool->idle_count];
	pthread_mutex_unlock(&pool->lock);
	return connection;
}

void sp_pool_give(struct sp_pool *pool, struct sp_connection *connection)
{
	pthread_mutex_lock(&pool->lock);
	if (connection->fd >= 0) {
		pool->idle[pool->idle_count] = connection;
	} else {
		memmove(pool->idle + 1, pool->idle,
			pool->idle_count * sizeof(*pool->idle));
		pool->idle[0] = connection;
	}
	pool->idle_count++;
	pthread_cond_signal(&pool->freed);
	pthread_mutex_unlock(&pool->lock);
}

void sp_pool_close_idle(struct sp_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	for (size_t i = 0; i < pool->idle_count; i++)
		sp_connection_close(pool->idle[i]);
	pthread_mutex_unlock(&pool->lock);
}
