/*
 * The configuration: text of a file -> value, text of a file -> exact errors.
 *
 * All files stand in a folder of this run; in expected errors the folder and
 * the name of the main file are left out: "1:7: mode: ..." is line 1, column 7
 * of it, "bad.list:2:1: ..." of a list file beside it.
 */
#include "sallyport/config.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	ERRORS_MAX = 8,
	PATH_SIZE = 128
};

static char folder[] = "/tmp/sallyport-test-config-XXXXXX";
static struct sp_config_errors errors;

static const char *path_of(const char *name)
{
	static char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_bytes(const char *name, const char *bytes, size_t length,
			mode_t mode)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path_of(name), mode), 0);
}

static void write_text(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text), 0644);
}

static enum sp_err load_text(const char *text, const struct sp_config **config)
{
	write_text("c", text);
	return sp_config_load(path_of("c"), config, &errors);
}

/* Take each `part` out of `text`. */
static void leave_out(char *text, const char *part)
{
	size_t length = strlen(part);
	char *at = strstr(text, part);

	for (; at != NULL; at = strstr(at, part))
		memmove(at, at + length, strlen(at + length) + 1);
}

static const char *plain_error(size_t index)
{
	char *text = errors.texts[index];
	char main_file[PATH_SIZE];

	snprintf(main_file, sizeof(main_file), "%s/c:", folder);
	if (strncmp(text, main_file, strlen(main_file)) == 0)
		memmove(text, text + strlen(main_file),
			strlen(text + strlen(main_file)) + 1);
	snprintf(main_file, sizeof(main_file), "%s/", folder);
	leave_out(text, main_file);
	return text;
}

static const char *value_of(const struct sp_config *config, const char *name)
{
	static struct sp_option_view view;

	for (size_t i = 0; sp_config_option(config, i, &view) == SP_OK; i++)
		if (strcmp(view.name, name) == 0)
			return view.value;
	return "(no such option)";
}

struct value_row {
	const char *sentence;
	const char *text;
	const char *option;
	const char *value;
};

