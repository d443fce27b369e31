/* desk_store.c - what people see of greylisting, and say to it; see
 * desk_store.h. */
#include "sallyport/desk_store.h"

#include <stdlib.h>
#include <string.h>

#include "desk_key.h"
#include "greylist_value.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/store.h"
#include "sallyport/text.h"
#include "scripts.h"
#include "walk.h"
#include "word.h"

enum {
	FIRST_ROW = 2 /* of desk-read's answer: two numbers stand before */
};

/* ------------------------------------------------------------------ waiting */

/* Keys of a step's rows, and what stands in them. */
static enum sp_err read_values(struct sp_store *store,
			       const struct sp_store_reply *rows, size_t count,
			       int64_t deadline_ms,
			       struct sp_store_reply **values_out)
{
	struct sp_store_bytes words[SP_DESK_PAGE_MAX + 1];

	words[0] = sp_word("MGET");
	for (size_t i = 0; i < count; i++)
		words[i + 1] =
			sp_word(sp_store_reply_text(rows, FIRST_ROW + i));
	return sp_store_command(store, words, count + 1, deadline_ms,
				values_out);
}

static void add_row(struct sp_desk_page *page,
		    const struct sp_greylist_config *config, const char *key,
		    const char *value, int64_t now_ms)
{
	struct sp_greylist_entry *entry = &page->entries[page->count];
	bool is_identity;

	memset(entry, 0, sizeof(*entry));
	/* Gone since, or not written by us. */
	if (*value == '\0' ||
	    sp_greylist_key_parse(key, &is_identity, entry) != SP_OK)
		return;
	sp_greylist_read_entry(config, value, is_identity, now_ms, entry);
	page->count++;
}

static enum sp_err read_step(struct sp_store *store,
			     const struct sp_desk_filter *filter,
			     const struct sp_desk_page *page,
			     int64_t deadline_ms,
			     struct sp_store_reply **rows_out)
{
	char texts[2][SP_WORD_SIZE];
	const struct sp_store_bytes key = sp_word(SP_DESK_WAITS);
	const struct sp_store_bytes args[] = {
		sp_word(filter->is_oldest_first ? "old" : "new"),
		sp_word_of_number(texts[0], page->next),
		sp_word_of_number(texts[1],
				  (int64_t)(filter->limit - page->count)),
		sp_word(filter->text),
	};
	const struct sp_store_call call = { &sp_script_desk_read, &key, 1, args,
					    sizeof(args) / sizeof(*args) };

	return sp_store_run(store, &call, deadline_ms, rows_out);
}

/* *is_over_out: there is nothing behind it. */
static enum sp_err take_step(struct sp_store *store,
			     const struct sp_greylist_config *config,
			     const struct sp_desk_filter *filter,
			     int64_t deadline_ms, struct sp_desk_page *page)
{
	struct sp_store_reply *rows, *values = NULL;
	enum sp_err err = read_step(store, filter, page, deadline_ms, &rows);
	size_t count;

	if (err != SP_OK)
		return err;
	page->waiting = (uint64_t)sp_store_reply_number(rows, 0);
	count = sp_store_reply_count(rows) - FIRST_ROW;
	if (count > 0)
		err = read_values(store, rows, count, deadline_ms, &values);
	for (size_t i = 0; i < count && err == SP_OK; i++)
		add_row(page, config, sp_store_reply_text(rows, FIRST_ROW + i),
			sp_store_reply_text(values, i), filter->now_ms);
	if (err == SP_OK)
		page->next += (uint32_t)sp_store_reply_number(rows, 1);
	if (page->next >= page->waiting)
		page->next = 0;
	sp_store_reply_free(&rows);
	sp_store_reply_free(&values);
	return err;
}

enum sp_err sp_desk_read(struct sp_store *store,
			 const struct sp_greylist_config *config,
			 const struct sp_desk_filter *filter,
			 int64_t deadline_ms, struct sp_desk_page *page_out)
{
	int64_t begun_ms = sp_clock_mono_ms();
	int64_t enough_ms = begun_ms + (deadline_ms - begun_ms) / 2;
	enum sp_err err;

	page_out->count = 0;
	page_out->waiting = 0;
	page_out->next = filter->offset;
	err = take_step(store, config, filter, deadline_ms, page_out);
	/* Where a later step fails, what was found before it is enough. */
	while (err == SP_OK && page_out->next > 0 &&
	       page_out->count < filter->limit &&
	       sp_clock_mono_ms() < enough_ms)
		if (take_step(store, config, filter, deadline_ms, page_out) !=
		    SP_OK)
			break;
	return err;
}

