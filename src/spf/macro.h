/* macro.h - macro strings (RFC 7208 section 7): their form, and what they say. */
#ifndef SALLYPORT_SRC_SPF_MACRO_H
#define SALLYPORT_SRC_SPF_MACRO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/ip.h"
#include "sallyport/text.h"

/* Where a macro string stands. */
enum sp_spf_place {
	SP_SPF_IN_RECORD,     /* no spaces; not %{c}, %{r}, %{t} */
	SP_SPF_IN_EXPLANATION /* spaces, and all letters */
};

struct sp_spf_macros {
	const char *sender, *local, *sender_domain; /* s, l, o */
	const char *domain;			    /* d */
	const char *helo;			    /* h */
	const char *receiver;			    /* r */
	const char *validated;			    /* p; NULL: "unknown" */
	struct sp_ip client;			    /* i, c, v */
	int64_t time_sec;			    /* t */
};

bool sp_spf_is_macro_string(const char *text, size_t length,
			    enum sp_spf_place place);

/* A macro string that ends in a macro or in a dot and a label that may be a
 * top-level domain. */
bool sp_spf_is_domain_spec(const char *text, size_t length);

/* Whether %{p} is in a well-formed macro string: it costs questions. */
bool sp_spf_has_validated(const char *text, size_t length);

/* Of a well-formed macro string; what macros insert may hold any byte. */
void sp_spf_expand(const char *text, size_t length,
		   const struct sp_spf_macros *macros, struct sp_text *out);

#endif
