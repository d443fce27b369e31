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
#include "sallyport/hash.h"
#include "sallyport/probe_store.h"
#include "sallyport/spf.h"
#include "sallyport/submitter_store.h"

struct sp_dkim_signature;
struct sp_gate_fact;
struct sp_dmarc_outcome;
struct sp_from;
struct sp_list_entry;
struct sp_text;

/* The moments of an SMTP session at which checks run. */
enum sp_stage {
	SP_STAGE_CONNECT,
	SP_STAGE_GREETING, /* while the greeting is held: again and again, and
			      nothing waits */
	SP_STAGE_HELO,
	SP_STAGE_MAIL,
	SP_STAGE_RCPT,
	SP_STAGE_GREYLIST, /* at RCPT, for who is not refused already */
	SP_STAGE_HEADER,   /* at the field that names the author, and at each
			      that brings a signature */
	SP_STAGE_EOH, /* no more fields: before the body, if there is one */
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
	SP_DEGRADED_TIME = 1U << 1,  /* the mail's time budget was used up */
	SP_DEGRADED_DNS = 1U << 2    /* a name server did not say, in time */
};

/* Their names, comma-separated: "store, dns". */
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

/* owner: the user of this machine whose process is at the other end of the
 * connection, or who handed the mail to Postfix's sendmail command. NOT_RUN for
 * clients of other machines. */
enum sp_owner_why { /* of UNKNOWN */
	SP_OWNER_TOLD = 0,
	/* It has closed its end already: the kernel then names root. */
	SP_OWNER_CLOSED,
	/* The kernel sees no such connection, or cannot be asked. */
	SP_OWNER_UNSEEN,
	/* Postfix does not tell: see local.pickup-header. */
	SP_OWNER_NOT_SET_UP,
	SP_OWNER_NO_HEADER
};

struct sp_owner_fact {
	enum sp_fact_state state;
	enum sp_owner_why why;
	uint32_t uid; /* of KNOWN */
};

/* "closed"; "" for TOLD. */
const char *sp_owner_why_text(enum sp_owner_why why);

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

/* rdns: does the client's address lead to a name, and the name back to it?
 * RFC 8601 section 2.7.3 (iprev). UNKNOWN is its temperror. */
enum sp_rdns_kind {
	SP_RDNS_NONE,	       /* no name at all: permerror */
	SP_RDNS_NOT_CONFIRMED, /* a name that leads elsewhere: fail */
	SP_RDNS_CONFIRMED      /* pass */
};

struct sp_rdns_fact {
	enum sp_fact_state state;
	enum sp_rdns_kind kind;
	const char *name;    /* the confirmed one, else the first; "" */
	const char *generic; /* why it looks like a customer's line, in words;
				NULL when it does not */
};

/* Its result by RFC 8601, of a fact that has run: "pass", ... */
const char *sp_rdns_result_text(const struct sp_rdns_fact *fact);

/* helo-name: where the name that the client said leads. */
enum sp_helo_name_kind {
	SP_HELO_NAME_CLIENT,	/* to the client */
	SP_HELO_NAME_ELSEWHERE, /* to others */
	SP_HELO_NAME_NOWHERE	/* it does not exist, or has no address */
};

struct sp_helo_name_fact {
	enum sp_fact_state state;
	enum sp_helo_name_kind kind;
	/* ELSEWHERE, and the client's confirmed name belongs to somebody else:
	 * another organisational domain. */
	bool is_mismatch;
};

/* sender-domain: can mail to the sender be delivered? RFC 5321 section 5.1,
 * RFC 7505. */
enum sp_sender_domain_kind {
	SP_SENDER_DOMAIN_FINE,
	SP_SENDER_DOMAIN_ABSENT,    /* there is no such domain */
	SP_SENDER_DOMAIN_NO_HOST,   /* neither MX nor address */
	SP_SENDER_DOMAIN_NULL_MX,   /* it says that it takes no mail */
	SP_SENDER_DOMAIN_PRIVATE_MX /* its MX lead to private addresses only */
};

struct sp_sender_domain_fact {
	enum sp_fact_state state;
	enum sp_sender_domain_kind kind;
};

/* dnsbl: lists of addresses on the client. Bit i: rule i of the snapshot. */
struct sp_dnsbl_list_fact {
	enum sp_fact_state state;
	uint64_t hits;
};

/* rhsbl: lists of domains on the names of a mail. */
enum sp_rhsbl_name {
	SP_RHSBL_HELO,
	SP_RHSBL_RDNS, /* only a confirmed one */
	SP_RHSBL_SENDER,
	SP_RHSBL_FROM,
	SP_RHSBL_NAMES
};

const char *sp_rhsbl_name_text(enum sp_rhsbl_name name); /* "HELO name" */

struct sp_rhsbl_fact {
	enum sp_fact_state state;
	uint64_t hits;
};

/* spf: may the client send for a name? RFC 7208. One for the HELO name, one for
 * the sender (for a null sender that is postmaster at the HELO name). UNKNOWN:
 * temperror, or no result in time. Texts as in struct sp_spf_outcome. */
