/* submitter_index.c - see submitter_index.h; and the pages that are read from
 * it, submitter_store.h. */
#include "submitter_index.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/text.h"
#include "scripts.h"
#include "walk.h"

static const char last_key[] = "sp:index:{out}:last";
static const char state_key[] = "sp:index:{out}:state";

static const int64_t day_ms = 86400000;
/* A state's place is its rank, then the end of its term; see the script. */
static const int64_t rank_score = INT64_C(10000000000000);

enum {
	EXAMINED_MAX = 500
};

static void write_near_key(int64_t day, char key_out[SP_INDEX_KEY_SIZE])
{
	struct sp_text key;

	sp_text_init(&key, key_out, SP_INDEX_KEY_SIZE);
	sp_text_addf(&key, "sp:index:{out}:near:%" PRId64, day);
}

/* --- telling it ----------------------------------------------------------- */

struct sp_store_call sp_index_call(const char *submitter, int64_t now_ms,
				   struct sp_index_call *prepared)
{
	const struct sp_index_news *news = &prepared->news;
	struct sp_store_bytes *args = prepared->args;
	const struct sp_store_bytes none = sp_word("");

	write_near_key(now_ms / day_ms, prepared->near_key);
	prepared->keys[0] = sp_word(last_key);
	prepared->keys[1] = sp_word(state_key);
	prepared->keys[2] = sp_word(prepared->near_key);
	args[0] = sp_word_of_number(prepared->numbers[0], now_ms);
	args[1] = sp_word(submitter);
	args[2] = news->last_ms == 0 ? none
				     : sp_word_of_number(prepared->numbers[1],
							 news->last_ms);
	args[3] = !news->has_state ? none
				   : sp_word_of_number(prepared->numbers[2],
						       news->state);
	args[4] = !news->has_state ? none
				   : sp_word_of_number(prepared->numbers[3],
						       news->until_ms);
	args[5] = !news->has_share ? none
				   : sp_word_of_number(prepared->numbers[4],
						       news->share);
	return (struct sp_store_call){ &sp_script_submitter_index,
				       prepared->keys, 3, prepared->args, 6 };
}

enum sp_err sp_index_run_with(const struct sp_submitter_books *books,
			      const struct sp_submitter_mail *mail,
			      const struct sp_store_call *call,
			      int64_t deadline_ms,
			      struct sp_store_reply **reply_out)
{
	struct sp_store_call calls[2] = { *call };
	struct sp_store_reply *replies[2] = { NULL, NULL };
	struct sp_index_call prepared;
	bool is_due = sp_memory_index_due(books->memory, mail->submitter,
					  mail->counted_ms, &prepared.news);
	enum sp_err err;

	if (is_due)
		calls[1] = sp_index_call(mail->submitter, mail->counted_ms,
					 &prepared);
	err = sp_store_run_all(books->store, calls, is_due ? 2 : 1, deadline_ms,
			       replies);
	if (err == SP_OK && is_due)
		sp_memory_indexed(books->memory, mail->submitter,
				  &prepared.news);
	sp_store_reply_free(&replies[1]);
	*reply_out = replies[0];
	return err;
}

void sp_index_tell(const struct sp_submitter_books *books,
		   const char *submitter, int64_t last_ms, int64_t deadline_ms)
{
	struct sp_index_call prepared;
	struct sp_store_reply *reply;
	struct sp_store_call call;

	if (!sp_memory_index_due(books->memory, submitter, last_ms,
				 &prepared.news))
		return;
	call = sp_index_call(submitter, last_ms, &prepared);
	if (sp_store_run(books->store, &call, deadline_ms, &reply) == SP_OK)
		sp_memory_indexed(books->memory, submitter, &prepared.news);
	sp_store_reply_free(&reply);
}

/* --- pages ---------------------------------------------------------------- */

/* A page on its way. */
struct paging {
	const struct sp_submitter_books *books;
	const struct sp_submitter_range *range;
	const struct sp_submitter_lister *lister;
	int64_t now_ms;
};

/* Of an evicted submitter nothing is left but its place: it goes, too. */
static void drop(const struct paging *paging, const char *key,
		 const char *submitter)
{
	const struct sp_store_bytes words[] = {
		sp_word("ZREM"),
		sp_word(key),
		sp_word(submitter),
	};
	struct sp_store_reply *reply;

	(void)sp_store_command(paging->books->store, words, 3, sp_walk_soon(),
			       &reply);
	sp_store_reply_free(&reply);
}

