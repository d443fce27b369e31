#include "sallyport/what_if.h"

#include <stdbool.h>
#include <string.h>

#include "sallyport/arena.h"
#include "sallyport/config.h"
#include "sallyport/replay.h"

enum {
	ARENA_BYTES = 4 << 20
};

static void put_end(json_t *object, const struct sp_replay_end *end)
{
	json_object_set_new(object, "verdict",
			    json_string(sp_outcome_name(end->outcome)));
	if (end->would != SP_OUTCOME_ACCEPT)
		json_object_set_new(object, "would",
				    json_string(sp_outcome_name(end->would)));
}

static bool is_same(const struct sp_replay_end *a,
		    const struct sp_replay_end *b)
{
	return a->outcome == b->outcome && a->would == b->would;
}

/* The findings whose absence would change it. */
static json_t *without(struct sp_replay_task *task,
		       const struct sp_replay *base)
{
	json_t *array = json_array();

	for (size_t i = 0; i < base->verdict.count; i++) {
		struct sp_replay replay;
		json_t *object;

		task->without = base->verdict.findings[i].name;
		/* What its mail would have met nobody has asked. */
		if (base->verdict.findings[i].id == SP_FINDING_TRUSTED)
			continue;
		sp_replay(task, &replay);
		if (is_same(&replay.after, &base->after))
			continue;
		object = json_object();
		json_object_set_new(object, "name", json_string(task->without));
		put_end(object, &replay.after);
		json_array_append_new(array, object);
	}
	task->without = NULL;
	return array;
}

static size_t heaviest(const struct sp_verdict *verdict, uint64_t taken)
{
	size_t best = verdict->count;

	for (size_t i = 0; i < verdict->count; i++)
		if (!(taken & UINT64_C(1) << i) &&
		    (best == verdict->count ||
		     verdict->findings[i].weight >
			     verdict->findings[best].weight))
			best = i;
	return best;
}

/* Of a refusal by score that no single one explains. */
static json_t *together(const struct sp_verdict *verdict)
{
	json_t *array = json_array();
	double score = verdict->score;
	uint64_t taken = 0;

	while (score >= verdict->refuse) {
		size_t i = heaviest(verdict, taken);

		if (i == verdict->count || verdict->findings[i].weight <= 0)
			break;
		taken |= UINT64_C(1) << i;
		score -= verdict->findings[i].weight;
		json_array_append_new(array,
				      json_string(verdict->findings[i].name));
	}
	return array;
}

static json_t *tell(struct sp_replay_task *task)
{
	json_t *object = json_object();
	struct sp_replay base;
	json_t *alone;

	sp_replay(task, &base);
	put_end(object, &base.after);
	json_object_set_new(object, "is_changed",
			    json_boolean(base.is_changed));
	json_object_set_new(object, "refuse", json_real(base.verdict.refuse));
	alone = without(task, &base);
	if (json_array_size(alone) == 0 &&
	    base.verdict.score >= base.verdict.refuse)
		json_object_set_new(object, "together",
				    together(&base.verdict));
	json_object_set_new(object, "without", alone);
	return object;
}

json_t *sp_what_if(const char *facts, const struct sp_config *config)
{
	struct sp_moment moments[SP_MOMENTS_MAX];
	struct sp_arena arena;
	struct sp_replay_task task = {
		.moments = moments,
		.config = config,
		.arena = &arena,
	};
	json_t *object = NULL;

	sp_arena_init(&arena, ARENA_BYTES);
	if (sp_moments_read(facts, config, &arena, moments, &task.count) ==
		    SP_OK &&
	    task.count > 0)
		object = tell(&task);
	sp_arena_clear(&arena);
	return object;
}
