/*
 * lists.h - what the checks of address lists and of domain lists share: asking
 *           every zone that is worth it, reading what came, telling the zones'
 *           health.
 */
#ifndef SALLYPORT_SRC_CHECK_LISTS_H
#define SALLYPORT_SRC_CHECK_LISTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sallyport/dnsbl.h"

struct sp_dns_batch;
struct sp_list_set;
struct sp_lists_lookup;
struct sp_session;

/* Makes the question to one zone; SP_ERR_* when there is none. */
typedef enum sp_err sp_lists_question(const void *about, const char *zone,
				      char name_out[SP_DOMAIN_SIZE]);

struct sp_lists_inquiry {
	struct sp_dns_batch *batch;
	struct sp_list_set *set;
	sp_lists_question *question;
	const void *about;
	uint32_t groups;
};

void sp_lists_ask(const struct sp_lists_inquiry *inquiry,
		  struct sp_lists_lookup *lookup);

/* An answer of the resolver's as the judges of lists read it. */
struct sp_dns_answer;
void sp_lists_read(const struct sp_dns_answer *answer,
		   struct sp_dnsbl_answer *read_out);

/* What is there of the answers; `hits_out` has bit i set for rule i. Returns
 * whether every zone that counts has answered. Tells the zones' health, each
 * answer once, however often it is judged. */
bool sp_lists_judge(const struct sp_session *session,
		    struct sp_dns_batch *batch, struct sp_list_set *set,
		    struct sp_lists_lookup *lookup, uint64_t *hits_out);

#endif
