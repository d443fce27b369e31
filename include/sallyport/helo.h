/*
 * helo.h - what the client's own name for itself is worth.
 *
 * Place:    at MAIL, when a client that never greets has had its chance.
 * Network:  none.
 * Scoring:  none. The fact says which kind of name it is; policy weighs.
 * Threads:  reentrant.
 * Standard: RFC 5321 sections 4.1.1.1 (EHLO), 4.1.3 (address literals).
 */
#ifndef SALLYPORT_HELO_H
#define SALLYPORT_HELO_H

#include "sallyport/facts.h"
#include "sallyport/ip.h"

struct sp_helo_config;

/* What is compared with the name; borrowed. */
struct sp_helo_question {
	const char *helo; /* "" = the client said none */
	const struct sp_ip *client;
	const char *own_name; /* what the MTA calls itself; "" */
	const struct sp_ip *own_address;
	const struct sp_helo_config *config;
};

void sp_helo_judge(const struct sp_helo_question *question,
		   struct sp_helo_fact *fact_out);

#endif
