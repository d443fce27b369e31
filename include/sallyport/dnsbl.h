/*
 * dnsbl.h - what DNS lists of addresses and domains say, and how much of it
 *           is to be believed.
 *
 * Place:    questions at connect (addresses) and as soon as a name is known
 *           (domains); judged when policy wants to know.
 * Network:  none. The caller sends the questions named here and brings the
 *           answers back, so judging them needs no resolver and no clock.
 * Scoring:  none. The fact says which rules hit; each has its weight.
 * Threads:  reentrant; rules are not changed once they are in use.
 * Standard: RFC 5782 sections 2.1 (IPv4), 2.4 (IPv6), 3 (domains), 5 (tests).
 *
 * A rule is written
 *
 *	NAME: ZONE[=FILTER][*WEIGHT]
 *
 * as in postscreen_dnsbl_sites, behind the name that its finding bears:
 *
 *	ZEN_SBL: zen.spamhaus.org=127.0.0.[2;9]*2.5
 *	SURBL_PHISH: multi.surbl.org=127.0.0.{8}*3
 *	DNSWL_HI: list.dnswl.org=127.0.[2..15].3*-3
 *
 * NAME:   1 to 24 letters, digits and '_'; kept in capitals. It may recur with
 *         other filters of the same zone, but not with another zone.
 * ZONE:   a domain name. Several rules may share it: it is asked once.
 * FILTER: four octets, each a number, or [A..B;C;...] (one of these numbers),
 *         or {A;B;...} (a number with at least one of these bits set, each a
 *         power of two; lists that tell several things in one answer are read
 *         so). Without a filter every answer in 127.0.0.0/8 is a listing.
 * WEIGHT: a decimal from -100 to 100, at most three places; negative for a
 *         list of the good. Without it, 1.
 *
 * Whatever the filter, these are errors of a list and never listings: answers
 * outside of 127.0.0.0/8 (a parked or hijacked zone), 127.0.0.1 (how many
 * lists say "blocked"), 127.255.255.0/24 (Spamhaus, and those who follow it),
 * and what single operators have agreed on (see dnsbl_judge.c). One such
 * answer spoils all answers of its zone.
 */
#ifndef SALLYPORT_DNSBL_H
#define SALLYPORT_DNSBL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/domain.h"
#include "sallyport/err.h"
#include "sallyport/ip.h"

enum {
	SP_DNSBL_MAX_RULES = 64,
	SP_DNSBL_MAX_ZONES = 32,
	SP_DNSBL_MAX_ADDRESSES =
		16, /* of one answer; further ones say no more */
	SP_DNSBL_NAME_SIZE = 25,
	SP_DNSBL_ZONE_SIZE = 190, /* 64 characters of an IPv6 address fit too */
	SP_DNSBL_ERROR_SIZE = 200
};

/* Which values of an octet are meant: bit i % 64 of word i / 64. */
struct sp_dnsbl_octet {
	uint64_t values[4];
};

struct sp_dnsbl_rule {
	char name[SP_DNSBL_NAME_SIZE];
	size_t zone; /* index */
	struct sp_dnsbl_octet filter[4];
	double weight;
};

/* Rules about one kind of thing, addresses or domains; the caller's storage. */
struct sp_dnsbl_rules {
	size_t zone_count;
	char zones[SP_DNSBL_MAX_ZONES][SP_DNSBL_ZONE_SIZE];
	size_t rule_count;
	struct sp_dnsbl_rule rules[SP_DNSBL_MAX_RULES];
};

void sp_dnsbl_rules_init(struct sp_dnsbl_rules *rules);

/*
 * Add the rule that `text` writes. Otherwise nothing is changed and
 * `error_out` is a sentence on what was found and what is expected, without a
 * full stop; it never repeats the zone, which may hold an access key.
 * SP_ERR_SYNTAX; SP_ERR_RANGE (a number too large); SP_ERR_TOO_LONG (a name, a
 * zone, or more than 64 rules or 32 zones); SP_ERR_EXISTS (this very rule is
 * there, or its name belongs to another zone).
 */
enum sp_err sp_dnsbl_rules_add(struct sp_dnsbl_rules *rules, const char *text,
			       char error_out[SP_DNSBL_ERROR_SIZE]);

/*
 * Whether `zone`, or a question to it, holds an access key, as in
 * KEY.zen.dq.spamhaus.net. A key is known by the operator, or by its looks:
 * a label of 16 characters or more with letters and digits mixed.
 */
bool sp_dnsbl_zone_is_secret(const char *zone);

/* `zone`, or a question to it, as it may be shown: *.zen.dq.spamhaus.net.
 * Returns `text_out`. */
const char *sp_dnsbl_zone_show(const char *zone, char text_out[SP_DOMAIN_SIZE]);

/* A rule as it was written, its zone as it may be shown. */
struct sp_text;
void sp_dnsbl_rule_show(const char *rule, struct sp_text *out);