struct sp_spf_fact {
	enum sp_fact_state state;
	enum sp_spf_result result;
	bool passes_world;	 /* a pass that everybody gets */
	const char *domain;	 /* that was checked; "" */
	const char *term;	 /* of its record that matched; "" */
	const char *reason;	 /* of an error, in words; "" */
	const char *explanation; /* of a fail, by the domain's owner; "" */
};

/* Its result by RFC 7208, of a fact that has run: without one, "temperror". */
const char *sp_spf_fact_text(const struct sp_spf_fact *fact);

/* dkim: the mail's signatures, RFC 6376, in the order they were looked at.
 * KNOWN when there is none, too; UNKNOWN when one waits for its key in vain
 * and none is valid. */
enum {
	SP_DKIM_FACTS_MAX = 8
};

struct sp_dkim_fact {
	enum sp_fact_state state;
	size_t count;
	const struct sp_dkim_signature *signatures[SP_DKIM_FACTS_MAX];
	unsigned ignored; /* beyond those that are looked at */
};

/* Whether it proves its domain: valid, over all of the mail, and meant so. */
bool sp_dkim_holds(const struct sp_dkim_signature *signature);

/* dmarc: is the author who it says? RFC 9989. UNKNOWN: temperror. */
struct sp_dmarc_fact {
	enum sp_fact_state state;
	const struct sp_dmarc_outcome *outcome; /* NULL while NOT_RUN */
	/* Why a mail that fails may be honest; NULL when it is no such mail. */
	const struct sp_list_entry *forwarder; /* of dmarc.trusted-forwarders */
	const char *list_domain; /* a mailing list's that has signed it */
};

/* Who greylisting takes a sender for, and what shows that it is. */
enum sp_identity_proof {
	SP_IDENTITY_NETWORK, /* the client's address, masked */
	SP_IDENTITY_SPF,     /* the sender's domain, which passed SPF */
	SP_IDENTITY_RDNS /* the organisation of the client's confirmed name */
};

const char *sp_identity_proof_text(enum sp_identity_proof proof); /* "spf" */

/* greylist: has this sender's try been seen before? For one recipient. */
struct sp_greylist_fact {
	enum sp_fact_state state;
	const char *identity; /* "domain:a.example", "net:192.0.2.0/24" */
	enum sp_identity_proof proof;
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

/* submitter: who sends this mail out through us, and how it stands with it after
 * this mail. NOT_RUN: nobody does, or it is not counted, or not known yet. */
struct sp_submitter_fact {
	enum sp_fact_state state; /* never UNKNOWN: without Redis the memory of
				     this machine says */
	const struct sp_submitter *who; /* NULL while NOT_RUN */
	const struct sp_class *class;
	struct sp_submitter_standing standing;
	/* At end of message: whose name it is written in, in words; NULL when
	 * it is the submitter's, or that is not judged (own_from.h). */
	const char *foreign_from;
};

/* dsn: the mail says that another one has come back. NOT_RUN: it says no such
 * thing, or nobody asks. */
enum sp_dsn_kind {
	SP_DSN_OURS,	    /* one that went out from here */
	SP_DSN_PASSED,	    /* one that was here, and is not remembered: an old
			       one, or one that was only forwarded */
	SP_DSN_BACKSCATTER, /* one that never went out from here */
	SP_DSN_UNREADABLE   /* it does not say which one */
};

const char *sp_dsn_kind_text(enum sp_dsn_kind kind); /* "backscatter" */

struct sp_dsn_fact {
	enum sp_fact_state state;
	enum sp_dsn_kind kind;
	uint32_t failed;       /* recipients; not the delayed, delivered, ... */
	struct sp_hash mail;   /* the other one, by its Message-ID */
	const char *submitter; /* whose it was: OURS; else "" */
};

/* What is said of it, of a fact that has run: its kind, or "temperror". */
const char *sp_dsn_fact_text(const struct sp_dsn_fact *fact);

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
	const struct sp_gate_fact *gate;
	bool is_known; /* its network or organisation, by greylisting */
	const struct sp_owner_fact *owner; /* of the mail, else the client */
	const struct sp_helo_fact *helo;
	const struct sp_rdns_fact *rdns;
	const struct sp_helo_name_fact *helo_name;
	const struct sp_dnsbl_list_fact *dnsbl;
	const struct sp_rhsbl_fact *rhsbl[SP_RHSBL_NAMES];
	const struct sp_sender_domain_fact *sender_domain;
	const struct sp_spf_fact *spf_helo;
	const struct sp_spf_fact *spf; /* of the sender */
	const struct sp_dkim_fact *dkim;
	const struct sp_from *from; /* NULL: not read; see the stage */
	const struct sp_dmarc_fact *dmarc;
	const struct sp_dsn_fact *dsn;
	const struct sp_greylist_fact *greylist;
	const struct sp_relay_fact *relay;
	const struct sp_probe_fact *probe;
	const struct sp_submitter_fact *submitter;
	/* The names that the facts speak of, for reasons in words; "". */
	const char *helo_text;
	const char *sender_text;
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
