/* lookup.c - questions, and what stands in front of them: whose name. */
#include "evaluation.h"

#include <string.h>

enum {
	NAME_MAX_LENGTH = SP_DOMAIN_SIZE - 1,
	/* A domain-spec is cut from the left to 253 characters, but one that
	 * writes more than this is no name at all. */
	EXPANDED_SIZE = 1024
};

static struct sp_spf_entry *find(const struct sp_spf *spf,
				 const struct sp_dns_name *name,
				 enum sp_dns_type type)
{
	for (unsigned i = 0; i < spf->count; i++)
		if (spf->entries[i]->type == type &&
		    strcmp(spf->entries[i]->name.text, name->text) == 0)
			return spf->entries[i];
	return NULL;
}

static struct sp_spf_entry *add(struct sp_spf *spf,
				const struct sp_dns_name *name,
				enum sp_dns_type type)
{
	struct sp_spf_entry *entry =
		sp_arena_alloc(&spf->arena, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	entry->spf = spf;
	entry->number = spf->count;
	entry->name = *name;
	entry->type = type;
	spf->entries[spf->count++] = entry;
	return entry;
}

static enum sp_spf_step fail(struct sp_spf *spf, enum sp_spf_step step,
			     const char *reason)
{
	spf->walk.reason = reason;
	return step;
}

enum sp_spf_step sp_spf_ask(struct sp_spf *spf, const struct sp_dns_name *name,
			    enum sp_dns_type type, struct sp_spf_entry **out)
{
	struct sp_spf_entry *entry = find(spf, name, type);

	if ((entry == NULL || !entry->is_needed) &&
	    spf->needed == SP_SPF_NEEDED_MAX)
		return fail(spf, SP_SPF_PERM, "too many questions to DNS");
	if (entry == NULL)
		entry = add(spf, name, type);
	if (entry == NULL)
		return fail(spf, SP_SPF_TEMP, "too much to keep");
	if (!entry->is_needed) {
		entry->is_needed = true;
		spf->needed++;
	}
	*out = entry;
	if (entry->answer == NULL)
		return SP_SPF_WAIT;
	if (sp_dns_is_unknown(entry->answer->status))
		return fail(spf, SP_SPF_TEMP, "DNS did not answer");
	return entry->answer->status == SP_DNS_FOUND ? SP_SPF_YES : SP_SPF_NO;
}

struct sp_spf_entry *sp_spf_ask_ahead(struct sp_spf *spf,
				      const struct sp_dns_name *name,
				      enum sp_dns_type type)
{
	struct sp_spf_entry *entry = find(spf, name, type);

	if (entry != NULL)
		return entry;
	if (spf->count - spf->needed == SP_SPF_AHEAD_MAX)
		return NULL;
	return add(spf, name, type);
}

enum sp_dns_type sp_spf_address_type(const struct sp_spf *spf)
{
	return spf->macros.client.family == SP_IP_6 ? SP_DNS_AAAA : SP_DNS_A;
}

bool sp_spf_has_client(const struct sp_spf *spf,
		       const struct sp_dns_answer *answer, unsigned prefix4,
		       unsigned prefix6)
{
	bool is_6 = spf->macros.client.family == SP_IP_6;

	for (size_t i = 0; i < answer->count; i++) {
		struct sp_network network;

		sp_network_around(&answer->records[i].ip,
				  is_6 ? prefix6 : prefix4, &network);
		if (sp_network_contains(&network, &spf->macros.client))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------- target name */

/* RFC 7208 section 7.3: labels are taken away from the left until it fits. */
static const char *cut_left(const char *name)
{
	while (strlen(name) > NAME_MAX_LENGTH) {
		name = strchr(name, '.');
		if (name == NULL)
			return "";
		name++;
	}
	return name;
}

enum sp_spf_step sp_spf_target(struct sp_spf *spf,
			       const struct sp_dns_name *domain,
			       struct sp_spf_slice spec,
			       struct sp_dns_name *name_out)
{
	struct sp_spf_macros macros = spf->macros;
	char bytes[EXPANDED_SIZE];
	const char *name;
	struct sp_text text;

	*name_out = *domain;
	if (spec.length == 0)
		return SP_SPF_YES;
	macros.domain = domain->text;
	if (sp_spf_has_validated(spec.text, spec.length) &&
	    sp_spf_validated(spf, domain, &macros.validated) == SP_SPF_WAIT)
		return SP_SPF_WAIT;
	sp_text_init(&text, bytes, sizeof(bytes));
	sp_spf_expand(spec.text, spec.length, &macros, &text);
	if (text.is_cut || memchr(bytes, '\0', text.length) != NULL)
		return SP_SPF_NO;
	if (text.length > 0 && bytes[text.length - 1] == '.')
		bytes[--text.length] = '\0';
	name = cut_left(bytes);
	return sp_dns_name_expanded(name, strlen(name), name_out) == SP_OK
		       ? SP_SPF_YES
		       : SP_SPF_NO;
}

/* ----------------------------------------------------------- client's name */

/* Which of the client's names %{p} prefers: the domain, below it, any. */
static int rank_of(const char *name, const char *domain)
{
	if (strcmp(name, domain) == 0)
		return 0;
	return sp_domain_is_within(name, domain) ? 1 : 2;
}

/* Whether the name leads back; what is not answered does not. */
static enum sp_spf_step leads_back(struct sp_spf *spf,
				   const struct sp_dns_record *record)
{
	struct sp_spf_entry *entry;
	struct sp_dns_name name;
	enum sp_spf_step step;

	if (sp_dns_name_expanded(record->text, record->length, &name) != SP_OK)
		return SP_SPF_NO;
	step = sp_spf_ask(spf, &name, sp_spf_address_type(spf), &entry);
	if (step == SP_SPF_WAIT)
		return step;
	return step == SP_SPF_YES &&
			       sp_spf_has_client(spf, entry->answer, 32, 128)
		       ? SP_SPF_YES
		       : SP_SPF_NO;
}

enum sp_spf_step sp_spf_validated(struct sp_spf *spf,
				  const struct sp_dns_name *domain,
				  const char **name_out)
{
	struct sp_spf_entry *names;
	struct sp_dns_name reverse;
	enum sp_spf_step step;

	(void)sp_dns_name_reverse(&spf->macros.client, NULL, &reverse);
	step = sp_spf_ask(spf, &reverse, SP_DNS_PTR, &names);
	if (step != SP_SPF_YES)
		return step == SP_SPF_WAIT ? step : SP_SPF_NO;
	for (int rank = 0; rank <= 2; rank++) {
		for (size_t i = 0; i < names->answer->count; i++) {
			const struct sp_dns_record *record =
				&names->answer->records[i];

			if (i == SP_SPF_PTR_MAX)
				break;
			if (rank_of(record->text, domain->text) != rank)
				continue;
			step = leads_back(spf, record);
			if (step == SP_SPF_YES)
				*name_out = record->text;
			if (step != SP_SPF_NO)
				return step;
		}
	}
	return SP_SPF_NO;
}
