/*
 * facts.h - what the checks found out: one struct per check.
 *
 * A check fills its own fact and no other. Facts carry no points and no
 * opinion; policy.h weighs them. Every fact begins at NOT_RUN. UNKNOWN means
 * that it was asked and could not be answered: neither clean nor dirty.
 *
 * To add a check: its struct here, a member in the lifetime it belongs to
 * (session.h), a pointer in struct sp_facts.
 *
 * Ownership: texts are borrowed from the session's arenas or its snapshot.
 */
#ifndef SALLYPORT_FACTS_H
#define SALLYPORT_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sallyport/domain.h"
#include "sallyport/greylist_store.h"
#include "sallyport/probe_store.h"

struct sp_list_entry;
struct sp_text;

/* The moments of an SMTP session at which checks run. */
enum sp_stage {
	SP_STAGE_CONNECT,
	SP_STAGE_HELO,
	SP_STAGE_MAIL,
	SP_STAGE_RCPT,
	SP_STAGE_EOM,
	SP_STAGE_COUNT
};

const char *sp_stage_name(enum sp_stage stage); /* "rcpt" */

enum sp_fact_state {
	SP_FACT_NOT_RUN,
	SP_FACT_UNKNOWN,
	SP_FACT_KNOWN
};

/* Why a check could not be answered; X-Sallyport-Degraded names them. */
enum sp_degraded {
	SP_DEGRADED_STORE = 1U << 0, /* Redis did not say */
	SP_DEGRADED_TIME = 1U << 1   /* the mail's time budget was used up */
};

/* Their names, comma-separated: "store, time". */
void sp_facts_add_degraded(struct sp_text *text, unsigned degraded);

/* access: one of the operator's lists names the client, its HELO name, the
 * sender or the recipient. */
enum sp_access_answer {
	SP_ACCESS_NOTHING,
	SP_ACCESS_ALLOW,
	SP_ACCESS_DENY
};

struct sp_access_fact {
	enum sp_fact_state state;
	enum sp_access_answer answer;
	const struct sp_list_entry *entry; /* the one that matched, or NULL */
};

/* helo: what the client called itself. */
enum sp_helo_kind {
	SP_HELO_FINE,
	SP_HELO_NONE,	       /* mail without a greeting */
	SP_HELO_INVALID,       /* neither a name nor an address literal */
	SP_HELO_BARE_IP,       /* 192.0.2.1 instead of [192.0.2.1] */
	SP_HELO_NOT_FQDN,      /* one label */
	SP_HELO_WRONG_LITERAL, /* [192.0.2.1], but that is not the client */
	SP_HELO_FORGED	       /* our own name or address */
};

struct sp_helo_fact {
	enum sp_fact_state state;
	enum sp_helo_kind kind;
};

/* greylist: has this sender's try been seen before? For one recipient. */
struct sp_greylist_fact {
	enum sp_fact_state state;
	const char *identity; /* who it is taken for: "net:192.0.2.0/24" */
	struct sp_greylist_answer answer;
};

/* relay: is a recipient ours to deliver? For one recipient. */
enum sp_relay_kind {
	SP_RELAY_LOCAL,	    /* its domain is ours, or it has none */
	SP_RELAY_REMOTE,    /* its domain is not ours */
	SP_RELAY_ROUTED,    /* through us to another: user%other@here */
	SP_RELAY_UNREADABLE /* nobody knows where it leads */
};

struct sp_relay_fact {
	enum sp_fact_state state; /* NOT_RUN without relay.local-domains */
	enum sp_relay_kind kind;
	char domain[SP_DOMAIN_SIZE]; /* that is not ours; "" */
};

/* Why the MTA itself does not take a recipient. */
enum sp_refusal {
	SP_REFUSAL_NONE, /* it does */
	SP_REFUSAL_UNKNOWN_USER,
	SP_REFUSAL_RELAY, /* not ours to deliver */
	SP_REFUSAL_OTHER
};

/* probe: what the client tried in vain. */
struct sp_probe_fact {
	enum sp_fact_state state; /* of `network` */
	struct sp_probe_counts session;
	struct sp_probe_counts network; /* lately, this session's included */
};

/* All facts at one moment, as policy sees them. Never NULL pointers. */
struct sp_facts {
	enum sp_stage stage;
	bool is_trusted;   /* client in a trusted network */
	bool is_submitted; /* authenticated, or handed in on this host */
	bool is_null_sender;
	unsigned degraded; /* enum sp_degraded, or-ed */
	const struct sp_access_fact *access_client;
	const struct sp_access_fact *access_helo;
	const struct sp_access_fact *access_sender;
	const struct sp_access_fact *access_recipient;
	const struct sp_helo_fact *helo;
	const struct sp_greylist_fact *greylist;
	const struct sp_relay_fact *relay;
	const struct sp_probe_fact *probe;
};

/*
 * What the lists say in sum: the most particular one that says something
 * decides, the recipient before the sender, the HELO name, the client. So
 * "allow postmaster@" holds for a denied client, and "deny sales@" for an
 * allowed one. Never NULL.
 */
const struct sp_access_fact *sp_facts_access(const struct sp_facts *facts);

/* Whether greylisting asks this one to come back. */
bool sp_greylist_must_wait(const struct sp_greylist_fact *fact);

#endif
