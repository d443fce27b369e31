/* test-limits.c - limits and classes of submitters: text -> meaning, or what
 * is wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sallyport/limits.h"
#include "sallyport/submitter.h"
#include "sallyport/text.h"

enum {
	LINES_MAX = 12
};

/* --- one limit ------------------------------------------------------------ */

struct limit_row {
	const char *sentence;
	const char *text;
	const char *written; /* NULL: wrong */
	const char *error;   /* its beginning */
};

static const struct limit_row limits[] = {
	{ "a limit", "messages: 200/1h hold", "messages: 200/1h hold", NULL },
	{ "without blanks, and with more of them", "messages:200 / 60m  hold",
	  NULL, "expected a limit such as" },
	{ "the shortest way to write a window is shown",
	  "  messages :  200/60m   hold  ", "messages: 200/1h hold", NULL },
	{ "every kind: recipients", "recipients: 1500/1d locked",
	  "recipients: 1500/1d locked", NULL },
	{ "every kind: distinct-recipients", "distinct-recipients: 5/1d watch",
	  "distinct-recipients: 5/1d watch", NULL },
	{ "every kind: refused", "refused: 5/1d watch", "refused: 5/1d watch",
	  NULL },
	{ "every kind: foreign-from", "foreign-from: 5/1d watch",
	  "foreign-from: 5/1d watch", NULL },
	{ "every kind: bounces", "bounces: 5/1d watch", "bounces: 5/1d watch",
	  NULL },
	{ "every kind: networks", "networks: 5/1d watch",
	  "networks: 5/1d watch", NULL },
	{ "every kind: countries", "countries: 5/1d watch",
	  "countries: 5/1d watch", NULL },
	{ "every kind: asns", "asns: 5/1d watch", "asns: 5/1d watch", NULL },
	{ "nothing at all may be", "messages: 0/30d locked",
	  "messages: 0/30d locked", NULL },
	{ "the shortest window", "messages: 1/1m hold", "messages: 1/1m hold",
	  NULL },
	{ "a shorter one", "messages: 1/59s hold", NULL,
	  "expected a window from 1m to 30d, found 59s" },
	{ "a longer one than 30 days", "messages: 1/31d hold", NULL,
	  "expected a window from 1m to 30d, found 31d" },
	{ "a window without a unit", "messages: 1/60 hold", NULL,
	  "expected a window behind the '/', as in \"200/1h hold\", found "
	  "\"60\"" },
	{ "no number", "messages: many/1h hold", NULL,
	  "expected a whole number before the '/', as in \"200/1h hold\", "
	  "found \"many\"" },
	{ "a negative number", "messages: -1/1h hold", NULL,
	  "expected a whole number before the '/'" },
	{ "a number that is too large", "messages: 10000001/1h hold", NULL,
	  "expected at most 10000000 mails, found 10000001" },
	{ "of what is kept one by one less is possible",
	  "distinct-recipients: 100001/1h hold", NULL,
	  "expected at most 100000 different recipients, found 100001" },
	{ "of places still less", "networks: 251/1h hold", NULL,
	  "expected at most 250 networks, found 251" },
	{ "a number beyond all numbers",
	  "messages: 99999999999999999999999/1h hold", NULL,
	  "expected at most 10000000 mails, found 99999999999999999999999" },
	{ "without a state", "messages: 200/1h", NULL,
	  "expected a limit such as \"200/1h hold\", found \"200/1h\"" },
	{ "a state that is none", "messages: 200/1h stop", NULL,
	  "expected watch, hold or locked, found \"stop\"" },
	{ "ok is not what too much leads to", "messages: 200/1h ok", NULL,
	  "expected watch, hold or locked, found \"ok\"" },
	{ "two states", "messages: 200/1h watch hold", NULL,
	  "expected a limit such as" },
	{ "without a window", "messages: 200 hold", NULL,
	  "expected a limit such as" },
	{ "something else is counted", "mails: 200/1h hold", NULL,
	  "expected messages, recipients, refused, foreign-from, bounces, "
	  "distinct-recipients, networks, countries or asns, found \"mails\"" },
	{ "no colon", "messages 200/1h hold", NULL,
	  "expected a limit such as \"messages: 200/1h hold\", found" },
	{ "nothing before it", ": 200/1h hold", NULL,
	  "expected a limit such as" },
	{ "nothing behind it", "messages:", NULL, "expected a limit such as" },
	{ "none is for classes", "messages: none", NULL,
	  "expected a limit such as \"200/1h hold\", found \"none\"" },
	{ "an escape in it does not reach the terminal",
	  "messages: \x1b[31m200/1h hold", NULL,
	  "expected a whole number before" },
	{ "a very long word",
	  "messages: 200/1h "
	  "hooooooooooooooooooooooooooooooooooooooooooooooooooooooooold",
	  NULL, "expected a limit such as" },
};

