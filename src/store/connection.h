/*
 * connection.h - one conversation with Redis: commands, their replies.
 *
 * hiredis writes the command and reads the reply's syntax; the socket is ours,
 * because hiredis's own time limit begins anew with each byte that arrives, and
 * its write raises SIGPIPE.
 *
 * After any error but an error *reply* the connection is closed: what comes
 * late is never taken for the answer to something else.
 *
 * Threads:  one at a time.
 */
#ifndef SALLYPORT_STORE_CONNECTION_H
#define SALLYPORT_STORE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hiredis/hiredis.h>

#include "sallyport/err.h"
#include "sallyport/store.h"

struct sp_dialer;

enum {
	SP_CONNECTION_WHY_SIZE = 128,
	SP_COMMAND_WORDS_MAX = 320
};

struct sp_connection {
	int fd; /* -1: closed */
	redisReader *reader;
	/* Of the last commands: one at least was handed to the system whole, so
	 * it may have been carried out, whatever came back. */
	bool is_sent;
	char why[SP_CONNECTION_WHY_SIZE]; /* the last failure, for people */
};

/* Who we are and which database, asked once after the dialling. */
struct sp_login {
	const char *user;     /* "" = the default user */
	const char *password; /* "" = no AUTH */
	unsigned database;
	int64_t timeout_ms; /* for each of the two steps */
};

void sp_connection_init(struct sp_connection *connection);
void sp_connection_close(struct sp_connection *connection);

/* Open, and nothing has arrived meanwhile: neither an end nor stray bytes. */
bool sp_connection_is_usable(const struct sp_connection *connection);

/*
 * Dial before `connect_deadline_ms`, then log in before `deadline_ms`.
 * SP_ERR_DENIED when the server does not take the login.
 */
enum sp_err sp_connection_open(struct sp_connection *connection,
			       struct sp_dialer *dialer,
			       const struct sp_login *login,
			       int64_t connect_deadline_ms,
			       int64_t deadline_ms);

struct sp_command {
	const struct sp_store_bytes *words;
	size_t count;
};

/*
 * Send `count` commands (SP_STORE_CALLS_MAX at most) together, take as many
 * replies. An error reply is SP_OK here; the caller reads it. After an error
 * all replies are NULL. SP_ERR_TOO_LONG: none or too many words or commands
 * (not closed then).
 */
enum sp_err sp_connection_ask(struct sp_connection *connection,
			      const struct sp_command *commands, size_t count,
			      int64_t deadline_ms, redisReply **replies_out);

/* Note a failure; `text` may come from the server: made printable and cut. */
void sp_connection_note(struct sp_connection *connection, const char *text);

#endif
