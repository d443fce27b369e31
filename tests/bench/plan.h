/*
 * plan.h - who sends what to whom, by number.
 *
 * The plan is cyclic: of every ten sessions
 *
 *   6  come from networks that are known (passed often enough),
 *   2  repeat a triplet that has passed,
 *   1  brings triplets never seen, from a network never seen,
 *   1  repeats those of the session ten before: too early.
 *
 * Session numbers go on from run to run, so what is new stays new.
 * tests/bench/run puts the first two kinds into Redis beforehand; names and
 * numbers must agree with its fill (word(), networks).
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_BENCH_PLAN_H
#define SALLYPORT_BENCH_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/mta.h"

enum {
	PLAN_KNOWN_NETWORKS = 5000,
	PLAN_UNSEEN_FIRST = 0x40000001, /* 64.0.0.1 */
	PLAN_HEADERS_MAX = 16
};

enum plan_kind {
	PLAN_KNOWN,
	PLAN_SEEN,
	PLAN_NEW,
	PLAN_EARLY
};

struct plan_session {
	enum plan_kind kind;
	uint32_t index; /* of the sender, within the kind */
	char helo[64];
	char client_name[64];
	char client_address[96]; /* for the macro _ */
	char sender[96];	 /* with its <> */
	char from[96];		 /* the header's value; "" = as in all mails */
	struct sp_mta_client client;
	bool is_own; /* the sender's domain lets the client send for it */
};

struct plan_header {
	const char *name;
	const char *value;
};

/* All of it is borrowed. */
struct plan_mail {
	const char *sender; /* with its <>, as is the recipient */
	const char *recipient;
	const struct plan_header *headers;
	size_t header_count;
	const char *body;
	size_t body_size;
	bool is_signed;
};

/* What a session is, without its mails. */
void plan_session(uint64_t number, struct plan_session *session_out);

/* One whose address, HELO name and sender domain no other number has. The names
 * are those that dns-server.c has answers for. */
void plan_unseen(uint64_t number, struct plan_session *session_out);

/* The recipient of mail `mail` of the session, with its <>. */
void plan_recipient(const struct plan_session *session, uint32_t mail,
		    char recipient_out[96]);

/* The headers of mail `number` of all, 12 to 16 of them; borrowed from the
 * session. */
size_t plan_headers(const struct plan_session *session, uint64_t number,
		    struct plan_header headers_out[PLAN_HEADERS_MAX]);

/* A body of `size` bytes in lines, from malloc. */
char *plan_body_new(size_t size);

#endif
