/* record.h - one SPF record, read to its end (RFC 7208 sections 4.6 and 12). */
#ifndef SALLYPORT_SRC_SPF_RECORD_H
#define SALLYPORT_SRC_SPF_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "sallyport/arena.h"
#include "sallyport/spf.h"

struct sp_spf_slice {
	const char *text;
	size_t length;
};

enum sp_spf_kind {
	SP_SPF_ALL,
	SP_SPF_INCLUDE,
	SP_SPF_A,
	SP_SPF_MX,
	SP_SPF_PTR,
	SP_SPF_EXISTS,
	SP_SPF_IP4,
	SP_SPF_IP6
};

struct sp_spf_term {
	enum sp_spf_kind kind;
	enum sp_spf_result qualifier; /* the result when it matches */
	unsigned prefix4, prefix6;
	struct sp_ip ip;	    /* of ip4 and ip6 */
	struct sp_spf_slice domain; /* empty: the record's own */
	struct sp_spf_slice text;   /* the whole term */
};

struct sp_spf_record {
	const struct sp_spf_term *terms;
	size_t count;
	struct sp_spf_slice redirect, exp; /* empty: none */
	struct sp_spf_slice bad;	   /* the term that is no SPF */
};

/* "v=spf1", alone or before a space. */
bool sp_spf_is_record(const char *text, size_t length);

/*
 * Read a text that is one; what is borrowed from `text` stays borrowed.
 * SP_ERR_SYNTAX (then `bad` says where, and nothing else holds),
 * SP_ERR_TOO_LONG, SP_ERR_NO_MEMORY.
 */
enum sp_err sp_spf_record_read(struct sp_arena *arena, const char *text,
			       size_t length, struct sp_spf_record *record_out);

#endif
