/*
 * service.h - what sessions are served with: a configuration, a store, a clock.
 *
 * A connection takes a reference when it begins and keeps it to its end; a
 * reload puts a new service in its place for the connections to come. The
 * store is the same object before and after a reload, unless `store:` or
 * `redis:` changed.
 *
 * Threads:  any. The slot has its lock; a service is immutable.
 */
#ifndef SALLYPORT_SERVICE_H
#define SALLYPORT_SERVICE_H

#include "sallyport/err.h"

struct sp_clock;
struct sp_config;
struct sp_service_slot;
struct sp_store;

struct sp_service {
	const struct sp_config *config;
	struct sp_store *store;
	const struct sp_clock *clock;
};

/* Takes over the caller's reference of `config`. */
enum sp_err sp_service_slot_new(const struct sp_config *config,
				const struct sp_clock *clock,
				struct sp_service_slot **slot_out);
void sp_service_slot_free(struct sp_service_slot **slot);

/* Serve new connections with `config` (reference taken over on SP_OK only). */
enum sp_err sp_service_slot_set(struct sp_service_slot *slot,
				const struct sp_config *config);

/* The service of now, with a reference for the caller. */
const struct sp_service *sp_service_get(struct sp_service_slot *slot);
void sp_service_unref(const struct sp_service **service);

#endif
