/*
 * cache.h - answers that hold still, in front of libunbound's own cache.
 *
 * What is kept:  found and absent, for as long as the answer says it holds, but
 *           no longer than a day, or a quarter of an hour for what is absent. A
 *           failure is not kept: libunbound remembers one for some seconds
 *           itself, and a second memory would make them more.
 * Bounds:   bytes, of all that is allocated here. Who is not asked for again
 *           goes first (second chance: a ring and a hand), so a flood of names
 *           that are asked for once pushes out itself. A single answer may take
 *           an eighth at most.
 * Time:     an argument, monotonic microseconds.
 * Threads:  the resolver's lock guards it.
 */
#ifndef SALLYPORT_DNS_CACHE_H
#define SALLYPORT_DNS_CACHE_H

#include "answer.h"
#include "key.h"

enum {
	SP_DNS_KEEP_SEC_MAX = 86400,
	SP_DNS_KEEP_ABSENT_SEC_MAX = 900
};

struct sp_dns_cache;

struct sp_dns_cache_view {
	size_t entries;
	size_t used_bytes;
	size_t limit_bytes;
};

/* Never NULL: a cache is made once, at the start. Keys are made with any
 * secret, but all with one. */
struct sp_dns_cache *sp_dns_cache_new(size_t limit_bytes);
void sp_dns_cache_free(struct sp_dns_cache **cache);

/* NULL when there is none that holds still. Borrowed until the next call; take
 * a reference. `ttl_sec_out` is how much longer it holds, rounded up. */
struct sp_dns_held *sp_dns_cache_get(struct sp_dns_cache *cache,
				     const struct sp_dns_key *key,
				     int64_t now_us, uint32_t *ttl_sec_out);

/* Keep it, if it is worth keeping; takes a reference of its own. */
void sp_dns_cache_put(struct sp_dns_cache *cache, const struct sp_dns_key *key,
		      struct sp_dns_held *held, int64_t now_us);

void sp_dns_cache_view(const struct sp_dns_cache *cache,
		       struct sp_dns_cache_view *view_out);

#endif
