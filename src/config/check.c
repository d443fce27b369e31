#include "loader.h"

#include <errno.h>
#include <string.h>

#include "endpoint.h"
#include "sallyport/dnsbl.h"
#include "value.h"

/* Whether option `name` may be compared: its value is what was meant. */
static bool is_sound(const struct sp_loader *loader, const char *name)
{
	return !loader->is_wrong[sp_option_find(name)];
}

/* Where `name` stands; NULL while it has its default. */
static const struct sp_place *place_of(const struct sp_loader *loader,
				       const char *name)
{
	const struct sp_yaml_node *node = loader->written[sp_option_find(name)];

	return node == NULL ? NULL : &node->place;
}

/* The value as text, in the snapshot's words. */
static const char *show(const struct sp_loader *loader, const char *name,
			char text_out[64])
{
	struct sp_option option;
	struct sp_text text;

	sp_option_get(sp_option_find(name), &option);
	sp_text_init(&text, text_out, 64);
	sp_snapshot_write(loader->snapshot, &option, &text);
	return text_out;
}

struct order {
	const char *small, *large;
	bool may_be_equal;
};

/* Both are durations; blamed is the one that is written, the first of two. */
static void check_order(struct sp_loader *loader, const struct order *order)
{
	const struct sp_place *small_place = place_of(loader, order->small);
	const struct sp_place *large_place = place_of(loader, order->large);
	struct sp_option small, large;
	int64_t small_ms, large_ms;
	char small_text[64], large_text[64];

	sp_option_get(sp_option_find(order->small), &small);
	sp_option_get(sp_option_find(order->large), &large);
	small_ms = *(int64_t *)sp_snapshot_field(loader->snapshot, &small);
	large_ms = *(int64_t *)sp_snapshot_field(loader->snapshot, &large);
	if (small_ms < large_ms ||
	    (order->may_be_equal && small_ms == large_ms))
		return;
	if (!is_sound(loader, order->small) || !is_sound(loader, order->large))
		return;
	if (small_place == NULL && large_place == NULL)
		return;
	sp_report_add(&loader->report,
		      small_place != NULL ? small_place : large_place,
		      "%s (%s): expected %s than %s (%s)", order->small,
		      show(loader, order->small, small_text),
		      order->may_be_equal ? "no more" : "less", order->large,
		      show(loader, order->large, large_text));
}

