/* Which host names a machine made for a line: one row, one sentence. Then the
 * share of real names that we call so, against what six rule sets say. */
#include "sallyport/generic_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct row {
	const char *sentence;
	const char *name;
	const char *client;
	enum sp_generic_kind kind;
	enum sp_generic_spelling spelling;
};

static const struct row rows[] = {
	{ "a dashed address", "c-203-0-113-77.example.net", "203.0.113.77",
	  SP_GENERIC_ADDRESS, SP_SPELLING_DECIMAL },
	{ "a dotted address", "203.0.113.77.example.net", "203.0.113.77",
	  SP_GENERIC_ADDRESS, SP_SPELLING_DECIMAL },
	{ "in capitals, with a trailing dot", "H203X0X113X77.Example.NET.",
	  "203.0.113.77", SP_GENERIC_ADDRESS, SP_SPELLING_DECIMAL },
	{ "each octet padded", "dhcp203-000-113-077.example.net",
	  "203.0.113.77", SP_GENERIC_ADDRESS, SP_SPELLING_DECIMAL },
	{ "reversed", "77.113.0.203.example.net", "203.0.113.77",
	  SP_GENERIC_ADDRESS, SP_SPELLING_REVERSED },
	{ "the last octet in front", "77.red-203-0-113.example.net",
	  "203.0.113.77", SP_GENERIC_ADDRESS, SP_SPELLING_SHUFFLED },
	{ "padded and run together", "h203000113077.example.net",
	  "203.0.113.77", SP_GENERIC_ADDRESS, SP_SPELLING_PADDED },
	{ "padded, run together, reversed", "077113000203.example.net",
	  "203.0.113.77", SP_GENERIC_ADDRESS, SP_SPELLING_PADDED },
	{ "run together without padding", "ip203011377.example.net",
	  "203.0.113.77", SP_GENERIC_ADDRESS, SP_SPELLING_JOINED },
	{ "as one number", "3405803853.example.net", "203.0.113.77",
	  SP_GENERIC_ADDRESS, SP_SPELLING_INTEGER },
	{ "in hexadecimal", "pCB00714D.example.net", "203.0.113.77",
	  SP_GENERIC_ADDRESS, SP_SPELLING_HEX },
	{ "in hexadecimal with 0x", "0xcb00714d.example.net", "203.0.113.77",
	  SP_GENERIC_ADDRESS, SP_SPELLING_HEX },
	{ "in dashed hexadecimal", "cb-00-71-4d.example.net", "203.0.113.77",
	  SP_GENERIC_ADDRESS, SP_SPELLING_HEX },
	{ "in hexadecimal, reversed by octets", "x4d7100cb.example.net",
	  "203.0.113.77", SP_GENERIC_ADDRESS, SP_SPELLING_HEX },
	{ "the last three octets", "u0-113-77.example.net", "203.0.113.77",
	  SP_GENERIC_ADDRESS, SP_SPELLING_THREE },
	{ "the first three octets", "net-203-0-113.example.net", "203.0.113.77",
	  SP_GENERIC_ADDRESS, SP_SPELLING_THREE },
	{ "the last two octets", "m113-77.example.net", "203.0.113.77",
	  SP_GENERIC_PARTIAL, SP_SPELLING_TWO },
	{ "the last two octets, reversed", "77.113.example.net", "203.0.113.77",
	  SP_GENERIC_PARTIAL, SP_SPELLING_TWO },
	{ "two small octets are met by chance", "db1-2.example.net",
	  "203.0.1.2", SP_GENERIC_NO, SP_SPELLING_ONE },
	{ "two octets beside a word for mail", "mail113-77.example.net",
	  "203.0.113.77", SP_GENERIC_NO, SP_SPELLING_TWO },
	{ "two octets of a sender of newsletters",
	  "a113-77.smtp-out.example.net", "203.0.113.77", SP_GENERIC_NO,
	  SP_SPELLING_TWO },
	{ "the whole address of a sender of newsletters",
	  "mta-203-0-113-77.example.net", "203.0.113.77", SP_GENERIC_NO,
	  SP_SPELLING_DECIMAL },
	{ "two octets on a leased line", "77.113.static.example.net",
	  "203.0.113.77", SP_GENERIC_NO, SP_SPELLING_TWO },
	{ "the whole address on a leased line",
	  "203-0-113-77.static.example.net", "203.0.113.77", SP_GENERIC_ADDRESS,
	  SP_SPELLING_DECIMAL },
	{ "the whole address reaching into the domain",
	  "static-203.0.113-77.example", "203.0.113.77", SP_GENERIC_ADDRESS,
	  SP_SPELLING_DECIMAL },
	{ "somebody else's address", "c-198-51-100-9.example.net",
	  "203.0.113.77", SP_GENERIC_NO, SP_SPELLING_NONE },
	{ "numbers are not read out of longer ones",
	  "x1203-0-113-774.example.net", "203.0.113.77", SP_GENERIC_NO,
	  SP_SPELLING_NONE },
	{ "octets padded too far are other numbers",
	  "x0000113-0000077.example.net", "203.0.113.77", SP_GENERIC_NO,
	  SP_SPELLING_NONE },
	{ "a word for a line and a number", "adsl12.example.net",
	  "203.0.113.77", SP_GENERIC_WORD, SP_SPELLING_NONE },
	{ "a word for a line alone", "cable.example.net", "203.0.113.77",
	  SP_GENERIC_NO, SP_SPELLING_NONE },
	{ "dynamic says it without a number", "dynamic-xxx.example.net",
	  "203.0.113.77", SP_GENERIC_WORD, SP_SPELLING_NONE },
	{ "a word for a line in the registered domain",
	  "host9.cable-news.example", "203.0.113.77", SP_GENERIC_NO,
	  SP_SPELLING_NONE },
	{ "a word for a line in a domain below a registry",
	  "www3.dsl-shop.co.uk", "203.0.113.77", SP_GENERIC_NO,
	  SP_SPELLING_NONE },
	{ "a mail server of those who sell lines", "smtp2.dsl.example.net",
	  "203.0.113.77", SP_GENERIC_NO, SP_SPELLING_NONE },
	{ "a word within another is not the word", "clustered7.example.net",
	  "203.0.113.77", SP_GENERIC_NO, SP_SPELLING_NONE },
	{ "a weak word and the last octet, deep down",
	  "host77.city.example.net", "203.0.113.77", SP_GENERIC_WORD,
	  SP_SPELLING_ONE },
	{ "a weak word and the last octet of a small office",
	  "host77.example.net", "203.0.113.77", SP_GENERIC_NO,
	  SP_SPELLING_ONE },
	{ "a place in a network", "town2a-77.area.example.net", "203.0.113.77",
	  SP_GENERIC_SERIAL, SP_SPELLING_ONE },
	{ "a long serial number, deep down",
	  "pcp04024417.toresd.pa.example.net", "203.0.113.77",
	  SP_GENERIC_SERIAL, SP_SPELLING_NONE },
	{ "a serial number of a rented server", "vmi1736435.example.net",
	  "203.0.113.77", SP_GENERIC_NO, SP_SPELLING_NONE },
	{ "an ordinary mail server", "mx1.example.net", "203.0.113.77",
	  SP_GENERIC_NO, SP_SPELLING_NONE },
	{ "an ordinary host", "post3.example.net", "203.0.113.77",
	  SP_GENERIC_NO, SP_SPELLING_NONE },
	{ "a registered domain by itself", "example.net", "203.0.113.77",
	  SP_GENERIC_NO, SP_SPELLING_NONE },
	{ "the address in brackets", "[203.0.113.77]", "203.0.113.77",
	  SP_GENERIC_ADDRESS, SP_SPELLING_DECIMAL },
	{ "another address in brackets", "[203.0.113.78]", "203.0.113.77",
	  SP_GENERIC_NO, SP_SPELLING_NONE },
	{ "an IPv6 address, all nibbles",
	  "20010db8000000a0000000000000c0de.example.net", "2001:db8:0:a0::c0de",
	  SP_GENERIC_ADDRESS, SP_SPELLING_HEX },
	{ "an IPv6 address, dashed", "p2001-db8-0-a0-0-0-0-c0de.example.net",
	  "2001:db8:0:a0::c0de", SP_GENERIC_ADDRESS, SP_SPELLING_HEX },
	{ "the interface's half of an IPv6 address",
	  "h-0211-22ff-fe33-4455.example.net", "2001:db8::211:22ff:fe33:4455",
	  SP_GENERIC_ADDRESS, SP_SPELLING_HEX },
	{ "an IPv6 address as in ip6.arpa",
	  "e.d.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.a.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	  "example.net",
	  "2001:db8:0:a0::c0de", SP_GENERIC_ADDRESS, SP_SPELLING_REVERSED },
	{ "zeros alone are no IPv6 address", "0-0-0-0-0.example.net",
	  "2001:db8::7", SP_GENERIC_NO, SP_SPELLING_NONE },
	{ "nothing", "", "203.0.113.77", SP_GENERIC_NO, SP_SPELLING_NONE },
	{ "no host name", "dsl 12\r\n.example.net", "203.0.113.77",
	  SP_GENERIC_NO, SP_SPELLING_NONE },
	{ "an address that is not known, and a word", "dsl12.example.net",
	  "unknown", SP_GENERIC_WORD, SP_SPELLING_NONE },
};

