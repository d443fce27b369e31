/*
 * The pure parts of the operator's command: its usage, the message's way from
 * a file to the milter, spans of time, safe output.
 */
#include "sallyport/ctl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "greylist.h"
#include "message.h"
#include "output.h"
#include "sallyport/config.h"
#include "try.h"

enum {
	ARGUMENTS_MAX = 16
};

static char empty_file[] = "/tmp/sp-ctl-XXXXXX";

/* The words of `line`, parted by spaces; '' is an empty one, CONFIG an empty
 * configuration. */
static int words_of(const char *line, char *buffer, char **argv_out)
{
	int argc = 0;

	strcpy(buffer, line);
	for (char *word = strtok(buffer, " "); word; word = strtok(NULL, " "))
		argv_out[argc++] = strcmp(word, "''") == 0	 ? word + 2
				   : strcmp(word, "CONFIG") == 0 ? empty_file
								 : word;
	argv_out[argc] = NULL;
	return argc;
}

/* Redirect a stream into nowhere; returns what end_silence needs. */
static int begin_silence(FILE *stream)
{
	int saved;

	fflush(stream);
	saved = dup(fileno(stream));
	assert_non_null(freopen("/dev/null", "w", stream));
	return saved;
}

static void end_silence(FILE *stream, int saved)
{
	fflush(stream);
	dup2(saved, fileno(stream));
	close(saved);
}

struct usage_row {
	const char *sentence;
	const char *line;
	int exit_code;
};

static const struct usage_row usages[] = {
	{ "no command is wrong usage", "sallyport", SP_EXIT_USAGE },
	{ "help is fine", "sallyport help", SP_EXIT_FINE },
	{ "so is --help", "sallyport --help", SP_EXIT_FINE },
	{ "and the help of a command", "sallyport help greylist",
	  SP_EXIT_FINE },
	{ "there is no help for what is not", "sallyport help nothing",
	  SP_EXIT_USAGE },
	{ "--version is fine", "sallyport --version", SP_EXIT_FINE },
	{ "an unknown command", "sallyport frobnicate", SP_EXIT_USAGE },
	{ "an unknown option before the command", "sallyport --frob status",
	  SP_EXIT_USAGE },
	{ "an unknown option behind it", "sallyport status --frob",
	  SP_EXIT_USAGE },
	{ "--config needs a file", "sallyport --config", SP_EXIT_USAGE },
	{ "every command has --help: try", "sallyport try --help",
	  SP_EXIT_FINE },
	{ "every command has --help: status", "sallyport status -h",
	  SP_EXIT_FINE },
	{ "every command has --help: greylist", "sallyport greylist --help",
	  SP_EXIT_FINE },
	{ "every command has --help: config", "sallyport config --help",
	  SP_EXIT_FINE },
	{ "status takes no argument", "sallyport status now", SP_EXIT_USAGE },
	{ "greylist needs a verb", "sallyport greylist", SP_EXIT_USAGE },
	{ "greylist knows no such verb", "sallyport greylist drop",
	  SP_EXIT_USAGE },
	{ "greylist list takes no triplet",
	  "sallyport --config CONFIG greylist list net:x", SP_EXIT_USAGE },
	{ "release needs a whole triplet",
	  "sallyport --config CONFIG greylist release net:x a@b",
	  SP_EXIT_USAGE },
	{ "release by a filter needs --all",
	  "sallyport --config CONFIG greylist release --sender x",
	  SP_EXIT_USAGE },
	{ "--all needs a filter",
	  "sallyport --config CONFIG greylist forget --all", SP_EXIT_USAGE },
	{ "a triplet and --all contradict each other",
	  "sallyport --config CONFIG greylist forget n a@b c@d --all",
	  SP_EXIT_USAGE },
	{ "--state names a state", "sallyport greylist list --state bad",
	  SP_EXIT_USAGE },
	{ "--client is an address", "sallyport greylist list --client bad",
	  SP_EXIT_USAGE },
	{ "--limit is a number", "sallyport greylist list --limit -1",
	  SP_EXIT_USAGE },
	{ "config needs to know what", "sallyport config", SP_EXIT_USAGE },
	{ "config shows and checks, no more", "sallyport config edit",
	  SP_EXIT_USAGE },
	{ "an empty configuration is fine", "sallyport config check CONFIG",
	  SP_EXIT_FINE },
	{ "one that is not there is an error",
	  "sallyport config check /nonexistent.yaml", SP_EXIT_CONFIG },
	{ "also for the other commands",
	  "sallyport --config /nonexistent.yaml status", SP_EXIT_CONFIG },
	{ "config show prints all", "sallyport config show --config CONFIG",
	  SP_EXIT_FINE },
	{ "a section is a name",
	  "sallyport --config CONFIG config show greylist", SP_EXIT_FINE },
	{ "an option that is not there is told by 1",
	  "sallyport --config CONFIG --json config show greylis", SP_EXIT_NO },
	{ "try needs a client", "sallyport try --from a@b --rcpt c@d",
	  SP_EXIT_USAGE },
	{ "try needs a sender", "sallyport try --client 192.0.2.1 --rcpt c@d",
	  SP_EXIT_USAGE },
	{ "try needs a recipient",
	  "sallyport try --client 192.0.2.1 --from a@b", SP_EXIT_USAGE },
	{ "the client is an address",
	  "sallyport try --client mx.example --from a@b --rcpt c@d",
	  SP_EXIT_USAGE },
	{ "a port is a number",
	  "sallyport try --client 192.0.2.1 --from a@b --rcpt c@d --port "
	  "65536",
	  SP_EXIT_USAGE },
	{ "a macro has a value",
	  "sallyport try --client 192.0.2.1 --from a@b --rcpt c@d --macro i",
	  SP_EXIT_USAGE },
	{ "one message at a time",
	  "sallyport try --client 192.0.2.1 --from a@b --rcpt c@d one two",
	  SP_EXIT_USAGE },
	{ "a message that is not there",
	  "sallyport --config CONFIG try --client 192.0.2.1 --from a@b "
	  "--rcpt c@d /nonexistent.eml",
	  SP_EXIT_USAGE },
	{ "no daemon is told by 3",
	  "sallyport --config CONFIG try --client 192.0.2.1 --from a@b "
	  "--rcpt c@d --socket unix:/nonexistent/m",
	  SP_EXIT_UNREACHABLE },
};

