#include "sallyport/notify.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "dispatch.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/log.h"
#include "sallyport/text.h"

enum {
	STACK_BYTES = 512 * 1024,
	OWN_MAILS = 256 /* of ours are known again */
};

struct waiting {
	uint64_t number;
	struct sp_notice notice;
};

/* One of the two ways. */
struct lane {
	/* guarded by the notifier's lock */
	struct waiting *ring[SP_NOTICES_WAITING]; /* owned */
	size_t first, count;
	bool is_full_said;
	/* the thread's own */
	struct sp_run run;
	struct waiting *running; /* owned; NULL: idle */
};

struct result {
	uint64_t number; /* 0: none */
	struct sp_notice_result ways[SP_NOTICE_WAYS];
};

struct sp_notifier {
	pthread_t thread;
	bool is_started;
	int wake; /* eventfd */
	pthread_mutex_t lock;
	/* guarded by lock */
	const struct sp_config *config; /* one reference */
	bool is_stopping;
	int64_t stop_ms; /* monotonic */
	unsigned left;	 /* by the thread, at its end */
	uint64_t last_number;
	struct result results[SP_NOTICE_RESULTS]; /* by their number */
	struct sp_notifier_health health;
	struct sp_hash own[OWN_MAILS]; /* Message-IDs, the oldest overwritten */
	size_t own_next, own_count;
	struct lane lanes[SP_NOTICE_WAYS];
};

const char *sp_notice_way_name(enum sp_notice_way way)
{
	return way == SP_NOTICE_PROGRAM ? "program" : "mail";
}

const char *sp_notice_stage_name(enum sp_notice_stage stage)
{
	static const char *const names[] = {
		[SP_NOTICE_NOT_ASKED] = "off",
		[SP_NOTICE_WAITING] = "waiting",
		[SP_NOTICE_RUNNING] = "running",
		[SP_NOTICE_GOOD] = "good",
		[SP_NOTICE_FAILED] = "failed",
	};

	return names[stage];
}

static bool is_on(const struct sp_notify_config *config, enum sp_notice_way way)
{
	return way == SP_NOTICE_PROGRAM ? sp_list_count(config->program) > 0
					: config->mail[0] != '\0';
}

/* --- what became of them; all of it under the lock ------------------------- */

static struct sp_notice_result *find_result(struct sp_notifier *notifier,
					    uint64_t number,
					    enum sp_notice_way way)
{
	struct result *result = &notifier->results[number % SP_NOTICE_RESULTS];

	return result->number == number ? &result->ways[way] : NULL;
}

static void note_stage(struct sp_notifier *notifier, uint64_t number,
		       enum sp_notice_way way, enum sp_notice_stage stage)
{
	struct sp_notice_result *result = find_result(notifier, number, way);

	if (result != NULL)
		result->stage = stage;
}

/* One line of printable ASCII. */
static void copy_output(const struct sp_run_end *end, struct sp_text *out)
{
	size_t length = end->output_length;

	while (length > 0 && end->output[length - 1] == '\n')
		length--;
	for (size_t i = 0; i < length; i++)
		if (end->output[i] == '\n')
			sp_text_add(out, " | ");
		else
			sp_text_add_safe(out, &end->output[i], 1, NULL);
}

static void describe(const struct sp_run_end *end,
		     struct sp_notice_result *result_out)
{
	struct sp_text text;

	*result_out = (struct sp_notice_result){
		.stage = end->is_good ? SP_NOTICE_GOOD : SP_NOTICE_FAILED,
		.took_ms = end->took_ms,
	};
	sp_text_copy(result_out->how, sizeof(result_out->how), end->how);
	sp_text_init(&text, result_out->output, sizeof(result_out->output));
	copy_output(end, &text);
}

static void note_end(struct sp_notifier *notifier, uint64_t number,
		     enum sp_notice_way way,
		     const struct sp_notice_result *ended)
{
	struct sp_notice_result *result = find_result(notifier, number, way);

	if (result != NULL)
		*result = *ended;
	if (ended->stage == SP_NOTICE_GOOD) {
		notifier->health.good++;
		return;
	}
	notifier->health.failed++;
	sp_text_copy(notifier->health.last_error,
		     sizeof(notifier->health.last_error), ended->how);
}

/* --- the queues; under the lock -------------------------------------------- */

