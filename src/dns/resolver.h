/*
 * resolver.h - what the session's side (batch.c) and the dispatcher's side
 * (dns.c) share.
 *
 * The life of a question: what the cache has is answered at once. Otherwise
 * sp_dns_ask links it to a *lookup* of the same name and type; when there is
 * none, one is made, put into the table and queued. The dispatcher hands it to
 * libunbound. The answer takes the lookup out of the table, goes into the cache
 * and to every question linked to it. Answered questions with a follow-up wait
 * in their batch's queue for their turn (follow.c). A question that is too old,
 * or whose batch is cleared, is unlinked; its lookup stays until libunbound
 * gives it back.
 *
 * Threads:  one lock guards all of it. libunbound is called by the dispatcher
 *           alone, and without the lock: it may wait.
 */
#ifndef SALLYPORT_DNS_RESOLVER_H
#define SALLYPORT_DNS_RESOLVER_H

#include <pthread.h>

#include "answer.h"
#include "cache.h"
#include "key.h"
#include "pulse.h"
#include "upstream.h"

enum {
	SP_DNS_TABLE_SLOTS = 4096, /* a power of two */
	/* Where questions and their names stand; some hold four. Spare ones go
	 * from batch to batch, so that a mail allocates nothing, and a
	 * connection that is idle keeps nothing. */
	SP_DNS_CHUNK_BYTES = 1024,
	SP_DNS_SPARE_CHUNKS = 1024
};

struct sp_dns_chunk {
	struct sp_dns_chunk *next;
	size_t used_bytes;
	_Alignas(max_align_t) unsigned char bytes[];
};

/* A question of ours is in one of three places: linked to a lookup, in its
 * batch's queue of follow-ups, or settled. */
struct sp_dns_pending {
	struct sp_dns_batch *batch;
	struct sp_dns_key key;	      /* its name is below */
	struct sp_dns_lookup *lookup; /* NULL: answered */
	struct sp_dns_held *held;     /* NULL: no answer yet */
	struct sp_dns_answer answer;  /* what it says, as of now */
	bool is_settled; /* its follow-up has returned, if there is one */
	bool is_cached;
	bool is_overdue; /* and the pulse knows */
	uint32_t groups;
	sp_dns_follow *follow;
	void *context;
	int64_t asked_us, answered_us;
	struct sp_dns_pending *next_waiter, **waiter_link;
	struct sp_dns_pending *newer, *older; /* all that wait for a lookup */
	struct sp_dns_pending *next_follow;
	char name[];
};

struct sp_dns_batch {
	struct sp_dns *dns;
	pthread_cond_t cond; /* something changed */
	unsigned count, capacity;
	unsigned open_count; /* not settled */
	bool is_clearing;
	bool is_waiting;
	uint32_t waited_groups;
	uint32_t released_groups;
	struct sp_dns_pending **pending; /* grows to SP_DNS_QUESTIONS_MAX */
	struct sp_dns_pending *follows, **follows_end;
	struct sp_dns_pending *running; /* its follow-up runs now ... */
	pthread_t runner;		/* ... on this thread */
	struct sp_dns_chunk *chunks;	/* newest first */
	/* In the dispatcher's queue; a link of NULL: not. */
	struct sp_dns_batch *next_ready, **ready_link;
};

struct sp_dns_lookup {
	struct sp_dns *dns;
	struct sp_dns_lookup *next_in_slot;
	struct sp_dns_lookup *next_queued;
	struct sp_dns_pending *waiters;
	struct sp_dns_key key; /* its name is below */
	bool is_probe;
	int64_t asked_us;
	struct sp_dns_name name;
};

struct sp_dns {
	pthread_mutex_t lock;
	pthread_t dispatcher;
	int wake_fd;
	int64_t timeout_ms;
	struct sp_upstream upstream; /* the dispatcher's, once it runs */
	struct ub_ctx *context;	     /* the dispatcher's */
	struct sp_dns_reader reader; /* the dispatcher's */
	int64_t next_open_ms;	     /* the dispatcher's */
	uint64_t probe_number;	     /* the dispatcher's */
	struct sp_hash_key secret;

	/* guarded by lock */
	bool is_stopping;
	bool is_awake; /* the dispatcher looks at the queues before it sleeps */
	unsigned batches;
	unsigned in_flight;
	unsigned max_in_flight;
	struct sp_dns_chunk *spare;
	unsigned spare_count;
	struct sp_dns_cache *cache;
	struct sp_dns_lookup *table[SP_DNS_TABLE_SLOTS];
	struct sp_dns_lookup *queue, **queue_end;
	struct sp_dns_pending *oldest, *newest;
	struct sp_dns_batch *ready, **ready_end; /* have follow-ups to run */
	struct sp_pulse pulse;
	struct sp_dns_health health;
};

/* All below: with the lock held. */

/* Room in the batch, for as long as it is not cleared. */
void *sp_dns_take_room(struct sp_dns_batch *batch, size_t size_bytes);
void sp_dns_give_back(struct sp_dns_batch *batch);
void sp_dns_free_spare(struct sp_dns *dns);

/* The place in the table where the lookup is, or NULL is where it would go. */
struct sp_dns_lookup **sp_dns_find(struct sp_dns *dns,
				   const struct sp_dns_key *key);

/* A new lookup, in the table and in the queue. */
struct sp_dns_lookup *sp_dns_begin(struct sp_dns *dns,
				   const struct sp_dns_key *key);

/* The dispatcher shall look at its queues. */
void sp_dns_wake(struct sp_dns *dns);

/* Give the question its answer, once; takes a reference of its own. A follow-up
 * is queued, not run. */
void sp_dns_resolve(struct sp_dns_pending *pending, struct sp_dns_held *held,
		    int64_t now_us);

/* The follow-up has returned, or there is none: the question is done. */
void sp_dns_settle(struct sp_dns_pending *pending);

/* Take the question off its lookup. */
void sp_dns_unlink(struct sp_dns_pending *pending);

/* The question's turn comes when those queued before it are done. */
void sp_dns_queue_follow(struct sp_dns_pending *pending);

/* Run what the batch has queued, unless a thread does so already: then it is
 * that one's. The batch may be freed by the time this returns, unless the
 * caller is the batch's own thread. */
void sp_dns_run_follows(struct sp_dns_batch *batch);

/* Drop what is queued, and wait for the follow-up that runs. */
void sp_dns_stop_follows(struct sp_dns_batch *batch);

/* Have the dispatcher run what is queued, and what it has to run. */
void sp_dns_make_ready(struct sp_dns_batch *batch);
void sp_dns_run_ready(struct sp_dns *dns);

/* Whether this thread is within a follow-up of the batch. */
bool sp_dns_is_following(const struct sp_dns_batch *batch);

#endif