static struct sp_generic_name judge(const char *name, const char *client)
{
	struct sp_generic_name result;
	struct sp_ip ip;

	sp_ip_parse(client, &ip);
	sp_generic_name_judge(name, &ip, &result);
	return result;
}

static void test_rows(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct sp_generic_name got = judge(row->name, row->client);

		if (got.kind == row->kind && got.spelling == row->spelling)
			continue;
		print_error("%s: \"%s\" is kind %d by spelling %d, expected "
			    "%d by %d\n",
			    row->sentence, row->name, (int)got.kind,
			    (int)got.spelling, (int)row->kind,
			    (int)row->spelling);
		failed++;
	}
	assert_int_equal(failed, 0);
}

static void test_reasons(void **state)
{
	static const struct {
		const char *name;
		const char *reason;
	} reasons[] = {
		{ "77.113.0.203.adsl.example.net",
		  "the address is in it, reversed, and the word \"dsl\"" },
		{ "c-203-0-113-77.example.net", "the address is in it" },
		{ "pool9.example.net", "the word \"pool\"" },
		{ "pcp04024417.toresd.pa.example.net",
		  "a long serial number is in it" },
		{ "smtp9.example.net", "the word \"smtp\" speaks for a "
				       "server" },
		{ "www.example.net", "nothing speaks for a customer's line" },
	};
	char text[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(reasons); i++) {
		struct sp_generic_name result =
			judge(reasons[i].name, "203.0.113.77");

		assert_string_equal(
			sp_generic_name_reason(&result, text, sizeof(text)),
			reasons[i].reason);
		assert_string_equal(sp_generic_name_reason(&result, text, 1),
				    "");
	}
}

