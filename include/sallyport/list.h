/*
 * list.h - lists of clients, names and addresses that an operator writes.
 *
 * Entries, one a line in a file (# begins a comment), or written in the
 * configuration:
 *
 *   networks   192.0.2.0/24   2001:db8::/32   192.0.2.7
 *   names      example.org            that name and all below it
 *   addresses  user@example.org       that address
 *              user@                  that local part in every domain
 *              example.org            every address in it and below it
 *              <>                     the null sender
 *   servers    192.0.2.1@5353   2001:db8::1        a port other than 53
 *
 * The most particular entry is found: the longest prefix; the exact address,
 * then the domain from the left, then the local part alone.
 *
 * Threads:  immutable once the configuration is loaded.
 */
#ifndef SALLYPORT_LIST_H
#define SALLYPORT_LIST_H

#include <stddef.h>

#include "sallyport/err.h"
#include "sallyport/ip.h"

enum sp_list_kind {
	SP_LIST_NETWORKS,
	SP_LIST_NAMES,
	SP_LIST_ADDRESSES,
	SP_LIST_SERVERS, /* kept as "192.0.2.1@53"; looked up by nobody */
	SP_LIST_RULES,	 /* "NAME: WHAT", kept as written; likewise */
	SP_LIST_WORDS /* of a command: each counts, also the same one twice */
};

struct sp_list;

struct sp_list_entry {
	const char *text; /* as written, normalised */
	const char *file; /* where it stands; owned by the list */
	unsigned line;
	unsigned rank; /* the higher, the more particular: to compare entries
			  of two lists that were found for one question */
};

enum sp_err sp_list_new(enum sp_list_kind kind, struct sp_list **list_out);
void sp_list_free(struct sp_list **list);

/*
 * Add one entry that stands in `file` at `line` (both for messages). An entry
 * that is there already is no error, and only a word is there twice then.
 * SP_ERR_SYNTAX and SP_ERR_RANGE say that `text` is no entry of this kind; the
 * list is unchanged.
 */
enum sp_err sp_list_add(struct sp_list *list, const char *text,
			const char *file, unsigned line);

size_t sp_list_count(const struct sp_list *list);

/* Entry number `index`, in the order they were added. */
const struct sp_list_entry *sp_list_get(const struct sp_list *list,
					size_t index);

/* The very entry that `text` names, or NULL: what holds for it by a shorter
 * prefix or a name above is not asked. */
const struct sp_list_entry *sp_list_find_same(const struct sp_list *list,
					      const char *text);

/* The most particular entry that holds, or NULL. A NULL list is empty.
 * `name` is normalised (domain.h); `address` is a key of sp_address_key, with
 * "" for the null sender. Asking a list of another kind finds nothing. */
const struct sp_list_entry *sp_list_find_ip(const struct sp_list *list,
					    const struct sp_ip *ip);
const struct sp_list_entry *sp_list_find_name(const struct sp_list *list,
					      const char *name);
const struct sp_list_entry *sp_list_find_address(const struct sp_list *list,
						 const char *address);

#endif
