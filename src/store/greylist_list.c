/* greylist_list.c - what the operator sees and undoes; see greylist_store.h. */
#include "sallyport/greylist_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "greylist_key.h"
#include "greylist_value.h"
#include "sallyport/config.h"
#include "sallyport/ip.h"
#include "sallyport/store.h"
#include "sallyport/text.h"
#include "scripts.h"
#include "walk.h"
#include "word.h"

static const char *identity_state(const struct sp_greylist_config *config,
				  const struct sp_greylist_entry *entry,
				  int64_t now_ms)
{
	if (now_ms - entry->last_ms > config->remember_ms)
		return "expired";
	return config->known_after > 0 && entry->passes >= config->known_after
		       ? "known"
		       : "learning";
}

static const char *triplet_state(const struct sp_greylist_config *config,
				 const struct sp_greylist_entry *entry,
				 bool is_released, int64_t now_ms)
{
	if (is_released)
		return "released";
	if (entry->pass_ms != 0)
		return now_ms - entry->last_ms > config->remember_ms ? "expired"
								     : "passed";
	if (now_ms - entry->first_ms > config->retry_window_ms)
		return "expired";
	return now_ms - entry->first_ms < config->delay_ms ? "waiting"
							   : "ready";
}

void sp_greylist_read_entry(const struct sp_greylist_config *config,
			    const char *value, bool is_identity, int64_t now_ms,
			    struct sp_greylist_entry *entry)
{
	const char *state;

	entry->last_ms = sp_greylist_number(value, 'l');
	if (is_identity) {
		entry->passes = (uint32_t)sp_greylist_number(value, 'p');
		state = identity_state(config, entry, now_ms);
	} else {
		entry->first_ms = sp_greylist_number(value, 'f');
		if (entry->last_ms == 0)
			entry->last_ms = entry->first_ms;
		entry->pass_ms = sp_greylist_number(value, 'p');
		entry->tries = (uint32_t)sp_greylist_number(value, 'n');
		sp_greylist_word(value, 'c', entry->client,
				 sizeof(entry->client));
		state = triplet_state(config, entry,
				      sp_greylist_number(value, 'r') != 0,
				      now_ms);
	}
	snprintf(entry->state, sizeof(entry->state), "%s", state);
	if (sp_greylist_word(value, 'v', entry->proof,
			     sizeof(entry->proof))[0] == '\0')
		snprintf(entry->proof, sizeof(entry->proof), "address");
}

/* The filter, with what has to be parsed parsed once. */
struct listing {
	const struct sp_greylist_config *config;
	const struct sp_greylist_filter *filter;
	struct sp_network client; /* family SP_IP_NONE: any */
	char sender[SP_ADDRESS_SIZE], recipient[SP_ADDRESS_SIZE];
	uint32_t found_count;
	bool (*found)(const struct sp_greylist_entry *entry, void *context);
	void *context;
};

/* An identity's network counts when it and the filter's overlap. */
static bool is_of_client(const struct sp_network *wanted,
			 const struct sp_greylist_entry *entry,
			 bool is_identity)
{
	struct sp_network network;
	struct sp_ip ip;

	if (wanted->base.family == SP_IP_NONE)
		return true;
	if (!is_identity)
		return sp_ip_parse(entry->client, &ip) == SP_OK &&
		       sp_network_contains(wanted, &ip);
	return strncmp(entry->identity, "net:", 4) == 0 &&
	       sp_network_parse(entry->identity + 4, &network) == SP_OK &&
	       (sp_network_contains(wanted, &network.base) ||
		sp_network_contains(&network, &wanted->base));
}

static bool is_wanted(const struct listing *listing,
		      const struct sp_greylist_entry *entry, bool is_identity)
{
	const struct sp_greylist_filter *filter = listing->filter;

	if (is_identity &&
	    (filter->sender != NULL || filter->recipient != NULL))
		return false;
	return is_of_client(&listing->client, entry, is_identity) &&
	       strstr(entry->sender, listing->sender) != NULL &&
	       strstr(entry->recipient, listing->recipient) != NULL &&
	       (filter->state == NULL ||
		strcmp(filter->state, entry->state) == 0);
}

static enum sp_err visit_values(struct sp_store *store,
				const struct sp_store_bytes *keys, size_t count,
				bool *go_on_out, void *context)
{
	struct listing *listing = context;
	struct sp_store_bytes words[SP_WALK_BATCH + 1];
	struct sp_store_reply *values;
	enum sp_err err;

	words[0] = sp_word("MGET");
	memcpy(words + 1, keys, count * sizeof(*keys));
	err = sp_store_command(store, words, count + 1, sp_walk_soon(),
			       &values);
	for (size_t i = 0; err == SP_OK && i < count && *go_on_out; i++) {
		struct sp_greylist_entry entry = { .first_ms = 0 };
		const char *value = sp_store_reply_text(values, i);
		bool is_identity;

		/* Gone since SCAN saw it, or not written by us. */
		if (value[0] == '\0' ||
		    sp_greylist_key_parse(keys[i].bytes, &is_identity,
					  &entry) != SP_OK)
			continue;
		sp_greylist_read_entry(listing->config, value, is_identity,
				       listing->filter->now_ms, &entry);
		if (!is_wanted(listing, &entry, is_identity))
			continue;
		listing->found_count++;
		*go_on_out = listing->found(&entry, listing->context) &&
			     listing->found_count != listing->filter->limit;
	}
	sp_store_reply_free(&values);
	return err;
}

