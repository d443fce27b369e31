/*
 * dns.h - many questions at once, one deadline, and answers that say what they
 * do not know.
 *
 * A session has a *batch* per lifetime (connection, mail). It asks a question
 * as soon as what to ask is known; asking never waits. Later, where an answer
 * is needed, it waits once, until an absolute deadline, for all questions of a
 * *group* (a bit; say, one per check). What is not there by then stays PENDING
 * and may be read at a later stage.
 *
 * A question whose answer leads to another one (PTR, then A) carries a
 * *follow-up*: a short function that is called when the answer is there, also
 * when that is no good one, and that may ask more in the same batch. The new
 * questions belong to the groups of the one before, unless they name their own;
 * a group is complete when its follow-ups have asked all they want and what
 * belongs to it is answered too. So a chain goes on while the session does
 * other things.
 *
 * The same question goes out once: within a batch, and between all sessions
 * that ask at the same time. What was answered before, and still holds, comes
 * from our own cache: it is there when sp_dns_ask returns, and so is all of a
 * chain whose answers are known. That also holds while the resolver is dead.
 *
 * Bounds:   questions of one batch (SP_DNS_QUESTIONS_MAX), lookups in flight
 *           (dns.max-in-flight), records and bytes kept of one answer, our
 *           cache and libunbound's (half of dns.cache-size each). Beyond them:
 *           NOT_ASKED, or left out and counted.
 * Dead:     a resolver that answers nothing is found out by a question of our
 *           own (a name under .invalid): then questions are NOT_ASKED at once,
 *           until that question is answered again. A stranger's domain whose
 *           servers are silent does not look like a dead resolver.
 *           Said in the log once when it dies and once when it is back.
 * Threads:  sp_dns: any. A batch: one thread at a time. Its follow-ups run on
 *           that thread, within sp_dns_ask, or on the dispatcher meanwhile; but
 *           never two of one batch at the same time.
 * Standard: RFC 1035, RFC 3596 (AAAA), RFC 5782 section 2 (reversed names),
 *           RFC 6761 section 6.4 (invalid).
 */
#ifndef SALLYPORT_DNS_H
#define SALLYPORT_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/domain.h"
#include "sallyport/err.h"
#include "sallyport/ip.h"

struct sp_dns;
struct sp_dns_batch;
struct sp_dns_config;

enum {
	SP_DNS_QUESTIONS_MAX = 128,	 /* of one batch */
	SP_DNS_RECORDS_MAX = 64,	 /* kept of one answer */
	SP_DNS_RECORD_BYTES_MAX = 16384, /* names and texts of one answer */
	SP_DNS_SERVERS_MAX = 8,		 /* more are not asked */
	SP_DNS_DEAD_AFTER = 5		 /* failures in a row */
};

/* The numbers of RFC 1035 and RFC 3596. */
enum sp_dns_type {
	SP_DNS_A = 1,
	SP_DNS_NS = 2,
	SP_DNS_CNAME = 5,
	SP_DNS_PTR = 12,
	SP_DNS_MX = 15,
	SP_DNS_TXT = 16,
	SP_DNS_AAAA = 28
};

enum sp_dns_status {
	SP_DNS_PENDING = 0, /* no answer yet */
	SP_DNS_FOUND,
	SP_DNS_NXDOMAIN, /* there is no such name */
	SP_DNS_NODATA,	 /* the name has no record of that type */
	SP_DNS_FAILED,	 /* SERVFAIL, REFUSED, a wrong signature */
	SP_DNS_TIMEOUT,
	SP_DNS_NOT_ASKED /* no name, over a bound, or the resolver is dead */
};

/* It is known that there is nothing. */
static inline bool sp_dns_is_absent(enum sp_dns_status status)
{
	return status == SP_DNS_NXDOMAIN || status == SP_DNS_NODATA;
}

/* Nothing is known: neither clean nor dirty. */
static inline bool sp_dns_is_unknown(enum sp_dns_status status)
{
	return status != SP_DNS_FOUND && !sp_dns_is_absent(status);
}

/* "found", "nxdomain", ...; never NULL. */
const char *sp_dns_status_text(enum sp_dns_status status);

