/* Memory that is given back all at once: its bounds, and what it costs. */
#include "sallyport/arena.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum {
	NO_LIMIT = 1 << 20
};

struct limit_row {
	const char *sentence;
	size_t limit;
	size_t sizes[4]; /* asked for one after the other */
	bool is_given[4];
};

static const struct limit_row limit_rows[] = {
	{ "what is below the limit is given", 100, { 40, 40 }, { true, true } },
	{ "the limit itself is given", 100, { 60, 40 }, { true, true } },
	{ "one byte beyond it is not", 100, { 60, 41 }, { true, false } },
	{ "after a refusal what still fits is given",
	  100,
	  { 60, 41, 40 },
	  { true, false, true } },
	{ "a size that would overflow is refused",
	  SIZE_MAX,
	  { 16, SIZE_MAX - 8 },
	  { true, false } },
	{ "nothing is given under a limit of 0", 0, { 1 }, { false } },
	{ "a large request gets a block of its own",
	  100000,
	  { 10, 50000, 20 },
	  { true, true, true } },
};

static void limits_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(limit_rows) / sizeof(*limit_rows); i++) {
		const struct limit_row *row = &limit_rows[i];
		struct sp_arena arena;

		sp_arena_init(&arena, row->limit);
		for (int j = 0; j < 4 && row->sizes[j] != 0; j++) {
			void *got = sp_arena_alloc(&arena, row->sizes[j]);

			if ((got != NULL) != row->is_given[j])
				fail_msg("%s: request %d", row->sentence, j);
		}
		sp_arena_clear(&arena);
	}
}

static void memory_is_zeroed_aligned_and_apart(void **state)
{
	unsigned char *objects[200];
	struct sp_arena arena;

	(void)state;
	sp_arena_init(&arena, NO_LIMIT);
	for (size_t i = 0; i < 200; i++) {
		size_t size = i * 7 % 600;

		objects[i] = sp_arena_alloc(&arena, size);
		assert_non_null(objects[i]);
		assert_int_equal((uintptr_t)objects[i] % _Alignof(max_align_t),
				 0);
		for (size_t j = 0; j < size; j++)
			assert_int_equal(objects[i][j], 0);
		memset(objects[i], (int)(i + 1), size);
		/* A copy in between needs no alignment. */
		assert_string_equal(sp_arena_copy(&arena, "abc", 2), "ab");
	}
	for (size_t i = 0; i < 200; i++) {
		for (size_t j = 0; j < i * 7 % 600; j++)
			assert_int_equal(objects[i][j], (unsigned char)(i + 1));
	}
	sp_arena_clear(&arena);
}

static void copies_end_in_nul(void **state)
{
	struct sp_arena arena;

	(void)state;
	sp_arena_init(&arena, 12);
	assert_string_equal(sp_arena_copy(&arena, "mailbox", 4), "mail");
	assert_string_equal(sp_arena_copy(&arena, NULL, 0), "");
	assert_string_equal(sp_arena_text(&arena, "mx"), "mx");
	assert_null(sp_arena_text(&arena, NULL));
	assert_null(sp_arena_text(&arena, "four"));
	assert_null(sp_arena_copy(&arena, "x", SIZE_MAX));
	sp_arena_clear(&arena);
}

static void a_cleared_arena_can_be_used_again(void **state)
{
	struct sp_arena arena;

	(void)state;
	sp_arena_init(&arena, 64);
	sp_arena_clear(&arena);
	assert_non_null(sp_arena_alloc(&arena, 64));
	assert_null(sp_arena_alloc(&arena, 1));
	sp_arena_clear(&arena);
	assert_int_equal(arena.used_bytes, 0);
	assert_null(arena.blocks);
	assert_non_null(sp_arena_alloc(&arena, 64));
	sp_arena_clear(&arena);
}

static void empty_objects_have_addresses_of_their_own(void **state)
{
	struct sp_arena arena;
	void *first;

	(void)state;
	sp_arena_init(&arena, 64);
	first = sp_arena_alloc(&arena, 0);
	assert_non_null(first);
	assert_ptr_not_equal(first, sp_arena_alloc(&arena, 0));
	sp_arena_clear(&arena);
}

/* Thousands of connections may be idle: what they said takes little more than
 * its own length, and unused arenas nothing. */
static void little_said_costs_little(void **state)
{
	struct sp_arena arena;

	(void)state;
	sp_arena_init(&arena, NO_LIMIT);
	assert_null(arena.blocks);
	assert_non_null(sp_arena_alloc(&arena, 300));
	assert_true(malloc_usable_size(arena.blocks) <= 528);
	assert_non_null(sp_arena_alloc(&arena, 300));
	assert_true(malloc_usable_size(arena.blocks) <= 1040);
	sp_arena_clear(&arena);
}

/* A large object does not waste the room that the newest block still has. */
static void a_large_object_leaves_the_newest_block_in_use(void **state)
{
	struct sp_arena arena;
	struct sp_arena_block *block;

	(void)state;
	sp_arena_init(&arena, NO_LIMIT);
	sp_arena_alloc(&arena, 16);
	block = arena.blocks;
	assert_non_null(sp_arena_alloc(&arena, 100000));
	assert_non_null(sp_arena_alloc(&arena, 16));
	assert_ptr_equal(arena.blocks, block);
	sp_arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(copies_end_in_nul),
		cmocka_unit_test(a_cleared_arena_can_be_used_again),
		cmocka_unit_test(empty_objects_have_addresses_of_their_own),
		cmocka_unit_test(little_said_costs_little),
		cmocka_unit_test(a_large_object_leaves_the_newest_block_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
