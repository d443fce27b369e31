/*
 * list_health.h - whether a DNS list can be believed at the moment.
 *
 * Lists die, are parked on a name server that answers everything, or refuse
 * us for asking too much; mail must not suffer for it. One object watches one
 * zone. It is told what the zone's two test points answer (RFC 5782 section 5;
 * their names: sp_dnsbl_test_points) every few minutes, and every live answer:
 *
 *	UNKNOWN --good test--> WELL --trouble--> UNWELL --good test--> PROBATION
 *	   \--bad test--> UNWELL                   ^------bad test------/    |
 *	                           WELL <--3 good tests over 10 minutes-----/
 *
 * Trouble is: a test point that answers wrongly; 5 answers in a row by which
 * the list says an error; 10 questions in a row without an answer (3 tests);
 * or a hit rate out of all proportion: of 200 answers at least a tenth and ten
 * times its own baseline. A live answer that blames the question counts for
 * nothing: else a stranger could silence a list by an odd HELO name. Nor does an
 * answer that was known before: it is no news of the list, good or bad, however
 * many mails meet it.
 *
 * Only a list that is WELL counts: one that was never tested says nothing yet,
 * however plausible its live answers are. After silence one good test is
 * enough, for silence misled nobody, and our own resolver may have been the
 * one that was silent.
 *
 * Network:  none. The caller asks.
 * Time:     an argument, milliseconds of a clock that all calls share. If it is
 *           set back, waiting begins anew.
 * Threads:  any; the object has its own lock. An event is given to one thread.
 */
#ifndef SALLYPORT_LIST_HEALTH_H
#define SALLYPORT_LIST_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "sallyport/dnsbl.h"

enum sp_health_state {
	SP_HEALTH_UNKNOWN = 0,
	SP_HEALTH_WELL,
	SP_HEALTH_UNWELL,
	SP_HEALTH_ON_PROBATION
};

enum sp_health_reason {
	SP_HEALTH_FINE = 0,
	SP_HEALTH_ERRORS,	    /* it says so: see `error` */
	SP_HEALTH_SILENT,	    /* no answers */
	SP_HEALTH_LISTS_NOTHING,    /* not even what every list must list */
	SP_HEALTH_LISTS_EVERYTHING, /* even what no list may list */
	SP_HEALTH_HIT_RATE_JUMPED
};

/* What the caller logs, once. */
enum sp_health_event {
	SP_HEALTH_NO_EVENT = 0,
	SP_HEALTH_BECAME_UNWELL,
	SP_HEALTH_BECAME_WELL /* again, or for the first time after trouble */
};

/* What one question brought: see sp_dnsbl_answer_judge. */
struct sp_health_answer {
	bool is_listed;
	enum sp_dnsbl_error error;
};

struct sp_health_view {
	enum sp_health_state state;
	enum sp_health_reason reason; /* of the last trouble; FINE when well */
	enum sp_dnsbl_error error;    /* with SP_HEALTH_ERRORS: which */
	int64_t since_ms;	      /* in this state; 0 while UNKNOWN */
	int64_t tested_ms;	      /* last; 0 = never */
	int64_t hit_ms;		      /* last listing in live mail; 0 = never */
	uint64_t questions;	      /* live ones, tests not counted */
	uint64_t hits;
	uint64_t errors;   /* silence included */
	double latency_ms; /* moving average of those answered; 0 = none */
	double hit_rate;   /* its baseline, 0..1; negative = not known yet */
};

struct sp_list_health;

struct sp_list_health *sp_list_health_new(void);
void sp_list_health_free(struct sp_list_health **health);

/* Both test points of one zone were asked. */
enum sp_health_event sp_list_health_tested(
	struct sp_list_health *health,
	const struct sp_health_answer *listed_point,
	const struct sp_health_answer *unlisted_point, int64_t now_ms);

/* A question about somebody was answered after `latency_ms`, or failed. */
enum sp_health_event sp_list_health_answered(
	struct sp_list_health *health, const struct sp_health_answer *answer,
	double latency_ms, int64_t now_ms);

/* A mail met an answer that was known before: it is counted, no more. */
void sp_list_health_known(struct sp_list_health *health,
			  const struct sp_health_answer *answer,
			  int64_t now_ms);

/* Whether what the list says counts: it is WELL. */
bool sp_list_health_is_well(struct sp_list_health *health);

/* Whether live questions are worth sending: not while it is UNWELL or ON
 * PROBATION, when only tests are. */
bool sp_list_health_is_asked(struct sp_list_health *health);

void sp_list_health_view(struct sp_list_health *health,
			 struct sp_health_view *view_out);

/* A constant word: "well", "unwell", "probation", "unknown". */
const char *sp_health_state_text(enum sp_health_state state);

/* A constant phrase on why a list is not believed: "it lists everything"; of
 * errors the phrase of the error. "" when there is no reason. */
const char *sp_health_reason_text(const struct sp_health_view *view);

#endif