/* ----------------------------------------------------------------- outcomes */

static void add_field(struct sp_desk_outcome *outcome, const char *name,
		      uint64_t count)
{
	char end[SP_DESK_FIELD_SIZE];

	if (strcmp(name, "begun") == 0)
		outcome->begun += count;
	else if (strcmp(name, "came") == 0)
		outcome->came += count;
	else if (strcmp(name, "never") == 0)
		outcome->never += count;
	else if (strcmp(name, "never-honest") == 0)
		outcome->never_honest += count;
	else if (strncmp(name, "in/", 3) == 0)
		for (unsigned i = 0; i < SP_DESK_BUCKETS; i++)
			if (strcmp(name + 3, sp_desk_bucket_name(i, end)) == 0)
				outcome->in[i] += count;
}

/* A hash's fields and values in turn. */
static void add_hash(struct sp_desk_outcome *outcome,
		     const struct sp_store_reply *reply)
{
	for (size_t i = 0; i + 1 < sp_store_reply_count(reply); i += 2)
		add_field(
			outcome, sp_store_reply_text(reply, i),
			strtoull(sp_store_reply_text(reply, i + 1), NULL, 10));
}

/* HGETALL of `count` keys, SP_STORE_CALLS_MAX at most. */
static enum sp_err read_hashes(struct sp_store *store, char *const *keys,
			       size_t count, int64_t deadline_ms,
			       struct sp_store_reply **replies_out)
{
	struct sp_store_bytes words[SP_STORE_CALLS_MAX][2];
	struct sp_store_call calls[SP_STORE_CALLS_MAX];

	for (size_t i = 0; i < count; i++) {
		words[i][0] = sp_word("HGETALL");
		words[i][1] = sp_word(keys[i]);
		calls[i] = (struct sp_store_call){ .keys = words[i],
						   .key_count = 2 };
	}
	return sp_store_run_all(store, calls, count, deadline_ms, replies_out);
}

static size_t at_most(size_t count, size_t most)
{
	return count < most ? count : most;
}

enum sp_err sp_desk_sum(struct sp_store *store, int64_t now_ms,
			int64_t deadline_ms,
			struct sp_desk_outcome *outcome_out)
{
	char texts[SP_STORE_CALLS_MAX][SP_WORD_SIZE];
	char *keys[SP_STORE_CALLS_MAX];
	struct sp_store_reply *replies[SP_STORE_CALLS_MAX];
	enum sp_err err = SP_OK;

	memset(outcome_out, 0, sizeof(*outcome_out));
	for (size_t day = 0; day < SP_DESK_DAYS && err == SP_OK;
	     day += SP_STORE_CALLS_MAX) {
		size_t count = at_most(SP_DESK_DAYS - day, SP_STORE_CALLS_MAX);

		for (size_t i = 0; i < count; i++) {
			int64_t back_ms = (int64_t)(day + i) * SP_DESK_DAY_MS;

			(void)sp_desk_day_key(now_ms - back_ms, texts[i]);
			keys[i] = texts[i];
		}
		err = read_hashes(store, keys, count, deadline_ms, replies);
		for (size_t i = 0; i < count; i++) {
			add_hash(outcome_out, replies[i]);
			sp_store_reply_free(&replies[i]);
		}
	}
	return err;
}

/* Names as they stand in keys, the latest first, and when. */
static enum sp_err read_who(struct sp_store *store, size_t count,
			    int64_t deadline_ms,
			    struct sp_store_reply **reply_out)
{
	char text[SP_WORD_SIZE];
	const struct sp_store_bytes words[] = {
		sp_word("ZREVRANGE"),
		sp_word(SP_DESK_WHO),
		sp_word("0"),
		sp_word_of_number(text, (int64_t)count - 1),
		sp_word("WITHSCORES"),
	};

	return sp_store_command(store, words, sizeof(words) / sizeof(*words),
				deadline_ms, reply_out);
}

static void name_identity(const char *escaped,
			  struct sp_desk_identity *identity_out)
{
	char key[SP_GREYLIST_KEY_SIZE];
	struct sp_greylist_entry entry;
	struct sp_text text;
	bool is_identity;

