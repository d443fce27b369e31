/* Who is knocking: access lists, HELO, names, DNS lists. */
#include "rows.h"

#include "sallyport/config.h"

#define AT(field) offsetof(struct sp_config, field)

static const struct sp_option rows[] = {
	{ .name = "access.mode",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(access.mode),
	  .initial = "inherit",
	  .choices = "inherit|observe|enforce",
	  .help = "mode for the deny lists; inherit: as mode says." },
	{ .name = "access.trusted-networks",
	  .type = SP_OPTION_NETWORKS,
	  .offset = AT(access.trusted_networks),
	  .initial = "127.0.0.0/8, ::1",
	  .help = "Our own machines: they skip all checks of incoming mail." },
	{ .name = "access.allow-clients",
	  .type = SP_OPTION_NETWORKS,
	  .offset = AT(access.allow_clients),
	  .help = "Clients whose mail is accepted." },
	{ .name = "access.deny-clients",
	  .type = SP_OPTION_NETWORKS,
	  .offset = AT(access.deny_clients),
	  .help = "Clients whose mail is refused." },
	{ .name = "access.allow-helo",
	  .type = SP_OPTION_NAMES,
	  .offset = AT(access.allow_helo),
	  .help = "Names in HELO whose mail is accepted, with all names below "
		  "them. Anybody can say any name: prefer networks." },
	{ .name = "access.deny-helo",
	  .type = SP_OPTION_NAMES,
	  .offset = AT(access.deny_helo),
	  .help = "Names in HELO whose mail is refused, with all names below "
		  "them." },
	{ .name = "access.allow-senders",
	  .type = SP_OPTION_ADDRESSES,
	  .offset = AT(access.allow_senders),
	  .help = "Envelope senders whose mail is accepted. Anybody can write "
		  "any sender: prefer networks." },
	{ .name = "access.deny-senders",
	  .type = SP_OPTION_ADDRESSES,
	  .offset = AT(access.deny_senders),
	  .help = "Envelope senders whose mail is refused." },
	{ .name = "access.allow-recipients",
	  .type = SP_OPTION_ADDRESSES,
	  .offset = AT(access.allow_recipients),
	  .help = "Recipients who get all mail, for instance postmaster@." },
	{ .name = "access.deny-recipients",
	  .type = SP_OPTION_ADDRESSES,
	  .offset = AT(access.deny_recipients),
	  .help = "Recipients who get no mail from outside." },
	{ .name = "helo.enabled",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(helo.is_enabled),
	  .initial = "true",
	  .help = "Whether the name in HELO is looked at." },
	{ .name = "helo.lookup",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(helo.is_looked_up),
	  .initial = "true",
	  .help = "Whether it is looked up where that name leads." },
	{ .name = "helo.own-names",
	  .type = SP_OPTION_NAMES,
	  .offset = AT(helo.own_names),
	  .help = "Names that are ours, beside what the mail server calls "
		  "itself: a stranger who says one of them is lying, in HELO "
		  "or in Authentication-Results. A mail that comes back and "
		  "has passed one of them is no backscatter." },
	{ .name = "helo.own-addresses",
	  .type = SP_OPTION_NETWORKS,
	  .offset = AT(helo.own_addresses),
	  .help = "Addresses that are ours, beside the one connected to." },
	{ .name = "greeting.mode",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(greeting.mode),
	  .initial = "inherit",
	  .choices = "inherit|observe|enforce",
	  .help = "mode for holding greetings back; inherit: as mode says. "
		  "observe: nobody is held, so nobody is found to speak "
		  "early." },
	{ .name = "greeting.delay",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(greeting.delay_ms),
	  .least = "0s",
	  .most = "25s",
	  .initial = "6s",
	  .help = "How long a client waits for its greeting (220) that is "
		  "neither trusted nor allowed nor known. The mail server has "
		  "to bear it: above 8s set R: of Sendmail's milter or "
		  "milter_command_timeout of Postfix higher. 0s: nobody "
		  "waits." },
	{ .name = "greeting.only-suspicious",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(greeting.is_for_suspicious),
	  .initial = "true",
	  .help = "Whether a client is greeted as soon as its name is "
		  "confirmed, is no customer's line, and no list speaks "
		  "against it." },
	{ .name = "greeting.early-talker",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(greeting.early_talker),
	  .initial = "score",
	  .choices = "score|refuse|close",
	  .first_choice = SP_EARLY_TALKER_SCORE,
	  .help = "What becomes of a client that speaks before it is greeted: "
		  "it gets points, its mail is refused, or its connection is "
		  "closed (421)." },
	{ .name = "greeting.held-at-most",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(greeting.held_at_most),
	  .least = "0",
	  .most = "10000",
	  .initial = "50",
	  .unit = "connections",
	  .help = "So many greetings are held at a time. From half of them on "
		  "the delay gets shorter, beyond them there is none." },
	{ .name = "greeting.mta-processes",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(greeting.mta_processes),
	  .least = "2",
	  .most = "100000",
	  .initial = "100",
	  .unit = "processes",
	  .help = "How many clients the mail server serves at a time (Postfix: "
		  "default_process_limit; Sendmail: MaxDaemonChildren). No "
		  "more than half of them are ever held." },
	{ .name = "greeting.tarpit",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(greeting.tarpit_ms),
	  .least = "0s",
	  .most = "25s",
	  .initial = "0s",
	  .help = "How long a client whose score refuses its mail waits for "
		  "that answer. Counts among greeting.held-at-most." },
	{ .name = "local.pickup-header",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(local.has_pickup_header),
	  .initial = "false",
	  .help = "Whether Postfix writes who has used its sendmail command, "
		  "as etc/postfix/local_header_checks lets it. Only then is "
		  "X-Sallyport-Local believed; it is removed in any case." },
	{ .name = "rdns.enabled",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(rdns.is_enabled),
	  .initial = "true",
	  .help = "Whether the name of the client's address is looked up, and "
		  "confirmed." },
	{ .name = "sender-domain.enabled",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(sender_domain.is_enabled),
	  .initial = "true",
	  .help = "Whether the sender's domain is looked up: can it take mail "
		  "at all?" },
	{ .name = "dnsbl.enabled",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(dnsbl.is_enabled),
	  .initial = "true",
	  .help = "Whether DNS lists are asked." },
	{ .name = "dnsbl.lists",
	  .type = SP_OPTION_RULES,
	  .offset = AT(dnsbl.lists),
	  .initial = "defaults",
	  .help = "Lists of addresses, as rules NAME: ZONE=FILTER*WEIGHT in "
		  "postscreen's syntax; a negative weight is for a list of the "
		  "good. defaults: the shipped ones. Read each operator's "
		  "terms." },
	{ .name = "dnsbl.domain-lists",
	  .type = SP_OPTION_RULES,
	  .offset = AT(dnsbl.domain_lists),
	  .initial = "defaults",
	  .help = "Lists of domains, in the same syntax: asked about the HELO "
		  "name, the client's confirmed name, the sender's and the "
		  "author's domain." },
	{ .name = "dnsbl.test-interval",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(dnsbl.test_interval_ms),
	  .least = "10s",
	  .most = "1d",
	  .initial = "5m",
	  .help = "How often each list is asked what it must and must not "
		  "list (RFC 5782). One that fails counts for nothing until it "
		  "is well again." },
};

const struct sp_option_rows sp_option_rows_client = {
	rows,
	sizeof(rows) / sizeof(*rows),
};
