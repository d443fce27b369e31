/*
 * submitter_store.h - what submitters have sent lately, and what becomes of
 *                     their mail.
 *
 * Two keys a submitter, both under its hash tag, so that one script may touch
 * them together (redis-schema/README.md has the fields):
 *
 *   sp:out:{SUBMITTER}        counts, state, what is usual for it
 *   sp:out:{SUBMITTER}:rcpt   its latest recipients
 *   sp:sent:{MESSAGE-ID}      whose a mail was, by the hash of its Message-ID
 *
 * The life of one mail:
 *
 *   MAIL         sp_submitter_look: is it known to be locked? Asks Redis only
 *                when this machine's memory says so.
 *   each RCPT    sp_submitter_ask: may this recipient be added? One script, one
 *                round trip: held against all limits, and counted. The first
 *                one adds the message, too, and where it comes from.
 *   end          sp_submitter_ask for what only shows now (a From: that is not
 *                the submitter's), or has happened (recipients refused).
 *   it went out  sp_submitter_sent: remembered for bounces. Had the very same
 *                mail gone out before, a retry, what it added is taken back.
 *   it did not   sp_submitter_take_back.
 *   a bounce     sp_submitter_bounce: whose mail was it?
 *
 * States: ok < watch < hold < locked. Each has a term that begins anew with
 * all that is too much, then it is over. The one question that leads to a higher
 * state is told so (`is_new`), on one machine, once.
 *
 * Windows: the current twelfth and the twelve before it, so that within the
 *           length that was said there is never more than the limit, and what
 *           was sent is forgotten a twelfth later at the latest.
 * Time:     the caller's wall clock; TTLs only tidy up.
 * Failure:  as store.h. Then the memory of this machine counts on, in bounded
 *           space: known states hold, and sums go on from what Redis said last.
 *           What is usual is not asked then. A state that was found so is
 *           brought to Redis by the next question.
 * Threads:  any.
 */
#ifndef SALLYPORT_SUBMITTER_STORE_H
#define SALLYPORT_SUBMITTER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"
#include "sallyport/hash.h"
#include "sallyport/limits.h"
#include "sallyport/submitter.h"

struct sp_outbound_config;
struct sp_store;
struct sp_submitter_memory;

/* What this machine remembers of submitters: the latest `most` of them, those
 * that are held or locked longer than others. Kept over reloads. */
enum sp_err sp_submitter_memory_new(size_t most,
				    struct sp_submitter_memory **memory_out);
void sp_submitter_memory_free(struct sp_submitter_memory **memory);

/* Whether one may be locked by what it remembers: then it is worth asking who.
 * A lock that was met counts until its term would have been over. */
bool sp_submitter_memory_has_locks(struct sp_submitter_memory *memory,
				   int64_t now_ms);

/* Where all of it is kept, and by which rules. All borrowed. */
struct sp_submitter_books {
	struct sp_store *store;
	struct sp_submitter_memory *memory;
	const struct sp_outbound_config *config;
};

enum sp_submitter_cause {
	SP_CAUSE_NONE,
	SP_CAUSE_LIMIT,	  /* more than `most` */
	SP_CAUSE_UNUSUAL, /* much more than `most`, its own maximum */
	SP_CAUSE_OPERATOR /* by hand */
};

enum {
	SP_SUBMITTER_WORDS_SIZE = 160
};

const char *sp_submitter_cause_name(
	enum sp_submitter_cause cause); /* "limit" */

/* Why a submitter is in its state. */
struct sp_submitter_why {
	enum sp_submitter_cause cause;
	enum sp_counted counted;
	uint32_t count, most;
	int64_t window_ms;
	char words[SP_SUBMITTER_WORDS_SIZE]; /* the operator's; else "" */
};

/* "312 recipients in the last hour; the most in 30 days was 14" */
struct sp_text;
void sp_submitter_why_write(const struct sp_submitter_why *why,
			    struct sp_text *out);

struct sp_submitter_standing {
	enum sp_submitter_state state;
	int64_t since_ms, until_ms; /* wall; 0 for ok */
	bool is_observed;	    /* found while nothing was enforced */
	struct sp_submitter_why why;
};

