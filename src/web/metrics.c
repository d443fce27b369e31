#include "metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/counters.h"
#include "sallyport/dns.h"
#include "sallyport/embedded.h"
#include "sallyport/facts.h"
#include "sallyport/list_set.h"
#include "sallyport/notify.h"
#include "sallyport/service.h"
#include "sallyport/store.h"
#include "sallyport/submitter_store.h"
#include "sallyport/timing.h"

/* One line; lines of one name stand together, and the first tells of it. */
struct counter_row {
	const char *name;
	const char *labels; /* "verdict=\"accept\""; "" for none */
	enum sp_counter counter;
	const char *type;
	const char *help; /* NULL: as the line before */
};

static const struct counter_row counter_rows[] = {
	{ "sallyport_connections_total", "", SP_COUNT_CONNECTIONS, "counter",
	  "Sessions that the mail server has begun with us." },
	{ "sallyport_connections_open", "", SP_COUNT_CONNECTIONS_OPEN, "gauge",
	  "Sessions that are open." },
	{ "sallyport_mails_total", "", SP_COUNT_MAILS, "counter",
	  "Mails begun (MAIL FROM)." },
	{ "sallyport_mails_open", "", SP_COUNT_MAILS_OPEN, "gauge",
	  "Mails that are under way." },
	{ "sallyport_verdicts_total", "verdict=\"accept\"",
	  SP_COUNT_VERDICT_ACCEPT, "counter",
	  "Mails that are over, by what became of their recipients." },
	{ "sallyport_verdicts_total", "verdict=\"hold\"", SP_COUNT_VERDICT_HOLD,
	  NULL, NULL },
	{ "sallyport_verdicts_total", "verdict=\"defer\"",
	  SP_COUNT_VERDICT_DEFER, NULL, NULL },
	{ "sallyport_verdicts_total", "verdict=\"reject\"",
	  SP_COUNT_VERDICT_REJECT, NULL, NULL },
	{ "sallyport_verdicts_total", "verdict=\"mixed\"",
	  SP_COUNT_VERDICT_MIXED, NULL, NULL },
	{ "sallyport_verdicts_total", "verdict=\"aborted\"",
	  SP_COUNT_VERDICT_ABORTED, NULL, NULL },
	{ "sallyport_would_total", "verdict=\"hold\"", SP_COUNT_WOULD_HOLD,
	  "counter",
	  "Mails that would have met more if nothing were only observed." },
	{ "sallyport_would_total", "verdict=\"defer\"", SP_COUNT_WOULD_DEFER,
	  NULL, NULL },
	{ "sallyport_would_total", "verdict=\"reject\"", SP_COUNT_WOULD_REJECT,
	  NULL, NULL },
	{ "sallyport_degraded_mails_total", "", SP_COUNT_DEGRADED, "counter",
	  "Mails of which something could not be asked (Redis, DNS, time)." },
	{ "sallyport_greetings_held", "", SP_COUNT_HELD_NOW, "gauge",
	  "Greetings and answers that are being held back." },
	{ "sallyport_greetings_held_total", "", SP_COUNT_HELD, "counter",
	  "Greetings that were held back." },
	{ "sallyport_greetings_shortened_total", "", SP_COUNT_HELD_FOR_LESS,
	  "counter",
	  "Greetings that were held for less, or not, because of others." },
	{ "sallyport_early_talkers_total", "", SP_COUNT_TALKERS, "counter",
	  "Clients that spoke before they were greeted." },
	{ "sallyport_greeting_hang_ups_total", "", SP_COUNT_HANG_UPS, "counter",
	  "Clients that left before they were greeted." },
	{ "sallyport_submitter_changes_total", "state=\"watch\"",
	  SP_COUNT_SUBMITTERS_WATCHED, "counter",
	  "How often a submitter came into that state, as this machine saw "
	  "it." },
	{ "sallyport_submitter_changes_total", "state=\"hold\"",
	  SP_COUNT_SUBMITTERS_HELD, NULL, NULL },
	{ "sallyport_submitter_changes_total", "state=\"locked\"",
	  SP_COUNT_SUBMITTERS_LOCKED, NULL, NULL },
	{ "sallyport_events_kept_total", "", SP_COUNT_EVENTS_KEPT, "counter",
	  "Verdicts whose story is kept in Redis." },
	{ "sallyport_events_dropped_total", "", SP_COUNT_EVENTS_DROPPED,
	  "counter",
	  "Verdicts whose story is not kept: Redis was gone, or too slow." },
	{ "sallyport_reloads_total", "", SP_COUNT_RELOADS, "counter",
	  "Configurations that were taken over while running." },
};

