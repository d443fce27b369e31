/* submitter_show.c - what the operator sees and undoes; see
 * submitter_store.h. */
#include "sallyport/submitter_store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/config.h"
#include "sallyport/store.h"
#include "sallyport/text.h"
#include "scripts.h"
#include "submitter_index.h"
#include "submitter_memory.h"
#include "submitter_ring.h"
#include "submitter_words.h"
#include "walk.h"
#include "word.h"

static const int64_t hour_ms = 3600000, day_ms = 86400000;

/* --- reading a submitter's fields ------------------------------------------ */

/* The value of `name` in the reply to HGETALL; "" when there is none. */
static const char *field(const struct sp_store_reply *reply, const char *name)
{
	for (size_t i = 0; i + 1 < sp_store_reply_count(reply); i += 2)
		if (strcmp(sp_store_reply_text(reply, i), name) == 0)
			return sp_store_reply_text(reply, i + 1);
	return "";
}

/* The number at `*at`, behind blanks; goes on behind it. 0 when there is none. */
static int64_t take_number(const char **at)
{
	char *end;
	int64_t number = strtoll(*at, &end, 10);

	*at = end;
	return number < 0 ? 0 : number;
}

/* "SLICE SUM COUNT COUNT ...", the latest slice first. */
static uint32_t read_sum(const char *text, int64_t window_ms, int64_t now_ms)
{
	struct sp_ring ring;
	const char *at = text;

	sp_ring_init(&ring, window_ms);
	ring.slice = take_number(&at);
	take_number(&at);
	for (int i = 0; i <= SP_RING_SLICES; i++)
		ring.counts[i] = (uint32_t)take_number(&at);
	return sp_ring_slide(&ring, now_ms);
}

/* "DAY TODAY PAST ...": the most of the days before today. */
static uint32_t read_usual(const char *text, int64_t now_ms)
{
	const char *at = text;
	int64_t day = take_number(&at);
	int64_t most = take_number(&at);
	int64_t past = take_number(&at);

	if (day < now_ms / day_ms && most > past)
		past = most;
	return past > UINT32_MAX ? UINT32_MAX : (uint32_t)past;
}

/* "TIME ELEMENT TIME ELEMENT ...", the latest first. */
static bool next_place(const char **at, struct sp_submitter_place *place_out)
{
	struct sp_text text;
	size_t length;

	place_out->last_ms = take_number(at);
	*at += strspn(*at, " ");
	length = strcspn(*at, " ");
	if (place_out->last_ms == 0 || length == 0)
		return false;
	sp_text_init(&text, place_out->text, sizeof(place_out->text));
	sp_text_add_safe(&text, *at, length, NULL);
	*at += length;
	return true;
}

static void read_places(const struct sp_store_reply *reply,
			enum sp_counted counted,
			struct sp_submitter_entry *entry)
{
	const char *at = field(reply, sp_counted_name(counted));
	struct sp_submitter_place place;

	for (int i = 0;
	     i < SP_SUBMITTER_PLACES_SHOWN && next_place(&at, &place); i++) {
		place.counted = counted;
		entry->places[entry->place_count++] = place;
	}
}

static uint32_t count_places(const struct sp_store_reply *reply,
			     const struct sp_limit *limit, int64_t now_ms)
{
	const char *at = field(reply, sp_counted_name(limit->counted));
	struct sp_submitter_place place;
	uint32_t count = 0;

	while (next_place(&at, &place))
		count += now_ms - place.last_ms <= limit->window_ms;
	return count;
}

/* "released WHEN STATE ...", "over WHEN STATE ..." */
static void read_was(const char *text, struct sp_submitter_entry *entry)
{
	const char *at = strchr(text, ' ');

	if (at == NULL)
		return;
	entry->was_released = strncmp(text, "released ", 9) == 0;
	entry->ended_ms = take_number(&at);
	at += strspn(at, " ");
	sp_standing_read(at, &entry->was);
}

