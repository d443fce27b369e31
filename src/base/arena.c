#include "sallyport/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Thousands of connections may be idle with little said: begin small. */
enum {
	FIRST_BLOCK_BYTES = 256,
	LARGEST_BLOCK_BYTES = 8192
};

struct sp_arena_block {
	struct sp_arena_block *next;
	size_t capacity;
	size_t used;
	_Alignas(max_align_t) unsigned char bytes[];
};

void sp_arena_init(struct sp_arena *arena, size_t limit_bytes)
{
	*arena = (struct sp_arena){ .limit_bytes = limit_bytes };
}

static size_t padding(const struct sp_arena_block *block, size_t alignment)
{
	return (alignment - block->used % alignment) % alignment;
}

static bool fits(const struct sp_arena_block *block, size_t size,
		 size_t alignment)
{
	size_t room = block->capacity - block->used;
	size_t pad = padding(block, alignment);

	return pad <= room && size <= room - pad;
}

static size_t next_capacity(const struct sp_arena *arena)
{
	size_t total = FIRST_BLOCK_BYTES;

	if (arena->blocks != NULL) {
		total = 2 * (arena->blocks->capacity +
			     sizeof(struct sp_arena_block));
		if (total > LARGEST_BLOCK_BYTES)
			total = LARGEST_BLOCK_BYTES;
	}
	return total - sizeof(struct sp_arena_block);
}

static struct sp_arena_block *add_block(struct sp_arena *arena, size_t size)
{
	size_t capacity = next_capacity(arena);
	bool is_large = size > capacity;
	struct sp_arena_block *block;

	if (is_large)
		capacity = size;
	if (capacity > SIZE_MAX - sizeof(*block))
		return NULL;
	block = calloc(1, sizeof(*block) + capacity);
	if (block == NULL)
		return NULL;
	block->capacity = capacity;
	/* A large one is full at once: behind the newest, whose room is still
	 * of use. */
	if (is_large && arena->blocks != NULL) {
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	} else {
		block->next = arena->blocks;
		arena->blocks = block;
	}
	return block;
}

static void *take(struct sp_arena *arena, size_t size, size_t alignment)
{
	struct sp_arena_block *block = arena->blocks;
	void *taken;

	if (size > arena->limit_bytes - arena->used_bytes)
		return NULL;
	if (block == NULL || !fits(block, size, alignment))
		block = add_block(arena, size);
	if (block == NULL)
		return NULL;
	block->used += padding(block, alignment);
	taken = block->bytes + block->used;
	block->used += size;
	arena->used_bytes += size;
	return taken;
}

void *sp_arena_alloc(struct sp_arena *arena, size_t size_bytes)
{
	/* Never two objects at one address, not even empty ones. */
	return take(arena, size_bytes > 0 ? size_bytes : 1,
		    _Alignof(max_align_t));
}

char *sp_arena_copy(struct sp_arena *arena, const char *text, size_t length)
{
	char *copy;

	if (length == SIZE_MAX)
		return NULL;
	copy = take(arena, length + 1, 1);
	if (copy != NULL && length > 0)
		memcpy(copy, text, length);
	return copy;
}

char *sp_arena_text(struct sp_arena *arena, const char *text)
{
	return text == NULL ? NULL : sp_arena_copy(arena, text, strlen(text));
}

void sp_arena_clear(struct sp_arena *arena)
{
	struct sp_arena_block *block = arena->blocks;

	while (block != NULL) {
		struct sp_arena_block *next = block->next;

		free(block);
		block = next;
	}
	sp_arena_init(arena, arena->limit_bytes);
}
