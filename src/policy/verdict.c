/* Verdicts of one mail, at its several moments, put together. */
#include "sallyport/policy.h"

#include <stddef.h>
#include <string.h>

#include "sallyport/arena.h"

static const char *keep(struct sp_arena *arena, const char *text)
{
	const char *kept = sp_arena_text(arena, text);

	return kept ? kept : "";
}

const struct sp_verdict *sp_verdict_copy(const struct sp_verdict *verdict,
					 struct sp_arena *arena)
{
	/* Nobody reads findings beyond the count: they take no memory. */
	size_t size = offsetof(struct sp_verdict, findings) +
		      verdict->count * sizeof(verdict->findings[0]);
	struct sp_verdict *copy = sp_arena_alloc(arena, size);

	if (!copy)
		return NULL;
	memcpy(copy, verdict, size);
	copy->explanation = keep(arena, verdict->explanation);
	for (size_t i = 0; i < copy->count; i++)
		copy->findings[i].reason =
			keep(arena, verdict->findings[i].reason);
	return copy;
}

const char *sp_verdict_reason(const struct sp_verdict *verdict)
{
	for (size_t i = 0; i < verdict->count; i++)
		if (verdict->findings[i].id == verdict->because)
			return verdict->findings[i].reason;
	return "";
}

bool sp_verdict_is_stronger(const struct sp_verdict *verdict,
			    const struct sp_verdict *other)
{
	if (!other)
		return true;
	if (verdict->would != other->would)
		return verdict->would > other->would;
	return verdict->score > other->score;
}

static bool has(const struct sp_verdict *verdict, const char *name)
{
	for (size_t i = 0; i < verdict->count; i++)
		if (strcmp(verdict->findings[i].name, name) == 0)
			return true;
	return false;
}

void sp_verdict_join(struct sp_verdict *verdict, const struct sp_verdict *other)
{
	if (!other)
		return;
	for (size_t i = 0; i < other->count; i++) {
		const struct sp_finding *finding = &other->findings[i];

		if (has(verdict, finding->name))
			continue;
		verdict->score += finding->weight;
		if (verdict->count < SP_FINDINGS_MAX)
			verdict->findings[verdict->count++] = *finding;
	}
	if (other->would > verdict->would)
		verdict->would = other->would;
}