static void read_state(const char *state, const char *was, int64_t now_ms,
		       struct sp_submitter_entry *entry)
{
	read_was(was, entry);
	if (sp_standing_read(state, &entry->standing) != SP_OK ||
	    entry->standing.until_ms > now_ms)
		return;
	/* Its term is over, and no mail has come since. */
	entry->was = entry->standing;
	entry->was_released = false;
	entry->ended_ms = entry->standing.until_ms;
	entry->standing =
		(struct sp_submitter_standing){ .state = SP_SUBMITTER_OK };
}

/* --- one submitter -------------------------------------------------------- */

static const struct sp_submitter_traffic no_traffic[SP_SUBMITTER_TRAFFIC] = {
	{ .counted = SP_COUNTED_MESSAGES, .window_ms = hour_ms },
	{ .counted = SP_COUNTED_RECIPIENTS, .window_ms = hour_ms },
	{ .counted = SP_COUNTED_MESSAGES, .window_ms = day_ms },
	{ .counted = SP_COUNTED_RECIPIENTS, .window_ms = day_ms },
};

void sp_submitter_entry_init(const struct sp_submitter_books *books,
			     const struct sp_submitter *submitter,
			     struct sp_submitter_entry *entry_out)
{
	*entry_out = (struct sp_submitter_entry){
		.class = sp_classes_find(books->config->classes, submitter),
	};
	memcpy(entry_out->submitter, submitter->key, sizeof(submitter->key));
	memcpy(entry_out->traffic, no_traffic, sizeof(no_traffic));
}

uint32_t sp_submitter_share(const struct sp_submitter_entry *entry,
			    size_t *limit_out)
{
	uint32_t most = 0;
	size_t limit = 0;

	for (size_t i = 0; i < entry->class->count; i++) {
		uint32_t share = sp_limit_share(&entry->class->limits[i],
						entry->counts[i]);

		if (share <= most)
			continue;
		most = share;
		limit = i;
	}
	if (limit_out != NULL)
		*limit_out = limit;
	return most;
}

/* Different recipients are counted in another key: so many windows of them are
 * asked together with the fields. */
enum {
	WINDOWS_MAX = SP_STORE_CALLS_MAX - 1,
	COUNT_WORDS = 4
};

/* Everything of a submitter, in one round trip. */
struct showing {
	char key[SP_SUBMITTER_KEY_SIZE], recipients[SP_SUBMITTER_KEY_SIZE];
	struct sp_store_bytes fields[2];
	/* The limits that are counted there, each with its command. */
	size_t limits[WINDOWS_MAX], limit_count;
	char numbers[WINDOWS_MAX][SP_WORD_SIZE];
	struct sp_store_bytes words[WINDOWS_MAX][COUNT_WORDS];
	struct sp_store_call calls[SP_STORE_CALLS_MAX];
};

static void prepare_count(struct showing *showing, size_t limit,
			  int64_t from_ms)
{
	size_t at = showing->limit_count++;
	struct sp_store_bytes *words = showing->words[at];

	showing->limits[at] = limit;
	words[0] = sp_word("ZCOUNT");
	words[1] = sp_word(showing->recipients);
	words[2] = sp_word_of_number(showing->numbers[at], from_ms);
	words[3] = sp_word("+inf");
	showing->calls[at + 1] = (struct sp_store_call){
		.keys = words,
		.key_count = COUNT_WORDS,
	};
}

/* `first`: the limits before it were asked already. Returns the one that comes
 * next, or the number of them. */
static size_t prepare(struct showing *showing,
		      const struct sp_submitter_entry *entry, size_t first,
		      int64_t now_ms)
{
	const struct sp_class *class = entry->class;
	size_t i = first;

	sp_submitter_key(entry->submitter, false, showing->key);
	sp_submitter_key(entry->submitter, true, showing->recipients);
	showing->fields[0] = sp_word("HGETALL");
	showing->fields[1] = sp_word(showing->key);
	showing->calls[0] = (struct sp_store_call){
		.keys = showing->fields,
		.key_count = 2,
	};
	showing->limit_count = 0;
	for (; i < class->count && showing->limit_count < WINDOWS_MAX; i++)
		if (class->limits[i].counted == SP_COUNTED_DISTINCT_RECIPIENTS)
			prepare_count(showing, i,
				      now_ms - class->limits[i].window_ms);
	return i;
}

