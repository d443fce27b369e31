/*
 * greylist_value.h - reading what the scripts write: redis-schema/README.md.
 *
 * What does not read as described there counts as absent, field by field.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_STORE_GREYLIST_VALUE_H
#define SALLYPORT_STORE_GREYLIST_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sp_greylist_config;

/* The number behind "NAME=", which begins the value or has a space before it;
 * 0 when there is none. */
int64_t sp_greylist_number(const char *value, char name);

/* The word behind "NAME=", cut; returns `word_out`: "" when there is none. */
const char *sp_greylist_word(const char *value, char name, char *word_out,
			     size_t word_size);

/* Whether an identity's value ("" for none) says that it is known. */
bool sp_greylist_value_is_known(const struct sp_greylist_config *config,
				const char *value, int64_t now_ms);

/*
 * Since when a sender has waited, as the values of an identity and of its
 * triplet say ("" for none): as long as the delay if it has passed or is
 * known. 0: it has not waited, or too long ago.
 */
int64_t sp_greylist_waits_since(const struct sp_greylist_config *config,
				const char *identity_value,
				const char *triplet_value, int64_t now_ms);

/* What people want to know of it, into `entry`, whose names (its key's) are
 * there already. Defined in greylist_list.c. */
struct sp_greylist_entry;
void sp_greylist_read_entry(const struct sp_greylist_config *config,
			    const char *value, bool is_identity, int64_t now_ms,
			    struct sp_greylist_entry *entry);

#endif