/* The longest names there are, and names of nothing but numbers, end soon. */
static void test_longest(void **state)
{
	static const char *const pieces[] = { "1.", "7-7-", "ffff-", "dsl" };
	struct sp_ip ip;

	(void)state;
	sp_ip_parse("2001:db8::7", &ip);
	for (size_t i = 0; i < ARRAY_COUNT(pieces); i++) {
		for (size_t length = 240; length < 300; length++) {
			char name[320] = "";
			struct sp_generic_name result;

			while (strlen(name) < length)
				strcat(name, pieces[i]);
			strcat(name, "net");
			sp_generic_name_judge(name, &ip, &result);
			judge(name, "7.7.7.7");
		}
	}
}

static FILE *open_data(const char *file)
{
	const char *srcdir = getenv("srcdir");
	const char *ci = getenv("CI");
	char path[1000];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/../shared/data/rdns/%s",
		 srcdir ? srcdir : ".", file);
	stream = fopen(path, "r");
	if (stream)
		return stream;
	if (ci && !strcmp(ci, "true"))
		fail_msg("%s is missing", path);
	print_message("skipped: ../shared/data is not here (%s)\n", path);
	skip();
	return NULL;
}

/* The tab-separated `fields` of the next line that is not the heading. */
static size_t next_line(FILE *stream, char *line, size_t size, char *fields[16])
{
	size_t count = 0;

	if (!fgets(line, (int)size, stream))
		return 0;
	line[strcspn(line, "\r\n")] = '\0';
	while (count < 16 && (fields[count] = strsep(&line, "\t")))
		count++;
	return count;
}

static void test_real_names(void **state)
{
	size_t clearly = 0, clearly_called = 0, not = 0, not_called = 0;
	FILE *stream = open_data("ptr-hostnames.tsv");
	char line[2000], *fields[16];
	size_t count;

	(void)state;
	next_line(stream, line, sizeof(line), fields);
	while ((count = next_line(stream, line, sizeof(line), fields)) > 2) {
		long votes = strtol(fields[count - 1], NULL, 10);
		bool is_called =
			judge(fields[0], fields[1]).kind != SP_GENERIC_NO;

		if (votes >= 3) {
			clearly++;
			clearly_called += is_called;
		} else if (votes == 0) {
			not ++;
			not_called += is_called;
		}
	}
	fclose(stream);
	print_message("called generic: %zu of %zu names with three votes or "
		      "more, %zu of %zu with none\n",
		      clearly_called, clearly, not_called, not );
	assert_true(clearly > 300 && not > 900);
	assert_true(clearly_called * 100 >= clearly * 95);
	assert_true(not_called * 100 <= not );
}

/* Curated examples that we judge otherwise than their collectors, and why. */
static const struct {
	const char *name;
	const char *argument;
} argued[] = {
	{ "wiley-170-10231.roadrunner.nf.net",
	  "nothing of its address (205.251.210.249) and no word for a line is "
	  "in it: only somebody who knows the provider can say" },
};

static bool is_argued(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(argued); i++)
		if (!strcmp(argued[i].name, name))
			return true;
	return false;
}

static void test_curated(void **state)
{
	size_t total = 0, right = 0, failed = 0;
	FILE *stream = open_data("curated-examples.tsv");
	char line[2000], *fields[16];

	(void)state;
	next_line(stream, line, sizeof(line), fields);
	while (next_line(stream, line, sizeof(line), fields) > 2) {
		bool expected = !strcmp(fields[2], "generic");
		bool is_called =
			judge(fields[0], fields[1]).kind != SP_GENERIC_NO;

		total++;
		right += expected == is_called;
		if ((expected == is_called) != is_argued(fields[0]))
			continue;
		print_error("%s (%s): expected %s\n", fields[0], fields[1],
			    fields[2]);
		failed++;
	}
	fclose(stream);
	print_message("%zu of %zu curated examples right, %zu argued\n", right,
		      total, ARRAY_COUNT(argued));
	assert_int_equal(total, 47);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_real_names),
		cmocka_unit_test(test_curated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
