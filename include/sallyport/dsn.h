/*
 * dsn.h - delivery status notifications: has a mail come back, and which one?
 *
 * Place:    a mail with a null sender, while it comes in: its header fields, then
 *           its body in pieces of any length, then its end.
 * Network:  none.
 * Bounds:   a fixed size, whatever comes. Of a line 1,000 bytes are read, of a
 *           field 2,000; what was cut is not believed to be whole. Boundaries
 *           have 200 characters at most. Only the outermost multipart is taken
 *           apart, so nothing nests. Nothing is read behind what it wants.
 * Threads:  one at a time per object.
 * Standard: RFC 6522 (3462), RFC 3464, RFC 6533.
 *
 * It is one when its outermost type is multipart/report, its report-type is
 * delivery-status (or not said), and a part message/delivery-status names the
 * fate of a recipient at least. A forwarded one, in another mail, is none.
 *
 * More lenient than the RFCs: parts may be missing, or stand in another order;
 * their encoding may be base64 or quoted-printable.
 *
 * What is none: the bounces of qmail, and of others that write for people only
 * ("Hi. This is the qmail-send program"). To count by prose would be to count
 * by what anybody can phrase; mail that says so is neither a bounce nor
 * backscatter. Neither are receipts (disposition-notification), complaints
 * (feedback-report) and automatic replies.
 *
 * Whoever knows a mail's Message-ID can write such a notification of it. So
 * what it says is worth no more than sp_submitter_bounce lets it count.
 */
#ifndef SALLYPORT_DSN_H
#define SALLYPORT_DSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sp_arena;
struct sp_dsn;

enum {
	SP_DSN_RECIPIENTS_MAX = 10000, /* that are counted */
	SP_DSN_TRACES_MAX = 100	       /* Received fields that are looked at */
};

/* What all of it says. */
struct sp_dsn_report {
	bool is_dsn;
	uint32_t recipients; /* whose fate it tells */
	uint32_t failed;     /* of these; not the delayed, delivered, ... */
	/* The mail that it is about: its Message-ID as it stands there (see
	 * sp_message_id_hash), "" when it does not say, or too much. Borrowed
	 * from the object. */
	const char *message_id;
	/* By its Received fields one of our own servers has had that mail. */
	bool was_here;
};

/* Whether a host's name, in lower case, is one of our own. */
struct sp_dsn_names {
	bool (*is_own)(void *context, const char *name);
	void *context;
};

/* NULL without memory. It is the arena's. */
struct sp_dsn *sp_dsn_new(struct sp_arena *arena,
			  const struct sp_dsn_names *names);

/* One field of the mail's own header; `value` folded or not. */
void sp_dsn_header(struct sp_dsn *dsn, const char *name, const char *value);

/* False: more of the body changes nothing. Cheap. */
bool sp_dsn_wants_body(const struct sp_dsn *dsn);

/* A piece of the body; lines end in LF or CR LF. */
void sp_dsn_body(struct sp_dsn *dsn, const unsigned char *bytes, size_t length);

/* Once, when the mail is over. */
void sp_dsn_end(struct sp_dsn *dsn, struct sp_dsn_report *report_out);

#endif