static void head(FILE *out, const char *name, const char *type,
		 const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void one(FILE *out, const char *name, const char *type, const char *help,
		uint64_t value)
{
	head(out, name, type, help);
	number(out, name, value);
}

static void counters(FILE *out)
{
	for (size_t i = 0; i < sizeof(counter_rows) / sizeof(*counter_rows);
	     i++) {
		const struct counter_row *row = &counter_rows[i];
		bool has_labels = *row->labels != '\0';

		if (row->help != NULL)
			head(out, row->name, row->type, row->help);
		fprintf(out, "%s%s%s%s %" PRIu64 "\n", row->name,
			has_labels ? "{" : "", row->labels,
			has_labels ? "}" : "", sp_counter_value(row->counter));
	}
}

/* In seconds, each bucket with those before it. `labels` end in a comma. */
static void histogram(FILE *out, const char *name, const char *labels,
		      enum sp_timing timing)
{
	struct sp_timing_view view;
	size_t labels_length = strlen(labels);
	uint64_t count = 0;
	bool has_labels = labels_length > 0;

	sp_timing_get(timing, &view);
	for (unsigned i = 0; i < SP_TIMING_BUCKETS - 1; i++) {
		count += view.counts[i];
		fprintf(out, "%s_bucket{%sle=\"%g\"} %" PRIu64 "\n", name,
			labels, (double)sp_timing_bound_us(i) / 1e6, count);
	}
	fprintf(out, "%s_bucket{%sle=\"+Inf\"} %" PRIu64 "\n", name, labels,
		view.count);
	if (has_labels)
		labels_length--;
	fprintf(out, "%s_sum%s%.*s%s %.6f\n", name, has_labels ? "{" : "",
		(int)labels_length, labels, has_labels ? "}" : "",
		(double)view.sum_us / 1e6);
	fprintf(out, "%s_count%s%.*s%s %" PRIu64 "\n", name,
		has_labels ? "{" : "", (int)labels_length, labels,
		has_labels ? "}" : "", view.count);
}

static void timings(FILE *out)
{
	char labels[64];

	head(out, "sallyport_mail_wait_seconds", "histogram",
	     "What a mail waited for our checks, in all its stages.");
	histogram(out, "sallyport_mail_wait_seconds", "", SP_TIMING_MAIL);
	head(out, "sallyport_stage_seconds", "histogram",
	     "What a callback of the mail server waited for the checks of its "
	     "stage.");
	for (unsigned i = 0; i < SP_STAGE_COUNT; i++) {
		snprintf(labels, sizeof(labels), "stage=\"%s\",",
			 sp_stage_name((enum sp_stage)i));
		histogram(out, "sallyport_stage_seconds", labels,
			  (enum sp_timing)(SP_TIMING_STAGE + i));
	}
	head(out, "sallyport_store_seconds", "histogram",
	     "How long Redis took for a question, failures included.");
	histogram(out, "sallyport_store_seconds", "", SP_TIMING_STORE);
	head(out, "sallyport_dns_seconds", "histogram",
	     "How long the resolver took for a lookup, failures included.");
	histogram(out, "sallyport_dns_seconds", "", SP_TIMING_DNS);
}

static void store(FILE *out, const struct sp_web_call *call)
{
	struct sp_store_health health;

	sp_store_health(call->service->store, &health);
	one(out, "sallyport_store_up", "gauge",
	    "Whether Redis answered the last question.", health.is_up);
	one(out, "sallyport_store_breaker_open", "gauge",
	    "Whether Redis is not asked for a while, after failures.",
	    health.is_breaker_open);
	one(out, "sallyport_store_questions_total", "counter",
	    "Questions to Redis.", health.questions);
	one(out, "sallyport_store_failures_total", "counter",
	    "Questions that Redis did not answer.", health.failures);
	one(out, "sallyport_store_passed_by_total", "counter",
	    "Questions not put to Redis: it was out of order, or no time was "
	    "left.",
	    health.passed_by);
	if (call->embedded != NULL)
		one(out, "sallyport_embedded_redis_restarts_total", "counter",
		    "How often the embedded Redis had to be started again.",
		    sp_embedded_restarts(call->embedded));
}

static void dns(FILE *out, struct sp_dns *resolver)
{
	struct sp_dns_health health;

	if (resolver == NULL)
		return;
	sp_dns_health(resolver, &health);
	one(out, "sallyport_dns_up", "gauge",
	    "Whether the resolver is not taken for dead.", !health.is_dead);
	one(out, "sallyport_dns_in_flight", "gauge",
	    "Lookups that are under way.", health.in_flight);
	one(out, "sallyport_dns_questions_total", "counter",
	    "Questions of our checks.", health.asked);
	one(out, "sallyport_dns_cached_total", "counter",
	    "Questions that our own cache had the answer to.", health.cached);
	one(out, "sallyport_dns_lookups_total", "counter",
	    "Lookups that were begun for the others.", health.sent);
	head(out, "sallyport_dns_answers_total", "counter",
	     "What questions came to.");
	fprintf(out,
		"sallyport_dns_answers_total{result=\"answered\"} %" PRIu64 "\n"
		"sallyport_dns_answers_total{result=\"failed\"} %" PRIu64 "\n"
		"sallyport_dns_answers_total{result=\"timeout\"} %" PRIu64 "\n"
		"sallyport_dns_answers_total{result=\"not_asked\"} %" PRIu64
		"\n",
		health.answered, health.failed, health.timeouts,
		health.not_asked);
}

/* A name in a label: what we read from the configuration holds none of these,
 * but nothing else promises it. */
static void label(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text == '\n' ? ' ' : *text, out);
	}
}

