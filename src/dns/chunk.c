/* chunk.c - memory that goes from batch to batch. */
#include "resolver.h"

#include <assert.h>
#include <stdlib.h>

enum {
	ROOM_BYTES = SP_DNS_CHUNK_BYTES - sizeof(struct sp_dns_chunk),
	ALIGNMENT = _Alignof(max_align_t)
};

static struct sp_dns_chunk *take_chunk(struct sp_dns *dns)
{
	struct sp_dns_chunk *chunk = dns->spare;

	if (chunk == NULL) {
		chunk = malloc(SP_DNS_CHUNK_BYTES);
		if (chunk == NULL)
			abort();
	} else {
		dns->spare = chunk->next;
		dns->spare_count--;
	}
	chunk->used_bytes = 0;
	return chunk;
}

void *sp_dns_take_room(struct sp_dns_batch *batch, size_t size_bytes)
{
	struct sp_dns_chunk *chunk = batch->chunks;
	void *room;

	size_bytes = (size_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	assert(size_bytes <= ROOM_BYTES);
	if (chunk == NULL || size_bytes > ROOM_BYTES - chunk->used_bytes) {
		chunk = take_chunk(batch->dns);
		chunk->next = batch->chunks;
		batch->chunks = chunk;
	}
	room = chunk->bytes + chunk->used_bytes;
	chunk->used_bytes += size_bytes;
	return room;
}

void sp_dns_give_back(struct sp_dns_batch *batch)
{
	struct sp_dns *dns = batch->dns;

	while (batch->chunks != NULL) {
		struct sp_dns_chunk *chunk = batch->chunks;

		batch->chunks = chunk->next;
		if (dns->spare_count == SP_DNS_SPARE_CHUNKS) {
			free(chunk);
			continue;
		}
		chunk->next = dns->spare;
		dns->spare = chunk;
		dns->spare_count++;
	}
}

void sp_dns_free_spare(struct sp_dns *dns)
{
	while (dns->spare != NULL) {
		struct sp_dns_chunk *chunk = dns->spare;

		dns->spare = chunk->next;
		free(chunk);
	}
}
