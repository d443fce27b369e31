/*
 * report.h - everything that is wrong in one configuration, in its order.
 *
 * Texts:    whatever was in a file is quoted by sp_quote or passes the last
 *           fence here: no control character reaches the terminal or the log.
 * Threads:  one thread at a time.
 */
#ifndef SALLYPORT_CONFIG_REPORT_H
#define SALLYPORT_CONFIG_REPORT_H

#include <stddef.h>

#include "sallyport/config.h"

struct sp_place {
	const char *file;
	unsigned line; /* from 1; 0 = the file as a whole */
	unsigned column;
};

struct sp_report {
	struct sp_config_errors *errors;
	/* Where in the main file each of the texts belongs. */
	struct sp_place places[SP_CONFIG_ERRORS_MAX];
	/* While a list file is read: the item that names it. NULL otherwise. */
	const struct sp_place *anchor;
};

void sp_report_init(struct sp_report *report, struct sp_config_errors *errors);

void sp_report_add(struct sp_report *report, const struct sp_place *place,
		   const char *format, ...)
	__attribute__((format(printf, 3, 4)));

enum {
	SP_QUOTE_SIZE = 256
};

/* `text` in quotes, what is not printable escaped, shortened to some 60
 * characters. Returns `quote_out`. */
const char *sp_quote(const char *text, char quote_out[SP_QUOTE_SIZE]);

#endif
