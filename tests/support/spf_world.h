/* spf_world.h - a DNS of made-up records for SPF, answered in any order. */
#ifndef SALLYPORT_TESTS_SPF_WORLD_H
#define SALLYPORT_TESTS_SPF_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "sallyport/arena.h"
#include "sallyport/spf.h"

enum {
	SPF_WORLD_RECORDS_MAX = 2048,
	SPF_WORLD_ORDERS =
		8 /* 0 as asked, 1 the last first, others at random */
};

struct spf_world_fact {
	const char *name; /* lower case */
	enum sp_dns_type type;
	bool is_silent;
	struct sp_dns_record record;
};

struct spf_world {
	struct sp_arena arena;
	struct spf_world_fact facts[SPF_WORLD_RECORDS_MAX];
	size_t count;
};

void spf_world_init(struct spf_world *world);
void spf_world_clear(struct spf_world *world);

/* "A", "MX", ...; false for what is none. */
bool spf_world_type(const char *word, enum sp_dns_type *type_out);

/* A record; false when its value is none of that type. */
bool spf_world_add(struct spf_world *world, const char *name,
		   enum sp_dns_type type, const char *value, size_t length);

/* What is not there of `name` is not answered. */
void spf_world_add_silent(struct spf_world *world, const char *name);

/* Lines "NAME TYPE VALUE" or "NAME silent"; aborts at a wrong one. */
void spf_world_read(struct spf_world *world, const char *lines);

/* To its result; free it. */
struct sp_spf *spf_world_evaluate(struct spf_world *world,
				  const struct sp_spf_request *request,
				  unsigned order);

/* Whether both say the same, in every word and number. */
bool spf_world_is_same(const struct sp_spf *a, const struct sp_spf *b);

#endif
