/*
 * dmarc.h - is the author's domain proven, and what does its owner want done
 * with mail where it is not? (Domain-based Message Authentication)
 *
 * Place:    at end of message, when SPF and DKIM have their results. Whoever
 *           knows a resolver answers questions; the check is the session's.
 * Network:  none: answers are asked of the caller by a function (below).
 * Scoring:  none. The outcome says what is published and what was found; policy
 *           weighs.
 * Bounds:   SP_DMARC_AUTHORS_MAX author domains, SP_DMARC_DKIM_MAX signatures,
 *           8 names to ask for each, SP_DMARC_QUESTIONS_MAX questions in all;
 *           SP_DMARC_RECORD_MAX bytes of a record, in one pass.
 * Threads:  reentrant; nothing is kept between calls.
 * Standard: RFC 9989 (its section numbers below), with the tags that it took
 *           from RFC 9091. pct, rf and ri are not read. Reports are not ours:
 *           rua counts only where an unusable policy becomes "none" by it.
 *
 * Who the author is. DMARC speaks of mail with one author domain (4.2, 5.3.1).
 * Everything else has an outcome that is no pass and says why in `author`:
 *
 *   one domain, also of several mailboxes or of a group: it is evaluated;
 *   several domains: each is evaluated, and the worst outcome is the mail's
 *     (11.5), so it passes only if each author is proven. The order is: fail
 *     (reject, quarantine, none), temperror, permerror, none, pass. A pass
 *     beside an author without a policy is "none";
 *   more than SP_DMARC_AUTHORS_MAX domains: permerror, none is looked up;
 *   no From field, or a group of nobody; several From fields, even the same
 *     ones (readers show the first or the last); a field that mail programs
 *     read differently: permerror, for there is nobody whose policy could hold;
 *   an address literal, a Unicode name without an ASCII form: permerror, for
 *     there is no place where a policy could stand.
 *
 * Policy shall weigh these by `author`: mail that evades DMARC so is mostly
 * meant to (11.5).
 */
#ifndef SALLYPORT_DMARC_H
#define SALLYPORT_DMARC_H

#include <stdbool.h>
#include <stddef.h>

#include "sallyport/config.h"
#include "sallyport/dns.h"
#include "sallyport/domain.h"
#include "sallyport/from.h"
#include "sallyport/organisation.h"

enum {
	SP_DMARC_WALK_MAX = 8, /* names asked for one domain (4.10) */
	SP_DMARC_AUTHORS_MAX = 4,
	SP_DMARC_DKIM_MAX = 8,
	SP_DMARC_RECORD_MAX = SP_DNS_RECORD_BYTES_MAX,
	/* The walks of authors, SPF and DKIM, and whether authors exist. */
	SP_DMARC_QUESTIONS_MAX =
		SP_DMARC_AUTHORS_MAX * (SP_DMARC_WALK_MAX + 1) +
		(1 + SP_DMARC_DKIM_MAX) * SP_DMARC_WALK_MAX
};

/* In the order of strictness. */
enum sp_dmarc_policy {
	SP_DMARC_POLICY_NONE = 0,
	SP_DMARC_POLICY_QUARANTINE,
	SP_DMARC_POLICY_REJECT
};

/* "none", "quarantine", "reject"; never NULL. */
const char *sp_dmarc_policy_text(enum sp_dmarc_policy policy);

/* ----------------------------------------------------------------- records */

enum sp_dmarc_psd {
	SP_DMARC_PSD_UNKNOWN = 0, /* "u": the tree walk decides */
	SP_DMARC_PSD_YES, /* a public suffix: owners are one label below */
	SP_DMARC_PSD_NO	  /* an organisation's own top */
};

/* Policies are those that hold: `sp` is `p` where the record says nothing, and
 * `np` is `sp`. */
struct sp_dmarc_record {
	enum sp_dmarc_policy p;	 /* of the domain itself */
	enum sp_dmarc_policy sp; /* of its subdomains */
	enum sp_dmarc_policy np; /* of subdomains that do not exist */
	bool is_dkim_strict;	 /* adkim=s */
	bool is_spf_strict;	 /* aspf=s */
	bool is_testing;	 /* t=y: one level less is applied */
	enum sp_dmarc_psd psd;
};

enum sp_dmarc_validity {
	SP_DMARC_NOT_A_RECORD = 0, /* does not begin with v=DMARC1: not there */
	SP_DMARC_RECORD_GOOD,
	/* p, sp or np is none of the three words ... */
	SP_DMARC_RECORD_MONITORS, /* ... but there is a rua: all are "none" */
	SP_DMARC_RECORD_UNUSABLE  /* ... and no rua (4.10.1), or it is over
				   * SP_DMARC_RECORD_MAX */
};

/*
 * Read `length` bytes of a TXT record, which may hold anything (4.7, 4.8).
 *
 * Tags are known in any case and order behind v; of two the first counts;
 * unknown ones and what is no tag are passed over; blanks, tabs and line breaks
 * around names and values do not matter, nor do empty tags. adkim, aspf, psd
 * and t with a wrong value have their default. A record without p has p=none;
 * its sp and np hold nevertheless.
 *
 * *record_out is written always: for NOT_A_RECORD all defaults; of an UNUSABLE
 * one psd still counts in a tree walk, the policies are "none".
 */
enum sp_dmarc_validity sp_dmarc_record_parse(
	const char *text, size_t length, struct sp_dmarc_record *record_out);

