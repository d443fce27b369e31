/*
 * hash.h - keyed hashes of bytes that strangers choose: SipHash-2-4 of 128 bits
 *          for names, SipHash-1-3 of 64 bits for the places of a table.
 *
 * Whoever does not know the key can neither foresee a hash nor make two that
 * are the same. With a key that everybody knows (all zeros) it still makes a
 * name of fixed length for a text of any length.
 *
 * Standard: Aumasson and Bernstein, SipHash: a fast short-input PRF (2012), and
 *           the 128-bit output of their reference.
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_HASH_H
#define SALLYPORT_HASH_H

#include <stddef.h>
#include <stdint.h>

enum {
	SP_HASH_KEY_BYTES = 16,
	SP_HASH_BYTES = 16,
	SP_HASH_TEXT_SIZE = 33
};

struct sp_hash_key {
	uint8_t bytes[SP_HASH_KEY_BYTES];
};

struct sp_hash {
	uint8_t bytes[SP_HASH_BYTES];
};

/* `key` NULL: all zeros. */
void sp_hash_make(const struct sp_hash_key *key, const void *bytes,
		  size_t length, struct sp_hash *hash_out);

/*
 * For a table: at half the cost. It keeps those from choosing what shares a
 * place who never see a hash, so never show one. `key` is random (getrandom).
 */
uint64_t sp_hash_place(const struct sp_hash_key *key, const void *bytes,
		       size_t length);

/* In 32 hexadecimal digits; returns `text_out`. */
const char *sp_hash_text(const struct sp_hash *hash,
			 char text_out[SP_HASH_TEXT_SIZE]);

#endif