static void test_one_limit(void **state)
{
	static const struct sp_stands here = { "f", 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		const struct limit_row *row = &limits[i];
		char error[SP_LIMIT_ERROR_SIZE] = "", written[64] = "";
		const struct sp_class *class;
		struct sp_submitter submitter;
		struct sp_classes *classes;
		struct sp_text text;
		enum sp_err err;

		print_message("  %s\n", row->sentence);
		assert_int_equal(sp_classes_new("", &classes), SP_OK);
		err = sp_classes_add_limit(classes, row->text, &here, error);
		sp_submitter_of_user(1, &submitter);
		class = sp_classes_find(classes, &submitter);
		if (row->written == NULL) {
			assert_int_not_equal(err, SP_OK);
			assert_memory_equal(error, row->error,
					    strlen(row->error));
			assert_int_equal(class->count, 0);
		} else {
			assert_int_equal(err, SP_OK);
			assert_int_equal(class->count, 1);
			sp_text_init(&text, written, sizeof(written));
			sp_limit_write(&class->limits[0], &text);
			assert_string_equal(written, row->written);
			assert_int_equal(class->limits[0].stands.line, 7);
		}
		sp_classes_free(&classes);
	}
}

/* --- classes -------------------------------------------------------------- */

/* Limits of all stand in lines 1.., statements behind them. */
struct classes_row {
	const char *sentence;
	const char *limits[LINES_MAX];
	const char *statements[LINES_MAX];
	const char *error; /* "LINE: ..."; NULL: all is well */
};