/*
 * The name to ask `zone` for about an address (2.0.0.127.ZONE), or about a
 * domain name, which is normalised first. SP_ERR_SYNTAX when `client` is no
 * address or `name` no domain name; SP_ERR_TOO_LONG when the question is no
 * domain name any more. `name_out` is then the empty string.
 */
enum sp_err sp_dnsbl_question(const struct sp_ip *client, const char *zone,
			      char name_out[SP_DOMAIN_SIZE]);
enum sp_err sp_dnsbl_domain_question(const char *name, const char *zone,
				     char name_out[SP_DOMAIN_SIZE]);

enum sp_dnsbl_kind {
	SP_DNSBL_IPV4,
	SP_DNSBL_IPV6,
	SP_DNSBL_DOMAIN
};

/* What to ask a list for to see whether it is well. */
struct sp_dnsbl_points {
	char listed[SP_DOMAIN_SIZE];   /* 2.0.0.127.ZONE: must be there */
	char unlisted[SP_DOMAIN_SIZE]; /* 1.0.0.127.ZONE: must not */
};

/* RFC 5782 section 5, but for those lists that are documented to have other
 * test points. `zone` is one that sp_dnsbl_rules_add took. */
void sp_dnsbl_test_points(const char *zone, enum sp_dnsbl_kind kind,
			  struct sp_dnsbl_points *points_out);

enum sp_dnsbl_state {
	SP_DNSBL_NOT_ASKED = 0,
	SP_DNSBL_FOUND,
	SP_DNSBL_ABSENT, /* NXDOMAIN or no A record */
	SP_DNSBL_FAILED	 /* SERVFAIL, timeout, bogus */
};

/* A records in the machine's byte order: 127.0.0.2 is 0x7f000002. */
struct sp_dnsbl_answer {
	enum sp_dnsbl_state state;
	size_t count; /* at most SP_DNSBL_MAX_ADDRESSES */
	uint32_t addresses[SP_DNSBL_MAX_ADDRESSES];
};

/* Why an answer says nothing about whom was asked for. */
enum sp_dnsbl_error {
	SP_DNSBL_FINE = 0,
	SP_DNSBL_SILENT,		/* no answer at all */
	SP_DNSBL_REFUSED,		/* may not ask, it does not say why */
	SP_DNSBL_REFUSED_OPEN_RESOLVER, /* may not ask by a public resolver */
	SP_DNSBL_OVER_QUOTA,
	SP_DNSBL_TYPING_ERROR, /* the zone or the question is not one of its */
	SP_DNSBL_OUTSIDE_127
};

/* A constant phrase, "the resolver is an open one". */
const char *sp_dnsbl_error_text(enum sp_dnsbl_error error);

/*
 * Whether `answer` of `zone` is an error of the list. `is_listed_out` (may be
 * NULL): it names addresses, and all of them are listings.
 */
enum sp_dnsbl_error sp_dnsbl_answer_judge(const char *zone,
					  const struct sp_dnsbl_answer *answer,
					  bool *is_listed_out);

struct sp_dnsbl_fact {
	uint64_t hits;	      /* bit i: rule i */
	uint32_t answered_in; /* bit i: zone i said yes or no */
	uint32_t listed_in;   /* bit i: zone i lists it, whatever the filters */
	uint32_t silent_in;   /* bit i: zone i was asked, and we do not know */
	enum sp_dnsbl_error errors[SP_DNSBL_MAX_ZONES];
};

/*
 * `answers` has one row for each zone. `well_in` (bit i: zone i, from
 * list_health.h): a zone that is not well hits nothing and is noted as silent;
 * its error is noted all the same. A rule whose zone was not asked does not
 * hit. Where several names of one mail are asked for (HELO, sender, ...), a
 * rule's weight is meant once for the mail.
 */
void sp_dnsbl_judge(const struct sp_dnsbl_rules *rules,
		    const struct sp_dnsbl_answer *answers, uint32_t well_in,
		    struct sp_dnsbl_fact *fact_out);

/* A public list, and how we use it unless told otherwise. */
struct sp_dnsbl_source {
	const char *zone;
	const char *operator_name;
	const char *terms; /* a sentence on who may ask it */
	bool is_domain;	   /* a list of domains, not of addresses */
	bool has_ipv6;	   /* worth asking about IPv6 addresses */
	bool is_on;
	const char *rules[5]; /* as sp_dnsbl_rules_add reads them; then NULL */
};

/* The shipped ones, constant. */
const struct sp_dnsbl_source *sp_dnsbl_sources(size_t *count_out);

/* Add the rules of all shipped lists that are on. What is in `rules` already
 * stays: a shipped rule whose name is taken, or that finds no room, is left
 * out. */
void sp_dnsbl_rules_add_defaults(struct sp_dnsbl_rules *rules, bool is_domain);

#endif
