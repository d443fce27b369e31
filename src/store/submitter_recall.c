/* submitter_recall.c - what of the memory is shown to the operator and to the
 * index, and changed by the operator; see submitter_memory.h. */
#include "submitter_memory.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/config.h"
#include "submitter_remembered.h"

enum {
	/* The index is told of a share by steps of so many thousandths. */
	SHARE_STEP = 20
};

static const int64_t told_again_ms = 60000;

/* --- the index ------------------------------------------------------------ */

static uint32_t step_of(uint32_t share)
{
	return (share + SHARE_STEP - 1) / SHARE_STEP * SHARE_STEP;
}

/* Whether it would be news. */
static bool is_news(const struct sp_index_news *told,
		    const struct sp_index_news *news)
{
	int64_t age_ms = news->last_ms - told->last_ms;

	return told->last_ms == 0 || age_ms < 0 || age_ms >= told_again_ms ||
	       news->state != SP_SUBMITTER_OK ||
	       told->state != SP_SUBMITTER_OK || news->share > told->share;
}

bool sp_memory_index_due(struct sp_submitter_memory *memory,
			 const char *submitter, int64_t last_ms,
			 struct sp_index_news *news_out)
{
	struct sp_index_news news = { .last_ms = last_ms };
	struct sp_remembered *entry;
	bool is_due = true;

	pthread_mutex_lock(&memory->lock);
	entry = sp_memory_find(memory, submitter);
	if (entry != NULL) {
		sp_memory_let_go(entry, last_ms);
		news.has_state = news.has_share = true;
		news.state = entry->standing.state;
		news.until_ms = entry->standing.until_ms;
		news.share = step_of(entry->share);
		is_due = is_news(&entry->indexed, &news);
	}
	pthread_mutex_unlock(&memory->lock);
	*news_out = news;
	return is_due;
}

void sp_memory_indexed(struct sp_submitter_memory *memory,
		       const char *submitter, const struct sp_index_news *news)
{
	struct sp_remembered *entry;

	pthread_mutex_lock(&memory->lock);
	entry = sp_memory_find(memory, submitter);
	if (entry != NULL)
		entry->indexed = *news;
	pthread_mutex_unlock(&memory->lock);
}

/* --- the operator --------------------------------------------------------- */

void sp_memory_set(struct sp_submitter_memory *memory, const char *submitter,
		   const struct sp_submitter_standing *standing,
		   bool is_unsaved)
{
	struct sp_remembered *entry;

	pthread_mutex_lock(&memory->lock);
	if (standing->state == SP_SUBMITTER_OK) {
		entry = sp_memory_find(memory, submitter);
		if (entry != NULL)
			sp_memory_forget(memory, entry);
	} else {
		entry = sp_memory_find_or_add(memory, submitter);
		entry->standing = *standing;
		entry->is_unsaved = is_unsaved;
		sp_memory_note_lock(memory, standing);
	}
	pthread_mutex_unlock(&memory->lock);
}

static uint32_t sum_within(const struct sp_remembered *entry,
			   const struct sp_limit *limit, int64_t now_ms)
{
	for (size_t i = 0; i < entry->sum_count; i++) {
		struct sp_ring ring = entry->sums[i].ring;

		if (entry->sums[i].counted == limit->counted &&
		    ring.window_ms == limit->window_ms)
			return sp_ring_slide(&ring, now_ms);
	}
	return 0;
}

static uint32_t seen_within(const struct sp_remembered *entry,
			    const struct sp_limit *limit, int64_t now_ms)
{
	const struct sp_sightings *seen =
		&entry->seen[limit->counted - SP_COUNTED_DISTINCT];
	uint32_t count = 0;

	for (size_t i = 0; i < seen->count; i++)
		count += seen->items[i].last_ms >= now_ms - limit->window_ms;
	return count;
}

/* What is remembered of traffic is what a limit of that window counts. */
static void fill_traffic(struct sp_submitter_entry *shown)
{
	for (size_t i = 0; i < shown->class->count; i++) {
		const struct sp_limit *limit = &shown->class->limits[i];

		for (size_t j = 0; j < SP_SUBMITTER_TRAFFIC; j++) {
			struct sp_submitter_traffic *traffic =
				&shown->traffic[j];

			if (traffic->counted != limit->counted ||
			    traffic->window_ms != limit->window_ms)
				continue;
			traffic->is_kept = true;
			traffic->count = shown->counts[i];
		}
	}
}

static bool fill(const struct sp_submitter_books *books,
		 struct sp_remembered *entry, int64_t now_ms,
		 struct sp_submitter_entry *shown)
{
	struct sp_submitter submitter;

	if (sp_submitter_parse(entry->submitter, "", &submitter) != SP_OK)
		return false;
	sp_submitter_entry_init(books, &submitter, shown);
	sp_memory_let_go(entry, now_ms);
	shown->standing = entry->standing;
	for (size_t i = 0; i < shown->class->count; i++) {
		const struct sp_limit *limit = &shown->class->limits[i];

		shown->counts[i] = limit->counted < SP_COUNTED_DISTINCT
					   ? sum_within(entry, limit, now_ms)
					   : seen_within(entry, limit, now_ms);
	}
	fill_traffic(shown);
	return true;
}

enum sp_err sp_submitter_recall(const struct sp_submitter_books *books,
				const struct sp_submitter *submitter,
				int64_t now_ms,
				struct sp_submitter_entry *entry_out)
{
	struct sp_submitter_memory *memory = books->memory;
	struct sp_remembered *entry;
	bool is_there;

	sp_submitter_entry_init(books, submitter, entry_out);
	pthread_mutex_lock(&memory->lock);
	entry = sp_memory_find(memory, submitter->key);
	is_there = entry != NULL && fill(books, entry, now_ms, entry_out);
	pthread_mutex_unlock(&memory->lock);
	return is_there ? SP_OK : SP_ERR_NOT_FOUND;
}

/* The next ones of a state, the latest first; returns how many in all. */
static size_t recall_state(const struct sp_submitter_books *books,
			   enum sp_submitter_state state, int64_t now_ms,
			   struct sp_submitter_entry *entries, size_t room)
{
	size_t count = 0;

	for (struct sp_remembered *entry = books->memory->newest;
	     entry != NULL && count < room; entry = entry->older) {
		sp_memory_let_go(entry, now_ms);
		if (entry->standing.state == state)
			count += fill(books, entry, now_ms, &entries[count]);
	}
	return count;
}

enum sp_err sp_submitter_recall_all(const struct sp_submitter_books *books,
				    int64_t now_ms,
				    const struct sp_submitter_lister *lister)
{
	struct sp_submitter_entry *entries =
		calloc(SP_SUBMITTER_PAGE_MAX, sizeof(*entries));
	size_t count = 0;

	if (entries == NULL)
		return SP_ERR_NO_MEMORY;
	pthread_mutex_lock(&books->memory->lock);
	for (int state = SP_SUBMITTER_LOCKED; state >= SP_SUBMITTER_OK; state--)
		count += recall_state(books, (enum sp_submitter_state)state,
				      now_ms, entries + count,
				      SP_SUBMITTER_PAGE_MAX - count);
	pthread_mutex_unlock(&books->memory->lock);
	for (size_t i = 0; i < count; i++)
		if (!lister->found(&entries[i], lister->context))
			break;
	free(entries);
	return SP_OK;
}
