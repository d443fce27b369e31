#include "queue.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "entry.h"
#include "event.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/counters.h"
#include "sallyport/event_store.h"
#include "sallyport/log.h"
#include "sallyport/recorder.h"
#include "sallyport/service.h"
#include "sallyport/store.h"

/* So long others are waited for, to be written along with the first. */
enum {
	GATHER_MS = 100
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* guarded by lock */
	struct sp_entry *entries[SP_RECORDER_QUEUE];
	size_t first, count;
	bool is_running, is_stopping;
	bool is_idle;  /* it waits for the first */
	uint64_t full; /* had no room, since that was told */
	/* of the main thread */
	pthread_t thread;
	struct sp_service_slot *slot;
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER };

void sp_queue_put(struct sp_entry *entry)
{
	bool is_wanted = false;

	pthread_mutex_lock(&queue.lock);
	if (queue.is_running && queue.count < SP_RECORDER_QUEUE) {
		queue.entries[(queue.first + queue.count) % SP_RECORDER_QUEUE] =
			sp_entry_ref(entry);
		queue.count++;
		is_wanted = queue.is_idle || queue.count == SP_EVENT_BATCH;
	} else if (queue.is_running) {
		queue.full++;
		sp_count(SP_COUNT_EVENTS_DROPPED);
	}
	pthread_mutex_unlock(&queue.lock);
	if (is_wanted)
		pthread_cond_signal(&queue.wake);
}

static void wait_a_moment(void)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += GATHER_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	while (queue.count < SP_EVENT_BATCH && !queue.is_stopping &&
	       pthread_cond_timedwait(&queue.wake, &queue.lock, &until) == 0)
		continue;
}

/* Waits for some; none means the end. *full_out: so many had no room. */
static size_t take(struct sp_entry *entries_out[SP_EVENT_BATCH],
		   uint64_t *full_out)
{
	size_t taken = 0;

	pthread_mutex_lock(&queue.lock);
	queue.is_idle = true;
	while (queue.count == 0 && !queue.is_stopping)
		pthread_cond_wait(&queue.wake, &queue.lock);
	queue.is_idle = false;
	wait_a_moment();
	while (taken < SP_EVENT_BATCH && queue.count > 0) {
		entries_out[taken++] = queue.entries[queue.first];
		queue.first = (queue.first + 1) % SP_RECORDER_QUEUE;
		queue.count--;
	}
	*full_out = queue.full;
	queue.full = 0;
	pthread_mutex_unlock(&queue.lock);
	return taken;
}

/* What the recorder's thread knows of itself. */
struct recorder {
	bool is_failing;
	uint64_t dropped; /* since it fails */
};

static void tell(struct recorder *recorder, uint64_t dropped, const char *why)
{
	recorder->dropped += dropped;
	if (dropped > 0 && !recorder->is_failing)
		sp_log(SP_LOG_WARNING,
		       "record: verdicts are not kept for now: %s", why);
	else if (dropped == 0 && recorder->is_failing)
		sp_log(SP_LOG_INFO,
		       "record: verdicts are kept again; %llu were not",
		       (unsigned long long)recorder->dropped);
	recorder->is_failing = dropped > 0;
	if (dropped == 0)
		recorder->dropped = 0;
}

static enum sp_err write_batch(const struct sp_service *service,
			       struct sp_entry *const *entries, size_t count)
{
	const struct sp_config *config = service->config;
	struct sp_event_batch batch;
	struct sp_event_paper *paper =
		sp_event_paper_new(service, entries, count, &batch);
	enum sp_err err = SP_ERR_NO_MEMORY;

	if (!paper)
		return err;
	err = sp_event_add(service->event_store, &batch,
			   sp_clock_mono_ms() +
				   config->redis.connect_timeout_ms +
				   config->redis.command_timeout_ms);
	sp_event_paper_free(&paper);
	return err;
}

static void write_down(struct recorder *recorder,
		       struct sp_entry *const *entries, size_t count,
		       uint64_t full)
{
	const struct sp_service *service = sp_service_get(queue.slot);
	enum sp_err err = write_batch(service, entries, count);
	struct sp_store_health health;

	sp_store_health(service->event_store, &health);
	for (size_t i = 0; i < count; i++)
		sp_count(err == SP_OK ? SP_COUNT_EVENTS_KEPT
				      : SP_COUNT_EVENTS_DROPPED);
	tell(recorder, full + (err == SP_OK ? 0 : count),
	     err == SP_OK	    ? "more comes in than Redis takes"
	     : health.last_error[0] ? health.last_error
				    : sp_err_text(err));
	sp_service_unref(&service);
}

static void *run(void *unused)
{
	struct recorder recorder = { .is_failing = false };

	(void)unused;
	for (;;) {
		struct sp_entry *entries[SP_EVENT_BATCH];
		uint64_t full;
		size_t count = take(entries, &full);

		if (count == 0)
			return NULL;
		write_down(&recorder, entries, count, full);
		for (size_t i = 0; i < count; i++)
			sp_entry_unref(&entries[i]);
	}
}

enum sp_err sp_recorder_start(struct sp_service_slot *slot)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&queue.wake, &attributes);
	pthread_condattr_destroy(&attributes);
	queue.slot = slot;
	queue.is_running = true;
	queue.is_stopping = false;
	if (pthread_create(&queue.thread, NULL, run, NULL) == 0)
		return SP_OK;
	queue.is_running = false;
	return SP_ERR_SYSTEM;
}

void sp_recorder_stop(void)
{
	bool was_running;

	pthread_mutex_lock(&queue.lock);
	was_running = queue.is_running;
	queue.is_running = false;
	queue.is_stopping = true;
	pthread_mutex_unlock(&queue.lock);
	if (!was_running)
		return;
	pthread_cond_signal(&queue.wake);
	pthread_join(queue.thread, NULL);
}
