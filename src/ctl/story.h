/*
 * story.h - what a record tells, for people: the parts that several commands
 * print.
 *
 * Threads:  one at a time.
 */
#ifndef SP_CTL_STORY_H
#define SP_CTL_STORY_H

#include <jansson.h>
#include <stdint.h>

enum {
	SP_TIME_SIZE = 32
};

/* A member of `object`; "" when it is no text. */
const char *sp_story_text(const json_t *object, const char *key);
long long sp_story_number(const json_t *object, const char *key);

/* "2026-11-22 04:18:47 UTC"; returns `time_out`. */
const char *sp_story_time(int64_t wall_ms, char time_out[SP_TIME_SIZE]);

/* A line "LABEL  VALUE"; nothing when the value is "". */
void sp_story_pair(const char *label, const char *value);

void sp_story_results(const json_t *record);
void sp_story_lookups(const json_t *record);

#endif
