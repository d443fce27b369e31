#include "story.h"

#include <stdio.h>
#include <time.h>

#include "output.h"

const char *sp_story_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

long long sp_story_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

const char *sp_story_time(int64_t wall_ms, char time_out[SP_TIME_SIZE])
{
	time_t sec = (time_t)(wall_ms / 1000);
	struct tm broken;

	if (!gmtime_r(&sec, &broken) ||
	    strftime(time_out, SP_TIME_SIZE, "%Y-%m-%d %H:%M:%S UTC",
		     &broken) == 0)
		time_out[0] = '\0';
	return time_out;
}

void sp_story_pair(const char *label, const char *value)
{
	if (!value[0])
		return;
	printf("%-10s ", label);
	sp_output_safe(stdout, value);
	putchar('\n');
}

void sp_story_results(const json_t *record)
{
	const json_t *result;
	size_t i;

	json_array_foreach(json_object_get(record, "results"), i, result)
	{
		const char *about = sp_story_text(result, "about");
		const char *reason = sp_story_text(result, "reason");

		fputs(i == 0 ? "results    " : "           ", stdout);
		printf("%-12s %-10s ", sp_story_text(result, "method"),
		       sp_story_text(result, "result"));
		sp_output_safe(stdout, about);
		if (about[0] && reason[0])
			fputs(": ", stdout);
		sp_output_safe(stdout, reason);
		putchar('\n');
	}
}

void sp_story_lookups(const json_t *record)
{
	const json_t *lookup;
	size_t i;
	json_int_t total =
		json_integer_value(json_object_get(record, "lookups_total"));

	json_array_foreach(json_object_get(record, "lookups"), i, lookup)
	{
		const json_t *ms = json_object_get(lookup, "ms");

		fputs(i == 0 ? "lookups    " : "           ", stdout);
		printf("%-5s %-9s ", sp_story_text(lookup, "type"),
		       sp_story_text(lookup, "status"));
		if (json_is_true(json_object_get(lookup, "cached")))
			fputs("   cached  ", stdout);
		else if (ms)
			printf("%6.1f ms  ", json_number_value(ms));
		else
			fputs("        -  ", stdout);
		sp_output_safe(stdout, sp_story_text(lookup, "name"));
		putchar('\n');
	}
	if (total > (json_int_t)i)
		printf("           ... and %lld more\n",
		       (long long)total - (long long)i);
}