struct list_row {
	const char *name, *type, *help;
	double (*value)(const struct sp_health_view *view);
};

static double is_well(const struct sp_health_view *view)
{
	return view->state == SP_HEALTH_WELL;
}

static double questions(const struct sp_health_view *view)
{
	return (double)view->questions;
}

static double hits(const struct sp_health_view *view)
{
	return (double)view->hits;
}

static double errors(const struct sp_health_view *view)
{
	return (double)view->errors;
}

static double latency_sec(const struct sp_health_view *view)
{
	return view->latency_ms / 1000;
}

static const struct list_row list_rows[] = {
	{ "sallyport_list_well", "gauge",
	  "Whether what a DNS list says counts: it passes its test points.",
	  is_well },
	{ "sallyport_list_questions_total", "counter",
	  "Questions about mail to a DNS list.", questions },
	{ "sallyport_list_hits_total", "counter",
	  "Questions that a DNS list answered with a listing.", hits },
	{ "sallyport_list_errors_total", "counter",
	  "Questions that a DNS list did not answer, or refused.", errors },
	{ "sallyport_list_latency_seconds", "gauge",
	  "A moving average of how long a DNS list takes.", latency_sec },
};

static void list_lines(FILE *out, const struct list_row *row,
		       const struct sp_list_set *set)
{
	const struct sp_dnsbl_rules *rules = sp_list_set_rules(set);

	for (size_t zone = 0; zone < rules->zone_count; zone++) {
		struct sp_health_view view;
		char shown[SP_DOMAIN_SIZE];

		sp_list_set_view(set, zone, &view);
		fprintf(out, "%s{kind=\"%s\",zone=\"", row->name,
			sp_list_set_is_domain(set) ? "domain" : "address");
		label(out, sp_dnsbl_zone_show(rules->zones[zone], shown));
		fprintf(out, "\"} %.9g\n", row->value(&view));
	}
}

