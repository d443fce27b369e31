#include "submitter_memory.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/config.h"
#include "sallyport/hash.h"
#include "submitter_remembered.h"

enum {
	MEMORY_BYTES_MAX = 8 * 1024 * 1024,
	/* Looked at from the old end for one that is neither held nor locked. */
	SPARED_MAX = 64
};

enum sp_err sp_submitter_memory_new(size_t most,
				    struct sp_submitter_memory **memory_out)
{
	struct sp_submitter_memory *memory = calloc(1, sizeof(*memory));
	size_t buckets = 16;

	*memory_out = NULL;
	while (buckets < most)
		buckets *= 2;
	if (memory != NULL)
		memory->buckets = calloc(buckets, sizeof(*memory->buckets));
	if (memory == NULL || memory->buckets == NULL) {
		free(memory);
		return SP_ERR_NO_MEMORY;
	}
	memory->most = most > 0 ? most : 1;
	memory->bucket_count = buckets;
	pthread_mutex_init(&memory->lock, NULL);
	*memory_out = memory;
	return SP_OK;
}

static struct sp_remembered **bucket_of(struct sp_submitter_memory *memory,
					const char *submitter)
{
	struct sp_hash hash;
	size_t number;

	sp_hash_make(NULL, submitter, strlen(submitter), &hash);
	memcpy(&number, hash.bytes, sizeof(number));
	return &memory->buckets[number & (memory->bucket_count - 1)];
}

static void take_out(struct sp_submitter_memory *memory,
		     struct sp_remembered *entry)
{
	*(entry->newer ? &entry->newer->older : &memory->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &memory->oldest) = entry->newer;
}

static void put_first(struct sp_submitter_memory *memory,
		      struct sp_remembered *entry)
{
	entry->newer = NULL;
	entry->older = memory->newest;
	*(memory->newest ? &memory->newest->newer : &memory->oldest) = entry;
	memory->newest = entry;
}

static size_t bytes_of(const struct sp_remembered *entry)
{
	size_t bytes = sizeof(*entry) +
		       entry->sum_count * sizeof(struct sp_remembered_sum);

	for (size_t i = 0; i < SP_DISTINCT_KINDS; i++)
		bytes += entry->seen[i].room * sizeof(struct sp_sighting);
	return bytes;
}

void sp_memory_forget(struct sp_submitter_memory *memory,
		      struct sp_remembered *entry)
{
	struct sp_remembered **at = bucket_of(memory, entry->submitter);

	while (*at != entry)
		at = &(*at)->next_in_bucket;
	*at = entry->next_in_bucket;
	take_out(memory, entry);
	memory->count--;
	memory->bytes -= bytes_of(entry);
	for (size_t i = 0; i < SP_DISTINCT_KINDS; i++)
		free(entry->seen[i].items);
	free(entry->sums);
	free(entry);
}

void sp_submitter_memory_free(struct sp_submitter_memory **memory)
{
	struct sp_submitter_memory *old = *memory;

	if (old == NULL)
		return;
	while (old->oldest != NULL)
		sp_memory_forget(old, old->oldest);
	pthread_mutex_destroy(&old->lock);
	free(old->buckets);
	free(old);
	*memory = NULL;
}

/* An old one that is neither held nor locked, else the oldest; never the
 * newest, which is the one that is being counted. */
static struct sp_remembered *find_victim(
	const struct sp_submitter_memory *memory)
{
	struct sp_remembered *entry = memory->oldest;

	for (int i = 0; i < SPARED_MAX && entry != memory->newest; i++) {
		if (entry->standing.state < SP_SUBMITTER_HOLD)
			return entry;
		entry = entry->newer;
	}
	return memory->oldest;
}

static void tidy(struct sp_submitter_memory *memory)
{
	while (memory->count > 1 && (memory->count > memory->most ||
				     memory->bytes > MEMORY_BYTES_MAX))
		sp_memory_forget(memory, find_victim(memory));
}

struct sp_remembered *sp_memory_find(struct sp_submitter_memory *memory,
				     const char *submitter)
{
	struct sp_remembered *entry = *bucket_of(memory, submitter);

	while (entry != NULL && strcmp(entry->submitter, submitter) != 0)
		entry = entry->next_in_bucket;
	return entry;
}

