/* test-dns-name.c - names of questions, data of answers, the pulse: what needs
 * no network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "pulse.h"
#include "sallyport/dns.h"

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

#define L10  "abcdefghij"
#define L60  L10 L10 L10 L10 L10 L10
#define L63  L60 "abc"
#define L251 L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 "abcdefghi"

struct name_row {
	const char *label;
	const char *text;
	size_t length; /* 0: strlen(text) */
	enum sp_err err;
	const char *name;
};

static const struct name_row domain_rows[] = {
	{ "a name is itself", "example.org", 0, SP_OK, "example.org" },
	{ "in lower case", "MX.Example.ORG", 0, SP_OK, "mx.example.org" },
	{ "the root's dot is left out", "example.org.", 0, SP_OK,
	  "example.org" },
	{ "one label is a name", "localhost", 0, SP_OK, "localhost" },
	{ "an underscore begins many a label", "_dmarc.example.org", 0, SP_OK,
	  "_dmarc.example.org" },
	{ "an A-label is letters", "xn--mnchen-3ya.example", 0, SP_OK,
	  "xn--mnchen-3ya.example" },
	{ "a label of 63", L63 ".org", 0, SP_OK, L63 ".org" },
	{ "a label of 64 is too long", L63 "x.org", 0, SP_ERR_SYNTAX, "" },
	{ "a name of 253", L251 ".x", 0, SP_OK, L251 ".x" },
	{ "... and with the root's dot", L251 ".x.", 0, SP_OK, L251 ".x" },
	{ "a name of 255 is too long", L251 ".xyz", 0, SP_ERR_TOO_LONG, "" },
	{ "nothing is no name", "", 0, SP_ERR_SYNTAX, "" },
	{ "the root is no name", ".", 0, SP_ERR_SYNTAX, "" },
	{ "two dots hold an empty label", "a..b", 0, SP_ERR_SYNTAX, "" },
	{ "two dots at the end too", "a.b..", 0, SP_ERR_SYNTAX, "" },
	{ "a dot at the beginning too", ".a.b", 0, SP_ERR_SYNTAX, "" },
	{ "a NUL does not hide what is behind", "a.b\0.c", 6, SP_ERR_SYNTAX,
	  "" },
	{ "a NUL at the end is a character too", "a.b\0", 4, SP_ERR_SYNTAX,
	  "" },
	{ "a space", "a b.org", 0, SP_ERR_SYNTAX, "" },
	{ "a space at the end", "a.org ", 0, SP_ERR_SYNTAX, "" },
	{ "a line's end", "a.org\r\n", 0, SP_ERR_SYNTAX, "" },
	{ "an escaped dot is no label's", "a\\.b.org", 0, SP_ERR_SYNTAX, "" },
	{ "an escaped number neither", "a\\046b.org", 0, SP_ERR_SYNTAX, "" },
	{ "a U-label is for others to convert", "m\xc3\xbcnchen.example", 0,
	  SP_ERR_SYNTAX, "" },
	{ "an 8-bit byte", "a\xff.org", 0, SP_ERR_SYNTAX, "" },
	{ "a hyphen at a label's beginning", "-a.org", 0, SP_ERR_SYNTAX, "" },
	{ "a hyphen at a label's end", "a-.org", 0, SP_ERR_SYNTAX, "" },
	{ "a wildcard asks for everything", "*.org", 0, SP_ERR_SYNTAX, "" },
	{ "an address is no name", "192.0.2.1", 0, SP_ERR_SYNTAX, "" },
	{ "an address literal neither", "[192.0.2.1]", 0, SP_ERR_SYNTAX, "" },
	{ "an IPv6 address neither", "2001:db8::1", 0, SP_ERR_SYNTAX, "" },
};

