#include "sallyport/helo.h"

#include <string.h>

#include "sallyport/check.h"
#include "sallyport/config.h"
#include "sallyport/domain.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/text.h"

static bool is_own_address(const struct sp_helo_question *question,
			   const struct sp_ip *ip)
{
	return sp_ip_equals(ip, question->own_address) ||
	       sp_list_find_ip(question->config->own_addresses, ip) != NULL;
}

/* The address within "[...]"; false when it is no address literal. */
static bool parse_literal(const char *helo, struct sp_ip *ip_out)
{
	char inside[SP_IP_TEXT_SIZE + 8];
	size_t length = strlen(helo);

	if (length < 3 || helo[0] != '[' || helo[length - 1] != ']' ||
	    length - 2 >= sizeof(inside))
		return false;
	memcpy(inside, helo + 1, length - 2);
	inside[length - 2] = '\0';
	return sp_ip_parse(inside, ip_out) == SP_OK;
}

static enum sp_helo_kind judge_literal(const struct sp_helo_question *question,
				       const struct sp_ip *ip)
{
	if (sp_ip_equals(ip, question->client))
		return SP_HELO_FINE;
	if (is_own_address(question, ip))
		return SP_HELO_FORGED;
	return SP_HELO_WRONG_LITERAL;
}

static enum sp_helo_kind judge_name(const struct sp_helo_question *question)
{
	enum sp_domain_kind kind = sp_domain_kind(question->helo);
	char name[SP_DOMAIN_SIZE];
	char own[SP_DOMAIN_SIZE];

	if (kind == SP_DOMAIN_EMPTY || kind == SP_DOMAIN_BAD ||
	    sp_domain_normalise(question->helo, name) != SP_OK)
		return SP_HELO_INVALID;
	/* The MTA's own name exactly: other hosts of our domain are not us. */
	if (sp_domain_normalise(question->own_name, own) == SP_OK &&
	    strcmp(name, own) == 0)
		return SP_HELO_FORGED;
	if (sp_list_find_name(question->config->own_names, name))
		return SP_HELO_FORGED;
	return kind == SP_DOMAIN_SINGLE ? SP_HELO_NOT_FQDN : SP_HELO_FINE;
}

static enum sp_helo_kind judge(const struct sp_helo_question *question)
{
	struct sp_ip ip;

	if (!question->helo[0])
		return SP_HELO_NONE;
	if (parse_literal(question->helo, &ip))
		return judge_literal(question, &ip);
	if (sp_ip_parse(question->helo, &ip) == SP_OK)
		return is_own_address(question, &ip) ? SP_HELO_FORGED
						     : SP_HELO_BARE_IP;
	return judge_name(question);
}

void sp_helo_judge(const struct sp_helo_question *question,
		   struct sp_helo_fact *fact_out)
{
	*fact_out = (struct sp_helo_fact){
		.state = SP_FACT_KNOWN,
		.kind = judge(question),
	};
}

void sp_helo_check(struct sp_session *session, int64_t deadline_ms)
{
	const struct sp_config *config = session->service->config;
	struct sp_connection *connection = &session->connection;

	(void)deadline_ms;
	if (!config->helo.is_enabled)
		return;
	sp_helo_judge(
		&(struct sp_helo_question){
			.helo = connection->helo,
			.client = &connection->client,
			.own_name = config->hostname[0] ? config->hostname
							: connection->own_name,
			.own_address = &connection->own_address,
			.config = &config->helo,
		},
		&connection->helo_fact);
}
