/* event_store.c - see event_store.h. */
#include "sallyport/event_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count_key.h"
#include "sallyport/store.h"
#include "sallyport/text.h"
#include "scripts.h"
#include "word.h"

#define EVENTS_KEY "sp:events:{record}"
#define FIND_KEY   "sp:events:{record}:find"

enum {
	KEYS = 2 + SP_COUNT_UNITS,
	ARGS_BEFORE = 5,
	NUMBER_SIZE = 24
};

static size_t plain_length(const char *text)
{
	size_t length = 0;

	while (text[length] > ' ' && text[length] < 0x7f && text[length] != '%')
		length++;
	return length;
}

void sp_event_word(struct sp_text *words, const char *kind, const char *value)
{
	char bytes[SP_EVENT_WORD_SIZE];
	struct sp_text word;

	if (!value || !value[0])
		return;
	sp_text_init(&word, bytes, sizeof(bytes));
	sp_text_add(&word, kind);
	while (*value) {
		size_t plain = plain_length(value);

		sp_text_add_bytes(&word, value, plain);
		value += plain;
		if (*value)
			sp_text_addf(&word, "%%%02X", (unsigned char)*value++);
	}
	/* Whole words only: half a one would find nothing. */
	if (words->length + word.length + 2 > words->size)
		return;
	sp_text_add(words, words->length > 0 ? " " : "");
	sp_text_add(words, bytes);
}

/* Words, JSON and facts, a line each; the caller frees it. */
static char *join(const struct sp_event *event)
{
	size_t size = strlen(event->words) + strlen(event->json) +
		      strlen(event->facts) + 3;
	char *bytes = malloc(size);
	struct sp_text text;

	if (!bytes)
		abort();
	sp_text_init(&text, bytes, size);
	sp_text_add(&text, event->words);
	sp_text_add(&text, "\n");
	sp_text_add(&text, event->json);
	sp_text_add(&text, "\n");
	sp_text_add(&text, event->facts);
	return bytes;
}

/* The keys of now, and the units' numbers within them. */
static void set_keys(int64_t now_ms,
		     char names[SP_COUNT_UNITS][SP_COUNT_KEY_SIZE],
		     struct sp_store_bytes keys_out[KEYS],
		     struct sp_text *when_out)
{
	keys_out[0] = sp_word(EVENTS_KEY);
	keys_out[1] = sp_word(FIND_KEY);
	for (unsigned unit = 0; unit < SP_COUNT_UNITS; unit++) {
		struct sp_count_place place =
			sp_count_place((enum sp_count_unit)unit, now_ms);

		sp_count_key((enum sp_count_unit)unit, place.key, names[unit]);
		keys_out[2 + unit] = sp_word(names[unit]);
		sp_text_addf(when_out, "%s%u", unit > 0 ? " " : "",
			     place.number);
	}
}

enum sp_err sp_event_add(struct sp_store *store,
			 const struct sp_event_batch *batch,
			 int64_t deadline_ms)
{
	char names[SP_COUNT_UNITS][SP_COUNT_KEY_SIZE];
	char now[SP_WORD_SIZE], most[SP_WORD_SIZE], keep[SP_WORD_SIZE];
	char when[NUMBER_SIZE], *joined[SP_EVENT_BATCH] = { NULL };
	struct sp_store_bytes keys[KEYS], args[ARGS_BEFORE + SP_EVENT_BATCH];
	struct sp_store_reply *reply;
	struct sp_text text;
	enum sp_err err;

	if (batch->count > SP_EVENT_BATCH)
		return SP_ERR_TOO_LONG;
	sp_text_init(&text, when, sizeof(when));
	set_keys(batch->now_ms, names, keys, &text);
	args[0] = sp_word_of_number(now, batch->now_ms);
	args[1] = sp_word_of_number(most, batch->most);
	args[2] = sp_word_of_number(keep, batch->keep_ms);
	args[3] = sp_word(when);
	args[4] = sp_word(batch->counts);
	for (size_t i = 0; i < batch->count; i++) {
		joined[i] = join(&batch->events[i]);
		args[ARGS_BEFORE + i] = sp_word(joined[i]);
	}
	err = sp_store_run(store,
			   &(struct sp_store_call){
				   .script = &sp_script_events_add,
				   .keys = keys,
				   .key_count = KEYS,
				   .args = args,
				   .arg_count = ARGS_BEFORE + batch->count,
			   },
			   deadline_ms, &reply);
	sp_store_reply_free(&reply);
	for (size_t i = 0; i < batch->count; i++)
		free(joined[i]);
	return err;
}

