#include "options.h"

#include <stdlib.h>
#include <string.h>

enum {
	WORD_MAX = 40,
	FAR = 1000
};

static size_t least_of(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* How many letters must be added, dropped or changed. */
static size_t distance(const char *a, const char *b)
{
	size_t a_length = strlen(a);
	size_t b_length = strlen(b);
	size_t row[WORD_MAX + 1];

	if (a_length > WORD_MAX || b_length > WORD_MAX)
		return FAR;
	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t above = row[j];

			row[j] = least_of(above + 1, row[j - 1] + 1,
					  diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_length];
}

static const char *last_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot == NULL ? name : dot + 1;
}

/* "helo.greylist.delay" is surely greylist.delay, and "delay" at the top some
 * section's, in the wrong place. */
static size_t distance_to_option(const char *name, const char *option)
{
	size_t whole = distance(name, option);
	size_t length = strlen(name), behind = strlen(option);

	if (length > behind && name[length - behind - 1] == '.' &&
	    strcmp(name + length - behind, option) == 0)
		return 0;
	if (strcmp(last_part(name), last_part(option)) == 0 && whole > 1)
		return 1;
	return whole;
}

static void keep_section(char *name)
{
	char *dot = strchr(name, '.');

	if (dot != NULL)
		*dot = '\0';
}

const char *sp_option_nearest(const char *name, struct sp_option *scratch)
{
	/* A third of the letters may be wrong. */
	size_t best = strlen(name) / 3 + 1;
	size_t best_index = sp_option_count();
	bool is_section = false;

	for (size_t i = 0; i < sp_option_count(); i++) {
		size_t far;

		sp_option_get(i, scratch);
		far = distance_to_option(name, scratch->name);
		if (far <= best &&
		    (far < best || best_index == sp_option_count())) {
			best = far;
			best_index = i;
			is_section = false;
		}
		keep_section(scratch->name);
		far = distance(name, scratch->name);
		if (far < best) {
			best = far;
			best_index = i;
			is_section = true;
		}
	}
	if (best_index == sp_option_count())
		return NULL;
	sp_option_get(best_index, scratch);
	if (is_section)
		keep_section(scratch->name);
	return scratch->name;
}
