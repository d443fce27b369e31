/* generic_spelling.h - how, if at all, an address is spelt within a name. */
#ifndef SALLYPORT_CHECK_GENERIC_SPELLING_H
#define SALLYPORT_CHECK_GENERIC_SPELLING_H

#include "sallyport/generic_name.h"

/* `host` is in lower case and at most 253 characters long. The strongest
 * spelling found is returned, see the order of the enum. */
enum sp_generic_spelling sp_generic_spelling_find(const char *host,
						  const struct sp_ip *client);

#endif
