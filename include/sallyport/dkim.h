/*
 * dkim.h - whose signatures does this mail bear, and do they hold?
 *
 * Place:    fed with a mail's header fields as they come, its body and the
 *           answers to the questions that it names; has a result for each
 *           signature when the mail is over.
 * Flow:     sp_dkim_header for each field, and sp_dkim_next_key whenever it
 *           says so; sp_dkim_end_headers, and sp_dkim_next_key once more;
 *           sp_dkim_body for each chunk if it is wanted; sp_dkim_key for each
 *           question, at any moment before sp_dkim_end: nothing waits for a
 *           key until then; sp_dkim_end; sp_dkim_get.
 * Library:  libopendkim puts the header into canonical form, hashes it and
 *           verifies its signatures. What is evaluated, with which key, at which
 *           time and what the outcome is called is decided here: the library
 *           sees only signatures that have passed our reading, only the fields
 *           that they sign, and of a key record only the key. The body's hash
 *           is ours (src/dkim/body.h says why).
 * Bounds:   SP_DKIM_* below. Beyond them a signature gets an error with its
 *           reason, or is counted as ignored; never a pass. Memory does not
 *           grow with the body.
 * Cost:     a mail without signatures has its header copied, nothing else.
 * Network:  none. The library's own look-ups are never reached.
 * Scoring:  none.
 * Threads:  one at a time per mail. All mails share the library's handle, which
 *           is made with the first signature of the process and not changed
 *           after.
 * Standard: RFC 6376, RFC 8301 (rsa-sha1, short keys), RFC 8463 (Ed25519), RFC
 *           8601 section 2.7.1 (results).
 */
#ifndef SALLYPORT_DKIM_H
#define SALLYPORT_DKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/dns.h"

enum {
	SP_DKIM_SIGNATURES_MAX = 8, /* evaluated, and reported */
	SP_DKIM_SEEN_MAX = 256,	    /* read, to find the author's among them */
	SP_DKIM_QUESTIONS_MAX = 2 * SP_DKIM_SIGNATURES_MAX,
	SP_DKIM_FIELDS_MAX = 2000,
	SP_DKIM_HEADERS_BYTES_MAX = 512 * 1024,
	SP_DKIM_SIGNATURE_BYTES_MAX = 16 * 1024,
	SP_DKIM_SIGNED_FIELDS_MAX = 256, /* names in one h= */
	SP_DKIM_KEY_BITS_LEAST = 1024,	 /* RSA */
	SP_DKIM_KEY_BITS_MOST = 4096,
	SP_DKIM_DRIFT_SEC = 300 /* how wrong a signer's clock may be */
};

enum sp_dkim_result {
	SP_DKIM_NONE = 0, /* not known before sp_dkim_end */
	SP_DKIM_PASS,	  /* see is_partial and is_testing */
	SP_DKIM_FAIL,	  /* header or body is not what was signed */
	SP_DKIM_POLICY,	 /* holds for others, perhaps: a key too short for us */
	SP_DKIM_NEUTRAL, /* made in a way that is not known here */
	SP_DKIM_TEMPERROR, /* its key could not be had */
	SP_DKIM_PERMERROR  /* malformed, expired, no key, no usable key */
};

/* As in Authentication-Results: "pass", "permerror", ...; never NULL. */
const char *sp_dkim_result_text(enum sp_dkim_result result);

/*
 * Texts live as long as the mail, hold printable ASCII only, and are never
 * NULL: "" for what could not be read.
 */
struct sp_dkim_signature {
	enum sp_dkim_result result;
	const char *reason;	/* constant words; "" for a plain pass */
	const char *domain;	/* d=, a name in lower case */
	const char *selector;	/* s=, the same */
	const char *identity;	/* i= decoded, "@" and d= without one */
	const char *algorithm;	/* a=, only if it is known here */
	const char *hash_start; /* the first 8 characters of b= */
	unsigned key_bits;	/* 0 without a usable key; Ed25519: 256 */
	bool is_partial;	/* l=: more may have been added to the body */
	bool is_testing;	/* the key has t=y: count as unsigned */
	bool is_authors;	/* d= is the author's domain, above or below */
};

struct sp_dkim_key_question {
	unsigned number;		/* for sp_dkim_key */
	const struct sp_dns_name *name; /* borrowed from the mail; ask TXT */
};

struct sp_dkim;

/* `now_sec` since 1970 decides what has expired. Never NULL: small, and memory
 * is there. */
struct sp_dkim *sp_dkim_new(int64_t now_sec);
void sp_dkim_free(struct sp_dkim **dkim);

/*
 * One header field as a milter hears it: `value` with the white space behind
 * the colon (SMFIP_HDR_LEADSPC), its lines ended by LF or CRLF, no end of line
 * behind the last. Both are copied. True when it brought a question for
 * sp_dkim_next_key.
 */
bool sp_dkim_header(struct sp_dkim *dkim, const char *name, const char *value);

/* The next key that nobody took yet; false when there is none for now. */
bool sp_dkim_next_key(struct sp_dkim *dkim,
		      struct sp_dkim_key_question *question_out);

/*
 * The answer to question `number`, read at once. NULL, or one that says nothing
 * is a temperror, and so is a question without an answer at sp_dkim_end. What
 * is given once stays.
 */
void sp_dkim_key(struct sp_dkim *dkim, unsigned number,
		 const struct sp_dns_answer *answer);

/*
 * No more fields come. `author_domain` ("" = none; as it was written, in ASCII)
 * decides which signatures are evaluated when there are too many: those of this
 * domain, then those of domains above and below it, then the others in the
 * order of the header. True when there is a question that was not asked before.
 */
bool sp_dkim_end_headers(struct sp_dkim *dkim, const char *author_domain);

/* False: nothing is to be hashed (any more), the body can be spared. */
bool sp_dkim_wants_body(const struct sp_dkim *dkim);

/* Any bytes, in chunks of any size. */
void sp_dkim_body(struct sp_dkim *dkim, const unsigned char *bytes,
		  size_t length);

/* After it every signature has its result. */
void sp_dkim_end(struct sp_dkim *dkim);

/* Those evaluated, in the order of sp_dkim_end_headers, then those that could
 * not be; SP_DKIM_SIGNATURES_MAX at most. 0 before sp_dkim_end_headers. */
size_t sp_dkim_count(const struct sp_dkim *dkim);

/* NULL when there is no such signature. */
const struct sp_dkim_signature *sp_dkim_get(const struct sp_dkim *dkim,
					    size_t index);

/* What a domain publishes at SELECTOR._domainkey.DOMAIN, for its owner. */
struct sp_dkim_published {
	enum sp_dkim_result problem; /* SP_DKIM_NONE: signatures by it count */
	const char *reason;	     /* constant words; "" without a problem */
	const char *type;	     /* "RSA", "Ed25519" */
	unsigned bits;
	bool is_testing; /* t=y: its signatures count as none */
};

/* Never fails: no answer is SP_DKIM_TEMPERROR, no key SP_DKIM_PERMERROR. */
void sp_dkim_published_read(const struct sp_dns_answer *answer,
			    struct sp_dkim_published *published_out);

/* Signatures that are not reported, for there were too many. */
unsigned sp_dkim_ignored(const struct sp_dkim *dkim);

#endif
