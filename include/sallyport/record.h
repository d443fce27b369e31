/*
 * record.h - what is kept of a mail when it is over: a log line, the counters,
 * for a while the record itself, and for longer an event in Redis (recorder.h).
 *
 * The record is a flat copy: no pointer into the session, every text cut at a
 * cap. The log line and `verdict ID` of the control socket say the same thing
 * because both are written from it.
 *
 * Threads:  sp_record_mail from any thread; the ring has its lock.
 */
#ifndef SALLYPORT_RECORD_H
#define SALLYPORT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"
#include "sallyport/facts.h"
#include "sallyport/facts_text.h"
#include "sallyport/geo.h"
#include "sallyport/id.h"
#include "sallyport/ip.h"
#include "sallyport/submitter.h"

struct sp_session;
struct sp_verdict;

enum {
	SP_RECORD_RING = 256,
	SP_RECORD_FINDINGS = 24, /* the first ones */
	SP_RECORD_REASON_SIZE = 160,
	SP_RECORD_RESULTS = 13, /* iprev, 2 of SPF, 8 of DKIM, DMARC, DSN */
	SP_RECORD_LOOKUPS = 64, /* the first ones */
	SP_RECORD_NAMES_SIZE = 3072,
	SP_RECORD_JSON_SIZE = 32768,
	SP_RECORD_FACTS_SIZE = SP_MOMENTS_TEXT_SIZE
};

struct sp_record_finding {
	char name[32]; /* as SP_FINDING_NAME_SIZE */
	double weight;
	char reason[SP_RECORD_REASON_SIZE];
};

/* What one method of RFC 8601 came to, whether it is worth points or not. */
struct sp_record_result {
	char method[16];  /* "spf.mailfrom" */
	char result[12];  /* "pass" */
	char about[128];  /* the domain or name that it speaks of */
	char reason[128]; /* in words; "" */
};

/* One question to DNS. */
struct sp_record_lookup {
	const char *type;   /* "TXT"; constant */
	const char *status; /* "found"; constant */
	int32_t took_us;    /* -1: not answered */
	uint16_t name;	    /* where it begins in `names` */
	bool is_cached;
};

/* What became of a mail in sum. */
enum sp_outcome {
	SP_OUTCOME_ACCEPT,
	SP_OUTCOME_HOLD, /* accepted, and kept in the MTA's queue */
	SP_OUTCOME_DEFER,
	SP_OUTCOME_REJECT,
	SP_OUTCOME_MIXED,  /* some recipients accepted, others not */
	SP_OUTCOME_ABORTED /* the client went before the end, or the MTA
			      refused all recipients itself */
};

const char *sp_outcome_name(enum sp_outcome outcome); /* "accept" */

struct sp_record {
	char id[SP_ID_SIZE];
	int64_t at_ms; /* wall: when it was over */
	char queue_id[64];
	char client[SP_IP_TEXT_SIZE];
	char name[128], helo[128], from[256], login[128], to[512];
	char identity[SP_IDENTITY_SIZE];
	char sender_domain[SP_DOMAIN_SIZE];
	uint32_t recipients, accepted, deferred, refused;
	uint32_t mta_unknown, mta_relay, mta_other; /* beside those */
	enum sp_outcome outcome;
	enum sp_outcome would; /* SP_OUTCOME_ACCEPT: no more than was done */
	const char *because;   /* the finding that decided; NULL when it was the
				  score, or nothing did */
	const char *greylist;  /* a state's name; NULL when not asked */
	int64_t wait_ms;       /* it is asked to */
	int64_t waited_ms;     /* it has, and passed for the first time */
	const char *proof;     /* of the identity; NULL when there is none */
	/* What the client did while its greeting was held; NULL: it was not. */
	const char *greeting;
	const char *greeting_why; /* in words, of "unknown"; "" */
	int64_t greeting_ms;	  /* it was held */
	bool has_uid;		  /* `uid` sent it, of this machine */
	uint32_t uid;
	const char *uid_why; /* it is not known; NULL when it is, or remote */
	char submitter[SP_SUBMITTER_SIZE]; /* "": nobody sends it out */
	enum sp_submitter_state submitter_state;
	struct sp_place place; /* of a login's client */
	char taught[SP_GREYLIST_LESSONS_MAX * SP_IDENTITY_SIZE]; /* "" */
	/* Whether it says that another one has come back; NULL: it does not. */
	const char *dsn;
	uint32_t dsn_failed, dsn_counted;
	char dsn_submitter[SP_SUBMITTER_SIZE]; /* whose that was; "" */
	double score, refuse;
	uint32_t forged; /* fields that claimed to be ours */
	unsigned degraded;
	uint32_t stage_us[SP_STAGE_COUNT];
	uint32_t waited_us;
	size_t finding_count;
	struct sp_record_finding findings[SP_RECORD_FINDINGS];
	size_t result_count;
	struct sp_record_result results[SP_RECORD_RESULTS];
	/* In the order of the session's stages; of all, those kept. */
	size_t lookups_total, lookup_count;
	struct sp_record_lookup lookups[SP_RECORD_LOOKUPS];
	char names[SP_RECORD_NAMES_SIZE]; /* without lists' access keys */
};

/* All of it as a JSON object, as events have it; returns `json_out`. What does not
 * fit (it does, unless the sizes above are changed) is "{}". */
const char *sp_record_json(const struct sp_record *record,
			   char json_out[SP_RECORD_JSON_SIZE]);

/* Keep what was decided at a moment, while its facts are there. */
void sp_record_moment(struct sp_session *session, const struct sp_facts *facts,
		      const struct sp_verdict *verdict);

/* Log, count and keep the mail that `session` has open. */
void sp_record_mail(const struct sp_session *session);

/* Save in Redis what the client tried in vain, if anything; then it may wait as
 * long as Redis may take (redis.command-timeout). */
void sp_record_probes(struct sp_session *session);

/* Let Redis know what domains the mail's signatures have proven, if it was let
 * in and there is something to learn; then it may wait likewise. */
void sp_record_teach(struct sp_session *session);

/* Let Redis know what became of a mail that goes out; then it may wait likewise. */
void sp_record_submission(struct sp_session *session);

/* Tell what was found of submitters while this mail went on, once. */
void sp_record_news(struct sp_session *session);

/* Count the recipients that sent a mail back against who had sent it, if the
 * mail that says so was let in; then it may wait likewise. */
void sp_record_bounces(struct sp_session *session);

/* A copy of the kept record of the mail with this id, or the latest with this
 * queue id, and of its facts as facts_text.h writes them; SP_ERR_NOT_FOUND. */
enum sp_err sp_record_find(const char *id, struct sp_record *record_out,
			   char facts_out[SP_RECORD_FACTS_SIZE]);

#endif
