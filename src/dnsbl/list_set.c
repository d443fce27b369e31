#include "sallyport/list_set.h"

#include <stdlib.h>

#include "sallyport/log.h"

struct sp_list_set {
	struct sp_dnsbl_rules rules;
	bool is_domain;
	struct sp_list_health *health[SP_DNSBL_MAX_ZONES]; /* of each zone */
};

enum sp_err sp_list_set_new(const struct sp_dnsbl_rules *rules, bool is_domain,
			    struct sp_list_set **set_out)
{
	struct sp_list_set *set = calloc(1, sizeof(*set));

	if (!set)
		return SP_ERR_NO_MEMORY;
	set->rules = *rules;
	set->is_domain = is_domain;
	for (size_t zone = 0; zone < rules->zone_count; zone++)
		set->health[zone] = sp_list_health_new();
	*set_out = set;
	return SP_OK;
}

void sp_list_set_free(struct sp_list_set **set)
{
	if (!*set)
		return;
	for (size_t zone = 0; zone < (*set)->rules.zone_count; zone++)
		sp_list_health_free(&(*set)->health[zone]);
	free(*set);
	*set = NULL;
}

const struct sp_dnsbl_rules *sp_list_set_rules(const struct sp_list_set *set)
{
	return &set->rules;
}

bool sp_list_set_is_domain(const struct sp_list_set *set)
{
	return set->is_domain;
}

uint32_t sp_list_set_well(const struct sp_list_set *set)
{
	uint32_t well = 0;

	for (size_t zone = 0; zone < set->rules.zone_count; zone++)
		if (sp_list_health_is_well(set->health[zone]))
			well |= UINT32_C(1) << zone;
	return well;
}

bool sp_list_set_is_asked(const struct sp_list_set *set, size_t zone)
{
	return sp_list_health_is_asked(set->health[zone]);
}

static void tell(const struct sp_list_set *set, size_t zone,
		 enum sp_health_event event)
{
	char shown[SP_DOMAIN_SIZE];
	struct sp_health_view view;

	if (event == SP_HEALTH_NO_EVENT)
		return;
	sp_dnsbl_zone_show(set->rules.zones[zone], shown);
	sp_list_health_view(set->health[zone], &view);
	if (event == SP_HEALTH_BECAME_UNWELL)
		sp_log(SP_LOG_WARNING,
		       "dnsbl: %s counts for nothing until it is well again: "
		       "%s",
		       shown, sp_health_reason_text(&view));
	else
		sp_log(SP_LOG_INFO, "dnsbl: %s is well again, and counts",
		       shown);
}

void sp_list_set_answered(struct sp_list_set *set, size_t zone,
			  const struct sp_list_told *told, int64_t now_ms)
{
	struct sp_list_health *health = set->health[zone];

	if (told->is_known)
		sp_list_health_known(health, &told->answer, now_ms);
	else
		tell(set, zone,
		     sp_list_health_answered(health, &told->answer,
					     (double)told->took_us / 1000,
					     now_ms));
}

void sp_list_set_tested(struct sp_list_set *set, size_t zone,
			const struct sp_health_answer *listed_point,
			const struct sp_health_answer *unlisted_point,
			int64_t now_ms)
{
	tell(set, zone,
	     sp_list_health_tested(set->health[zone], listed_point,
				   unlisted_point, now_ms));
}

void sp_list_set_view(const struct sp_list_set *set, size_t zone,
		      struct sp_health_view *view_out)
{
	sp_list_health_view(set->health[zone], view_out);
}