/* SP_ERR_NOT_FOUND: it is none, or is there no more. */
static enum sp_err show(const struct paging *paging, const char *key,
			const char *name, struct sp_submitter_entry *entry_out)
{
	struct sp_submitter submitter;
	enum sp_err err;

	if (sp_submitter_parse(name, "", &submitter) != SP_OK ||
	    strcmp(submitter.key, name) != 0)
		err = SP_ERR_NOT_FOUND;
	else
		err = sp_submitter_show(paging->books, &submitter,
					paging->now_ms, entry_out);
	if (err == SP_ERR_NOT_FOUND)
		drop(paging, key, name);
	return err;
}

/* To the lister, who says whether he wants more; one that is there no more is
 * passed over. */
static enum sp_err tell(const struct paging *paging, const char *key,
			const char *name, bool *goes_on_out)
{
	struct sp_submitter_entry entry;
	enum sp_err err = show(paging, key, name, &entry);

	if (err == SP_OK)
		*goes_on_out =
			paging->lister->found(&entry, paging->lister->context);
	return err == SP_ERR_NOT_FOUND ? SP_OK : err;
}

/* The submitters of a reply, in its order. */
static enum sp_err show_all(const struct paging *paging, const char *key,
			    const struct sp_store_reply *names)
{
	bool goes_on = true;

	for (size_t i = 0; goes_on && i < sp_store_reply_count(names); i++) {
		enum sp_err err = tell(paging, key,
				       sp_store_reply_text(names, i), &goes_on);

		if (err != SP_OK)
			return err;
	}
	return SP_OK;
}

/* How many there are, and the names of those on the page. */
static enum sp_err page_of(const struct paging *paging, const char *key,
			   const struct sp_store_call calls[2],
			   size_t *total_out)
{
	struct sp_store_reply *replies[2];
	enum sp_err err = sp_store_run_all(paging->books->store, calls, 2,
					   sp_walk_soon(), replies);

	if (err != SP_OK)
		return err;
	*total_out = (size_t)sp_store_reply_number(replies[0], 0);
	err = show_all(paging, key, replies[1]);
	sp_store_reply_free(&replies[0]);
	sp_store_reply_free(&replies[1]);
	return err;
}

/* By rank, which Redis finds at once, however far it is. */
static enum sp_err page_by_last(const struct paging *paging, size_t *total_out)
{
	const struct sp_submitter_range *range = paging->range;
	/* From 0 to -1 would be all: from 1 to 0 is none. */
	int64_t first = (int64_t)range->offset + (range->count == 0);
	int64_t last = first + (int64_t)range->count - 1;
	char numbers[2][SP_WORD_SIZE];
	const struct sp_store_bytes count[] = {
		sp_word("ZCOUNT"),
		sp_word(last_key),
		sp_word("-inf"),
		sp_word("+inf"),
	};
	const struct sp_store_bytes names[] = {
		sp_word("ZREVRANGE"),
		sp_word(last_key),
		sp_word_of_number(numbers[0], first),
		sp_word_of_number(numbers[1], last),
	};
	const struct sp_store_call calls[2] = {
		{ .keys = count, .key_count = 4 },
		{ .keys = names, .key_count = 4 },
	};

	return page_of(paging, last_key, calls, total_out);
}

/* Without the score itself. */
static struct sp_store_bytes write_score(char text_out[SP_WORD_SIZE],
					 int64_t score)
{
	struct sp_text text;

	sp_text_init(&text, text_out, SP_WORD_SIZE);
	sp_text_addf(&text, "(%" PRId64, score);
	return sp_word(text_out);
}

/* Each state has a range of scores of its own; those whose term is over lie at
 * its low end. Of all states the ones between are asked state by state. */