	sp_text_init(&text, key, sizeof(key));
	sp_text_addf(&text, "%s%s}", SP_GREYLIST_KEY_PREFIX, escaped);
	identity_out->identity[0] = '\0';
	if (sp_greylist_key_parse(key, &is_identity, &entry) == SP_OK)
		sp_text_copy(identity_out->identity,
			     sizeof(identity_out->identity), entry.identity);
}

static enum sp_err read_outcomes(struct sp_store *store,
				 const struct sp_store_reply *who, size_t count,
				 int64_t deadline_ms,
				 struct sp_desk_identity *identities)
{
	char texts[SP_STORE_CALLS_MAX][SP_GREYLIST_KEY_SIZE];
	char *keys[SP_STORE_CALLS_MAX];
	struct sp_store_reply *replies[SP_STORE_CALLS_MAX];
	enum sp_err err = SP_OK;

	for (size_t at = 0; at < count && err == SP_OK;
	     at += SP_STORE_CALLS_MAX) {
		size_t step = at_most(count - at, SP_STORE_CALLS_MAX);

		for (size_t i = 0; i < step; i++) {
			struct sp_text text;

			sp_text_init(&text, texts[i], sizeof(texts[i]));
			sp_text_addf(&text, "%s%s", SP_DESK_OF,
				     sp_store_reply_text(who, 2 * (at + i)));
			keys[i] = texts[i];
		}
		err = read_hashes(store, keys, step, deadline_ms, replies);
		for (size_t i = 0; i < step; i++) {
			add_hash(&identities[at + i].outcome, replies[i]);
			sp_store_reply_free(&replies[i]);
		}
	}
	return err;
}

enum sp_err sp_desk_identities(struct sp_store *store, size_t count,
			       int64_t deadline_ms,
			       struct sp_desk_identity *identities_out,
			       size_t *count_out)
{
	struct sp_store_reply *who;
	enum sp_err err = read_who(store, count, deadline_ms, &who);

	*count_out = 0;
	if (err != SP_OK)
		return err;
	count = at_most(sp_store_reply_count(who) / 2, count);
	memset(identities_out, 0, count * sizeof(*identities_out));
	for (size_t i = 0; i < count; i++) {
		name_identity(sp_store_reply_text(who, 2 * i),
			      &identities_out[i]);
		identities_out[i].last_ms =
			strtoll(sp_store_reply_text(who, 2 * i + 1), NULL, 10);
	}
	err = read_outcomes(store, who, count, deadline_ms, identities_out);
	if (err == SP_OK)
		*count_out = count;
	sp_store_reply_free(&who);
	return err;
}

/* ------------------------------------------------------ the operator's words */

enum sp_err sp_greylist_trust(struct sp_store *store,
			      const struct sp_greylist_config *config,
			      const char *identity, int64_t now_ms)
{
	char key[SP_GREYLIST_KEY_SIZE], texts[3][SP_WORD_SIZE];
	const struct sp_store_bytes args[] = {
		sp_word_of_number(texts[0], now_ms),
		sp_word_of_number(texts[1], config->known_after),
		sp_word_of_number(texts[2], config->remember_ms),
	};
	struct sp_store_bytes word;
	struct sp_store_reply *reply;
	enum sp_err err = sp_greylist_key(identity, NULL, NULL, key);

	if (config->known_after == 0)
		return SP_ERR_RANGE;
	if (err != SP_OK)
		return err;
	word = sp_word(key);
	err = sp_store_run(
		store,
		&(struct sp_store_call){ &sp_script_greylist_trust, &word, 1,
					 args, sizeof(args) / sizeof(*args) },
		sp_walk_soon(), &reply);
	sp_store_reply_free(&reply);
	return err;
}

enum sp_err sp_greylist_expect(struct sp_store *store, const char *recipient,
			       int64_t now_ms)
{
	char key[SP_GREYLIST_KEY_SIZE], until[SP_WORD_SIZE];
	char ttl[SP_WORD_SIZE];
	struct sp_store_bytes words[5];
	struct sp_store_reply *reply;
	enum sp_err err = sp_expect_key(recipient, key);

	if (err != SP_OK)
		return err;
	words[0] = sp_word("SET");
	words[1] = sp_word(key);
	words[2] = sp_word_of_number(until, now_ms + SP_EXPECT_MS);
	words[3] = sp_word("PX");
	words[4] = sp_word_of_number(ttl, SP_EXPECT_MS + 3600 * 1000);
	err = sp_store_command(store, words, 5, sp_walk_soon(), &reply);
	sp_store_reply_free(&reply);
	return err;
}