static void check_orders(struct sp_loader *loader)
{
	static const struct order orders[] = {
		{ "greylist.delay", "greylist.retry-window", false },
		{ "greylist.retry-window", "greylist.remember", false },
		{ "budget.callback", "budget.mail", true },
		{ "budget.dns", "budget.mail", true },
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		check_order(loader, &orders[i]);
}

static void check_socket_length(struct sp_loader *loader, const char *option,
				const char *path)
{
	const struct sp_place *place = place_of(loader, option);

	/* What the build's own default may be is for bind() to say. */
	if (place == NULL || !is_sound(loader, option) ||
	    strlen(path) <= SP_SOCKET_PATH_MAX)
		return;
	sp_report_add(&loader->report, place,
		      "%s: the socket's path has %zu bytes: expected at most "
		      "%d",
		      option, strlen(path), SP_SOCKET_PATH_MAX);
}

static void check_sockets(struct sp_loader *loader)
{
	const struct sp_config *config = &loader->snapshot->config;
	const char *listen = sp_endpoint_listen_path(config->listen);
	const struct sp_place *place = place_of(loader, "control");

	if (config->control == NULL)
		return;
	check_socket_length(loader, "control", config->control);
	if (config->redis.kind == SP_STORE_EMBEDDED)
		check_socket_length(loader, "state-dir", config->redis.path);
	if (place == NULL)
		place = place_of(loader, "listen");
	if (place != NULL && listen != NULL &&
	    strcmp(listen, config->control) == 0)
		sp_report_add(&loader->report, place,
			      "control and listen are the same socket: "
			      "expected two paths");
}

struct pair {
	const char *allow, *deny;
};

static const struct sp_list *list_of(const struct sp_loader *loader,
				     const char *name)
{
	struct sp_option option;

	sp_option_get(sp_option_find(name), &option);
	return *(struct sp_list **)sp_snapshot_field(loader->snapshot, &option);
}

static void check_pair(struct sp_loader *loader, const struct pair *pair)
{
	const struct sp_list *allow = list_of(loader, pair->allow);
	const struct sp_list *deny = list_of(loader, pair->deny);

	loader->report.anchor = place_of(loader, pair->deny);
	for (size_t i = 0; i < sp_list_count(deny); i++) {
		const struct sp_list_entry *denied = sp_list_get(deny, i);
		const struct sp_list_entry *allowed =
			sp_list_find_same(allow, denied->text);
		struct sp_place place = { denied->file, denied->line, 1 };
		char quote[SP_QUOTE_SIZE];

		if (allowed == NULL)
			continue;
		sp_report_add(&loader->report, &place,
			      "%s: %s stands in %s too (%s:%u): expected it in "
			      "one of them",
			      pair->deny, sp_quote(denied->text, quote),
			      pair->allow, allowed->file, allowed->line);
	}
	loader->report.anchor = NULL;
}

static void check_access(struct sp_loader *loader)
{
	static const struct pair pairs[] = {
		{ "access.allow-clients", "access.deny-clients" },
		{ "access.trusted-networks", "access.deny-clients" },
		{ "access.allow-helo", "access.deny-helo" },
		{ "access.allow-senders", "access.deny-senders" },
		{ "access.allow-recipients", "access.deny-recipients" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		check_pair(loader, &pairs[i]);
}

static void settle_modes(struct sp_config *config)
{
	enum sp_mode *modes[] = {
		&config->access.mode,	&config->greylist.mode,
		&config->relay.mode,	&config->score.mode,
		&config->dmarc.mode,	&config->greeting.mode,
		&config->outbound.mode,
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (*modes[i] == SP_MODE_INHERIT)
			*modes[i] = config->mode;
}

static void settle_user(struct sp_loader *loader)
{
	struct sp_redis_config *redis = &loader->snapshot->config.redis;
	const char *user = loader->snapshot->store_user;
	const struct sp_place *place = place_of(loader, "redis.user");

	if (user == NULL)
		return;
	if (place != NULL && strcmp(redis->user, user) != 0)
		sp_report_add(&loader->report, place,
			      "redis.user is not the user in store: expected "
			      "it in one of them");
	redis->user = user;
}

static void settle_path(struct sp_loader *loader)
{
	struct sp_config *config = &loader->snapshot->config;
	static const char name[] = "/redis.sock";
	size_t length = strlen(config->state_dir);
	char *path;

	if (config->redis.kind == SP_STORE_TCP)
		config->redis.path = "";
	if (config->redis.kind != SP_STORE_EMBEDDED)
		return;
	path = sp_arena_alloc(&loader->snapshot->strings,
			      length + sizeof(name));
	config->redis.path = path != NULL ? path : "";
	if (path == NULL)
		return;
	memcpy(path, config->state_dir, length);
	memcpy(path + length, name, sizeof(name));
}

static void settle_password(struct sp_loader *loader)
{
	struct sp_redis_config *redis = &loader->snapshot->config.redis;

	redis->password = sp_loader_secret(loader, "redis.password-file",
					   redis->password_file, 1);
}

/* A list that is silently not asked would be a surprise. */
static void check_dns(struct sp_loader *loader)
{
	const struct sp_dns_config *dns = &loader->snapshot->config.dns;
	const struct sp_place *place = place_of(loader, "dns.recursive");

	if (place != NULL && dns->is_recursive &&
	    sp_list_count(dns->servers) > 0)
		sp_report_add(&loader->report, place,
			      "dns.recursive asks no server of dns.server: "
			      "expected one of them");
}

static void add_rule(struct sp_loader *loader, const char *option,
		     const struct sp_list_entry *entry,
		     struct sp_dnsbl_rules *rules)
{
	const struct sp_place place = { entry->file, entry->line, 1 };
	char error[SP_DNSBL_ERROR_SIZE];

	if (sp_dnsbl_rules_add(rules, entry->text, error) != SP_OK)
		sp_report_add(&loader->report, &place, "%s: %s", option, error);
}

/* NULL when there is no memory. */
static const struct sp_dnsbl_rules *make_rules(struct sp_loader *loader,
					       const char *option,
					       const struct sp_list *list,
					       bool is_domain)
{
	struct sp_dnsbl_rules *rules =
		sp_arena_alloc(&loader->snapshot->strings, sizeof(*rules));
	bool has_defaults = false;

	if (rules == NULL)
		return NULL;
	sp_dnsbl_rules_init(rules);
	for (size_t i = 0; i < sp_list_count(list); i++) {
		const struct sp_list_entry *entry = sp_list_get(list, i);

		if (strcmp(entry->text, "defaults") == 0)
			has_defaults = true;
		else
			add_rule(loader, option, entry, rules);
	}
	/* Last, wherever the word stands: one's own rules go first. */
	if (has_defaults)
		sp_dnsbl_rules_add_defaults(rules, is_domain);
	return rules;
}

static void settle_rules(struct sp_loader *loader)
{
	static const struct sp_place nowhere = { "", 0, 0 };
	struct sp_dnsbl_config *dnsbl = &loader->snapshot->config.dnsbl;

	dnsbl->addresses =
		make_rules(loader, "dnsbl.lists", dnsbl->lists, false);
	dnsbl->domains = make_rules(loader, "dnsbl.domain-lists",
				    dnsbl->domain_lists, true);
	if (dnsbl->addresses == NULL || dnsbl->domains == NULL)
		sp_report_add(&loader->report, &nowhere,
			      "dnsbl: there is no memory");
}

void sp_check_all(struct sp_loader *loader)
{
	settle_modes(&loader->snapshot->config);
	settle_user(loader);
	settle_path(loader);
	settle_password(loader);
	check_orders(loader);
	check_sockets(loader);
	check_access(loader);
	check_dns(loader);
	settle_rules(loader);
	sp_check_outbound(loader);
	sp_check_web(loader);
	sp_check_notify(loader);
}
