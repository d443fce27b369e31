/* test-hash.c - the keyed hash, against what its authors have published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sallyport/hash.h"

/* Key and input are 00 01 02 ...; `length` bytes of the input. */
struct row {
	const char *sentence;
	size_t length;
	const char *hash;
};

static const struct row rows[] = {
	{ "nothing", 0, "a3817f04ba25a8e66df67214c7550293" },
	{ "one byte", 1, "da87c1d86b99af44347659119b22fc45" },
	{ "two", 2, "8177228da4a45dc7fca38bdef60affe4" },
	{ "three", 3, "9c70b60c5267a94e5f33b6b02985ed51" },
	{ "four", 4, "f88164c12d9c8faf7d0f6e7c7bcd5579" },
	{ "a word and seven bytes more", 15,
	  "5493e99933b0a8117e08ec0f97cfc3d9" },
};

static void test_published(void **state)
{
	struct sp_hash_key key;
	uint8_t input[16];

	(void)state;
	for (size_t i = 0; i < 16; i++)
		key.bytes[i] = input[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_hash hash;
		char text[SP_HASH_TEXT_SIZE];

		print_message("  %s\n", rows[i].sentence);
		sp_hash_make(&key, input, rows[i].length, &hash);
		assert_string_equal(sp_hash_text(&hash, text), rows[i].hash);
	}
}

/* The bytes 00 01 02 ... under a key of zeros, by CPython 3.11: its hash of
 * bytes is the same when PYTHONHASHSEED is 0. */
static const struct {
	size_t length;
	uint64_t hash;
} place_rows[] = {
	{ 1, UINT64_C(0x68a914128e01e473) },
	{ 7, UINT64_C(0x2f098ab0c751325a) },
	{ 8, UINT64_C(0xead411e67ebe2eea) },
	{ 9, UINT64_C(0x75927f9d95124362) },
	{ 15, UINT64_C(0xf30eb725bb91c9ea) },
	{ 16, UINT64_C(0x8972188433a5c5b7) },
	{ 40, UINT64_C(0x95bc321ab41d8206) },
};

static void test_places(void **state)
{
	const struct sp_hash_key zeros = { { 0 } }, other = { { 1 } };
	uint8_t input[40];

	(void)state;
	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(place_rows) / sizeof(*place_rows); i++) {
		size_t length = place_rows[i].length;

		assert_true(sp_hash_place(&zeros, input, length) ==
			    place_rows[i].hash);
		assert_true(sp_hash_place(&other, input, length) !=
			    place_rows[i].hash);
	}
}

static void test_no_key_is_a_key_of_zeros(void **state)
{
	const struct sp_hash_key zeros = { { 0 } };
	struct sp_hash with, without;

	(void)state;
	sp_hash_make(&zeros, "text", 4, &with);
	sp_hash_make(NULL, "text", 4, &without);
	assert_memory_equal(&with, &without, sizeof(with));
}

/* Every length up to three words: another hash, and no byte behind it read
 * (which the sanitizers would see). */
static void test_every_byte_counts(void **state)
{
	uint8_t input[24] = { 0 };
	struct sp_hash hashes[25];

	(void)state;
	for (size_t i = 0; i <= 24; i++) {
		sp_hash_make(NULL, input, i, &hashes[i]);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(&hashes[i], &hashes[j],
						sizeof(hashes[i]));
	}
	for (size_t i = 0; i < 24; i++) {
		struct sp_hash hash;

		input[i] ^= 1;
		sp_hash_make(NULL, input, 24, &hash);
		input[i] ^= 1;
		assert_memory_not_equal(&hash, &hashes[24], sizeof(hash));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_no_key_is_a_key_of_zeros),
		cmocka_unit_test(test_every_byte_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
