/* Recorded facts as somebody else may have left them in Redis: they are refused,
 * or policy can decide by them, and written again they say the same. */
#include "sallyport/facts_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/arena.h"
#include "sallyport/config.h"
#include "sallyport/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static const struct sp_config *defaults(void)
{
	static const struct sp_config *config;
	static struct sp_config_errors errors;

	if (!config)
		require(sp_config_load(NULL, &config, &errors) == SP_OK);
	return config;
}

static void check(const struct sp_moment *moment, struct sp_arena *arena)
{
	char first[SP_MOMENTS_TEXT_SIZE], second[SP_MOMENTS_TEXT_SIZE];
	struct sp_moment again[SP_MOMENTS_MAX];
	struct sp_verdict before, after;
	struct sp_text text;
	size_t count;

	sp_policy_decide(moment->facts, defaults(), arena, &before);
	sp_text_init(&text, first, sizeof(first));
	sp_moment_write(moment, defaults(), &text);
	if (text.is_cut)
		return;
	require(sp_moments_read(first, defaults(), arena, again, &count) ==
		SP_OK);
	require(count == 1);
	sp_policy_decide(again[0].facts, defaults(), arena, &after);
	require(before.action == after.action && before.would == after.would &&
		before.score == after.score && before.count == after.count);
	sp_text_init(&text, second, sizeof(second));
	sp_moment_write(&again[0], defaults(), &text);
	require(strcmp(first, second) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *copy = malloc(size + 1);
	struct sp_moment moments[SP_MOMENTS_MAX];
	struct sp_arena arena;
	size_t count;

	require(copy != NULL);
	if (size > 0)
		memcpy(copy, bytes, size);
	copy[size] = '\0';
	sp_arena_init(&arena, 1 << 20);
	if (sp_moments_read(copy, defaults(), &arena, moments, &count) == SP_OK)
		for (size_t i = 0; i < count; i++)
			check(&moments[i], &arena);
	else
		require(count == 0);
	sp_arena_clear(&arena);
	free(copy);
	return 0;
}
