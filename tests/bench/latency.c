#include "latency.h"

#include <stdlib.h>
#include <string.h>

static void make_room(struct latencies *latencies, enum latency_stage stage,
		      size_t more)
{
	size_t wanted = latencies->stages[stage].count + more;
	size_t room = latencies->stages[stage].room;

	if (wanted <= room)
		return;
	while (room < wanted)
		room = room ? room * 2 : 4096;
	latencies->stages[stage].us =
		realloc(latencies->stages[stage].us, room * sizeof(uint32_t));
	if (!latencies->stages[stage].us)
		abort();
	latencies->stages[stage].room = room;
}

void latencies_add(struct latencies *latencies, enum latency_stage stage,
		   int64_t us)
{
	make_room(latencies, stage, 1);
	if (us < 0)
		us = 0;
	if (us > UINT32_MAX)
		us = UINT32_MAX;
	latencies->stages[stage].us[latencies->stages[stage].count++] =
		(uint32_t)us;
}

void latencies_add_all(struct latencies *to, const struct latencies *from)
{
	for (int i = 0; i < LATENCY_STAGES; i++) {
		size_t count = from->stages[i].count;

		if (count == 0)
			continue;
		make_room(to, (enum latency_stage)i, count);
		memcpy(to->stages[i].us + to->stages[i].count,
		       from->stages[i].us, count * sizeof(uint32_t));
		to->stages[i].count += count;
	}
}

void latencies_clear(struct latencies *latencies)
{
	for (int i = 0; i < LATENCY_STAGES; i++)
		free(latencies->stages[i].us);
	*latencies = (struct latencies){ 0 };
}

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

/* `us` is sorted, `count` at least 1. */
static uint32_t percentile(const uint32_t *us, size_t count, size_t percent)
{
	return us[(count - 1) * percent / 100];
}

void latencies_print(struct latencies *latencies, FILE *to)
{
	static const char *const names[LATENCY_STAGES] = { "open", "rcpt",
							   "eom", "mail",
							   "session" };
	const char *comma = "";

	fputc('{', to);
	for (int i = 0; i < LATENCY_STAGES; i++) {
		uint32_t *us = latencies->stages[i].us;
		size_t count = latencies->stages[i].count;

		if (count == 0)
			continue;
		qsort(us, count, sizeof(uint32_t), compare);
		fprintf(to,
			"%s\"%s\":{\"p50_us\":%u,\"p95_us\":%u,\"p99_us\":%u,"
			"\"max_us\":%u}",
			comma, names[i], percentile(us, count, 50),
			percentile(us, count, 95), percentile(us, count, 99),
			us[count - 1]);
		comma = ",";
	}
	fputc('}', to);
}