/* False when there is no room. */
static bool enqueue(struct lane *lane, uint64_t number,
		    const struct sp_notice *notice)
{
	struct waiting *waiting;

	if (lane->count == SP_NOTICES_WAITING)
		return false;
	waiting = malloc(sizeof(*waiting));
	if (waiting == NULL)
		return false;
	*waiting = (struct waiting){ .number = number, .notice = *notice };
	lane->ring[(lane->first + lane->count++) % SP_NOTICES_WAITING] =
		waiting;
	return true;
}

static struct waiting *dequeue(struct lane *lane)
{
	struct waiting *waiting;

	if (lane->count == 0)
		return NULL;
	waiting = lane->ring[lane->first];
	lane->first = (lane->first + 1) % SP_NOTICES_WAITING;
	lane->count--;
	lane->is_full_said = false;
	return waiting;
}

/* Returns whether it is to be said. */
static bool drop(struct sp_notifier *notifier, enum sp_notice_way way)
{
	struct lane *lane = &notifier->lanes[way];
	bool is_to_be_said = !lane->is_full_said && !notifier->is_stopping;

	notifier->health.dropped++;
	lane->is_full_said = true;
	return is_to_be_said;
}

static void say_full(enum sp_notice_way way)
{
	sp_log(SP_LOG_ERROR,
	       "notify: %d notices wait for notify.%s already: further ones "
	       "are dropped; what they were to tell stands in this log",
	       SP_NOTICES_WAITING, sp_notice_way_name(way));
}

static void wake(struct sp_notifier *notifier)
{
	const uint64_t one = 1;

	(void)!write(notifier->wake, &one, sizeof(one));
}

/* Under the lock. Whether it is to be said that there was no room is written
 * for each way; returns the notice's number, 0 when none is to be told. */
static uint64_t take_in(struct sp_notifier *notifier,
			const struct sp_notice *notice,
			bool is_to_be_said_out[SP_NOTICE_WAYS])
{
	const struct sp_notify_config *config = &notifier->config->notify;
	uint64_t number = notifier->last_number + 1;
	struct result result = { .number = number };
	bool is_taken = false;

	for (unsigned way = 0; way < SP_NOTICE_WAYS; way++) {
		if (!is_on(config, way))
			continue;
		if (!notifier->is_stopping &&
		    enqueue(&notifier->lanes[way], number, notice)) {
			result.ways[way].stage = SP_NOTICE_WAITING;
			is_taken = true;
			continue;
		}
		is_to_be_said_out[way] = drop(notifier, way);
		result.ways[way].stage = SP_NOTICE_FAILED;
		sp_text_copy(result.ways[way].how, SP_NOTICE_HOW_SIZE,
			     "dropped: too many wait");
	}
	if (!is_taken)
		return 0;
	notifier->last_number = number;
	notifier->results[number % SP_NOTICE_RESULTS] = result;
	return number;
}

uint64_t sp_notify(struct sp_notifier *notifier, const struct sp_notice *notice)
{
	bool is_to_be_said[SP_NOTICE_WAYS] = { false };
	uint64_t number;

	if (notifier == NULL)
		return 0;
	pthread_mutex_lock(&notifier->lock);
	number = take_in(notifier, notice, is_to_be_said);
	pthread_mutex_unlock(&notifier->lock);
	if (number != 0)
		wake(notifier);
	for (unsigned way = 0; way < SP_NOTICE_WAYS; way++)
		if (is_to_be_said[way])
			say_full(way);
	return number;
}

/* --- the thread ------------------------------------------------------------ */

static void end_running(struct sp_notifier *notifier, enum sp_notice_way way,
			const struct sp_run_end *end)
{
	struct lane *lane = &notifier->lanes[way];
	struct sp_notice_result result;

	describe(end, &result);
	sp_dispatch_log(way, &lane->running->notice, &result);
	pthread_mutex_lock(&notifier->lock);
	note_end(notifier, lane->running->number, way, &result);
	notifier->health.running--;
	if (notifier->is_stopping && lane->run.is_stopped)
		notifier->left++;
	pthread_mutex_unlock(&notifier->lock);
	free(lane->running);
	lane->running = NULL;
}

static void note_own(struct sp_notifier *notifier, const char *message_id)
{
	pthread_mutex_lock(&notifier->lock);
	sp_message_id_hash(message_id, &notifier->own[notifier->own_next]);
	notifier->own_next = (notifier->own_next + 1) % OWN_MAILS;
	if (notifier->own_count < OWN_MAILS)
		notifier->own_count++;
	pthread_mutex_unlock(&notifier->lock);
}

