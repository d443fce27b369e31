/*
 * What the client's network tried in vain lately. Greylisting's question has
 * asked that along; where there is none, because greylisting is off, one of
 * its own is asked for a mail.
 */
#include "sallyport/probe.h"

#include "sallyport/check.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/identity.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

static void ask(struct sp_session *session, int64_t deadline_ms)
{
	const struct sp_service *service = session->service;
	const struct sp_config *config = service->config;
	char identity[SP_IDENTITY_SIZE];
	struct sp_probe_counts sum;
	const struct sp_probe_question question = {
		.identity = sp_identity_of_network(&session->connection.client,
						   &config->greylist, identity),
		.window_ms = config->harvest.window_ms,
		.now_ms = sp_clock_wall_ms(service->clock),
	};

	session->mail.is_network_asked = true;
	if (!identity[0])
		return;
	if (sp_probe_count(service->store, &question, deadline_ms, &sum) ==
	    SP_OK) {
		sp_session_note_network(session, &sum);
		return;
	}
	session->connection.probe.state = SP_FACT_UNKNOWN;
	session->mail.degraded |= SP_DEGRADED_STORE;
}

void sp_probe_check(struct sp_session *session, int64_t deadline_ms)
{
	const struct sp_config *config = session->service->config;
	const struct sp_greylist_fact *greylist = &session->recipient->greylist;

	if (session->mail.is_network_asked || !sp_probe_is_wanted(config))
		return;
	if (greylist->state == SP_FACT_KNOWN && greylist->answer.has_probes) {
		session->mail.is_network_asked = true;
		sp_session_note_network(session, &greylist->answer.probes);
	} else if (greylist->state == SP_FACT_UNKNOWN) {
		session->connection.probe.state = SP_FACT_UNKNOWN;
	} else if (!config->greylist.is_enabled) {
		ask(session, deadline_ms);
	}
}
