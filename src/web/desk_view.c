#include "desk_view.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/address.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/desk_store.h"
#include "sallyport/ip.h"
#include "sallyport/log.h"
#include "sallyport/service.h"
#include "sallyport/text.h"

enum {
	WAIT_MS = 120, /* a search is cut at half of it, and goes on later */
	PAGE = 50,
	SEARCH_SIZE = 128
};

/* Who comes from an address waits under its network, unless a name is proven:
 * an address is looked for as that. */
static void read_search(const struct sp_web_call *call,
			char search_out[SEARCH_SIZE])
{
	const struct sp_greylist_config *config =
		&call->service->config->greylist;
	char text[SP_NETWORK_TEXT_SIZE];
	struct sp_network network;
	struct sp_ip ip;

	sp_text_copy(search_out, SEARCH_SIZE, sp_web_argument(call, "search"));
	sp_text_lower(search_out);
	if (sp_ip_parse(search_out, &ip) != SP_OK)
		return;
	sp_network_around(&ip,
			  ip.family == SP_IP_4 ? config->ipv4_prefix
					       : config->ipv6_prefix,
			  &network);
	sp_text_copy(search_out, SEARCH_SIZE,
		     sp_network_format(&network, text));
}

static json_t *row(const struct sp_greylist_config *config,
		   const struct sp_greylist_entry *entry, int64_t now_ms)
{
	int64_t left_ms = entry->first_ms + config->delay_ms - now_ms;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:I, s:I, s:I, s:i}",
			 "identity", sp_json_text(entry->identity), "proof",
			 sp_json_text(entry->proof), "client",
			 sp_json_text(entry->client), "sender",
			 sp_json_text(entry->sender), "recipient",
			 sp_json_text(entry->recipient), "state", entry->state,
			 "first_ms", (json_int_t)entry->first_ms, "last_ms",
			 (json_int_t)entry->last_ms, "left_ms",
			 (json_int_t)(left_ms > 0 ? left_ms : 0), "tries",
			 (int)entry->tries);
}

static void complain(const struct sp_web_call *call, enum sp_err err)
{
	if (err == SP_ERR_NOT_FOUND)
		sp_reply_error(call->reply, 404, "nobody waits for that");
	else
		sp_reply_error(call->reply, 503, "Redis does not answer");
}

void sp_view_waiting(const struct sp_web_call *call)
{
	const struct sp_greylist_config *config =
		&call->service->config->greylist;
	struct sp_desk_page *page = calloc(1, sizeof(*page));
	char search[SEARCH_SIZE];
	struct sp_desk_filter filter = {
		.text = search,
		.is_oldest_first =
			strcmp(sp_web_argument(call, "order"), "old") == 0,
		.offset = (uint32_t)strtoul(sp_web_argument(call, "from"), NULL,
					    10),
		.limit = PAGE,
		.now_ms = sp_clock_wall_ms(call->service->clock),
	};
	json_t *rows;
	enum sp_err err = SP_ERR_NO_MEMORY;

	read_search(call, search);
	if (page != NULL)
		err = sp_desk_read(call->service->store, config, &filter,
				   sp_clock_mono_ms() + WAIT_MS, page);
	if (err != SP_OK) {
		complain(call, err);
		free(page);
		return;
	}
	rows = json_array();
	for (size_t i = 0; i < page->count; i++)
		json_array_append_new(
			rows, row(config, &page->entries[i], filter.now_ms));
	sp_reply_json(
		call->reply, 200,
		json_pack("{s:b, s:b, s:I, s:I, s:o, s:I}", "is_enforced",
			  config->is_enabled && config->mode == SP_MODE_ENFORCE,
			  "may_trust", config->known_after > 0, "delay_ms",
			  (json_int_t)config->delay_ms, "waiting",
			  (json_int_t)page->waiting, "rows", rows, "next",
			  (json_int_t)page->next));
	free(page);
}

static json_t *outcome_object(const struct sp_desk_outcome *outcome)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:f, s:f}", "begun",
			 (json_int_t)outcome->begun, "came",
			 (json_int_t)outcome->came, "never",
			 (json_int_t)outcome->never, "never_honest",
			 (json_int_t)outcome->never_honest, "median_ms",
			 sp_desk_quantile_sec(outcome, 0.5) * 1000, "p95_ms",
			 sp_desk_quantile_sec(outcome, 0.95) * 1000);
}

