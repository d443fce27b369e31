/* test-dns-answer.c - what one question brings, from a DNS server that obeys and
 * misbehaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "../support/dns_world.h"
#include "sallyport/clock.h"

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

static const struct {
	const char *label, *name;
	enum sp_dns_type type;
	enum sp_dns_status status;
	size_t count, dropped;
	const char *first; /* the first record; NULL = whichever */
	const char *alias;
} answer_rows[] = {
	{ "an address", "mx.example.org", SP_DNS_A, SP_DNS_FOUND, 1, 0,
	  "192.0.2.7", "" },
	{ "whatever the case", "MX.Example.ORG", SP_DNS_A, SP_DNS_FOUND, 1, 0,
	  "192.0.2.7", "" },
	{ "an IPv6 address", "mx.example.org", SP_DNS_AAAA, SP_DNS_FOUND, 1, 0,
	  "2001:db8::7", "" },
	{ "two addresses", "two.example.org", SP_DNS_A, SP_DNS_FOUND, 2, 0,
	  NULL, "" },
	{ "exchangers", "example.org", SP_DNS_MX, SP_DNS_FOUND, 2, 0, NULL,
	  "" },
	{ "a null exchanger", "null.example.org", SP_DNS_MX, SP_DNS_FOUND, 1, 0,
	  "", "" },
	{ "a text", "text.example.org", SP_DNS_TXT, SP_DNS_FOUND, 1, 0,
	  "v=spf1 -all", "" },
	{ "a name that is not there", "no.example.org", SP_DNS_A,
	  SP_DNS_NXDOMAIN, 0, 0, NULL, "" },
	{ "a type that is not there", "mx.example.org", SP_DNS_TXT,
	  SP_DNS_NODATA, 0, 0, NULL, "" },
	{ "a name of an address, in lower case", "7.2.0.192.in-addr.arpa",
	  SP_DNS_PTR, SP_DNS_FOUND, 1, 0, "mx.example.org", "" },
	{ "a private address is the server's to know", "7.0.0.10.in-addr.arpa",
	  SP_DNS_PTR, SP_DNS_FOUND, 1, 0, "inside.example.org", "" },
	{ "a dot in a label makes no other name", "8.2.0.192.in-addr.arpa",
	  SP_DNS_PTR, SP_DNS_FOUND, 0, 1, NULL, "" },
	{ "a bad name is left out", "9.2.0.192.in-addr.arpa", SP_DNS_PTR,
	  SP_DNS_FOUND, 1, 1, "good.example.org", "" },
	{ "an alias of an alias", "alias.example.org", SP_DNS_A, SP_DNS_FOUND,
	  1, 0, "192.0.2.7", "mx.example.org" },
	{ "an alias of nothing", "dangling.example.org", SP_DNS_A,
	  SP_DNS_NXDOMAIN, 0, 0, NULL, "nowhere.example.org" },
	{ "aliases in a circle", "loop.example.org", SP_DNS_A, SP_DNS_FAILED, 0,
	  0, NULL, "" },
	{ "an alias of itself", "self.example.org", SP_DNS_A, SP_DNS_FAILED, 0,
	  0, NULL, "" },
	{ "a wildcard", "any.thing.wild.example.org", SP_DNS_A, SP_DNS_FOUND, 1,
	  0, "127.0.0.2", "" },
	{ "a reserved name is asked for", "reserved.test", SP_DNS_A,
	  SP_DNS_FOUND, 1, 0, "192.0.2.3", "" },
	{ "what is too large for UDP comes by TCP", "long.example.org",
	  SP_DNS_TXT, SP_DNS_FOUND, 1, 0, NULL, "" },
	{ "what is cut comes by TCP", "cut.example.org", SP_DNS_A, SP_DNS_FOUND,
	  1, 0, "192.0.2.9", "" },
	{ "the longest text that is kept", "huge.example.org", SP_DNS_TXT,
	  SP_DNS_FOUND, 1, 0, NULL, "" },
	{ "one byte more is left out", "bigger.example.org", SP_DNS_TXT,
	  SP_DNS_FOUND, 0, 1, NULL, "" },
	{ "and so is a monster", "biggest.example.org", SP_DNS_TXT,
	  SP_DNS_FOUND, 0, 1, NULL, "" },
	{ "SERVFAIL", "servfail.example.org", SP_DNS_A, SP_DNS_FAILED, 0, 0,
	  NULL, "" },
	{ "REFUSED", "refused.example.org", SP_DNS_A, SP_DNS_FAILED, 0, 0, NULL,
	  "" },
	{ "silence", "silent.example.org", SP_DNS_A, SP_DNS_TIMEOUT, 0, 0, NULL,
	  "" },
	{ "a forged answer is no answer", "forged.example.org", SP_DNS_A,
	  SP_DNS_TIMEOUT, 0, 0, NULL, "" },
	{ "a name with a space is not asked", "mx .example.org", SP_DNS_A,
	  SP_DNS_NOT_ASKED, 0, 0, NULL, "" },
};