static const struct name_row expanded_rows[] = {
	{ "a local part below a name", "user+tag=x!._spf.example.org", 0, SP_OK,
	  "user+tag=x!._spf.example.org" },
	{ "labels are as long as ever", L63 "x.org", 0, SP_ERR_SYNTAX, "" },
	{ "a backslash would make another name", "a\\.b.org", 0, SP_ERR_SYNTAX,
	  "" },
	{ "a space, which %_ writes", "a b.org", 0, SP_OK, "a b.org" },
	{ "a tab", "a\tb.org", 0, SP_ERR_SYNTAX, "" },
	{ "an empty label", "a..org", 0, SP_ERR_SYNTAX, "" },
	{ "a NUL", "a\0.org", 6, SP_ERR_SYNTAX, "" },
	{ "an 8-bit byte", "\xe4.org", 0, SP_ERR_SYNTAX, "" },
};

typedef enum sp_err maker(const char *text, size_t length,
			  struct sp_dns_name *name_out);

static int try_names(const struct name_row *rows, size_t count, maker *make)
{
	int failures = 0;

	for (size_t i = 0; i < count; i++) {
		const struct name_row *row = &rows[i];
		size_t length = row->length ? row->length : strlen(row->text);
		struct sp_dns_name name = { "untouched" };
		enum sp_err err = make(row->text, length, &name);

		if (err == row->err && strcmp(name.text, row->name) == 0)
			continue;
		print_error("%s: %d \"%s\"\n", row->label, err, name.text);
		failures++;
	}
	return failures;
}

static void test_domains(void **state)
{
	(void)state;
	assert_int_equal(
		try_names(domain_rows, COUNT(domain_rows), sp_dns_name_domain),
		0);
}

static void test_expanded(void **state)
{
	(void)state;
	assert_int_equal(try_names(expanded_rows, COUNT(expanded_rows),
				   sp_dns_name_expanded),
			 0);
}

static const struct {
	const char *label;
	const char *parts[4];
	enum sp_err err;
	const char *name;
} join_rows[] = {
	{ "a key's name",
	  { "sel", "_domainkey", "example.org" },
	  SP_OK,
	  "sel._domainkey.example.org" },
	{ "a selector may have dots and digits",
	  { "s1.2023", "_domainkey", "Example.org." },
	  SP_OK,
	  "s1.2023._domainkey.example.org" },
	{ "a name in a list",
	  { "bad.example", "dbl.example.net" },
	  SP_OK,
	  "bad.example.dbl.example.net" },
	{ "an empty part would move the others",
	  { "", "_domainkey", "example.org" },
	  SP_ERR_SYNTAX,
	  "" },
	{ "a part does not end in a dot",
	  { "sel.", "_domainkey", "example.org" },
	  SP_ERR_SYNTAX,
	  "" },
	{ "a part does not begin with one",
	  { ".sel", "_domainkey", "example.org" },
	  SP_ERR_SYNTAX,
	  "" },
	{ "nor holds a space", { "a b", "example.org" }, SP_ERR_SYNTAX, "" },
	{ "nor a backslash", { "a\\", "example.org" }, SP_ERR_SYNTAX, "" },
	{ "an empty end is none", { "_dmarc", "" }, SP_ERR_SYNTAX, "" },
	{ "together they may be too long",
	  { L251, "example.org" },
	  SP_ERR_TOO_LONG,
	  "" },
	{ "nothing is no name", { NULL }, SP_ERR_SYNTAX, "" },
};

static void test_joined(void **state)
{
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(join_rows); i++) {
		struct sp_dns_name name = { "untouched" };
		enum sp_err err;
		size_t count = 0;

		while (count < 4 && join_rows[i].parts[count] != NULL)
			count++;
		err = sp_dns_name_join(join_rows[i].parts, count, &name);
		if (err == join_rows[i].err &&
		    strcmp(name.text, join_rows[i].name) == 0)
			continue;
		print_error("%s: %d \"%s\"\n", join_rows[i].label, err,
			    name.text);
		failures++;
	}
	assert_int_equal(failures, 0);
}

#define NIBBLES                                                                \
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.f.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"

