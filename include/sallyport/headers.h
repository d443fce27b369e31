/*
 * headers.h - the text of the header fields that we add to accepted mail.
 *
 *   X-Sallyport-Verdict: accept; score=2.5/10; id=01J...
 *   X-Sallyport-Tests: HELO_BARE_IP=2, GREYLISTED=0
 *   X-Sallyport-Degraded: store
 *
 * Nothing in them comes from a stranger. Values are folded with LF and a tab,
 * as a milter hands them to an MTA.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_HEADERS_H
#define SALLYPORT_HEADERS_H

#include <stddef.h>

#include "sallyport/session.h"

struct sp_verdict;

enum {
	SP_HEADER_VALUE_SIZE = 2048
};

struct sp_header {
	const char *name;
	char value[SP_HEADER_VALUE_SIZE];
};

/* The fields for `mail`, in the order they are to stand; returns how many. */
size_t sp_headers_build(const struct sp_mail *mail,
			const struct sp_verdict *verdict,
			struct sp_header headers_out[SP_OWN_HEADERS]);

/* A score as people write it: "2.5", "0", "-1.25". */
struct sp_text;
void sp_headers_add_score(struct sp_text *text, double score);

#endif
