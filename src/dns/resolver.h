/*
 * resolver.h - what the session's side (batch.c) and the dispatcher's side
 * (dns.c) share.
 *
 * The life of a question: sp_dns_ask links it to a *lookup* of the same name
 * and type; when there is none, one is made, put into the table and queued. The
 * dispatcher hands it to libunbound. The answer takes the lookup out of the
 * table and goes to every question linked to it; those with a follow-up wait in
 * a queue for their turn on the dispatcher. A question that is too old, or
 * whose batch is cleared, is unlinked; its lookup stays until libunbound gives
 * it back.
 *
 * Threads:  one lock guards all of it. libunbound is called by the dispatcher
 *           alone, and without the lock: it may wait.
 */
#ifndef SALLYPORT_DNS_RESOLVER_H
#define SALLYPORT_DNS_RESOLVER_H

#include <pthread.h>

#include "answer.h"
#include "pulse.h"
#include "upstream.h"

enum {
	SP_DNS_TABLE_SLOTS = 4096 /* a power of two */
};

/* A question of ours is in one of three places: linked to a lookup, in the
 * queue of follow-ups, or settled. */
struct sp_dns_pending {
	struct sp_dns_batch *batch;
	struct sp_dns_lookup *lookup; /* NULL: answered */
	struct sp_dns_held *held;     /* NULL: no answer yet */
	bool is_settled; /* its follow-up has returned, if there is one */
	uint32_t groups;
	enum sp_dns_type type;
	sp_dns_follow *follow;
	void *context;
	int64_t asked_us, answered_us;
	bool is_overdue; /* and the pulse knows */
	struct sp_dns_pending *next_waiter, **waiter_link;
	struct sp_dns_pending *newer, *older; /* all that wait for a lookup */
	struct sp_dns_pending *next_follow, **follow_link;
	struct sp_dns_name name;
};

struct sp_dns_batch {
	struct sp_dns *dns;
	pthread_cond_t cond; /* something changed */
	unsigned count, capacity;
	bool is_clearing;
	bool is_waiting;
	uint32_t waited_groups;
	uint32_t released_groups;
	struct sp_dns_pending **pending; /* grows to SP_DNS_QUESTIONS_MAX */
};

struct sp_dns_lookup {
	struct sp_dns *dns;
	struct sp_dns_lookup *next_in_slot;
	struct sp_dns_lookup *next_queued;
	struct sp_dns_pending *waiters;
	enum sp_dns_type type;
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

	/* guarded by lock */
	bool is_stopping;
	bool is_awake; /* the dispatcher looks at the queues before it sleeps */
	unsigned batches;
	unsigned in_flight;
	unsigned max_in_flight;
	struct sp_dns_lookup *table[SP_DNS_TABLE_SLOTS];
	struct sp_dns_lookup *queue, **queue_end;
	struct sp_dns_pending *oldest, *newest;
	struct sp_dns_pending *follows, **follows_end;
	struct sp_dns_pending *running; /* its follow-up runs now */
	struct sp_pulse pulse;
	struct sp_dns_health health;
};

/* All below: with the lock held. */

/* The place in the table where the lookup is, or NULL is where it would go. */
struct sp_dns_lookup **sp_dns_find(struct sp_dns *dns, const char *name,
				   enum sp_dns_type type);

/* A new lookup, in the table and in the queue. */
struct sp_dns_lookup *sp_dns_begin(struct sp_dns *dns,
				   const struct sp_dns_name *name,
				   enum sp_dns_type type);

/* The dispatcher shall look at its queues. */
void sp_dns_wake(struct sp_dns *dns);

/* Give the question its answer (one reference is taken over), once. */
void sp_dns_resolve(struct sp_dns_pending *pending, struct sp_dns_held *held);

/* The follow-up has returned, or there is none: the question is done. */
void sp_dns_settle(struct sp_dns_pending *pending);

/* Take the question off its lookup and off the queue of follow-ups. */
void sp_dns_unlink(struct sp_dns_pending *pending);

void sp_dns_held_unref(struct sp_dns_held *held);

#endif
