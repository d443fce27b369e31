/*
 * answer.h - raw record data into a struct sp_dns_answer.
 *
 * Bounds:   every length of the data is checked before it is believed; what is
 *           kept is capped by SP_DNS_RECORDS_MAX and SP_DNS_RECORD_BYTES_MAX.
 * Threads:  a reader is one thread's; an answer is immutable but for its
 *           references, which the resolver's lock guards.
 */
#ifndef SALLYPORT_DNS_ANSWER_H
#define SALLYPORT_DNS_ANSWER_H

#include "sallyport/dns.h"

/* An answer that the cache and several batches hold. */
struct sp_dns_held {
	unsigned references; /* 0: constant, never freed */
	unsigned size_bytes; /* of all that stands in one piece with it */
	struct sp_dns_answer answer;
};

/* Data of one record as it stands in a packet, names without compression. */
struct sp_dns_data {
	const uint8_t *bytes;
	size_t length;
};

/* Where records are taken apart before they are copied out; big, so one per
 * resolver. */
struct sp_dns_reader {
	size_t count;
	size_t dropped;
	struct sp_dns_record records[SP_DNS_RECORDS_MAX];
	size_t used_bytes;
	char bytes[SP_DNS_RECORD_BYTES_MAX];
};

void sp_dns_reader_init(struct sp_dns_reader *reader);

/* Take one record; what cannot be used is dropped and counted. */
void sp_dns_reader_take(struct sp_dns_reader *reader, enum sp_dns_type type,
			const struct sp_dns_data *data);

/*
 * An answer with the records of `reader` and one reference. What else it says
 * is copied from `like` (status, ttl_sec, is_secure, alias).
 */
struct sp_dns_held *sp_dns_held_new(const struct sp_dns_reader *reader,
				    const struct sp_dns_answer *like);

/* One reference more, or less; NULL is left alone. */
struct sp_dns_held *sp_dns_held_ref(struct sp_dns_held *held);
void sp_dns_held_unref(struct sp_dns_held *held);

/* The constant answer that says no more than this. Not for FOUND. */
struct sp_dns_held *sp_dns_held_constant(enum sp_dns_status status);

#endif