static const struct value_row value_rows[] = {
	{ "an empty file is all defaults", "", "greylist.delay", "90s" },
	{ "a file of comments too", "# nothing\n\n", "mode", "observe" },
	{ "an empty document too", "---\n", "mode", "observe" },
	{ "a byte order mark is no error", "\xef\xbb\xbfmode: enforce\n",
	  "mode", "enforce" },
	{ "lines may end as on Windows", "mode: enforce\r\n", "mode",
	  "enforce" },
	{ "a value in quotes", "mode: 'enforce'\n", "mode", "enforce" },
	{ "a mapping in braces", "{mode: enforce, drain: 5s}\n", "drain",
	  "5s" },
	{ "a section whose keys are all commented out", "greylist:\n# delay:\n",
	  "greylist.delay", "90s" },
	{ "a duration", "greylist: {delay: 5m}\n", "greylist.delay", "5m" },
	{ "a duration at its bound", "greylist: {delay: 1d}\n",
	  "greylist.delay", "1d" },
	{ "a size", "redis: {max-memory: 1gb}\n", "redis.max-memory", "1GB" },
	{ "a file mode", "listen-mode: 0600\n", "listen-mode", "0600" },
	{ "a bool", "greylist: {enabled: off}\n", "greylist.enabled", "false" },
	{ "a weight", "weights: {HELO_FORGED: 5.5}\n", "weights.HELO_FORGED",
	  "5.5" },
	{ "a weight that speaks for a mail", "weights: {HELO_NONE: -1}\n",
	  "weights.HELO_NONE", "-1" },
	{ "a mode is that of the whole unless its own is said",
	  "mode: enforce\nscore: {mode: observe}\n", "greylist.mode",
	  "enforce" },
	{ "a mode of its own", "mode: enforce\nscore: {mode: observe}\n",
	  "score.mode", "observe" },
	{ "an empty string where that is the default", "pid-file: ''\n",
	  "pid-file", "" },
	{ "a host name is folded", "hostname: MX.Example.ORG.\n", "hostname",
	  "mx.example.org" },
	{ "a Unix socket", "listen: unix:/tmp/x.sock\n", "listen",
	  "unix:/tmp/x.sock" },
	{ "an inet socket", "listen: inet:8891@127.0.0.1\n", "listen",
	  "inet:8891@127.0.0.1" },
	{ "an inet6 socket", "listen: inet6:8891@::1\n", "listen",
	  "inet6:8891@::1" },
	{ "a log file", "log: {to: 'file:/var/log/x'}\n", "log.to",
	  "file:/var/log/x" },
	{ "a store by host", "store: redis://redis.example\n", "store",
	  "redis://redis.example:6379" },
	{ "a store in full", "store: redis://me@10.0.0.1:7000/3\n", "store",
	  "redis://10.0.0.1:7000/3" },
	{ "the user in a store", "store: redis://me@10.0.0.1:7000/3\n",
	  "redis.user", "me" },
	{ "the same user twice is one",
	  "redis: {user: me}\nstore: redis://me@h\n", "redis.user", "me" },
	{ "a store by IPv6 address", "store: 'redis://[::1]:7000'\n", "store",
	  "redis://[::1]:7000" },
	{ "a store on a Unix socket", "store: unix:/run/r.sock?db=2\n", "store",
	  "unix:/run/r.sock?db=2" },
	{ "a store as other programs write it", "store: unix:///run/r.sock\n",
	  "store", "unix:/run/r.sock" },
	{ "a list replaces the default",
	  "access: {trusted-networks: [10.0.0.0/8]}\n",
	  "access.trusted-networks", "10.0.0.0/8" },
	{ "an empty list too", "access: {trusted-networks: []}\n",
	  "access.trusted-networks", "" },
	{ "a list of which all is commented out",
	  "access:\n  trusted-networks:\n  # - ::1\n",
	  "access.trusted-networks", "" },
	{ "one entry needs no dash", "access: {deny-helo: Bad.Example}\n",
	  "access.deny-helo", "bad.example" },
	{ "an IPv6 address in a block list",
	  "helo:\n  own-addresses:\n"
	  "    - ::1\n",
	  "helo.own-addresses", "::1" },
	{ "addresses of all forms",
	  "access: {deny-senders: [a@b.example, c@, d.example, <>]}\n",
	  "access.deny-senders", "a@b.example, c@, d.example, <>" },
	{ "entries of a file, between others",
	  "access: {deny-clients: [10.0.0.1, file:good.list, 10.0.0.2]}\n",
	  "access.deny-clients",
	  "10.0.0.1, 192.0.2.0/24, 2001:db8::/32, 192.0.2.7, 10.0.0.2" },
};

static void test_values(void **state)
{
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(value_rows) / sizeof(*value_rows); i++) {
		const struct value_row *row = &value_rows[i];
		const struct sp_config *config;
		const char *found;

		if (load_text(row->text, &config) == SP_OK)
			found = value_of(config, row->option);
		else
			found = plain_error(0);
		if (strcmp(found, row->value) != 0) {
			print_error("%s: %s: expected %s, found %s\n",
				    row->sentence, row->option, row->value,
				    found);
			failures++;
		}
		sp_config_unref(&config);
	}
	assert_int_equal(failures, 0);
}

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
#define SIXTEEN	     "0123456789abcdef"
#define LONG_PATH    "/" SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN

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
	  { "1:1: unknown key \"delay\": did you mean \"greylist.delay\"?" } },
	{ "a key with its dot",
	  "greylist.delay: 9s\n",
	  { "1:1: unknown key \"greylist.delay\": expected \"delay\" below "
	    "\"greylist:\"" } },
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

/* The one text of a load that fails with one. */
static const char *error_of(const char *name)
{
	const struct sp_config *config;

	assert_int_equal(sp_config_load(path_of(name), &config, &errors),
			 SP_ERR_CONFIG);
	assert_null(config);
	assert_int_equal(errors.count, 1);
	return plain_error(0);
}