static const struct classes_row class_rows[] = {
	{ "nothing at all", { NULL }, { NULL }, NULL },
	{ "several windows, each stricter in its way",
	  { "messages: 100/1h watch", "messages: 200/1h hold",
	    "messages: 1000/1d locked" },
	  { NULL },
	  NULL },
	{ "less in a day than in an hour",
	  { "messages: 200/1h hold", "messages: 100/1d hold" },
	  { NULL },
	  "1: \"messages: 200/1h hold\" can never be reached: \"messages: "
	  "100/1d hold\" (f:2) leads as far, and is reached before it" },
	{ "watched only when it is held already",
	  { "messages: 100/1h hold", "messages: 200/1h watch" },
	  { NULL },
	  "2: \"messages: 200/1h watch\" can never be reached: \"messages: "
	  "100/1h hold\" (f:1) leads as far, and is reached before it" },
	{ "two states at once",
	  { "messages: 100/1h watch", "messages: 100/1h hold" },
	  { NULL },
	  "1: \"messages: 100/1h watch\" can never be reached: \"messages: "
	  "100/1h hold\" (f:2) leads as far, and is reached before it" },
	{ "the same in other words: the second one is too much",
	  { "messages: 100/60m hold", "messages: 100/1h hold" },
	  { NULL },
	  "2: \"messages: 100/1h hold\" can never be reached: \"messages: "
	  "100/1h hold\" (f:1) leads as far, and is reached before it" },
	{ "one thing's limits are no other's",
	  { "messages: 200/1h hold", "recipients: 100/1d hold" },
	  { NULL },
	  NULL },
	{ "a class's limits replace those of all, and contradict none of them",
	  { "messages: 200/1h hold" },
	  { "news login: news", "news messages: 5000/1d hold" },
	  NULL },
	{ "a class's limits contradict each other",
	  { NULL },
	  { "news login: news", "news messages: 5000/1h hold",
	    "news messages: 500/1d hold" },
	  "2: \"messages: 5000/1h hold\" can never be reached: \"messages: "
	  "500/1d hold\" (f:3) leads as far, and is reached before it" },
	{ "none, and then a limit",
	  { NULL },
	  { "news login: news", "news messages: none",
	    "news messages: 500/1d hold" },
	  "3: a limit of messages, which \"none\" has lifted already" },
	{ "a limit, and then none",
	  { NULL },
	  { "news login: news", "news messages: 500/1d hold",
	    "news messages: none" },
	  "3: \"none\" for messages, of which there is a limit already" },
	{ "a login in two classes",
	  { NULL },
	  { "a login: x@example.org", "a messages: none",
	    "b login: X@Example.org", "b messages: none" },
	  "3: \"sasl:x@example.org\" is in class a already (f:1): expected one "
	  "class" },
	{ "the same, the other way round",
	  { NULL },
	  { "b messages: none", "b login: x", "a messages: none",
	    "a login: x" },
	  "4: \"sasl:x\" is in class b already (f:2): expected one class" },
	{ "a login twice in one class is harmless",
	  { NULL },
	  { "a login: x", "a login: X", "a messages: none" },
	  NULL },
	{ "a domain in two classes",
	  { NULL },
	  { "a domain: example.org", "a messages: none",
	    "b domain: Example.ORG.", "b messages: none" },
	  "3: \"example.org\" is in class a already (f:1): expected one "
	  "class" },
	{ "a domain below another's is its own",
	  { NULL },
	  { "a domain: example.org", "a messages: none",
	    "b domain: sub.example.org", "b messages: none" },
	  NULL },
	{ "users' numbers that overlap",
	  { NULL },
	  { "a uid: 1000-2000", "a messages: none", "b uid: 2000-3000",
	    "b messages: none" },
	  "3: \"uid 2000\" is in class a already (f:1): expected one class" },
	{ "users' numbers side by side",
	  { NULL },
	  { "b uid: 2000-3000", "a uid: 1000-1999", "a messages: none",
	    "b messages: none" },
	  NULL },
	{ "a network in two classes",
	  { NULL },
	  { "a network: 10.0.0.0/8", "a messages: none",
	    "b network: 10.0.0.0/8", "b messages: none" },
	  "3: \"10.0.0.0/8\" is in class a already (f:1): expected one "
	  "class" },
	{ "a network within another's is its own",
	  { NULL },
	  { "a network: 10.0.0.0/8", "a messages: none",
	    "b network: 10.1.0.0/16", "b messages: none" },
	  NULL },
	{ "nobody is in a class",
	  { NULL },
	  { "a messages: none" },
	  "1: nobody is in class a: expected a login, domain, uid or "
	  "network" },
	{ "nothing is said of a class",
	  { NULL },
	  { "a login: x" },
	  "1: class a has no limits of its own: expected one at least" },
	{ "relays need no members, and no limits",
	  { NULL },
	  { "relays messages: 10/1h hold" },
	  NULL },
	{ "but what they have must not contradict itself",
	  { NULL },
	  { "relays messages: 10/1h hold", "relays messages: 9/1h hold" },
	  "1: \"messages: 10/1h hold\" can never be reached" },
	{ "default is no class that one can name",
	  { NULL },
	  { "default login: x" },
	  "1: expected a class's name of letters, digits, '.', '_' and '-', "
	  "other than \"default\", found \"default\"" },
	{ "a class with a slash in its name",
	  { NULL },
	  { "a/b login: x" },
	  "1: expected a class's name" },
	{ "no class",
	  { NULL },
	  { "login: x" },
	  "1: expected CLASS WHO: WHOM or CLASS LIMIT" },
	{ "no colon",
	  { NULL },
	  { "a login x" },
	  "1: expected CLASS WHO: WHOM or CLASS LIMIT" },
	{ "nobody",
	  { NULL },
	  { "a login:" },
	  "1: expected CLASS WHO: WHOM or CLASS LIMIT" },
	{ "somebody of another kind",
	  { NULL },
	  { "a user: x" },
	  "1: expected login, domain, uid, network, or what is counted" },
	{ "too many words", { NULL }, { "a b login: x" }, "1: expected login" },
	{ "a domain that is none",
	  { NULL },
	  { "a domain: a..b" },
	  "1: expected a domain such as example.org, found \"a..b\"" },
	{ "a user by name",
	  { NULL },
	  { "a uid: www-data" },
	  "1: expected a user's number, or two such as 70000-79999, found "
	  "\"www-data\"" },
	{ "users' numbers from high to low",
	  { NULL },
	  { "a uid: 2-1" },
	  "1: expected a user's number" },
	{ "a user's number that there is not",
	  { NULL },
	  { "a uid: 4294967296" },
	  "1: expected a user's number" },
	{ "a network with a slip",
	  { NULL },
	  { "a network: 10.0.0.1/8" },
	  "1: expected a network such as 192.0.2.0/24, found "
	  "\"10.0.0.1/8\"" },
	{ "a limit of a class that is wrong",
	  { NULL },
	  { "a messages: 1/1s hold" },
	  "1: expected a window from 1m to 30d, found 1s" },
};

