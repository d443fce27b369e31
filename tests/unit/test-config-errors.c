/* The configuration: text of a file -> exact errors. */
#include "../support/config_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	ERRORS_MAX = 8
};

struct error_row {
	const char *sentence;
	const char *text;
	const char *expected[ERRORS_MAX];
};

#define DURATION_WORDS "a duration such as 250ms, 90s, 5m, 2h or 36d"
#define STORE_WORDS                                                            \
	"embedded, redis://[USER@]HOST[:PORT][/DATABASE] or "                  \
	"unix:/PATH[?db=DATABASE]"
#define NETWORK_WORDS                                                          \
	"a network such as 192.0.2.0/24, 2001:db8::/32 or "                    \
	"192.0.2.7"
#define LISTEN_WORDS "unix:/PATH, inet:PORT@ADDRESS or inet6:PORT@ADDRESS"
#define WEB_WORDS                                                              \
	"PORT (on the loopback), inet:PORT@ADDRESS or inet6:PORT@ADDRESS"
#define SIXTEEN	  "0123456789abcdef"
#define LONG_PATH "/" SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN

static const struct error_row error_rows[] = {
	{ "an unknown key, with the nearest one",
	  "greylits: {}\n",
	  { "1:1: unknown key \"greylits\": did you mean \"greylist\"?" } },
	{ "an unknown key in a section",
	  "greylist:\n  dealy: 9s\n",
	  { "2:3: unknown key \"greylist.dealy\": did you mean "
	    "\"greylist.delay\"?" } },
	{ "a key in the wrong place",
	  "delay: 9s\n",
	  { "1:1: unknown key \"delay\": did you mean \"greeting.delay\"?" } },
	{ "a key with its dot",
	  "greylist.delay: 9s\n",
	  { "1:1: unknown key \"greylist.delay\": expected \"delay\" below "
	    "\"greylist:\"" } },
	{ "a key of the top in a section",
	  "greylist: {state-dir: /x}\n",
	  { "1:12: unknown key \"greylist.state-dir\": expected \"state-dir\" "
	    "in no section" } },
	{ "a key with its dot in a section",
	  "helo: {greylist.delay: 9s}\n",
	  { "1:8: unknown key \"helo.greylist.delay\": expected \"delay\" "
	    "below \"greylist:\"" } },
	{ "a key that is near to none",
	  "colour-of-the-sky: blue\n",
	  { "1:1: unknown key \"colour-of-the-sky\": expected one that "
	    "sallyport.yaml(5) lists" } },
	{ "a key in another case",
	  "Mode: enforce\n",
	  { "1:1: unknown key \"Mode\": did you mean \"mode\"?" } },
	{ "a password has no key of its own, and is not shown",
	  "redis: {password: geheim}\n",
	  { "1:9: unknown key \"redis.password\": did you mean "
	    "\"redis.password-file\"?" } },
	{ "an unknown finding",
	  "weights: {HELO_FORGET: 1}\n",
	  { "1:11: unknown key \"weights.HELO_FORGET\": did you mean "
	    "\"weights.HELO_FORGED\"?" } },
	{ "a key with a colour in it does not colour the terminal",
	  "\"\\e[31m\": 1\n",
	  { "1:1: a line break or control character: expected a word on one "
	    "line",
	    "1:1: unknown key \"\": expected one that sallyport.yaml(5) "
	    "lists" } },

	{ "a duration without a unit",
	  "drain: 90\n",
	  { "1:8: drain: expected " DURATION_WORDS ", found \"90\"" } },
	{ "a duration with nothing",
	  "drain:\n",
	  { "1:7: drain: expected " DURATION_WORDS ", found nothing" } },
	{ "a list where a value belongs",
	  "drain: [1s]\n",
	  { "1:8: drain: expected " DURATION_WORDS ", found a list" } },
	{ "keys where a value belongs",
	  "drain:\n  a: 1\n",
	  { "2:3: drain: expected " DURATION_WORDS ", found keys below it" } },
	{ "a value where keys belong",
	  "helo: yes\n",
	  { "1:7: helo: expected keys below it, found a value" } },
	{ "a list where keys belong",
	  "helo: [yes]\n",
	  { "1:7: helo: expected keys below it, found a list" } },
	{ "a word that is no choice",
	  "mode: enfroce\n",
	  { "1:7: mode: expected one of observe, enforce, found "
	    "\"enfroce\"" } },
	{ "the mode of all has nothing to inherit",
	  "mode: inherit\n",
	  { "1:7: mode: expected one of observe, enforce, found "
	    "\"inherit\"" } },
	{ "a duration above its bound",
	  "drain: 11m\n",
	  { "1:8: drain: \"11m\" is out of range: expected 0s to 10m" } },
	{ "a number below its bound",
	  "redis: {connections: 0}\n",
	  { "1:22: redis.connections: \"0\" is out of range: expected 1 to "
	    "256" } },
	{ "a number too large for any option",
	  "redis: {connections: 99999999999999999999999}\n",
	  { "1:22: redis.connections: \"99999999999999999999999\" is out of "
	    "range: expected 1 to 256" } },
	{ "a size above its bound",
	  "redis: {max-memory: 2TB}\n",
	  { "1:21: redis.max-memory: \"2TB\" is out of range: expected 16MB to "
	    "1TB" } },
	{ "a file mode with more than permissions",
	  "listen-mode: 4755\n",
	  { "1:14: listen-mode: \"4755\" is out of range: expected 0000 to "
	    "0777" } },
	{ "a weight out of range",
	  "weights: {HELO_FORGED: 101}\n",
	  { "1:24: weights.HELO_FORGED: \"101\" is out of range: expected -100 "
	    "to 100" } },
	{ "a path that is not absolute",
	  "state-dir: here\n",
	  { "1:12: state-dir: expected an absolute path, found \"here\"" } },
	{ "a command as for a shell",
	  "notify: {program: /usr/local/bin/tell --loud}\n",
	  { "1:19: notify.program: expected a list that begins with an "
	    "absolute path, such as [/usr/local/bin/tell, --loud], found "
	    "\"/usr/local/bin/tell --loud\"" } },
	{ "a command that would be looked for",
	  "notify: {program: [tell, /etc/passwd]}\n",
	  { "1:19: notify.program: expected a list that begins with an "
	    "absolute path, such as [/usr/local/bin/tell, --loud], found "
	    "\"tell\"" } },
	{ "a command with more words than anybody needs",
	  "notify: {program: [/a,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
	  "1,1,1,1,1,1,1,1,1,1]}\n",
	  { "1:19: notify.program: expected at most 32 words" } },
	{ "a mail address that sendmail would take for an option",
	  "notify: {mail: -bd}\n",
	  { "1:16: notify.mail: expected an address such as "
	    "postmaster@example.org, or a user of this machine, found "
	    "\"-bd\"" } },
	{ "a mail address that would be two",
	  "notify: {mail: 'a@example.org,b@example.org'}\n",
	  { "1:16: notify.mail: expected an address such as "
	    "postmaster@example.org, or a user of this machine, found "
	    "\"a@example.org,b@example.org\"" } },
	{ "a mail address without its user",
	  "notify: {mail: '@example.org'}\n",
	  { "1:16: notify.mail: expected an address such as "
	    "postmaster@example.org, or a user of this machine, found "
	    "\"@example.org\"" } },
	{ "a path that must not be empty",
	  "state-dir: ''\n",
	  { "1:12: state-dir: expected an absolute path, found \"\"" } },
	{ "a user with a blank",
	  "user: sally port\n",
	  { "1:7: user: expected a name of letters, digits, '.', '_' and '-', "
	    "found \"sally port\"" } },
	{ "a host name that is none",
	  "hostname: a..b\n",
	  { "1:11: hostname: expected a host name such as mx.example.org, "
	    "found \"a..b\"" } },
	{ "a long value is shortened, and 8-bit bytes are escaped",
	  "mode: \xc3\xb6" SIXTEEN SIXTEEN SIXTEEN SIXTEEN "\n",
	  { "1:7: mode: expected one of observe, enforce, found "
	    "\"\\xc3\\xb6" SIXTEEN SIXTEEN SIXTEEN "0123456...\"" } },

	{ "an option twice",
	  "mode: observe\ndrain: 1s\nmode: enforce\n",
	  { "3:1: mode is written twice: expected it once, and it stands in "
	    "line 1 already" } },
	{ "a section twice",
	  "helo: {}\nhelo: {}\n",
	  { "2:1: helo is written twice: expected it once, and it stands in "
	    "line 1 already" } },
	{ "an option twice in a section",
	  "helo:\n  enabled: yes\n  enabled: no\n",
	  { "3:3: helo.enabled is written twice: expected it once, and it "
	    "stands in line 2 already" } },

	{ "an anchor and its alias",
	  "drain: &d 5s\ngreylist: {delay: *d}\n",
	  { "1:8: an anchor (&): expected the value itself; anchors and "
	    "aliases are not supported",
	    "2:19: an alias (*): expected the value itself; anchors and "
	    "aliases are not supported" } },
	{ "a tag",
	  "drain: !!str 5s\n",
	  { "1:8: a tag (!): expected the value itself; tags are not "
	    "supported" } },
	{ "a merge key",
	  "<<: {mode: enforce}\n",
	  { "1:1: unknown key \"<<\": expected one that sallyport.yaml(5) "
	    "lists" } },
	{ "a second document",
	  "mode: observe\n---\nmode: enforce\n",
	  { "2:1: a second document begins (---): expected one only" } },
	{ "a list at the top",
	  "- mode\n",
	  { "1:1: expected keys such as \"mode: observe\", found a list" } },
	{ "a word at the top",
	  "enforce\n",
	  { "1:1: expected keys such as \"mode: observe\", found a value" } },
	{ "a list as a key",
	  "? [a]\n: b\n",
	  { "1:3: expected a key such as \"mode\", found something else" } },
	{ "a nest of lists",
	  "mode: [[[[[[[[[[[[[[[[\n",
	  { "1:7: mode: expected one of observe, enforce, found a list",
	    "1:14: nested more than 8 levels deep: expected options, at most "
	    "one section deep" } },
	{ "a tab",
	  "helo:\n\tenabled: yes\n",
	  { "2:1: a tab: expected spaces (YAML indents with spaces only)" } },
	{ "a colon in brackets",
	  "access: {trusted-networks: [::1]}\n",
	  { "1:29: a colon where a value begins: expected quotes around it "
	    "(\"::1\")" } },
	{ "a bracket that is not closed",
	  "access: {deny-helo: [a\n",
	  { "2:1: this is not YAML: while parsing a flow sequence, did not "
	    "find expected ',' or ']'" } },
	{ "a byte that is no UTF-8",
	  "mode: observe\nuser: \xff\n",
	  { "2:7: a byte that is no UTF-8: expected the file in UTF-8" } },
	{ "a control character",
	  "mode: observe\nuser: \x01\n",
	  { "2:7: a control character (U+0001): expected text" } },
	{ "a zero byte's relatives: half a character, too long a one",
	  "user: \xc3\ndrain: \xc0\xaf\n",
	  { "1:7: a byte that is no UTF-8: expected the file in UTF-8",
	    "2:8: a byte that is no UTF-8: expected the file in UTF-8",
	    "2:8: drain: expected " DURATION_WORDS ", found \"__\"",
	    "2:9: a byte that is no UTF-8: expected the file in UTF-8" } },
	{ "what stands before and behind a bad byte is judged in the same go",
	  "mode: no\nuser: \xff\ndrain: 9\n",
	  { "1:7: mode: expected one of observe, enforce, found \"no\"",
	    "2:7: a byte that is no UTF-8: expected the file in UTF-8",
	    "3:8: drain: expected " DURATION_WORDS ", found \"9\"" } },
	{ "a value on two lines",
	  "user: \"a\\nb\"\n",
	  { "1:7: a line break or control character: expected a word on one "
	    "line" } },

	{ "a listen of no known form",
	  "listen: /run/x.sock\n",
	  { "1:9: listen: expected " LISTEN_WORDS ", found \"/run/x.sock\"" } },
	{ "a listen without an address",
	  "listen: inet:8891\n",
	  { "1:9: listen: the address is missing (inet:8891@127.0.0.1): "
	    "expected " LISTEN_WORDS } },
	{ "a listen on no port",
	  "listen: inet:0@127.0.0.1\n",
	  { "1:9: listen: the port is not a number from 1 to 65535: "
	    "expected " LISTEN_WORDS } },
	{ "a listen of the other family",
	  "listen: inet:8891@::1\n",
	  { "1:9: listen: inet: goes with an IPv4 address, inet6: with an IPv6 "
	    "address: expected " LISTEN_WORDS } },
	{ "a listen whose path no socket can have",
	  "listen: unix:" LONG_PATH "\n",
	  { "1:9: listen: the path is longer than the 107 bytes that a Unix "
	    "socket may have: expected " LISTEN_WORDS } },
	{ "a control whose path no socket can have",
	  "control: " LONG_PATH "\n",
	  { "1:10: control: the socket's path has 113 bytes: expected at most "
	    "107" } },
	{ "a state-dir too deep for the embedded server's socket",
	  "state-dir: " LONG_PATH "\n",
	  { "1:12: state-dir: the socket's path has 124 bytes: expected at "
	    "most 107" } },
	{ "a state-dir as deep without an embedded server",
	  "state-dir: " LONG_PATH "\nstore: redis://h\nmode: x\n",
	  { "3:7: mode: expected one of observe, enforce, found \"x\"" } },
	{ "listen and control on one path",
	  "listen: unix:/tmp/x\ncontrol: /tmp/x\n",
	  { "2:10: control and listen are the same socket: expected two "
	    "paths" } },
	{ "a page on no port",
	  "web: {listen: 0}\n",
	  { "1:15: web.listen: the port is not a number from 1 to 65535: "
	    "expected " WEB_WORDS } },
	{ "a page on a name, of which nobody knows whether it is near",
	  "web: {listen: inet:8025@localhost}\n",
	  { "1:15: web.listen: what follows the @ is not an address: "
	    "expected " WEB_WORDS } },
	{ "a page without its protocol",
	  "web: {listen: 8025@127.0.0.1}\n",
	  { "1:15: web.listen: expected " WEB_WORDS
	    ", found \"8025@127.0.0.1\"" } },
	{ "a page for everybody",
	  "web: {listen: inet:8025@0.0.0.0}\n",
	  { "1:15: web.listen: others could see and change everything there: "
	    "expected web.password-file or web.token-file, or an address of "
	    "the loopback" } },
	{ "a page for everybody with a password that is none",
	  "web: {listen: 'inet6:8025@::', password-file: ''}\n",
	  { "1:15: web.listen: others could see and change everything there: "
	    "expected web.password-file or web.token-file, or an address of "
	    "the loopback" } },
	{ "pages on the loopback",
	  "web: {listen: 'inet6:8025@::1'}\nmode: x\n",
	  { "2:7: mode: expected one of observe, enforce, found \"x\"" } },

	{ "a store with a password in it, which is not shown",
	  "store: redis://me:gehe:im@h\n",
	  { "1:8: store: a password does not belong into this file: write it "
	    "into a file of its own and name that in redis.password-file: "
	    "expected " STORE_WORDS } },
	{ "a password without a user",
	  "store: redis://:gehe@im@h\n",
	  { "1:8: store: a password does not belong into this file: write it "
	    "into a file of its own and name that in redis.password-file: "
	    "expected " STORE_WORDS } },
	{ "a store of another kind, with a password that is not shown",
	  "store: mysql://me:geheim@h\n",
	  { "1:8: store: expected " STORE_WORDS } },
	{ "a store with TLS",
	  "store: rediss://h\n",
	  { "1:8: store: TLS to Redis is not supported: "
	    "expected " STORE_WORDS } },
	{ "a store without a host",
	  "store: redis://\n",
	  { "1:8: store: the host is neither a name nor an address: "
	    "expected " STORE_WORDS } },
	{ "a store on a port out of range",
	  "store: redis://h:65536\n",
	  { "1:8: store: the port is not a number from 1 to 65535: "
	    "expected " STORE_WORDS } },
	{ "a store with a database that is no number",
	  "store: redis://h/mail\n",
	  { "1:8: store: what follows the / is not a database's number: "
	    "expected " STORE_WORDS } },
	{ "a store on a relative path",
	  "store: unix:redis.sock\n",
	  { "1:8: store: the path is not absolute: expected " STORE_WORDS } },
	{ "two users for one store",
	  "store: redis://me@h\nredis: {user: you}\n",
	  { "2:15: redis.user is not the user in store: expected it in one of "
	    "them" } },

	{ "a delay as long as the retry window",
	  "greylist: {delay: 1h, retry-window: 1h}\n",
	  { "1:19: greylist.delay (1h): expected less than "
	    "greylist.retry-window (1h)" } },
	{ "a retry window below the default delay is blamed itself",
	  "greylist: {retry-window: 5s}\n",
	  { "1:26: greylist.delay (90s): expected less than "
	    "greylist.retry-window (5s)" } },
	{ "a retry window longer than what is remembered",
	  "greylist: {remember: 1d}\n",
	  { "1:22: greylist.retry-window (2d): expected less than "
	    "greylist.remember (1d)" } },
	{ "a wrong delay is not compared",
	  "greylist: {delay: x, retry-window: 1s}\n",
	  { "1:19: greylist.delay: expected " DURATION_WORDS
	    ", found \"x\"" } },
	{ "recursion asks no server",
	  "dns: {recursive: true, server: 192.0.2.1}\n",
	  { "1:18: dns.recursive asks no server of dns.server: expected one of "
	    "them" } },
	{ "a callback with more time than its mail",
	  "budget: {callback: 6s}\n",
	  { "1:20: budget.callback (6s): expected no more than budget.mail "
	    "(5s)" } },

	{ "a word that is no network",
	  "access: {deny-clients: [hello]}\n",
	  { "1:25: access.deny-clients: expected " NETWORK_WORDS
	    ", found \"hello\"" } },
	{ "a network with bits behind its prefix",
	  "access: {deny-clients: [192.0.2.7/24]}\n",
	  { "1:25: access.deny-clients: the prefix of \"192.0.2.7/24\" is too "
	    "long, or bits behind it are set: expected a network such as "
	    "192.0.2.0/24" } },
	{ "a word that is no name",
	  "access: {deny-helo: ['*.example']}\n",
	  { "1:22: access.deny-helo: expected a name such as example.org, "
	    "found \"*.example\"" } },
	{ "a word that is no address",
	  "access: {deny-senders: ['@']}\n",
	  { "1:25: access.deny-senders: expected user@example.org, user@, "
	    "example.org or <>, found \"@\"" } },
	{ "keys where a list belongs",
	  "access: {deny-helo: {a: b}}\n",
	  { "1:21: access.deny-helo: expected a name such as example.org, or "
	    "file:PATH" } },
	{ "a list in a list",
	  "access: {deny-helo: [[a.example]]}\n",
	  { "1:22: access.deny-helo: expected a name such as example.org, or "
	    "file:PATH" } },
	{ "every bad line of a list file, by its own name",
	  "access:\n  deny-clients: [file:bad.list]\nmode: x\n",
	  { "bad.list:2:1: access.deny-clients: expected " NETWORK_WORDS
	    ", found \"nonsense\"",
	    "bad.list:4:3: access.deny-clients: expected " NETWORK_WORDS
	    ", found \"10.0.0.1 10.0.0.2\"",
	    "bad.list:5:1: access.deny-clients: a zero byte: expected text",
	    "3:7: mode: expected one of observe, enforce, found \"x\"" } },
	{ "a list file that is not there",
	  "access: {deny-clients: [file:none.list]}\n",
	  { "1:25: access.deny-clients: the file \"none.list\" cannot be read: "
	    "No such file or directory" } },
	{ "a list file that is a folder",
	  "access: {deny-clients: [file:dir]}\n",
	  { "1:25: access.deny-clients: the file \"dir\" is a folder: expected "
	    "a file" } },
	{ "a list file that is a FIFO",
	  "access: {deny-clients: [file:fifo]}\n",
	  { "1:25: access.deny-clients: the file \"fifo\" is not a regular "
	    "file" } },
	{ "a list file that is too large",
	  "access: {deny-clients: [file:large.list]}\n",
	  { "1:25: access.deny-clients: the file \"large.list\" is larger than "
	    "64 MB" } },
	{ "an entry that is allowed and denied",
	  "access:\n  allow-clients: [10.0.0.9, 192.0.2.7]\n"
	  "  deny-clients:\n  - file:good.list\n",
	  { "good.list:4:1: access.deny-clients: \"192.0.2.7\" stands in "
	    "access.allow-clients too (c:2): expected it in one of "
	    "them" } },

	{ "a limit of something that is not counted",
	  "outbound:\n  limits:\n  - mails: 200/1h hold\n",
	  { "3:1: outbound.limits: expected messages, recipients, refused, "
	    "foreign-from, bounces, distinct-recipients, networks, countries "
	    "or asns, found \"mails\"" } },
	{ "a limit that leads nowhere",
	  "outbound: {limits: [\"messages: 200/1h\"]}\n",
	  { "1:1: outbound.limits: expected a limit such as \"200/1h hold\", "
	    "found \"200/1h\"" } },
	{ "limits as keys",
	  "outbound:\n  limits:\n    messages: 200/1h hold\n"
	  "    bounces: 5/1h hold\n",
	  { "3:5: outbound.limits: expected a limit such as \"messages: 200/1h "
	    "hold\", or file:PATH" } },
	{ "limits that contradict each other",
	  "outbound:\n  limits:\n  - messages: 200/1h hold\n"
	  "  - messages: 100/1d hold\n",
	  { "3:1: outbound.limits: \"messages: 200/1h hold\" can never be "
	    "reached: \"messages: 100/1d hold\" (c:4) leads as far, and is "
	    "reached before it" } },
	{ "every bad line of a file of classes",
	  "outbound: {classes: [file:bad.classes]}\n",
	  { "bad.classes:3:1: outbound.classes: expected login, domain, uid, "
	    "network, or what is counted (messages, recipients, refused, "
	    "foreign-from, bounces, distinct-recipients, networks, countries, "
	    "asns), found \"mails\"",
	    "bad.classes:4:1: outbound.classes: expected watch, hold or "
	    "locked, found \"stop\"" } },
	{ "classes that contradict each other, and themselves",
	  "outbound: {login-domain: example.org, classes: "
	  "[file:odd.classes]}\n",
	  { "odd.classes:4:1: outbound.classes: \"sasl:x@example.org\" is in "
	    "class news already (odd.classes:1): expected one class",
	    "odd.classes:3:1: outbound.classes: \"messages: 50/1h hold\" can "
	    "never be reached: \"messages: 50/1d hold\" (odd.classes:2) leads "
	    "as far, and is reached before it" } },
};

