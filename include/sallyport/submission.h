/*
 * submission.h - what is noted of a mail that goes out: who sends it, what was
 *                counted of it, what it is known by.
 *
 * Place:    part of the mail (session.h). Whose it is shows at MAIL; of what
 *           was handed to Postfix's sendmail command, with the first header
 *           field.
 * Names:    a mail is remembered by its Message-ID, for bounces and for retries.
 *           One that the MTA has made up just now (its name and its queue id
 *           stand in it) is another at each try: then retries are told by
 *           header and body, without what an MTA adds.
 * Bounds:   recipients that are counted later are kept while the mail's arena
 *           lasts; what does not fit counts as a recipient, not as a new one.
 * Threads:  as session.h.
 */
#ifndef SALLYPORT_SUBMISSION_H
#define SALLYPORT_SUBMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/geo.h"
#include "sallyport/hash.h"
#include "sallyport/submitter_store.h"

struct sp_session;

/* A recipient, by its key, that waits until it is known who sends. */
struct sp_late_recipient {
	struct sp_late_recipient *next;
	const char *key;
};

struct sp_submission {
	const struct sp_submitter *who; /* NULL: a stranger, or not counted */
	struct sp_submitter whoever;	/* `who` is this one, else unused */
	const struct sp_class *class;
	bool is_late; /* who it is shows in the header */
	struct sp_late_recipient *late;
	uint32_t late_count; /* all of them */

	const char *foreign_from; /* own_from.h: the reason; NULL */
	struct sp_place place;	  /* a login's client is there */

	/* What Redis, or this machine's memory, has counted so far. */
	uint32_t added[SP_COUNTED_DISTINCT];
	int64_t counted_ms;	   /* when the first of it was; 0 = nothing */
	uint32_t refused_counted;  /* of the recipients that the MTA refused */
	struct sp_hash recipients; /* sp_delivery_add of those counted */

	bool has_message_id;
	struct sp_hash message_id;
	const char *made_here;	/* it, when it bears the MTA's name; NULL */
	struct sp_hash content; /* so far */
};

/* Something has changed for the worse, and somebody is to be told. */
struct sp_submitter_news {
	struct sp_submitter_news *next;
	const char *submitter; /* a key */
	struct sp_submitter_standing standing;
};

/* Who sends the mail; copied. Cannot fail: mail that has used up its memory would
 * be nobody's, and without limits. */
void sp_session_note_submitter(struct sp_session *session,
			       const struct sp_submitter *who);

/* For sp_record_news; copied. */
void sp_session_note_news(struct sp_session *session, const char *submitter,
			  const struct sp_submitter_standing *standing);

/* A recipient that waits for its submitter to be known. */
void sp_submission_keep_recipient(struct sp_session *session, const char *key);

/* Each header field as it comes, then the body. Of a stranger's mail nothing is
 * done. */
void sp_submission_note_header(struct sp_session *session, const char *name,
			       const char *value);
void sp_submission_note_body(struct sp_session *session,
			     const unsigned char *bytes, size_t length);

/* Whether its Message-ID is of this one try; asked when the mail is whole. */
bool sp_submission_is_made_now(const struct sp_session *session);

#endif
