#include "lists.h"

#include <string.h>

#include "sallyport/clock.h"
#include "sallyport/dns.h"
#include "sallyport/list_set.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

void sp_lists_ask(const struct sp_lists_inquiry *inquiry,
		  struct sp_lists_lookup *lookup)
{
	const struct sp_dnsbl_rules *rules = sp_list_set_rules(inquiry->set);

	lookup->is_asked = true;
	lookup->told = 0;
	for (size_t zone = 0; zone < rules->zone_count; zone++) {
		char question[SP_DOMAIN_SIZE];
		struct sp_dns_name name;

		lookup->zones[zone] = SP_DNS_NO_QUESTION;
		if (!sp_list_set_is_asked(inquiry->set, zone) ||
		    inquiry->question(inquiry->about, rules->zones[zone],
				      question) != SP_OK ||
		    sp_dns_name_domain(question, strlen(question), &name) !=
			    SP_OK)
			continue;
		lookup->zones[zone] = (uint8_t)sp_dns_ask(
			inquiry->batch, &(struct sp_dns_question){
						.name = &name,
						.type = SP_DNS_A,
						.groups = inquiry->groups,
					});
	}
}

void sp_lists_read(const struct sp_dns_answer *answer,
		   struct sp_dnsbl_answer *read_out)
{
	read_out->count = 0;
	if (sp_dns_is_absent(answer->status))
		read_out->state = SP_DNSBL_ABSENT;
	else if (answer->status == SP_DNS_FOUND)
		read_out->state = SP_DNSBL_FOUND;
	else
		read_out->state = SP_DNSBL_FAILED;
	for (size_t i = 0;
	     i < answer->count && read_out->count < SP_DNSBL_MAX_ADDRESSES;
	     i++) {
		const struct sp_ip *ip = &answer->records[i].ip;

		if (ip->family == SP_IP_4)
			read_out->addresses[read_out->count++] =
				(uint32_t)ip->bytes[0] << 24 |
				(uint32_t)ip->bytes[1] << 16 |
				(uint32_t)ip->bytes[2] << 8 | ip->bytes[3];
	}
}

/* A list's health is nothing that a mail knows: it is told here, where the
 * answer is at hand. What was not answered yet is told nobody. */
static void tell_health(const struct sp_session *session,
			struct sp_list_set *set, size_t zone,
			const struct sp_dnsbl_answer *answer,
			const struct sp_dns_view *asked)
{
	const struct sp_dnsbl_rules *rules = sp_list_set_rules(set);
	struct sp_list_told told = { .is_known = asked->is_cached,
				     .took_us = asked->took_us };

	told.answer.error = sp_dnsbl_answer_judge(rules->zones[zone], answer,
						  &told.answer.is_listed);
	sp_list_set_answered(set, zone, &told,
			     sp_clock_wall_ms(session->service->clock));
}

bool sp_lists_judge(const struct sp_session *session,
		    struct sp_dns_batch *batch, struct sp_list_set *set,
		    struct sp_lists_lookup *lookup, uint64_t *hits_out)
{
	const struct sp_dnsbl_rules *rules = sp_list_set_rules(set);
	struct sp_dnsbl_answer answers[SP_DNSBL_MAX_ZONES];
	uint32_t well = sp_list_set_well(set);
	struct sp_dnsbl_fact fact;
	bool is_complete = true;

	memset(answers, 0, sizeof(answers));
	for (size_t zone = 0; zone < rules->zone_count; zone++) {
		uint32_t zone_bit = UINT32_C(1) << zone;
		struct sp_dns_view asked;

		if (!sp_dns_question_get(batch, lookup->zones[zone], &asked))
			continue;
		sp_lists_read(asked.answer, &answers[zone]);
		if (answers[zone].state == SP_DNSBL_FAILED && well & zone_bit)
			is_complete = false;
		if (asked.answer->status == SP_DNS_PENDING ||
		    asked.answer->status == SP_DNS_NOT_ASKED ||
		    lookup->told & zone_bit)
			continue;
		lookup->told |= zone_bit;
		tell_health(session, set, zone, &answers[zone], &asked);
	}
	sp_dnsbl_judge(rules, answers, well, &fact);
	*hits_out = fact.hits;
	return is_complete;
}
