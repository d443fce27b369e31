/*
 * spf.h - may this client send for this domain? (Sender Policy Framework)
 *
 * An evaluation never waits and knows no resolver: it names questions, is fed
 * their answers in whatever order they come, and has a result when it knows
 * enough. Questions that a record makes likely (its other include, a, mx and
 * redirect targets) are named early, so that they are asked side by side; the
 * result is the one of RFC 7208's order, and no answer's time changes it.
 *
 * How:      with each answer the record is walked again from its beginning,
 *           over the answers that are there; it costs microseconds and leaves
 *           no half-done state.
 * Bounds:   10 terms that ask, 2 of them in vain, 10 names of an MX, 10 of a
 *           PTR, SP_SPF_QUESTIONS_MAX questions, SP_SPF_RECORD_MAX bytes and
 *           SP_SPF_TERMS_MAX terms of a record, SP_SPF_BYTES_MAX of memory.
 *           Beyond them: permerror (memory: temperror).
 * Network:  none, but for sp_spf_run, which asks through a batch of dns.h.
 * Scoring:  none. A pass that everybody gets says so; policy weighs.
 * Threads:  one at a time per evaluation; see sp_spf_is_done.
 * Standard: RFC 7208. A term counts as void once, whatever it asks: an mx
 *           when none of its names has an address of the client's family.
 */
#ifndef SALLYPORT_SPF_H
#define SALLYPORT_SPF_H

#include <stdbool.h>
#include <stdint.h>

#include "sallyport/config.h"
#include "sallyport/dns.h"
#include "sallyport/ip.h"

enum {
	SP_SPF_LOOKUPS_MAX = 10,
	SP_SPF_VOIDS_MAX = 2,
	SP_SPF_MX_MAX = 10,
	SP_SPF_PTR_MAX = 10,
	SP_SPF_RECORD_MAX = 4096,
	SP_SPF_TERMS_MAX = 256,
	SP_SPF_NEEDED_MAX = 48, /* questions that RFC 7208's order leads to */
	SP_SPF_AHEAD_MAX = 16,	/* ... and those asked before they are needed */
	SP_SPF_QUESTIONS_MAX = SP_SPF_NEEDED_MAX + SP_SPF_AHEAD_MAX,
	SP_SPF_BYTES_MAX = 256 * 1024,
	SP_SPF_EXPLANATION_SIZE = 256,
	SP_SPF_SENDER_SIZE = 512
};

enum sp_spf_result {
	SP_SPF_PENDING = 0, /* answers are missing */
	SP_SPF_NONE,	    /* no record, or no domain to look for one */
	SP_SPF_NEUTRAL,
	SP_SPF_PASS,
	SP_SPF_FAIL,
	SP_SPF_SOFTFAIL,
	SP_SPF_TEMPERROR, /* DNS did not say */
	SP_SPF_PERMERROR  /* the domain's records cannot be evaluated */
};

/* As in Received-SPF: "pass", "softfail", ...; never NULL. */
const char *sp_spf_result_text(enum sp_spf_result result);

enum sp_spf_identity {
	SP_SPF_MAILFROM, /* a null sender: postmaster at the HELO name */
	SP_SPF_HELO
};

struct sp_spf_request {
	enum sp_spf_engine engine;
	enum sp_spf_identity identity;
	struct sp_ip client;
	const char *helo;     /* as it was said */
	const char *sender;   /* as of sp_spf_sender; "" = null */
	const char *receiver; /* our host name, for %{r} */
	int64_t time_sec;     /* since 1970, for %{t} */
};

/*
 * What stands in `path` (MAIL FROM, with or without <>), without its source
 * route, and with the U-labels of its domain as A-labels (RFC 7208 section 4.3).
 * What has no domain gets an empty one: alone it would be taken for a domain. Of
 * one that is too long the end is cut off; nobody has a record for it then.
 */
void sp_spf_sender(const char *path, char sender_out[SP_SPF_SENDER_SIZE]);

struct sp_spf_question {
	unsigned number; /* for sp_spf_answer */
	const struct sp_dns_name *name;
	enum sp_dns_type type;
};

/* Texts live as long as the evaluation, hold printable ASCII only, and are
 * never NULL: "" for none. */
struct sp_spf_outcome {
	enum sp_spf_result result;
	const char *domain; /* that was checked */
	const char *term;   /* of its record that matched, as written */
	const char *reason; /* of an error, in words */
	/* Of a pass: how many others get it from the records that were read. */
	uint64_t passes_ip4; /* addresses */
	uint64_t passes_ip6; /* networks of /64 */
	bool passes_world;   /* all, or over a /8 of IPv4 or a /16 of IPv6 */
	unsigned lookups;    /* terms that asked */
	unsigned voids;	     /* ... in vain */
	unsigned questions;  /* needed for the result */
};

struct sp_spf;

/* Texts are copied. Never NULL: small, and memory is there. */
struct sp_spf *sp_spf_new(const struct sp_spf_request *request);
void sp_spf_free(struct sp_spf **spf);

/* The next question that nobody took yet; false when there is none for now.
 * `name` is borrowed until the evaluation is freed. */
bool sp_spf_next(struct sp_spf *spf, struct sp_spf_question *question_out);

/* `answer` is final and borrowed: it stays until the evaluation is freed. */
void sp_spf_answer(struct sp_spf *spf, unsigned number,
		   const struct sp_dns_answer *answer);

/* PENDING until enough is known. */
const struct sp_spf_outcome *sp_spf_outcome_get(const struct sp_spf *spf);

/* Once true, any thread may read the outcome, which stays as it is. */
bool sp_spf_is_done(const struct sp_spf *spf);

/*
 * What the domain's owner says of a fail (exp=), for the reply: printable, cut,
 * a % may need doubling. "" for none; and it takes one more answer, so it may
 * come after the result. Any thread; lives as long as the evaluation.
 */
const char *sp_spf_explanation_get(const struct sp_spf *spf);

/* Of a batch, and nobody else's. */
struct sp_spf_groups {
	uint32_t result;      /* to be waited for until the result is there */
	uint32_t explanation; /* ... until it is known if there is one, too */
};

/*
 * Ask in `batch` whatever the evaluation needs, by follow-ups; returns at once.
 * The groups are released as soon as they can be: nobody waits for what was
 * asked early and is not needed any more. Until sp_spf_is_done the evaluation
 * is its follow-ups'. Clear the batch before it is freed.
 */
void sp_spf_run(struct sp_spf *spf, struct sp_dns_batch *batch,
		const struct sp_spf_groups *groups);

#endif
