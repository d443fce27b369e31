/*
 * submitter.h - who sends mail out through us, and the name it is counted by.
 *
 *   sasl:alice@example.org   the login, in lower case
 *   uid:71023                a user of this machine
 *   uid:unknown              one of them, and nobody can say which
 *   net:192.0.2.7            a trusted relay, or a network of them
 *
 * A key is printable, without spaces, and can be typed: of a login every byte
 * that is no printable ASCII, the space and % { } " ' \ ` ~ are written %HH. One
 * that would be too long is cut, and ends in "~" and a hash of the whole, so
 * that two logins are never one submitter.
 *
 * Place:    at MAIL, as soon as it is known who sends.
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_SUBMITTER_H
#define SALLYPORT_SUBMITTER_H

#include <stdint.h>

#include "sallyport/err.h"
#include "sallyport/hash.h"
#include "sallyport/ip.h"

enum {
	SP_SUBMITTER_SIZE = 176,
	SP_SUBMITTER_MASK_SIZE = 24
};

/* (uid_t)-1, which nobody has. */
#define SP_UID_UNKNOWN UINT32_MAX

enum sp_submitter_kind {
	SP_SUBMITTER_NONE, /* a stranger: nothing is submitted */
	SP_SUBMITTER_LOGIN,
	SP_SUBMITTER_USER,
	SP_SUBMITTER_NETWORK
};

struct sp_submitter {
	enum sp_submitter_kind kind;
	char key[SP_SUBMITTER_SIZE]; /* "sasl:..."; "" for NONE */
	uint32_t uid;		     /* of a USER */
	struct sp_network network;   /* of a NETWORK */
};

/*
 * Where a function fails, *submitter_out is NONE.
 *
 * `login` is {auth_authen} as the MTA tells it, of any length. One without an
 * '@' gets `domain` behind it ("" = stays as it is), so that "alice" and
 * "alice@example.org" are one. SP_ERR_SYNTAX: it is empty.
 */
enum sp_err sp_submitter_of_login(const char *login, const char *domain,
				  struct sp_submitter *submitter_out);

void sp_submitter_of_user(uint32_t uid, struct sp_submitter *submitter_out);

/* The network of `prefix` bits around a client; 32 or 128 for itself alone.
 * SP_ERR_SYNTAX: it has no address. */
enum sp_err sp_submitter_of_client(const struct sp_ip *client, unsigned prefix,
				   struct sp_submitter *submitter_out);

/* A key as it is shown, or as a person writes it: an address or network, or a
 * login without "sasl:", which gets `domain` as above. SP_ERR_SYNTAX,
 * SP_ERR_RANGE (bits behind a network's prefix). */
enum sp_err sp_submitter_parse(const char *text, const char *domain,
			       struct sp_submitter *submitter_out);

/* What stands behind the '@' of a login's key, NULL for none. Borrowed. */
const char *sp_submitter_domain(const struct sp_submitter *submitter);

/* "sasl:" and 16 digits that tell nobody the login, but are always the same
 * for it: for headers. Returns `mask_out`. */
const char *sp_submitter_mask(const char *submitter_key,
			      const struct sp_hash_key *secret,
			      char mask_out[SP_SUBMITTER_MASK_SIZE]);

#endif