void sp_view_outcome(const struct sp_web_call *call)
{
	struct sp_desk_identity *identities = calloc(PAGE, sizeof(*identities));
	struct sp_desk_outcome all;
	int64_t deadline_ms = sp_clock_mono_ms() + WAIT_MS;
	size_t count = 0;
	json_t *array;
	enum sp_err err = SP_ERR_NO_MEMORY;

	if (identities != NULL)
		err = sp_desk_sum(call->service->store,
				  sp_clock_wall_ms(call->service->clock),
				  deadline_ms, &all);
	if (err == SP_OK)
		err = sp_desk_identities(call->service->store, PAGE,
					 deadline_ms, identities, &count);
	if (err != SP_OK) {
		complain(call, err);
		free(identities);
		return;
	}
	array = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *object = outcome_object(&identities[i].outcome);

		json_object_set_new(object, "identity",
				    sp_json_text(identities[i].identity));
		json_object_set_new(object, "last_ms",
				    json_integer(identities[i].last_ms));
		json_array_append_new(array, object);
	}
	sp_reply_json(call->reply, 200,
		      json_pack("{s:i, s:o, s:o}", "days", (int)SP_DESK_DAYS,
				"all", outcome_object(&all), "identities",
				array));
	free(identities);
}

/* ------------------------------------------------------ the operator's words */

static void tell(const struct sp_web_call *call, const char *action)
{
	static const char *const names[] = { "identity", "sender",
					     "recipient" };
	struct sp_log_event event;
	char peer[SP_IP_TEXT_SIZE];

	sp_log_event_begin(&event, SP_LOG_INFO, "operator");
	sp_log_event_text(&event, "action", action);
	sp_log_event_text(&event, "via", "web");
	sp_log_event_text(&event, "peer",
			  sp_ip_format(&call->request->peer, peer));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		sp_log_event_text(&event, names[i],
				  sp_body_text(call, names[i]));
	sp_log_event_end(&event);
}

static void answer_order(const struct sp_web_call *call, const char *action,
			 enum sp_err err)
{
	if (err == SP_ERR_TOO_LONG || err == SP_ERR_SYNTAX) {
		sp_reply_error(call->reply, 400, sp_err_text(err));
		return;
	}
	if (err != SP_OK) {
		complain(call, err);
		return;
	}
	tell(call, action);
	sp_reply_json(call->reply, 200, json_pack("{s:s}", "done", action));
}

/* A member of the body that must be there and no longer than a key may be. */
static const char *word(const struct sp_web_call *call, const char *name,
			size_t size)
{
	const char *text = sp_body_text(call, name);

	return text != NULL && strlen(text) < size ? text : NULL;
}

void sp_view_release(const struct sp_web_call *call)
{
	const char *identity = word(call, "identity", SP_IDENTITY_SIZE);
	const char *sender = word(call, "sender", SP_ADDRESS_SIZE);
	const char *recipient = word(call, "recipient", SP_ADDRESS_SIZE);

	if (identity == NULL || sender == NULL || recipient == NULL) {
		sp_reply_error(call->reply, 400,
			       "expected identity, sender and recipient");
		return;
	}
	answer_order(call, "greylist-release",
		     sp_greylist_release(
			     call->service->store, identity, sender, recipient,
			     sp_clock_wall_ms(call->service->clock)));
}

void sp_view_trust(const struct sp_web_call *call)
{
	const struct sp_config *config = call->service->config;
	const char *identity = word(call, "identity", SP_IDENTITY_SIZE);
	enum sp_err err;

	if (identity == NULL || *identity == '\0') {
		sp_reply_error(call->reply, 400, "expected an identity");
		return;
	}
	err = sp_greylist_trust(call->service->store, &config->greylist,
				identity,
				sp_clock_wall_ms(call->service->clock));
	if (err == SP_ERR_RANGE)
		sp_reply_error(call->reply, 409,
			       "greylist.known-after is 0: nobody is ever "
			       "known");
	else
		answer_order(call, "greylist-trust", err);
}

void sp_view_expect(const struct sp_web_call *call)
{
	const char *given = word(call, "recipient", SP_ADDRESS_SIZE);
	struct sp_address address;
	char key[SP_ADDRESS_SIZE];

	sp_address_parse(given != NULL ? given : "", &address);
	if (address.kind != SP_ADDRESS_FULL) {
		sp_reply_error(call->reply, 400,
			       "expected a recipient, as user@example.org");
		return;
	}
	sp_address_key(&address, key);
	answer_order(
		call, "greylist-expect",
		sp_greylist_expect(call->service->store, key,
				   sp_clock_wall_ms(call->service->clock)));
}
