/*
 * control.h - the operator's socket: one line asked, one JSON object answered.
 *
 *   status        what the daemon is doing (names: sallyport(1), status)
 *   verdict ID    the record of one of the last 256 mails
 *   notify test   tell the administrator that this is a test: its number
 *   notify N      what became of notice N, one of the last 16
 *   users state|last|share STATE OFFSET COUNT
 *                 a page of the submitters in that order (users.h)
 *   user SUBMITTER
 *   user-set STATE MILLISECONDS SUBMITTER WORDS
 *                 ok releases; 0 ms: as long as the configuration says
 *   user-limits FIRST
 *   user-limits-of SUBMITTER
 *
 * Words are parted by one space each, and may be empty; other bytes than letters
 * and digits are written %HH in SUBMITTER and WORDS (upper case).
 *
 * A Unix socket, mode 0660: who may open it may read, have a test sent, and lock
 * and release submitters. One thread serves one question after the other; it
 * reads and writes within 2 s, and waits for Redis no longer than a command may
 * take. It never touches the mail path.
 *
 * Threads:  start and stop from the main thread.
 */
#ifndef SALLYPORT_CONTROL_H
#define SALLYPORT_CONTROL_H

#include "sallyport/err.h"

struct sp_control;
struct sp_embedded;
struct sp_service_slot;

struct sp_control_sources {
	struct sp_service_slot *slot;
	const struct sp_embedded *embedded; /* NULL: not ours to run */
};

/* Bind the socket at `path` (while we may still be root). */
enum sp_err sp_control_open(const char *path, struct sp_control **control_out);
enum sp_err sp_control_start(struct sp_control *control,
			     const struct sp_control_sources *sources);
/* What the last reload complained of; "" when it was fine. */
void sp_control_set_reload_error(struct sp_control *control, const char *text);
/* Ends the thread and removes the socket. */
void sp_control_stop(struct sp_control **control);

#endif
