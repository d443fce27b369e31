#include "sallyport/list.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/arena.h"
#include "sallyport/domain.h"
#include "sallyport/text.h"
#include "value.h"

/*
 * A hash table over all entries, whatever their kind. What a lookup asks for is
 * made by leaving something out (bits of an address, labels of a name), the
 * most particular form first, so a lookup takes as many probes as the question
 * has forms, however long the list is.
 */
struct item {
	struct sp_list_entry entry;
	const char *key; /* what is hashed: entry.text, or a network's bytes */
	uint32_t key_length;
	uint32_t hash;
};

/* Family, prefix, then the base address. */
enum {
	NETWORK_KEY_BYTES = 18,
	/* What sp_address_key can write at most, so that an entry can hold. */
	KEY_SIZE = 512,
	LOCAL_SIZE = 256,
	TEXT_LIMIT_BYTES = 512 * 1024 * 1024
};

struct sp_list {
	enum sp_list_kind kind;
	struct item *items;
	size_t count, capacity;
	uint32_t *slots;   /* index of an item plus one; 0 = free */
	size_t slot_count; /* a power of two, at least twice the items */
	/* Which prefix lengths occur at all: others are not asked for. */
	bool has_prefix4[33], has_prefix6[129];
	struct sp_arena texts;
	const char *file; /* the copy of the last file's name */
};

struct key {
	char bytes[KEY_SIZE];
	size_t length;
	char text[KEY_SIZE]; /* the entry as it is shown */
	struct sp_network network;
};

static uint32_t hash_bytes(const char *bytes, size_t length)
{
	uint32_t hash = UINT32_C(2166136261); /* FNV-1a */

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * UINT32_C(16777619);
	/* FNV mixes its low bits least, and these choose the slot. */
	return hash ^ hash >> 15;
}

/* The slot of that key, or the free one where it would go. */
static size_t find_slot(const struct sp_list *list, const char *bytes,
			size_t length, uint32_t hash)
{
	size_t mask = list->slot_count - 1;
	size_t slot = hash & mask;

	for (; list->slots[slot] != 0; slot = (slot + 1) & mask) {
		const struct item *item = &list->items[list->slots[slot] - 1];

		if (item->hash == hash && item->key_length == length &&
		    memcmp(item->key, bytes, length) == 0)
			break;
	}
	return slot;
}

static const struct sp_list_entry *find(const struct sp_list *list,
					const char *bytes, size_t length)
{
	size_t slot;

	if (list->count == 0)
		return NULL;
	slot = find_slot(list, bytes, length, hash_bytes(bytes, length));
	if (list->slots[slot] == 0)
		return NULL;
	return &list->items[list->slots[slot] - 1].entry;
}

enum sp_err sp_list_new(enum sp_list_kind kind, struct sp_list **list_out)
{
	struct sp_list *list = calloc(1, sizeof(*list));

	*list_out = list;
	if (list == NULL)
		return SP_ERR_NO_MEMORY;
	list->kind = kind;
	sp_arena_init(&list->texts, TEXT_LIMIT_BYTES);
	return SP_OK;
}

void sp_list_free(struct sp_list **list)
{
	if (*list == NULL)
		return;
	free((*list)->items);
	free((*list)->slots);
	sp_arena_clear(&(*list)->texts);
	free(*list);
	*list = NULL;
}

static bool grow_slots(struct sp_list *list, size_t slot_count)
{
	uint32_t *slots = calloc(slot_count, sizeof(*slots));

	if (slots == NULL)
		return false;
	free(list->slots);
	list->slots = slots;
	list->slot_count = slot_count;
	for (size_t i = 0; i < list->count; i++) {
		const struct item *item = &list->items[i];

		slots[find_slot(list, item->key, item->key_length,
				item->hash)] = (uint32_t)i + 1;
	}
	return true;
}

static enum sp_err make_room(struct sp_list *list)
{
	size_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
	struct item *items;

	if (list->count < list->capacity)
		return SP_OK;
	if (capacity > UINT32_MAX / 4)
		return SP_ERR_TOO_LONG;
	items = realloc(list->items, capacity * sizeof(*items));
	if (items == NULL)
		return SP_ERR_NO_MEMORY;
	list->items = items;
	if (!grow_slots(list, capacity * 2))
		return SP_ERR_NO_MEMORY;
	list->capacity = capacity;
	return SP_OK;
}

static void network_key(const struct sp_network *network, char *bytes_out)
{
	bytes_out[0] = (char)network->base.family;
	bytes_out[1] = (char)(unsigned char)network->prefix;
	memcpy(bytes_out + 2, network->base.bytes, 16);
}

static void write_network(const struct sp_network *network,
			  char text_out[SP_NETWORK_TEXT_SIZE])
{
	unsigned bits = network->base.family == SP_IP_4 ? 32 : 128;

	/* One address needs no prefix. */
	if (network->prefix == bits)
		sp_ip_format(&network->base, text_out);
	else
		sp_network_format(network, text_out);
}

static enum sp_err read_network(const char *text, struct key *key_out)
{
	enum sp_err err = sp_network_parse(text, &key_out->network);

