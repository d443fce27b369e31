#include "try.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "output.h"
#include "story.h"

const char *sp_try_outcome_name(enum sp_try_outcome outcome)
{
	static const char *const names[] = {
		[SP_TRY_ACCEPTED] = "accepted",
		[SP_TRY_DISCARDED] = "discarded",
		[SP_TRY_DEFERRED] = "deferred",
		[SP_TRY_REFUSED] = "refused",
		[SP_TRY_BROKEN] = "broken",
	};

	return names[outcome];
}

static void print_stage(const struct sp_try_stage *stage)
{
	int width = printf("%s%s", stage->name, stage->argument[0] ? " " : "");

	/* The width counts what the argument has in bytes: escapes push the
	 * answer to the right, no more. */
	sp_output_safe(stdout, stage->argument);
	width += (int)strnlen(stage->argument, 60);
	printf("%*s", width < 44 ? 44 - width : 2, "");
	if (stage->text[0])
		sp_output_lines(stdout, stage->text, "    ");
	else if (stage->was_asked)
		fputs(sp_mta_answer_name(stage->answer), stdout);
	else
		fputs("-", stdout);
	if (stage->was_asked)
		printf("   (%.2f ms)", (double)stage->us / 1000);
	putchar('\n');
}

/* How a change is shown; %u is the index where there is one. */
static const struct change_words {
	const char *name; /* in JSON */
	const char *sign;
} change_words[] = {
	[SP_MTA_ADD_HEADER] = { "add-header", "  header added:    " },
	[SP_MTA_INSERT_HEADER] = { "insert-header", "  header inserted: " },
	[SP_MTA_CHANGE_HEADER] = { "change-header", "  header changed:  " },
	[SP_MTA_ADD_RECIPIENT] = { "add-recipient", "  recipient added: " },
	[SP_MTA_DELETE_RECIPIENT] = { "delete-recipient",
				      "  recipient taken: " },
	[SP_MTA_CHANGE_SENDER] = { "change-sender", "  sender changed:  " },
	[SP_MTA_QUARANTINE] = { "quarantine", "  quarantined:     " },
};

static bool is_of_header(enum sp_mta_change_kind kind)
{
	return kind <= SP_MTA_CHANGE_HEADER;
}

static void print_change(const struct sp_mta_change *change)
{
	bool is_removal = change->kind == SP_MTA_CHANGE_HEADER &&
			  change->value[0] == '\0';

	fputs(is_removal ? "  header removed:  "
			 : change_words[change->kind].sign,
	      stdout);
	sp_output_safe(stdout, change->name);
	if (change->kind == SP_MTA_CHANGE_HEADER)
		printf(" (number %u)", (unsigned)change->index);
	if (is_of_header(change->kind) && !is_removal) {
		fputs(change->value[0] == ' ' ? ":" : ": ", stdout);
		sp_output_lines(stdout, change->value, "      ");
	} else if (change->value[0]) {
		putchar(' ');
		sp_output_safe(stdout, change->value);
	}
	putchar('\n');
}

static bool is_above(const struct sp_mta_change *change,
		     const struct sp_mta_change *before)
{
	return change->kind == SP_MTA_INSERT_HEADER &&
	       before->kind == SP_MTA_INSERT_HEADER &&
	       change->index == before->index;
}

static void print_changes(const struct sp_mta_changes *changes)
{
	size_t shown = changes->count + changes->is_body_replaced;

	for (size_t i = 0; i < changes->count;) {
		size_t behind = i + 1;

		/* Each was put above the one before: so they are shown. */
		while (behind < changes->count &&
		       is_above(&changes->list[behind], &changes->list[i]))
			behind++;
		for (size_t n = behind; n > i; n--)
			print_change(&changes->list[n - 1]);
		i = behind;
	}
	if (changes->is_body_replaced)
		printf("  body replaced:   %llu bytes\n",
		       (unsigned long long)changes->body_bytes);
	if (changes->total > shown)
		printf("  ... and %zu changes more\n", changes->total - shown);
}

static void print_verdict(const json_t *verdict)
{
	const json_t *finding;
	size_t i;

	fputs("verdict    ", stdout);
	sp_output_safe(stdout, sp_story_text(verdict, "verdict"));
	if (json_object_get(verdict, "would")) {
		fputs(" (only observed; would ", stdout);
		sp_output_safe(stdout, sp_story_text(verdict, "would"));
		putchar(')');
	}
	printf(", score %.1f",
	       json_number_value(json_object_get(verdict, "score")));
	if (json_object_get(verdict, "refuse"))
		printf(" of %.1f",
		       json_number_value(json_object_get(verdict, "refuse")));
	putchar('\n');
	json_array_foreach(json_object_get(verdict, "findings"), i, finding)
	{
		fputs(i == 0 ? "findings   " : "           ", stdout);
		printf("%-20s %5.1f  ", sp_story_text(finding, "name"),
		       json_number_value(json_object_get(finding, "weight")));
		sp_output_safe(stdout, sp_story_text(finding, "reason"));
		putchar('\n');
	}
	if (i == 0)
		puts("findings   none");
	sp_story_pair("greeting", sp_story_text(verdict, "greeting"));
	sp_story_pair("  because", sp_story_text(verdict, "greeting_why"));
	if (json_object_get(verdict, "uid"))
		printf("user       uid %lld, of this machine\n",
		       (long long)json_integer_value(
			       json_object_get(verdict, "uid")));
	sp_story_pair("submitter", sp_story_text(verdict, "submitter"));
	sp_story_pair("  country", sp_story_text(verdict, "country"));
	sp_story_pair("  asn", sp_story_text(verdict, "asn"));
	sp_story_pair("greylist", sp_story_text(verdict, "greylist"));
	sp_story_pair("identity", sp_story_text(verdict, "identity"));
	sp_story_pair("proof", sp_story_text(verdict, "proof"));
	sp_story_pair("taught", sp_story_text(verdict, "taught"));
	sp_story_pair("degraded", sp_story_text(verdict, "degraded"));
	sp_story_results(verdict);
	sp_story_lookups(verdict);
}