static void test_usage(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
		char buffer[512];
		char *argv[ARGUMENTS_MAX + 1];
		int argc = words_of(usages[i].line, buffer, argv);
		int saved_out, saved_err, exit_code;

		print_message("  %s\n", usages[i].sentence);
		saved_out = begin_silence(stdout);
		saved_err = begin_silence(stderr);
		optind = 0;
		exit_code = sp_ctl_main(argc, argv);
		end_silence(stderr, saved_err);
		end_silence(stdout, saved_out);
		assert_int_equal(exit_code, usages[i].exit_code);
	}
}

struct try_row {
	const char *sentence;
	const char *line;
	const char *name, *helo, *sender, *recipients; /* with a space */
	unsigned port;
};

static const struct try_row tries[] = {
	{ "brackets are put around addresses, and Postfix's literal made",
	  "try --client 192.0.2.7 --from a@b --rcpt c@d", "[192.0.2.7]",
	  "[192.0.2.7]", "<a@b>", "<c@d>", 41000 },
	{ "a greeting by IPv6 says so",
	  "try --client 2001:db8::7 --from a@b --rcpt c@d", "[2001:db8::7]",
	  "[IPv6:2001:db8::7]", "<a@b>", "<c@d>", 41000 },
	{ "with a name the client greets by it",
	  "try --client 192.0.2.7 --name mx.example --from a@b --rcpt c@d",
	  "mx.example", "mx.example", "<a@b>", "<c@d>", 41000 },
	{ "unless it greets by another",
	  "try --client 192.0.2.7 --name mx.example --helo me --from a@b "
	  "--rcpt c@d",
	  "mx.example", "me", "<a@b>", "<c@d>", 41000 },
	{ "the null sender is empty",
	  "try --client 192.0.2.7 --from '' --rcpt c@d", "[192.0.2.7]",
	  "[192.0.2.7]", "<>", "<c@d>", 41000 },
	{ "brackets that are there stay",
	  "try --client 192.0.2.7 --from <> "
	  "--rcpt <c@d> --rcpt e@f",
	  "[192.0.2.7]", "[192.0.2.7]", "<>", "<c@d> <e@f>", 41000 },
	{ "Postfix's sendmail command gives bare addresses",
	  "try --client 127.0.0.1 --name localhost --port 0 --from a@b --rcpt "
	  "c@d",
	  "localhost", "localhost", "a@b", "c@d", 0 },
};