static const struct {
	const char *label, *ip, *zone;
	enum sp_err err;
	const char *name;
} reverse_rows[] = {
	{ "IPv4", "192.0.2.7", NULL, SP_OK, "7.2.0.192.in-addr.arpa" },
	{ "IPv4 in a list", "192.0.2.7", "zen.example.net", SP_OK,
	  "7.2.0.192.zen.example.net" },
	{ "IPv6", "2001:db8:0:f::1", NULL, SP_OK, NIBBLES ".ip6.arpa" },
	{ "IPv6 in a list", "2001:db8:0:f::1", "zen.example.net", SP_OK,
	  NIBBLES ".zen.example.net" },
	{ "a mapped address is IPv4", "::ffff:192.0.2.7", NULL, SP_OK,
	  "7.2.0.192.in-addr.arpa" },
	{ "no address has no name", "", NULL, SP_ERR_RANGE, "" },
	{ "a wrong zone", "192.0.2.7", "zen..net", SP_ERR_SYNTAX, "" },
	{ "a zone of digits", "192.0.2.7", "5", SP_ERR_SYNTAX, "" },
	{ "a zone with no room left for an address", "2001:db8::1",
	  L63 "." L63 "." L63 ".net", SP_ERR_TOO_LONG, "" },
};

static void test_reversed(void **state)
{
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(reverse_rows); i++) {
		struct sp_dns_name name = { "untouched" };
		enum sp_err err;
		struct sp_ip ip;

		sp_ip_parse(reverse_rows[i].ip, &ip);
		err = sp_dns_name_reverse(&ip, reverse_rows[i].zone, &name);
		if (err == reverse_rows[i].err &&
		    strcmp(name.text, reverse_rows[i].name) == 0)
			continue;
		print_error("%s: %d \"%s\"\n", reverse_rows[i].label, err,
			    name.text);
		failures++;
	}
	assert_int_equal(failures, 0);
}

/* -------------------------------------------------------------------- data */

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *label;
	enum sp_dns_type type;
	const char *bytes;
	size_t length;
	const char *text; /* how the record reads; NULL = dropped */
} data_rows[] = {
	{ "an IPv4 address", SP_DNS_A, BYTES("\xc0\0\2\1"), "192.0.2.1" },
	{ "of 3 bytes is none", SP_DNS_A, BYTES("\xc0\0\2"), NULL },
	{ "of 5 neither", SP_DNS_A, BYTES("\xc0\0\2\1\1"), NULL },
	{ "an IPv6 address", SP_DNS_AAAA,
	  BYTES("\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"), "2001:db8::1" },
	{ "of 4 bytes is none", SP_DNS_AAAA, BYTES("\xc0\0\2\1"), NULL },
	{ "a name", SP_DNS_PTR, BYTES("\2MX\7example\0"), "mx.example" },
	{ "without its end", SP_DNS_PTR, BYTES("\2mx\7example"), NULL },
	{ "cut in a label", SP_DNS_PTR, BYTES("\2mx\7exa"), NULL },
	{ "with something behind", SP_DNS_PTR, BYTES("\2mx\0\0"), NULL },
	{ "with a pointer", SP_DNS_PTR, BYTES("\2mx\xc0\x0c"), NULL },
	{ "of nothing", SP_DNS_PTR, BYTES(""), NULL },
	{ "the root", SP_DNS_PTR, BYTES("\0"), NULL },
	{ "with a dot in a label", SP_DNS_PTR, BYTES("\5mx.ex\3org\0"), NULL },
	{ "with a NUL in it", SP_DNS_PTR, BYTES("\3m\0x\3org\0"), NULL },
	{ "with a space in it", SP_DNS_PTR, BYTES("\3m x\3org\0"), NULL },
	{ "that reads like an address", SP_DNS_PTR,
	  BYTES("\3"
		"192"
		"\1"
		"0"
		"\1"
		"2"
		"\1"
		"1"
		"\0"),
	  NULL },
	{ "an exchanger", SP_DNS_MX, BYTES("\0\xa\2mx\3org\0"), "10 mx.org" },
	{ "the null exchanger", SP_DNS_MX, BYTES("\0\0\0"), "0 " },
	{ "a preference alone", SP_DNS_MX, BYTES("\0\xa"), NULL },
	{ "half a preference", SP_DNS_MX, BYTES("\0"), NULL },
	{ "a text", SP_DNS_TXT, BYTES("\6v=spf1"), "v=spf1" },
	{ "in two strings", SP_DNS_TXT, BYTES("\2v=\4spf1"), "v=spf1" },
	{ "an empty one", SP_DNS_TXT, BYTES("\0"), "" },
	{ "that ends too soon", SP_DNS_TXT, BYTES("\7v=spf1"), NULL },
	{ "of no string", SP_DNS_TXT, BYTES(""), NULL },
	{ "an alias", SP_DNS_CNAME, BYTES("\1a\3org\0"), "a.org" },
	{ "a type that we do not read", (enum sp_dns_type)99, BYTES("\0"),
	  NULL },
};

