#include "replay_sum.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "output.h"
#include "sallyport/text.h"
#include "story.h"

static struct sp_sum_finding *finding_of(struct sp_replay_sum *sum,
					 const char *name)
{
	for (size_t i = 0; i < sum->finding_count; i++)
		if (strcmp(sum->findings[i].name, name) == 0)
			return &sum->findings[i];
	if (sum->finding_count == SP_SUM_FINDINGS)
		return NULL;
	sp_text_copy(sum->findings[sum->finding_count].name,
		     SP_FINDING_NAME_SIZE, name);
	return &sum->findings[sum->finding_count++];
}

static const struct sp_finding *found_now(const struct sp_verdict *verdict,
					  const char *name)
{
	for (size_t i = 0; i < verdict->count; i++)
		if (strcmp(verdict->findings[i].name, name) == 0)
			return &verdict->findings[i];
	return NULL;
}

static const json_t *found_then(const json_t *record, const char *name)
{
	const json_t *finding;
	size_t i;

	json_array_foreach(json_object_get(record, "findings"), i,
			   finding) if (strcmp(sp_story_text(finding, "name"),
					       name) == 0) return finding;
	return NULL;
}

static void add_then(struct sp_replay_sum *sum, const json_t *finding,
		     const struct sp_replay *replay)
{
	const char *name = sp_story_text(finding, "name");
	const struct sp_finding *now = found_now(&replay->verdict, name);
	double weight = json_number_value(json_object_get(finding, "weight"));
	struct sp_sum_finding *row;

	if (now && fabs(now->weight - weight) < 1e-9)
		return;
	row = finding_of(sum, name);
	if (!row)
		return;
	row->before = weight;
	if (now)
		row->after = now->weight;
	row->gone += !now;
	row->other += now != NULL;
	row->changed += replay->is_changed;
}

static void add_findings(struct sp_replay_sum *sum, const json_t *record,
			 const struct sp_replay *replay)
{
	const struct sp_verdict *verdict = &replay->verdict;
	const json_t *finding;
	size_t i;

	json_array_foreach(json_object_get(record, "findings"), i, finding)
		add_then(sum, finding, replay);
	for (i = 0; i < verdict->count; i++) {
		struct sp_sum_finding *row;

		if (found_then(record, verdict->findings[i].name))
			continue;
		row = finding_of(sum, verdict->findings[i].name);
		if (!row)
			return;
		row->after = verdict->findings[i].weight;
		row->come++;
		row->changed += replay->is_changed;
	}
}

static void put_way(json_t *object, const char *name,
		    const struct sp_replay_end *end)
{
	json_t *way = json_object();

	json_object_set_new(way, "verdict",
			    json_string(sp_outcome_name(end->outcome)));
	json_object_set_new(way, "would",
			    json_string(sp_outcome_name(end->would)));
	json_object_set_new(way, "score", json_real(end->score));
	json_object_set_new(object, name, way);
}

static void add_example(struct sp_replay_sum *sum, const json_t *record,
			const struct sp_replay *replay)
{
	static const char *const keys[] = { "id",     "at", "from",
					    "client", "to", "helo" };
	json_t *object, *names;

	if (!sum->examples)
		sum->examples = json_array();
	if (json_array_size(sum->examples) == SP_SUM_EXAMPLES)
		return;
	object = json_object();
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_object_get(record, keys[i]))
			json_object_set(object, keys[i],
					json_object_get(record, keys[i]));
	put_way(object, "then", &replay->before);
	put_way(object, "now", &replay->after);
	names = json_array();
	for (size_t i = 0; i < replay->verdict.count; i++)
		json_array_append_new(
			names, json_string(replay->verdict.findings[i].name));
	json_object_set_new(object, "findings", names);
	json_array_append_new(sum->examples, object);
}

void sp_replay_sum_add(struct sp_replay_sum *sum, const json_t *record,
		       const struct sp_replay *replay)
{
	sum->mails++;
	sum->is_open += replay->is_open;
	sum->is_greylist_unknown += replay->is_greylist_unknown;
	if (replay->is_changed || replay->after.score < replay->before.score ||
	    replay->after.score > replay->before.score) {
		sum->rescored += !replay->is_changed;
		add_findings(sum, record, replay);
	}
	if (!replay->is_changed) {
		sum->same++;
		return;
	}
	sum->changed++;
	sum->ways[replay->before.outcome][replay->after.outcome]++;
	sum->would_ways[replay->before.would][replay->after.would]++;
	add_example(sum, record, replay);
}

void sp_replay_sum_clear(struct sp_replay_sum *sum)
{
	json_decref(sum->examples);
	sum->examples = NULL;
}

static json_t *ways_json(const size_t ways[SP_SUM_OUTCOMES][SP_SUM_OUTCOMES])
{
	json_t *array = json_array();

	for (unsigned i = 0; i < SP_SUM_OUTCOMES; i++)
		for (unsigned j = 0; j < SP_SUM_OUTCOMES; j++) {
			json_t *way;

			if (i == j || ways[i][j] == 0)
				continue;
			way = json_object();
			json_object_set_new(way, "then",
					    json_string(sp_outcome_name(
						    (enum sp_outcome)i)));
			json_object_set_new(way, "now",
					    json_string(sp_outcome_name(
						    (enum sp_outcome)j)));
			json_object_set_new(
				way, "mails",
				json_integer((json_int_t)ways[i][j]));
			json_array_append_new(array, way);
		}
	return array;
}

