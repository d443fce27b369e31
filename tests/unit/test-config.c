/* The configuration: text of a file -> value, and what surrounds it. */
#include "../support/config_files.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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
	{ "a command, whose words may be the same, or look like a file's name",
	  "notify: {program: [/bin/tell, -v, -v, 'file:x', 'a b']}\n",
	  "notify.program", "/bin/tell, -v, -v, file:x, a b" },
	{ "a command without arguments", "notify: {program: /bin/tell}\n",
	  "notify.program", "/bin/tell" },
	{ "a mail address", "notify: {mail: o'hara+x@Example.org}\n",
	  "notify.mail", "o'hara+x@Example.org" },
	{ "a user of this machine", "notify: {mail: root}\n", "notify.mail",
	  "root" },
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
	{ "servers with their ports",
	  "dns: {server: [192.0.2.1, 192.0.2.1@5353, \"2001:DB8::1\"]}\n",
	  "dns.server", "192.0.2.1@53, 192.0.2.1@5353, 2001:db8::1@53" },
	{ "one server needs no dash", "dns: {server: 127.0.0.1@5353}\n",
	  "dns.server", "127.0.0.1@5353" },
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
	{ "limits, without quotes",
	  "outbound:\n  limits:\n  - messages: 200/60m hold\n"
	  "  - messages: 900/1d locked\n",
	  "outbound.limits",
	  "messages: 200/60m hold, messages: 900/1d locked" },
	{ "no limits at all", "outbound: {limits: []}\n", "outbound.limits",
	  "" },
	{ "classes, in a file and beside it",
	  "outbound:\n  classes:\n  - file:good.classes\n"
	  "  - relays messages: 9/1h hold\n",
	  "outbound.classes",
	  "news login: news@example.org, news messages: 5000/1h hold, "
	  "students uid: 70000-79999, students messages: 10/1h hold, "
	  "students bounces: none, relays messages: 9/1h hold" },
	{ "nothing is ever unusual", "outbound: {unusual: off}\n",
	  "outbound.unusual", "off" },
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
		 "store: redis://h\nredis: {password-file: %s/%s}\n",
		 folder_path(), name);
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
		/* Such a file is not there on the machine of a developer. */
		if (is_option && strstr(line, "-file") == NULL)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
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
		cmocka_unit_test(test_a_long_list_is_loaded),
		cmocka_unit_test(test_a_list_too_long_is_refused),
		cmocka_unit_test(test_threads_share_a_snapshot),
	};

	return cmocka_run_group_tests_name("config", tests, make_folder,
					   remove_folder);
}