struct sp_submitter_question {
	const char *submitter;	      /* a key */
	const struct sp_class *class; /* its limits */
	uint32_t adds[SP_COUNTED_DISTINCT];
	const char *recipient; /* sp_address_key; NULL: it adds none */
	/* Where it comes from; NULL: not known, or not asked any more. */
	const char *network; /* "192.0.2.0/24" */
	const char *country; /* "DE" */
	const char *asn;     /* "64500" */
	/* It counts whatever comes of it. Otherwise what a lock keeps back is
	 * not counted, and exactly as many pass as a limit says; if one mail has
	 * several of them, none of those whose mail was not over yet. */
	bool has_happened;
	int64_t now_ms; /* wall */
};

struct sp_submitter_answer {
	struct sp_submitter_standing standing; /* with this question */
	bool is_new;	     /* this question has led to it: tell it */
	bool is_counted;     /* false: a lock keeps it back */
	bool is_from_memory; /* Redis did not say */
};

/* *answer_out is written in any case. SP_OK, or why Redis did not say. */
enum sp_err sp_submitter_ask(const struct sp_submitter_books *books,
			     const struct sp_submitter_question *question,
			     int64_t deadline_ms,
			     struct sp_submitter_answer *answer_out);

/* The state as far as this machine knows; of a submitter that it knows to be
 * held or locked, as Redis says. *standing_out is written in any case. */
enum sp_err sp_submitter_look(const struct sp_submitter_books *books,
			      const char *submitter, int64_t now_ms,
			      int64_t deadline_ms,
			      struct sp_submitter_standing *standing_out);

/* What questions of one mail have added. */
struct sp_submitter_mail {
	const char *submitter;
	const struct sp_class *class;
	uint32_t added[SP_COUNTED_DISTINCT];
	int64_t counted_ms; /* when the first of it was */
	/* Its Message-ID; or, of a mail whose Message-ID the MTA has made up for
	 * this one try, its sender, header and body. */
	struct sp_hash id;
	/* Of all recipients, in any order: see sp_delivery_add. */
	struct sp_hash recipients;
};

/* Add one recipient (sp_address_key) to the hash of all, which begins as
 * zeros. Their order makes no difference. */
void sp_delivery_add(struct sp_hash *recipients, const char *recipient);

/*
 * It goes out. *is_again_out: the same mail to the same recipients had gone out
 * before, and what it added was taken back. One round trip; another one to take
 * back.
 */
enum sp_err sp_submitter_sent(const struct sp_submitter_books *books,
			      const struct sp_submitter_mail *mail,
			      int64_t deadline_ms, bool *is_again_out);

/* It does not go out, or not now: take back what it has added. */
enum sp_err sp_submitter_take_back(const struct sp_submitter_books *books,
				   const struct sp_submitter_mail *mail,
				   int64_t deadline_ms);

struct sp_submitter_bounced {
	char submitter[SP_SUBMITTER_SIZE];
	uint32_t counts; /* of the recipients that sent it back; to be asked
			    with adds[SP_COUNTED_BOUNCES] */
};

/* `id` is the Message-ID of the mail that came back. SP_ERR_NOT_FOUND: it never
 * went out from here, or more than five days ago. */
enum sp_err sp_submitter_bounce(struct sp_store *store,
				const struct sp_hash *id, uint32_t recipients,
				int64_t deadline_ms,
				struct sp_submitter_bounced *bounced_out);

/*
 * The hash of a Message-ID as it stands in a header field, without blanks, angle
 * brackets, and what stands before these (comments). False when nothing is left:
 * what is remembered by that is everybody's.
 */
bool sp_message_id_hash(const char *message_id, struct sp_hash *hash_out);

/* --- for the operator ----------------------------------------------------- */

enum {
	SP_SUBMITTER_PLACES_SHOWN = 10,
	SP_SUBMITTER_TRAFFIC = 4,
	SP_SUBMITTER_PAGE_MAX = 100
};

struct sp_submitter_place {
	enum sp_counted counted; /* NETWORKS, COUNTRIES or ASNS */
	char text[52];
	int64_t last_ms;
};

struct sp_submitter_traffic {
	enum sp_counted counted;
	int64_t window_ms;
	bool is_kept; /* else nobody counts it, and `count` is 0 */
	uint32_t count;
};

