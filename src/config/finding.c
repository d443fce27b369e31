#include "sallyport/finding.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* TRUSTED, ACCESS_*, RELAY_GUARD, GREYLISTED and SUBMITTER_* decide by themselves,
 * FROM_FOREIGN by being counted, and need no points. The others come from a few sources (the HELO name, the client's name,
 * its recipients, the sender's domain, each operator of DNS lists); what can be
 * true of one source at once stays below score.refuse (10), for one alone must
 * not refuse. */
static const struct sp_finding_kind kinds[SP_FINDING_COUNT] = {
	[SP_FINDING_TRUSTED] = { "TRUSTED", 0,
				 "The client is in access.trusted-networks or "
				 "has authenticated, so nothing was checked." },
	[SP_FINDING_ACCESS_ALLOW] = { "ACCESS_ALLOW", 0,
				      "An entry of an allow list holds." },
	[SP_FINDING_ACCESS_DENY] = { "ACCESS_DENY", 0,
				     "An entry of a deny list holds." },
	[SP_FINDING_EARLY_TALKER] = { "EARLY_TALKER", 4.0,
				      "The client spoke before it was "
				      "greeted." },
	[SP_FINDING_HUNG_UP_EARLY] = { "HUNG_UP_EARLY", 1.0,
				       "The client, or its network lately, hung "
				       "up while it waited for the greeting." },
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
	[SP_FINDING_HELO_NOWHERE] = { "HELO_NOWHERE", 1.0,
				      "The name in HELO does not exist, or has "
				      "no address." },
	[SP_FINDING_HELO_ELSEWHERE] = { "HELO_ELSEWHERE", 0.3,
					"The name in HELO leads to other "
					"addresses than the client's." },
	[SP_FINDING_HELO_MISMATCH] = { "HELO_MISMATCH", 1.5,
				       "The name in HELO leads elsewhere, and "
				       "the client's confirmed name belongs to "
				       "another organisation." },
	[SP_FINDING_RDNS_NONE] = { "RDNS_NONE", 1.5,
				   "The client's address has no name." },
	[SP_FINDING_RDNS_NOT_CONFIRMED] = { "RDNS_NOT_CONFIRMED", 1.0,
					    "The name of the client's address "
					    "does not lead back to it." },
	[SP_FINDING_RDNS_GENERIC] = { "RDNS_GENERIC", 1.5,
				      "The client's name looks like that of a "
				      "customer's line." },
	[SP_FINDING_SENDER_DOMAIN_ABSENT] = { "SENDER_DOMAIN_ABSENT", 4.0,
					      "The sender's domain does not "
					      "exist." },
	[SP_FINDING_SENDER_DOMAIN_NO_HOST] = { "SENDER_DOMAIN_NO_HOST", 3.0,
					       "The sender's domain has neither "
					       "MX nor address." },
	[SP_FINDING_SENDER_DOMAIN_NULL_MX] = { "SENDER_DOMAIN_NULL_MX", 4.0,
					       "The sender's domain says that "
					       "it takes no mail." },
	[SP_FINDING_SENDER_DOMAIN_PRIVATE_MX] = { "SENDER_DOMAIN_PRIVATE_MX",
						  3.0,
						  "The sender's MX lead to "
						  "private addresses only." },
	[SP_FINDING_DNSBL] = { "DNSBL", 1.0,
			       "A list of addresses names the client. Times the "
			       "weight of each rule that hits (dnsbl.lists), "
			       "whose finding is DNSBL_ and its name." },
	[SP_FINDING_RHSBL] = { "RHSBL", 1.0,
			       "A list of domains names the HELO name, the "
			       "client's confirmed name, the sender's or the "
			       "author's domain. Times the weight of each rule "
			       "that hits (dnsbl.domain-lists), whose finding "
			       "is RHSBL_ and its name." },
	[SP_FINDING_SPF_PASS] = { "SPF_PASS", -0.2,
				  "The sender's domain says that the client may "
				  "send for it." },
	[SP_FINDING_SPF_PASSES_WORLD] = { "SPF_PASSES_WORLD", 1.0,
					  "The sender's domain says that anybody "
					  "may send for it, so its pass earns "
					  "nothing." },
	[SP_FINDING_SPF_FAIL] = { "SPF_FAIL", 2.5,
				  "The sender's domain says that the client may "
				  "not send for it." },
	[SP_FINDING_SPF_SOFTFAIL] = { "SPF_SOFTFAIL", 1.0,
				      "The sender's domain says that the client "
				      "probably may not send for it." },
	[SP_FINDING_SPF_NEUTRAL] = { "SPF_NEUTRAL", 0.5,
				     "The sender's domain does not say who may "
				     "send for it." },
	[SP_FINDING_SPF_NONE] = { "SPF_NONE", 0.5,
				  "The sender's domain has no SPF record." },
	[SP_FINDING_SPF_PERMERROR] = { "SPF_PERMERROR", 0.5,
				       "The SPF record of the sender's domain "
				       "cannot be evaluated." },
	[SP_FINDING_SPF_HELO_FAIL] = { "SPF_HELO_FAIL", 1.5,
				       "The domain of the HELO name says that "
				       "the client may not use it." },
	[SP_FINDING_DKIM_VALID] = { "DKIM_VALID", -0.2,
				    "A DKIM signature over all of the mail is "
				    "valid." },
	[SP_FINDING_DKIM_PARTIAL] = { "DKIM_PARTIAL", 0.2,
				      "A DKIM signature is valid, but does not "
				      "cover the end of the mail (l=)." },
	[SP_FINDING_DKIM_TESTING] = { "DKIM_TESTING", 0,
				      "A DKIM signature is valid, and its domain "
				      "is only testing (t=y)." },
	[SP_FINDING_DKIM_INVALID] = { "DKIM_INVALID", 0.3,
				      "The mail has DKIM signatures, and none is "
				      "valid." },
	[SP_FINDING_DKIM_TOO_MANY] = { "DKIM_TOO_MANY", 0.5,
				       "The mail has more DKIM signatures than "
				       "are looked at." },
	[SP_FINDING_FROM_NONE] = { "FROM_NONE", 1.5,
				   "The mail names no author (From:)." },
	[SP_FINDING_FROM_SEVERAL] = { "FROM_SEVERAL", 1.5,
				      "The mail has several From: fields, or "
				      "authors of several domains." },
	[SP_FINDING_FROM_UNREADABLE] = { "FROM_UNREADABLE", 1.5,
					 "From: can be read in several ways, or "
					 "in none." },
	[SP_FINDING_DMARC_PASS] = { "DMARC_PASS", -0.3,
				    "The author's domain is proven, by SPF or "
				    "DKIM." },
	[SP_FINDING_DMARC_NONE] = { "DMARC_NONE", 0.5,
				    "The author's domain is not proven; its "
				    "policy asks for nothing." },
	[SP_FINDING_DMARC_QUARANTINE] = { "DMARC_QUARANTINE", 2.0,
					  "The author's domain is not proven; "
					  "its policy is quarantine." },
	[SP_FINDING_DMARC_REJECT] = { "DMARC_REJECT", 3.0,
				      "The author's domain is not proven; its "
				      "policy is reject." },
	[SP_FINDING_DMARC_MAILING_LIST] = { "DMARC_MAILING_LIST", 1.5,
					    "The author's domain is not proven, "
					    "but a mailing list has signed the "
					    "mail. In place of DMARC_NONE, "
					    "DMARC_QUARANTINE and "
					    "DMARC_REJECT." },
	[SP_FINDING_DMARC_FORWARDED] = { "DMARC_FORWARDED", 0,
					 "The author's domain is not proven, "
					 "but the client is one of "
					 "dmarc.trusted-forwarders. In place of "
					 "the others." },
	[SP_FINDING_DMARC_PERMERROR] = { "DMARC_PERMERROR", 0.3,
					 "The DMARC record of the author's "
					 "domain cannot be read." },
	[SP_FINDING_BACKSCATTER] = { "BACKSCATTER", 1.5,
				     "It says that a mail has come back which "
				     "never went out from here." },
	[SP_FINDING_GREYLISTED] = { "GREYLISTED", 0,
				    "A first-time sender was asked to come "
				    "back." },
	[SP_FINDING_SUBMITTER_WATCH] = { "SUBMITTER_WATCH", 0,
					 "Who sends this mail out has sent more "
					 "than a limit to be told of." },
	[SP_FINDING_SUBMITTER_HOLD] = { "SUBMITTER_HOLD", 0,
					"Who sends this mail out has sent so "
					"much that it is held in the queue." },
	[SP_FINDING_SUBMITTER_LOCKED] = { "SUBMITTER_LOCKED", 0,
					  "Who sends this mail out is "
					  "locked." },
	[SP_FINDING_FROM_FOREIGN] = { "FROM_FOREIGN", 0,
				      "The author's address is not one of who "
				      "sends this mail out (outbound.own-from, "
				      "outbound.senders). It is counted." },
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