static void test_try_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		const struct try_row *row = &tries[i];
		struct sp_ctl ctl = { 0 };
		struct sp_try_options try;
		struct sp_arena arena;
		char buffer[512], recipients[128] = "";
		char *argv[ARGUMENTS_MAX + 1];
		int argc = words_of(row->line, buffer, argv);

		print_message("  %s\n", row->sentence);
		sp_arena_init(&arena, 100000);
		optind = 0;
		assert_int_equal(sp_try_parse(&ctl, argc, argv, &arena, &try),
				 SP_OPTION_END);
		assert_string_equal(try.client.name, row->name);
		assert_string_equal(try.helo, row->helo);
		assert_string_equal(try.sender, row->sender);
		for (size_t r = 0; r < try.recipient_count; r++) {
			strcat(recipients, r ? " " : "");
			strcat(recipients, try.recipients[r]);
		}
		assert_string_equal(recipients, row->recipients);
		assert_int_equal(try.client.port, row->port);
		sp_arena_clear(&arena);
	}
}

struct message_row {
	const char *sentence;
	const char *bytes;
	size_t length;
	const char *fields; /* "name=value|" each */
	const char *body;
	size_t body_length;
};

#define TEXT(literal) literal, sizeof(literal) - 1

static const struct message_row messages[] = {
	{ "a message with LF", TEXT("A: 1\nB: 2\n\nhello\n"), "A= 1|B= 2|",
	  TEXT("hello\r\n") },
	{ "the same with CR LF", TEXT("A: 1\r\nB: 2\r\n\r\nhello\r\n"),
	  "A= 1|B= 2|", TEXT("hello\r\n") },
	{ "a fold keeps its white space, with a bare LF",
	  TEXT("A: 1\r\n\t2\r\n  3\r\n\r\n"), "A= 1\n\t2\n  3|", TEXT("") },
	{ "a value may be empty, or stand without a space", TEXT("A:\nB:x\n\n"),
	  "A=|B=x|", TEXT("") },
	{ "white space before the colon is passed over", TEXT("A : 1\n\n"),
	  "A= 1|", TEXT("") },
	{ "the last line gets its end", TEXT("A: 1\n\nhello"), "A= 1|",
	  TEXT("hello\r\n") },
	{ "a CR at the end of all becomes a line end", TEXT("A: 1\n\nhello\r"),
	  "A= 1|", TEXT("hello\r\n") },
	{ "a CR within a line stays", TEXT("A: 1\n\na\rb\n"), "A= 1|",
	  TEXT("a\rb\r\n") },
	{ "NUL and 8 bits stay in the body", TEXT("A: 1\n\n\0\xff\xfe\0\n"),
	  "A= 1|", TEXT("\0\xff\xfe\0\r\n") },
	{ "NUL goes from the header, 8 bits stay", TEXT("A: x\0y\xe4\n\n"),
	  "A= xy\xe4|", TEXT("") },
	{ "what is no field begins the body", TEXT("A: 1\nhello you\nB: 2\n"),
	  "A= 1|", TEXT("hello you\r\nB: 2\r\n") },
	{ "a fold with nothing before it is body", TEXT(" x\n"), "",
	  TEXT(" x\r\n") },
	{ "an mbox line at the top is passed over",
	  TEXT("From a@b Mon Jan  1\nA: 1\n\n"), "A= 1|", TEXT("") },
	{ "and nowhere else", TEXT("A: 1\nFrom a@b\n"), "A= 1|",
	  TEXT("From a@b\r\n") },
	{ "no header at all", TEXT("\nhello\n"), "", TEXT("hello\r\n") },
	{ "no body at all", TEXT("A: 1\n"), "A= 1|", TEXT("") },
	{ "empty lines in the body stay", TEXT("A: 1\n\n\n\nx\n\n"), "A= 1|",
	  TEXT("\r\n\r\nx\r\n\r\n") },
	{ "nothing", TEXT(""), "", TEXT("") },
};

static FILE *file_of(const char *bytes, size_t length)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	rewind(file);
	return file;
}

