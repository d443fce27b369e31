/*
 * limits.h - how much a submitter may send, and what comes of more.
 *
 * A limit is written
 *
 *	COUNTED: MOST/WINDOW STATE
 *
 *	messages: 200/1h hold
 *	recipients: 2000/1d locked
 *
 * COUNTED: what is counted, see below. WINDOW slides. With more than MOST within
 * it the submitter comes into STATE: watch, hold or locked. There may be several
 * windows and states for one thing.
 *
 * Classes are of submitters that differ from the others. A statement is
 *
 *	CLASS WHO: WHOM          newsletter login: news@example.org
 *	                         students domain: students.example.org
 *	                         web uid: 70000-79999
 *	                         branch network: 10.1.0.0/16
 *	CLASS COUNTED: ...       newsletter messages: 5000/1h hold
 *	                         newsletter bounces: none
 *
 * What a class says of one thing is said in place of all that the others' limits
 * say of that thing; "none" lifts them. The most particular statement names the
 * class: a login before its domain, the longer domain or prefix before the
 * shorter. (A network's class is of trusted relays in it, not of logins.)
 *
 * Trusted relays that no class has are in the class "relays", which has no
 * limits but those that are stated of it: they hand on the mail of many.
 *
 * Place:    read with the configuration, then immutable.
 * Threads:  any.
 */
#ifndef SALLYPORT_LIMITS_H
#define SALLYPORT_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"

struct sp_submitter;
struct sp_text;

enum sp_counted {
	SP_COUNTED_MESSAGES,
	SP_COUNTED_RECIPIENTS, /* every one of every mail */
	SP_COUNTED_REFUSED,    /* recipients, by the MTA */
	SP_COUNTED_FOREIGN,    /* mails whose From: is not the submitter's */
	SP_COUNTED_BOUNCES,    /* recipients that others sent back */
	/* Different ones: from here on each counts once within a window. */
	SP_COUNTED_DISTINCT,
	SP_COUNTED_DISTINCT_RECIPIENTS = SP_COUNTED_DISTINCT,
	SP_COUNTED_NETWORKS, /* that its mail came from */
	SP_COUNTED_COUNTRIES,
	SP_COUNTED_ASNS, /* providers, by their numbers */
	SP_COUNTED_KINDS
};

const char *sp_counted_name(enum sp_counted counted); /* "foreign-from" */
/* "bounces"; "bounce" when `count` is 1. */
const char *sp_counted_words(enum sp_counted counted, uint32_t count);
/* SP_COUNTED_KINDS when there is none of that name. */
enum sp_counted sp_counted_by_name(const char *name);

/* In rising order: what becomes of a submitter's mail. */
enum sp_submitter_state {
	SP_SUBMITTER_OK,
	SP_SUBMITTER_WATCH, /* a finding, and a notice */
	SP_SUBMITTER_HOLD,  /* kept back in the MTA's queue */
	SP_SUBMITTER_LOCKED /* not taken */
};

const char *sp_submitter_state_name(enum sp_submitter_state state); /* "hold" */
/* SP_ERR_NOT_FOUND. */
enum sp_err sp_submitter_state_by_name(const char *name,
				       enum sp_submitter_state *state_out);

/* Where something stands in the configuration, for messages. Borrowed. */
struct sp_stands {
	const char *file;
	unsigned line;
};

struct sp_limit {
	enum sp_counted counted;
	uint32_t most; /* so many may be; one more is too much */
	int64_t window_ms;
	enum sp_submitter_state state;
	struct sp_stands stands;
};

enum {
	SP_LIMITS_MAX = 32, /* of one class, those of all others included */
	SP_LIMIT_ERROR_SIZE = 384,
	SP_CLASS_WHOM_SIZE = 192,
	SP_LIMIT_MOST = 10000000,
	SP_LIMIT_MOST_DISTINCT = 100000, /* recipients */
	SP_LIMIT_MOST_PLACES = 250	 /* networks, countries, ASNs */
};

struct sp_class {
	const char *name; /* "default" for who is in none */
	size_t count;
	struct sp_limit limits[SP_LIMITS_MAX];
};

/* "messages: 200/1h hold" */
void sp_limit_write(const struct sp_limit *limit, struct sp_text *out);

/* How much of a limit `count` is, in thousandths; 10,000 is the most. */
uint32_t sp_limit_share(const struct sp_limit *limit, uint32_t count);

struct sp_classes;

/* `login_domain` is outbound.login-domain, or "": logins without a domain mean
 * one in it here too. Borrowed, like every file name. */
enum sp_err sp_classes_new(const char *login_domain,
			   struct sp_classes **classes_out);
void sp_classes_free(struct sp_classes **classes);

/*
 * Add what `text` states: a limit for all, or something of a class. Otherwise
 * nothing is changed, and `error_out` is a sentence on what was found and what
 * is expected, without a full stop. SP_ERR_SYNTAX, SP_ERR_RANGE, SP_ERR_EXISTS
 * (it contradicts what is there), SP_ERR_TOO_LONG (too many).
 */
enum sp_err sp_classes_add_limit(struct sp_classes *classes, const char *text,
				 const struct sp_stands *stands,
				 char error_out[SP_LIMIT_ERROR_SIZE]);
enum sp_err sp_classes_add(struct sp_classes *classes, const char *text,
			   const struct sp_stands *stands,
			   char error_out[SP_LIMIT_ERROR_SIZE]);

/* Called for what is wrong with all of it together. */
struct sp_classes_judge {
	void (*wrong)(void *context, const struct sp_stands *stands,
		      const char *error);
	void *context;
};

/* To be called once, when everything was added. False: something is wrong, and
 * `judge` was told. */
bool sp_classes_settle(struct sp_classes *classes,
		       const struct sp_classes_judge *judge);

/* Whose limits hold for a submitter, once settled. Never NULL. */
const struct sp_class *sp_classes_find(const struct sp_classes *classes,
				       const struct sp_submitter *submitter);

/* The most particular statement that has put it there. */
struct sp_class_reason {
	const char *by; /* "login", "domain", "uid", "network"; "": it is named
			   nowhere, and so it is among all others */
	char whom[SP_CLASS_WHOM_SIZE]; /* "news@example.org", "70000-79999" */
	struct sp_stands stands;
};
void sp_classes_why(const struct sp_classes *classes,
		    const struct sp_submitter *submitter,
		    struct sp_class_reason *reason_out);

/* Class number `index`: "default", "relays", then those that are stated. NULL
 * behind the last one. */
const struct sp_class *sp_classes_get(const struct sp_classes *classes,
				      size_t index);

#endif
