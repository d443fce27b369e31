/*
 * questions.h - what questions.c has asked, by the checks that judge it.
 *
 * It decides when; these ask, at once and without waiting. There is a resolver.
 */
#ifndef SALLYPORT_SRC_CHECK_QUESTIONS_H
#define SALLYPORT_SRC_CHECK_QUESTIONS_H

struct sp_dns_name;
struct sp_session;

/* In the batch of the HELO name, which is as new. */
void sp_helo_name_ask(struct sp_session *session,
		      const struct sp_dns_name *name);
void sp_spf_ask_helo(struct sp_session *session);

/* In the mail's batches. */
void sp_sender_domain_ask(struct sp_session *session,
			  const struct sp_dns_name *name);
void sp_spf_ask_sender(struct sp_session *session);
/* The sender's domain is most often the author's, too. */
void sp_dmarc_ask_sender(struct sp_session *session,
			 const struct sp_dns_name *name);

#endif
