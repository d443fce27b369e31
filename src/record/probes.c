#include "sallyport/record.h"

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/identity.h"
#include "sallyport/service.h"
#include "sallyport/session.h"

void sp_record_probes(struct sp_session *session)
{
	struct sp_connection *connection = &session->connection;
	const struct sp_service *service = session->service;
	const struct sp_config *config = service->config;
	char identity[SP_IDENTITY_SIZE];
	struct sp_probe_counts sum;
	const struct sp_probe_question question = {
		.identity = sp_identity_of_network(&connection->client,
						   &config->greylist, identity),
		.window_ms = config->harvest.window_ms,
		.now_ms = sp_clock_wall_ms(service->clock),
		.more = connection->unsaved,
	};

	if (connection->unsaved.unknown + connection->unsaved.relay +
			    connection->unsaved.hung_up ==
		    0 ||
	    !identity[0])
		return;
	/* Not saved now: with the session's next mail, or not at all. */
	if (sp_probe_count(service->store, &question,
			   sp_clock_mono_ms() + config->budget.callback_ms,
			   &sum) != SP_OK)
		return;
	connection->unsaved = (struct sp_probe_counts){ 0 };
	sp_session_note_network(session, &sum);
}
