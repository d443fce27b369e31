/*
 * submitter_world.h - a store with a Redis of its own, a machine's memory and
 * limits, for the tests of submitters.
 *
 * Threads:  one at a time, but for what the store itself allows.
 */
#ifndef SALLYPORT_TESTS_SUBMITTER_WORLD_H
#define SALLYPORT_TESTS_SUBMITTER_WORLD_H

#include <stdint.h>

#include "redis_server.h"
#include "sallyport/config.h"
#include "sallyport/submitter_store.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
/* The beginning of a day, and so of every window's slice. */
#define START INT64_C(1763769600000)

#define ALICE "sasl:alice@example.org"

enum {
	WORLD_LIMITS_MAX = 8,
	WORLD_TEXT_SIZE = 64
};

struct submitter_world {
	struct redis_server redis;
	struct sp_store *store; /* asks `redis` */
	struct sp_submitter_memory *memory;
	struct sp_outbound_config config;
	struct sp_submitter_books books; /* of these */
	struct sp_classes *classes;
	const struct sp_class *class;
};

/* For cmocka's groups: *state is a struct submitter_world. */
int submitter_world_set_up(void **state);
int submitter_world_tear_down(void **state);

/* Nothing in Redis and in memory, the usual configuration: enforced; terms of
 * 1 h, 1 day and 7 days; nothing is unusual. */
void submitter_world_wipe(struct submitter_world *world);

/* Everybody's limits, up to a NULL. */
void submitter_world_limit(struct submitter_world *world,
			   const char *const *limits);

/* Another store on the same Redis. */
struct sp_store *submitter_world_dial(const struct submitter_world *world);

/* A store that asks nobody who answers. */
struct sp_store *submitter_world_dial_nobody(void);

/*
 * What a question does, in words: "messages 1 recipients 2 to b@x from
 * 192.0.2.0/24 in DE by 64500 happened". `text` must stay as long as the
 * question: its words are cut out of it.
 */
void submitter_world_read(char *text, struct sp_submitter_question *question);

/* Alice's question. The answer in words: "ok", "hold new", "locked refused". */
const char *submitter_world_ask(struct submitter_world *world, int64_t now_ms,
				const char *what);

/* The whole of the answer to the last one. */
extern struct sp_submitter_answer submitter_world_answer;

const char *submitter_world_words(const struct sp_submitter_answer *answer,
				  char text_out[WORLD_TEXT_SIZE]);

/* Alice's field in Redis; "" when there is none. Good until the next call. */
const char *submitter_world_field(struct submitter_world *world,
				  const char *name);

#endif
