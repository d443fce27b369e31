/*
 * headers.h - the text of the header fields that we add to accepted mail.
 *
 *   Authentication-Results: mx.here.example; iprev=pass ...; spf=pass ...
 *   Received-SPF: pass client-ip=192.0.2.7; ...
 *   X-Sallyport-Verdict: accept; score=2.5/10; id=01J...
 *   X-Sallyport-Tests: HELO_BARE_IP=2, GREYLISTED=0
 *   X-Sallyport-Degraded: store
 *   X-Sallyport-Submitter: sasl:6e8aa0f5d1c3b297
 *   Old-Authentication-Results: mx.other.example; ...
 *
 * Values are folded with LF and a tab, as a milter hands them to an MTA. What
 * strangers said stands in the first two and the last: quoted, and without
 * anything that could end the field (src/headers/fold.h).
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_HEADERS_H
#define SALLYPORT_HEADERS_H

#include <stddef.h>

#include "sallyport/session.h"

struct sp_verdict;

enum {
	SP_HEADER_VALUE_SIZE = 8192,
	SP_HEADERS_MAX = SP_OWN_FIELDS + SP_KEPT_FIELDS_MAX
};

struct sp_header {
	const char *name;
	const char *value; /* below SP_HEADER_VALUE_SIZE */
};

/* The fields for a mail, in the order they are to stand. Values are in `bytes`,
 * or in the mail's arena. */
struct sp_headers {
	size_t count;
	struct sp_header list[SP_HEADERS_MAX];
	size_t used;
	char bytes[3 * SP_HEADER_VALUE_SIZE];
};

/*
 * What the mail of `session` is to show, by its facts and `verdict`.
 *
 * Authentication-Results is left out when it is off, when nobody told us a name
 * for it, and when no check has run on a mail that came from a server of ours
 * with such a field: that one then says what we know.
 */
void sp_headers_build(const struct sp_session *session,
		      const struct sp_verdict *verdict,
		      struct sp_headers *headers_out);

#endif
