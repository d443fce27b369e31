/*
 * store.h - Redis, asked with a deadline, and its silence taken calmly.
 *
 * A pool of connections, dialled when first needed. Every question is one Lua
 * script run by EVALSHA (loaded again on NOSCRIPT), so what it changes is
 * changed whole or not at all, also when we are killed in the middle.
 *
 * Failure:  no call waits longer than its deadline, the connect and command
 *           timeouts, whichever is first. After `breaker_failures` in a row
 *           the store is not asked for `breaker_pause_ms`: SP_ERR_UNAVAILABLE
 *           at once; then one caller tries, the others still pass by.
 *           Said once in the log when it opens and when it closes.
 * Outcomes: SP_ERR_TIMEOUT, _IO, _DENIED (AUTH, ACL), _PROTOCOL (an error
 *           reply: READONLY, OOM, a script's own), _UNAVAILABLE. All mean the
 *           same to a mail: the store did not say; go on.
 * Threads:  any thread; a reply belongs to the one that asked.
 */
#ifndef SALLYPORT_STORE_H
#define SALLYPORT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"

struct sp_redis_config;
struct sp_store;

/* A script of redis-schema/, built into the program. */
struct sp_script {
	const char *name; /* "greylist-ask" */
	const char *text;
	const char *sha1; /* 40 hex digits of `text` */
};

/* One argument: bytes with a length. */
struct sp_store_bytes {
	const char *bytes;
	size_t length;
};

/* A reply, opaque; give it back with sp_store_reply_free. */
struct sp_store_reply;

struct sp_store_health {
	bool is_up; /* the last question was answered */
	bool is_breaker_open;
	uint64_t questions;
	uint64_t failures;    /* that were asked and not answered */
	uint64_t passed_by;   /* not asked: breaker open, or no time left */
	char last_error[128]; /* "" = none yet */
	int64_t since_ms;     /* monotonic: when is_up last changed */
};

/* `config` is copied. Dials nothing yet. */
enum sp_err sp_store_new(const struct sp_redis_config *config,
			 struct sp_store **store_out);
void sp_store_free(struct sp_store **store);

/* Say nothing in the log: whoever asks says it. Before the first question. */
void sp_store_be_quiet(struct sp_store *store);

/* One question: a script with its keys, which share a hash tag, and arguments
 * (21 words at most); or, with `script` NULL, a plain command, whose words are
 * the keys. */
struct sp_store_call {
	const struct sp_script *script;
	const struct sp_store_bytes *keys;
	size_t key_count;
	const struct sp_store_bytes *args;
	size_t arg_count;
};

enum {
	SP_STORE_CALLS_MAX = 5
};

/*
 * Run a script. `deadline_ms` is monotonic. SP_OK: *reply_out is the caller's
 * to free; otherwise it is NULL. SP_ERR_TOO_LONG: too many words, not asked.
 */
enum sp_err sp_store_run(struct sp_store *store,
			 const struct sp_store_call *call, int64_t deadline_ms,
			 struct sp_store_reply **reply_out);

/*
 * Several at once, in one round trip. Each is carried out whole or not at all,
 * in no promised order, and others' may come between. SP_OK: all were answered,
 * and each of `replies_out` is the caller's to free; otherwise all are NULL,
 * and some may have been carried out.
 */
enum sp_err sp_store_run_all(struct sp_store *store,
			     const struct sp_store_call *calls, size_t count,
			     int64_t deadline_ms,
			     struct sp_store_reply **replies_out);

/* A plain command, for the operator's tools (SCAN, MGET, PING, INFO): at most
 * 320 words, else SP_ERR_TOO_LONG. */
enum sp_err sp_store_command(struct sp_store *store,
			     const struct sp_store_bytes *words, size_t count,
			     int64_t deadline_ms,
			     struct sp_store_reply **reply_out);

/* Reading a reply. Out of range or of another type: 0 elements, 0, "". A reply
 * that is no array (PING, DEL) reads as one element; a NULL reply as none. */
size_t sp_store_reply_count(const struct sp_store_reply *reply);
int64_t sp_store_reply_number(const struct sp_store_reply *reply, size_t index);
const char *sp_store_reply_text(const struct sp_store_reply *reply,
				size_t index);
/* A nested array; borrowed, NULL when it is none. */
const struct sp_store_reply *sp_store_reply_array(
	const struct sp_store_reply *reply, size_t index);
void sp_store_reply_free(struct sp_store_reply **reply);

void sp_store_health(const struct sp_store *store,
		     struct sp_store_health *health_out);

#endif
