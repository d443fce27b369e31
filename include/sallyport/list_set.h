/*
 * list_set.h - the DNS lists of one kind (addresses, or domains): their rules,
 *              and the health of each zone.
 *
 * Made from the rules of a configuration; kept over a reload that does not
 * change them, so that what is known of their health is not forgotten.
 *
 * Threads:  any. Rules are immutable, each health has its own lock.
 */
#ifndef SALLYPORT_LIST_SET_H
#define SALLYPORT_LIST_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/dnsbl.h"
#include "sallyport/err.h"
#include "sallyport/list_health.h"

struct sp_list_set;

/* `rules` is copied. */
enum sp_err sp_list_set_new(const struct sp_dnsbl_rules *rules, bool is_domain,
			    struct sp_list_set **set_out);
void sp_list_set_free(struct sp_list_set **set);

const struct sp_dnsbl_rules *sp_list_set_rules(const struct sp_list_set *set);
bool sp_list_set_is_domain(const struct sp_list_set *set);

/* Bit i: zone i counts at the moment. */
uint32_t sp_list_set_well(const struct sp_list_set *set);

/* Whether zone number `zone` is worth a question of a mail. */
bool sp_list_set_is_asked(const struct sp_list_set *set, size_t zone);

/* What a question of a mail's brought, and how long it took. */
struct sp_list_told {
	struct sp_health_answer answer;
	bool is_known; /* before: it was not asked */
	int64_t took_us;
};

/* What a mail's question brought, and what the test points brought; changes of
 * health are said in the log, once each. */
void sp_list_set_answered(struct sp_list_set *set, size_t zone,
			  const struct sp_list_told *told, int64_t now_ms);
void sp_list_set_tested(struct sp_list_set *set, size_t zone,
			const struct sp_health_answer *listed_point,
			const struct sp_health_answer *unlisted_point,
			int64_t now_ms);

/* For the operator. */
void sp_list_set_view(const struct sp_list_set *set, size_t zone,
		      struct sp_health_view *view_out);

#endif