static void test_a_file_that_cannot_be_read_is_said_so(void **state)
{
	(void)state;
	assert_string_equal(error_of("none"),
			    "none: cannot be read: No such file or directory");
	assert_string_equal(error_of("dir"), "dir: is a folder: expected a "
					     "file");
	assert_string_equal(error_of("fifo"), "fifo: is not a regular file");
	assert_string_equal(error_of("large.list"),
			    "large.list: is larger than 1 MB");
}

static void password_text(const char *name, char text_out[256])
{
	snprintf(text_out, 256,
		 "store: redis://h\nredis: {password-file: %s/%s}\n", folder,
		 name);
}

static void test_a_password_is_read_from_its_file_and_not_shown(void **state)
{
	const struct sp_config *config;
	struct sp_option_view view;
	char text[256];

	(void)state;
	password_text("password", text);
	assert_int_equal(load_text(text, &config), SP_OK);
	assert_string_equal(config->redis.password, "geheim");
	for (size_t i = 0; sp_config_option(config, i, &view) == SP_OK; i++)
		assert_null(strstr(view.value, "geheim"));
	sp_config_unref(&config);
}

struct password_row {
	const char *sentence;
	const char *file;
	const char *expected;
};

static const struct password_row password_rows[] = {
	{ "everybody may read it", "open-password",
	  "can be read by everybody: expected mode 0640 or 0600 (chmod 0640)" },
	{ "it is empty", "empty-password",
	  "is empty: expected a password in its first line" },
	{ "it is not there", "none",
	  "cannot be read: No such file or directory" },
	{ "it is a FIFO", "fifo", "is not a regular file" },
	{ "it is no password", "large.list", "is larger than 512 bytes" },
};

static void test_a_bad_password_file_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(password_rows) / sizeof(*password_rows);
	     i++) {
		const struct sp_config *config;
		char text[256];

		password_text(password_rows[i].file, text);
		assert_int_equal(load_text(text, &config), SP_ERR_CONFIG);
		assert_int_equal(errors.count, 1);
		snprintf(text, sizeof(text),
			 "2:24: redis.password-file: the file \"%s\" %s",
			 password_rows[i].file, password_rows[i].expected);
		assert_string_equal(plain_error(0), text);
	}
}

static void test_defaults_are_those_of_the_header(void **state)
{
	const struct sp_config *config;
	char path[256];

	(void)state;
	assert_int_equal(sp_config_load(NULL, &config, &errors), SP_OK);
	assert_string_equal(config->file, "");
	assert_int_equal(config->mode, SP_MODE_OBSERVE);
	assert_int_equal(config->greylist.mode, SP_MODE_OBSERVE);
	assert_int_equal(config->greylist.delay_ms, 90000);
	assert_int_equal(config->greylist.remember_ms, 36ll * 86400 * 1000);
	assert_int_equal(config->greylist.known_after, 5);
	assert_int_equal(config->listen_mode, 0660);
	assert_int_equal(config->redis.kind, SP_STORE_EMBEDDED);
	assert_int_equal(config->redis.max_memory_bytes, 256 << 20);
	snprintf(path, sizeof(path), "%s/redis.sock", config->state_dir);
	assert_string_equal(config->redis.path, path);
	assert_string_equal(config->redis.host, "");
	assert_string_equal(config->redis.user, "");
	assert_string_equal(config->redis.password, "");
	assert_string_equal(config->log.options.file, "");
	assert_int_equal(config->log.options.level, SP_LOG_INFO);
	assert_true(config->score.refuse > 9.9 && config->score.refuse < 10.1);
	assert_int_equal(sp_list_count(config->access.trusted_networks), 2);
	assert_int_equal(sp_list_count(config->access.deny_senders), 0);
	sp_config_unref(&config);
	assert_null(config);
	sp_config_unref(&config);
}

/* Every option shown in the file, set or behind a #, is right, and what is set
 * is the default. */
