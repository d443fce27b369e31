/*
 * utf8.h - are these bytes UTF-8?
 *
 * Threads:  reentrant.
 * Standard: RFC 3629: no overlong forms, no surrogates, at most U+10FFFF.
 */
#ifndef SALLYPORT_MAIL_UTF8_H
#define SALLYPORT_MAIL_UTF8_H

#include <stdbool.h>

bool sp_mail_is_utf8(const char *text);

#endif