static const char *show(const struct sp_dns_record *record, char *text_out,
			enum sp_dns_type type)
{
	if (record->ip.family != SP_IP_NONE)
		return sp_ip_format(&record->ip, text_out);
	if (type != SP_DNS_MX)
		return record->text;
	sprintf(text_out, "%u %s", record->preference, record->text);
	return text_out;
}

static void test_data(void **state)
{
	struct sp_dns_reader *reader = malloc(sizeof(*reader));
	int failures = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(data_rows); i++) {
		/* Of its own, so that the sanitizer sees a byte too many. */
		char *bytes = malloc(data_rows[i].length + 1);
		struct sp_dns_data data = { (uint8_t *)bytes,
					    data_rows[i].length };
		const char *text = NULL;
		char shown[512];

		bytes = realloc(bytes, data.length > 0 ? data.length : 1);
		data.bytes = (uint8_t *)bytes;
		memcpy(bytes, data_rows[i].bytes, data.length);
		sp_dns_reader_init(reader);
		sp_dns_reader_take(reader, data_rows[i].type, &data);
		assert_int_equal(reader->count + reader->dropped, 1);
		if (reader->count == 1)
			text = show(&reader->records[0], shown,
				    data_rows[i].type);
		if ((text == NULL) != (data_rows[i].text == NULL) ||
		    (text != NULL && strcmp(text, data_rows[i].text) != 0)) {
			print_error("%s: %s\n", data_rows[i].label,
				    text == NULL ? "dropped" : text);
			failures++;
		}
		free(bytes);
	}
	free(reader);
	assert_int_equal(failures, 0);
}

static void test_an_answer_is_bounded(void **state)
{
	struct sp_dns_reader *reader = malloc(sizeof(*reader));
	struct sp_dns_answer like = { .status = SP_DNS_FOUND, .alias = "a.b" };
	struct sp_dns_held *held;
	uint8_t text[256];
	struct sp_dns_data data = { text, sizeof(text) };

	(void)state;
	memset(text, 'x', sizeof(text));
	text[0] = 255;
	sp_dns_reader_init(reader);
	for (unsigned i = 0; i < 100; i++)
		sp_dns_reader_take(reader, SP_DNS_TXT, &data);
	/* 255 letters and a NUL each: 64 of them fill 16 KiB to the byte. */
	assert_int_equal(reader->count, 64);
	assert_int_equal(reader->dropped, 36);
	held = sp_dns_held_new(reader, &like);
	free(reader);
	assert_int_equal(held->answer.count, 64);
	assert_int_equal(strlen(held->answer.records[63].text), 255);
	assert_string_equal(held->answer.alias, "a.b");
	free(held);
}

/* ------------------------------------------------------------------- pulse */

static void fail_often(struct sp_pulse *pulse, unsigned times, int64_t now_ms)
{
	while (times-- > 0)
		sp_pulse_bad(pulse, now_ms, now_ms);
}

static void test_failures_without_a_failed_probe_do_not_kill(void **state)
{
	struct sp_pulse pulse;

	(void)state;
	sp_pulse_init(&pulse, 5, 1000);
	fail_often(&pulse, 100, 1000);
	assert_false(pulse.is_dead);
	assert_true(sp_pulse_wants_probe(&pulse, -1, 1000));
	assert_int_equal(sp_pulse_probed(&pulse, 1000, true, 1010),
			 SP_PULSE_NOTHING);
	assert_int_equal(pulse.failures, 0);
}

