#include "sallyport/dnsbl.h"

/*
 * How the weights are set. Mail is refused at 10 (score.refuse). All rules of
 * all lists of one operator together stay below that, so the slip of one
 * operator never refuses mail; the worst of Spamhaus (9.5) needs another
 * operator's list, or two of our own findings, to be enough. They have the
 * proportions of Rspamd's, scaled from its threshold of 15 to our 10.
 *
 * Who uses a list has to read its operator's terms, which change: the
 * sentences here say what to look for.
 */
static const struct sp_dnsbl_source sources[] = {
	{ .zone = "zen.spamhaus.org",
	  .operator_name = "Spamhaus",
	  .terms = "Free for non-commercial use of small volume by one's own "
		   "resolver, not by a public one; others need a key "
		   "(KEY.zen.dq.spamhaus.net)",
	  .has_ipv6 = true,
	  .is_on = true,
	  .rules = { "ZEN_SBL: zen.spamhaus.org=127.0.0.[2;9]*2.5",
		     "ZEN_CSS: zen.spamhaus.org=127.0.0.3*1",
		     "ZEN_XBL: zen.spamhaus.org=127.0.0.[4..7]*2.5",
		     "ZEN_PBL: zen.spamhaus.org=127.0.0.[10;11]*1" } },
	{ .zone = "dbl.spamhaus.org",
	  .operator_name = "Spamhaus",
	  .terms = "As for zen.spamhaus.org (KEY.dbl.dq.spamhaus.net); never "
		   "ask it about addresses",
	  .is_domain = true,
	  .is_on = true,
	  .rules = { "DBL: dbl.spamhaus.org=127.0.1.[2..99]*2.5",
		     /* Hacked sites: their owners send honest mail too. */
		     "DBL_ABUSED: dbl.spamhaus.org=127.0.1.[102..199]*0" } },
	{ .zone = "bl.spamcop.net",
	  .operator_name = "SpamCop",
	  .terms = "Free for everybody who asks it from the mail server; the "
		   "operator advises to score, not to refuse",
	  .is_on = true,
	  .rules = { "SPAMCOP: bl.spamcop.net=127.0.0.2*2" } },
	{ .zone = "psbl.surriel.com",
	  .operator_name = "PSBL",
	  .terms = "Free for everybody; large sites are asked to mirror it",
	  .is_on = true,
	  .rules = { "PSBL: psbl.surriel.com=127.0.0.2*2" } },
	{ .zone = "b.barracudacentral.org",
	  .operator_name = "Barracuda",
	  .terms = "Free, but the address of the resolver has to be registered "
		   "with the operator first",
	  .rules = { "BARRACUDA: b.barracudacentral.org=127.0.0.2*2.5" } },
	{ .zone = "dnsbl-1.uceprotect.net",
	  .operator_name = "UCEPROTECT",
	  .terms = "Free for small volume; it is debated, for it takes money "
		   "to remove an address early",
	  .rules = { "UCEPROTECT_1: dnsbl-1.uceprotect.net=127.0.0.2*1" } },
	{ .zone = "list.dnswl.org",
	  .operator_name = "DNSWL.org",
	  .terms = "Free up to 100,000 questions in 24 hours, not by public "
		   "resolvers; beyond that, and for vendors of filters, by "
		   "subscription",
	  .has_ipv6 = true,
	  .is_on = true,
	  .rules = { "DNSWL_LOW: list.dnswl.org=127.0.[2..20].1*-0.5",
		     "DNSWL_MED: list.dnswl.org=127.0.[2..20].2*-1.5",
		     "DNSWL_HI: list.dnswl.org=127.0.[2..20].3*-3" } },
	{ .zone = "multi.surbl.org",
	  .operator_name = "SURBL",
	  .terms = "Free for sites with few users and questions, not by public "
		   "resolvers; others need a data feed",
	  .is_domain = true,
	  .is_on = true,
	  .rules = { "SURBL_PHISH: multi.surbl.org=127.0.0.{8}*2.5",
		     "SURBL_MALWARE: multi.surbl.org=127.0.0.{16}*2.5",
		     "SURBL_ABUSE: multi.surbl.org=127.0.0.{64}*2",
		     /* Hacked sites, as above. */
		     "SURBL_CRACKED: multi.surbl.org=127.0.0.{128}*0.5" } },
	{ .zone = "multi.uribl.com",
	  .operator_name = "URIBL",
	  .terms = "Free for small volume, not by public resolvers; others "
		   "need a data feed",
	  .is_domain = true,
	  .is_on = true,
	  .rules = { "URIBL_BLACK: multi.uribl.com=127.0.0.{2}*2.5",
		     "URIBL_GREY: multi.uribl.com=127.0.0.{4}*0.5",
		     "URIBL_RED: multi.uribl.com=127.0.0.{8}*0.5" } },
};

const struct sp_dnsbl_source *sp_dnsbl_sources(size_t *count_out)
{
	*count_out = sizeof(sources) / sizeof(sources[0]);
	return sources;
}

void sp_dnsbl_rules_add_defaults(struct sp_dnsbl_rules *rules, bool is_domain)
{
	char error[SP_DNSBL_ERROR_SIZE];

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		const struct sp_dnsbl_source *source = &sources[i];

		if (!source->is_on || source->is_domain != is_domain)
			continue;
		for (const char *const *rule = source->rules; *rule; rule++)
			sp_dnsbl_rules_add(rules, *rule, error);
	}
}
