/*
 * session.h - what was heard of one SMTP session: its two lifetimes.
 *
 * The *connection* lives from connect to close, the *mail* from MAIL FROM to
 * its end (end of message, abort, or the next MAIL). Each has an arena; what
 * is noted of a mail is gone with it. A recipient lives for its RCPT only:
 * whatever is kept of it is a tally, so 10,000 recipients cost no more than
 * one.
 *
 * Notes take text from strangers: each is cut at its cap, none is believed.
 *
 * Threads:  one thread at a time, never by thread-local tricks (libmilter may
 *           run each callback on another thread).
 */
#ifndef SALLYPORT_SESSION_H
#define SALLYPORT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "sallyport/address.h"
#include "sallyport/arena.h"
#include "sallyport/dkim.h"
#include "sallyport/dnsbl.h"
#include "sallyport/facts.h"
#include "sallyport/gate.h"
#include "sallyport/id.h"
#include "sallyport/identity.h"
#include "sallyport/ip.h"
#include "sallyport/own_fields.h"
#include "sallyport/submission.h"

struct sockaddr;
struct sp_dns_batch;
struct sp_dsn;
struct sp_from;
struct sp_service;
struct sp_verdict;

enum {
	SP_HELO_TEXT_MAX = 255, /* what is kept of a HELO argument */
	SP_NAME_TEXT_MAX = 255, /* of the client's host name */
	/* Of {auth_authen}; more than SASL lets through. Two that differ only
	 * behind it would be one submitter. */
	SP_LOGIN_TEXT_MAX = 4095,
	SP_QUEUE_ID_MAX = 63,
	SP_PATH_TEXT_MAX = 511, /* of an envelope address */
	SP_LIST_ID_TEXT_MAX = 511,
	SP_MESSAGE_ID_TEXT_MAX = 255,
	SP_RECIPIENTS_SHOWN = 5,    /* that a log line names */
	SP_CONNECTION_LIMIT = 8192, /* bytes of the connection's arena */
	SP_MAIL_LIMIT = 65536	    /* bytes of the mail's arena */
};

/* Which questions a check has asked, by their numbers in the batch. */
enum {
	SP_RDNS_NAMES_MAX = 5,
	SP_RHSBL_RDNS_NAMES_MAX = 2,
	SP_MX_HOSTS_MAX = 4
};

struct sp_rdns_lookup {
	bool is_asked;
	uint8_t ptr;
	uint8_t name_count;
	uint8_t addresses[SP_RDNS_NAMES_MAX]; /* of each name: A or AAAA */
};

struct sp_lists_lookup {
	bool is_asked;
	uint32_t told; /* bit i: zone i's health has its answer */
	uint8_t zones[SP_DNSBL_MAX_ZONES];
};

struct sp_helo_name_lookup {
	bool is_asked;
	uint8_t a, aaaa;
};

struct sp_sender_lookup {
	bool is_asked;
	uint8_t mx, a, aaaa;
	uint8_t host_count;
	uint8_t hosts[SP_MX_HOSTS_MAX];
};

struct sp_connection {
	struct sp_arena arena;
	struct sp_ip client;
	uint16_t client_port;
	const char *client_name; /* as the MTA gave it; "" = none */
	const char *own_name;	 /* what the MTA calls itself; "" */
	struct sp_ip own_address;
	uint16_t own_port;		 /* 0 = unknown */
	char helo[SP_HELO_TEXT_MAX + 1]; /* "" until said */
	bool is_trusted;
	bool is_local; /* handed to Postfix's sendmail command: port 0 */

	uint32_t stage_us[SP_STAGE_MAIL]; /* spent at CONNECT and HELO */

	struct sp_gate gate; /* what it did while its greeting was held */
	/* When it was let go and when it said HELO, monotonic, each until its
	 * next word; and what was between. 0 = not, or no more. */
	int64_t greeted_us, helo_us, helo_gap_us;
	bool is_known; /* its network or organisation, to greylisting */
	bool is_network_looked_up, is_organisation_looked_up; /* for that */

	struct sp_owner_fact owner;
	struct sp_access_fact access_client;
	struct sp_access_fact access_helo;
	struct sp_helo_fact helo_fact;
	struct sp_probe_fact probe;
	struct sp_probe_counts unsaved; /* of it, not yet in Redis */

