/*
 * submitter_index.h - the index of all submitters, so that they can be listed
 * without a walk over all keys (inside src/store only).
 *
 * Three sorted sets under a hash tag of their own, of bounded size
 * (redis-schema/README.md). A submitter's place in them is written at the end of
 * its mail, along with what is asked then, and with each new state: never more
 * than once a minute while it is ok and comes no nearer to a limit. They are for
 * people: no mail asks them, and what is said of a submitter is read from its
 * own key.
 *
 * Threads:  any.
 */
#ifndef SALLYPORT_STORE_SUBMITTER_INDEX_H
#define SALLYPORT_STORE_SUBMITTER_INDEX_H

#include "sallyport/store.h"
#include "submitter_memory.h"
#include "word.h"

enum {
	SP_INDEX_KEY_SIZE = 64
};

/* What a call to the script points into: to be kept until it was made. */
struct sp_index_call {
	struct sp_index_news news;
	bool is_due;
	char near_key[SP_INDEX_KEY_SIZE];
	char numbers[5][SP_WORD_SIZE];
	struct sp_store_bytes keys[3], args[6];
};

/* The call that tells the index what `prepared->news` says. */
struct sp_store_call sp_index_call(const char *submitter, int64_t now_ms,
				   struct sp_index_call *prepared);

/*
 * Make `call`, and with it, in the same round trip, tell the index of the mail
 * when that is due. SP_OK: *reply_out, which is that of `call`, is the caller's
 * to free; otherwise it is NULL.
 */
enum sp_err sp_index_run_with(const struct sp_submitter_books *books,
			      const struct sp_submitter_mail *mail,
			      const struct sp_store_call *call,
			      int64_t deadline_ms,
			      struct sp_store_reply **reply_out);

/* Tell it, when it is due, in a round trip of its own. */
void sp_index_tell(const struct sp_submitter_books *books,
		   const char *submitter, int64_t last_ms, int64_t deadline_ms);

#endif
