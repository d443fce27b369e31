#include "options.h"

#include <assert.h>
#include <string.h>

#include "sallyport/config.h"
#include "sallyport/finding.h"
#include "value.h"

#define AT(field) offsetof(struct sp_config, field)

static const struct sp_option rows[] = {
	{ .name = "listen",
	  .type = SP_OPTION_LISTEN,
	  .offset = AT(listen),
	  .initial = "unix:" SP_RUNSTATEDIR "/sallyport/milter.sock",
	  .help = "Where the mail server connects to: unix:/PATH, or "
		  "inet:PORT@ADDRESS (inet6: for an IPv6 address)." },
	{ .name = "listen-mode",
	  .type = SP_OPTION_OCTAL,
	  .offset = AT(listen_mode),
	  .least = "0000",
	  .most = "0777",
	  .initial = "0660",
	  .help = "The mode of a Unix socket in listen. Whoever may write to "
		  "it may talk to the milter." },
	{ .name = "listen-group",
	  .type = SP_OPTION_WORD,
	  .offset = AT(listen_group),
	  .help = "The group of a Unix socket in listen, for instance postfix. "
		  "Empty: our own." },
	{ .name = "control",
	  .type = SP_OPTION_PATH,
	  .offset = AT(control),
	  .initial = SP_RUNSTATEDIR "/sallyport/control.sock",
	  .help = "The socket on which the command sallyport asks the "
		  "daemon." },
	{ .name = "user",
	  .type = SP_OPTION_WORD,
	  .offset = AT(user),
	  .initial = "sallyport",
	  .help = "Started as root: whom to become before anything is read "
		  "from the network. Otherwise it has no meaning." },
	{ .name = "group",
	  .type = SP_OPTION_WORD,
	  .offset = AT(group),
	  .help = "The group to become. Empty: the user's." },
	{ .name = "state-dir",
	  .type = SP_OPTION_PATH,
	  .offset = AT(state_dir),
	  .initial = SP_LOCALSTATEDIR "/lib/sallyport",
	  .help = "The folder of what must outlive a restart: the data and the "
		  "socket of the embedded Redis." },
	{ .name = "pid-file",
	  .type = SP_OPTION_PATH,
	  .offset = AT(pid_file),
	  .help = "Where to write the process number. Empty: nowhere." },
	{ .name = "mode",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(mode),
	  .initial = "observe",
	  .choices = "observe|enforce",
	  .first_choice = SP_MODE_OBSERVE,
	  .help = "observe: find, score, log and add headers, but delay and "
		  "refuse nothing; the log says what would have happened. "
		  "enforce: act." },
	{ .name = "hostname",
	  .type = SP_OPTION_HOSTNAME,
	  .offset = AT(hostname),
	  .help = "Our own host name: a stranger who says it in HELO is "
		  "lying. Empty: what the mail server calls itself." },
	{ .name = "drain",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(drain_ms),
	  .least = "0s",
	  .most = "10m",
	  .initial = "10s",
	  .help = "How long open mails may finish after SIGTERM." },
	{ .name = "store",
	  .type = SP_OPTION_STORE,
	  .offset = AT(redis),
	  .initial = "embedded",
	  .help = "Where what was learned is kept: embedded (a redis-server of "
		  "our own), redis://[USER@]HOST[:PORT][/DATABASE], or "
		  "unix:/PATH[?db=DATABASE]. The password stands in "
		  "redis.password-file." },
	{ .name = "log.level",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(log.options.level),
	  .initial = "info",
	  .choices = "error|warning|info|debug",
	  .help = "What is written; info has one line per mail." },
	{ .name = "log.to",
	  .type = SP_OPTION_SINK,
	  .offset = AT(log.options),
	  .initial = "stderr",
	  .help = "Where lines go: stderr, syslog or file:/PATH." },
	{ .name = "log.format",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(log.options.format),
	  .initial = "key-value",
	  .choices = "key-value|json",
	  .help = "How a line looks: key=value pairs, or one JSON object." },
	{ .name = "redis.user",
	  .type = SP_OPTION_WORD,
	  .offset = AT(redis.user),
	  .help = "The ACL user to log in as. Empty: the default user." },
	{ .name = "redis.password-file",
	  .type = SP_OPTION_PATH,
	  .offset = AT(redis.password_file),
	  .help = "A file whose first line is the password; nobody but its "
		  "owner and group may read it (mode 0640 or 0600). Empty: no "
		  "password." },
	{ .name = "redis.connections",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(redis.connections),
	  .least = "1",
	  .most = "256",
	  .initial = "8",
	  .unit = "connections",
	  .help = "The most connections to Redis at a time." },
	{ .name = "redis.connect-timeout",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(redis.connect_timeout_ms),
	  .least = "1ms",
	  .most = "10s",
	  .initial = "250ms",
	  .help = "How long a new connection may take." },
	{ .name = "redis.command-timeout",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(redis.command_timeout_ms),
	  .least = "1ms",
	  .most = "10s",
	  .initial = "250ms",
	  .help = "How long one answer may take; the mail goes on without "
		  "it." },
	{ .name = "redis.breaker-failures",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(redis.breaker_failures),
	  .least = "1",
	  .most = "1000",
	  .initial = "5",
	  .unit = "failures",
	  .help = "After so many failures in a row Redis is not asked for "
		  "redis.breaker-pause." },
	{ .name = "redis.breaker-pause",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(redis.breaker_pause_ms),
	  .least = "10ms",
	  .most = "1h",
	  .initial = "10s",
	  .help = "How long Redis is left alone then." },
	{ .name = "redis.server-program",
	  .type = SP_OPTION_PROGRAM,
	  .offset = AT(redis.server_program),
	  .initial = "redis-server",
	  .help = "store: embedded only: the program, as a path or looked for "
		  "in PATH." },
	{ .name = "redis.max-memory",
	  .type = SP_OPTION_SIZE,
	  .offset = AT(redis.max_memory_bytes),
	  .least = "16MB",
	  .most = "1TB",
	  .initial = "256MB",
	  .help = "store: embedded only: how much memory it may use." },
	{ .name = "dns.server",
	  .type = SP_OPTION_SERVERS,
	  .offset = AT(dns.servers),
	  .help = "The resolvers to ask, at most 8: ADDRESS or ADDRESS@PORT. "
		  "Empty: the system's." },
	{ .name = "dns.recursive",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(dns.is_recursive),
	  .initial = "false",
	  .help = "Ask no resolver, but the servers of each domain from the "
		  "root on, and check signatures (DNSSEC)." },
	{ .name = "dns.max-in-flight",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(dns.max_in_flight),
	  .least = "16",
	  .most = "32768",
	  .initial = "8192",
	  .unit = "lookups",
	  .help = "How many lookups may be under way at a time; what is over "
		  "that is not asked and counts as not known." },
	{ .name = "dns.cache-size",
	  .type = SP_OPTION_SIZE,
	  .offset = AT(dns.cache_size_bytes),
	  .least = "1MB",
	  .most = "16GB",
	  .initial = "16MB",
	  .help = "How much memory answers are kept in." },
	{ .name = "dns.timeout",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(dns.timeout_ms),
	  .least = "100ms",
	  .most = "30s",
	  .initial = "5s",
	  .help = "How long one answer is waited for; a mail may give up "
		  "sooner (budget.mail)." },
	{ .name = "dns.system-file",
	  .type = SP_OPTION_PATH,
	  .offset = AT(dns.system_file),
	  .initial = "/etc/resolv.conf",
	  .help = "Where the system names its resolvers." },
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
		  "itself: a stranger who says one of them is lying." },
	{ .name = "helo.own-addresses",
	  .type = SP_OPTION_NETWORKS,
	  .offset = AT(helo.own_addresses),
	  .help = "Addresses that are ours, beside the one connected to." },
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
	{ .name = "greylist.enabled",
	  .type = SP_OPTION_BOOL,
	  .offset = AT(greylist.is_enabled),
	  .initial = "true",
	  .help = "Whether first-time senders are asked to come back." },
	{ .name = "greylist.mode",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(greylist.mode),
	  .initial = "inherit",
	  .choices = "inherit|observe|enforce",
	  .help = "mode for greylisting; inherit: as mode says." },
	{ .name = "greylist.delay",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(greylist.delay_ms),
	  .least = "0s",
	  .most = "1d",
	  .initial = "90s",
	  .help = "A retry before that is too early." },
	{ .name = "greylist.retry-window",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(greylist.retry_window_ms),
	  .least = "1s",
	  .most = "30d",
	  .initial = "2d",
	  .help = "A first try without a retry is forgotten after that." },
	{ .name = "greylist.remember",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(greylist.remember_ms),
	  .least = "2s",
	  .most = "400d",
	  .initial = "36d",
	  .help = "Who has passed is remembered so long after the last "
		  "mail." },
	{ .name = "greylist.known-after",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(greylist.known_after),
	  .least = "0",
	  .most = "1000000",
	  .initial = "5",
	  .unit = "mails",
	  .help = "A sending network that has passed so often waits no more; "
		  "0: never." },
	{ .name = "greylist.ipv4-prefix",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(greylist.ipv4_prefix),
	  .least = "8",
	  .most = "32",
	  .initial = "24",
	  .unit = "bits",
	  .help = "IPv4 clients that have so many bits in common are taken for "
		  "one sender." },
	{ .name = "greylist.ipv6-prefix",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(greylist.ipv6_prefix),
	  .least = "16",
	  .most = "128",
	  .initial = "64",
	  .unit = "bits",
	  .help = "The same for IPv6." },
	{ .name = "harvest.session",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(harvest.session),
	  .least = "0",
	  .most = "1000000",
	  .initial = "3",
	  .unit = "users",
	  .help = "A client that names so many unknown users in one session is "
		  "found to be harvesting addresses; 0: never." },
	{ .name = "harvest.network",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(harvest.network),
	  .least = "0",
	  .most = "1000000",
	  .initial = "10",
	  .unit = "users",
	  .help = "The same for all sessions of its network (as wide as "
		  "greylist.ipv4-prefix says) within harvest.window." },
	{ .name = "harvest.window",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(harvest.window_ms),
	  .least = "1m",
	  .most = "7d",
	  .initial = "1h",
	  .help = "How long unknown users and attempts to relay count for a "
		  "network." },
	{ .name = "relay.mode",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(relay.mode),
	  .initial = "inherit",
	  .choices = "inherit|observe|enforce",
	  .help = "mode for relay.local-domains; inherit: as mode says." },
	{ .name = "relay.local-domains",
	  .type = SP_OPTION_NAMES,
	  .offset = AT(relay.local_domains),
	  .help = "All domains that the mail server takes mail for from "
		  "strangers, with all names below them, also those that it "
		  "hands on. A stranger's recipient in any other domain is "
		  "refused, even if the mail server would take it. Whoever "
		  "may send through it has to authenticate or be in "
		  "access.trusted-networks. Empty: no such guard." },
	{ .name = "relay.session",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(relay.session),
	  .least = "0",
	  .most = "1000000",
	  .initial = "1",
	  .unit = "attempts",
	  .help = "A client that tries so often in one session to send through "
		  "us to others is found to be probing for an open relay; 0: "
		  "never." },
	{ .name = "relay.network",
	  .type = SP_OPTION_NUMBER,
	  .offset = AT(relay.network),
	  .least = "0",
	  .most = "1000000",
	  .initial = "2",
	  .unit = "attempts",
	  .help = "The same for all sessions of its network within "
		  "harvest.window." },
	{ .name = "score.mode",
	  .type = SP_OPTION_CHOICE,
	  .offset = AT(score.mode),
	  .initial = "inherit",
	  .choices = "inherit|observe|enforce",
	  .help = "mode for refusing by score; inherit: as mode says." },
	{ .name = "score.refuse",
	  .type = SP_OPTION_REAL,
	  .offset = AT(score.refuse),
	  .least = "0.1",
	  .most = "1000",
	  .initial = "10",
	  .unit = "points",
	  .help = "Mail with so many points or more is refused." },
	{ .name = "budget.mail",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(budget.mail_ms),
	  .least = "10ms",
	  .most = "30s",
	  .initial = "5s",
	  .help = "The most that one mail waits for all of our questions "
		  "together." },
	{ .name = "budget.dns",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(budget.dns_ms),
	  .least = "10ms",
	  .most = "30s",
	  .initial = "3s",
	  .help = "The most of it that is waited for DNS." },
	{ .name = "budget.callback",
	  .type = SP_OPTION_DURATION,
	  .offset = AT(budget.callback_ms),
	  .least = "10ms",
	  .most = "9s",
	  .initial = "4s",
	  .help = "The most of it in one step of the SMTP session. Sendmail "
		  "gives up on a milter after 10s, Postfix after 30s." },
};

