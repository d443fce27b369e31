/*
 * organisation.h - which organisation a domain name belongs to.
 *
 * "mail.example.co.uk" belongs to "example.co.uk": the label below the longest
 * public suffix. What the suffixes are says the Public Suffix List, from the
 * system's copy if there is one, so that it is as new as the system, otherwise
 * from the one that is built into libpsl.
 *
 * Place:    the suffixes are loaded once at the start and handed, constant, to
 *           whatever compares domains: DMARC, greylisting, outbound.
 * Network:  none.
 * Threads:  reentrant; the suffixes never change, any thread may read them.
 * Cost:     about 3 microseconds for a name.
 * Standard: https://publicsuffix.org/list/, both sections; a name whose end is
 *           in no rule falls under "*": its last label is the suffix.
 */
#ifndef SALLYPORT_ORGANISATION_H
#define SALLYPORT_ORGANISATION_H

#include <stdbool.h>

#include "sallyport/domain.h"
#include "sallyport/err.h"

struct sp_suffixes;

/*
 * Load the list from `path`, or from where Debian keeps it when NULL; when it
 * cannot be read, libpsl's own is taken. SP_ERR_UNAVAILABLE when there is none
 * either; *suffixes_out is NULL then. Release with sp_suffixes_free.
 */
enum sp_err sp_suffixes_new(const char *path,
			    struct sp_suffixes **suffixes_out);
void sp_suffixes_free(struct sp_suffixes **suffixes);

/* Where they came from: the path, or "built-in". For a line in the log. */
const char *sp_suffixes_source(const struct sp_suffixes *suffixes);

/*
 * The organisational domain of `name` (as sp_domain_normalise writes it; UTF-8
 * labels, well-formed, are taken too, their case is folded). SP_ERR_NOT_FOUND when it
 * has none: a public suffix itself, one label, an address, no name at all;
 * `domain_out` is then the empty string.
 */
enum sp_err sp_organisation_of(const struct sp_suffixes *suffixes,
			       const char *name,
			       char domain_out[SP_DOMAIN_SIZE]);

/*
 * Whether `a` and `b` belong to one organisation (relaxed alignment in DMARC).
 * Names without an organisation are one only if they are the same name; what
 * is empty belongs with nothing. One spelling is presumed: a U-label and its
 * A-label are two names.
 */
bool sp_organisation_is_same(const struct sp_suffixes *suffixes, const char *a,
			     const char *b);

#endif
