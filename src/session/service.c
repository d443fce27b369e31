#include "sallyport/service.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/config.h"
#include "sallyport/store.h"

/* The store outlives the service that made it, when a reload keeps it. */
struct shared_store {
	atomic_uint references;
	struct sp_store *store;
};

struct counted_service {
	struct sp_service service; /* first: callers hold a pointer to it */
	atomic_uint references;
	struct shared_store *shared;
};

struct sp_service_slot {
	pthread_mutex_t lock;
	struct counted_service *now; /* guarded by lock */
};

static enum sp_err shared_store_new(const struct sp_redis_config *config,
				    struct shared_store **shared_out)
{
	struct shared_store *shared = calloc(1, sizeof(*shared));
	enum sp_err err;

	if (!shared)
		return SP_ERR_NO_MEMORY;
	err = sp_store_new(config, &shared->store);
	if (err != SP_OK) {
		free(shared);
		return err;
	}
	atomic_init(&shared->references, 1);
	*shared_out = shared;
	return SP_OK;
}

static void shared_store_unref(struct shared_store *shared)
{
	if (atomic_fetch_sub(&shared->references, 1) != 1)
		return;
	sp_store_free(&shared->store);
	free(shared);
}

static bool is_same_store(const struct sp_redis_config *a,
			  const struct sp_redis_config *b)
{
	return a->kind == b->kind && a->port == b->port &&
	       a->database == b->database && a->connections == b->connections &&
	       a->connect_timeout_ms == b->connect_timeout_ms &&
	       a->command_timeout_ms == b->command_timeout_ms &&
	       a->breaker_failures == b->breaker_failures &&
	       a->breaker_pause_ms == b->breaker_pause_ms &&
	       strcmp(a->host, b->host) == 0 && strcmp(a->path, b->path) == 0 &&
	       strcmp(a->user, b->user) == 0 &&
	       strcmp(a->password, b->password) == 0;
}

/* Takes over a reference of `shared` and of `config` when it succeeds. */
static struct counted_service *counted_service_new(
	const struct sp_config *config, struct shared_store *shared,
	const struct sp_clock *clock)
{
	struct counted_service *counted = calloc(1, sizeof(*counted));

	if (!counted)
		return NULL;
	counted->service = (struct sp_service){
		.config = config,
		.store = shared->store,
		.clock = clock,
	};
	counted->shared = shared;
	atomic_init(&counted->references, 1);
	return counted;
}

static void counted_service_unref(struct counted_service *counted)
{
	if (atomic_fetch_sub(&counted->references, 1) != 1)
		return;
	shared_store_unref(counted->shared);
	sp_config_unref(&counted->service.config);
	free(counted);
}

enum sp_err sp_service_slot_new(const struct sp_config *config,
				const struct sp_clock *clock,
				struct sp_service_slot **slot_out)
{
	struct sp_service_slot *slot = calloc(1, sizeof(*slot));
	struct shared_store *shared = NULL;
	enum sp_err err;

	if (!slot)
		return SP_ERR_NO_MEMORY;
	err = shared_store_new(&config->redis, &shared);
	if (err != SP_OK) {
		free(slot);
		return err;
	}
	slot->now = counted_service_new(config, shared, clock);
	if (!slot->now) {
		shared_store_unref(shared);
		free(slot);
		return SP_ERR_NO_MEMORY;
	}
	pthread_mutex_init(&slot->lock, NULL);
	*slot_out = slot;
	return SP_OK;
}

void sp_service_slot_free(struct sp_service_slot **slot)
{
	if (!*slot)
		return;
	counted_service_unref((*slot)->now);
	pthread_mutex_destroy(&(*slot)->lock);
	free(*slot);
	*slot = NULL;
}

enum sp_err sp_service_slot_set(struct sp_service_slot *slot,
				const struct sp_config *config)
{
	/* Only the one that reloads writes `now`: reading it here is safe. */
	struct counted_service *old = slot->now;
	struct shared_store *shared = old->shared;
	struct counted_service *fresh;
	enum sp_err err;

	if (is_same_store(&old->service.config->redis, &config->redis)) {
		atomic_fetch_add(&shared->references, 1);
	} else {
		err = shared_store_new(&config->redis, &shared);
		if (err != SP_OK)
			return err;
	}
	fresh = counted_service_new(config, shared, old->service.clock);
	if (!fresh) {
		shared_store_unref(shared);
		return SP_ERR_NO_MEMORY;
	}
	pthread_mutex_lock(&slot->lock);
	slot->now = fresh;
	pthread_mutex_unlock(&slot->lock);
	counted_service_unref(old);
	return SP_OK;
}

const struct sp_service *sp_service_get(struct sp_service_slot *slot)
{
	struct counted_service *counted;

	pthread_mutex_lock(&slot->lock);
	counted = slot->now;
	atomic_fetch_add(&counted->references, 1);
	pthread_mutex_unlock(&slot->lock);
	return &counted->service;
}

void sp_service_unref(const struct sp_service **service)
{
	if (!*service)
		return;
	/* The service is the first member of what we counted. */
	counted_service_unref((struct counted_service *)(uintptr_t)*service);
	*service = NULL;
}
