/* Reading the counters of minutes, hours and days; see event_store.h. */
#include "count_key.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/store.h"
#include "word.h"

enum {
	KEYS_MAX = 48
};

static const struct {
	const char *name;
	int64_t unit_ms;
	int64_t per_key;
} units[SP_COUNT_UNITS] = {
	[SP_COUNT_MINUTES] = { "minutes", 60000, 60 },
	[SP_COUNT_HOURS] = { "hours", 3600000, 24 },
	[SP_COUNT_DAYS] = { "days", 86400000, 30 },
};

struct sp_count_place sp_count_place(enum sp_count_unit unit, int64_t time_ms)
{
	int64_t number = time_ms < 0 ? 0 : time_ms / units[unit].unit_ms;

	return (struct sp_count_place){
		.key = number / units[unit].per_key,
		.number = (unsigned)(number % units[unit].per_key),
	};
}

const char *sp_count_key(enum sp_count_unit unit, int64_t key,
			 char name_out[SP_COUNT_KEY_SIZE])
{
	snprintf(name_out, SP_COUNT_KEY_SIZE, "sp:count:{record}:%s:%" PRId64,
		 units[unit].name, key);
	return name_out;
}

/* What is read, and for whom. */
struct reading {
	const struct sp_count_span *span;
	void (*found)(const struct sp_count_view *view, void *context);
	void *context;
};

/* "27/verdict/accept" in the key number `key`. */
static void read_field(const struct reading *reading, int64_t key,
		       const char *field, const char *value)
{
	enum sp_count_unit unit = reading->span->unit;
	int64_t unit_ms = units[unit].unit_ms;
	char *end, *value_end;
	long number = strtol(field, &end, 10);
	struct sp_count_view view = {
		.begins_ms = (key * units[unit].per_key + number) * unit_ms,
		.count = strtoll(value, &value_end, 10),
	};

	if (end == field || *end != '/' || value_end == value || *value_end ||
	    number < 0 || number >= units[unit].per_key ||
	    view.begins_ms + unit_ms <= reading->span->from_ms ||
	    view.begins_ms >= reading->span->until_ms)
		return;
	view.name = end + 1;
	reading->found(&view, reading->context);
}

/* As many keys from `key` on as go together. */
static enum sp_err read_keys(struct sp_store *store,
			     const struct reading *reading, int64_t key,
			     size_t count, int64_t deadline_ms)
{
	char names[SP_STORE_CALLS_MAX][SP_COUNT_KEY_SIZE];
	struct sp_store_bytes words[SP_STORE_CALLS_MAX][2];
	struct sp_store_call calls[SP_STORE_CALLS_MAX] = { 0 };
	struct sp_store_reply *replies[SP_STORE_CALLS_MAX];
	enum sp_err err;

	for (size_t i = 0; i < count; i++) {
		words[i][0] = sp_word("HGETALL");
		words[i][1] = sp_word(sp_count_key(reading->span->unit,
						   key + (int64_t)i, names[i]));
		calls[i].keys = words[i];
		calls[i].key_count = 2;
	}
	err = sp_store_run_all(store, calls, count, deadline_ms, replies);
	for (size_t i = 0; i < count && err == SP_OK; i++) {
		for (size_t j = 0; j + 1 < sp_store_reply_count(replies[i]);
		     j += 2)
			read_field(reading, key + (int64_t)i,
				   sp_store_reply_text(replies[i], j),
				   sp_store_reply_text(replies[i], j + 1));
		sp_store_reply_free(&replies[i]);
	}
	return err;
}

enum sp_err sp_count_read(struct sp_store *store,
			  const struct sp_count_span *span, int64_t deadline_ms,
			  void (*found)(const struct sp_count_view *view,
					void *context),
			  void *context)
{
	const struct reading reading = { span, found, context };
	int64_t key = sp_count_place(span->unit, span->from_ms).key;
	int64_t last = sp_count_place(span->unit, span->until_ms - 1).key;
	enum sp_err err = SP_OK;

	if (last - key >= KEYS_MAX)
		return SP_ERR_RANGE;
	while (key <= last && err == SP_OK) {
		size_t count = (size_t)(last - key) + 1;

		if (count > SP_STORE_CALLS_MAX)
			count = SP_STORE_CALLS_MAX;
		err = read_keys(store, &reading, key, count, deadline_ms);
		key += (int64_t)count;
	}
	return err;
}
