/*
 * check.h - the ordered table of checks, and the one who runs them.
 *
 * A check reads the session and the service and writes only its own fact. It
 * never scores, sleeps, replies or reads policy. To add one: CONTRIBUTING.md.
 *
 * Time:     what a mail waits for is bounded in sum (`budget.mail`) and in each
 *           callback (`budget.callback`). A check that waits takes the deadline
 *           it is given; when nothing is left it is not run, its fact stays
 *           NOT_RUN, and SP_DEGRADED_TIME is noted.
 * Threads:  one session, one thread at a time.
 */
#ifndef SALLYPORT_CHECK_H
#define SALLYPORT_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/facts.h"

struct sp_session;

typedef void sp_check_run(struct sp_session *session, int64_t deadline_ms);

struct sp_check {
	const char *name;
	bool is_for_all; /* also for trusted and authenticated clients */
	bool waits
		[SP_STAGE_COUNT]; /* may take time then: only with time left */
	sp_check_run *at[SP_STAGE_COUNT]; /* NULL: nothing to do then */
};

/* Row `index` of the table; NULL behind the last. */
const struct sp_check *sp_check_row(size_t index);

/* Run all that `stage` makes possible, in the table's order. */
void sp_checks_run(struct sp_session *session, enum sp_stage stage);

/* A piece of the body, for whoever hashes or reads it. */
void sp_dkim_take_body(struct sp_session *session, const unsigned char *bytes,
		       size_t length);

void sp_dsn_take_body(struct sp_session *session, const unsigned char *bytes,
		      size_t length);

/* The checks' own functions, one per file in src/check. */
void sp_access_client(struct sp_session *session, int64_t deadline_ms);
void sp_access_helo(struct sp_session *session, int64_t deadline_ms);
void sp_access_sender(struct sp_session *session, int64_t deadline_ms);
void sp_access_recipient(struct sp_session *session, int64_t deadline_ms);
void sp_helo_check(struct sp_session *session, int64_t deadline_ms);
void sp_questions_at_helo(struct sp_session *session, int64_t deadline_ms);
void sp_questions_at_mail(struct sp_session *session, int64_t deadline_ms);
void sp_questions_at_recipient(struct sp_session *session, int64_t deadline_ms);
void sp_relay_check(struct sp_session *session, int64_t deadline_ms);
void sp_owner_check(struct sp_session *session, int64_t deadline_ms);
void sp_known_check(struct sp_session *session, int64_t deadline_ms);
void sp_rdns_ask(struct sp_session *session, int64_t deadline_ms);
void sp_rdns_judge(struct sp_session *session, int64_t deadline_ms);
void sp_helo_name_judge(struct sp_session *session, int64_t deadline_ms);
void sp_dnsbl_ask(struct sp_session *session, int64_t deadline_ms);
void sp_dnsbl_check(struct sp_session *session, int64_t deadline_ms);
void sp_sender_domain_judge(struct sp_session *session, int64_t deadline_ms);
void sp_rhsbl_ask_from(struct sp_session *session, int64_t deadline_ms);
void sp_rhsbl_check(struct sp_session *session, int64_t deadline_ms);
void sp_rhsbl_check_from(struct sp_session *session, int64_t deadline_ms);
void sp_spf_check(struct sp_session *session, int64_t deadline_ms);
void sp_dkim_begin(struct sp_session *session, int64_t deadline_ms);
void sp_dkim_ask(struct sp_session *session, int64_t deadline_ms);
void sp_dkim_end_of_headers(struct sp_session *session, int64_t deadline_ms);
void sp_dkim_judge(struct sp_session *session, int64_t deadline_ms);
void sp_dmarc_ask_all(struct sp_session *session, int64_t deadline_ms);
void sp_dmarc_judge(struct sp_session *session, int64_t deadline_ms);
void sp_dsn_begin(struct sp_session *session, int64_t deadline_ms);
void sp_dsn_judge(struct sp_session *session, int64_t deadline_ms);
void sp_greylist_check(struct sp_session *session, int64_t deadline_ms);
void sp_probe_check(struct sp_session *session, int64_t deadline_ms);
void sp_submitter_at_mail(struct sp_session *session, int64_t deadline_ms);
void sp_submitter_at_recipient(struct sp_session *session, int64_t deadline_ms);
void sp_submitter_at_end(struct sp_session *session, int64_t deadline_ms);

/* Recipients that the MTA refused since it was asked last: at end of message, or
 * when a mail comes to no such end. */
void sp_submitter_count_refused(struct sp_session *session,
				int64_t deadline_ms);

#endif
