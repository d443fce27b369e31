/*
 * greylist_store.h - what Redis remembers of greylisting.
 *
 * Two kinds of key, both under the hash tag {IDENTITY} so that one script may
 * touch them together (redis-schema/README.md has the fields):
 *
 *   sp:grey:{IDENTITY}               who it is, how often it has passed
 *   sp:grey:{IDENTITY}:SENDER:RCPT   one triplet
 *
 * SENDER and RCPT are folded keys; bytes that are no printable ASCII, spaces,
 * '%', ':', '{' and '}' are written %HH, so a key can be read, split and typed.
 *
 * Time:     the caller's wall clock goes into the script; key TTLs only tidy
 *           up, so a set clock decides everything.
 * Failure:  as store.h.
 * Threads:  any.
 */
#ifndef SALLYPORT_GREYLIST_STORE_H
#define SALLYPORT_GREYLIST_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/address.h"
#include "sallyport/err.h"
#include "sallyport/probe_store.h"

struct sp_greylist_config;
struct sp_store;

enum {
	SP_IDENTITY_SIZE = 300, /* a name of 253 characters has room */
	SP_PROOF_SIZE = 32,	/* "spf,rdns,dkim" */
	SP_GREYLIST_ALSO_MAX = 2,
	SP_GREYLIST_LESSONS_MAX = 2
};

enum sp_greylist_state {
	SP_GREYLIST_NEW,     /* never seen: wait */
	SP_GREYLIST_EARLY,   /* seen, came back too early: wait */
	SP_GREYLIST_LATE,    /* came back after the retry window: wait again */
	SP_GREYLIST_NOTED,   /* never seen, or waiting; let in at once, for
				nothing much speaks against it */
	SP_GREYLIST_PASSED,  /* came back in time, passes for the first time */
	SP_GREYLIST_SEEN,    /* this triplet has passed before */
	SP_GREYLIST_KNOWN,   /* the identity has passed often enough */
	SP_GREYLIST_RELEASED /* let in by the operator's word */
};

const char *sp_greylist_state_name(enum sp_greylist_state state); /* "new" */

struct sp_greylist_question {
	const char *identity; /* "domain:a.example", "net:192.0.2.0/24":
				 printable, no braces */
	const char *proof;    /* of it, a word, for people; "" or NULL: it is
				 the address */
	/* Other identities of the same client, NULL for none: what it has
	 * waited, or passed, under them counts too. */
	const char *also[SP_GREYLIST_ALSO_MAX];
	const char *network; /* whose probes are asked along; NULL: nobody's */
	bool lets_in;	     /* it is noted, and let in, also when it is new */
	/* What it has to wait for is enforced, so people want to see it
	 * (desk_store.h). */
	bool is_for_desk;
	bool looks_honest;     /* for them: it passed SPF, and no list has it */
	const char *sender;    /* sp_sender_fold; "" for <> */
	const char *recipient; /* sp_address_key */
	const char *mail_id;   /* several recipients of a mail pass once */
	const char *client;    /* the address, for people; not part of a key */
	int64_t now_ms;	       /* wall */
};

struct sp_greylist_answer {
	enum sp_greylist_state state;
	int64_t first_ms;	  /* wall: when the triplet was first seen */
	int64_t wait_ms;	  /* how long still; 0 when it may pass */
	uint32_t tries;		  /* of this triplet, this one included */
	uint32_t identity_passes; /* mails of this identity let in so far */
	bool has_probes;	  /* `network` was given */
	struct sp_probe_counts probes; /* of it, lately */
};

/*
 * The atomic test-and-set: one script, one round trip. A second one only when
 * it has to wait, and turns out to have waited under one of `also` already (DNS
 * did not say then who it is) or to be expected (sp_greylist_expect); and
 * another one to tell the desk of who waits or has come back. The retry window must be longer than the delay,
 * or nothing ever passes: the configuration sees to that. *answer_out is
 * written on SP_OK only.
 */
enum sp_err sp_greylist_ask(struct sp_store *store,
			    const struct sp_greylist_config *config,
			    const struct sp_greylist_question *question,
			    int64_t deadline_ms,
			    struct sp_greylist_answer *answer_out);

/* Whether an identity has passed often enough to wait no more. Writes nothing.
 * *known_out is written on SP_OK only. */
struct sp_greylist_who {
	const char *identity;
	int64_t now_ms; /* wall */
};
enum sp_err sp_greylist_is_known(struct sp_store *store,
				 const struct sp_greylist_config *config,
				 const struct sp_greylist_who *who,
				 int64_t deadline_ms, bool *known_out);

/* What a mail that was accepted has proven beyond how it came. */
struct sp_greylist_lesson {
	size_t count; /* one at least */
	const char *identities[SP_GREYLIST_LESSONS_MAX];
	const char *proof; /* of all of them, a word: "dkim" */
	const char *mail_id;
	int64_t now_ms; /* wall */
};

/* The mail counts for each of them, once; one that is known learns nothing more.
 * Bit i of *taught_out: it counted for number i. One round trip. */
enum sp_err sp_greylist_teach(struct sp_store *store,
			      const struct sp_greylist_config *config,
			      const struct sp_greylist_lesson *lesson,
			      int64_t deadline_ms, unsigned *taught_out);

/* For the operator. */
struct sp_greylist_entry {
	char identity[SP_IDENTITY_SIZE];
	char proof[SP_PROOF_SIZE]; /* of the last try, "spf"; of an identity: of
				      all that passed, "spf,dkim"; "address" */
	char sender[SP_ADDRESS_SIZE];
	char recipient[SP_ADDRESS_SIZE]; /* "" : the identity's own entry */
	char client[64];
	char state[16]; /* "waiting", "ready" (delay over, not yet back),
			   "passed", "released", "expired"; an identity:
			   "learning" or "known" */
	int64_t first_ms, last_ms, pass_ms; /* wall; pass 0 = never */
	uint32_t tries, passes;
};

struct sp_greylist_filter {
	const char *client;    /* address or network; NULL = any */
	const char *sender;    /* part of it; NULL = any */
	const char *recipient; /* part of it; NULL = any */
	const char *state;     /* exact; NULL = any */
	int64_t now_ms;
	uint32_t limit; /* 0 = all */
};

/*
 * Calls `found` for each entry (no order) until it returns false. While keys
 * come and go, an entry may be shown twice. SP_ERR_SYNTAX, SP_ERR_RANGE: the
 * filter's `client` is neither an address nor a network. Runs for as long as
 * the walk over all keys takes (a second for a million), in short steps.
 */
enum sp_err sp_greylist_list(
	struct sp_store *store, const struct sp_greylist_config *config,
	const struct sp_greylist_filter *filter,
	bool (*found)(const struct sp_greylist_entry *entry, void *context),
	void *context);

/* Let the next try of one triplet pass; holds until then, for a week at least.
 * SP_ERR_NOT_FOUND: no such triplet. */
enum sp_err sp_greylist_release(struct sp_store *store, const char *identity,
				const char *sender, const char *recipient,
				int64_t now_ms);

/* Forget one triplet, or with sender and recipient NULL the identity with all
 * of its triplets; *forgotten_out counts keys. */
enum sp_err sp_greylist_forget(struct sp_store *store, const char *identity,
			       const char *sender, const char *recipient,
			       uint32_t *forgotten_out);

#endif