static void print_outcome(const struct sp_try_options *options,
			  const struct sp_try_result *result)
{
	printf("outcome    %s", sp_try_outcome_name(result->outcome));
	if (result->outcome == SP_TRY_BROKEN) {
		printf(": the daemon failed us: %s", sp_err_text(result->err));
		if (result->complaint[0])
			printf(" (%s)", result->complaint);
	} else if (result->outcome == SP_TRY_ACCEPTED) {
		printf(", %zu of %zu recipient%s", result->accepted,
		       options->recipient_count,
		       options->recipient_count == 1 ? "" : "s");
	}
	putchar('\n');
}

void sp_try_report(const struct sp_try_options *options,
		   const struct sp_try_result *result, const json_t *verdict,
		   const char *why_not)
{
	for (size_t i = 0; i < result->stage_count; i++)
		print_stage(&result->stages[i]);
	if (result->cut_fields > 0)
		printf("(%u header fields over %u bytes were cut)\n",
		       (unsigned)result->cut_fields,
		       (unsigned)SP_FIELD_VALUE_SIZE);
	print_changes(result->changes);
	putchar('\n');
	print_outcome(options, result);
	sp_story_pair("id", result->id);
	if (verdict)
		print_verdict(verdict);
	else
		printf("(no findings to show: %s)\n", why_not);
}

static json_t *stages_json(const struct sp_try_result *result)
{
	json_t *array = json_array();

	for (size_t i = 0; i < result->stage_count; i++) {
		const struct sp_try_stage *stage = &result->stages[i];
		json_t *object = json_object();

		json_object_set_new(object, "stage", json_string(stage->name));
		json_object_set_new(object, "argument",
				    sp_output_json_text(stage->argument));
		json_object_set_new(
			object, "answer",
			json_string(sp_mta_answer_name(stage->answer)));
		json_object_set_new(object, "was_asked",
				    json_boolean(stage->was_asked));
		json_object_set_new(object, "reply",
				    sp_output_json_text(stage->text));
		json_object_set_new(object, "ms",
				    json_real((double)stage->us / 1000));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *changes_json(const struct sp_mta_changes *changes)
{
	json_t *array = json_array();

	for (size_t i = 0; i < changes->count; i++) {
		const struct sp_mta_change *change = &changes->list[i];
		json_t *object = json_object();

		json_object_set_new(
			object, "change",
			json_string(change_words[change->kind].name));
		json_object_set_new(object, "index",
				    json_integer(change->index));
		json_object_set_new(object, "name",
				    sp_output_json_text(change->name));
		json_object_set_new(object, "value",
				    sp_output_json_text(change->value));
		json_array_append_new(array, object);
	}
	return array;
}

void sp_try_report_json(const struct sp_try_options *options,
			const struct sp_try_result *result, json_t *verdict,
			const char *why_not)
{
	json_t *object = json_object();

	json_object_set_new(object, "outcome",
			    json_string(sp_try_outcome_name(result->outcome)));
	json_object_set_new(object, "id",
			    result->id[0] ? json_string(result->id)
					  : json_null());
	json_object_set_new(object, "recipients",
			    json_integer((json_int_t)options->recipient_count));
	json_object_set_new(object, "accepted",
			    json_integer((json_int_t)result->accepted));
	if (result->outcome == SP_TRY_BROKEN) {
		json_object_set_new(object, "error",
				    json_string(sp_err_text(result->err)));
		json_object_set_new(object, "complaint",
				    json_string(result->complaint));
	}
	json_object_set_new(object, "stages", stages_json(result));
	json_object_set_new(object, "header_fields",
			    json_integer(result->fields));
	json_object_set_new(object, "cut_fields",
			    json_integer(result->cut_fields));
	json_object_set_new(object, "body_bytes",
			    json_integer((json_int_t)result->body_bytes));
	json_object_set_new(object, "changes", changes_json(result->changes));
	json_object_set_new(object, "changes_total",
			    json_integer((json_int_t)result->changes->total));
	json_object_set(object, "verdict", verdict ? verdict : json_null());
	if (!verdict)
		json_object_set_new(object, "why_no_verdict",
				    sp_output_json_text(why_not));
	sp_output_json(object);
}