static enum sp_err page_of_state(const struct paging *paging,
				 enum sp_submitter_state state,
				 size_t *total_out)
{
	const struct sp_submitter_range *range = paging->range;
	char most[SP_WORD_SIZE], least[SP_WORD_SIZE], numbers[2][SP_WORD_SIZE];
	const struct sp_store_bytes count[] = {
		sp_word("ZCOUNT"),
		sp_word(state_key),
		write_score(least,
			    (int64_t)state * rank_score + paging->now_ms),
		write_score(most, ((int64_t)state + 1) * rank_score),
	};
	const struct sp_store_bytes names[] = {
		sp_word("ZREVRANGEBYSCORE"),
		sp_word(state_key),
		count[3],
		count[2],
		sp_word("LIMIT"),
		sp_word_of_number(numbers[0], (int64_t)range->offset),
		sp_word_of_number(numbers[1], (int64_t)range->count),
	};
	const struct sp_store_call calls[2] = {
		{ .keys = count, .key_count = 4 },
		{ .keys = names, .key_count = 7 },
	};

	return page_of(paging, state_key, calls, total_out);
}

static enum sp_err page_by_state(const struct paging *paging, size_t *total_out)
{
	struct sp_submitter_range left = *paging->range;
	struct paging step = *paging;
	enum sp_err err = SP_OK;

	if (left.state != SP_SUBMITTER_OK)
		return page_of_state(paging, left.state, total_out);
	*total_out = 0;
	step.range = &left;
	for (int state = SP_SUBMITTER_LOCKED;
	     state > SP_SUBMITTER_OK && err == SP_OK; state--) {
		size_t count = 0, here;

		err = page_of_state(&step, (enum sp_submitter_state)state,
				    &count);
		*total_out += count;
		/* What lies before the page, and what is on it already. */
		here = count > left.offset ? count - left.offset : 0;
		left.offset -= count < left.offset ? count : left.offset;
		left.count -= here < left.count ? here : left.count;
	}
	return err;
}

/* --- by share ------------------------------------------------------------- */

/* One that may be near to a limit: its share as of its last mail, which is the
 * most that it can be, then as it is now. */
struct candidate {
	char submitter[SP_SUBMITTER_SIZE];
	uint32_t share;
};

struct candidates {
	size_t count;
	struct candidate items[2 * EXAMINED_MAX];
};

static int compare_names(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	int order = strcmp(a->submitter, b->submitter);

	return order != 0 ? order
			  : (a->share < b->share) - (a->share > b->share);
}

static int compare_shares(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	return a->share != b->share ? (a->share < b->share ? 1 : -1)
				    : strcmp(a->submitter, b->submitter);
}

/* "NAME SCORE NAME SCORE ..." */
static void take_names(const struct sp_store_reply *reply,
		       struct candidates *candidates)
{
	for (size_t i = 0; i + 1 < sp_store_reply_count(reply) &&
			   candidates->count < 2 * EXAMINED_MAX;
	     i += 2) {
		struct candidate *candidate =
			&candidates->items[candidates->count++];

		sp_text_copy(candidate->submitter, sizeof(candidate->submitter),
			     sp_store_reply_text(reply, i));
		candidate->share = (uint32_t)strtoul(
			sp_store_reply_text(reply, i + 1), NULL, 10);
	}
}

/* Who was there on both days is taken once, with the larger share. */
static void drop_doubles(struct candidates *candidates)
{
	size_t kept = 0;

	if (candidates->count > 1)
		qsort(candidates->items, candidates->count,
		      sizeof(*candidates->items), compare_names);
	for (size_t i = 0; i < candidates->count; i++) {
		if (kept > 0 && strcmp(candidates->items[kept - 1].submitter,
				       candidates->items[i].submitter) == 0)
			continue;
		candidates->items[kept++] = candidates->items[i];
	}
	candidates->count = kept;
	if (kept > 1)
		qsort(candidates->items, kept, sizeof(*candidates->items),
		      compare_shares);
	if (candidates->count > EXAMINED_MAX)
		candidates->count = EXAMINED_MAX;
}

static enum sp_err find_candidates(const struct paging *paging,
				   struct candidates *candidates)
{
	const int64_t today = paging->now_ms / day_ms;
	char keys[2][SP_INDEX_KEY_SIZE], number[SP_WORD_SIZE];
	struct sp_store_bytes words[2][5];
	struct sp_store_call calls[2];
	struct sp_store_reply *replies[2];
	enum sp_err err;

