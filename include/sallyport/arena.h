/*
 * arena.h - memory that is given back all at once.
 *
 * A connection has one arena and each of its mails has one; what a check keeps
 * it takes from there and never frees.
 *
 * Bound:    `limit_bytes` is the most that one arena hands out. Whatever a peer
 *           controls is capped before it comes here; the limit is the second
 *           fence.
 * Failure:  NULL beyond the limit or without memory. Nothing else fails.
 * Threads:  one thread at a time.
 */
#ifndef SALLYPORT_ARENA_H
#define SALLYPORT_ARENA_H

#include <stddef.h>

struct sp_arena_block;

struct sp_arena {
	struct sp_arena_block *blocks; /* newest first; NULL while unused */
	size_t used_bytes;
	size_t limit_bytes;
};

/* Takes no memory yet: an arena that is never asked costs nothing. */
void sp_arena_init(struct sp_arena *arena, size_t limit_bytes);

/* Zeroed, aligned for any type. */
void *sp_arena_alloc(struct sp_arena *arena, size_t size_bytes);

/* A NUL-terminated copy of `length` bytes of `text`. */
char *sp_arena_copy(struct sp_arena *arena, const char *text, size_t length);

/* A copy of the string `text`; NULL for NULL. */
char *sp_arena_text(struct sp_arena *arena, const char *text);

/* Give everything back; the arena can be used again. */
void sp_arena_clear(struct sp_arena *arena);

#endif
