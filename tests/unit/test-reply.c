/* What the client is told. */
#include "sallyport/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../support/policy_case.h"
#include "sallyport/arena.h"

#define FAIL_EXPLAINED(words)                                                  \
	&(const struct sp_spf_fact)                                            \
	{                                                                      \
		.state = SP_FACT_KNOWN, .result = SP_SPF_FAIL,                 \
		.domain = "a.example", .term = "-all", .reason = "",           \
		.explanation = words                                           \
	}

static const struct {
	const char *sentence;
	struct given given;
	const char *code, *enhanced, *text;
} replies[] = {
	{ "an accepted mail gets no reply of ours", { 0 }, NULL, NULL, "" },
	{ "a wait says for how long, rounded up",
	  { GREY(NEW) },
	  "451",
	  "4.7.1",
	  "Greylisted, please come back in 90 seconds (id ID)" },
	{ "a denied one learns that a list did it",
	  { .client = SP_ACCESS_DENY },
	  "550",
	  "5.7.1",
	  "Refused by this site's access list (id ID)" },
	{ "a relay attempt learns that it was one",
	  { .relay = SP_RELAY_REMOTE },
	  "550",
	  "5.7.1",
	  "Relaying denied (id ID)" },
	{ "a refusal by score does not teach the sender its points",
	  { .helo = SP_HELO_FORGED, .refuse = 1 },
	  "550",
	  "5.7.1",
	  "Refused: too much here looks like spam (id ID)" },
	{ "what the sender's domain says of a fail is told as its words",
	  { .spf = FAIL_EXPLAINED("100% forged"), .refuse = 1 },
	  "550",
	  "5.7.1",
	  "Refused: too much here looks like spam; a.example explains: 100% "
	  "forged (id ID)" },
	{ "it may say nothing",
	  { .spf = FAIL_EXPLAINED(""), .refuse = 1 },
	  "550",
	  "5.7.1",
	  "Refused: too much here looks like spam (id ID)" },
	{ "it has nothing to say where another reason is the reason",
	  { .client = SP_ACCESS_DENY, .spf = FAIL_EXPLAINED("no") },
	  "550",
	  "5.7.1",
	  "Refused by this site's access list (id ID)" },
	{ "nor of a wait",
	  { .spf = FAIL_EXPLAINED("no"), GREY(NEW) },
	  "451",
	  "4.7.1",
	  "Greylisted, please come back in 90 seconds (id ID)" },
	{ "a list that only observes is not blamed for the score's refusal",
	  { .client = SP_ACCESS_DENY,
	    .access_observes = true,
	    .helo = SP_HELO_FORGED,
	    .refuse = 1 },
	  "550",
	  "5.7.1",
	  "Refused: too much here looks like spam (id ID)" },
	{ "an enforced wait under an observed refusal is a wait",
	  { .client = SP_ACCESS_DENY, .access_observes = true, GREY(NEW) },
	  "451",
	  "4.7.1",
	  "Greylisted, please come back in 90 seconds (id ID)" },
};

static void test_replies(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		struct sp_verdict verdict;
		struct sp_reply reply;
		struct sp_arena arena;
		bool same;

		sp_arena_init(&arena, 4096);
		decide_given(&replies[i].given, &arena, &verdict);
		sp_policy_reply(&verdict, "ID", &reply);
		same = replies[i].code
			       ? reply.code &&
					 !strcmp(reply.code, replies[i].code) &&
					 !strcmp(reply.enhanced,
						 replies[i].enhanced)
			       : !reply.code;
		if (!same || strcmp(reply.text, replies[i].text) != 0) {
			print_error("%s: %s %s\n", replies[i].sentence,
				    reply.code ? reply.code : "no code",
				    reply.text);
			failed++;
		}
		sp_arena_clear(&arena);
	}
	assert_int_equal(failed, 0);
}

/* A name and an explanation of the greatest lengths: one line of RFC 5321, and
 * the id is there. */
static void test_a_long_explanation_leaves_room_for_the_id(void **state)
{
	static const char id[] = "01M80DMHGAAH0Q87BAMAX2C6XS";
	char domain[SP_DOMAIN_SIZE], words[SP_SPF_EXPLANATION_SIZE];
	struct sp_spf_fact spf = { .state = SP_FACT_KNOWN,
				   .result = SP_SPF_FAIL,
				   .domain = domain,
				   .term = "-all",
				   .reason = "",
				   .explanation = words };
	struct sp_verdict verdict;
	struct sp_reply reply;
	struct sp_arena arena;

	(void)state;
	memset(words, 'w', sizeof(words));
	words[sizeof(words) - 1] = '\0';
	memset(domain, 'd', sizeof(domain));
	for (size_t length = 1; length < sizeof(domain); length += 36) {
		domain[length] = '\0';
		sp_arena_init(&arena, 16384);
		decide_given(&(struct given){ .spf = &spf, .refuse = 1 },
			     &arena, &verdict);
		sp_policy_reply(&verdict, id, &reply);
		assert_non_null(strstr(reply.text, id));
		assert_true(strlen("550 5.7.1 ") + strlen(reply.text) +
				    strlen("\r\n") <=
			    512);
		sp_arena_clear(&arena);
		domain[length] = 'd';
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(
			test_a_long_explanation_leaves_room_for_the_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