struct sp_remembered *sp_memory_find_or_add(struct sp_submitter_memory *memory,
					    const char *submitter)
{
	struct sp_remembered *entry = sp_memory_find(memory, submitter);
	struct sp_remembered **bucket;

	if (entry != NULL) {
		take_out(memory, entry);
		put_first(memory, entry);
		return entry;
	}
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		abort();
	strncpy(entry->submitter, submitter, sizeof(entry->submitter) - 1);
	bucket = bucket_of(memory, entry->submitter);
	entry->next_in_bucket = *bucket;
	*bucket = entry;
	put_first(memory, entry);
	memory->count++;
	memory->bytes += bytes_of(entry);
	tidy(memory);
	return entry;
}

void sp_memory_let_go(struct sp_remembered *entry, int64_t now_ms)
{
	if (entry->standing.until_ms > now_ms)
		return;
	entry->standing =
		(struct sp_submitter_standing){ .state = SP_SUBMITTER_OK };
	entry->is_unsaved = false;
}

/* --- what is counted ------------------------------------------------------ */

static struct sp_remembered_sum *sum_of(struct sp_submitter_memory *memory,
					struct sp_remembered *entry,
					const struct sp_limit *limit)
{
	struct sp_remembered_sum *sums;

	for (size_t i = 0; i < entry->sum_count; i++)
		if (entry->sums[i].counted == limit->counted &&
		    entry->sums[i].ring.window_ms == limit->window_ms)
			return &entry->sums[i];
	/* Other windows come with another configuration: begin anew before
	 * there are too many. */
	if (entry->sum_count >= 2 * SP_LIMITS_MAX) {
		memory->bytes -= entry->sum_count * sizeof(*sums);
		entry->sum_count = 0;
	}
	sums = realloc(entry->sums, (entry->sum_count + 1) * sizeof(*sums));
	if (sums == NULL)
		abort();
	entry->sums = sums;
	sums += entry->sum_count++;
	memory->bytes += sizeof(*sums);
	sums->counted = limit->counted;
	sp_ring_init(&sums->ring, limit->window_ms);
	return sums;
}

void sp_memory_note_lock(struct sp_submitter_memory *memory,
			 const struct sp_submitter_standing *standing)
{
	if (standing->state == SP_SUBMITTER_LOCKED && !standing->is_observed &&
	    standing->until_ms > memory->locked_until_ms)
		memory->locked_until_ms = standing->until_ms;
}

bool sp_submitter_memory_has_locks(struct sp_submitter_memory *memory,
				   int64_t now_ms)
{
	bool has_locks;

	pthread_mutex_lock(&memory->lock);
	has_locks = memory->locked_until_ms > now_ms;
	pthread_mutex_unlock(&memory->lock);
	return has_locks;
}

void sp_memory_note(struct sp_submitter_memory *memory, const char *submitter,
		    const struct sp_class *class,
		    const struct sp_memory_news *news, int64_t now_ms)
{
	struct sp_remembered *entry;

	pthread_mutex_lock(&memory->lock);
	entry = sp_memory_find_or_add(memory, submitter);
	entry->standing = *news->standing;
	sp_memory_note_lock(memory, news->standing);
	entry->is_unsaved = false;
	if (news->begins)
		entry->share = 0;
	for (size_t i = 0; class != NULL && i < class->count; i++) {
		const struct sp_limit *limit = &class->limits[i];
		uint32_t share = sp_limit_share(limit, news->sums[i]);

		if (news->is_known[i] && share > entry->share)
			entry->share = share;
		if (news->is_known[i] && limit->counted < SP_COUNTED_DISTINCT)
			sp_ring_set(&sum_of(memory, entry, limit)->ring, now_ms,
				    news->sums[i]);
	}
	tidy(memory);
	pthread_mutex_unlock(&memory->lock);
}

bool sp_memory_look(struct sp_submitter_memory *memory, const char *submitter,
		    int64_t now_ms, struct sp_submitter_standing *standing_out)
{
	struct sp_remembered *entry;
	bool is_unsaved = false;

	*standing_out =
		(struct sp_submitter_standing){ .state = SP_SUBMITTER_OK };
	pthread_mutex_lock(&memory->lock);
	entry = sp_memory_find(memory, submitter);
	if (entry != NULL) {
		sp_memory_let_go(entry, now_ms);
		*standing_out = entry->standing;
		is_unsaved = entry->is_unsaved;
	}
	pthread_mutex_unlock(&memory->lock);
	return is_unsaved;
}

