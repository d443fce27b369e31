#include "cache.h"

#include <stdlib.h>
#include <string.h>

enum {
	SECOND = 1000000, /* microseconds */
	/* What a small answer takes: the table has a slot for each. */
	TYPICAL_BYTES = 256,
	SLOTS_MIN = 16,
	LARGEST_SHARE = 8,
	/* What malloc adds to each of the two pieces of an entry. */
	PIECE_BYTES = 16,
	/* Entries that the hand passes by at a time; then one must go, whether
	 * or not it was asked for. */
	CHANCES_MAX = 64
};

struct entry {
	struct entry *next_in_slot;
	struct entry *next, *previous; /* in the ring */
	struct sp_dns_key key;
	struct sp_dns_held *held;
	int64_t end_us;
	size_t size_bytes;
	bool is_used; /* asked for since the hand passed by */
	char name[];
};

struct sp_dns_cache {
	size_t limit_bytes;
	size_t used_bytes;
	size_t count;
	size_t slot_count; /* a power of two */
	struct entry **slots;
	struct entry *hand; /* NULL: empty; what it points at is next to go */
};

struct sp_dns_cache *sp_dns_cache_new(size_t limit_bytes)
{
	struct sp_dns_cache *cache = calloc(1, sizeof(*cache));
	size_t slots = SLOTS_MIN;

	while (slots < limit_bytes / TYPICAL_BYTES)
		slots *= 2;
	if (cache == NULL)
		abort();
	cache->slots = calloc(slots, sizeof(struct entry *));
	if (cache->slots == NULL)
		abort();
	cache->slot_count = slots;
	cache->limit_bytes = limit_bytes;
	cache->used_bytes = sizeof(*cache) + slots * sizeof(struct entry *);
	return cache;
}

/* Where the entry is, or NULL is where it would go. */
static struct entry **find(const struct sp_dns_cache *cache,
			   const struct sp_dns_key *key)
{
	struct entry **place =
		&cache->slots[key->hash & (cache->slot_count - 1)];

	while (*place != NULL && !sp_dns_key_equals(&(*place)->key, key))
		place = &(*place)->next_in_slot;
	return place;
}

static void leave_ring(struct sp_dns_cache *cache, struct entry *entry)
{
	entry->next->previous = entry->previous;
	entry->previous->next = entry->next;
	if (cache->hand == entry)
		cache->hand = entry->next == entry ? NULL : entry->next;
}

/* Behind the hand: the last to be looked at. */
static void join_ring(struct sp_dns_cache *cache, struct entry *entry)
{
	if (cache->hand == NULL) {
		entry->next = entry->previous = entry;
		cache->hand = entry;
		return;
	}
	entry->next = cache->hand;
	entry->previous = cache->hand->previous;
	entry->previous->next = entry;
	entry->next->previous = entry;
}

static void drop(struct sp_dns_cache *cache, struct entry **place)
{
	struct entry *entry = *place;

	*place = entry->next_in_slot;
	leave_ring(cache, entry);
	cache->used_bytes -= entry->size_bytes;
	cache->count--;
	sp_dns_held_unref(entry->held);
	free(entry);
}

void sp_dns_cache_free(struct sp_dns_cache **cache)
{
	if (*cache == NULL)
		return;
	while ((*cache)->hand != NULL)
		drop(*cache, find(*cache, &(*cache)->hand->key));
	free((*cache)->slots);
	free(*cache);
	*cache = NULL;
}

struct sp_dns_held *sp_dns_cache_get(struct sp_dns_cache *cache,
				     const struct sp_dns_key *key,
				     int64_t now_us, uint32_t *ttl_sec_out)
{
	struct entry **place = find(cache, key);
	struct entry *entry = *place;

	*ttl_sec_out = 0;
	if (entry == NULL)
		return NULL;
	if (entry->end_us <= now_us) {
		drop(cache, place);
		return NULL;
	}
	entry->is_used = true;
	*ttl_sec_out = (uint32_t)((entry->end_us - now_us - 1) / SECOND + 1);
	return entry->held;
}

/* How long an answer is kept; 0 for one that is not. */
static uint32_t keep_sec(const struct sp_dns_answer *answer)
{
	uint32_t most_sec = SP_DNS_KEEP_SEC_MAX;

	if (sp_dns_is_unknown(answer->status))
		return 0;
	if (answer->status != SP_DNS_FOUND)
		most_sec = SP_DNS_KEEP_ABSENT_SEC_MAX;
	return answer->ttl_sec < most_sec ? answer->ttl_sec : most_sec;
}

static bool has_room(const struct sp_dns_cache *cache, size_t size_bytes)
{
	return cache->used_bytes + size_bytes <= cache->limit_bytes;
}

static void make_room(struct sp_dns_cache *cache, size_t size_bytes,
		      int64_t now_us)
{
	unsigned chances = CHANCES_MAX;

	while (cache->hand != NULL && !has_room(cache, size_bytes)) {
		struct entry *entry = cache->hand;

		if (entry->is_used && entry->end_us > now_us && chances > 0) {
			chances--;
			entry->is_used = false;
			cache->hand = entry->next;
			continue;
		}
		drop(cache, find(cache, &entry->key));
	}
}

static struct entry *new_entry(const struct sp_dns_key *key,
			       struct sp_dns_held *held, size_t size_bytes)
{
	struct entry *entry = malloc(sizeof(*entry) + key->length + 1);

	if (entry == NULL)
		abort();
	*entry = (struct entry){
		.key = *key,
		.held = sp_dns_held_ref(held),
		.size_bytes = size_bytes,
	};
	memcpy(entry->name, key->name, key->length + 1);
	entry->key.name = entry->name;
	return entry;
}

void sp_dns_cache_put(struct sp_dns_cache *cache, const struct sp_dns_key *key,
		      struct sp_dns_held *held, int64_t now_us)
{
	size_t size_bytes = sizeof(struct entry) + key->length + 1 +
			    held->size_bytes + 2 * PIECE_BYTES;
	uint32_t sec = keep_sec(&held->answer);
	struct entry **place = find(cache, key);
	struct entry *entry;

	if (sec == 0 || size_bytes > cache->limit_bytes / LARGEST_SHARE)
		return;
	if (*place != NULL)
		drop(cache, place);
	make_room(cache, size_bytes, now_us);
	if (!has_room(cache, size_bytes))
		return;
	entry = new_entry(key, held, size_bytes);
	entry->end_us = now_us + (int64_t)sec * SECOND;
	join_ring(cache, entry);
	/* Not the place of before: its neighbour may have made room. */
	*find(cache, key) = entry;
	cache->used_bytes += size_bytes;
	cache->count++;
}

void sp_dns_cache_view(const struct sp_dns_cache *cache,
		       struct sp_dns_cache_view *view_out)
{
	*view_out = (struct sp_dns_cache_view){
		.entries = cache->count,
		.used_bytes = cache->used_bytes,
		.limit_bytes = cache->limit_bytes,
	};
}
