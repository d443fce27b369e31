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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_replies) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
