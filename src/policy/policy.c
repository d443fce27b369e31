#include "sallyport/policy.h"

#include <stdarg.h>
#include <stdio.h>

#include "sallyport/arena.h"
#include "sallyport/config.h"
#include "sallyport/text.h"

enum {
	REASON_SIZE = 256
};

static const char *const action_names[] = {
	[SP_ACTION_ACCEPT] = "accept",
	[SP_ACTION_DEFER] = "defer",
	[SP_ACTION_REFUSE] = "refuse",
};

const char *sp_action_name(enum sp_action action)
{
	return action_names[action];
}

/* One decision in the making: what is read and what is written. */
struct deliberation {
	const struct sp_facts *facts;
	const struct sp_config *config;
	struct sp_arena *arena;
	struct sp_verdict *verdict;
};

__attribute__((format(printf, 3, 4))) static void find(struct deliberation *d,
						       enum sp_finding_id id,
						       const char *format, ...)
{
	struct sp_verdict *verdict = d->verdict;
	char buffer[REASON_SIZE];
	const char *reason;
	struct sp_text text;
	va_list args;

	sp_text_init(&text, buffer, sizeof(buffer));
	va_start(args, format);
	sp_text_vaddf(&text, format, args);
	va_end(args);
	reason = sp_arena_text(d->arena, buffer);
	verdict->findings[verdict->count++] = (struct sp_finding){
		.id = id,
		.weight = d->config->score.weights[id],
		.reason = reason ? reason : "",
	};
	verdict->score += d->config->score.weights[id];
}

/* `action` is wanted; a feature that only observes may not act on it. */
static void want(struct deliberation *d, enum sp_action action,
		 enum sp_mode mode, enum sp_finding_id because)
{
	struct sp_verdict *verdict = d->verdict;

	if (action > verdict->would)
		verdict->would = action;
	if (mode == SP_MODE_ENFORCE && action > verdict->action) {
		verdict->action = action;
		verdict->because = because;
	}
}

static void weigh_access(struct deliberation *d,
			 const struct sp_access_fact *access)
{
	const struct sp_list_entry *entry = access->entry;

	if (access->answer == SP_ACCESS_ALLOW)
		find(d, SP_FINDING_ACCESS_ALLOW, "%s line %u allows %s",
		     entry->file, entry->line, entry->text);
	if (access->answer != SP_ACCESS_DENY)
		return;
	find(d, SP_FINDING_ACCESS_DENY, "%s line %u denies %s", entry->file,
	     entry->line, entry->text);
	want(d, SP_ACTION_REFUSE, d->config->access.mode,
	     SP_FINDING_ACCESS_DENY);
}

static void weigh_helo(struct deliberation *d)
{
	if (d->facts->helo->state != SP_FACT_KNOWN)
		return;
	switch (d->facts->helo->kind) {
	case SP_HELO_FINE:
		return;
	case SP_HELO_NONE:
		find(d, SP_FINDING_HELO_NONE, "the client sent no HELO");
		return;
	case SP_HELO_INVALID:
		find(d, SP_FINDING_HELO_INVALID,
		     "the HELO is neither a host name nor an address literal");
		return;
	case SP_HELO_BARE_IP:
		find(d, SP_FINDING_HELO_BARE_IP,
		     "the HELO is an address without brackets");
		return;
	case SP_HELO_NOT_FQDN:
		find(d, SP_FINDING_HELO_NOT_FQDN,
		     "the HELO is a name of one label");
		return;
	case SP_HELO_WRONG_LITERAL:
		find(d, SP_FINDING_HELO_WRONG_LITERAL,
		     "the HELO is an address that is not the client's");
		return;
	case SP_HELO_FORGED:
		find(d, SP_FINDING_HELO_FORGED,
		     "the client calls itself by our own name or address");
		return;
	}
}

/* One kind of probe: its counts, from how many on, and what that is. */
struct probe {
	enum sp_finding_id id;
	const char *what;
	uint32_t session, session_limit;
	uint32_t network, network_limit;
};

static bool is_over(uint32_t count, uint32_t limit)
{
	return limit > 0 && count >= limit;
}

static void weigh_probe(struct deliberation *d, const struct probe *probe)
{
	bool is_network_known = d->facts->probe->state == SP_FACT_KNOWN;

	if (!is_over(probe->session, probe->session_limit) &&
	    !(is_network_known &&
	      is_over(probe->network, probe->network_limit)))
		return;
	if (is_network_known)
		find(d, probe->id,
		     "%s: %u in this session, %u from its network within %lld "
		     "minutes",
		     probe->what, probe->session, probe->network,
		     (long long)(d->config->harvest.window_ms / 60000));
	else
		find(d, probe->id, "%s: %u in this session", probe->what,
		     probe->session);
}