struct sp_submitter_entry {
	char submitter[SP_SUBMITTER_SIZE];
	struct sp_submitter_standing standing; /* ok when it is over */
	/* The one before: how it ended, and when. */
	struct sp_submitter_standing was; /* ok: there was none */
	bool was_released;		  /* by hand; else its term was over */
	int64_t ended_ms;
	int64_t first_ms, last_ms; /* wall; 0 = never */
	/* What is in each window of its class's limits. */
	const struct sp_class *class;
	uint32_t counts[SP_LIMITS_MAX];
	/* The most within that limit's window in one of the 30 days before
	 * today; 0 where it is not kept. */
	uint32_t usual[SP_LIMITS_MAX];
	/* Messages and recipients of the last hour, then of the last day. */
	struct sp_submitter_traffic traffic[SP_SUBMITTER_TRAFFIC];
	size_t place_count; /* the latest first, of each kind */
	struct sp_submitter_place places[3 * SP_SUBMITTER_PLACES_SHOWN];
};

/* One of which nothing is known, with its class. */
void sp_submitter_entry_init(const struct sp_submitter_books *books,
			     const struct sp_submitter *submitter,
			     struct sp_submitter_entry *entry_out);

/* How near it is to the limit of its class that is nearest, in thousandths;
 * *limit_out (may be NULL) is the number of that limit, 0 when there is none. */
uint32_t sp_submitter_share(const struct sp_submitter_entry *entry,
			    size_t *limit_out);

/* SP_ERR_NOT_FOUND: it has never sent anything. One round trip, unless there
 * are several windows of distinct-recipients. */
enum sp_err sp_submitter_show(const struct sp_submitter_books *books,
			      const struct sp_submitter *submitter,
			      int64_t now_ms,
			      struct sp_submitter_entry *entry_out);

enum sp_submitter_sorting {
	/* Those that are not ok: locked first, then held, then watched; of each
	 * the one that stays so for longest first. */
	SP_SUBMITTERS_BY_STATE,
	/* All, the one whose last mail was the latest first. */
	SP_SUBMITTERS_BY_LAST,
	/* Those that are ok and have sent something today or yesterday: the one
	 * that is nearest to one of its limits now first. Of no more than 500
	 * that have come nearest with their mails. */
	SP_SUBMITTERS_BY_SHARE
};

struct sp_submitter_range {
	enum sp_submitter_sorting by;
	/* BY_STATE: only those in this one; OK: in any. */
	enum sp_submitter_state state;
	size_t offset, count; /* no more than SP_SUBMITTER_PAGE_MAX; 0: only
				 `total_out` is wanted */
};

struct sp_submitter_lister {
	/* Called with one after the other until it returns false. */
	bool (*found)(const struct sp_submitter_entry *entry, void *context);
	void *context;
};

/*
 * A page of the list. It is read from an index, never by a walk over keys: one
 * round trip, and one more for each submitter on the page (BY_SHARE: for each
 * that is looked at). The index knows the 250,000 that have sent something
 * last, as of their last mail but a minute. One that sends something meanwhile
 * may be missed between two pages, or be on both.
 *
 * *total_out: how many there are on all pages.
 */
enum sp_err sp_submitter_page(const struct sp_submitter_books *books,
			      const struct sp_submitter_range *range,
			      int64_t now_ms,
			      const struct sp_submitter_lister *lister,
			      size_t *total_out);

/* What this machine remembers, for when Redis does not answer: its standing,
 * and what counts by sums. SP_ERR_NOT_FOUND: it remembers nothing of it. */
enum sp_err sp_submitter_recall(const struct sp_submitter_books *books,
				const struct sp_submitter *submitter,
				int64_t now_ms,
				struct sp_submitter_entry *entry_out);

/* The same of all, but SP_SUBMITTER_PAGE_MAX at most: locked first, then held,
 * watched and ok, of each the one that was heard of last first. */
enum sp_err sp_submitter_recall_all(const struct sp_submitter_books *books,
				    int64_t now_ms,
				    const struct sp_submitter_lister *lister);

struct sp_submitter_order {
	const char *submitter;
	enum sp_submitter_state state; /* OK releases */
	int64_t until_ms;	       /* of the others */
	const char *words;	       /* why; cut, and made printable */
	int64_t now_ms;
};

/*
 * *was_out: the standing before. A release begins all counts anew, and takes
 * what was sent today for usual. SP_ERR_NOT_FOUND: there is nothing to release.
 *
 * This machine knows at once, the others with the submitter's next mail. When
 * Redis does not answer (any other error; *was_out is what is remembered), it
 * holds on this machine alone: a lock until Redis is told of it with the next
 * mail, a release until Redis says otherwise.
 */
enum sp_err sp_submitter_set(const struct sp_submitter_books *books,
			     const struct sp_submitter_order *order,
			     struct sp_submitter_standing *was_out);

#endif
