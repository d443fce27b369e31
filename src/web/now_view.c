#include "now_view.h"

#include <string.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/counters.h"
#include "sallyport/dns.h"
#include "sallyport/event_store.h"
#include "sallyport/list_set.h"
#include "sallyport/service.h"
#include "sallyport/store.h"
#include "sallyport/text.h"

enum {
	MINUTE_MS = 60000,
	MINUTES = 60,
	SAMPLE_EVERY_MS = 10000,
	SAMPLES_MS = 5 * MINUTE_MS,
	STORE_WAIT_MS = 250
};

static const char *const verdicts[] = { "accept", "hold",  "defer",
					"reject", "mixed", "aborted" };

enum {
	VERDICTS = sizeof(verdicts) / sizeof(*verdicts)
};

struct minutes {
	int64_t first_ms; /* when the first of them begins */
	int64_t counts[MINUTES][VERDICTS];
};

static void found(const struct sp_count_view *view, void *context)
{
	struct minutes *minutes = context;
	int64_t minute = (view->begins_ms - minutes->first_ms) / MINUTE_MS;

	if (!sp_text_starts(view->name, "verdict/") || minute < 0 ||
	    minute >= MINUTES)
		return;
	for (size_t i = 0; i < VERDICTS; i++)
		if (strcmp(view->name + strlen("verdict/"), verdicts[i]) == 0)
			minutes->counts[minute][i] += view->count;
}

static void put_minutes(json_t *object, const struct sp_service *service)
{
	int64_t now_ms = sp_clock_wall_ms(service->clock);
	struct minutes minutes = {
		.first_ms = (now_ms / MINUTE_MS - MINUTES + 1) * MINUTE_MS,
	};
	const struct sp_count_span span = { SP_COUNT_MINUTES, minutes.first_ms,
					    now_ms };
	enum sp_err err = sp_count_read(service->store, &span,
					sp_clock_mono_ms() + STORE_WAIT_MS,
					found, &minutes);
	json_t *array = json_array();

	for (int64_t i = 0; i < MINUTES; i++) {
		json_t *minute = json_pack(
			"{s:I}", "begins_ms",
			(json_int_t)(minutes.first_ms + i * MINUTE_MS));

		for (size_t j = 0; j < VERDICTS; j++)
			json_object_set_new(minute, verdicts[j],
					    json_integer(minutes.counts[i][j]));
		json_array_append_new(array, minute);
	}
	json_object_set_new(object, "are_minutes_known",
			    json_boolean(err == SP_OK));
	json_object_set_new(object, "minutes", array);
}

/* What is too old goes, but for the one that the last minutes begin with. */
static void keep_sample(struct sp_now_history *history,
			const struct sp_timing_view *view, int64_t now_ms)
{
	size_t gone = 0;

	while (gone + 1 < history->count &&
	       now_ms - history->samples[gone + 1].at_ms >= SAMPLES_MS)
		gone++;
	history->count -= gone;
	memmove(history->samples, history->samples + gone,
		history->count * sizeof(*history->samples));
	if (history->count == SP_NOW_SAMPLES ||
	    (history->count > 0 &&
	     now_ms - history->samples[history->count - 1].at_ms <
		     SAMPLE_EVERY_MS))
		return;
	history->samples[history->count].at_ms = now_ms;
	history->samples[history->count].view = *view;
	history->count++;
}

static json_t *latency(const struct sp_web_call *call)
{
	struct sp_now_history *history = call->history;
	int64_t now_ms = sp_clock_mono_ms(), over_ms = call->uptime_ms;
	struct sp_timing_view view, recent;

	sp_timing_get(SP_TIMING_MAIL, &view);
	recent = view;
	keep_sample(history, &view, now_ms);
	/* Before there are minutes to look back at, it is since the start. */
	if (now_ms - history->samples[0].at_ms >= MINUTE_MS) {
		over_ms = now_ms - history->samples[0].at_ms;
		recent.count -= history->samples[0].view.count;
		for (size_t i = 0; i < SP_TIMING_BUCKETS; i++)
			recent.counts[i] -= history->samples[0].view.counts[i];
	}
	return json_pack("{s:f, s:f, s:I, s:I}", "p50_ms",
			 sp_timing_quantile_us(&recent, 0.5) / 1000, "p95_ms",
			 sp_timing_quantile_us(&recent, 0.95) / 1000, "mails",
			 (json_int_t)recent.count, "over_ms",
			 (json_int_t)over_ms);
}

static json_t *store(const struct sp_service *service)
{
	struct sp_store_health health;

	sp_store_health(service->store, &health);
	return json_pack("{s:b, s:b, s:I, s:I, s:o}", "is_up", health.is_up,
			 "is_breaker_open", health.is_breaker_open, "questions",
			 (json_int_t)health.questions, "failures",
			 (json_int_t)health.failures, "last_error",
			 sp_json_text(health.last_error));
}

static json_t *dns(const struct sp_service *service)
{
	struct sp_dns_health health = { .is_dead = true };

	if (service->dns != NULL)
		sp_dns_health(service->dns, &health);
	return json_pack("{s:b, s:o, s:I, s:I, s:i}", "is_up", !health.is_dead,
			 "servers", sp_json_text(health.servers), "asked",
			 (json_int_t)health.asked, "failed",
			 (json_int_t)(health.failed + health.timeouts),
			 "in_flight", (int)health.in_flight);
}

static void put_lists(json_t *array, const struct sp_list_set *set)
{
	const struct sp_dnsbl_rules *rules = sp_list_set_rules(set);

	for (size_t zone = 0; zone < rules->zone_count; zone++) {
		struct sp_health_view view;
		char shown[SP_DOMAIN_SIZE];

		sp_list_set_view(set, zone, &view);
		json_array_append_new(
			array,
			json_pack("{s:s, s:o, s:s, s:s, s:I, s:I, s:I, s:f}",
				  "kind",
				  sp_list_set_is_domain(set) ? "domain"
							     : "address",
				  "zone",
				  sp_json_text(sp_dnsbl_zone_show(
					  rules->zones[zone], shown)),
				  "state", sp_health_state_text(view.state),
				  "reason", sp_health_reason_text(&view),
				  "questions", (json_int_t)view.questions,
				  "hits", (json_int_t)view.hits, "errors",
				  (json_int_t)view.errors, "latency_ms",
				  view.latency_ms));
	}
}

void sp_view_now(const struct sp_web_call *call)
{
	const struct sp_service *service = call->service;
	json_t *lists = json_array();
	json_t *object = json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:I, s:o}", "version",
		PACKAGE_VERSION, "mode",
		service->config->mode == SP_MODE_ENFORCE ? "enforce"
							 : "observe",
		"uptime_ms", (json_int_t)call->uptime_ms, "connections",
		(json_int_t)sp_counter_value(SP_COUNT_CONNECTIONS_OPEN),
		"mails_open", (json_int_t)sp_counter_value(SP_COUNT_MAILS_OPEN),
		"greetings_held",
		(json_int_t)sp_counter_value(SP_COUNT_HELD_NOW), "latency",
		latency(call));

	put_lists(lists, service->address_lists);
	put_lists(lists, service->domain_lists);
	put_minutes(object, service);
	/* Now that it was asked, it is known how it is. */
	json_object_set_new(object, "store", store(service));
	json_object_set_new(object, "dns", dns(service));
	json_object_set_new(object, "lists", lists);
	sp_reply_json(call->reply, 200, object);
}