static enum sp_err start_run(struct sp_notifier *notifier,
			     enum sp_notice_way way,
			     const struct sp_config *config,
			     struct sp_run_end *end_out)
{
	struct lane *lane = &notifier->lanes[way];
	struct sp_dispatch dispatch;

	sp_dispatch_init(&dispatch, way, &lane->running->notice, config);
	/* Before it can come to us as a mail. */
	if (way == SP_NOTICE_MAIL)
		note_own(notifier, dispatch.message_id);
	return sp_dispatch_start(&dispatch, &lane->run, end_out);
}

/* Begin the oldest that waits; false: there is none. It may be over at once. */
static bool begin_next(struct sp_notifier *notifier, enum sp_notice_way way)
{
	struct lane *lane = &notifier->lanes[way];
	const struct sp_config *config;
	struct sp_run_end end;

	pthread_mutex_lock(&notifier->lock);
	config = sp_config_ref(notifier->config);
	lane->running = dequeue(lane);
	if (lane->running != NULL) {
		note_stage(notifier, lane->running->number, way,
			   SP_NOTICE_RUNNING);
		notifier->health.running++;
	}
	pthread_mutex_unlock(&notifier->lock);
	if (lane->running == NULL) {
		sp_config_unref(&config);
		return false;
	}
	if (!is_on(&config->notify, way)) {
		/* A reload has turned it off while it waited. */
		end = (struct sp_run_end){ .how = "off since the reload" };
		end_running(notifier, way, &end);
	} else if (start_run(notifier, way, config, &end) != SP_OK) {
		end_running(notifier, way, &end);
	}
	sp_config_unref(&config);
	return true;
}

static bool is_idle(const struct lane *lane)
{
	return lane->running == NULL;
}

/* Until one of the runs goes on, its time is over, or somebody calls. */
static void wait_for_something(struct sp_notifier *notifier, int64_t until_ms)
{
	struct pollfd fds[1 + SP_NOTICE_WAYS * SP_RUN_FDS] = {
		{ .fd = notifier->wake, .events = POLLIN },
	};
	int64_t left_ms;
	uint64_t calls;

	for (unsigned way = 0; way < SP_NOTICE_WAYS; way++) {
		int64_t run_ms = sp_run_poll(&notifier->lanes[way].run,
					     &fds[1 + way * SP_RUN_FDS]);

		until_ms = run_ms < until_ms ? run_ms : until_ms;
	}
	left_ms = until_ms - sp_clock_mono_ms();
	if (left_ms < 0)
		left_ms = 0;
	(void)poll(fds, sizeof(fds) / sizeof(fds[0]),
		   until_ms == INT64_MAX ? -1 : (int)left_ms);
	if (fds[0].revents != 0)
		(void)!read(notifier->wake, &calls, sizeof(calls));
}

static void step_runs(struct sp_notifier *notifier)
{
	int64_t now_ms = sp_clock_mono_ms();

	for (unsigned way = 0; way < SP_NOTICE_WAYS; way++) {
		struct lane *lane = &notifier->lanes[way];
		struct sp_run_end end;

		if (!is_idle(lane) && sp_run_step(&lane->run, now_ms, &end))
			end_running(notifier, way, &end);
	}
}

/* What waits will not be told any more. */
static void leave_rest(struct sp_notifier *notifier)
{
	pthread_mutex_lock(&notifier->lock);
	for (unsigned way = 0; way < SP_NOTICE_WAYS; way++) {
		struct waiting *waiting;

		while ((waiting = dequeue(&notifier->lanes[way])) != NULL) {
			notifier->left++;
			free(waiting);
		}
	}
	pthread_mutex_unlock(&notifier->lock);
}

/* When to give up; INT64_MAX: not at all. *is_stopping_out: nothing new comes.
 */
static int64_t when_to_stop(struct sp_notifier *notifier, bool *is_stopping_out)
{
	int64_t stop_ms;

	pthread_mutex_lock(&notifier->lock);
	*is_stopping_out = notifier->is_stopping;
	stop_ms = notifier->is_stopping ? notifier->stop_ms : INT64_MAX;
	pthread_mutex_unlock(&notifier->lock);
	return stop_ms;
}

