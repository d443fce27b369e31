#include "sallyport/finding.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* TRUSTED, ACCESS_*, RELAY_GUARD and GREYLISTED decide by themselves and need no
 * points. Of the others, all of HELO_* are seen in one HELO, HARVEST and
 * RELAY_PROBE in one client's recipients; what can be true of it at once stays below
 * score.refuse (10), for one source alone must not refuse a mail. */
static const struct sp_finding_kind kinds[SP_FINDING_COUNT] = {
	[SP_FINDING_TRUSTED] = { "TRUSTED", 0,
				 "The client is in access.trusted-networks or "
				 "has authenticated, so nothing was checked." },
	[SP_FINDING_ACCESS_ALLOW] = { "ACCESS_ALLOW", 0,
				      "An entry of an allow list holds." },
	[SP_FINDING_ACCESS_DENY] = { "ACCESS_DENY", 0,
				     "An entry of a deny list holds." },
	[SP_FINDING_HELO_NONE] = { "HELO_NONE", 1.5,
				   "The client did not say its name." },
	[SP_FINDING_HELO_INVALID] = { "HELO_INVALID", 2.0,
				      "The name in HELO is neither a host name "
				      "nor an address in brackets." },
	[SP_FINDING_HELO_BARE_IP] = { "HELO_BARE_IP", 2.0,
				      "The name in HELO is an address without "
				      "brackets." },
	[SP_FINDING_HELO_NOT_FQDN] = { "HELO_NOT_FQDN", 1.0,
				       "The name in HELO has one label only." },
	[SP_FINDING_HELO_WRONG_LITERAL] = { "HELO_WRONG_LITERAL", 2.5,
					    "The address in HELO is not the "
					    "client's." },
	[SP_FINDING_HELO_FORGED] = { "HELO_FORGED", 3.5,
				     "The client calls itself by our own name "
				     "or address." },
	[SP_FINDING_HARVEST] = { "HARVEST", 3.0,
				 "The client, or its network lately, named "
				 "many users that do not exist." },
	[SP_FINDING_RELAY_PROBE] = { "RELAY_PROBE", 4.0,
				     "The client, or its network lately, tried "
				     "to send through this server to others." },
	[SP_FINDING_RELAY_GUARD] = { "RELAY_GUARD", 0,
				     "The recipient is in none of "
				     "relay.local-domains." },
	[SP_FINDING_GREYLISTED] = { "GREYLISTED", 0,
				    "A first-time sender was asked to come "
				    "back." },
};

const struct sp_finding_kind *sp_finding_kind(enum sp_finding_id id)
{
	assert(id < SP_FINDING_COUNT);
	return &kinds[id];
}

enum sp_finding_id sp_finding_by_name(const char *name)
{
	for (unsigned id = 0; id < SP_FINDING_COUNT; id++)
		if (strcmp(kinds[id].name, name) == 0)
			return (enum sp_finding_id)id;
	return SP_FINDING_COUNT;
}
