#include "entry.h"

#include <stdlib.h>
#include <string.h>

struct sp_entry *sp_entry_new(const char *facts)
{
	size_t size = strlen(facts) + 1;
	struct sp_entry *entry = malloc(sizeof(*entry) + size);

	if (!entry)
		return NULL;
	atomic_init(&entry->references, 1);
	entry->facts = (char *)(entry + 1);
	memcpy(entry->facts, facts, size);
	return entry;
}

struct sp_entry *sp_entry_ref(struct sp_entry *entry)
{
	atomic_fetch_add(&entry->references, 1);
	return entry;
}

void sp_entry_unref(struct sp_entry **entry)
{
	if (*entry && atomic_fetch_sub(&(*entry)->references, 1) == 1)
		free(*entry);
	*entry = NULL;
}