static char told[512];

static void note_error(void *context, const struct sp_stands *stands,
		       const char *error)
{
	(void)context;
	if (told[0] == '\0')
		snprintf(told, sizeof(told), "%u: %s", stands->line, error);
}

static const struct sp_classes_judge judge = { note_error, NULL };

/* Add all, and settle; the first error is in `told`. */
static void add_all(struct sp_classes *classes, const char *const *lines,
		    bool are_limits)
{
	for (unsigned i = 0; i < LINES_MAX && lines[i] != NULL; i++) {
		const struct sp_stands stands = { "f", i + 1 };
		char error[SP_LIMIT_ERROR_SIZE];
		enum sp_err err =
			are_limits ? sp_classes_add_limit(classes, lines[i],
							  &stands, error)
				   : sp_classes_add(classes, lines[i], &stands,
						    error);

		if (err != SP_OK)
			note_error(NULL, &stands, error);
	}
}

static void test_classes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(class_rows) / sizeof(*class_rows); i++) {
		const struct classes_row *row = &class_rows[i];
		struct sp_classes *classes;

		print_message("  %s\n", row->sentence);
		told[0] = '\0';
		assert_int_equal(sp_classes_new("", &classes), SP_OK);
		add_all(classes, row->limits, true);
		add_all(classes, row->statements, false);
		if (told[0] == '\0')
			assert_int_equal(sp_classes_settle(classes, &judge),
					 row->error == NULL);
		if (row->error == NULL)
			assert_string_equal(told, "");
		else if (strncmp(told, row->error, strlen(row->error)) != 0)
			assert_string_equal(told, row->error);
		sp_classes_free(&classes);
	}
}

/* --- whose limits? -------------------------------------------------------- */

static const char *const shipped[LINES_MAX] = {
	"messages: 200/1h hold",
	"messages: 1000/1d locked",
	"bounces: 50/1d hold",
};