static void read_limit(const struct sp_store_reply *reply, size_t index,
		       int64_t now_ms, struct sp_submitter_entry *entry)
{
	const struct sp_limit *limit = &entry->class->limits[index];
	uint32_t *count = &entry->counts[index];
	char name[64];
	struct sp_text text;

	sp_text_init(&text, name, sizeof(name));
	sp_text_addf(&text, "most/%s/%" PRId64, sp_counted_name(limit->counted),
		     limit->window_ms);
	entry->usual[index] = read_usual(field(reply, name), now_ms);
	if (limit->counted == SP_COUNTED_DISTINCT_RECIPIENTS)
		return;
	if (limit->counted >= SP_COUNTED_DISTINCT)
		*count = count_places(reply, limit, now_ms);
	else
		*count = read_sum(field(reply, name + strlen("most/")),
				  limit->window_ms, now_ms);
}

static void read_traffic(const struct sp_store_reply *reply, int64_t now_ms,
			 struct sp_submitter_traffic *traffic)
{
	char name[64];
	struct sp_text text;
	const char *ring;

	sp_text_init(&text, name, sizeof(name));
	sp_text_addf(&text, "%s/%" PRId64, sp_counted_name(traffic->counted),
		     traffic->window_ms);
	ring = field(reply, name);
	traffic->is_kept = *ring != '\0';
	traffic->count = read_sum(ring, traffic->window_ms, now_ms);
}

static void read_entry(const struct sp_store_reply *reply, int64_t now_ms,
		       struct sp_submitter_entry *entry)
{
	const char *at;

	read_state(field(reply, "state"), field(reply, "was"), now_ms, entry);
	at = field(reply, "first");
	entry->first_ms = take_number(&at);
	at = field(reply, "last");
	entry->last_ms = take_number(&at);
	for (unsigned i = SP_COUNTED_NETWORKS; i < SP_COUNTED_KINDS; i++)
		read_places(reply, (enum sp_counted)i, entry);
	for (size_t i = 0; i < entry->class->count; i++)
		read_limit(reply, i, now_ms, entry);
	for (size_t i = 0; i < SP_SUBMITTER_TRAFFIC; i++)
		read_traffic(reply, now_ms, &entry->traffic[i]);
}

/* One round trip; *next: the first limit that is still to be asked. */
static enum sp_err show_some(const struct sp_submitter_books *books,
			     int64_t now_ms, size_t *next,
			     struct sp_submitter_entry *entry)
{
	struct sp_store_reply *replies[SP_STORE_CALLS_MAX];
	struct showing showing;
	bool is_first = *next == 0;
	enum sp_err err;

	*next = prepare(&showing, entry, *next, now_ms);
	err = sp_store_run_all(books->store, showing.calls,
			       showing.limit_count + 1, sp_walk_soon(),
			       replies);
	if (err != SP_OK)
		return err;
	for (size_t i = 0; i < showing.limit_count; i++)
		entry->counts[showing.limits[i]] =
			(uint32_t)sp_store_reply_number(replies[i + 1], 0);
	if (is_first && sp_store_reply_count(replies[0]) == 0)
		err = SP_ERR_NOT_FOUND;
	else if (is_first)
		read_entry(replies[0], now_ms, entry);
	for (size_t i = 0; i <= showing.limit_count; i++)
		sp_store_reply_free(&replies[i]);
	return err;
}

enum sp_err sp_submitter_show(const struct sp_submitter_books *books,
			      const struct sp_submitter *submitter,
			      int64_t now_ms,
			      struct sp_submitter_entry *entry_out)
{
	size_t next = 0;
	enum sp_err err;

