/*
 * relay.h - is a recipient that the MTA is about to accept ours to deliver?
 *
 * The net below a mail server that was configured to relay for everybody. A
 * recipient is ours when its domain is in relay.local-domains, when it has
 * none, or when its domain is an address literal of ours. It is not when its
 * local part or a source route leads on to a domain that is not ours:
 *
 *   user%other@here   "user@other"@here   other!user@here   @other:user@here
 *
 * MTAs differ in which of these they follow; nobody writes them for good.
 * Neither is an address that cannot be read (address.h): who cannot tell where
 * it leads does not promise that it stays here.
 *
 * Place:    RCPT. Never asked for trusted, authenticated and local clients.
 * Network:  none.
 * Scoring:  none.
 * Threads:  reentrant.
 * Standard: RFC 5321 section 4.1.2 and appendix C (source routes), RFC 1123
 *           section 5.2.16 ("%").
 */
#ifndef SALLYPORT_RELAY_H
#define SALLYPORT_RELAY_H

#include "sallyport/facts.h"

struct sp_ip;
struct sp_list;

struct sp_relay_question {
	const char *path; /* as given in RCPT TO */
	const struct sp_list *local_domains;
	const struct sp_ip *own_address; /* the one connected to, or none */
	const struct sp_list *own_addresses;
};

void sp_relay_judge(const struct sp_relay_question *question,
		    struct sp_relay_fact *fact_out);

#endif
