/* The names of mails: they sort by time, and nobody can guess them. */
#include "sallyport/id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

struct time_row {
	const char *sentence;
	int64_t wall_ms;
	const char *expected; /* the first ten characters */
};

static const struct time_row time_rows[] = {
	{ "1970 is all zeros", 0, "0000000000" },
	{ "one millisecond later", 1, "0000000001" },
	{ "a time whose ULID is known", 1469918176385, "01ARYZ6S41" },
	{ "the last time of 48 bits", INT64_C(0xffffffffffff), "7ZZZZZZZZZ" },
	{ "beyond it the id stays valid", INT64_MAX, "7ZZZZZZZZZ" },
	{ "before 1970 is 1970", -5, "0000000000" },
};

static void ids_begin_with_the_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(time_rows); i++) {
		const struct time_row *row = &time_rows[i];
		char id[SP_ID_SIZE];

		sp_id_new(row->wall_ms, id);
		if (strncmp(id, row->expected, 10) != 0 || !sp_id_is_valid(id))
			fail_msg("%s: %s", row->sentence, id);
	}
}

static void a_later_id_sorts_behind(void **state)
{
	char before[SP_ID_SIZE];
	char after[SP_ID_SIZE];

	(void)state;
	for (int64_t ms = 1; ms < INT64_C(0xffffffffffff); ms *= 3) {
		sp_id_new(ms, before);
		sp_id_new(ms + 1, after);
		assert_true(strcmp(before, after) < 0);
	}
}

/* A bit that never changes would show. */
static void every_random_character_takes_every_value(void **state)
{
	uint32_t seen[16] = { 0 };
	char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char id[SP_ID_SIZE];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		sp_id_new(0, id);
		for (int j = 0; j < 16; j++) {
			const char *at = strchr(alphabet, id[10 + j]);

			assert_non_null(at);
			seen[j] |= UINT32_C(1) << (at - alphabet);
		}
	}
	for (int j = 0; j < 16; j++)
		assert_int_equal(seen[j], UINT32_MAX);
}

/* Each pair of random characters differs in some id. */
static void no_random_character_repeats_another(void **state)
{
	char ids[50][SP_ID_SIZE];

	(void)state;
	for (int i = 0; i < 50; i++)
		sp_id_new(0, ids[i]);
	for (int a = 10; a < 26; a++) {
		for (int b = a + 1; b < 26; b++) {
			int i = 0;

			while (i < 50 && ids[i][a] == ids[i][b])
				i++;
			assert_true(i < 50);
		}
	}
}

struct valid_row {
	const char *sentence;
	const char *text;
	bool is_valid;
};

static const struct valid_row valid_rows[] = {
	{ "an id", "01ARYZ6S410123456789ABCDEF", true },
	{ "one character less", "01ARYZ6S410123456789ABCDE", false },
	{ "one character more", "01ARYZ6S410123456789ABCDEFG", false },
	{ "lower case", "01aryz6s410123456789abcdef", false },
	{ "an I", "01ARYZ6S410123456789ABCDEI", false },
	{ "a U", "01ARYZ6S410123456789ABCDEU", false },
	{ "a time of 49 bits", "81ARYZ6S410123456789ABCDEF", false },
	{ "a line break", "01ARYZ6S410123456789ABCDE\n", false },
	{ "nothing", "", false },
};

static void only_ids_are_valid(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valid_rows); i++) {
		if (sp_id_is_valid(valid_rows[i].text) !=
		    valid_rows[i].is_valid)
			fail_msg("%s", valid_rows[i].sentence);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_begin_with_the_time),
		cmocka_unit_test(a_later_id_sorts_behind),
		cmocka_unit_test(every_random_character_takes_every_value),
		cmocka_unit_test(no_random_character_repeats_another),
		cmocka_unit_test(only_ids_are_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
