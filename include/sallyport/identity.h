/*
 * identity.h - who the sender of a mail is taken for.
 *
 * What Redis remembers is remembered of an identity. It is the first that holds:
 *
 *   domain:a.example         the sender's domain, whose SPF record lets the
 *                            client send for it
 *   domain:provider.example  the organisation of the client's confirmed name
 *   net:192.0.2.0/24         the network around the client's address
 *
 * So a sender that comes back from another of its machines is known again, and
 * nobody keeps a list of large providers. Both domains are one namespace: what
 * a.example has earned by SPF helps it when SPF could not be asked, and mx.a.example
 * is the client.
 *
 * What that is worth to somebody who means harm: greylisting, and no more. Who
 * is let in sooner is weighed as before.
 *   - SPF proves one name, and its owner alone says who may send for it: not its
 *     parent (a customer of an unlisted shared domain is not the provider), not
 *     names below it. So a public suffix can be an identity, but only of the
 *     registry itself.
 *   - A record that nearly everybody passes proves nothing (passes_world). One
 *     that lets a large provider send does: there it is the provider who keeps
 *     its customers from each other's names, and one that does not do so gives
 *     them a share in each other's good name, as with SPF in general.
 *   - A host's name proves its organisation by the Public Suffix List, since
 *     the names of a provider's machines are many. But not if it looks like a
 *     customer's line: behind those is everybody.
 *   - Names of one's own cost little, and so each new one is a stranger's.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_IDENTITY_H
#define SALLYPORT_IDENTITY_H

#include <stddef.h>

#include "sallyport/err.h"
#include "sallyport/facts.h"
#include "sallyport/greylist_store.h"

struct sp_greylist_config;
struct sp_ip;
struct sp_suffixes;

enum {
	SP_IDENTITIES_MAX = 3
};

struct sp_identity {
	enum sp_identity_proof proof;
	char text[SP_IDENTITY_SIZE];
};

struct sp_identity_question {
	const struct sp_ip *client;
	const struct sp_spf_fact *spf; /* of the sender, or of its stand-in */
	const struct sp_rdns_fact *rdns;
	const struct sp_suffixes *suffixes;
};

/*
 * All that hold, the best first, each once; returns how many. 0: a client
 * without address. The last one is always the network.
 */
size_t sp_identities_find(const struct sp_identity_question *question,
			  const struct sp_greylist_config *config,
			  struct sp_identity found_out[SP_IDENTITIES_MAX]);

/* "domain:" and the name; SP_ERR_SYNTAX when it is none of two labels or more:
 * `identity_out` is then the empty string. */
enum sp_err sp_identity_of_domain(const char *domain,
				  char identity_out[SP_IDENTITY_SIZE]);

/* "domain:" and the organisation of the client's confirmed name. SP_ERR_NOT_FOUND
 * when it has none or is a customer's line; then `identity_out` is "". */
enum sp_err sp_identity_of_rdns(const struct sp_rdns_fact *rdns,
				const struct sp_suffixes *suffixes,
				char identity_out[SP_IDENTITY_SIZE]);

/* "net:" and the network around `client`, which probes are counted by. Returns
 * `identity_out`: the empty string for a client without address. */
const char *sp_identity_of_network(const struct sp_ip *client,
				   const struct sp_greylist_config *config,
				   char identity_out[SP_IDENTITY_SIZE]);

#endif
