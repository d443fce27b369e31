/* What policy makes of mail that goes out: one row, one sentence. */
#include "sallyport/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/policy_case.h"
#include "sallyport/arena.h"

#define ACCEPT SP_ACTION_ACCEPT
#define HOLD   SP_ACTION_HOLD
#define DEFER  SP_ACTION_DEFER
#define REFUSE SP_ACTION_REFUSE

static const struct decided rows[] = {
	{ "of a submitter that is watched one is told, and his mail goes out",
	  { .is_submitted = true, .submitter = SP_SUBMITTER_WATCH },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "TRUSTED,SUBMITTER_WATCH" },
	{ "a From: of others is a finding without points",
	  { .is_submitted = true, .foreign_from = "From: b is not a's" },
	  ACCEPT,
	  ACCEPT,
	  0,
	  "TRUSTED,FROM_FOREIGN" },
	{ "mail of a submitter that is held is held",
	  { .is_submitted = true, .submitter = SP_SUBMITTER_HOLD },
	  HOLD,
	  HOLD,
	  0,
	  "TRUSTED,SUBMITTER_HOLD" },
	{ "a submitter that is locked is to come back",
	  { .is_submitted = true, .submitter = SP_SUBMITTER_LOCKED },
	  DEFER,
	  DEFER,
	  0,
	  "TRUSTED,SUBMITTER_LOCKED" },
	{ "or is refused, if one wants that",
	  { .is_submitted = true,
	    .submitter = SP_SUBMITTER_LOCKED,
	    .refuses_locked = true },
	  REFUSE,
	  REFUSE,
	  0,
	  "TRUSTED,SUBMITTER_LOCKED" },
	{ "a hold that is only observed lets the mail out",
	  { .is_submitted = true,
	    .submitter = SP_SUBMITTER_HOLD,
	    .outbound_observes = true },
	  ACCEPT,
	  HOLD,
	  0,
	  "TRUSTED,SUBMITTER_HOLD" },
	{ "so does a lock",
	  { .is_submitted = true,
	    .submitter = SP_SUBMITTER_LOCKED,
	    .outbound_observes = true },
	  ACCEPT,
	  DEFER,
	  0,
	  "TRUSTED,SUBMITTER_LOCKED" },
};

static void test_rows(void **state)
{
	(void)state;
	assert_decided(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_the_reason_of_a_hold(void **state)
{
	const struct given given = { .is_submitted = true,
				     .submitter = SP_SUBMITTER_HOLD };
	struct sp_verdict verdict;
	struct sp_arena arena;

	(void)state;
	sp_arena_init(&arena, 4096);
	decide_given(&given, &arena, &verdict);
	assert_string_equal(sp_verdict_reason(&verdict),
			    "sasl:alice@here.example: 312 recipients in the "
			    "last hour; the limit is 300");
	sp_arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_the_reason_of_a_hold),
	};

	return cmocka_run_group_tests_name("policy-outbound", tests, NULL,
					   NULL);
}