void sp_memory_size(struct sp_submitter_memory *memory, size_t *submitters_out,
		    size_t *bytes_out)
{
	pthread_mutex_lock(&memory->lock);
	*submitters_out = memory->count;
	*bytes_out = memory->bytes;
	pthread_mutex_unlock(&memory->lock);
}

/* --- counting without Redis ----------------------------------------------- */

/* One question on its way. */
struct counting {
	struct sp_submitter_memory *memory;
	struct sp_remembered *entry;
	const struct sp_outbound_config *config;
	const struct sp_submitter_question *question;
	bool is_taken;
};

/* What the question brings of a kind that counts once; NULL: nothing. */
static const char *thing_of(const struct sp_submitter_question *question,
			    enum sp_counted counted)
{
	switch (counted) {
	case SP_COUNTED_DISTINCT_RECIPIENTS:
		return question->recipient;
	case SP_COUNTED_NETWORKS:
		return question->network;
	case SP_COUNTED_COUNTRIES:
		return question->country;
	case SP_COUNTED_ASNS:
		return question->asn;
	default:
		return NULL;
	}
}

static uint64_t number_of(const char *thing)
{
	struct sp_hash hash;
	uint64_t number;

	sp_hash_make(NULL, thing, strlen(thing), &hash);
	memcpy(&number, hash.bytes, sizeof(number));
	return number;
}

/* With this one in it. */
static uint32_t count_once(const struct counting *counting,
			   const struct sp_limit *limit)
{
	const struct sp_sightings *seen =
		&counting->entry->seen[limit->counted - SP_COUNTED_DISTINCT];
	const char *thing = thing_of(counting->question, limit->counted);
	const int64_t from_ms = counting->question->now_ms - limit->window_ms;
	uint64_t number;
	uint32_t count = 1;

	if (thing == NULL)
		return 0;
	number = number_of(thing);
	for (size_t i = 0; i < seen->count; i++)
		count += seen->items[i].last_ms >= from_ms &&
			 seen->items[i].what != number;
	return count;
}

static uint32_t count_of(const struct counting *counting,
			 const struct sp_limit *limit)
{
	uint32_t more;
	struct sp_remembered_sum *sum;

	if (limit->counted >= SP_COUNTED_DISTINCT)
		return count_once(counting, limit);
	more = counting->question->adds[limit->counted];
	if (more == 0)
		return 0;
	sum = sum_of(counting->memory, counting->entry, limit);
	return sp_ring_slide(&sum->ring, counting->question->now_ms) + more;
}

/* One more than the limits need is kept: the latest. */
static size_t kept_of(const struct sp_class *class, enum sp_counted counted)
{
	size_t most = 0;

	for (size_t i = 0; i < class->count; i++)
		if (class->limits[i].counted == counted &&
		    class->limits[i].most + 1 > most)
			most = class->limits[i].most + 1;
	return most;
}

static void make_room(struct sp_submitter_memory *memory,
		      struct sp_sightings *seen, size_t kept)
{
	size_t room = seen->room == 0 ? 8 : 2 * seen->room;
	struct sp_sighting *items;

	if (seen->count < seen->room || seen->count >= kept)
		return;
	items = realloc(seen->items, room * sizeof(*items));
	if (items == NULL)
		abort();
	memory->bytes += (room - seen->room) * sizeof(*items);
	seen->items = items;
	seen->room = room;
}

static void note_once(const struct counting *counting, enum sp_counted counted)
{
	struct sp_sightings *seen =
		&counting->entry->seen[counted - SP_COUNTED_DISTINCT];
	const char *thing = thing_of(counting->question, counted);
	size_t kept = kept_of(counting->question->class, counted), at = 0;
	struct sp_sighting sighting;

	if (thing == NULL || kept == 0)
		return;
	sighting = (struct sp_sighting){ number_of(thing),
					 counting->question->now_ms };
	make_room(counting->memory, seen, kept);
	while (at < seen->count && seen->items[at].what != sighting.what)
		at++;
	if (at == seen->count && seen->count < kept)
		seen->count++;
	if (at == seen->count)
		at--;
	memmove(seen->items + 1, seen->items, at * sizeof(sighting));
	seen->items[0] = sighting;
}