static void test_the_shipped_file_is_the_defaults(void **state)
{
	static const char shipped[] = SP_TOP_SRCDIR "/etc/sallyport.yaml";
	const struct sp_config *config;
	struct sp_option_view view;
	size_t set = 0;

	(void)state;
	if (sp_config_load(shipped, &config, &errors) != SP_OK)
		fail_msg("%s", errors.texts[0]);
	for (size_t i = 0; sp_config_option(config, i, &view) == SP_OK; i++) {
		char value[sizeof(view.value)];
		const struct sp_config *defaults;

		set += view.is_set;
		strcpy(value, view.value);
		assert_int_equal(sp_config_load(NULL, &defaults, &errors),
				 SP_OK);
		assert_string_equal(value, value_of(defaults, view.name));
		sp_config_unref(&defaults);
	}
	assert_true(set >= 30);
	sp_config_unref(&config);
}

/* Write `shipped` to the folder with its "#key:" lines taken in. */
static void uncomment(const char *shipped)
{
	FILE *from = fopen(shipped, "r");
	FILE *to = fopen(path_of("c"), "w");
	char line[256];

	assert_non_null(from);
	assert_non_null(to);
	while (fgets(line, sizeof(line), from) != NULL) {
		char *hash = strchr(line, '#');
		size_t blanks = strspn(line, " ");
		bool is_option = hash == line + blanks && hash[1] != ' ' &&
				 hash[1] != '\n';

		/* Within a section below a #, the key keeps its blanks. */
		if (!is_option && strncmp(line, "#  HELO_", 8) == 0)
			is_option = true;
		/* That file is not there on the machine of a developer. */
		if (is_option && strstr(line, "password-file") == NULL)
			memmove(hash, hash + 1, strlen(hash));
		fputs(line, to);
	}
	fclose(from);
	assert_int_equal(fclose(to), 0);
}

static void test_what_the_shipped_file_shows_behind_a_hash_is_right(
	void **state)
{
	const struct sp_config *config;

	(void)state;
	uncomment(SP_TOP_SRCDIR "/etc/sallyport.yaml");
	if (sp_config_load(path_of("c"), &config, &errors) != SP_OK)
		fail_msg("%s", errors.texts[0]);
	assert_string_equal(config->listen, "unix:/run/sallyport/milter.sock");
	assert_string_equal(config->listen_group, "postfix");
	assert_string_equal(config->user, "sallyport");
	assert_true(config->score.weights[SP_FINDING_HELO_NOT_FQDN] < 0.5);
	sp_config_unref(&config);
}

static void test_every_option_can_be_written_as_its_default(void **state)
{
	struct sp_option_view view;
	size_t count = 0;

	(void)state;
	for (size_t i = 0; sp_config_option(NULL, i, &view) == SP_OK; i++) {
		const struct sp_config *config;
		char text[512];
		const char *dot = strchr(view.name, '.');
		bool is_list = strstr(view.type, " list") != NULL;
		int length = dot == NULL ? 0 : (int)(dot - view.name);

		count++;
		assert_true(strlen(view.help) > 10);
		assert_false(view.is_set);
		snprintf(text, sizeof(text),
			 is_list ? "{%.*s%s%s: []%s}\n" : "{%.*s%s%s: '%s'}\n",
			 length, view.name, dot == NULL ? "" : ": {",
			 dot == NULL ? view.name : dot + 1,
			 is_list ? "" : view.initial);
		if (dot != NULL)
			strcpy(strchr(text, '\n'), "}\n");
		if (load_text(text, &config) != SP_OK)
			fail_msg("%s: %s", text, errors.texts[0]);
		sp_config_unref(&config);
	}
	assert_true(count > 40);
	assert_int_equal(sp_config_option(NULL, count, &view),
			 SP_ERR_NOT_FOUND);
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

static void write_names(const char *name, unsigned count)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	for (unsigned i = 0; i < count; i++)
		fprintf(file, "n%u.example\n", i);
	assert_int_equal(fclose(file), 0);
}

