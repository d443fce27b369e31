/*
 * greylist_world.h - a store with a Redis of its own, for greylisting's tests.
 *
 * Threads:  one at a time.
 */
#ifndef SALLYPORT_TESTS_GREYLIST_WORLD_H
#define SALLYPORT_TESTS_GREYLIST_WORLD_H

#include <stdint.h>

#include "redis_server.h"
#include "sallyport/config.h"
#include "sallyport/greylist_store.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define START  INT64_C(1763760000000)

struct sp_store;

struct greylist_world {
	struct redis_server redis;
	struct sp_store *store;
};

/* 90 s, 2 days, 36 days, 5 passes. */
extern const struct sp_greylist_config greylist_usual;

/* For cmocka's groups: *state is a struct greylist_world. */
int greylist_world_set_up(void **state);
int greylist_world_tear_down(void **state);

void greylist_world_wipe(struct greylist_world *world);

/* Ask, and be answered. What `question` leaves NULL is the usual:
 * net:192.0.2.0/24, a@example.org, b@here.test, 192.0.2.7. */
struct sp_greylist_answer greylist_world_ask(
	struct sp_store *store, const struct sp_greylist_config *config,
	struct sp_greylist_question question);

#endif
