#include "dns-zone.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The whole file, with a NUL behind it; NULL when it cannot be read. */
static char *read_all(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t length = 0, room = 0;

	if (!file)
		return NULL;
	do {
		room += 1 << 20;
		text = realloc(text, room + 1);
		if (!text)
			abort();
		length += fread(text + length, 1, room - length, file);
	} while (length == room);
	text[length] = '\0';
	fclose(file);
	return text;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		count++;
	return count;
}

static bool read_line(char *line, struct zone_record *record_out)
{
	static const struct {
		const char *name;
		enum zone_type type;
	} types[] = { { "A", ZONE_A }, { "MX", ZONE_MX }, { "TXT", ZONE_TXT } };
	char *type = strchr(line, ' ');
	char *data = type ? strchr(type + 1, ' ') : NULL;

	if (!data)
		return false;
	*type++ = '\0';
	*data++ = '\0';
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i].name) == 0) {
			*record_out = (struct zone_record){ line, types[i].type,
							    data };
			return true;
		}
	return false;
}

static int compare(const void *a, const void *b)
{
	const struct zone_record *left = a, *right = b;
	int names = strcmp(left->name, right->name);

	/* Otherwise in the order of the file. */
	return names ? names
		     : (left->data > right->data) - (left->data < right->data);
}

static bool read_lines(struct zone *zone, const char *path)
{
	char *next = zone->text;

	while (*next) {
		char *line = next;
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		next = end ? end + 1 : line + strlen(line);
		if (!read_line(line, &zone->records[zone->count])) {
			fprintf(stderr, "dns-server: %s: no record: %s\n", path,
				line);
			return false;
		}
		zone->count++;
	}
	return true;
}

bool zone_load(struct zone *zone, const char *path)
{
	zone_clear(zone);
	zone->text = read_all(path);
	if (!zone->text) {
		perror(path);
		return false;
	}
	zone->records =
		calloc(count_lines(zone->text) + 1, sizeof(*zone->records));
	if (!zone->records)
		abort();
	if (!read_lines(zone, path)) {
		zone_clear(zone);
		return false;
	}
	qsort(zone->records, zone->count, sizeof(*zone->records), compare);
	return true;
}

void zone_clear(struct zone *zone)
{
	free(zone->text);
	free(zone->records);
	*zone = (struct zone){ 0 };
}

const struct zone_record *zone_find(const struct zone *zone, const char *name,
				    size_t *count_out)
{
	size_t low = 0, high = zone->count;

	/* The first that is not before the name. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(zone->records[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (high = low;
	     high < zone->count && strcmp(zone->records[high].name, name) == 0;)
		high++;
	*count_out = high - low;
	return high > low ? &zone->records[low] : NULL;
}
