/*
 * drive.h - one session after the other, played to a milter as Postfix would.
 *
 * Threads:  one per struct driver.
 */
#ifndef SALLYPORT_BENCH_DRIVE_H
#define SALLYPORT_BENCH_DRIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "latency.h"
#include "sallyport/err.h"
#include "sallyport/mta.h"

struct mix;

enum {
	DRIVE_SOUGHT_MAX = 16
};

/* A text to look for in the headers of that name that the milter adds. */
struct drive_sought {
	const char *header;
	const char *text;
};

struct drive_options {
	const char *address;
	uint32_t mails_per_session;
	bool only_envelope; /* MAIL, RCPT, abort: what a policy server gets */
	bool is_unseen;	    /* plan_unseen, not plan_session */
	uint32_t logins;    /* users who log in and take turns; 0 = strangers */
	uint32_t recipients;   /* of a mail; 0 = 1 */
	const struct mix *mix; /* in place of both; may be NULL */
	uint32_t pause_ms;     /* before what an SMTP client says next */
	const char *body;
	size_t body_size;
	struct drive_sought sought[DRIVE_SOUGHT_MAX];
	size_t sought_count;
};

/* What came back. */
struct drive_tally {
	uint64_t mails;
	uint64_t held;			      /* of them, in the MTA's queue */
	uint64_t is_signed, is_own;	      /* of them, see plan.h */
	uint64_t kept_off;		      /* of them, at end of message */
	uint64_t accepted, deferred, refused; /* recipients */
	uint64_t would_defer; /* mails whose verdict header says so */
	uint64_t degraded;    /* mails with X-Sallyport-Degraded */
	uint64_t headers;     /* added, of all mails */
	uint64_t found[DRIVE_SOUGHT_MAX]; /* headers that have what is sought */
	uint64_t errors;		  /* sessions that broke */
	enum sp_err last_error;
	struct sp_mta_agreement agreement; /* of the last session */
};

struct driver {
	const struct drive_options *options;
	struct drive_tally tally;
	struct latencies latencies;
};

/* Play session `number` of the plan; `begun_us` (monotonic) is when its client
 * arrived, which may be earlier than now. */
void drive_session(struct driver *driver, uint64_t number, int64_t begun_us);

/* Open a session, go on until after MAIL and leave it so. NULL on failure. */
struct sp_mta *drive_half_session(const struct drive_options *options,
				  uint64_t number);

#endif
