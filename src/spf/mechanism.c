/* mechanism.c - does a term match the client? (RFC 7208 section 5) */
#include "evaluation.h"

#include <string.h>

bool sp_spf_count_lookup(struct sp_spf *spf)
{
	if (spf->walk.lookups == SP_SPF_LOOKUPS_MAX) {
		spf->walk.reason = "too many terms that ask DNS";
		return false;
	}
	spf->walk.lookups++;
	return true;
}

enum sp_spf_step sp_spf_count_void(struct sp_spf *spf)
{
	spf->walk.voids++;
	if (spf->walk.voids <= SP_SPF_VOIDS_MAX)
		return SP_SPF_NO;
	spf->walk.reason = "too many terms that ask DNS in vain";
	return SP_SPF_PERM;
}

static enum sp_spf_step match_network(const struct sp_spf *spf,
				      const struct sp_spf_term *term)
{
	struct sp_network network;

	sp_network_around(&term->ip,
			  term->kind == SP_SPF_IP4 ? term->prefix4
						   : term->prefix6,
			  &network);
	return sp_network_contains(&network, &spf->macros.client) ? SP_SPF_YES
								  : SP_SPF_NO;
}

static enum sp_spf_step match_a(struct sp_spf *spf,
				const struct sp_dns_name *name,
				const struct sp_spf_term *term)
{
	struct sp_spf_entry *entry;
	enum sp_spf_step step =
		sp_spf_ask(spf, name, sp_spf_address_type(spf), &entry);

	if (step == SP_SPF_NO)
		return sp_spf_count_void(spf);
	if (step != SP_SPF_YES)
		return step;
	return sp_spf_has_client(spf, entry->answer, term->prefix4,
				 term->prefix6)
		       ? SP_SPF_YES
		       : SP_SPF_NO;
}

enum sp_spf_step sp_spf_count_exchanges(struct sp_spf *spf,
					const struct sp_dns_answer *exchanges)
{
	if (exchanges->count + exchanges->dropped <= SP_SPF_MX_MAX)
		return SP_SPF_YES;
	spf->walk.reason = "too many names of an MX";
	return SP_SPF_PERM;
}

void sp_spf_ask_names_ahead(struct sp_spf *spf,
			    const struct sp_spf_entry *names)
{
	for (size_t i = 0; i < names->answer->count; i++) {
		const struct sp_dns_record *record = &names->answer->records[i];
		struct sp_dns_name name;

		if (sp_dns_name_expanded(record->text, record->length, &name) ==
		    SP_OK)
			sp_spf_ask_ahead(spf, &name, sp_spf_address_type(spf));
	}
}

/* Of the exchanges' addresses; *has_any_out: some exchange has one. */
static enum sp_spf_step match_exchange(struct sp_spf *spf,
				       const struct sp_dns_record *exchange,
				       const struct sp_spf_term *term,
				       bool *has_any_out)
{
	struct sp_spf_entry *entry;
	struct sp_dns_name name;
	enum sp_spf_step step;

	if (sp_dns_name_expanded(exchange->text, exchange->length, &name) !=
	    SP_OK)
		return SP_SPF_NO;
	step = sp_spf_ask(spf, &name, sp_spf_address_type(spf), &entry);
	if (step != SP_SPF_YES)
		return step;
	*has_any_out = true;
	return sp_spf_has_client(spf, entry->answer, term->prefix4,
				 term->prefix6)
		       ? SP_SPF_YES
		       : SP_SPF_NO;
}

static enum sp_spf_step match_mx(struct sp_spf *spf,
				 const struct sp_dns_name *name,
				 const struct sp_spf_term *term)
{
	const struct sp_dns_answer *exchanges;
	struct sp_spf_entry *entry;
	enum sp_spf_step step = sp_spf_ask(spf, name, SP_DNS_MX, &entry);
	bool has_any = false;

	if (step == SP_SPF_NO)
		return sp_spf_count_void(spf);
	if (step != SP_SPF_YES)
		return step;
	exchanges = entry->answer;
	step = sp_spf_count_exchanges(spf, exchanges);
	if (step != SP_SPF_YES)
		return step;
	for (size_t i = 0; i < exchanges->count; i++) {
		step = match_exchange(spf, &exchanges->records[i], term,
				      &has_any);
		if (step == SP_SPF_WAIT)
			sp_spf_ask_names_ahead(spf, entry);
		if (step != SP_SPF_NO)
			return step;
	}
	return has_any ? SP_SPF_NO : sp_spf_count_void(spf);
}

/* A name that is not below `target` needs no proof. */
static enum sp_spf_step match_name(struct sp_spf *spf,
				   const struct sp_dns_record *record,
				   const struct sp_dns_name *target)
{
	struct sp_spf_entry *entry;
	struct sp_dns_name name;
	enum sp_spf_step step;

	if (!sp_domain_is_within(record->text, target->text) ||
	    sp_dns_name_expanded(record->text, record->length, &name) != SP_OK)
		return SP_SPF_NO;
	step = sp_spf_ask(spf, &name, sp_spf_address_type(spf), &entry);
	/* What DNS does not answer for is no proof, and no error either. */
	if (step == SP_SPF_TEMP)
		return SP_SPF_NO;
	if (step != SP_SPF_YES)
		return step;
	return sp_spf_has_client(spf, entry->answer, 32, 128) ? SP_SPF_YES
							      : SP_SPF_NO;
}

static enum sp_spf_step match_ptr(struct sp_spf *spf,
				  const struct sp_dns_name *target)
{
	struct sp_spf_entry *names;
	struct sp_dns_name reverse;
	enum sp_spf_step step;

	(void)sp_dns_name_reverse(&spf->macros.client, NULL, &reverse);
	step = sp_spf_ask(spf, &reverse, SP_DNS_PTR, &names);
	if (step == SP_SPF_NO)
		return sp_spf_count_void(spf);
	if (step == SP_SPF_TEMP)
		return SP_SPF_NO;
	if (step != SP_SPF_YES)
		return step;
	for (size_t i = 0; i < names->answer->count && i < SP_SPF_PTR_MAX;
	     i++) {
		step = match_name(spf, &names->answer->records[i], target);
		if (step != SP_SPF_NO)
			return step;
	}
	return SP_SPF_NO;
}

/* Always A, whatever the client's family. */
static enum sp_spf_step match_exists(struct sp_spf *spf,
				     const struct sp_dns_name *name)
{
	struct sp_spf_entry *entry;
	enum sp_spf_step step = sp_spf_ask(spf, name, SP_DNS_A, &entry);

	return step == SP_SPF_NO ? sp_spf_count_void(spf) : step;
}

enum sp_spf_step sp_spf_match(struct sp_spf *spf,
			      const struct sp_dns_name *domain,
			      const struct sp_spf_term *term)
{
	struct sp_dns_name name;
	enum sp_spf_step step;

	if (term->kind == SP_SPF_ALL)
		return SP_SPF_YES;
	if (term->kind == SP_SPF_IP4 || term->kind == SP_SPF_IP6)
		return match_network(spf, term);
	if (!sp_spf_count_lookup(spf))
		return SP_SPF_PERM;
	/* What is no name has no records. */
	step = sp_spf_target(spf, domain, term->domain, &name);
	if (step != SP_SPF_YES)
		return step;
	switch (term->kind) {
	case SP_SPF_A:
		return match_a(spf, &name, term);
	case SP_SPF_MX:
		return match_mx(spf, &name, term);
	case SP_SPF_PTR:
		return match_ptr(spf, &name);
	default:
		return match_exists(spf, &name);
	}
}
