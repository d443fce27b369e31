/*
 * Which user of this machine is it that has connected? Asked at connect, for a
 * client that has closed its end has no user any more. Of trusted clients too:
 * they are who sends out through us.
 */
#include "sallyport/check.h"

#include <string.h>

#include "sallyport/log.h"
#include "sallyport/session.h"
#include "sallyport/sock.h"

/* Sendmail does not tell which of our addresses a local client has dialled. */
static void find_own_end(struct sp_sock_ends *ends)
{
	struct sp_sock_look look;

	sp_sock_find(ends, &look);
}

static struct sp_owner_fact judge(const struct sp_sock_owner *owner)
{
	switch (owner->kind) {
	case SP_SOCK_OWNER_KNOWN:
		return (struct sp_owner_fact){ .state = SP_FACT_KNOWN,
					       .uid = owner->uid };
	case SP_SOCK_OWNER_CLOSED:
		return (struct sp_owner_fact){ .state = SP_FACT_UNKNOWN,
					       .why = SP_OWNER_CLOSED };
	case SP_SOCK_OWNER_REMOTE: /* our address, in another namespace */
	case SP_SOCK_OWNER_UNSEEN:
	case SP_SOCK_OWNER_UNAVAILABLE:
		break;
	}
	return (struct sp_owner_fact){ .state = SP_FACT_UNKNOWN,
				       .why = SP_OWNER_UNSEEN };
}

static void say_unavailable(const struct sp_sock_owner *owner)
{
	static struct sp_log_limit limit = { .every_ms = 3600000 };

	if (owner->kind == SP_SOCK_OWNER_UNAVAILABLE)
		sp_log_limited(&limit, SP_LOG_WARNING,
			       "the kernel does not tell which user has "
			       "connected: %s",
			       strerror(owner->error));
}

void sp_owner_check(struct sp_session *session, int64_t deadline_ms)
{
	struct sp_connection *connection = &session->connection;
	struct sp_sock_ends ends = {
		.own = connection->own_address,
		.peer = connection->client,
		.own_port = connection->own_port,
		.peer_port = connection->client_port,
	};
	struct sp_sock_owner owner;

	(void)deadline_ms;
	if (connection->is_local || !sp_sock_is_own(&connection->client))
		return;
	find_own_end(&ends);
	sp_sock_owner(&ends, &owner);
	say_unavailable(&owner);
	connection->owner = judge(&owner);
}
