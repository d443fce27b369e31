/*
 * senders.h - which addresses a submitter may write as, beside its own.
 *
 * Entries are those of Postfix's smtpd_sender_login_maps, so that its file can
 * be read as it is:
 *
 *	info@example.org     alice@example.org, bob@example.org
 *	@brand.example       carol
 *	sales                dave           sales@ outbound.login-domain
 *	@customer.example    uid:71023      a user of this machine
 *
 * Here an owner of a domain owns every address in it, also those that have an
 * entry of their own.
 *
 * Place:    read with the configuration, then immutable.
 * Threads:  any.
 */
#ifndef SALLYPORT_SENDERS_H
#define SALLYPORT_SENDERS_H

#include <stdbool.h>

#include "sallyport/err.h"
#include "sallyport/limits.h"

struct sp_senders;

/* `login_domain` is outbound.login-domain, or "". Borrowed. */
enum sp_err sp_senders_new(const char *login_domain,
			   struct sp_senders **senders_out);
void sp_senders_free(struct sp_senders **senders);

/* Add "ADDRESS LOGIN", one of each. SP_ERR_SYNTAX, SP_ERR_TOO_LONG,
 * SP_ERR_NO_MEMORY: nothing is changed, and `error_out` is a sentence without
 * a full stop. */
enum sp_err sp_senders_add(struct sp_senders *senders, const char *text,
			   const struct sp_stands *stands,
			   char error_out[SP_LIMIT_ERROR_SIZE]);

/* Whether any entry is of `submitter`, a key. NULL has none. */
bool sp_senders_know(const struct sp_senders *senders, const char *submitter);

/* Whether `submitter` may write as `local` in `domain` (normalised): by an entry
 * of the address, with or without "+EXTENSION", or of the domain. With `local`
 * NULL, as anybody in that domain. */
bool sp_senders_may(const struct sp_senders *senders, const char *submitter,
		    const char *local, const char *domain);

#endif