static void test_a_failed_probe_and_failures_kill(void **state)
{
	struct sp_pulse pulse;

	(void)state;
	sp_pulse_init(&pulse, 5, 1000);
	fail_often(&pulse, 4, 1000);
	assert_true(sp_pulse_wants_probe(&pulse, -1, 1000));
	assert_false(sp_pulse_wants_probe(&pulse, -1, 1001));
	sp_pulse_probed(&pulse, 1000, false, 1010);
	assert_false(pulse.is_dead);
	assert_int_equal(sp_pulse_bad(&pulse, 1010, 1010), SP_PULSE_DIED);
	assert_false(sp_pulse_lets_pass(&pulse, 1010));
}

static void test_a_silent_probe_is_a_failed_one(void **state)
{
	struct sp_pulse pulse;

	(void)state;
	sp_pulse_init(&pulse, 5, 1000);
	assert_true(sp_pulse_wants_probe(&pulse, 1000, 1000));
	assert_int_equal(sp_pulse_tick(&pulse, 1999), SP_PULSE_NOTHING);
	fail_often(&pulse, 5, 1999);
	assert_int_equal(sp_pulse_tick(&pulse, 2000), SP_PULSE_DIED);
}

static void test_the_cache_keeps_no_resolver_alive(void **state)
{
	struct sp_pulse pulse;

	(void)state;
	sp_pulse_init(&pulse, 5, 1000);
	sp_pulse_wants_probe(&pulse, 1000, 1000);
	sp_pulse_probed(&pulse, 1000, true, 1001);
	assert_true(sp_pulse_wants_probe(&pulse, 2000, 3000));
	for (int64_t now_ms = 3000; now_ms < 3005; now_ms++) {
		sp_pulse_good(&pulse, now_ms);
		sp_pulse_bad(&pulse, 2000, now_ms);
	}
	assert_int_equal(sp_pulse_tick(&pulse, 4000), SP_PULSE_DIED);
	assert_int_equal(sp_pulse_good(&pulse, 4001), SP_PULSE_NOTHING);
	assert_true(sp_pulse_wants_probe(&pulse, -1, 4001));
	assert_int_equal(sp_pulse_probed(&pulse, 4001, true, 4002),
			 SP_PULSE_REVIVED);
	assert_true(sp_pulse_lets_pass(&pulse, 4003));
}

static void test_without_probes_answers_are_a_sign_of_life(void **state)
{
	struct sp_pulse pulse;

	(void)state;
	sp_pulse_init(&pulse, 5, 1000);
	sp_pulse_wants_probe(&pulse, 1000, 1000);
	sp_pulse_probed(&pulse, 1000, false, 1001);
	sp_pulse_good(&pulse, 1002);
	fail_often(&pulse, 5, 1003);
	assert_false(pulse.is_dead);
	sp_pulse_wants_probe(&pulse, -1, 2100);
	assert_int_equal(sp_pulse_probed(&pulse, 2100, false, 2101),
			 SP_PULSE_DIED);
	/* Somebody has to find out: one a second. */
	assert_true(sp_pulse_lets_pass(&pulse, 3200));
	assert_false(sp_pulse_lets_pass(&pulse, 3201));
	assert_int_equal(sp_pulse_good(&pulse, 3202), SP_PULSE_REVIVED);
}

static void test_what_was_asked_before_the_last_answer_says_nothing(
	void **state)
{
	struct sp_pulse pulse;

	(void)state;
	sp_pulse_init(&pulse, 5, 1000);
	sp_pulse_wants_probe(&pulse, 1000, 1000);
	sp_pulse_probed(&pulse, 1000, true, 1500);
	for (unsigned i = 0; i < 100; i++)
		sp_pulse_bad(&pulse, 1499, 6000);
	assert_int_equal(pulse.failures, 0);
	assert_false(sp_pulse_wants_probe(&pulse, -1, 6000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_expanded),
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_reversed),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_an_answer_is_bounded),
		cmocka_unit_test(
			test_failures_without_a_failed_probe_do_not_kill),
		cmocka_unit_test(test_a_failed_probe_and_failures_kill),
		cmocka_unit_test(test_a_silent_probe_is_a_failed_one),
		cmocka_unit_test(test_the_cache_keeps_no_resolver_alive),
		cmocka_unit_test(
			test_without_probes_answers_are_a_sign_of_life),
		cmocka_unit_test(
			test_what_was_asked_before_the_last_answer_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
