#include "sallyport/identity.h"

#include <string.h>

#include "sallyport/config.h"
#include "sallyport/ip.h"
#include "sallyport/organisation.h"
#include "sallyport/text.h"

const char *sp_identity_of_network(const struct sp_ip *client,
				   const struct sp_greylist_config *config,
				   char identity_out[SP_IDENTITY_SIZE])
{
	unsigned prefix = client->family == SP_IP_4 ? config->ipv4_prefix
						    : config->ipv6_prefix;
	struct sp_network network;
	char around[SP_NETWORK_TEXT_SIZE];
	struct sp_text text;

	sp_text_init(&text, identity_out, SP_IDENTITY_SIZE);
	if (client->family == SP_IP_NONE)
		return identity_out;
	sp_network_around(client, prefix, &network);
	sp_text_addf(&text, "net:%s", sp_network_format(&network, around));
	return identity_out;
}

enum sp_err sp_identity_of_domain(const char *domain,
				  char identity_out[SP_IDENTITY_SIZE])
{
	char name[SP_DOMAIN_SIZE];
	struct sp_text text;

	sp_text_init(&text, identity_out, SP_IDENTITY_SIZE);
	if (sp_domain_kind(domain) != SP_DOMAIN_QUALIFIED ||
	    sp_domain_normalise(domain, name) != SP_OK)
		return SP_ERR_SYNTAX;
	sp_text_add(&text, "domain:");
	sp_text_add(&text, name);
	return SP_OK;
}

/* A HELO name stands for a null sender: that has no domain of its own. */
static bool find_spf(const struct sp_spf_fact *spf,
		     char identity_out[SP_IDENTITY_SIZE])
{
	return spf->state == SP_FACT_KNOWN && spf->result == SP_SPF_PASS &&
	       !spf->passes_world && spf->domain &&
	       sp_identity_of_domain(spf->domain, identity_out) == SP_OK;
}

enum sp_err sp_identity_of_rdns(const struct sp_rdns_fact *rdns,
				const struct sp_suffixes *suffixes,
				char identity_out[SP_IDENTITY_SIZE])
{
	char organisation[SP_DOMAIN_SIZE];

	identity_out[0] = '\0';
	if (rdns->state != SP_FACT_KNOWN || rdns->kind != SP_RDNS_CONFIRMED ||
	    rdns->generic ||
	    sp_organisation_of(suffixes, rdns->name, organisation) != SP_OK)
		return SP_ERR_NOT_FOUND;
	return sp_identity_of_domain(organisation, identity_out);
}

size_t sp_identities_find(const struct sp_identity_question *question,
			  const struct sp_greylist_config *config,
			  struct sp_identity found_out[SP_IDENTITIES_MAX])
{
	size_t count = 0;

	if (question->client->family == SP_IP_NONE)
		return 0;
	if (find_spf(question->spf, found_out[count].text))
		found_out[count++].proof = SP_IDENTITY_SPF;
	if (sp_identity_of_rdns(question->rdns, question->suffixes,
				found_out[count].text) == SP_OK &&
	    (count == 0 ||
	     strcmp(found_out[0].text, found_out[count].text) != 0))
		found_out[count++].proof = SP_IDENTITY_RDNS;
	sp_identity_of_network(question->client, config, found_out[count].text);
	found_out[count++].proof = SP_IDENTITY_NETWORK;
	return count;
}
