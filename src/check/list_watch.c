#include "sallyport/list_watch.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lists.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/dns.h"
#include "sallyport/list_set.h"
#include "sallyport/service.h"

enum {
	LOOK_MS = 250,	   /* how often it looks whether it is time */
	ANSWERS_MS = 6000, /* longer than any question of the resolver's */
	ALL_QUESTIONS = 1  /* one group */
};

struct sp_list_watch {
	struct sp_service_slot *slot;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stopped;
	bool is_stopping; /* guarded by lock */
};

/* Both points of one zone, on their way. */
struct points {
	unsigned listed, unlisted;
};

static unsigned ask(struct sp_dns_batch *batch, const char *question)
{
	struct sp_dns_name name;

	(void)sp_dns_name_domain(question, strlen(question), &name);
	return sp_dns_ask(batch, &(struct sp_dns_question){
					 .name = &name,
					 .type = SP_DNS_A,
					 .groups = ALL_QUESTIONS,
				 });
}

static void read_point(struct sp_dns_batch *batch, unsigned number,
		       const char *zone, struct sp_health_answer *answer_out)
{
	struct sp_dnsbl_answer answer;

	sp_lists_read(sp_dns_answer_get(batch, number), &answer);
	answer_out->error =
		sp_dnsbl_answer_judge(zone, &answer, &answer_out->is_listed);
}

static bool is_stopping(struct sp_list_watch *watch)
{
	bool is_over;

	pthread_mutex_lock(&watch->lock);
	is_over = watch->is_stopping;
	pthread_mutex_unlock(&watch->lock);
	return is_over;
}

/* In slices, so that the daemon's end does not wait for silent servers. */
static bool wait_for_answers(struct sp_list_watch *watch,
			     struct sp_dns_batch *batch)
{
	int64_t end_ms = sp_clock_mono_ms() + ANSWERS_MS;

	while (!is_stopping(watch) && sp_clock_mono_ms() < end_ms)
		if (sp_dns_wait(batch, ALL_QUESTIONS,
				sp_clock_mono_ms() + LOOK_MS))
			break;
	return !is_stopping(watch);
}

static void test_set(struct sp_list_watch *watch,
		     const struct sp_service *service, struct sp_list_set *set)
{
	const struct sp_dnsbl_rules *rules = sp_list_set_rules(set);
	struct sp_dns_batch *batch = sp_dns_batch_new(service->dns);
	struct points asked[SP_DNSBL_MAX_ZONES];

	for (size_t zone = 0; zone < rules->zone_count; zone++) {
		struct sp_dnsbl_points points;

		sp_dnsbl_test_points(rules->zones[zone],
				     sp_list_set_is_domain(set)
					     ? SP_DNSBL_DOMAIN
					     : SP_DNSBL_IPV4,
				     &points);
		asked[zone].listed = ask(batch, points.listed);
		asked[zone].unlisted = ask(batch, points.unlisted);
	}
	if (!wait_for_answers(watch, batch)) {
		sp_dns_batch_free(&batch);
		return;
	}
	for (size_t zone = 0; zone < rules->zone_count; zone++) {
		struct sp_health_answer listed, unlisted;

		read_point(batch, asked[zone].listed, rules->zones[zone],
			   &listed);
		read_point(batch, asked[zone].unlisted, rules->zones[zone],
			   &unlisted);
		sp_list_set_tested(set, zone, &listed, &unlisted,
				   sp_clock_wall_ms(service->clock));
	}
	sp_dns_batch_free(&batch);
}

/* The lists themselves know when they were tested: a reload may bring others,
 * at the very address of those that went. A clock that was set back makes it
 * time too. */
static bool is_time(const struct sp_service *service,
		    const struct sp_list_set *set)
{
	int64_t now_ms = sp_clock_wall_ms(service->clock);

	for (size_t zone = 0; zone < sp_list_set_rules(set)->zone_count;
	     zone++) {
		struct sp_health_view view;

		sp_list_set_view(set, zone, &view);
		if (view.tested_ms == 0 || view.tested_ms > now_ms ||
		    now_ms - view.tested_ms >=
			    service->config->dnsbl.test_interval_ms)
			return true;
	}
	return false;
}

static void look(struct sp_list_watch *watch)
{
	const struct sp_service *service = sp_service_get(watch->slot);

	if (service->dns && service->config->dnsbl.is_enabled) {
		if (is_time(service, service->address_lists))
			test_set(watch, service, service->address_lists);
		if (is_time(service, service->domain_lists))
			test_set(watch, service, service->domain_lists);
	}
	sp_service_unref(&service);
	sp_service_slot_tidy(watch->slot);
}

/* True when it is over. */
static bool rest(struct sp_list_watch *watch)
{
	struct timespec until;
	bool is_over;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&watch->lock);
	if (!watch->is_stopping)
		(void)pthread_cond_timedwait(&watch->stopped, &watch->lock,
					     &until);
	is_over = watch->is_stopping;
	pthread_mutex_unlock(&watch->lock);
	return is_over;
}

static void *run(void *argument)
{
	struct sp_list_watch *watch = argument;

	do
		look(watch);
	while (!rest(watch));
	return NULL;
}

enum sp_err sp_list_watch_start(struct sp_service_slot *slot,
				struct sp_list_watch **watch_out)
{
	struct sp_list_watch *watch = calloc(1, sizeof(*watch));
	pthread_condattr_t attributes;

	if (!watch)
		return SP_ERR_NO_MEMORY;
	watch->slot = slot;
	pthread_mutex_init(&watch->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&watch->stopped, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&watch->thread, NULL, run, watch) != 0) {
		pthread_cond_destroy(&watch->stopped);
		pthread_mutex_destroy(&watch->lock);
		free(watch);
		return SP_ERR_SYSTEM;
	}
	*watch_out = watch;
	return SP_OK;
}

void sp_list_watch_stop(struct sp_list_watch **watch_at)
{
	struct sp_list_watch *watch = *watch_at;

	if (!watch)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->is_stopping = true;
	pthread_cond_signal(&watch->stopped);
	pthread_mutex_unlock(&watch->lock);
	(void)pthread_join(watch->thread, NULL);
	pthread_cond_destroy(&watch->stopped);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
	*watch_at = NULL;
}