enum {
	ROWS = sizeof(rows) / sizeof(*rows)
};

_Static_assert(ROWS + SP_FINDING_COUNT <= SP_OPTIONS_MAX, "raise the cap");

static const struct sp_option_words words[SP_OPTION_TYPES] = {
	[SP_OPTION_BOOL] = { "true|false", "true or false" },
	[SP_OPTION_NUMBER] = { "number", "a whole number" },
	[SP_OPTION_REAL] = { "decimal", "a number such as 2 or 0.5" },
	[SP_OPTION_DURATION] = { "duration",
				 "a duration such as 250ms, 90s, 5m, 2h or "
				 "36d" },
	[SP_OPTION_SIZE] = { "size", "a size such as 64KB, 256MB or 1GB" },
	[SP_OPTION_OCTAL] = { "file mode", "a file mode such as 0660" },
	[SP_OPTION_CHOICE] = { NULL, "one of" },
	[SP_OPTION_WORD] = { "name",
			     "a name of letters, digits, '.', '_' and '-'" },
	[SP_OPTION_PATH] = { "path", "an absolute path" },
	[SP_OPTION_PROGRAM] = { "program",
				"an absolute path, or a program's name" },
	[SP_OPTION_HOSTNAME] = { "host name",
				 "a host name such as mx.example.org" },
	[SP_OPTION_LISTEN] = { "socket", "unix:/PATH, inet:PORT@ADDRESS or "
					 "inet6:PORT@ADDRESS" },
	[SP_OPTION_STORE] = { "store",
			      "embedded, redis://[USER@]HOST[:PORT]"
			      "[/DATABASE] or unix:/PATH[?db=DATABASE]" },
	[SP_OPTION_SINK] = { "stderr|syslog|file:/PATH",
			     "stderr, syslog or file:/PATH" },
	[SP_OPTION_NETWORKS] = { "network list",
				 "a network such as 192.0.2.0/24, "
				 "2001:db8::/32 or 192.0.2.7" },
	[SP_OPTION_NAMES] = { "name list", "a name such as example.org" },
	[SP_OPTION_ADDRESSES] = { "address list",
				  "user@example.org, user@, example.org or "
				  "<>" },
	[SP_OPTION_RULES] = { "rule list",
			      "defaults, or a rule such as \"NAME: "
			      "ZONE=127.0.0.2*1.5\"" },
	[SP_OPTION_SERVERS] = { "server list",
				"a server such as 192.0.2.1, 192.0.2.1@5353 or "
				"2001:db8::1@53" },
};