static const char *const stated[LINES_MAX] = {
	"news login: news",
	"news messages: 5000/1h hold",
	"students domain: students.example.org",
	"students uid: 70000-79999",
	"students messages: 10/1h hold",
	"staff domain: example.org",
	"staff network: 10.0.0.0/8",
	"staff network: 2001:db8::/32",
	"staff messages: none",
	"branch network: 10.1.0.0/16",
	"branch recipients: 1/1h hold",
	NULL,
};

struct find_row {
	const char *sentence;
	const char *whom;
	const char *class, *limits;
};

#define OF_ALL "messages: 200/1h hold, messages: 1000/1d locked, "

static const struct find_row finds[] = {
	{ "who is in no class", "sasl:bob@example.net", "default",
	  OF_ALL "bounces: 50/1d hold" },
	{ "a login, whose limits for messages are others",
	  "sasl:news@example.org", "news",
	  "messages: 5000/1h hold, bounces: 50/1d hold" },
	{ "its name in another domain is somebody else",
	  "sasl:news@example.net", "default", OF_ALL "bounces: 50/1d hold" },
	{ "a domain", "sasl:alice@example.org", "staff",
	  "bounces: 50/1d hold" },
	{ "a domain below it", "sasl:alice@sub.example.org", "staff",
	  "bounces: 50/1d hold" },
	{ "a domain that only ends so", "sasl:alice@notexample.org", "default",
	  OF_ALL "bounces: 50/1d hold" },
	{ "the longer domain", "sasl:x@a.students.example.org", "students",
	  "messages: 10/1h hold, bounces: 50/1d hold" },
	{ "a login without a domain", "sasl:alice", "default",
	  OF_ALL "bounces: 50/1d hold" },
	{ "the first of the users", "uid:70000", "students",
	  "messages: 10/1h hold, bounces: 50/1d hold" },
	{ "the last of them", "uid:79999", "students",
	  "messages: 10/1h hold, bounces: 50/1d hold" },
	{ "one before", "uid:69999", "default", OF_ALL "bounces: 50/1d hold" },
	{ "one behind", "uid:80000", "default", OF_ALL "bounces: 50/1d hold" },
	{ "a relay", "net:10.2.0.1", "staff", "bounces: 50/1d hold" },
	{ "a relay of the longer prefix", "net:10.1.2.3", "branch",
	  "recipients: 1/1h hold, " OF_ALL "bounces: 50/1d hold" },
	{ "a network of relays within", "net:10.1.2.0/24", "branch",
	  "recipients: 1/1h hold, " OF_ALL "bounces: 50/1d hold" },
	{ "a network of relays around it is not in it", "net:10.0.0.0/15",
	  "staff", "bounces: 50/1d hold" },
	{ "a relay with IPv6", "net:2001:db8:1::/64", "staff",
	  "bounces: 50/1d hold" },
	{ "another relay has no limits", "net:192.0.2.7", "relays", "" },
};

static void write_limits(const struct sp_class *class, char *bytes, size_t size)
{
	struct sp_text text;

	sp_text_init(&text, bytes, size);
	for (size_t i = 0; i < class->count; i++) {
		sp_text_add(&text, i == 0 ? "" : ", ");
		sp_limit_write(&class->limits[i], &text);
	}
}

static void test_find(void **state)
{
	struct sp_classes *classes;

	(void)state;
	told[0] = '\0';
	assert_int_equal(sp_classes_new("example.org", &classes), SP_OK);
	add_all(classes, shipped, true);
	add_all(classes, stated, false);
	assert_true(sp_classes_settle(classes, &judge));
	assert_string_equal(told, "");
	for (size_t i = 0; i < sizeof(finds) / sizeof(*finds); i++) {
		struct sp_submitter submitter;
		const struct sp_class *class;
		char found[256];

		print_message("  %s\n", finds[i].sentence);
		assert_int_equal(
			sp_submitter_parse(finds[i].whom, "", &submitter),
			SP_OK);
		class = sp_classes_find(classes, &submitter);
		assert_string_equal(class->name, finds[i].class);
		write_limits(class, found, sizeof(found));
		assert_string_equal(found, finds[i].limits);
	}
	sp_classes_free(&classes);
}

