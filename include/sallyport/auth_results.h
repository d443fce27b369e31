/*
 * auth_results.h - does a header field of an incoming mail claim to be ours?
 *
 * Programs behind us believe what our Authentication-Results say, and find them
 * by the name at their beginning. Whoever sends a field with that name lies.
 *
 * Place:    at each such field, with its value as the milter got it.
 * Network:  none.
 * Bounds:   one pass without recursion; of a field that does not begin as it
 *           should SP_AUTH_OBSCURE_MAX bytes are read.
 * Threads:  reentrant; nothing is kept between calls.
 * Standard: RFC 8601 sections 2.2 (form), 5 (removing), 7.1 (forged ones);
 *           RFC 7208 section 9.1 (Received-SPF).
 *
 * The readers behind us are many, and not all keep to the RFC: there are Sieve
 * tests, regular expressions, and programs that decode before they parse. So
 * the rule has two halves.
 *
 *   plain    A field that begins with a name, whichever way it is read: letters,
 *            digits, '-', '_', '.' and 8-bit bytes, maybe in quotes; before it
 *            blanks and comments, behind it blanks, comments, "/job" and one
 *            version, up to a ';', a '=' or the end. It is ours when the name
 *            is, in whatever case, with or without dots at its end. 8-bit bytes
 *            are read as U-labels; where that cannot be done, or is done in two
 *            ways (IDNA2003 and later), they may stand for anything, so the name
 *            is ours when what is before the first and behind the last of them
 *            begins and ends one of ours. Also when a comment before the name
 *            holds one of ours. What else is in the field is of no interest:
 *            "other.example; dkim=pass header.d=mx.here.example" is not ours.
 *   obscure  Any other field. It is ours when
 *            - blanks, quotes and backslashes taken out, one of our names stands
 *              anywhere in it; or
 *            - up to its first ';' it has a parenthesis, an encoded word (=?),
 *              a control character or an 8-bit byte, for a name may hide there;
 *              or
 *            - it is longer than SP_AUTH_OBSCURE_MAX.
 *
 * So "spf=pass smtp.mailfrom=...", which bears no name, stays: it is plain, and
 * "spf" is not ours. But "i=1; mx.here.example; ...", as in ARC's fields, is
 * obscure.
 */
#ifndef SALLYPORT_AUTH_RESULTS_H
#define SALLYPORT_AUTH_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

struct sp_list;

enum {
	SP_AUTH_NAMES_MAX = 3,
	SP_AUTH_OBSCURE_MAX = 4096
};

/* Who we are. Borrowed. */
struct sp_auth_names {
	const char *names[SP_AUTH_NAMES_MAX]; /* domains; "" or NULL: none */
	/* Names, with all below each; NULL or empty: none. */
	const struct sp_list *families;
};

/* Whether a field Authentication-Results with this value, `length` bytes behind
 * its colon, claims to be from one of `names`. */
bool sp_auth_results_claims(const char *value, size_t length,
			    const struct sp_auth_names *names);

/*
 * Whether a field Received-SPF does: one of `names` is its receiver=, or the
 * first word of a comment, where most programs write it. Quotes and backslashes
 * do not count, nor case.
 */
bool sp_received_spf_claims(const char *value, size_t length,
			    const struct sp_auth_names *names);

#endif