/* How many texts differ; said one by one. */
static int compare_errors(const struct error_row *row)
{
	int failures = 0;
	size_t expected = 0;

	while (expected < ERRORS_MAX && row->expected[expected] != NULL)
		expected++;
	for (size_t i = 0; i < expected || i < errors.count; i++) {
		const char *wanted = i < expected ? row->expected[i] : "(none)";
		const char *found =
			i < errors.count ? plain_error(i) : "(none)";

		if (strcmp(wanted, found) == 0)
			continue;
		print_error("%s:\n  expected %s\n  found    %s\n",
			    row->sentence, wanted, found);
		failures++;
	}
	return failures;
}

static void test_errors(void **state)
{
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(error_rows) / sizeof(*error_rows); i++) {
		const struct sp_config *config;
		enum sp_err err = load_text(error_rows[i].text, &config);

		failures += compare_errors(&error_rows[i]);
		if (err != SP_ERR_CONFIG || config != NULL) {
			print_error("%s: was loaded\n", error_rows[i].sentence);
			failures++;
			sp_config_unref(&config);
		}
	}
	assert_int_equal(failures, 0);
}

/* A billion of laughs, were it expanded. */
static void test_an_alias_bomb_is_refused_at_once(void **state)
{
	char *text = malloc(1 << 20);
	const struct sp_config *config;
	size_t length = 0;

	(void)state;
	assert_non_null(text);
	length += (size_t)sprintf(text, "a0: &a0 [x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 30; i++)
		length += (size_t)sprintf(
			text + length,
			"a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i,
			i - 1, i - 1, i - 1, i - 1, i - 1);
	assert_int_equal(load_text(text, &config), SP_ERR_CONFIG);
	assert_true(errors.count > 29 * 6);
	free(text);
}

/* Thousands of errors: counted all, the first 64 kept, in their order. */
static void test_many_errors_are_counted(void **state)
{
	char *text = malloc(1 << 20);
	const struct sp_config *config;
	size_t length = 0;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 50000; i++)
		length += (size_t)sprintf(text + length, "k%05d: {}\n", i);
	assert_int_equal(load_text(text, &config), SP_ERR_CONFIG);
	assert_int_equal(errors.count, 50000);
	assert_non_null(
		strstr(plain_error(63), "64:1: unknown key \"k00063\""));
	free(text);
}

static void test_a_wrong_list_file_does_not_fill_the_screen(void **state)
{
	const struct sp_config *config;

	(void)state;
	assert_int_equal(
		load_text("access: {deny-helo: [file:picture]}\n", &config),
		SP_ERR_CONFIG);
	assert_int_equal(errors.count, 17);
	assert_string_equal(plain_error(16),
			    "picture:17:1: too many errors: the rest of this "
			    "file was not read");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_an_alias_bomb_is_refused_at_once),
		cmocka_unit_test(test_many_errors_are_counted),
		cmocka_unit_test(
			test_a_wrong_list_file_does_not_fill_the_screen),
	};

	return cmocka_run_group_tests_name("config-errors", tests, make_folder,
					   remove_folder);
}
