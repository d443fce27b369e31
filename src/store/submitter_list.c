/* submitter_list.c - what the operator sees and undoes; see
 * submitter_store.h. */
#include "sallyport/submitter_store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/config.h"
#include "sallyport/store.h"
#include "sallyport/text.h"
#include "scripts.h"
#include "submitter_ring.h"
#include "submitter_words.h"
#include "walk.h"
#include "word.h"

static const char prefix[] = "sp:out:{";
static const int64_t day_ms = 86400000;

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

static enum sp_err count_recipients(struct sp_store *store,
				    const char *submitter, int64_t from_ms,
				    uint32_t *count_out)
{
	char key[SP_SUBMITTER_KEY_SIZE], number[SP_WORD_SIZE];
	struct sp_store_bytes words[4];
	struct sp_store_reply *reply;
	enum sp_err err;

	sp_submitter_key(submitter, true, key);
	words[0] = sp_word("ZCOUNT");
	words[1] = sp_word(key);
	words[2] = sp_word_of_number(number, from_ms);
	words[3] = sp_word("+inf");
	err = sp_store_command(store, words, 4, sp_walk_soon(), &reply);
	if (err == SP_OK)
		*count_out = (uint32_t)sp_store_reply_number(reply, 0);
	sp_store_reply_free(&reply);
	return err;
}

static enum sp_err read_limit(struct sp_store *store,
			      const struct sp_store_reply *reply, size_t index,
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
		return count_recipients(store, entry->submitter,
					now_ms - limit->window_ms, count);
	if (limit->counted >= SP_COUNTED_DISTINCT)
		*count = count_places(reply, limit, now_ms);
	else
		*count = read_sum(field(reply, name + strlen("most/")),
				  limit->window_ms, now_ms);
	return SP_OK;
}

static enum sp_err read_entry(const struct sp_submitter_books *books,
			      const struct sp_store_reply *reply,
			      int64_t now_ms, struct sp_submitter_entry *entry)
{
	const char *at;
	enum sp_err err = SP_OK;

	read_state(field(reply, "state"), field(reply, "was"), now_ms, entry);
	at = field(reply, "first");
	entry->first_ms = take_number(&at);
	at = field(reply, "last");
	entry->last_ms = take_number(&at);
	for (unsigned i = SP_COUNTED_NETWORKS; i < SP_COUNTED_KINDS; i++)
		read_places(reply, (enum sp_counted)i, entry);
	for (size_t i = 0; i < entry->class->count && err == SP_OK; i++)
		err = read_limit(books->store, reply, i, now_ms, entry);
	return err;
}

enum sp_err sp_submitter_show(const struct sp_submitter_books *books,
			      const struct sp_submitter *submitter,
			      int64_t now_ms,
			      struct sp_submitter_entry *entry_out)
{
	char key[SP_SUBMITTER_KEY_SIZE];
	struct sp_store_bytes words[2];
	struct sp_store_reply *reply;
	enum sp_err err;

	*entry_out = (struct sp_submitter_entry){
		.class = sp_classes_find(books->config->classes, submitter),
	};
	memcpy(entry_out->submitter, submitter->key, sizeof(submitter->key));
	sp_submitter_key(submitter->key, false, key);
	words[0] = sp_word("HGETALL");
	words[1] = sp_word(key);
	err = sp_store_command(books->store, words, 2, sp_walk_soon(), &reply);
	if (err == SP_OK && sp_store_reply_count(reply) == 0)
		err = SP_ERR_NOT_FOUND;
	if (err == SP_OK)
		err = read_entry(books, reply, now_ms, entry_out);
	sp_store_reply_free(&reply);
	return err;
}

/* --- all of them ---------------------------------------------------------- */

struct listing {
	const struct sp_submitter_books *books;
	const struct sp_submitter_lister *lister;
	int64_t now_ms;
};

/* False when it is not a submitter's own key. */
static bool read_key(const char *key, char submitter_out[SP_SUBMITTER_SIZE])
{
	const char *begin = key + strlen(prefix);
	size_t length = strlen(begin);

	if (length == 0 || begin[length - 1] != '}' ||
	    length > SP_SUBMITTER_SIZE)
		return false;
	memcpy(submitter_out, begin, length - 1);
	submitter_out[length - 1] = '\0';
	return true;
}

static bool list_one(const struct listing *listing, const char *submitter,
		     const struct sp_store_reply *reply)
{
	struct sp_submitter_entry entry = { .place_count = 0 };
	struct sp_submitter parsed;
	const char *at;

	memcpy(entry.submitter, submitter, sizeof(entry.submitter));
	if (sp_submitter_parse(submitter, "", &parsed) != SP_OK)
		return true;
	entry.class = sp_classes_find(listing->books->config->classes, &parsed);
	read_state(sp_store_reply_text(reply, 0), sp_store_reply_text(reply, 1),
		   listing->now_ms, &entry);
	at = sp_store_reply_text(reply, 2);
	entry.first_ms = take_number(&at);
	at = sp_store_reply_text(reply, 3);
	entry.last_ms = take_number(&at);
	return listing->lister->found(&entry, listing->lister->context);
}

static enum sp_err visit(struct sp_store *store,
			 const struct sp_store_bytes *keys, size_t count,
			 bool *go_on_out, void *context)
{
	const struct listing *listing = context;
	enum sp_err err = SP_OK;

	for (size_t i = 0; i < count && *go_on_out && err == SP_OK; i++) {
		const struct sp_store_bytes words[] = {
			sp_word("HMGET"), keys[i],	    sp_word("state"),
			sp_word("was"),	  sp_word("first"), sp_word("last"),
		};
		char submitter[SP_SUBMITTER_SIZE];
		struct sp_store_reply *reply;

		if (!read_key(keys[i].bytes, submitter))
			continue;
		err = sp_store_command(store, words, 6, sp_walk_soon(), &reply);
		if (err == SP_OK)
			*go_on_out = list_one(listing, submitter, reply);
		sp_store_reply_free(&reply);
	}
	return err;
}

enum sp_err sp_submitter_list(const struct sp_submitter_books *books,
			      int64_t now_ms,
			      const struct sp_submitter_lister *lister)
{
	struct listing listing = { books, lister, now_ms };
	const struct sp_walker walker = { visit, &listing };

	return sp_walk(books->store, "sp:out:{*}", &walker);
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

enum sp_err sp_submitter_set(struct sp_store *store,
			     const struct sp_submitter_order *order,
			     struct sp_submitter_standing *was_out)
{
	char key[SP_SUBMITTER_KEY_SIZE], recipients[SP_SUBMITTER_KEY_SIZE];
	char numbers[2][SP_WORD_SIZE], words[SP_SUBMITTER_WORDS_SIZE];
	struct sp_store_bytes keys[2], args[4];
	struct sp_store_reply *reply;
	struct sp_text text;
	enum sp_err err;

	sp_submitter_key(order->submitter, false, key);
	sp_submitter_key(order->submitter, true, recipients);
	sp_text_init(&text, words, sizeof(words));
	sp_text_add_safe(&text, order->words ? order->words : "",
			 order->words ? strlen(order->words) : 0, NULL);
	keys[0] = sp_word(key);
	keys[1] = sp_word(recipients);
	args[0] = sp_word_of_number(numbers[0], order->now_ms);
	args[1] = sp_word(sp_submitter_state_name(order->state));
	args[2] = sp_word_of_number(numbers[1], order->until_ms);
	args[3] = sp_word(words);
	err = sp_store_run(store,
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
