/*
 * rhsbl.h - asking lists of domains about each name of a mail as soon as it is
 *           known; the checks that learn a name call these.
 *
 * Asked about is the organisational domain of the name: that is what the lists
 * hold, and a stranger cannot make us ask for a new name with each mail.
 */
#ifndef SALLYPORT_SRC_CHECK_RHSBL_H
#define SALLYPORT_SRC_CHECK_RHSBL_H

#include <stddef.h>

struct sp_dns_batch;
struct sp_dns_name;
struct sp_session;

void sp_rhsbl_ask_helo(struct sp_session *session,
		       const struct sp_dns_name *name);
/* Within the follow-up that brought name `index`. */
void sp_rhsbl_ask_rdns(struct sp_session *session, struct sp_dns_batch *batch,
		       const struct sp_dns_name *name, size_t index);
void sp_rhsbl_ask_sender(struct sp_session *session,
			 const struct sp_dns_name *name);

#endif
