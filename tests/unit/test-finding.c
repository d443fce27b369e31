/* The table of findings: what must hold for every row, also a new one. */
#include "sallyport/finding.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_every_finding_has_a_name_and_a_sentence(void **state)
{
	(void)state;
	for (unsigned id = 0; id < SP_FINDING_COUNT; id++) {
		const struct sp_finding_kind *kind =
			sp_finding_kind((enum sp_finding_id)id);
		size_t length;

		assert_non_null(kind->name);
		assert_non_null(kind->meaning);
		for (const char *c = kind->name; *c != '\0'; c++)
			assert_true(isupper((unsigned char)*c) ||
				    isdigit((unsigned char)*c) || *c == '_');
		length = strlen(kind->meaning);
		assert_true(length > 10);
		assert_int_equal(kind->meaning[length - 1], '.');
	}
}

static void test_every_finding_is_found_by_its_name(void **state)
{
	(void)state;
	for (unsigned id = 0; id < SP_FINDING_COUNT; id++)
		assert_int_equal(
			sp_finding_by_name(
				sp_finding_kind((enum sp_finding_id)id)->name),
			id);
}

static void test_other_names_are_no_finding(void **state)
{
	static const char *const names[] = { "", "HELO_FORGE", "HELO_FORGED ",
					     "helo_forged", "weights" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(sp_finding_by_name(names[i]),
				 SP_FINDING_COUNT);
}

/* score.refuse is 10: no one source may refuse a mail by itself, even if a
 * client managed to be all of it at once. */
static void test_all_of_helo_together_refuses_nothing(void **state)
{
	double sum = 0;

	(void)state;
	for (unsigned id = SP_FINDING_HELO_NONE; id <= SP_FINDING_HELO_FORGED;
	     id++) {
		/* Who is silent or unreadable has said nothing else. */
		if (id == SP_FINDING_HELO_NONE || id == SP_FINDING_HELO_INVALID)
			continue;
		sum += sp_finding_kind((enum sp_finding_id)id)->weight;
	}
	assert_true(sum < 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_finding_has_a_name_and_a_sentence),
		cmocka_unit_test(test_every_finding_is_found_by_its_name),
		cmocka_unit_test(test_other_names_are_no_finding),
		cmocka_unit_test(test_all_of_helo_together_refuses_nothing),
	};

	return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