static void note_all(const struct counting *counting)
{
	const struct sp_submitter_question *question = counting->question;
	const struct sp_class *class = question->class;

	for (size_t i = 0; i < class->count; i++) {
		const struct sp_limit *limit = &class->limits[i];
		bool is_done = false;

		if (limit->counted >= SP_COUNTED_DISTINCT ||
		    question->adds[limit->counted] == 0)
			continue;
		for (size_t j = 0; j < i; j++)
			is_done = is_done ||
				  (class->limits[j].counted == limit->counted &&
				   class->limits[j].window_ms ==
					   limit->window_ms);
		if (!is_done)
			sp_ring_add(&sum_of(counting->memory, counting->entry,
					    limit)
					     ->ring,
				    question->adds[limit->counted]);
	}
	for (unsigned i = SP_COUNTED_DISTINCT; i < SP_COUNTED_KINDS; i++)
		note_once(counting, (enum sp_counted)i);
}

/* The highest state that a limit leads to, the first of several. */
static enum sp_submitter_state reach(const struct counting *counting,
				     struct sp_submitter_why *why_out)
{
	const struct sp_class *class = counting->question->class;
	enum sp_submitter_state reached = SP_SUBMITTER_OK;

	for (size_t i = 0; i < class->count; i++) {
		const struct sp_limit *limit = &class->limits[i];
		uint32_t count = count_of(counting, limit);

		if (count <= limit->most || limit->state <= reached)
			continue;
		reached = limit->state;
		*why_out = (struct sp_submitter_why){
			.cause = SP_CAUSE_LIMIT,
			.counted = limit->counted,
			.count = count,
			.most = limit->most,
			.window_ms = limit->window_ms,
		};
	}
	return reached;
}

/* Whether the state is a higher one now. */
static bool rise(const struct counting *counting,
		 enum sp_submitter_state reached,
		 const struct sp_submitter_why *why)
{
	struct sp_submitter_standing *standing = &counting->entry->standing;
	const int64_t now_ms = counting->question->now_ms;
	const int64_t until_ms = now_ms + counting->config->terms_ms[reached];
	bool is_observed = counting->config->mode != SP_MODE_ENFORCE;

	if (reached == SP_SUBMITTER_OK || reached < standing->state)
		return false;
	counting->entry->is_unsaved = true;
	if (reached == standing->state) {
		if (until_ms > standing->until_ms)
			standing->until_ms = until_ms;
		return false;
	}
	*standing = (struct sp_submitter_standing){
		.state = reached,
		.since_ms = now_ms,
		.until_ms = until_ms,
		.is_observed =
			is_observed && (standing->state == SP_SUBMITTER_OK ||
					standing->is_observed),
		.why = *why,
	};
	return true;
}

static void answer(struct counting *counting,
		   struct sp_submitter_answer *answer_out)
{
	struct sp_submitter_standing *standing = &counting->entry->standing;
	bool is_enforced = counting->config->mode == SP_MODE_ENFORCE;
	bool has_happened = counting->question->has_happened || !is_enforced;
	enum sp_submitter_state reached = SP_SUBMITTER_OK;
	struct sp_submitter_why why = { .cause = SP_CAUSE_NONE };

	sp_memory_let_go(counting->entry, counting->question->now_ms);
	if (is_enforced && standing->is_observed)
		*standing = (struct sp_submitter_standing){
			.state = SP_SUBMITTER_OK
		};
	counting->is_taken =
		has_happened || standing->state < SP_SUBMITTER_LOCKED;
	if (counting->is_taken)
		reached = reach(counting, &why);
	counting->is_taken = has_happened || (counting->is_taken &&
					      reached < SP_SUBMITTER_LOCKED);
	answer_out->is_new = rise(counting, reached, &why);
	if (counting->is_taken)
		note_all(counting);
	answer_out->is_counted = counting->is_taken;
	answer_out->is_from_memory = true;
	answer_out->standing = *standing;
}

void sp_memory_count(struct sp_submitter_memory *memory,
		     const struct sp_outbound_config *config,
		     const struct sp_submitter_question *question,
		     struct sp_submitter_answer *answer_out)
{
	struct counting counting = {
		.memory = memory,
		.config = config,
		.question = question,
	};

	pthread_mutex_lock(&memory->lock);
	counting.entry = sp_memory_find_or_add(memory, question->submitter);
	answer(&counting, answer_out);
	sp_memory_note_lock(memory, &answer_out->standing);
	tidy(memory);
	pthread_mutex_unlock(&memory->lock);
}