/* Whether there is something to go on for. */
static bool go_on(struct sp_notifier *notifier)
{
	bool is_stopping, is_busy = false;
	int64_t now_ms = sp_clock_mono_ms();
	int64_t stop_ms = when_to_stop(notifier, &is_stopping);

	if (now_ms >= stop_ms)
		leave_rest(notifier);
	for (unsigned way = 0; way < SP_NOTICE_WAYS; way++) {
		struct lane *lane = &notifier->lanes[way];

		while (is_idle(lane) && begin_next(notifier, way))
			;
		if (now_ms >= stop_ms && !is_idle(lane))
			sp_run_stop(&lane->run, now_ms);
		is_busy = is_busy || !is_idle(lane);
	}
	if (is_stopping && !is_busy)
		return false;
	wait_for_something(notifier, now_ms >= stop_ms ? INT64_MAX : stop_ms);
	return true;
}

static void *serve(void *argument)
{
	struct sp_notifier *notifier = argument;

	while (go_on(notifier))
		step_runs(notifier);
	return NULL;
}

/* --- begin and end --------------------------------------------------------- */

/* All signals stay with the main thread; SIGPIPE with nobody. */
static enum sp_err start_thread(struct sp_notifier *notifier)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int failure;

	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failure =
		pthread_create(&notifier->thread, &attributes, serve, notifier);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	notifier->is_started = failure == 0;
	return failure == 0 ? SP_OK : SP_ERR_SYSTEM;
}

enum sp_err sp_notifier_new(const struct sp_config *config,
			    struct sp_notifier **notifier_out)
{
	struct sp_notifier *notifier = calloc(1, sizeof(*notifier));
	enum sp_err err = SP_ERR_SYSTEM;

	*notifier_out = NULL;
	if (notifier == NULL)
		return SP_ERR_NO_MEMORY;
	pthread_mutex_init(&notifier->lock, NULL);
	notifier->config = sp_config_ref(config);
	notifier->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (notifier->wake >= 0)
		err = start_thread(notifier);
	if (err != SP_OK)
		sp_notifier_free(&notifier);
	*notifier_out = notifier;
	return err;
}

void sp_notifier_configure(struct sp_notifier *notifier,
			   const struct sp_config *config)
{
	const struct sp_config *old;

	pthread_mutex_lock(&notifier->lock);
	old = notifier->config;
	notifier->config = sp_config_ref(config);
	pthread_mutex_unlock(&notifier->lock);
	sp_config_unref(&old);
}

enum sp_err sp_notifier_result(
	struct sp_notifier *notifier, uint64_t number,
	struct sp_notice_result results_out[SP_NOTICE_WAYS])
{
	enum sp_err err = SP_ERR_NOT_FOUND;
	const struct result *result;

	pthread_mutex_lock(&notifier->lock);
	result = &notifier->results[number % SP_NOTICE_RESULTS];
	if (number != 0 && result->number == number) {
		memcpy(results_out, result->ways, sizeof(result->ways));
		err = SP_OK;
	}
	pthread_mutex_unlock(&notifier->lock);
	return err;
}

void sp_notifier_health(struct sp_notifier *notifier,
			struct sp_notifier_health *health_out)
{
	pthread_mutex_lock(&notifier->lock);
	*health_out = notifier->health;
	for (unsigned way = 0; way < SP_NOTICE_WAYS; way++)
		health_out->waiting += (uint32_t)notifier->lanes[way].count;
	pthread_mutex_unlock(&notifier->lock);
}

bool sp_notifier_has_sent(struct sp_notifier *notifier,
			  const struct sp_hash *message_id)
{
	bool is_found = false;

	if (notifier == NULL)
		return false;
	pthread_mutex_lock(&notifier->lock);
	for (size_t i = 0; i < notifier->own_count && !is_found; i++)
		is_found = memcmp(&notifier->own[i], message_id,
				  sizeof(*message_id)) == 0;
	pthread_mutex_unlock(&notifier->lock);
	return is_found;
}

unsigned sp_notifier_stop(struct sp_notifier *notifier, int64_t wait_ms)
{
	pthread_mutex_lock(&notifier->lock);
	notifier->is_stopping = true;
	notifier->stop_ms = sp_clock_mono_ms() + wait_ms;
	pthread_mutex_unlock(&notifier->lock);
	if (!notifier->is_started)
		return notifier->left;
	wake(notifier);
	(void)pthread_join(notifier->thread, NULL);
	notifier->is_started = false;
	return notifier->left;
}

void sp_notifier_free(struct sp_notifier **notifier_at)
{
	struct sp_notifier *notifier = *notifier_at;

	if (notifier == NULL)
		return;
	(void)sp_notifier_stop(notifier, 0);
	sp_config_unref(&notifier->config);
	if (notifier->wake >= 0)
		close(notifier->wake);
	pthread_mutex_destroy(&notifier->lock);
	free(notifier);
	*notifier_at = NULL;
}