/*
 * The names whose TXT records a tree walk from `domain` may need, from the
 * longest to the shortest: "_dmarc.mail.example.org", "_dmarc.example.org",
 * "_dmarc.org". Of a domain with more than 8 labels, itself and its last 7, 6
 * ... (4.10). `domain` as sp_domain_normalise writes it. Returns how many; a
 * name that is too long to be asked for is left out, for nothing stands there.
 */
size_t sp_dmarc_walk(const char *domain,
		     struct sp_dns_name names_out[SP_DMARC_WALK_MAX]);

/* -------------------------------------------------------------- evaluation */

/* A domain that SPF or DKIM proved, in whatever case, also with U-labels. One
 * that is no name proves nothing. */
struct sp_dmarc_identifier {
	const char *domain; /* borrowed; NULL or "": there is none */
	bool is_undecided;  /* DNS failed there (temperror): it may have passed,
			     * so where nothing else does and it would be
			     * aligned, DMARC is a temperror too (5.3.6) */
};

struct sp_dmarc_question {
	const struct sp_from *from;
	/* MAIL FROM's, or the HELO name's of a null sender (4.4.2), with the
	 * result pass. */
	struct sp_dmarc_identifier spf;
	/* Signatures that passed in full; over SP_DMARC_DKIM_MAX are not seen. */
	const struct sp_dmarc_identifier *dkim;
	size_t dkim_count;
	/* SP_ORGANISATION_PSL needs them; a tree walk guesses with them which names
	 * will be needed, so that one wait is enough. NULL: it does not guess. */
	const struct sp_suffixes *suffixes;
	enum sp_organisation_method method;
};

/*
 * The answer to a question; never NULL, borrowed until sp_dmarc_evaluate
 * returns. PENDING is an answer, so the function may ask (once each) and say
 * PENDING. Everything that may matter is looked at before anything is judged:
 * one call asks all side by side, and the next one has a result.
 *
 * Types are SP_DNS_TXT at names of a walk, and SP_DMARC_EXISTENCE_TYPE at an
 * author's domain: a domain does not exist for np when an answer about it is
 * NXDOMAIN, whatever was asked (3.2.13, A.4); one with a CNAME does. That
 * question is left out where "_dmarc" below it shows that it is there.
 */
typedef const struct sp_dns_answer *sp_dmarc_answer_of(
	void *context, const struct sp_dns_name *name, enum sp_dns_type type);

/* What a check of the sender's domain asks anyway. */
#define SP_DMARC_EXISTENCE_TYPE SP_DNS_MX

enum sp_dmarc_result {
	SP_DMARC_NONE = 0,  /* no policy is published */
	SP_DMARC_PASS,	    /* SPF or DKIM proved the author's domain */
	SP_DMARC_FAIL,	    /* neither did */
	SP_DMARC_TEMPERROR, /* DNS did not say something that decides */
	SP_DMARC_PERMERROR  /* no author, or a record that cannot be used */
};

/* As in Authentication-Results: "none", "pass", ...; never NULL. */
const char *sp_dmarc_result_text(enum sp_dmarc_result result);

enum sp_dmarc_author {
	SP_DMARC_AUTHOR_ONE = 0,
	SP_DMARC_AUTHOR_SEVERAL,    /* domains: `domain` is the worst one's */
	SP_DMARC_AUTHOR_TOO_MANY,   /* over SP_DMARC_AUTHORS_MAX */
	SP_DMARC_AUTHOR_MISSING,    /* no From field, or nobody in it */
	SP_DMARC_AUTHOR_FIELDS,	    /* several From fields */
	SP_DMARC_AUTHOR_UNREADABLE, /* see from.h */
	SP_DMARC_AUTHOR_LITERAL,    /* [192.0.2.1] */
	SP_DMARC_AUTHOR_BAD_IDN	    /* Unicode that is no domain name */
};

/* "one domain", "several From fields", ...; never NULL. */
const char *sp_dmarc_author_text(enum sp_dmarc_author author);

/* Names are as sp_domain_normalise writes them, or "" where there is none. */
struct sp_dmarc_outcome {
	enum sp_dmarc_result result;
	enum sp_dmarc_author author;
	/* An answer is PENDING that may change this: wait and evaluate again. */
	bool is_pending;
	char domain[SP_DOMAIN_SIZE];	   /* the author's */
	char organisation[SP_DOMAIN_SIZE]; /* the author's; "" also when DNS did
					    * not say, and without a policy */
	char policy_domain[SP_DOMAIN_SIZE]; /* where the record was found */
	struct sp_dmarc_record record;	    /* found there */
	/* Of pass and fail; else "none". Where DNS did not say whether the
	 * author's domain exists, the milder one of sp and np. */
	enum sp_dmarc_policy published; /* p, sp or np */
	enum sp_dmarc_policy policy; /* to be applied: t=y is one level less */
	bool is_existence_unknown;   /* ... and it made a difference */
	bool is_spf_aligned;
	bool is_dkim_aligned;
	size_t dkim_index;  /* of the first aligned one in the question */
	const char *reason; /* in words, constant, without a full stop */
};

/*
 * Evaluate `question` over the answers that are there. A DNS failure, or a
 * PENDING answer, is a temperror only where another answer in its place could
 * change pass, fail, or the policy's record.
 */
void sp_dmarc_evaluate(const struct sp_dmarc_question *question,
		       sp_dmarc_answer_of *answer_of, void *context,
		       struct sp_dmarc_outcome *outcome_out);

#endif
