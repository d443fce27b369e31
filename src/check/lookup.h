/*
 * lookup.h - what the checks that ask DNS have in common: a batch for each
 *            lifetime, one time to wait, and what it means to know nothing.
 *
 * A check asks as soon as it can and judges at RCPT. Until its group is
 * complete a follow-up may still be writing: then the check reads nothing of
 * its lookup, and its fact is UNKNOWN.
 */
#ifndef SALLYPORT_SRC_CHECK_LOOKUP_H
#define SALLYPORT_SRC_CHECK_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "sallyport/dns.h"

struct sp_session;

/* Groups of questions in the connection's batch, in that of its HELO name ... */
enum {
	SP_GROUP_RDNS = 1,
	SP_GROUP_DNSBL = 2,
	SP_GROUP_RHSBL_RDNS = 4, /* asked once SP_GROUP_RDNS is complete */
	SP_GROUP_HELO_NAME = 1,
	SP_GROUP_RHSBL_HELO = 2,
	SP_GROUP_SPF_HELO = 4 /* with explanation: none is waited for */
};

/* ... and in the mail's. */
enum {
	SP_GROUP_SENDER = 1,
	SP_GROUP_RHSBL_SENDER = 2,
	SP_GROUP_RHSBL_FROM = 4
};

/* ... and in that of its sender's SPF. */
enum {
	SP_GROUP_SPF = 1,
	SP_GROUP_SPF_EXPLANATION = 2
};

/* ... and in the batch for its author. */
enum {
	SP_GROUP_KEYS = 1,
	SP_GROUP_DMARC = 2
};

/* Made when it is first needed; NULL when there is no resolver at all. */
struct sp_dns_batch *sp_lookup_of_connection(struct sp_session *session);
struct sp_dns_batch *sp_lookup_of_helo(struct sp_session *session);
struct sp_dns_batch *sp_lookup_of_mail(struct sp_session *session);
struct sp_dns_batch *sp_lookup_of_spf(struct sp_session *session);
struct sp_dns_batch *sp_lookup_of_author(struct sp_session *session);

/* Ask without a follow-up; returns the question's number. */
uint8_t sp_lookup_ask(struct sp_dns_batch *batch,
		      const struct sp_dns_name *name, enum sp_dns_type type,
		      uint32_t groups);

/* Wait for `groups`, but no longer than the mail may wait for DNS in sum. */
bool sp_lookup_wait(struct sp_session *session, struct sp_dns_batch *batch,
		    uint32_t groups, int64_t deadline_ms);

/* The mail goes on without an answer: noted for its log line and header. */
void sp_lookup_note_unknown(struct sp_session *session);

/* Whether one of the answer's addresses is `ip`. */
bool sp_lookup_has_address(const struct sp_dns_answer *answer,
			   const struct sp_ip *ip);

/* A for an IPv4 client, AAAA for an IPv6 client. */
enum sp_dns_type sp_lookup_type_of(const struct sp_ip *ip);

#endif