	if (err)
		return err;
	network_key(&key_out->network, key_out->bytes);
	key_out->length = NETWORK_KEY_BYTES;
	write_network(&key_out->network, key_out->text);
	return SP_OK;
}

static enum sp_err read_name(const char *text, struct key *key_out)
{
	char name[SP_DOMAIN_SIZE];
	enum sp_err err = sp_domain_normalise(text, name);

	if (err)
		return err;
	strcpy(key_out->bytes, name);
	return SP_OK;
}

/* A local part as sp_address_key writes it: no control characters, and spaces
 * would be a slip (two entries in one line). */
static bool is_local_part(const char *local, size_t length)
{
	if (length == 0 || length >= LOCAL_SIZE)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)local[i] <= ' ' || local[i] == 0x7f ||
		    local[i] == '<' || local[i] == '>')
			return false;
	return true;
}

/* "user@example.org", "user@", "example.org", "<>" (whose key is empty). */
static enum sp_err read_address(const char *text, struct key *key_out)
{
	const char *at = strrchr(text, '@');
	size_t length;
	char domain[SP_DOMAIN_SIZE] = "";
	enum sp_err err;

	if (strcmp(text, "<>") == 0) {
		key_out->bytes[0] = '\0';
		return SP_OK;
	}
	if (at == NULL)
		return read_name(text, key_out);
	length = (size_t)(at - text);
	if (!is_local_part(text, length))
		return SP_ERR_SYNTAX;
	if (at[1] == '[') {
		/* A literal stays as it is written, in lower case. */
		if (strlen(at) >= sizeof(domain) || strchr(at, ' ') != NULL)
			return SP_ERR_SYNTAX;
		strcpy(domain, at + 1);
	} else if (at[1] != '\0') {
		err = sp_domain_normalise(at + 1, domain);
		if (err)
			return err;
	}
	memcpy(key_out->bytes, text, length + 1);
	strcpy(key_out->bytes + length + 1, domain);
	sp_text_lower(key_out->bytes);
	return SP_OK;
}

/* "192.0.2.1@5353"; port 53 need not be written. */
static enum sp_err read_server(const char *text, struct key *key_out)
{
	size_t length = strcspn(text, "@");
	char address[SP_IP_TEXT_SIZE];
	uint64_t port = 53;
	struct sp_ip ip;

	if (length >= sizeof(address))
		return SP_ERR_SYNTAX;
	memcpy(address, text, length);
	address[length] = '\0';
	if (sp_ip_parse(address, &ip) != SP_OK)
		return SP_ERR_SYNTAX;
	if (text[length] == '@' &&
	    sp_value_number(text + length + 1, &port) != SP_OK)
		return SP_ERR_SYNTAX;
	if (port < 1 || port > UINT16_MAX)
		return SP_ERR_SYNTAX;
	snprintf(key_out->bytes, sizeof(key_out->bytes), "%s@%u",
		 sp_ip_format(&ip, address), (unsigned)port);
	return SP_OK;
}

/* What is in a rule is looked at when all of them are there (check.c). */
static enum sp_err read_rule(const char *text, struct key *key_out)
{
	size_t length = strlen(text);

	if (length == 0 || length >= sizeof(key_out->bytes))
		return SP_ERR_SYNTAX;
	memcpy(key_out->bytes, text, length + 1);
	return SP_OK;
}

static enum sp_err read_key(enum sp_list_kind kind, const char *text,
			    struct key *key_out)
{
	enum sp_err err;

	if (kind == SP_LIST_NETWORKS)
		return read_network(text, key_out);
	if (kind == SP_LIST_NAMES)
		err = read_name(text, key_out);
	else if (kind == SP_LIST_SERVERS)
		err = read_server(text, key_out);
	else if (kind == SP_LIST_RULES || kind == SP_LIST_WORDS)
		err = read_rule(text, key_out);
	else
		err = read_address(text, key_out);
	if (err)
		return err;
	key_out->length = strlen(key_out->bytes);
	strcpy(key_out->text, key_out->length == 0 ? "<>" : key_out->bytes);
	return SP_OK;
}

/* Many entries in a row stand in one file: its name is kept once. */
static const char *keep_file(struct sp_list *list, const char *file)
{
	if (list->file == NULL || strcmp(list->file, file) != 0)
		list->file = sp_arena_text(&list->texts, file);
	return list->file;
}

/* Text and key in one piece of memory; of a name the text is the key. */
static bool keep_key(struct sp_list *list, const struct key *key,
		     struct item *item_out)
{
	size_t text_size = strlen(key->text) + 1;
	char *bytes;

	if (list->kind == SP_LIST_NETWORKS) {
		bytes = sp_arena_alloc(&list->texts, text_size + key->length);
		if (bytes == NULL)
			return false;
		memcpy(bytes, key->text, text_size);
		memcpy(bytes + text_size, key->bytes, key->length);
		item_out->key = bytes + text_size;
	} else {
		bytes = sp_arena_copy(&list->texts, key->text, text_size - 1);
		if (bytes == NULL)
			return false;
		item_out->key = key->length > 0 ? bytes : "";
	}
	item_out->key_length = (uint32_t)key->length;
	item_out->entry.text = bytes;
	return true;
}

