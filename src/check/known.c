/*
 * Has this client's network, or its organisation, sent us mail often enough to
 * be greeted at once? Asked once each while the greeting is held, the latter
 * when its confirmed name is there. Redis's silence makes nobody known.
 */
#include "sallyport/check.h"

#include <string.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/identity.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

static bool ask(const struct sp_session *session, const char *identity)
{
	const struct sp_service *service = session->service;
	const struct sp_config *config = service->config;
	bool is_known = false;
	const struct sp_greylist_who who = {
		.identity = identity,
		.now_ms = sp_clock_wall_ms(service->clock),
	};

	return sp_greylist_is_known(service->store, &config->greylist, &who,
				    sp_clock_mono_ms() +
					    config->redis.command_timeout_ms,
				    &is_known) == SP_OK &&
	       is_known;
}

static bool is_network_known(struct sp_session *session)
{
	struct sp_connection *connection = &session->connection;
	char identity[SP_IDENTITY_SIZE];

	if (connection->is_network_looked_up)
		return false;
	connection->is_network_looked_up = true;
	sp_identity_of_network(&connection->client,
			       &session->service->config->greylist, identity);
	return identity[0] && ask(session, identity);
}

static bool is_organisation_known(struct sp_session *session)
{
	struct sp_connection *connection = &session->connection;
	char identity[SP_IDENTITY_SIZE];

	if (connection->is_organisation_looked_up ||
	    connection->rdns.state != SP_FACT_KNOWN)
		return false;
	connection->is_organisation_looked_up = true;
	return sp_identity_of_rdns(&connection->rdns,
				   session->service->suffixes,
				   identity) == SP_OK &&
	       ask(session, identity);
}

void sp_known_check(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_connection *connection = &session->connection;

	(void)deadline_ms;
	if (session->service->config->greylist.is_enabled &&
	    !connection->is_known)
		connection->is_known = is_network_known(session) ||
				       is_organisation_known(session);
}
