/* The way out: who sends through us, how much, and what comes of more. */
#include "rows.h"

#include "sallyport/config.h"

#define AT(field) offsetof(struct sp_config, outbound.field)

static const struct sp_option rows[] = {
	{ .name = "outbound.enabled",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(is_enabled),
	  .initial = "true",
	  .help = "Whether it is counted who sends out through us: "
		  "authenticated users, users of this machine, trusted "
		  "relays." },
	{ .name = "outbound.mode",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(mode),
	  .initial = "inherit",
	  .choices = "inherit|observe|enforce",
	  .help = "mode for holding and locking; inherit: as mode says." },
	{ .name = "outbound.limits",
	  .type = SP_OPTION_LIMITS,
	  .offset = AT(limits),
	  .initial = "messages: 200/1h hold, recipients: 300/1h hold, "
		     "recipients: 1500/1d locked, "
		     "distinct-recipients: 500/1d hold, networks: 20/1d hold, "
		     "countries: 4/1d hold, asns: 10/1d watch, "
		     "refused: 50/1h hold, foreign-from: 30/1h watch, "
		     "bounces: 50/1d hold",
	  .help = "How much one submitter may send, and the state that more "
		  "leads to: watch (told), hold (its mail is kept in the mail "
		  "server's queue), locked (its mail is not taken)." },
	{ .name = "outbound.classes",
	  .type = SP_OPTION_CLASSES,
	  .offset = AT(classes_written),
	  .help = "Submitters with other limits, by login, domain, uid or "
		  "network. Trusted relays have no limits unless the class "
		  "\"relays\", or another with their network, has some." },
	{ .name = "outbound.login-domain",
	  .type = SP_OPTION_HOSTNAME,
	  .offset = AT(login_domain),
	  .help = "The domain of a login without one, so that alice and "
		  "alice@example.org are one submitter. Empty: they are two." },
	{ .name = "outbound.own-from",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(own_from),
	  .initial = "domain",
	  .choices = "off|login|domain",
	  .help = "Which From: is a login's own, and not counted as "
		  "foreign-from: any address in its domain; or the login "
		  "itself only, with or without +EXTENSION. (And all that "
		  "outbound.senders says.) off: foreign-from is not counted. "
		  "A login without a domain is not judged, unless "
		  "outbound.login-domain or outbound.senders says what is its "
		  "own; nor is a user of this machine, unless outbound.senders "
		  "does; nor are trusted relays." },
	{ .name = "outbound.senders",
	  .type = SP_OPTION_SENDERS,
	  .offset = AT(senders_written),
	  .help = "Addresses that logins, or users of this machine, may write "
		  "as too, in the form of Postfix's smtpd_sender_login_maps: "
		  "\"info@example.org alice, bob\", \"@brand.example carol\", "
		  "\"@site.example uid:71023\". That file can be read as it is "
		  "(file:PATH), lines that are continued included." },
	{ .name = "outbound.ipv4-prefix",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(ipv4_prefix),
	  .least = "8",
	  .most = "32",
	  .initial = "32",
	  .unit = "bits",
	  .help = "Trusted relays that have so many bits in common are one "
		  "submitter. (The networks that a login comes from are as "
		  "wide as greylist.ipv4-prefix says.)" },
	{ .name = "outbound.ipv6-prefix",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(ipv6_prefix),
	  .least = "16",
	  .most = "128",
	  .initial = "64",
	  .unit = "bits",
	  .help = "The same for IPv6." },
	{ .name = "outbound.watch-term",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(terms_ms[SP_SUBMITTER_WATCH]),
	  .least = "1m",
	  .most = "400d",
	  .initial = "4h",
	  .help = "A submitter is watched so long after the last mail that was "
		  "too much." },
	{ .name = "outbound.hold-term",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(terms_ms[SP_SUBMITTER_HOLD]),
	  .least = "1m",
	  .most = "400d",
	  .initial = "1d",
	  .help = "Its mail is held so long after the last mail that was too "
		  "much, or until it is released by hand." },
	{ .name = "outbound.locked-term",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(terms_ms[SP_SUBMITTER_LOCKED]),
	  .least = "1m",
	  .most = "400d",
	  .initial = "7d",
	  .help = "It is locked so long, or until it is released by hand." },
	{ .name = "outbound.locked-reply",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(locked_reply),
	  .initial = "defer",
	  .choices = "defer|refuse",
	  .help = "What a locked submitter is answered: try again later (4xx), "
		  "or no (5xx)." },
	{ .name = "outbound.header",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(header),
	  .initial = "hash",
	  .choices = "hash|plain|off",
	  .help = "How X-Sallyport-Submitter names who sent a mail: by a hash "
		  "that only we can tell (keyed with the file secret in "
		  "state-dir, 32 hexadecimal digits, which several machines may "
		  "share), as it is, or not at all." },
	{ .name = "outbound.unusual",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(unusual.state),
	  .initial = "watch",
	  .choices = "off|watch|hold",
	  .help = "The state of a submitter that sends much more than it ever "
		  "did in 30 days." },
	{ .name = "outbound.unusual-factor",
	  .type = SP_OPTION_REAL,
	  .offset = AT(unusual.factor),
	  .least = "1",
	  .most = "1000",
	  .initial = "5",
	  .help = "So many times its own maximum is much more." },
	{ .name = "outbound.unusual-after",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(unusual.after_ms),
	  .least = "0s",
	  .most = "30d",
	  .initial = "7d",
	  .help = "A submitter is known so long before anything of it is "
		  "unusual." },
	{ .name = "outbound.unusual-hour",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(unusual.hour),
	  .least = "0",
	  .most = "1000000",
	  .initial = "50",
	  .unit = "mails or recipients",
	  .help = "So many within an hour are not unusual for anybody." },
	{ .name = "outbound.unusual-day",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(unusual.day),
	  .least = "0",
	  .most = "1000000",
	  .initial = "200",
	  .unit = "mails or recipients",
	  .help = "So many within a day are not unusual for anybody." },
	{ .name = "outbound.unusual-networks",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(unusual.networks),
	  .least = "0",
	  .most = "250",
	  .initial = "8",
	  .unit = "networks",
	  .help = "Mail from so many networks within a day is not unusual for "
		  "anybody." },
	{ .name = "outbound.unusual-countries",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(unusual.countries),
	  .least = "0",
	  .most = "250",
	  .initial = "2",
	  .unit = "countries",
	  .help = "The same for countries." },
	{ .name = "outbound.country-database",
	  .type = SP_OPTION_PATH,
	  .offset = AT(country_database),
	  .help = "A file in MaxMind's format (GeoLite2, DB-IP, IPinfo) that "
		  "names the country of an address. It is copied into memory. "
		  "Replace it by renaming another one onto it, then reload; a "
		  "broken one is an error in the log, and the one before stays "
		  "in use. Empty: countries are not counted." },
	{ .name = "outbound.asn-database",
	  .type = SP_OPTION_PATH,
	  .offset = AT(asn_database),
	  .help = "The same for the number of its provider (ASN)." },
};

const struct sp_option_rows sp_option_rows_outbound = {
	rows,
	sizeof(rows) / sizeof(*rows),
};
