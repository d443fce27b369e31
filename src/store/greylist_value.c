/* greylist_value.c - see greylist_value.h. */
#include "greylist_value.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/config.h"

/* What stands behind "NAME="; NULL when there is none. */
static const char *find(const char *value, char name)
{
	const char label[] = { ' ', name, '=', '\0' };
	const char *found = strstr(value, label);

	if (strncmp(value, label + 1, 2) == 0)
		return value + 2;
	return found == NULL ? NULL : found + 3;
}

int64_t sp_greylist_number(const char *value, char name)
{
	const char *found = find(value, name);

	return found == NULL ? 0 : strtoll(found, NULL, 10);
}

const char *sp_greylist_word(const char *value, char name, char *word_out,
			     size_t word_size)
{
	const char *found = find(value, name);
	size_t length = found == NULL ? 0 : strcspn(found, " ");

	if (length >= word_size)
		length = word_size - 1;
	if (length > 0)
		memcpy(word_out, found, length);
	word_out[length] = '\0';
	return word_out;
}

static bool is_remembered(const struct sp_greylist_config *config,
			  int64_t last_ms, int64_t now_ms)
{
	return now_ms - last_ms <= config->remember_ms;
}

bool sp_greylist_value_is_known(const struct sp_greylist_config *config,
				const char *value, int64_t now_ms)
{
	return config->known_after > 0 &&
	       sp_greylist_number(value, 'p') >= config->known_after &&
	       is_remembered(config, sp_greylist_number(value, 'l'), now_ms);
}

int64_t sp_greylist_waits_since(const struct sp_greylist_config *config,
				const char *identity_value,
				const char *triplet_value, int64_t now_ms)
{
	int64_t long_enough_ms = now_ms - config->delay_ms;
	int64_t first_ms = sp_greylist_number(triplet_value, 'f');
	int64_t last_ms = sp_greylist_number(triplet_value, 'l');

	if (sp_greylist_value_is_known(config, identity_value, now_ms) ||
	    sp_greylist_number(triplet_value, 'r') > 0)
		return long_enough_ms;
	if (first_ms <= 0)
		return 0;
	if (sp_greylist_number(triplet_value, 'p') > 0)
		return is_remembered(config, last_ms > 0 ? last_ms : first_ms,
				     now_ms)
			       ? long_enough_ms
			       : 0;
	/* A clock that was set back counts as now: it brings nothing. */
	if (first_ms >= now_ms || now_ms - first_ms > config->retry_window_ms)
		return 0;
	return first_ms;
}