static void note_prefix(struct sp_list *list, const struct sp_network *network)
{
	if (network->base.family == SP_IP_4)
		list->has_prefix4[network->prefix] = true;
	else
		list->has_prefix6[network->prefix] = true;
}

/* An address before a domain, the longer domain first, a local part last. */
static unsigned rank_address(const struct key *key)
{
	const char *at = strrchr(key->bytes, '@');

	if (key->length == 0 || (at != NULL && at[1] != '\0'))
		return 2 * KEY_SIZE;
	return at == NULL ? (unsigned)key->length + 1 : 1;
}

static unsigned rank_of(enum sp_list_kind kind, const struct key *key)
{
	if (kind == SP_LIST_NETWORKS)
		return key->network.prefix;
	if (kind == SP_LIST_NAMES)
		return (unsigned)key->length;
	return rank_address(key);
}

enum sp_err sp_list_add(struct sp_list *list, const char *text,
			const char *file, unsigned line)
{
	struct item item = { .entry.line = line };
	struct key key;
	size_t slot;
	enum sp_err err = read_key(list->kind, text, &key);

	if (err)
		return err;
	err = make_room(list);
	if (err)
		return err;
	item.entry.rank = rank_of(list->kind, &key);
	item.hash = hash_bytes(key.bytes, key.length);
	slot = find_slot(list, key.bytes, key.length, item.hash);
	if (list->slots[slot] != 0 && list->kind != SP_LIST_WORDS)
		return SP_OK;
	item.entry.file = keep_file(list, file);
	if (item.entry.file == NULL || !keep_key(list, &key, &item))
		return SP_ERR_NO_MEMORY;
	list->items[list->count] = item;
	list->slots[slot] = (uint32_t)++list->count;
	if (list->kind == SP_LIST_NETWORKS)
		note_prefix(list, &key.network);
	return SP_OK;
}

size_t sp_list_count(const struct sp_list *list)
{
	return list == NULL ? 0 : list->count;
}

const struct sp_list_entry *sp_list_get(const struct sp_list *list,
					size_t index)
{
	return &list->items[index].entry;
}

const struct sp_list_entry *sp_list_find_same(const struct sp_list *list,
					      const char *text)
{
	struct key key;

	if (list == NULL || read_key(list->kind, text, &key) != SP_OK)
		return NULL;
	return find(list, key.bytes, key.length);
}

const struct sp_list_entry *sp_list_find_ip(const struct sp_list *list,
					    const struct sp_ip *ip)
{
	const bool *has_prefix;
	unsigned prefix;

	if (list == NULL || list->kind != SP_LIST_NETWORKS ||
	    ip->family == SP_IP_NONE)
		return NULL;
	has_prefix =
		ip->family == SP_IP_4 ? list->has_prefix4 : list->has_prefix6;
	prefix = ip->family == SP_IP_4 ? 32 : 128;
	for (;; prefix--) {
		const struct sp_list_entry *entry;
		struct sp_network network;
		char key[NETWORK_KEY_BYTES];

		if (has_prefix[prefix]) {
			sp_network_around(ip, prefix, &network);
			network_key(&network, key);
			entry = find(list, key, sizeof(key));
			if (entry != NULL)
				return entry;
		}
		if (prefix == 0)
			return NULL;
	}
}

/* `name`, then each name above it. */
static const struct sp_list_entry *find_domain(const struct sp_list *list,
					       const char *name)
{
	while (name != NULL && *name != '\0') {
		const struct sp_list_entry *entry =
			find(list, name, strlen(name));

		if (entry != NULL)
			return entry;
		name = strchr(name, '.');
		if (name != NULL)
			name++;
	}
	return NULL;
}

const struct sp_list_entry *sp_list_find_name(const struct sp_list *list,
					      const char *name)
{
	if (list == NULL || list->kind != SP_LIST_NAMES)
		return NULL;
	return find_domain(list, name);
}

/* "user" alone is a local user: only "user@" can mean it, and a name in the
 * list must not be taken for one. */
static const struct sp_list_entry *find_local_user(const struct sp_list *list,
						   const char *user)
{
	char key[KEY_SIZE];
	size_t length = strlen(user);

	if (length + 1 >= sizeof(key))
		return NULL;
	memcpy(key, user, length);
	key[length] = '@';
	return find(list, key, length + 1);
}

const struct sp_list_entry *sp_list_find_address(const struct sp_list *list,
						 const char *address)
{
	const struct sp_list_entry *entry;
	const char *at = strrchr(address, '@');

	if (list == NULL || list->kind != SP_LIST_ADDRESSES)
		return NULL;
	if (at == NULL && *address != '\0')
		return find_local_user(list, address);
	entry = find(list, address, strlen(address));
	if (entry != NULL || at == NULL)
		return entry;
	entry = find_domain(list, at + 1);
	if (entry != NULL)
		return entry;
	return find(list, address, (size_t)(at - address) + 1);
}