	/* What was asked of DNS, and what it said. */
	struct sp_dns_batch *batch; /* NULL until the first question */
	struct sp_rdns_lookup rdns_lookup;
	struct sp_lists_lookup dnsbl_lookup;
	struct sp_lists_lookup rhsbl_rdns[SP_RHSBL_RDNS_NAMES_MAX];
	int confirmed_name; /* which of the PTR names; -1 = none */
	/* Of the last HELO name only. */
	struct sp_dns_batch *helo_batch;
	struct sp_helo_name_lookup helo_lookup;
	struct sp_lists_lookup rhsbl_helo;
	unsigned helo_count; /* greetings so far */
	/* Looked up at MAIL since the last recipient that was judged. */
	unsigned senders_in_vain;
	bool is_helo_due; /* not looked up yet: at the next MAIL */
	struct sp_rdns_fact rdns;
	struct sp_helo_name_fact helo_name;
	struct sp_dnsbl_list_fact dnsbl;
	struct sp_rhsbl_fact rhsbl[SP_RHSBL_NAMES]; /* HELO and RDNS */
	struct sp_spf *spf_evaluation; /* of the HELO name, in helo_batch */
	struct sp_spf_fact spf_helo;
};

/* What became of a mail's recipients. */
struct sp_tally {
	uint32_t accepted, deferred, refused;
	uint32_t would_defer, would_refuse; /* in observing mode */
	bool is_held, would_hold;	    /* in the MTA's queue: all of it */
	bool is_sender_deferred, is_sender_refused; /* at MAIL */
	/* Refused by the MTA, and no business of ours: in no other count. */
	uint32_t mta_unknown, mta_relay, mta_other;
};

/* The decisions about a mail that are kept, as facts_text.h writes them. */
enum {
	SP_MOMENTS_KEPT = 4
};
struct sp_mail_moments {
	const char *texts[SP_MOMENTS_KEPT]; /* without their counts */
	uint32_t counts[SP_MOMENTS_KEPT];
	size_t count;
	uint32_t left_out; /* of recipients, for want of room */
};

struct sp_mail {
	struct sp_arena arena;
	bool is_open;
	char id[SP_ID_SIZE];
	const char *queue_id; /* "" until the MTA tells */
	const char *login;    /* "" = not authenticated */
	const char *sender;   /* as given, cut */
	enum sp_address_kind sender_kind;
	const char *sender_key;	   /* sp_address_key */
	const char *sender_folded; /* sp_sender_fold */
	const char *shown[SP_RECIPIENTS_SHOWN];
	struct sp_tally tally;
	struct sp_own_fields own_fields; /* that came in */
	bool is_network_asked;		 /* what its network tried lately */
	struct sp_mail_moments moments;
	bool was_answered; /* we gave a final reply, at MAIL or the end */
	unsigned degraded; /* enum sp_degraded, or-ed */
	uint32_t stage_us[SP_STAGE_COUNT]; /* spent in each stage */
	uint32_t waited_us;		   /* of the budget: spent in checks */

	struct sp_dns_batch *batch; /* kept from mail to mail, cleared */
	int64_t dns_waited_us;	    /* for DNS, of budget.dns */
	const char *sender_domain;  /* normalised; "" */
	struct sp_from *from;	    /* NULL until a From: field came */
	const char *from_domain;    /* its first name; "" until it is read */
	bool is_sender_due;	    /* not looked up yet: at RCPT */
	struct sp_sender_lookup sender_lookup;
	struct sp_lists_lookup rhsbl_sender;
	struct sp_lists_lookup rhsbl_from;
	struct sp_sender_domain_fact sender_domain_fact;
	struct sp_rhsbl_fact rhsbl[SP_RHSBL_NAMES]; /* SENDER and FROM */

	/* SPF of the sender, in a batch of its own: it may take half of one. */
	struct sp_dns_batch *spf_batch; /* kept from mail to mail, cleared */
	struct sp_spf *spf_evaluation;
	struct sp_spf_fact spf;
	/* Keys of signatures and records of DMARC, likewise. */
	struct sp_dns_batch *author_batch;
	struct sp_dkim *dkim; /* NULL: nobody looks at signatures */
	uint8_t keys[SP_DKIM_QUESTIONS_MAX]; /* by question: in the batch */
	struct sp_dkim_fact dkim_fact;
	struct sp_dmarc_fact dmarc;
	struct sp_dsn *dsn; /* NULL: no mail that may say that one came back */
	struct sp_dsn_fact dsn_fact;
	uint32_t bounces_counted;   /* of its submitter, when all was over */
	const char *list_id;	    /* List-Id, cut; "" */
	bool has_header;	    /* the first field has come */
	bool has_headers_ended;	    /* SP_STAGE_EOH is over */
	struct sp_owner_fact owner; /* of mail from the sendmail command */