/* "A", "MX", ...; never NULL. */
const char *sp_dns_type_text(enum sp_dns_type type);

/* ------------------------------------------------------------------- names */

/*
 * The name of a question. Made by the functions below only, so that what a
 * stranger wrote is either exactly that name or no question at all. Letters,
 * digits, '-' and '_' in labels of 1 to 63, at most 253 characters, lower case,
 * no dot at the end. 8-bit text is refused: whoever has a U-label converts it
 * first (RFC 5890). A refused name is "", and asking it is NOT_ASKED.
 */
struct sp_dns_name {
	char text[SP_DOMAIN_SIZE];
};

/*
 * `length` bytes of hostile `text` as a name; one dot at the end is accepted.
 * SP_ERR_SYNTAX for a bad character, an empty label, one that begins or ends
 * with '-', and for an all-digit last label behind a dot (an IPv4 address);
 * SP_ERR_TOO_LONG.
 */
enum sp_err sp_dns_name_domain(const char *text, size_t length,
			       struct sp_dns_name *name_out);

/*
 * `count` parts with dots between: { "sel", "_domainkey", "example.org" },
 * { "bad.example", "dbl.example.net" }. Each is one or more whole labels, so
 * no part can leave its place. Errors as above.
 */
enum sp_err sp_dns_name_join(const char *const *parts, size_t count,
			     struct sp_dns_name *name_out);

/*
 * The address reversed, below `zone`: 1.2.0.192.zone, or 32 nibbles for IPv6.
 * Zone NULL: in-addr.arpa and ip6.arpa. SP_ERR_RANGE for SP_IP_NONE.
 */
enum sp_err sp_dns_name_reverse(const struct sp_ip *ip, const char *zone,
				struct sp_dns_name *name_out);

/*
 * What an SPF macro expands to (RFC 7208 section 7): any printable ASCII but
 * the backslash, with the same lengths. A space, too: it is what %_ writes.
 */
enum sp_err sp_dns_name_expanded(const char *text, size_t length,
				 struct sp_dns_name *name_out);

/* ----------------------------------------------------------------- answers */

struct sp_dns_record {
	struct sp_ip ip;     /* A, AAAA; otherwise SP_IP_NONE */
	unsigned preference; /* MX */
	size_t length;	     /* of `text` */
	const char *text;    /* PTR, MX, CNAME, NS: a name like sp_dns_name's;
			      * MX may be "", the null MX of RFC 7505. TXT: its
			      * strings joined, which may hold any byte. Always
			      * NUL-terminated, never NULL. */
};

/*
 * Immutable. FOUND with no record means that there are records, but none that
 * can be used (`dropped` says how many: names with odd bytes, wrong lengths,
 * over a bound).
 */
struct sp_dns_answer {
	enum sp_dns_status status;
	bool is_secure; /* proven by DNSSEC (dns.recursive only) */
	uint32_t ttl_sec;
	const char *alias; /* the last name behind CNAMEs; "" without */
	size_t count;
	const struct sp_dns_record *records; /* as the server ordered them */
	size_t dropped;
};

/* --------------------------------------------------------------- questions */

/*
 * Called once per question, with no lock held: by the dispatcher, or within a
 * sp_dns_ask of the batch (its own, when the answer is known by then). Never
 * while another follow-up of the batch runs, so also what a follow-up asks is
 * followed up only after that one has returned. Quick, never waits, and may
 * call nothing of this header but the names, sp_dns_ask, sp_dns_release and
 * sp_dns_answer_get of that batch.
 *
 * What `context` points to is ready before sp_dns_ask is called, and lives until
 * the batch is cleared. Nobody else touches what a follow-up writes between then
 * and the end of waiting for the question's group; that sp_dns_ask has returned
 * says nothing.
 */
typedef void sp_dns_follow(struct sp_dns_batch *batch,
			   const struct sp_dns_answer *answer, void *context);

struct sp_dns_question {
	const struct sp_dns_name *name; /* copied */
	enum sp_dns_type type;
	uint32_t groups;       /* bits; 0 within a follow-up: as before it */
	sp_dns_follow *follow; /* NULL = none */
	void *context;
};