	for (int i = 0; i < 2; i++) {
		write_near_key(today - i, keys[i]);
		words[i][0] = sp_word("ZREVRANGE");
		words[i][1] = sp_word(keys[i]);
		words[i][2] = sp_word("0");
		words[i][3] = sp_word_of_number(number, EXAMINED_MAX - 1);
		words[i][4] = sp_word("WITHSCORES");
		calls[i] = (struct sp_store_call){ .keys = words[i],
						   .key_count = 5 };
	}
	err = sp_store_run_all(paging->books->store, calls, 2, sp_walk_soon(),
			       replies);
	if (err != SP_OK)
		return err;
	take_names(replies[0], candidates);
	take_names(replies[1], candidates);
	sp_store_reply_free(&replies[0]);
	sp_store_reply_free(&replies[1]);
	drop_doubles(candidates);
	return SP_OK;
}

/* Its place among the `found` first ones, which are in order. */
static void insert(struct candidate *items, size_t found,
		   struct candidate candidate)
{
	size_t at = found;

	while (at > 0 && compare_shares(&candidate, &items[at - 1]) < 0)
		at--;
	memmove(items + at + 1, items + at, (found - at) * sizeof(*items));
	items[at] = candidate;
}

/*
 * Find out the shares of now, as far as the page needs: until `wanted` are sure
 * to be nearer than any that was not looked at can be. What was looked at and is
 * ok comes to the front, in order; *found_out is how many these are.
 */
static enum sp_err examine(const struct paging *paging, size_t wanted,
			   struct candidates *candidates, size_t *found_out)
{
	struct candidate *items = candidates->items;
	size_t found = 0, sure = 0, i;
	char key[SP_INDEX_KEY_SIZE];

	write_near_key(paging->now_ms / day_ms, key);
	for (i = 0; i < candidates->count && sure < wanted; i++) {
		struct candidate candidate = items[i];
		struct sp_submitter_entry entry;
		enum sp_err err =
			show(paging, key, candidate.submitter, &entry);

		if (err != SP_OK && err != SP_ERR_NOT_FOUND)
			return err;
		if (err == SP_OK && entry.standing.state == SP_SUBMITTER_OK) {
			candidate.share = sp_submitter_share(&entry, NULL);
			insert(items, found++, candidate);
		}
		sure = 0;
		while (sure < found &&
		       (i + 1 == candidates->count ||
			items[sure].share >= items[i + 1].share))
			sure++;
	}
	if (i == candidates->count)
		candidates->count = found;
	*found_out = found;
	return SP_OK;
}

static enum sp_err show_candidates(const struct paging *paging,
				   const struct candidates *candidates,
				   size_t found)
{
	const struct sp_submitter_range *range = paging->range;
	char key[SP_INDEX_KEY_SIZE];
	bool goes_on = true;

	write_near_key(paging->now_ms / day_ms, key);
	for (size_t i = range->offset;
	     goes_on && i < found && i < range->offset + range->count; i++) {
		enum sp_err err = tell(
			paging, key, candidates->items[i].submitter, &goes_on);

		if (err != SP_OK)
			return err;
	}
	return SP_OK;
}

static enum sp_err page_by_share(const struct paging *paging, size_t *total_out)
{
	const struct sp_submitter_range *range = paging->range;
	struct candidates *candidates = calloc(1, sizeof(*candidates));
	size_t found = 0;
	enum sp_err err;

	if (candidates == NULL)
		return SP_ERR_NO_MEMORY;
	err = find_candidates(paging, candidates);
	if (err == SP_OK && range->count > 0)
		err = examine(paging, range->offset + range->count, candidates,
			      &found);
	*total_out = candidates->count;
	if (err == SP_OK)
		err = show_candidates(paging, candidates, found);
	free(candidates);
	return err;
}

enum sp_err sp_submitter_page(const struct sp_submitter_books *books,
			      const struct sp_submitter_range *range,
			      int64_t now_ms,
			      const struct sp_submitter_lister *lister,
			      size_t *total_out)
{
	struct sp_submitter_range bounded = *range;
	const struct paging paging = { books, &bounded, lister, now_ms };

	*total_out = 0;
	if (bounded.count > SP_SUBMITTER_PAGE_MAX)
		bounded.count = SP_SUBMITTER_PAGE_MAX;
	switch (range->by) {
	case SP_SUBMITTERS_BY_STATE:
		return page_by_state(&paging, total_out);
	case SP_SUBMITTERS_BY_LAST:
		return page_by_last(&paging, total_out);
	case SP_SUBMITTERS_BY_SHARE:
		return page_by_share(&paging, total_out);
	}
	return SP_ERR_RANGE;
}
