/*
 * domain.h - is this text a host or domain name, and which?
 *
 * Threads:  reentrant.
 * Standard: RFC 5321 section 4.1.2 (Domain), RFC 1035 section 2.3.4 (lengths),
 *           RFC 5890 section 2.3.1 (letters, digits, hyphen).
 */
#ifndef SALLYPORT_DOMAIN_H
#define SALLYPORT_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "sallyport/err.h"

enum {
	SP_DOMAIN_SIZE = 254
}; /* 253 characters and the NUL */

enum sp_domain_kind {
	SP_DOMAIN_EMPTY,
	SP_DOMAIN_BAD,	    /* not a name: says which by nothing more */
	SP_DOMAIN_SINGLE,   /* one label: "localhost", "mail" */
	SP_DOMAIN_QUALIFIED /* two labels or more, last not all digits (that
			     * would be an IPv4 address, or is meant as one) */
};

/*
 * What `text` is. A trailing dot is accepted. An underscore within a label is
 * accepted too: real mail servers announce such names, and refusing them is
 * policy's choice, see sp_domain_has_underscore.
 * Labels: 1..63 of letters, digits, '-', '_', not beginning or ending with
 * '-'; at most 253 characters.
 */
enum sp_domain_kind sp_domain_kind(const char *text);
bool sp_domain_has_underscore(const char *text);

/*
 * Lower case, without the trailing dot. SP_ERR_SYNTAX for EMPTY and BAD,
 * SP_ERR_TOO_LONG; *name_out is then the empty string.
 */
enum sp_err sp_domain_normalise(const char *text,
				char name_out[SP_DOMAIN_SIZE]);

/* Whether `name` is `parent` or below it; both normalised.
 * "a.example.org" is below "example.org"; "notexample.org" is not. */
bool sp_domain_is_within(const char *name, const char *parent);

#endif
