/*
 * dmarc.h - asking ahead for a domain's policy.
 */
#ifndef SALLYPORT_SRC_CHECK_DMARC_H
#define SALLYPORT_SRC_CHECK_DMARC_H

struct sp_session;

/* The sender's domain is most often the author's, too. */
void sp_dmarc_ask_sender(struct sp_session *session, const char *domain);

#endif
