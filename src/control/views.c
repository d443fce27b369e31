#include "views.h"

#include <unistd.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/control.h"
#include "sallyport/counters.h"
#include "sallyport/dns.h"
#include "sallyport/embedded.h"
#include "sallyport/geo.h"
#include "sallyport/list_set.h"
#include "sallyport/record.h"
#include "sallyport/seen.h"
#include "sallyport/service.h"
#include "sallyport/sock.h"
#include "sallyport/store.h"
#include "sallyport/text.h"

json_t *sp_view_text(const char *value)
{
	json_t *string = json_string(value);
	char bytes[1024];
	struct sp_text safe;

	if (string)
		return string;
	sp_text_init(&safe, bytes, sizeof(bytes));
	for (size_t i = 0; value[i]; i++)
		sp_text_add_safe(&safe, &value[i], 1, NULL);
	return json_string(bytes);
}

static json_t *text(const char *value)
{
	return sp_view_text(value);
}

static void put_count(json_t *object, const char *name, uint64_t count)
{
	json_object_set_new(object, name, json_integer((json_int_t)count));
}

static void put_counters(json_t *object)
{
	static const struct {
		const char *name;
		enum sp_counter counter;
	} rows[] = {
		{ "connections", SP_COUNT_CONNECTIONS_OPEN },
		{ "connections_total", SP_COUNT_CONNECTIONS },
		{ "mails_open", SP_COUNT_MAILS_OPEN },
		{ "mails_total", SP_COUNT_MAILS },
		{ "degraded_total", SP_COUNT_DEGRADED },
		{ "reloads", SP_COUNT_RELOADS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		put_count(object, rows[i].name,
			  sp_counter_value(rows[i].counter));
}

static json_t *greetings(void)
{
	json_t *object = json_object();

	put_count(object, "held_now", sp_counter_value(SP_COUNT_HELD_NOW));
	put_count(object, "held", sp_counter_value(SP_COUNT_HELD));
	put_count(object, "held_for_less",
		  sp_counter_value(SP_COUNT_HELD_FOR_LESS));
	put_count(object, "talkers", sp_counter_value(SP_COUNT_TALKERS));
	put_count(object, "hang_ups", sp_counter_value(SP_COUNT_HANG_UPS));
	return object;
}

static json_t *verdicts(void)
{
	json_t *object = json_object();

	put_count(object, "accept", sp_counter_value(SP_COUNT_VERDICT_ACCEPT));
	put_count(object, "hold", sp_counter_value(SP_COUNT_VERDICT_HOLD));
	put_count(object, "defer", sp_counter_value(SP_COUNT_VERDICT_DEFER));
	put_count(object, "reject", sp_counter_value(SP_COUNT_VERDICT_REJECT));
	put_count(object, "mixed", sp_counter_value(SP_COUNT_VERDICT_MIXED));
	put_count(object, "aborted",
		  sp_counter_value(SP_COUNT_VERDICT_ABORTED));
	return object;
}

static json_t *would(void)
{
	json_t *object = json_object();

	put_count(object, "hold", sp_counter_value(SP_COUNT_WOULD_HOLD));
	put_count(object, "defer", sp_counter_value(SP_COUNT_WOULD_DEFER));
	put_count(object, "reject", sp_counter_value(SP_COUNT_WOULD_REJECT));
	return object;
}

static const char *store_kind(enum sp_store_kind kind)
{
	switch (kind) {
	case SP_STORE_EMBEDDED:
		return "embedded";
	case SP_STORE_TCP:
		return "tcp";
	case SP_STORE_UNIX:
		return "unix";
	}
	return "";
}

static json_t *events(void)
{
	json_t *object = json_object();

	put_count(object, "kept", sp_counter_value(SP_COUNT_EVENTS_KEPT));
	put_count(object, "dropped", sp_counter_value(SP_COUNT_EVENTS_DROPPED));
	return object;
}

static json_t *store(const struct sp_service *service,
		     const struct sp_embedded *embedded)
{
	json_t *object = json_object();
	struct sp_store_health health;

	sp_store_health(service->store, &health);
	json_object_set_new(
		object, "kind",
		json_string(store_kind(service->config->redis.kind)));
	json_object_set_new(object, "is_up", json_boolean(health.is_up));
	json_object_set_new(object, "is_breaker_open",
			    json_boolean(health.is_breaker_open));
	put_count(object, "questions", health.questions);
	put_count(object, "failures", health.failures);
	put_count(object, "passed_by", health.passed_by);
	json_object_set_new(object, "last_error", text(health.last_error));
	if (!embedded)
		return object;
	json_object_set_new(object, "embedded_pid",
			    json_integer(sp_embedded_pid(embedded)));
	json_object_set_new(object, "embedded_restarts",
			    json_integer(sp_embedded_restarts(embedded)));
	return object;
}

static json_t *dns(const struct sp_service *service)
{
	json_t *object = json_object();
	struct sp_dns_health health;

	if (!service->dns)
		return object;
	sp_dns_health(service->dns, &health);
	json_object_set_new(object, "servers", text(health.servers));
	json_object_set_new(object, "is_dead", json_boolean(health.is_dead));
	put_count(object, "asked", health.asked);
	put_count(object, "cached", health.cached);
	put_count(object, "sent", health.sent);
	put_count(object, "answered", health.answered);
	put_count(object, "failed", health.failed);
	put_count(object, "timeouts", health.timeouts);
	put_count(object, "not_asked", health.not_asked);
	put_count(object, "in_flight", health.in_flight);
	return object;
}

static json_t *one_list(const struct sp_list_set *set, size_t zone)
{
	const struct sp_dnsbl_rules *rules = sp_list_set_rules(set);
	json_t *object = json_object();
	char shown[SP_DOMAIN_SIZE];
	struct sp_health_view view;

	sp_list_set_view(set, zone, &view);
	json_object_set_new(
		object, "zone",
		text(sp_dnsbl_zone_show(rules->zones[zone], shown)));
	json_object_set_new(object, "state",
			    json_string(sp_health_state_text(view.state)));
	json_object_set_new(object, "reason",
			    json_string(sp_health_reason_text(&view)));
	put_count(object, "questions", view.questions);
	put_count(object, "hits", view.hits);
	put_count(object, "errors", view.errors);
	json_object_set_new(object, "latency_ms", json_real(view.latency_ms));
	return object;
}

/* Empty while nobody asks them. */
static json_t *lists(const struct sp_service *service,
		     const struct sp_list_set *set)
{
	json_t *array = json_array();

	if (!service->config->dnsbl.is_enabled)
		return array;
	for (size_t zone = 0; zone < sp_list_set_rules(set)->zone_count; zone++)
		json_array_append_new(array, one_list(set, zone));
	return array;
}

/* Of the databases that are configured. */
static json_t *places(const struct sp_geo *geo)
{
	json_t *array = json_array();

	for (enum sp_geo_kind kind = 0; kind < SP_GEO_KINDS; kind++) {
		json_t *object;
		struct sp_geo_view view;

		sp_geo_look(geo, kind, &view);
		if (view.path[0] == '\0')
			continue;
		object = json_object();
		json_object_set_new(object, "option",
				    json_string(sp_geo_option(kind)));
		json_object_set_new(object, "path", text(view.path));
		json_object_set_new(object, "is_open",
				    json_boolean(view.is_open));
		json_object_set_new(object, "type", text(view.type));
		json_object_set_new(object, "built_sec",
				    json_integer(view.built_sec));
		json_object_set_new(object, "trouble", text(view.trouble));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *mta(void)
{
	int64_t mail_ms = sp_seen_mail_ms();
	json_t *object = json_object();
	json_t *macros = json_object();

	json_object_set_new(
		object, "last_mail_sec",
		mail_ms == 0
			? json_null()
			: json_integer((sp_clock_mono_ms() - mail_ms) / 1000));
	for (unsigned i = 0; i < SP_SEEN_COUNT; i++)
		json_object_set_new(macros, sp_seen_macro((enum sp_seen)i),
				    json_string(sp_seen_state_text(
					    sp_seen_state((enum sp_seen)i))));
	json_object_set_new(object, "macros", macros);
	return object;
}

/* From within the daemon: what it may do is often less than a user may. */
static json_t *sock_diag(void)
{
	int error;
	enum sp_sock_use use = sp_sock_probe(&error);
	json_t *object = json_object();

	json_object_set_new(object, "is_usable",
			    json_boolean(use == SP_SOCK_WORKS));
	json_object_set_new(object, "text", json_string(sp_sock_use_text(use)));
	return object;
}

json_t *sp_view_status(const struct sp_control_sources *sources,
		       int64_t uptime_ms, const char *reload_error)
{
	const struct sp_service *service = sp_service_get(sources->slot);
	const struct sp_config *config = service->config;
	json_t *object = json_object();

	json_object_set_new(object, "version", json_string(PACKAGE_VERSION));
	json_object_set_new(object, "pid", json_integer(getpid()));
	json_object_set_new(object, "uptime_sec",
			    json_integer(uptime_ms / 1000));
	json_object_set_new(object, "config", text(config->file));
	json_object_set_new(object, "listen", text(config->listen));
	json_object_set_new(object, "mode",
			    json_string(config->mode == SP_MODE_ENFORCE
						? "enforce"
						: "observe"));
	put_counters(object);
	json_object_set_new(object, "mta", mta());
	json_object_set_new(object, "sock_diag", sock_diag());
	json_object_set_new(object, "greetings", greetings());
	json_object_set_new(object, "verdicts", verdicts());
	json_object_set_new(object, "would", would());
	json_object_set_new(object, "events", events());
	json_object_set_new(object, "reload_error", text(reload_error));
	json_object_set_new(object, "store", store(service, sources->embedded));
	json_object_set_new(object, "dns", dns(service));
	json_object_set_new(object, "notices", sp_view_notices(service));
	json_object_set_new(object, "address_lists",
			    lists(service, service->address_lists));
	json_object_set_new(object, "domain_lists",
			    lists(service, service->domain_lists));
	json_object_set_new(object, "places", places(service->geo));
	sp_service_unref(&service);
	return object;
}

json_t *sp_view_record(const struct sp_record *record, const char *facts)
{
	char bytes[SP_RECORD_JSON_SIZE];
	json_t *object = json_loads(sp_record_json(record, bytes), 0, NULL);

	if (object && facts[0])
		json_object_set_new(object, "facts", text(facts));
	return object;
}
