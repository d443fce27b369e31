#include "sallyport/relay.h"

#include <string.h>

#include "sallyport/address.h"
#include "sallyport/check.h"
#include "sallyport/config.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/text.h"

/* "[192.0.2.1]", "[ipv6:2001:db8::1]" */
static bool is_own_literal(const struct sp_relay_question *question,
			   const char *literal)
{
	char inside[SP_IP_TEXT_SIZE + 8];
	struct sp_text text;
	struct sp_ip ip;

	sp_text_init(&text, inside, sizeof(inside));
	sp_text_add_bytes(&text, literal + 1, strcspn(literal + 1, "]"));
	if (text.is_cut || sp_ip_parse(inside, &ip) != SP_OK)
		return false;
	return sp_ip_equals(&ip, question->own_address) ||
	       sp_list_find_ip(question->own_addresses, &ip) != NULL;
}

static bool is_ours(const struct sp_relay_question *question,
		    const char *domain)
{
	char name[SP_DOMAIN_SIZE];

	if (domain[0] == '[')
		return is_own_literal(question, domain);
	return sp_domain_normalise(domain, name) == SP_OK &&
	       sp_list_find_name(question->local_domains, name) != NULL;
}

/* For people: a name or nothing. */
static void note_domain(struct sp_relay_fact *fact, const char *domain)
{
	struct sp_text text;

	sp_text_init(&text, fact->domain, sizeof(fact->domain));
	sp_text_add_safe(&text, domain, strnlen(domain, SP_DOMAIN_SIZE), NULL);
}

/* "@a,@b:" before the mailbox. */
static bool is_routed_elsewhere(const struct sp_relay_question *question,
				struct sp_relay_fact *fact)
{
	const char *at = question->path + strspn(question->path, " \t<");
	char hop[SP_DOMAIN_SIZE];

	while (at[0] == '@') {
		size_t length = strcspn(at + 1, ",:");
		struct sp_text text;

		sp_text_init(&text, hop, sizeof(hop));
		sp_text_add_bytes(&text, at + 1, length);
		if (text.is_cut || !is_ours(question, hop)) {
			note_domain(fact, hop);
			return true;
		}
		at += 1 + length;
		at += strspn(at, ", \t");
	}
	return false;
}

/* user@other, user%other and other!user, one within the other: in the order in
 * which an MTA would follow them once the local domain is taken off. Wears
 * `local` down. */
static bool leads_elsewhere(const struct sp_relay_question *question,
			    char *local, struct sp_relay_fact *fact)
{
	for (;;) {
		char *mark = strrchr(local, '@');
		const char *domain;

		if (!mark)
			mark = strrchr(local, '%');
		if (mark) {
			domain = mark + 1;
		} else {
			mark = strchr(local, '!');
			/* "wow!" names nobody there. */
			domain = mark && mark[1] ? local : "";
		}
		if (!mark)
			return false;
		if (mark[0] == '!')
			local = mark + 1;
		mark[0] = '\0';
		if (domain[0] && !is_ours(question, domain)) {
			note_domain(fact, domain);
			return true;
		}
	}
}

static enum sp_relay_kind judge(const struct sp_relay_question *question,
				struct sp_relay_fact *fact)
{
	struct sp_address address;

	sp_address_parse(question->path, &address);
	if (address.kind == SP_ADDRESS_NULL)
		return SP_RELAY_LOCAL;
	if (address.kind == SP_ADDRESS_BAD)
		return SP_RELAY_UNREADABLE;
	if (address.kind == SP_ADDRESS_FULL &&
	    !is_ours(question, address.domain)) {
		note_domain(fact, address.domain);
		return SP_RELAY_REMOTE;
	}
	if (is_routed_elsewhere(question, fact) ||
	    leads_elsewhere(question, address.local, fact))
		return SP_RELAY_ROUTED;
	return SP_RELAY_LOCAL;
}

void sp_relay_judge(const struct sp_relay_question *question,
		    struct sp_relay_fact *fact_out)
{
	*fact_out = (struct sp_relay_fact){ .state = SP_FACT_KNOWN };
	fact_out->kind = judge(question, fact_out);
}

void sp_relay_check(struct sp_session *session, int64_t deadline_ms)
{
	const struct sp_config *config = session->service->config;

	(void)deadline_ms;
	if (sp_list_count(config->relay.local_domains) == 0)
		return;
	sp_relay_judge(
		&(struct sp_relay_question){
			.path = session->recipient->path,
			.local_domains = config->relay.local_domains,
			.own_address = &session->connection.own_address,
			.own_addresses = config->helo.own_addresses,
		},
		&session->recipient->relay);
}