/* Read all, the body in pieces of `piece` bytes. */
static size_t read_message(FILE *file, char *fields_out, char *body_out,
			   size_t piece)
{
	static struct sp_message message;
	static struct sp_message_field field;
	size_t length = 0, got;

	fields_out[0] = '\0';
	sp_message_init(&message, file);
	while (sp_message_field(&message, &field)) {
		strcat(strcat(fields_out, field.name), "=");
		strcat(strcat(fields_out, field.value), "|");
	}
	while ((got = sp_message_body(&message, body_out + length, piece)) > 0)
		length += got;
	return length;
}

static void test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		const struct message_row *row = &messages[i];

		print_message("  %s\n", row->sentence);
		for (size_t piece = 2; piece < 12; piece++) {
			FILE *file = file_of(row->bytes, row->length);
			char fields[256], body[256];
			size_t length = read_message(file, fields, body, piece);

			assert_string_equal(fields, row->fields);
			assert_int_equal(length, row->body_length);
			assert_memory_equal(body, row->body, length);
			fclose(file);
		}
	}
}

/* A header field over what a packet bears is cut, and the mail goes on. */
static void test_a_huge_field_is_cut(void **state)
{
	enum {
		HUGE_LENGTH = 300000
	};
	static struct sp_message message;
	static struct sp_message_field field;
	char *bytes = malloc(HUGE_LENGTH + 64);
	FILE *file;

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, "A: ", 3);
	memset(bytes + 3, 'x', HUGE_LENGTH);
	strcpy(bytes + 3 + HUGE_LENGTH, "\n y\nB: 2\n\nbody\n");
	file = file_of(bytes, strlen(bytes));
	sp_message_init(&message, file);
	assert_true(sp_message_field(&message, &field));
	assert_string_equal(field.name, "A");
	assert_int_equal(strspn(field.value, " x"), SP_FIELD_VALUE_SIZE - 1);
	assert_true(sp_message_field(&message, &field));
	assert_string_equal(field.name, "B");
	assert_string_equal(field.value, " 2");
	assert_false(sp_message_field(&message, &field));
	assert_int_equal(message.cut_fields, 1);
	fclose(file);
	free(bytes);
}

struct span_row {
	int64_t ms;
	const char *span;
};

