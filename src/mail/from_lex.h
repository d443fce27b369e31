/*
 * from_lex.h - the words that addresses in a header field are made of.
 *
 * Every function reads on at `at` and moves it; one that returns false has set
 * the reader's `reason`, and nothing is read any more.
 *
 * Threads:  reentrant.
 * Standard: RFC 5322 sections 3.2 and 4.1; RFC 2047 section 2.
 */
#ifndef SALLYPORT_MAIL_FROM_LEX_H
#define SALLYPORT_MAIL_FROM_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "sallyport/from.h"

/* What is still to be read: [at, end). */
struct sp_from_reader {
	const char *at;
	const char *end;
	enum sp_from_reason reason;
};

/* Words and dots up to something else: a name, or a local part. */
struct sp_from_phrase {
	size_t words;
	bool is_empty; /* not even a dot */
	bool is_local; /* words with dots between, and none encoded */
	const char *begin, *end;
};

/* The next byte; '\0' at the end, for no field with a NUL gets here. */
char sp_from_next(const struct sp_from_reader *reader);

/* Always false. */
bool sp_from_fail(struct sp_from_reader *reader, enum sp_from_reason reason);

/* No control characters but in line breaks that fold. Moves nothing. */
bool sp_from_check_bytes(struct sp_from_reader *reader);

bool sp_from_skip_blanks_and_comments(struct sp_from_reader *reader);
bool sp_from_read_phrase(struct sp_from_reader *reader,
			 struct sp_from_phrase *phrase_out);

/* The local part that a phrase is, as struct sp_from_mailbox has it. */
void sp_from_write_local(const struct sp_from_phrase *phrase,
			 char local_out[SP_LOCAL_SIZE]);

/* An '@' and the domain behind it. */
bool sp_from_read_domain(struct sp_from_reader *reader,
			 struct sp_from_domain *domain_out);

/*
 * The next domain behind an '@', without regard to what stands where;
 * false when there is none to the end.
 */
bool sp_from_find_domain(struct sp_from_reader *reader,
			 struct sp_from_domain *domain_out);

#endif
