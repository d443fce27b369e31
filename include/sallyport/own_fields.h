/*
 * own_fields.h - header fields that come in and bear our name: which have to go.
 *
 * Place:    told each field that comes in (sp_session_note_header does it),
 *           asked at end of message.
 * What goes:
 *   X-Sallyport-*            every copy.
 *   Authentication-Results   those that claim to be ours (auth_results.h). With
 *                            authentication-results.keep off also the others:
 *                            they are kept to be added again under another name.
 *   Received-SPF             those that claim to be ours, if we add one. If not,
 *                            such a field is of a program beside us.
 *
 * Whom we believe: what a client in access.trusted-networks hands on stays (RFC
 * 8601 section 5: "directly from another trusted MTA"; so an inner server keeps
 * what the outer one wrote, and a content filter may hand mail back), but for
 * X-Sallyport-*. Not who has logged in, and not Postfix's sendmail command:
 * these are people and programs, no servers, wherever they come from.
 *
 * Bounds:   SP_OWN_MARKS_MAX fields of one name are told apart, all further ones
 *           go. SP_KEPT_* for those that are kept. All is in the mail's arena;
 *           when that is full, what cannot be noted goes.
 * Threads:  one at a time per mail.
 */
#ifndef SALLYPORT_OWN_FIELDS_H
#define SALLYPORT_OWN_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sp_session;

/* The order is that in which we add them. */
enum sp_own_field {
	SP_OWN_AUTH_RESULTS,
	SP_OWN_RECEIVED_SPF,
	SP_OWN_VERDICT,
	SP_OWN_TESTS,
	SP_OWN_DEGRADED,
	SP_OWN_SUBMITTER,
	SP_OWN_LOCAL, /* Postfix's, see pickup.h: only ever removed */
	SP_OWN_FIELDS,
	SP_OWN_TRACES = SP_OWN_VERDICT /* those that others write too */
};

enum {
	SP_OWN_MARKS_MAX = 1024,
	SP_KEPT_FIELDS_MAX = 32,
	SP_KEPT_VALUE_MAX = 4096, /* bytes of one */
	SP_KEPT_BYTES_MAX = 16384 /* of all */
};

/* "Authentication-Results"; never NULL. */
const char *sp_own_field_name(enum sp_own_field field);

/* What they are called that were another server's. */
#define SP_KEPT_FIELD_NAME "Old-Authentication-Results"

/* One that is to be added again. Its value has no space at its beginning, and
 * each line break in it folds. */
struct sp_kept_field {
	struct sp_kept_field *next;
	const char *value;
};

struct sp_own_fields {
	uint32_t counts[SP_OWN_FIELDS]; /* that came in */
	struct {
		uint32_t count; /* of the first fields, that are marked */
		uint64_t *goes; /* bit i: number i + 1; NULL: none does */
	} marks[SP_OWN_TRACES];
	uint32_t forged; /* that claim to be ours, and are not */
	bool has_results; /* Authentication-Results of ours, from whom we believe:
			   * somebody of us has looked at this mail */
	struct sp_kept_field *kept, *kept_last; /* in their order */
	uint32_t kept_count, kept_bytes;
};

/* One field of a mail, as sp_session_note_header has it. */
void sp_own_fields_note(struct sp_session *session, const char *name,
			const char *value);

/* Whether number `number` (from 1, among those of its name) is to be removed. */
bool sp_own_field_goes(const struct sp_own_fields *fields,
		       enum sp_own_field field, uint32_t number);

/* The name that our Authentication-Results bears; "" when nobody told us one. */
const char *sp_session_authserv_id(const struct sp_session *session);

#endif