static const char *show(const struct sp_dns_answer *answer, char *text_out)
{
	if (answer->count == 0)
		return NULL;
	if (answer->records[0].ip.family != SP_IP_NONE)
		return sp_ip_format(&answer->records[0].ip, text_out);
	return answer->records[0].text;
}

static void test_answers(void **state)
{
	struct world *world = *state;
	int failures = 0;

	for (size_t i = 0; i < COUNT(answer_rows); i++) {
		const struct sp_dns_answer *answer = world_look_up(
			world, answer_rows[i].name, answer_rows[i].type);
		char text[SP_IP_TEXT_SIZE];
		const char *first = show(answer, text);

		if (answer->status == answer_rows[i].status &&
		    answer->count == answer_rows[i].count &&
		    answer->dropped == answer_rows[i].dropped &&
		    strcmp(answer->alias, answer_rows[i].alias) == 0 &&
		    (answer_rows[i].first == NULL ||
		     strcmp(first, answer_rows[i].first) == 0))
			continue;
		print_error("%s: %s, %zu records, %zu dropped, %s, alias %s\n",
			    answer_rows[i].label,
			    sp_dns_status_text(answer->status), answer->count,
			    answer->dropped, first == NULL ? "-" : first,
			    answer->alias);
		failures++;
	}
	assert_int_equal(failures, 0);
	assert_int_equal(test_dns_count(world->server, "mx .example.org"), 0);
	assert_false(world_health(world).is_dead);
}

static void test_garbage_is_no_answer(void **state)
{
	struct world *world = *state;
	const struct sp_dns_answer *answer =
		world_look_up(world, "garbage.example.org", SP_DNS_A);

	assert_true(sp_dns_is_unknown(answer->status));
	assert_int_equal(answer->count, 0);
}

static void test_exchangers_keep_their_preference(void **state)
{
	const struct sp_dns_answer *answer =
		world_look_up(*state, "example.org", SP_DNS_MX);

	assert_int_equal(answer->count, 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
			answer->records[i].preference,
			strcmp(answer->records[i].text, "mx.example.org") == 0
				? 10
				: 20);
	assert_true(answer->ttl_sec > 0 && answer->ttl_sec <= 300);
}

/* Every question, in the order of asking, with what came and how long it took:
 * for people. */
static void test_questions_are_shown(void **state)
{
	struct world *world = *state;
	struct sp_dns_view view;

	world_ask(world->batch, "slow.example.org", SP_DNS_A);
	world_ask(world->batch, "No.Example.ORG", SP_DNS_MX);
	assert_true(sp_dns_question_get(world->batch, 0, &view));
	assert_int_equal(view.answer->status, SP_DNS_PENDING);
	assert_int_equal(view.took_us, -1);
	assert_true(sp_dns_wait(world->batch, WORLD_GROUP,
				sp_clock_mono_ms() + 5000));
	assert_true(sp_dns_question_get(world->batch, 0, &view));
	assert_string_equal(view.name, "slow.example.org");
	assert_string_equal(sp_dns_type_text(view.type), "A");
	assert_int_equal(view.groups, WORLD_GROUP);
	assert_int_equal(view.answer->status, SP_DNS_FOUND);
	assert_true(view.took_us >= 299 * 1000 && view.took_us < 5000 * 1000);
	assert_true(view.asked_us + view.took_us <= sp_clock_mono_us());
	assert_false(view.is_cached);
	assert_true(sp_dns_question_get(world->batch, 1, &view));
	assert_string_equal(view.name, "no.example.org");
	assert_string_equal(sp_dns_type_text(view.type), "MX");
	assert_int_equal(view.answer->status, SP_DNS_NXDOMAIN);
	assert_false(sp_dns_question_get(world->batch, 2, &view));
	assert_string_equal(view.name, "");
	assert_false(
		sp_dns_question_get(world->batch, SP_DNS_NO_QUESTION, &view));
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers),
		TEST(test_garbage_is_no_answer),
		TEST(test_exchangers_keep_their_preference),
		TEST(test_questions_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