enum {
	SP_DNS_NO_QUESTION = SP_DNS_QUESTIONS_MAX
};

/* `dns` outlives the batch. Never NULL: small, and memory is there. */
struct sp_dns_batch *sp_dns_batch_new(struct sp_dns *dns);

/*
 * Ask; never waits, but may run follow-ups. Returns the question's number for sp_dns_answer_get: the
 * same as before for what was asked in this batch without a follow-up,
 * SP_DNS_NO_QUESTION when the batch is full (counted; no follow-up is called).
 */
unsigned sp_dns_ask(struct sp_dns_batch *batch,
		    const struct sp_dns_question *question);

/*
 * Wait until every question of `groups` is answered, or `deadline_ms`
 * (monotonic). True when all are answered; without any, at once. A group that
 * was released counts as one without questions.
 */
bool sp_dns_wait(struct sp_dns_batch *batch, uint32_t groups,
		 int64_t deadline_ms);

/*
 * Nobody shall wait for `groups` any more, until the batch is cleared: what was
 * asked in them goes on, but what it was asked for is known. For follow-ups
 * and for whoever asks.
 */
void sp_dns_release(struct sp_dns_batch *batch, uint32_t groups);

/* Never NULL; PENDING, or final. Borrowed until the batch is cleared. For
 * SP_DNS_NO_QUESTION an answer that is NOT_ASKED. */
const struct sp_dns_answer *sp_dns_answer_get(struct sp_dns_batch *batch,
					      unsigned number);

/* One question of a batch, as people are shown it. */
struct sp_dns_view {
	const char *name; /* borrowed until the batch is cleared */
	enum sp_dns_type type;
	uint32_t groups;
	const struct sp_dns_answer *answer; /* as of sp_dns_answer_get */
	int64_t asked_us;		    /* monotonic */
	int64_t took_us; /* until it was answered; -1 while PENDING */
	bool is_cached;	 /* answered from memory, without waiting */
};

/*
 * Questions have the numbers 0, 1, 2, ... in the order in which they were
 * asked, those of follow-ups among them. False for a number that none has;
 * `view_out` is then of no name, and its answer NOT_ASKED.
 */
bool sp_dns_question_get(struct sp_dns_batch *batch, unsigned number,
			 struct sp_dns_view *view_out);

/*
 * Forget all questions, also those in flight (their answers still reach the
 * cache), so the batch is as new. No follow-up runs once this returns; it waits
 * for one that is running.
 */
void sp_dns_batch_clear(struct sp_dns_batch *batch);
void sp_dns_batch_free(struct sp_dns_batch **batch);

/* ---------------------------------------------------------------- resolver */

struct sp_dns_health {
	bool is_dead;	   /* not asked until it answers again */
	bool has_servers;  /* whom to ask is known */
	uint64_t asked;	   /* questions of sessions */
	uint64_t sent;	   /* lookups begun for them */
	uint64_t shared;   /* questions that joined another's lookup */
	uint64_t cached;   /* questions that the cache had the answer to */
	uint64_t answered; /* found or absent */
	uint64_t failed;
	uint64_t timeouts;
	uint64_t not_asked;
	uint64_t dropped;    /* records that could not be used */
	uint64_t latency_us; /* sum over answered and failed lookups */
	uint64_t lookups;    /* ... and how many those were */
	unsigned in_flight;
	int64_t since_ms;  /* monotonic: when is_dead last changed */
	char servers[256]; /* "192.0.2.1@53, 192.0.2.2@53"; "" = none */
};

/*
 * Begin; `config` is copied. Nothing is asked yet. That the system names no
 * server is no error: said once, every question is NOT_ASKED, and we look
 * again now and then. SP_ERR_SYSTEM: no thread or no descriptor.
 */
enum sp_err sp_dns_new(const struct sp_dns_config *config,
		       struct sp_dns **dns_out);

/* All batches are freed before; lookups may be in flight. */
void sp_dns_free(struct sp_dns **dns);

void sp_dns_health(struct sp_dns *dns, struct sp_dns_health *health_out);

#endif
