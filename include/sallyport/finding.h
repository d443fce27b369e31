/*
 * finding.h - the one table of what can be found about a mail.
 *
 * A finding has a name in upper case, a default weight (points; above zero
 * speaks against the mail, below for it) and a sentence. Policy raises them;
 * headers, log, explain and the option `weights:` know them by name.
 *
 * To add one: a row in the enum and a row in src/config/finding.c.
 *
 * Threads:  constant.
 */
#ifndef SALLYPORT_FINDING_H
#define SALLYPORT_FINDING_H

enum sp_finding_id {
	SP_FINDING_TRUSTED,
	SP_FINDING_ACCESS_ALLOW,
	SP_FINDING_ACCESS_DENY,
	SP_FINDING_EARLY_TALKER,
	SP_FINDING_HUNG_UP_EARLY,
	SP_FINDING_HELO_NONE,
	SP_FINDING_HELO_INVALID,
	SP_FINDING_HELO_BARE_IP,
	SP_FINDING_HELO_NOT_FQDN,
	SP_FINDING_HELO_WRONG_LITERAL,
	SP_FINDING_HELO_FORGED,
	SP_FINDING_HARVEST,
	SP_FINDING_RELAY_PROBE,
	SP_FINDING_RELAY_GUARD,
	SP_FINDING_HELO_NOWHERE,
	SP_FINDING_HELO_ELSEWHERE,
	SP_FINDING_HELO_MISMATCH,
	SP_FINDING_RDNS_NONE,
	SP_FINDING_RDNS_NOT_CONFIRMED,
	SP_FINDING_RDNS_GENERIC,
	SP_FINDING_SENDER_DOMAIN_ABSENT,
	SP_FINDING_SENDER_DOMAIN_NO_HOST,
	SP_FINDING_SENDER_DOMAIN_NULL_MX,
	SP_FINDING_SENDER_DOMAIN_PRIVATE_MX,
	SP_FINDING_DNSBL, /* each rule's finding: DNSBL_ and its name */
	SP_FINDING_RHSBL, /* RHSBL_ and its name */
	SP_FINDING_SPF_PASS,
	SP_FINDING_SPF_PASSES_WORLD,
	SP_FINDING_SPF_FAIL,
	SP_FINDING_SPF_SOFTFAIL,
	SP_FINDING_SPF_NEUTRAL,
	SP_FINDING_SPF_NONE,
	SP_FINDING_SPF_PERMERROR,
	SP_FINDING_SPF_HELO_FAIL,
	SP_FINDING_DKIM_VALID,
	SP_FINDING_DKIM_PARTIAL,
	SP_FINDING_DKIM_TESTING,
	SP_FINDING_DKIM_INVALID,
	SP_FINDING_DKIM_TOO_MANY,
	SP_FINDING_FROM_NONE,
	SP_FINDING_FROM_SEVERAL,
	SP_FINDING_FROM_UNREADABLE,
	SP_FINDING_DMARC_PASS,
	SP_FINDING_DMARC_NONE,
	SP_FINDING_DMARC_QUARANTINE,
	SP_FINDING_DMARC_REJECT,
	SP_FINDING_DMARC_MAILING_LIST,
	SP_FINDING_DMARC_FORWARDED,
	SP_FINDING_DMARC_PERMERROR,
	SP_FINDING_BACKSCATTER,
	SP_FINDING_GREYLISTED,
	SP_FINDING_SUBMITTER_WATCH,
	SP_FINDING_SUBMITTER_HOLD,
	SP_FINDING_SUBMITTER_LOCKED,
	SP_FINDING_FROM_FOREIGN,
	SP_FINDING_COUNT
};

struct sp_finding_kind {
	const char *name;    /* "HELO_FORGED" */
	double weight;	     /* default; `weights:` overrides it */
	const char *meaning; /* one sentence for the manual and `explain` */
};

/* `id` is below SP_FINDING_COUNT. */
const struct sp_finding_kind *sp_finding_kind(enum sp_finding_id id);

/* SP_FINDING_COUNT when no finding has that name (exact spelling). */
enum sp_finding_id sp_finding_by_name(const char *name);

#endif
