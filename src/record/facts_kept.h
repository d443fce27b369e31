/*
 * facts_kept.h - facts by value: all that struct sp_facts points to, in one
 * piece.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_SRC_RECORD_FACTS_KEPT_H
#define SALLYPORT_SRC_RECORD_FACTS_KEPT_H

#include "sallyport/dkim.h"
#include "sallyport/dmarc.h"
#include "sallyport/facts.h"
#include "sallyport/from.h"
#include "sallyport/gate.h"
#include "sallyport/list.h"
#include "sallyport/submitter.h"

struct sp_codec;

enum {
	SP_KEPT_ACCESS = 4 /* client, HELO name, sender, recipient */
};

struct sp_kept {
	struct sp_facts facts; /* its pointers lead below */
	struct sp_access_fact access[SP_KEPT_ACCESS];
	struct sp_list_entry entries[SP_KEPT_ACCESS];
	struct sp_gate_fact gate;
	struct sp_owner_fact owner;
	struct sp_helo_fact helo;
	struct sp_rdns_fact rdns;
	struct sp_helo_name_fact helo_name;
	struct sp_dnsbl_list_fact dnsbl;
	struct sp_rhsbl_fact rhsbl[SP_RHSBL_NAMES];
	struct sp_sender_domain_fact sender_domain;
	struct sp_spf_fact spf_helo, spf;
	struct sp_dkim_fact dkim;
	struct sp_dkim_signature signatures[SP_DKIM_FACTS_MAX];
	bool has_from;
	struct sp_from from;
	struct sp_dmarc_fact dmarc;
	struct sp_dmarc_outcome outcome;
	struct sp_dsn_fact dsn;
	struct sp_list_entry forwarder;
	struct sp_greylist_fact greylist;
	struct sp_relay_fact relay;
	struct sp_probe_fact probe;
	struct sp_submitter_fact submitter;
	struct sp_submitter who;
};

/* A copy of `facts`; texts stay where they are. */
void sp_kept_take(struct sp_kept *kept_out, const struct sp_facts *facts);

/* Its pointers, once its values are there: policy may read it. */
void sp_kept_link(struct sp_kept *kept);

/* Without words in which a local part may stand: what lists have of an address,
 * what a domain's owner explains, who a submitter is. No verdict depends on
 * them. */
void sp_kept_hide(struct sp_kept *kept);

/* DKIM, From: and DMARC, in reading as in writing. */
void sp_kept_walk_author(struct sp_codec *codec, struct sp_kept *kept);

#endif