static void test_a_long_list_is_loaded(void **state)
{
	const struct sp_config *config;
	const struct sp_list_entry *entry;

	(void)state;
	write_names("long.list", 100000);
	assert_int_equal(
		load_text("access: {deny-helo: [file:long.list]}\n", &config),
		SP_OK);
	assert_int_equal(sp_list_count(config->access.deny_helo), 100000);
	entry = sp_list_find_name(config->access.deny_helo, "x.n4711.example");
	assert_non_null(entry);
	assert_int_equal(entry->line, 4712);
	assert_string_equal(entry->file, path_of("long.list"));
	assert_non_null(strstr(value_of(config, "access.deny-helo"), " more"));
	sp_config_unref(&config);
}

static void test_a_list_too_long_is_refused(void **state)
{
	const struct sp_config *config;

	(void)state;
	write_names("long.list", 1000001);
	assert_int_equal(
		load_text("access: {deny-helo: [file:long.list]}\n", &config),
		SP_ERR_CONFIG);
	assert_int_equal(errors.count, 1);
	assert_string_equal(plain_error(0),
			    "long.list:1000001:1: access.deny-helo: expected "
			    "at most 1000000 entries");
	assert_int_equal(unlink(path_of("long.list")), 0);
}

static void *use_config(void *context)
{
	const struct sp_config *config = context;

	for (int i = 0; i < 10000; i++) {
		const struct sp_config *mine = sp_config_ref(config);

		if (mine->greylist.delay_ms != 90000)
			abort();
		sp_config_unref(&mine);
	}
	sp_config_unref(&config);
	return NULL;
}

/* The last of them frees it; the sanitizers watch. */
static void test_threads_share_a_snapshot(void **state)
{
	const struct sp_config *config;
	pthread_t threads[4];

	(void)state;
	assert_int_equal(sp_config_load(NULL, &config, &errors), SP_OK);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use_config,
						(void *)sp_config_ref(config)),
				 0);
	sp_config_unref(&config);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static int make_folder(void **state)
{
	static const char bad_list[] = "# comment\nnonsense\n\n"
				       "  10.0.0.1 10.0.0.2 # two\n\0\n";
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	write_text("good.list", "# ours\n192.0.2.0/24 # the office\r\n"
				"  2001:db8::/32\n192.0.2.7");
	write_bytes("bad.list", bad_list, sizeof(bad_list) - 1, 0644);
	write_bytes("password", "geheim\nsecond line\n", 19, 0640);
	write_text("open-password", "geheim\n");
	write_bytes("empty-password", "\n", 1, 0600);
	write_text("picture", "\x89\n\x89\n\x89\n\x89\n\x89\n\x89\n\x89\n"
			      "\x89\n\x89\n\x89\n\x89\n\x89\n\x89\n\x89\n"
			      "\x89\n\x89\n\x89\n\x89\n\x89\n");
	assert_int_equal(mkdir(path_of("dir"), 0700), 0);
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	/* One byte more than may be read, and none of them on the disk. */
	fd = open(path_of("large.list"), O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (64 << 20) + 1), 0);
	close(fd);
	return 0;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {
		"c",	    "good.list",     "bad.list",
		"password", "open-password", "empty-password",
		"picture",  "fifo",	     "large.list",
		"long.list"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(path_of(names[i]));
	rmdir(path_of("dir"));
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_a_file_that_cannot_be_read_is_said_so),
		cmocka_unit_test(
			test_a_password_is_read_from_its_file_and_not_shown),
		cmocka_unit_test(test_a_bad_password_file_is_refused),
		cmocka_unit_test(test_defaults_are_those_of_the_header),
		cmocka_unit_test(test_the_shipped_file_is_the_defaults),
		cmocka_unit_test(
			test_what_the_shipped_file_shows_behind_a_hash_is_right),
		cmocka_unit_test(
			test_every_option_can_be_written_as_its_default),
		cmocka_unit_test(test_an_alias_bomb_is_refused_at_once),
		cmocka_unit_test(test_many_errors_are_counted),
		cmocka_unit_test(
			test_a_wrong_list_file_does_not_fill_the_screen),
		cmocka_unit_test(test_a_long_list_is_loaded),
		cmocka_unit_test(test_a_list_too_long_is_refused),
		cmocka_unit_test(test_threads_share_a_snapshot),
	};

	return cmocka_run_group_tests_name("config", tests, make_folder,
					   remove_folder);
}
