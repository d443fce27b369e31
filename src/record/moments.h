/*
 * moments.h - the decisions about a mail, put together.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_SRC_RECORD_MOMENTS_H
#define SALLYPORT_SRC_RECORD_MOMENTS_H

struct sp_mail_moments;
struct sp_text;

/* As sp_moments_read reads them; nothing when they have no room in `text`. */
void sp_moments_join(const struct sp_mail_moments *moments,
		     struct sp_text *text);

#endif