static void take_page(struct sp_store_reply *reply,
		      struct sp_event_page *page_out)
{
	size_t count = sp_store_reply_count(reply) / 3;
	struct sp_text next;

	page_out->reply = reply;
	page_out->count = count < SP_EVENT_PAGE ? count : SP_EVENT_PAGE;
	sp_text_init(&next, page_out->next, sizeof(page_out->next));
	sp_text_add(&next, sp_store_reply_text(reply, 0));
	for (size_t i = 0; i < page_out->count; i++)
		page_out->events[i] = (struct sp_event_view){
			.place = sp_store_reply_text(reply, 3 * i + 1),
			.json = sp_store_reply_text(reply, 3 * i + 2),
			.facts = sp_store_reply_text(reply, 3 * i + 3),
		};
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

enum sp_err sp_event_read(struct sp_store *store,
			  const struct sp_event_filter *filter,
			  int64_t deadline_ms, struct sp_event_page *page_out)
{
	const struct sp_store_bytes keys[] = { sp_word(EVENTS_KEY),
					       sp_word(FIND_KEY) };
	char since[SP_WORD_SIZE], limit[SP_WORD_SIZE];
	struct sp_store_bytes args[ARGS_BEFORE + SP_EVENT_FILTER_WORDS] = {
		sp_word(or_empty(filter->before)),
		sp_word_of_number(since, filter->since_ms),
		sp_word_of_number(limit, filter->limit),
		sp_word(filter->has_facts ? "1" : "0"),
		sp_word(or_empty(filter->text)),
	};
	size_t count = ARGS_BEFORE;
	struct sp_store_reply *reply;
	enum sp_err err;

	page_out->count = 0;
	page_out->next[0] = '\0';
	page_out->reply = NULL;
	if (filter->limit < 1 || filter->limit > SP_EVENT_PAGE)
		return SP_ERR_RANGE;
	for (size_t i = 0; i < SP_EVENT_FILTER_WORDS; i++)
		if (filter->words[i])
			args[count++] = sp_word(filter->words[i]);
	err = sp_store_run(store,
			   &(struct sp_store_call){
				   .script = &sp_script_events_read,
				   .keys = keys,
				   .key_count = 2,
				   .args = args,
				   .arg_count = count,
			   },
			   deadline_ms, &reply);
	if (err == SP_OK)
		take_page(reply, page_out);
	return err;
}

void sp_event_page_clear(struct sp_event_page *page)
{
	sp_store_reply_free(&page->reply);
	page->count = 0;
}

enum sp_err sp_event_extent(struct sp_store *store, int64_t deadline_ms,
			    struct sp_event_extent *extent_out)
{
	const struct sp_store_bytes length[] = { sp_word("XLEN"),
						 sp_word(EVENTS_KEY) };
	const struct sp_store_bytes first[] = {
		sp_word("XRANGE"), sp_word(EVENTS_KEY), sp_word("-"),
		sp_word("+"),	   sp_word("COUNT"),	sp_word("1"),
	};
	const struct sp_store_call calls[] = {
		{ .keys = length, .key_count = 2 },
		{ .keys = first, .key_count = 6 },
	};
	struct sp_store_reply *replies[2];
	enum sp_err err =
		sp_store_run_all(store, calls, 2, deadline_ms, replies);

	if (err != SP_OK)
		return err;
	extent_out->count = (uint64_t)sp_store_reply_number(replies[0], 0);
	extent_out->oldest_ms = strtoll(
		sp_store_reply_text(sp_store_reply_array(replies[1], 0), 0),
		NULL, 10);
	for (size_t i = 0; i < 2; i++)
		sp_store_reply_free(&replies[i]);
	return SP_OK;
}
