/*
 * dmarc_naive.h - DMARC as the words of RFC 9989 section 4.10 go, one step after
 * the other, without a thought of time: to compare with ours.
 *
 * What DNS did not say is tried out: each silent name takes all records that
 * make a difference, and if the outcomes differ, it is a temperror.
 *
 * Threads:  one at a time.
 */
#ifndef SALLYPORT_TEST_DMARC_NAIVE_H
#define SALLYPORT_TEST_DMARC_NAIVE_H

#include <stddef.h>

enum {
	NAIVE_NAME_SIZE = 64,
	NAIVE_NAMES_MAX = 32
};

struct naive_mail {
	char author[NAIVE_NAME_SIZE];
	char spf[NAIVE_NAME_SIZE]; /* both passed */
	char dkim[NAIVE_NAME_SIZE];
	const char *zone; /* as in dmarc_world.h, of TXT records and !timeout */
};

/* All names that records may stand at, each once, borrowed from `mail`. */
size_t naive_names(const struct naive_mail *mail,
		   const char *names_out[NAIVE_NAMES_MAX]);

/* "pass none by a.b", "fail quarantine by b", "none", "temperror", ... */
void naive_evaluate(const struct naive_mail *mail, char *said_out, size_t size);

#endif