static void lists(FILE *out, const struct sp_service *service)
{
	for (size_t i = 0; i < sizeof(list_rows) / sizeof(*list_rows); i++) {
		head(out, list_rows[i].name, list_rows[i].type,
		     list_rows[i].help);
		list_lines(out, &list_rows[i], service->address_lists);
		list_lines(out, &list_rows[i], service->domain_lists);
	}
}

/* Of all machines that share the Redis; left out when it does not say. */
static void submitters(FILE *out, const struct sp_service *service)
{
	static const enum sp_submitter_state states[] = {
		SP_SUBMITTER_WATCH,
		SP_SUBMITTER_HOLD,
		SP_SUBMITTER_LOCKED,
	};
	const struct sp_submitter_books books = sp_service_books(service);
	const struct sp_submitter_lister nobody = { NULL, NULL };
	int64_t now_ms = sp_clock_wall_ms(service->clock);

	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		const struct sp_submitter_range range = {
			.by = SP_SUBMITTERS_BY_STATE,
			.state = states[i],
		};
		size_t total;

		if (sp_submitter_page(&books, &range, now_ms, &nobody,
				      &total) != SP_OK)
			return;
		if (i == 0)
			head(out, "sallyport_submitters", "gauge",
			     "Submitters that are in a state, on all machines "
			     "that share the Redis.");
		fprintf(out, "sallyport_submitters{state=\"%s\"} %zu\n",
			sp_submitter_state_name(states[i]), total);
	}
}

static void notices(FILE *out, struct sp_notifier *notifier)
{
	struct sp_notifier_health health;

	if (notifier == NULL)
		return;
	sp_notifier_health(notifier, &health);
	head(out, "sallyport_notices_total", "counter",
	     "Notices to the administrator, by program and by mail, and what "
	     "became of them.");
	fprintf(out,
		"sallyport_notices_total{result=\"good\"} %" PRIu64 "\n"
		"sallyport_notices_total{result=\"failed\"} %" PRIu64 "\n"
		"sallyport_notices_total{result=\"dropped\"} %" PRIu64 "\n",
		health.good, health.failed, health.dropped);
	one(out, "sallyport_notices_waiting", "gauge",
	    "Notices that wait for those before them.", health.waiting);
}

static void daemon_itself(FILE *out, const struct sp_web_call *call)
{
	head(out, "sallyport_build_info", "gauge",
	     "Always 1; the labels say what runs.");
	fprintf(out,
		"sallyport_build_info{version=\"" PACKAGE_VERSION
		"\",mode=\"%s\"} 1\n",
		call->service->config->mode == SP_MODE_ENFORCE ? "enforce"
							       : "observe");
	head(out, "sallyport_uptime_seconds", "gauge",
	     "How long the daemon has been running.");
	fprintf(out, "sallyport_uptime_seconds %.3f\n",
		(double)call->uptime_ms / 1000);
}

void sp_view_metrics(const struct sp_web_call *call)
{
	char *bytes = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&bytes, &length);

	if (out == NULL) {
		sp_reply_error(call->reply, 500, "there is no memory");
		return;
	}
	daemon_itself(out, call);
	counters(out);
	timings(out);
	store(out, call);
	dns(out, call->service->dns);
	lists(out, call->service);
	submitters(out, call->service);
	notices(out, call->service->notifier);
	if (fclose(out) != 0) {
		free(bytes);
		sp_reply_error(call->reply, 500, "there is no memory");
		return;
	}
	*call->reply = (struct sp_http_reply){
		.status = 200,
		.type = "text/plain; version=0.0.4; charset=utf-8",
		.bytes = bytes,
		.length = length,
		.is_ours_to_free = true,
	};
}
