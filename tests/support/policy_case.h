/*
 * policy_case.h - one mail's facts in short, for the tests of policy.
 */
#ifndef TESTS_SUPPORT_POLICY_CASE_H
#define TESTS_SUPPORT_POLICY_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "sallyport/facts.h"
#include "sallyport/policy.h"

struct sp_arena;

/* What a case may say; everything else is as in an ordinary mail at RCPT. */
struct given {
	bool is_trusted, is_submitted, is_null_sender, at_end;
	enum sp_submitter_state submitter; /* OK: it is a stranger's mail */
	const char *foreign_from;
	bool outbound_observes, refuses_locked;
	enum sp_access_answer client, helo_name, sender, recipient;
	enum sp_helo_kind helo;
	enum sp_fact_state grey_state; /* NOT_RUN unless said */
	enum sp_greylist_state grey;
	enum sp_identity_proof grey_proof; /* its identity is a network's */
	enum sp_relay_kind relay;
	struct sp_probe_counts in_session, in_network;
	enum sp_fact_state network_state;
	const struct sp_gate_fact *gate;	     /* likewise */
	const struct sp_rdns_fact *rdns;	     /* NULL = not run */
	const struct sp_helo_name_fact *helo_lookup; /* likewise */
	enum sp_sender_domain_kind sender_domain;
	const struct sp_spf_fact *spf, *spf_helo;    /* likewise */
	const struct sp_dkim_fact *dkim;	     /* likewise */
	const struct sp_dmarc_fact *dmarc;	     /* likewise */
	const struct sp_from *from;		     /* NULL = no field yet */
	const struct sp_dsn_fact *dsn;		     /* NULL = not run */
	double from_score;			     /* of greylisting; 0 */
	uint64_t listed, helo_listed, sender_listed; /* hits of rules */
	bool access_observes, greylist_observes, score_observes;
	bool relay_observes, dmarc_observes;
	bool refuses_talkers; /* greeting.early-talker: refuse */
	bool honours_dmarc;   /* dmarc.honour: reject */
	double refuse;	      /* 0 = 10 */
};

#define GREY(state) .grey_state = SP_FACT_KNOWN, .grey = SP_GREYLIST_##state

/* Policy's verdict on them, with all features enforced but those that the case
 * lets observe, and the default weights. */
void decide_given(const struct given *given, struct sp_arena *arena,
		  struct sp_verdict *verdict_out);

/* What is to come of a case; `sentence` says why. */
struct decided {
	const char *sentence;
	struct given given;
	enum sp_action action, would;
	double score;
	const char *findings; /* names with commas between */
};

/* Decide each, print those that came out otherwise, and fail then. */
void assert_decided(const struct decided *rows, size_t count);

#endif
