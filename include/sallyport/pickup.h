/*
 * pickup.h - whose mail is it that was handed to Postfix's sendmail command?
 *
 * No macro tells a milter. With the lines of etc/postfix/local_header_checks
 * in place, Postfix puts it above the header of each such mail, where our
 * first header callback finds it:
 *
 *   X-Sallyport-Local: uid=71023 id=87594A922F7
 *
 * Forgery: a user may write any header, this one too. Postfix drops it there;
 * and a forged "Received: ... from userid 0" makes a second one further down.
 * So it is believed only in a session from port 0 (Postfix's own, for mail that
 * came without SMTP), only as the first field of all, and only with the queue
 * id that Postfix told by macro, which nobody knows beforehand. All copies,
 * wherever they stand, are for the caller to remove.
 *
 * Where those lines are not in place a user could be first to write it, with
 * a queue id that he would have to guess: an operator says by an option that
 * they are.
 *
 * Place:    at each header field, for what the first one is.
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_PICKUP_H
#define SALLYPORT_PICKUP_H

#include <stdbool.h>
#include <stdint.h>

#define SP_PICKUP_HEADER "X-Sallyport-Local"

struct sp_pickup_field {
	bool is_local; /* the session is from port 0 */
	bool is_first; /* no header field of this mail came before */
	const char *name;
	const char *value;    /* as the milter got it */
	const char *queue_id; /* macro {i}; NULL or "" = not told */
};

enum sp_pickup {
	SP_PICKUP_ANOTHER, /* another field */
	SP_PICKUP_KNOWN,   /* written by Postfix: `uid_out` is the user */
	SP_PICKUP_FORGED   /* this name, and not to be believed */
};

/* *uid_out is set for SP_PICKUP_KNOWN, else untouched. */
enum sp_pickup sp_pickup_read(const struct sp_pickup_field *field,
			      uint32_t *uid_out);

#endif
