#include "sallyport/hash.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

struct state {
	uint64_t v0, v1, v2, v3;
};

/* Little end first, whatever the machine. */
static uint64_t read_word(const uint8_t *bytes, size_t count)
{
	uint64_t word = 0;

	memcpy(&word, bytes, count);
	return le64toh(word);
}

static void write_word(uint64_t word, uint8_t *bytes_out)
{
	for (size_t i = 0; i < 8; i++)
		bytes_out[i] = (uint8_t)(word >> (8 * i));
}

static uint64_t rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void mix(struct state *state, unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		state->v0 += state->v1;
		state->v1 = rotate(state->v1, 13) ^ state->v0;
		state->v0 = rotate(state->v0, 32);
		state->v2 += state->v3;
		state->v3 = rotate(state->v3, 16) ^ state->v2;
		state->v0 += state->v3;
		state->v3 = rotate(state->v3, 21) ^ state->v0;
		state->v2 += state->v1;
		state->v1 = rotate(state->v1, 17) ^ state->v2;
		state->v2 = rotate(state->v2, 32);
	}
}

static struct state begin(const struct sp_hash_key *key)
{
	const uint64_t k0 = read_word(key->bytes, 8);
	const uint64_t k1 = read_word(key->bytes + 8, 8);

	return (struct state){
		.v0 = k0 ^ UINT64_C(0x736f6d6570736575),
		.v1 = k1 ^ UINT64_C(0x646f72616e646f6d),
		.v2 = k0 ^ UINT64_C(0x6c7967656e657261),
		.v3 = k1 ^ UINT64_C(0x7465646279746573),
	};
}

static void take_word(struct state *state, uint64_t word, unsigned rounds)
{
	state->v3 ^= word;
	mix(state, rounds);
	state->v0 ^= word;
}

static void take(struct state *state, const uint8_t *bytes, size_t length,
		 unsigned rounds)
{
	size_t left = length;

	for (; left >= 8; left -= 8, bytes += 8)
		take_word(state, read_word(bytes, 8), rounds);
	take_word(state, read_word(bytes, left) | (uint64_t)length << 56,
		  rounds);
}

static uint64_t read_out(const struct state *state)
{
	return state->v0 ^ state->v1 ^ state->v2 ^ state->v3;
}

void sp_hash_make(const struct sp_hash_key *key, const void *bytes,
		  size_t length, struct sp_hash *hash_out)
{
	static const struct sp_hash_key zeros;
	struct state state = begin(key == NULL ? &zeros : key);

	state.v1 ^= 0xee;
	take(&state, bytes, length, 2);
	state.v2 ^= 0xee;
	mix(&state, 4);
	write_word(read_out(&state), hash_out->bytes);
	state.v1 ^= 0xdd;
	mix(&state, 4);
	write_word(read_out(&state), hash_out->bytes + 8);
}

uint64_t sp_hash_place(const struct sp_hash_key *key, const void *bytes,
		       size_t length)
{
	struct state state = begin(key);

	take(&state, bytes, length, 1);
	state.v2 ^= 0xff;
	mix(&state, 3);
	return read_out(&state);
}

const char *sp_hash_text(const struct sp_hash *hash,
			 char text_out[SP_HASH_TEXT_SIZE])
{
	for (size_t i = 0; i < SP_HASH_BYTES; i++)
		snprintf(text_out + 2 * i, 3, "%02x", hash->bytes[i]);
	return text_out;
}
