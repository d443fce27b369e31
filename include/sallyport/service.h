/*
 * service.h - what sessions are served with: a configuration, a store, a
 *             resolver, the DNS lists and their health, what this machine
 *             remembers of submitters, databases of places, a secret, who
 *             tells the administrator, a clock.
 *
 * A connection takes a reference when it begins and keeps it to its end; a
 * reload puts a new service in its place for the connections to come. Store,
 * resolver and lists are the same objects before and after a reload, unless
 * what the configuration says of them has changed.
 *
 * Threads:  any. The slot has its lock; a service is immutable.
 */
#ifndef SALLYPORT_SERVICE_H
#define SALLYPORT_SERVICE_H

#include "sallyport/err.h"

struct sp_clock;
struct sp_config;
struct sp_dns;
struct sp_hash_key;
struct sp_geo;
struct sp_list_set;
struct sp_notifier;
struct sp_service_slot;
struct sp_store;
struct sp_submitter_books;
struct sp_submitter_memory;
struct sp_suffixes;

struct sp_service {
	const struct sp_config *config;
	struct sp_store *store;
	/* A connection of its own, and quiet: for what no mail waits for. What goes
	 * wrong there must not keep mail from being looked up. */
	struct sp_store *event_store;
	const struct sp_clock *clock;
	struct sp_dns
		*dns; /* NULL: it could not be started; nothing is asked */
	struct sp_list_set *address_lists;
	struct sp_list_set *domain_lists;
	const struct sp_suffixes *suffixes;
	/* The same from the start to the end, whatever is reloaded. */
	struct sp_submitter_memory *submitters;
	const struct sp_hash_key *secret; /* secret.h */
	const struct sp_geo *geo;	  /* never NULL; may know nothing */
	/* One too, with the options of the latest reload. NULL: it could not be
	 * started, and nobody is told. */
	struct sp_notifier *notifier;
};

/* Takes over the caller's reference of `config`. */
enum sp_err sp_service_slot_new(const struct sp_config *config,
				const struct sp_clock *clock,
				struct sp_service_slot **slot_out);
void sp_service_slot_free(struct sp_service_slot **slot);

/* Serve new connections with `config` (reference taken over on SP_OK only). */
enum sp_err sp_service_slot_set(struct sp_service_slot *slot,
				const struct sp_config *config);

/*
 * Free what reloads have put out of use and no session holds any more. Giving
 * up a reference frees nothing by itself, so that no session's end ever waits
 * for a resolver's; whoever has time calls this now and then.
 */
void sp_service_slot_tidy(struct sp_service_slot *slot);

/* The service of now, with a reference for the caller. */
const struct sp_service *sp_service_get(struct sp_service_slot *slot);
void sp_service_unref(const struct sp_service **service);

/* Where submitters are kept (submitter_store.h); borrowed from `service`. */
struct sp_submitter_books sp_service_books(const struct sp_service *service);

#endif