static const struct why_row {
	const char *sentence, *whom, *by;
} whys[] = {
	{ "the login itself", "sasl:news@example.org",
	  "login news@example.org 1" },
	{ "the longer domain", "sasl:x@a.students.example.org",
	  "domain students.example.org 3" },
	{ "a range of users", "uid:70001", "uid 70000-79999 4" },
	{ "the longer prefix", "net:10.1.2.3", "network 10.1.0.0/16 10" },
	{ "nothing names it", "sasl:bob@example.net", "  0" },
	{ "nor a relay", "net:192.0.2.7", "  0" },
};

static void test_why_it_is_there(void **state)
{
	static const char *const names[] = { "default",	 "relays", "news",
					     "students", "staff",  "branch" };
	struct sp_classes *classes;

	(void)state;
	assert_int_equal(sp_classes_new("example.org", &classes), SP_OK);
	add_all(classes, shipped, true);
	add_all(classes, stated, false);
	assert_true(sp_classes_settle(classes, &judge));
	for (size_t i = 0; i < sizeof(whys) / sizeof(*whys); i++) {
		struct sp_submitter submitter;
		struct sp_class_reason reason;
		char found[256];

		print_message("  %s\n", whys[i].sentence);
		sp_submitter_parse(whys[i].whom, "", &submitter);
		sp_classes_why(classes, &submitter, &reason);
		snprintf(found, sizeof(found), "%s %s %u", reason.by,
			 reason.whom, reason.stands.line);
		assert_string_equal(found, whys[i].by);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_string_equal(sp_classes_get(classes, i)->name, names[i]);
	assert_null(sp_classes_get(classes, 6));
	sp_classes_free(&classes);
}

/* Whoever has written a thousand classes has surely made a slip. */
static void test_bounds(void **state)
{
	static const struct sp_stands here = { "f", 1 };
	char text[64], error[SP_LIMIT_ERROR_SIZE];
	struct sp_classes *classes;
	int count = 0;

	(void)state;
	assert_int_equal(sp_classes_new("", &classes), SP_OK);
	do {
		snprintf(text, sizeof(text), "c%d login: x%d", count, count);
	} while (sp_classes_add(classes, text, &here, error) == SP_OK &&
		 ++count < 5000);
	assert_int_equal(count, 998);
	assert_string_equal(error, "expected at most 998 classes");
	for (count = 0; count < 100; count++) {
		snprintf(text, sizeof(text), "messages: %d/%dm watch",
			 count + 1, 2 * count + 1);
		if (sp_classes_add_limit(classes, text, &here, error) != SP_OK)
			break;
	}
	assert_int_equal(count, SP_LIMITS_MAX);
	assert_string_equal(error, "expected at most 32 limits");
	sp_classes_free(&classes);
}

static void test_names(void **state)
{
	enum sp_submitter_state found;

	(void)state;
	for (unsigned i = 0; i < SP_COUNTED_KINDS; i++) {
		enum sp_counted counted = (enum sp_counted)i;

		assert_int_equal(sp_counted_by_name(sp_counted_name(counted)),
				 counted);
		assert_true(strlen(sp_counted_words(counted, 1)) > 0);
	}
	assert_int_equal(sp_counted_by_name("mails"), SP_COUNTED_KINDS);
	for (unsigned i = 0; i <= SP_SUBMITTER_LOCKED; i++) {
		assert_int_equal(sp_submitter_state_by_name(
					 sp_submitter_state_name(
						 (enum sp_submitter_state)i),
					 &found),
				 SP_OK);
		assert_int_equal(found, i);
	}
	assert_int_equal(sp_submitter_state_by_name("bad", &found),
			 SP_ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_limit),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_why_it_is_there),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
