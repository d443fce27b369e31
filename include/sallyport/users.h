/*
 * users.h - what an operator is told of submitters, and changes: one question,
 *           one JSON object.
 *
 * The operator's socket and the dashboard answer with these, so that both say
 * the same. Every answer has
 *
 *   now, now_ms     by the daemon's clock
 *   enabled         outbound.enabled
 *   enforced        outbound.mode is enforce
 *   locked_reply    "defer" or "refuse": what a locked one is answered
 *   source          "redis", or "memory": Redis does not answer, and this is
 *                   what this machine remembers
 *   error, code     only where something is wrong: a sentence, and
 *                     "usage"    what was typed is no submitter, no state, ...
 *                     "nothing"  there is nothing known, or to release
 *                     "store"    Redis does not answer
 *
 * A time is given twice: "since" is RFC 3339 in UTC, "since_ms" milliseconds
 * since 1970; both are null where there was none. Names are never taken out, and
 * never change their meaning; new ones may come.
 *
 * Bounds:   an answer holds no more than one page of submitters or classes.
 * Network:  Redis, one command's time after the other's.
 * Threads:  any.
 */
#ifndef SALLYPORT_USERS_H
#define SALLYPORT_USERS_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "sallyport/limits.h"

struct sp_service;
struct sp_submitter_range;

enum {
	SP_USERS_CLASSES_SHOWN = 50
};

/*
 * A page: users (see below, without limits and places), total. `source` memory:
 * those that are not ok, then others, SP_SUBMITTER_PAGE_MAX at most.
 *
 * One of users has: submitter, kind (login, user, network), state, since, until,
 * left_ms, observed, why (a sentence), cause (limit, unusual, operator, none),
 * class, first_mail, last_mail, hour and day, each with messages and recipients,
 * each with count (null: it is not counted) and most (null: no limit), nearest
 * (null, or limit and share).
 */
json_t *sp_users_list(const struct sp_service *service,
		      const struct sp_submitter_range *range);

/*
 * Everything of one, as a person types it: user, as above, and of it
 *   before        null, or state, since, until, why, cause, ended, released
 *   class_reason  null, or by (login, domain, uid, network), whom, file, line
 *   limits        each: limit (as it is written), counted, window_ms, most,
 *                 leads_to, file (null: the default), line, count, share
 *                 (1 = all of it), usual (the most in 30 days; null: not kept)
 *   places        each: kind (networks, countries, asns), place, last
 */
json_t *sp_users_show(const struct sp_service *service, const char *typed);

struct sp_users_order {
	const char *typed;
	enum sp_submitter_state state; /* OK releases */
	int64_t term_ms;	       /* 0: as the configuration says */
	const char *words;	       /* why; of any length */
	const char *by;		       /* who orders it, for the log */
};

/*
 * Lock, or release: user, as in a list, as it is now; before (null: it was ok).
 * Releasing one that is ok changes nothing (code "nothing"). Code "store": it
 * was done on this machine only. Written to the log.
 */
json_t *sp_users_set(const struct sp_service *service,
		     const struct sp_users_order *order);

/* Classes from number `first` on: classes, each with name and limits (without
 * count, share and usual), next (null: these were the last), unusual. */
json_t *sp_users_limits(const struct sp_service *service, size_t first);
/* The same of one submitter's class: submitter, class_reason, classes. */
json_t *sp_users_limits_of(const struct sp_service *service, const char *typed);

#endif