const struct sp_option_words *sp_option_words(enum sp_option_type type)
{
	return &words[type];
}

size_t sp_option_count(void)
{
	return ROWS + SP_FINDING_COUNT;
}

/* Findings have a table of their own, so a new one needs no row here. */
static void make_weight(enum sp_finding_id id, struct sp_option *option_out)
{
	const struct sp_finding_kind *kind = sp_finding_kind(id);
	struct sp_text text;

	*option_out = (struct sp_option){
		.type = SP_OPTION_REAL,
		.offset = AT(score.weights) + id * sizeof(double),
		.least = "-100",
		.most = "100",
		.unit = "points",
		.help = kind->meaning,
	};
	sp_text_init(&text, option_out->name, sizeof(option_out->name));
	sp_text_addf(&text, "weights.%s", kind->name);
	assert(!text.is_cut);
	sp_text_init(&text, option_out->initial, sizeof(option_out->initial));
	sp_value_write_real(&text, kind->weight);
}

void sp_option_get(size_t index, struct sp_option *option_out)
{
	assert(index < sp_option_count());
	if (index < ROWS)
		*option_out = rows[index];
	else
		make_weight((enum sp_finding_id)(index - ROWS), option_out);
}

size_t sp_option_find(const char *name)
{
	if (strncmp(name, "weights.", 8) == 0)
		return ROWS + (size_t)sp_finding_by_name(name + 8);
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return i;
	return sp_option_count();
}

size_t sp_option_find_section(const char *name)
{
	size_t length = strlen(name);

	if (strcmp(name, "weights") == 0)
		return ROWS;
	for (size_t i = 0; i < ROWS; i++)
		if (strncmp(rows[i].name, name, length) == 0 &&
		    rows[i].name[length] == '.')
			return i;
	return sp_option_count();
}
