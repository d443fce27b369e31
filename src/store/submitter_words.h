/*
 * submitter_words.h - a submitter's state as Redis keeps it, both ways:
 *
 *   STATE SINCE UNTIL MODE WHY
 *   hold 1763760000000 1763846400000 e limit recipients 301 300 3600000
 *
 * What does not read so is no state.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_STORE_SUBMITTER_WORDS_H
#define SALLYPORT_STORE_SUBMITTER_WORDS_H

#include "sallyport/submitter_store.h"
#include "sallyport/text.h"

enum {
	SP_STANDING_TEXT_SIZE = 320,
	SP_SUBMITTER_KEY_SIZE = SP_SUBMITTER_SIZE + 24
};

/* "sp:out:{SUBMITTER}", with ":rcpt" behind it when `is_recipients`. */
void sp_submitter_key(const char *submitter, bool is_recipients,
		      char key_out[SP_SUBMITTER_KEY_SIZE]);

/* For ok, which is not kept, it is "". Returns `text_out`. */
const char *sp_standing_write(const struct sp_submitter_standing *standing,
			      char text_out[SP_STANDING_TEXT_SIZE]);

/* SP_ERR_SYNTAX: it is ok then. */
enum sp_err sp_standing_read(const char *text,
			     struct sp_submitter_standing *standing_out);

/* "limit recipients 301 300 3600000"; cause NONE when it cannot be read. */
void sp_why_read(const char *text, struct sp_submitter_why *why_out);

#endif