	sp_submitter_entry_init(books, submitter, entry_out);
	do {
		err = show_some(books, now_ms, &next, entry_out);
	} while (err == SP_OK && next < entry_out->class->count);
	return err;
}

/* --- changing one --------------------------------------------------------- */

static void read_before(const struct sp_store_reply *reply,
			struct sp_submitter_standing *was_out)
{
	*was_out = (struct sp_submitter_standing){ .state = SP_SUBMITTER_OK };
	sp_submitter_state_by_name(sp_store_reply_text(reply, 0),
				   &was_out->state);
	was_out->since_ms = sp_store_reply_number(reply, 1);
	was_out->until_ms = sp_store_reply_number(reply, 2);
	was_out->is_observed = sp_store_reply_text(reply, 3)[0] == 'o';
	sp_why_read(sp_store_reply_text(reply, 4), &was_out->why);
}

/* What is known without Redis. */
static void read_memory(const struct sp_submitter_books *books,
			const struct sp_submitter_order *order,
			struct sp_submitter_standing *was_out)
{
	(void)sp_memory_look(books->memory, order->submitter, order->now_ms,
			     was_out);
}

static enum sp_err set_in_redis(const struct sp_submitter_books *books,
				const struct sp_submitter_order *order,
				const char *words,
				struct sp_submitter_standing *was_out)
{
	char key[SP_SUBMITTER_KEY_SIZE], recipients[SP_SUBMITTER_KEY_SIZE];
	char numbers[2][SP_WORD_SIZE];
	struct sp_store_bytes keys[2], args[4];
	struct sp_store_reply *reply;
	enum sp_err err;

	sp_submitter_key(order->submitter, false, key);
	sp_submitter_key(order->submitter, true, recipients);
	keys[0] = sp_word(key);
	keys[1] = sp_word(recipients);
	args[0] = sp_word_of_number(numbers[0], order->now_ms);
	args[1] = sp_word(sp_submitter_state_name(order->state));
	args[2] = sp_word_of_number(numbers[1], order->until_ms);
	args[3] = sp_word(words);
	err = sp_store_run(books->store,
			   &(struct sp_store_call){ &sp_script_submitter_set,
						    keys, 2, args, 4 },
			   sp_walk_soon(), &reply);
	if (err == SP_OK && sp_store_reply_count(reply) == 0)
		err = SP_ERR_NOT_FOUND;
	if (err == SP_OK)
		read_before(reply, was_out);
	sp_store_reply_free(&reply);
	return err;
}

/* Its place among all others; where it cannot be told now, its next mail tells
 * it. */
static void set_in_index(const struct sp_submitter_books *books,
			 const struct sp_submitter_order *order)
{
	struct sp_index_call prepared = {
		.news = { .has_state = true,
			  .state = order->state,
			  .until_ms = order->until_ms },
	};
	const struct sp_store_call call =
		sp_index_call(order->submitter, order->now_ms, &prepared);
	struct sp_store_reply *reply;

	(void)sp_store_run(books->store, &call, sp_walk_soon(), &reply);
	sp_store_reply_free(&reply);
}

enum sp_err sp_submitter_set(const struct sp_submitter_books *books,
			     const struct sp_submitter_order *order,
			     struct sp_submitter_standing *was_out)
{
	struct sp_submitter_standing standing = { .state = order->state };
	struct sp_text text;
	enum sp_err err;

	read_memory(books, order, was_out);
	if (order->state != SP_SUBMITTER_OK) {
		standing.since_ms = order->now_ms;
		standing.until_ms = order->until_ms;
		standing.why.cause = SP_CAUSE_OPERATOR;
		sp_text_init(&text, standing.why.words,
			     sizeof(standing.why.words));
		sp_text_add_safe(&text, order->words ? order->words : "",
				 order->words ? strlen(order->words) : 0, NULL);
	}
	err = set_in_redis(books, order, standing.why.words, was_out);
	if (err == SP_OK)
		set_in_index(books, order);
	sp_memory_set(books->memory, order->submitter, &standing, err != SP_OK);
	return err;
}
