/*
 * dsn_feed.h - a whole mail, handed to the reader of delivery status
 * notifications as a milter gets it.
 */
#ifndef TESTS_SUPPORT_DSN_FEED_H
#define TESTS_SUPPORT_DSN_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include "sallyport/arena.h"
#include "sallyport/dsn.h"

struct dsn_feed {
	const char *bytes; /* lines end in LF */
	size_t length;
	size_t chunk;  /* of the body; 0 = all at once */
	bool has_crlf; /* each LF of the body becomes CR LF first */
};

/* Our servers are called mx.here.example and gate.here.example. The report's
 * text is the arena's, which the caller has to clear. */
void dsn_feed(const struct dsn_feed *feed, struct sp_arena *arena,
	      struct sp_dsn_report *report_out);

#endif