static void test_spans(void **state)
{
	static const struct span_row rows[] = {
		{ -5000, "0s" },
		{ 0, "0s" },
		{ 999, "0s" },
		{ 1000, "1s" },
		{ 59999, "59s" },
		{ 60000, "1m" },
		{ 61000, "1m 1s" },
		{ 3599000, "59m 59s" },
		{ 3600000, "1h" },
		{ 3659000, "1h" },
		{ 3660000, "1h 1m" },
		{ 86400000, "1d" },
		{ 90000000, "1d 1h" },
		{ 3110400000, "36d" },
		{ INT64_MAX, "106751991167d 7h" },
	};
	char span[SP_SPAN_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(sp_output_span(rows[i].ms, span),
				    rows[i].span);
}

struct note_row {
	const char *sentence;
	struct sp_grey_row row;
	const char *note;
};

/* Now is 1,000 s; the delay is 90 s, known after 5. */
static const struct note_row notes[] = {
	{ "one that waits",
	  { .first_ms = 952000, .state = "waiting" },
	  "waits 42s more" },
	{ "to the last millisecond",
	  { .first_ms = 910001, .state = "waiting" },
	  "waits 1s more" },
	{ "one that passed",
	  { .pass_ms = 820000, .state = "passed" },
	  "passed 3m ago" },
	{ "one that may come",
	  { .state = "ready" },
	  "passes when it comes back" },
	{ "one let in", { .state = "released" }, "passes at its next try" },
	{ "one too late",
	  { .state = "expired" },
	  "came too late, will wait again" },
	{ "a state of the future", { .state = "odd" }, "" },
};

static void test_notes(void **state)
{
	const struct sp_greylist_config config = { .delay_ms = 90000,
						   .known_after = 5 };
	struct sp_grey_row row = { .recipient = "",
				   .state = "learning",
				   .passes = 2 };
	char note[SP_GREY_NOTE_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		row = notes[i].row;
		row.recipient = "b@c";
		print_message("  %s\n", notes[i].sentence);
		assert_string_equal(sp_grey_note(&row, &config, 1000000, note),
				    notes[i].note);
	}
	row = (struct sp_grey_row){ .recipient = "",
				    .state = "learning",
				    .passes = 2 };
	assert_string_equal(sp_grey_note(&row, &config, 0, note),
			    "2 of 5 passed to be known");
	row.state = "known";
	assert_string_equal(sp_grey_note(&row, &config, 0, note), "2 passed");
}

struct id_row {
	const char *text;
	const char *id;
};

static void test_ids_are_found(void **state)
{
	static const struct id_row rows[] = {
		{ "451 4.7.1 Wait (id 01M8020TR14KKF872F81AWWCGT)",
		  "01M8020TR14KKF872F81AWWCGT" },
		{ "accept; score=0/10; id=01M8020TR14KKF872F81AWWCGT",
		  "01M8020TR14KKF872F81AWWCGT" },
		{ "accept; id=01M8020TR14KKF872F81AWWCGT; would=defer",
		  "01M8020TR14KKF872F81AWWCGT" },
		{ "451 (id 01M8020TR14KKF872F81AWWCG)", "" },
		{ "451 (id short)", "" },
		{ "451 (id ", "" },
		{ "451 4.7.1 Wait", "" },
		{ "", "" },
	};
	char id[SP_ID_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(sp_try_find_id(rows[i].text, id) ==
			    (rows[i].id[0] != '\0'));
		assert_string_equal(id, rows[i].id);
	}
}

/* What `print` writes, as one string. */
static void capture(void (*print)(FILE *to, const char *text, const char *in),
		    const char *text, char *out, size_t size)
{
	FILE *file = tmpfile();
	size_t length;

	assert_non_null(file);
	print(file, text, "> ");
	rewind(file);
	length = fread(out, 1, size - 1, file);
	out[length] = '\0';
	fclose(file);
}

static void print_safe(FILE *to, const char *text, const char *indent)
{
	(void)indent;
	sp_output_safe(to, text);
}

static void test_output_is_safe_for_a_terminal(void **state)
{
	char out[2048], longer[301];

	(void)state;
	capture(print_safe, "a\x1b]0;x\x07\r\n\\\xff", out, sizeof(out));
	assert_string_equal(out, "a\\x1b]0;x\\x07\\x0d\\x0a\\x5c\\xff");
	memset(longer, '\x1b', 300);
	longer[300] = '\0';
	capture(print_safe, longer, out, sizeof(out));
	assert_int_equal(strlen(out), 1200);
	capture(sp_output_lines, "a\r\n\tb\n\x1b", out, sizeof(out));
	assert_string_equal(out, "a\n> b\n> \\x1b");
}

static void test_json_takes_any_bytes(void **state)
{
	json_t *plain = sp_output_json_text("gr\xc3\xbc\xc3\x9f");
	json_t *odd = sp_output_json_text("\xff!");
	json_t *none = sp_output_json_text(NULL);

	(void)state;
	assert_string_equal(json_string_value(plain), "gr\xc3\xbc\xc3\x9f");
	assert_string_equal(json_string_value(odd), "\\xff!");
	assert_true(json_is_null(none));
	json_decref(plain);
	json_decref(odd);
	json_decref(none);
}

static void test_tables_are_aligned(void **state)
{
	struct sp_table table;
	FILE *file = tmpfile();
	char out[256];
	size_t length;

	(void)state;
	sp_table_init(&table, 2);
	sp_table_add(&table, "A");
	sp_table_add(&table, "B");
	sp_table_add(&table, "x\n");
	sp_table_add(&table, "y");
	sp_table_print(&table, file);
	sp_table_clear(&table);
	rewind(file);
	length = fread(out, 1, sizeof(out) - 1, file);
	out[length] = '\0';
	assert_string_equal(out, "A      B\nx\\x0a  y\n");
	fclose(file);
}

static int make_empty_file(void **state)
{
	int fd = mkstemp(empty_file);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_empty_file(void **state)
{
	(void)state;
	return unlink(empty_file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_try_options),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_a_huge_field_is_cut),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_ids_are_found),
		cmocka_unit_test(test_output_is_safe_for_a_terminal),
		cmocka_unit_test(test_json_takes_any_bytes),
		cmocka_unit_test(test_tables_are_aligned),
	};

	return cmocka_run_group_tests(tests, make_empty_file,
				      remove_empty_file);
}