	struct sp_access_fact access_sender;
	/* Of a recipient that a list let in: what was granted at RCPT holds
	 * at end of message too. */
	struct sp_access_fact access_recipient;
	/* Who greylisting takes its sender for, the best proof first: found
	 * at its first recipient, and kept for the others. */
	size_t identity_count;
	const char *identities[SP_IDENTITIES_MAX];
	enum sp_identity_proof proofs[SP_IDENTITIES_MAX];
	/* Identities that it counts for beyond its own, by its signatures:
	 * "domain:a.example"; NULL for none. */
	const char *taught;
	/* Greylisting of the null sender answers at end of message: the
	 * recipient that waits longest. */
	struct sp_greylist_fact held;
	/* Of mail that goes out. */
	struct sp_submission submission;
	struct sp_submitter_fact submitter_fact;
	struct sp_submitter_news *news; /* the latest first */
	/* The greylist fact that the log line and headers show: of the last
	 * recipient that was asked about. */
	struct sp_greylist_fact greylist;
	/* The strongest verdict of all, for the log, and of those recipients
	 * that were accepted, for the headers; NULL before the first. */
	const struct sp_verdict *verdict;
	const struct sp_verdict *accepted_verdict;
};

struct sp_recipient {
	const char *path; /* as given, cut */
	char key[SP_ADDRESS_SIZE];
	struct sp_access_fact access;
	struct sp_greylist_fact greylist;
	struct sp_relay_fact relay;
	/* Has greylist.from-score or more points before greylisting is asked. */
	bool is_suspicious;
};

struct sp_session {
	const struct sp_service *service; /* one reference */
	struct sp_connection connection;
	struct sp_mail mail;
	struct sp_recipient *recipient; /* during RCPT, else NULL */
	unsigned long steps;		/* what milter/ negotiated */
	bool is_sent_away;		/* by milter/, at connect */
	bool is_try; /* noted by milter/, at connect: `sallyport try` plays it */
};

/* Takes over the reference of `service`. */
struct sp_session *sp_session_new(const struct sp_service *service);
void sp_session_free(struct sp_session **session);

/* The client. `address` may be NULL (a Unix socket, or the client has gone).
 * `own_name` and `own_address` may be NULL. */
struct sp_connect_note {
	const char *client_name;
	const struct sockaddr *address;
	const char *own_name;
	const char *own_address;
	uint16_t own_port; /* 0 = unknown */
};
void sp_session_note_connect(struct sp_session *session,
			     const struct sp_connect_note *note);

/* Again after STARTTLS, or as often as the client likes: the last counts. */
void sp_session_note_helo(struct sp_session *session, const char *helo);

/* Begins a mail. `login` and `queue_id` may be NULL. */
void sp_session_note_mail(struct sp_session *session, const char *sender,
			  const char *login, const char *queue_id);
void sp_session_note_queue_id(struct sp_session *session, const char *queue_id);

/* `recipient` is the caller's and must stay until sp_session_end_recipient. */
void sp_session_note_recipient(struct sp_session *session, const char *path,
			       struct sp_recipient *recipient);
void sp_session_end_recipient(struct sp_session *session);

/* A recipient that the MTA itself refuses: counted, shown, and not judged. */
void sp_session_note_refusal(struct sp_session *session, const char *path,
			     enum sp_refusal refusal);

/* The client tried something in vain. Nothing is counted of exempt ones. */
void sp_session_note_probe(struct sp_session *session, enum sp_refusal refusal);

/* The client has gone while it waited for its greeting. */
void sp_session_note_hang_up(struct sp_session *session);

/* What Redis says of the client's network; this session's probes that are not
 * yet there are added. */
void sp_session_note_network(struct sp_session *session,
			     const struct sp_probe_counts *saved);

/*
 * One header field, its value as on the wire: with the space behind the colon.
 * Those that bear our name are noted, From: is read, signatures are collected. True
 * when it brought the author's domain or a signature, which the checks of
 * SP_STAGE_HEADER wait for.
 */
bool sp_session_note_header(struct sp_session *session, const char *name,
			    const char *value);

/* Forget the mail. */
void sp_session_end_mail(struct sp_session *session);

/* Who of this machine's users has sent it; never NULL. */
const struct sp_owner_fact *sp_session_owner(const struct sp_session *session);

/* Nothing of incoming mail is checked: trusted, authenticated or local. */
bool sp_session_is_exempt(const struct sp_session *session);

/* The facts of now, for policy. Pointers live as long as the session's. */
void sp_session_facts(const struct sp_session *session, enum sp_stage stage,
		      struct sp_facts *facts_out);

#endif
