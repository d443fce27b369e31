/*
 * smtp.h - a small SMTP client for `sallyport doctor`: commands and replies, no
 * mail. It speaks to this machine only; who calls it sees to that.
 *
 * Bounds:   one deadline for all of a session, 4 KB of a line, 64 lines of a
 *           reply.
 * Standard: RFC 5321 sections 4.2 (replies), 4.3.
 */
#ifndef SP_CTL_SMTP_H
#define SP_CTL_SMTP_H

#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"
#include "sallyport/ip.h"

enum {
	SP_SMTP_LINE_MAX = 4096,
	SP_SMTP_LINES_MAX = 64,
	SP_SMTP_TEXT_SIZE = 256
};

struct sp_smtp {
	int fd; /* -1: closed */
	int64_t deadline_ms;
	size_t length; /* of what was read and not taken */
	char bytes[SP_SMTP_LINE_MAX];
};

struct sp_smtp_reply {
	int code;
	char text[SP_SMTP_TEXT_SIZE]; /* of the first line, cut */
};

struct sp_smtp_ends {
	struct sp_ip own;  /* SP_IP_NONE: whichever */
	struct sp_ip peer; /* of this machine */
	uint16_t port;
};

/*
 * Connect and read the greeting. SP_ERR_SYSTEM: errno says why nobody answers;
 * SP_ERR_TIMEOUT, SP_ERR_IO (closed), SP_ERR_PROTOCOL (it is no SMTP).
 * `deadline_ms` (monotonic) holds for the whole session. Close it in any case.
 */
enum sp_err sp_smtp_open(struct sp_smtp *smtp, const struct sp_smtp_ends *ends,
			 int64_t deadline_ms, struct sp_smtp_reply *reply_out);

/* Send a line (without its end), read the reply. Errors as above; `reply_out` has
 * code 0 then. */
enum sp_err sp_smtp_say(struct sp_smtp *smtp, const char *line,
			struct sp_smtp_reply *reply_out);

void sp_smtp_close(struct sp_smtp *smtp);

#endif
