/*
 * dns_world.h - a resolver with a DNS server of its own, for unit tests.
 */
#ifndef TESTS_SUPPORT_DNS_WORLD_H
#define TESTS_SUPPORT_DNS_WORLD_H

#include <stdint.h>

#include "dns_server.h"
#include "sallyport/config.h"
#include "sallyport/dns.h"

/* The group of most questions. */
enum {
	WORLD_GROUP = 1
};

struct world {
	struct test_dns_server *server;
	struct sp_dns_config config;
	struct sp_dns *dns;
	struct sp_dns_batch *batch;
	char log[64];
};

/* For cmocka: *state is a struct world, its resolver open, its question's limit
 * 1 second. */
int world_set_up(void **state);
int world_tear_down(void **state);

/* Anew, after config was changed. */
void world_open(struct world *world);
void world_close(struct world *world);

/* How many lines of the log have `text`. */
unsigned world_said(const struct world *world, const char *text);

struct sp_dns_health world_health(const struct world *world);

unsigned world_ask(struct sp_dns_batch *batch, const char *name,
		   enum sp_dns_type type);

/* Ask, and wait. */
const struct sp_dns_answer *world_look_up(struct world *world, const char *name,
					  enum sp_dns_type type);

void world_nap_ms(long ms);

#endif