static void weigh_probes(struct deliberation *d)
{
	const struct sp_probe_fact *fact = d->facts->probe;
	const struct sp_config *config = d->config;
	const struct probe probes[] = {
		{ SP_FINDING_HARVEST, "unknown users", fact->session.unknown,
		  config->harvest.session, fact->network.unknown,
		  config->harvest.network },
		{ SP_FINDING_RELAY_PROBE, "attempts to relay",
		  fact->session.relay, config->relay.session,
		  fact->network.relay, config->relay.network },
	};

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		weigh_probe(d, &probes[i]);
}

/* No list lifts this: nobody means to run an open relay. */
static void weigh_relay(struct deliberation *d)
{
	const struct sp_relay_fact *relay = d->facts->relay;

	if (relay->state != SP_FACT_KNOWN)
		return;
	switch (relay->kind) {
	case SP_RELAY_LOCAL:
		return;
	case SP_RELAY_REMOTE:
		find(d, SP_FINDING_RELAY_GUARD,
		     "%s is not in relay.local-domains", relay->domain);
		break;
	case SP_RELAY_ROUTED:
		find(d, SP_FINDING_RELAY_GUARD,
		     "the recipient leads on to %s, which is not in "
		     "relay.local-domains",
		     relay->domain);
		break;
	case SP_RELAY_UNREADABLE:
		find(d, SP_FINDING_RELAY_GUARD,
		     "the recipient cannot be read, so nobody knows where it "
		     "leads");
		break;
	}
	want(d, SP_ACTION_REFUSE, d->config->relay.mode,
	     SP_FINDING_RELAY_GUARD);
}

static void weigh_score(struct deliberation *d)
{
	if (d->verdict->score >= d->config->score.refuse)
		want(d, SP_ACTION_REFUSE, d->config->score.mode,
		     SP_FINDING_COUNT);
}

static void weigh_greylist(struct deliberation *d)
{
	const struct sp_greylist_fact *grey = d->facts->greylist;
	int64_t wait_ms = grey->answer.wait_ms;

	/* A null sender may be a call-out that asks whether the address is
	 * there and never sends: it is answered at end of message. */
	if (!sp_greylist_must_wait(grey) ||
	    (d->facts->is_null_sender && d->facts->stage == SP_STAGE_RCPT))
		return;
	find(d, SP_FINDING_GREYLISTED, "%s from %s, try %u: %lld s to wait",
	     sp_greylist_state_name(grey->answer.state), grey->identity,
	     grey->answer.tries, (long long)((wait_ms + 999) / 1000));
	d->verdict->wait_ms = wait_ms;
	want(d, SP_ACTION_DEFER, d->config->greylist.mode,
	     SP_FINDING_GREYLISTED);
}

void sp_policy_decide(const struct sp_facts *facts,
		      const struct sp_config *config, struct sp_arena *arena,
		      struct sp_verdict *verdict_out)
{
	struct deliberation d = { facts, config, arena, verdict_out };
	const struct sp_access_fact *access = sp_facts_access(facts);

	*verdict_out = (struct sp_verdict){
		.because = SP_FINDING_COUNT,
		.refuse = config->score.refuse,
	};
	if (facts->is_trusted || facts->is_submitted) {
		find(&d, SP_FINDING_TRUSTED, "%s",
		     facts->is_trusted ? "the client is in a trusted network"
				       : "submitted by a user of this host");
		return;
	}
	weigh_helo(&d);
	weigh_probes(&d);
	weigh_relay(&d);
	weigh_access(&d, access);
	/* Who is allowed by name is let in, whatever else is found. But what
	 * is held for the end of message is held for its other recipients. */
	if (access->answer != SP_ACCESS_ALLOW)
		weigh_score(&d);
	if (access->answer != SP_ACCESS_ALLOW || facts->stage == SP_STAGE_EOM)
		weigh_greylist(&d);
}

const struct sp_verdict *sp_verdict_copy(const struct sp_verdict *verdict,
					 struct sp_arena *arena)
{
	struct sp_verdict *copy = sp_arena_alloc(arena, sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *verdict;
	for (size_t i = 0; i < copy->count; i++) {
		const char *reason =
			sp_arena_text(arena, verdict->findings[i].reason);

		copy->findings[i].reason = reason ? reason : "";
	}
	return copy;
}

bool sp_verdict_is_stronger(const struct sp_verdict *verdict,
			    const struct sp_verdict *other)
{
	if (!other)
		return true;
	if (verdict->would != other->would)
		return verdict->would > other->would;
	return verdict->score > other->score;
}