static json_t *findings_json(const struct sp_replay_sum *sum)
{
	json_t *array = json_array();

	for (size_t i = 0; i < sum->finding_count; i++) {
		const struct sp_sum_finding *row = &sum->findings[i];
		const struct {
			const char *name;
			size_t count;
		} counts[] = {
			{ "gone", row->gone },
			{ "come", row->come },
			{ "reweighed", row->other },
			{ "changed", row->changed },
		};
		json_t *object = json_object();

		json_object_set_new(object, "name", json_string(row->name));
		json_object_set_new(object, "then", json_real(row->before));
		json_object_set_new(object, "now", json_real(row->after));
		for (size_t j = 0; j < sizeof(counts) / sizeof(counts[0]); j++)
			json_object_set_new(
				object, counts[j].name,
				json_integer((json_int_t)counts[j].count));
		json_array_append_new(array, object);
	}
	return array;
}

json_t *sp_replay_sum_json(const struct sp_replay_sum *sum)
{
	const struct {
		const char *name;
		size_t count;
	} counts[] = {
		{ "mails", sum->mails },
		{ "same", sum->same },
		{ "changed", sum->changed },
		{ "rescored", sum->rescored },
		{ "without_facts", sum->without_facts },
		{ "message_unseen", sum->is_open },
		{ "greylisting_unknown", sum->is_greylist_unknown },
	};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_set_new(object, counts[i].name,
				    json_integer((json_int_t)counts[i].count));
	json_object_set_new(object, "ways", ways_json(sum->ways));
	json_object_set_new(object, "would_ways", ways_json(sum->would_ways));
	json_object_set_new(object, "findings", findings_json(sum));
	json_object_set_new(object, "examples",
			    sum->examples ? json_incref(sum->examples)
					  : json_array());
	return object;
}

static void print_ways(const size_t ways[SP_SUM_OUTCOMES][SP_SUM_OUTCOMES],
		       const char *what)
{
	for (unsigned i = 0; i < SP_SUM_OUTCOMES; i++)
		for (unsigned j = 0; j < SP_SUM_OUTCOMES; j++)
			if (i != j && ways[i][j] > 0)
				printf("  %-9s %-7s -> %-7s %zu\n", what,
				       sp_outcome_name((enum sp_outcome)i),
				       sp_outcome_name((enum sp_outcome)j),
				       ways[i][j]);
}

static void print_findings(const struct sp_replay_sum *sum)
{
	if (sum->finding_count > 0)
		puts("Findings that differ: points then -> now, mails, of "
		     "these with another verdict");
	for (size_t i = 0; i < sum->finding_count; i++) {
		const struct sp_sum_finding *row = &sum->findings[i];

		printf("  %-24s ", row->name);
		if (row->gone > 0 && row->other == 0)
			printf("%.4g -> gone", row->before);
		else if (row->come > 0 && row->other == 0)
			printf("new at %.4g", row->after);
		else
			printf("%.4g -> %.4g", row->before, row->after);
		printf(", %zu, %zu\n", row->gone + row->come + row->other,
		       row->changed);
	}
}

static void print_end(const char *label, const json_t *end)
{
	const char *would = sp_story_text(end, "would");

	printf("%s%s", label, sp_story_text(end, "verdict"));
	if (strcmp(would, "accept") != 0)
		printf(" (enforced: %s)", would);
	printf(" %.4g", json_number_value(json_object_get(end, "score")));
}

static void print_examples(const json_t *examples)
{
	char time[SP_TIME_SIZE];
	const json_t *example;
	size_t i;

	if (json_array_size(examples) > 0)
		puts("Examples, the latest first");
	json_array_foreach(examples, i, example)
	{
		printf("  %s %s", sp_story_text(example, "id"),
		       sp_story_time(sp_story_number(example, "at"), time));
		print_end("  ", json_object_get(example, "then"));
		print_end(" -> ", json_object_get(example, "now"));
		fputs("\n    ", stdout);
		sp_output_safe(stdout, sp_story_text(example, "from"));
		fputs(" from ", stdout);
		sp_output_safe(stdout, sp_story_text(example, "client"));
		putchar('\n');
	}
}

static void print_note(size_t count, const char *what)
{
	if (count > 0)
		printf("%zu %s\n", count, what);
}

void sp_replay_sum_print(const struct sp_replay_sum *sum, int64_t since_ms,
			 const char *config_file)
{
	char time[SP_TIME_SIZE];

	printf("%zu mails since %s, decided again by ", sum->mails,
	       sp_story_time(since_ms, time));
	sp_output_safe(stdout, config_file);
	printf(":\n  %zu the same\n  %zu otherwise\n", sum->same, sum->changed);
	print_ways(sum->ways, "done");
	print_ways(sum->would_ways, "enforced");
	print_note(sum->rescored, "with another score that comes to the same");
	print_findings(sum);
	print_examples(sum->examples);
	print_note(sum->is_open,
		   "would be let in whose message nobody has seen");
	print_note(sum->is_greylist_unknown,
		   "could have to wait: greylisting was not asked then");
	print_note(sum->without_facts, "mails without recorded facts");
}