/* An address, or a network; a slip in its host bits is forgiven here. */
static enum sp_err parse_client(const char *text, struct sp_network *network)
{
	struct sp_ip ip;

	if (text == NULL)
		return SP_OK;
	if (sp_ip_parse(text, &ip) != SP_OK)
		return sp_network_parse(text, network);
	sp_network_around(&ip, 128, network);
	return SP_OK;
}

static enum sp_err copy_part(const char *text, char part_out[SP_ADDRESS_SIZE])
{
	size_t length = text == NULL ? 0 : strlen(text);

	if (length >= SP_ADDRESS_SIZE)
		return SP_ERR_TOO_LONG;
	memcpy(part_out, length == 0 ? "" : text, length + 1);
	sp_text_lower(part_out); /* as keys are */
	return SP_OK;
}

enum sp_err sp_greylist_list(
	struct sp_store *store, const struct sp_greylist_config *config,
	const struct sp_greylist_filter *filter,
	bool (*found)(const struct sp_greylist_entry *entry, void *context),
	void *context)
{
	struct listing listing = {
		.config = config,
		.filter = filter,
		.found = found,
		.context = context,
	};
	const struct sp_walker walker = { visit_values, &listing };
	enum sp_err err = parse_client(filter->client, &listing.client);

	if (err == SP_OK)
		err = copy_part(filter->sender, listing.sender);
	if (err == SP_OK)
		err = copy_part(filter->recipient, listing.recipient);
	if (err != SP_OK)
		return err;
	return sp_walk(store, SP_GREYLIST_KEY_PREFIX "*", &walker);
}

enum sp_err sp_greylist_release(struct sp_store *store, const char *identity,
				const char *sender, const char *recipient,
				int64_t now_ms)
{
	char key[SP_GREYLIST_KEY_SIZE], now[32];
	struct sp_store_reply *reply;
	struct sp_store_bytes key_word, now_word;
	enum sp_err err = sp_greylist_key(identity, sender, recipient, key);

	if (err != SP_OK)
		return err;
	snprintf(now, sizeof(now), "%" PRId64, now_ms);
	key_word = sp_word(key);
	now_word = sp_word(now);
	err = sp_store_run(store,
			   &(struct sp_store_call){ &sp_script_greylist_release,
						    &key_word, 1, &now_word,
						    1 },
			   sp_walk_soon(), &reply);
	if (err == SP_OK && sp_store_reply_number(reply, 0) == 0)
		err = SP_ERR_NOT_FOUND;
	sp_store_reply_free(&reply);
	return err;
}

static enum sp_err unlink_keys(struct sp_store *store,
			       const struct sp_store_bytes *keys, size_t count,
			       bool *go_on_out, void *context)
{
	struct sp_store_bytes words[SP_WALK_BATCH + 1];
	struct sp_store_reply *reply;
	uint32_t *forgotten = context;
	enum sp_err err;

	(void)go_on_out;
	words[0] = sp_word("UNLINK");
	memcpy(words + 1, keys, count * sizeof(*keys));
	err = sp_store_command(store, words, count + 1, sp_walk_soon(), &reply);
	if (err == SP_OK)
		*forgotten += (uint32_t)sp_store_reply_number(reply, 0);
	sp_store_reply_free(&reply);
	return err;
}

enum sp_err sp_greylist_forget(struct sp_store *store, const char *identity,
			       const char *sender, const char *recipient,
			       uint32_t *forgotten_out)
{
	char pattern[2 * SP_GREYLIST_KEY_SIZE], key[SP_GREYLIST_KEY_SIZE];
	const struct sp_walker walker = { unlink_keys, forgotten_out };
	struct sp_store_bytes key_word;
	bool go_on = true;
	enum sp_err err;

	*forgotten_out = 0;
	err = sp_greylist_key(identity, sender, recipient, key);
	if (err != SP_OK)
		return err;
	key_word = sp_word(key);
	err = unlink_keys(store, &key_word, 1, &go_on, forgotten_out);
	if (err != SP_OK || (sender != NULL && recipient != NULL))
		return err;
	err = sp_greylist_key_pattern(identity, pattern);
	return err == SP_OK ? sp_walk(store, pattern, &walker) : err;
}
