/*
 * idn.h - the name in ASCII that a name in Unicode stands for.
 *
 * Place:    before a domain from a header or an envelope is compared or asked
 *           for: U-labels become A-labels ("bücher.example" is
 *           "xn--bcher-kva.example").
 * Network:  none.
 * Bounds:   names over SP_IDN_MAX bytes are not read.
 * Threads:  reentrant; nothing is kept.
 * Standard: RFC 5890 section 2.3.2.1; RFC 5891 (IDNA2008), with the mappings of
 *           UTS 46, non-transitional: capital letters, width forms and the
 *           ideographic full stop are read as people mean them, and the German
 *           sharp s is a letter of its own.
 */
#ifndef SALLYPORT_IDN_H
#define SALLYPORT_IDN_H

#include "sallyport/domain.h"
#include "sallyport/err.h"

enum {
	SP_IDN_MAX = 1024 /* bytes */
};

/*
 * `name` in UTF-8 as sp_domain_normalise would write its ASCII form; plain ASCII
 * is just normalised. SP_ERR_SYNTAX: not UTF-8, or no name that could be
 * registered (unassigned or forbidden characters, a label that reads in two
 * directions); SP_ERR_TOO_LONG. *name_out is then the empty string.
 */
enum sp_err sp_idn_to_ascii(const char *name, char name_out[SP_DOMAIN_SIZE]);

#endif
