/*
 * results.h - what was found out about who sent a mail, in the words of others:
 * Authentication-Results and Received-SPF.
 *
 * Nothing that is unproven and of no use to readers stands in them: local parts
 * are in neither but for the sender's in Received-SPF, which has to have it.
 *
 * Bounds:   SP_RESULTS_BYTES_MAX, with the longest names that a fact can hold.
 * Threads:  reentrant.
 * Standard: RFC 8601 sections 2.2 (form), 2.7 (results); RFC 6008 (header.b);
 *           RFC 7208 section 9.1.
 */
#ifndef SALLYPORT_HEADERS_RESULTS_H
#define SALLYPORT_HEADERS_RESULTS_H

#include <stddef.h>

#include "sallyport/facts.h"
#include "sallyport/text.h"

enum {
	SP_RESULTS_BYTES_MAX = 8000
};

struct sp_results_note {
	const char *authserv_id;
	const struct sp_ip *client;
	const char *helo;	   /* as it was said; "" */
	const char *sender;	   /* MAIL FROM, as it was said */
	const char *sender_domain; /* "" */
	const struct sp_facts *facts;
};

/* How many results there are to tell: of checks that have run. */
size_t sp_results_count(const struct sp_facts *facts);

/*
 * The value of Authentication-Results:
 *
 *   mx.here.example;
 *           iprev=pass policy.iprev=192.0.2.7;
 *           spf=pass smtp.mailfrom=a.example;
 *           spf=none smtp.helo=mail.a.example;
 *           dkim=pass header.d=a.example header.s=sel header.a=rsa-sha256
 *           header.b=mP2k4Zx1;
 *           dmarc=pass (p=reject, disposition=none) header.from=a.example
 *           policy.dmarc=reject
 *
 * A check that has not run is left out, and one whose answer did not come is a
 * temperror; with none at all the value is "mx.here.example; none". The SPF
 * result of a null sender is that of its HELO name (RFC 7208 section 2.4).
 * policy.dmarc is the policy that holds (with t=y one level less than the
 * published one, p=); disposition is what we did by it, and what we let in was
 * let in.
 */
void sp_results_write(const struct sp_results_note *note, struct sp_text *text);

/* The value of Received-SPF, of the sender's SPF. */
void sp_received_spf_write(const struct sp_results_note *note,
			   struct sp_text *text);

#endif
