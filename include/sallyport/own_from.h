/*
 * own_from.h - is the name that a mail is written in the one of who sends it?
 *
 * Whoever has stolen a password seldom writes as its owner. A From: that is not
 * the submitter's is foreign: counted ("foreign-from: 30/1h watch"), and nothing
 * more, for honest people have other addresses too.
 *
 * Own is, of a login, what `rule` says: any address in its domain, or in one
 * below it; or the login itself, with or without "+EXTENSION". And of whoever it
 * is, what `senders` gives to it. Case makes no difference, and a domain in
 * Unicode is the one that it stands for; local parts in UTF-8 are compared byte
 * by byte but for ASCII letters.
 *
 *   no From:              not judged: the mail server writes its own
 *   one author            by its address
 *   several               foreign unless each of them is the submitter's
 *   several fields        the same, all of them together
 *   a group               the same; an empty one is not judged
 *   it cannot be read     foreign if a domain stands in it that is not the
 *                         submitter's; else not judged (`root`, `Doe, Ann`)
 *
 * Not judged are trusted relays, which hand on the mail of many; users of this
 * machine that `senders` does not know, for it does not follow from a number;
 * and logins whose domain is not known, unless `senders` knows them.
 *
 * Place:    end of message, as part of the check "submitter".
 * Network:  none.
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_OWN_FROM_H
#define SALLYPORT_OWN_FROM_H

#include "sallyport/config.h"

struct sp_from;
struct sp_senders;
struct sp_submitter;

enum {
	SP_OWN_FROM_REASON_SIZE = 224
};

enum sp_own_from_verdict {
	SP_OWN_FROM_NOT_JUDGED,
	SP_OWN_FROM_OWN,
	SP_OWN_FROM_FOREIGN
};

struct sp_own_from_fact {
	enum sp_own_from_verdict verdict;
	/* Of a foreign one, printable: "From: bob@b.example is not
	 * alice@example.org's". */
	char reason[SP_OWN_FROM_REASON_SIZE];
};

struct sp_own_from_question {
	const struct sp_submitter *submitter;
	const char *login;	  /* as the MTA told it; "" of the others */
	const char *login_domain; /* outbound.login-domain; "" */
	enum sp_own_from_rule rule;
	const struct sp_senders *senders; /* may be NULL */
	const struct sp_from *from;	  /* NULL: there is none */
};

void sp_own_from_judge(const struct sp_own_from_question *question,
		       struct sp_own_from_fact *fact_out);

#endif
