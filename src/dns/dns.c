/* dns.c - the dispatcher: the one thread that speaks with libunbound. */
#include "sallyport/dns.h"

#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unbound.h>
#include <unistd.h>

#include "resolver.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/log.h"
#include "sallyport/timing.h"

enum {
	CLASS_INTERNET = 1,
	RCODE_NXDOMAIN = 3,
	TICK_MS = 50,	       /* while something is waited for */
	FIND_PAUSE_MS = 10000, /* until the system names a server */
	FOREVER_MS = -1
};

/* ------------------------------------------------------------------- table */

struct sp_dns_lookup **sp_dns_find(struct sp_dns *dns,
				   const struct sp_dns_key *key)
{
	struct sp_dns_lookup **place =
		&dns->table[key->hash % SP_DNS_TABLE_SLOTS];

	while (*place != NULL && !sp_dns_key_equals(&(*place)->key, key))
		place = &(*place)->next_in_slot;
	return place;
}

void sp_dns_wake(struct sp_dns *dns)
{
	uint64_t one = 1;

	if (dns->is_awake)
		return;
	dns->is_awake = true;
	/* It can only fail when it is signalled already. */
	if (write(dns->wake_fd, &one, sizeof(one)) < 0)
		return;
}

struct sp_dns_lookup *sp_dns_begin(struct sp_dns *dns,
				   const struct sp_dns_key *key)
{
	struct sp_dns_lookup *lookup = calloc(1, sizeof(*lookup));

	if (lookup == NULL)
		abort();
	lookup->dns = dns;
	memcpy(lookup->name.text, key->name, key->length);
	lookup->key = *key;
	lookup->key.name = lookup->name.text;
	lookup->asked_us = sp_clock_mono_us();
	*sp_dns_find(dns, key) = lookup;
	*dns->queue_end = lookup;
	dns->queue_end = &lookup->next_queued;
	dns->in_flight++;
	sp_dns_wake(dns);
	return lookup;
}

static void remove_from_table(struct sp_dns *dns, struct sp_dns_lookup *lookup)
{
	*sp_dns_find(dns, &lookup->key) = lookup->next_in_slot;
	if (!lookup->is_probe)
		dns->in_flight--;
}

/* The dispatcher's way to end a question: its follow-up is left for later. */
static void answer(struct sp_dns_pending *pending, struct sp_dns_held *held,
		   int64_t now_us)
{
	sp_dns_unlink(pending);
	sp_dns_resolve(pending, held, now_us);
	sp_dns_make_ready(pending->batch);
}

/* ------------------------------------------------------------------- pulse */

static int64_t asked_ms(const struct sp_dns_pending *pending)
{
	return pending->asked_us / 1000;
}

/* Nobody shall wait for a resolver that is known to be dead. */
static void release_all(struct sp_dns *dns)
{
	int64_t now_us = sp_clock_mono_us();

	while (dns->oldest != NULL)
		answer(dns->oldest, sp_dns_held_constant(SP_DNS_TIMEOUT),
		       now_us);
}

static void note(struct sp_dns *dns, enum sp_pulse_event event)
{
	if (event == SP_PULSE_DIED)
		release_all(dns);
}

static void note_outcome(struct sp_dns *dns, const struct sp_dns_lookup *lookup,
			 enum sp_dns_status status)
{
	int64_t now_ms = sp_clock_mono_ms();
	int64_t begun_ms = lookup->asked_us / 1000;
	bool is_good = !sp_dns_is_unknown(status);

	if (lookup->is_probe)
		note(dns,
		     sp_pulse_probed(&dns->pulse, begun_ms, is_good, now_ms));
	else if (is_good)
		note(dns, sp_pulse_good(&dns->pulse, now_ms));
	else
		note(dns, sp_pulse_bad(&dns->pulse, begun_ms, now_ms));
}

/* RFC 6761 wants resolvers to answer all of .invalid by themselves; the root
 * knows no such label either, and has to be asked for each. */
static void send_probe(struct sp_dns *dns)
{
	struct sp_dns_name name;
	struct sp_dns_lookup *lookup;
	struct sp_dns_key key;

	snprintf(name.text, sizeof(name.text), "sp-%016" PRIx64 "%s",
		 dns->probe_number++,
		 dns->upstream.is_recursive ? "" : ".invalid");
	sp_dns_key_init(&key, &dns->secret, name.text, SP_DNS_A);
	lookup = sp_dns_begin(dns, &key);
	lookup->is_probe = true;
	dns->in_flight--;
}

static void feel_pulse(struct sp_dns *dns, int64_t now_ms)
{
	int64_t oldest_ms = dns->oldest == NULL ? -1 : asked_ms(dns->oldest);

	note(dns, sp_pulse_tick(&dns->pulse, now_ms));
	if (sp_pulse_wants_probe(&dns->pulse, oldest_ms, now_ms))
		send_probe(dns);
}

static void expire(struct sp_dns *dns, int64_t now_ms)
{
	while (dns->oldest != NULL &&
	       now_ms - asked_ms(dns->oldest) >= dns->timeout_ms) {
		struct sp_dns_pending *pending = dns->oldest;

		answer(pending, sp_dns_held_constant(SP_DNS_TIMEOUT),
		       now_ms * 1000);
		if (!pending->is_overdue)
			note(dns, sp_pulse_bad(&dns->pulse, asked_ms(pending),
					       now_ms));
	}
}

/* Mails give up sooner than questions expire, and take theirs along: by then
 * it must have been counted that there was no answer. No more than matter are
 * looked at. */
static void count_overdue(struct sp_dns *dns, int64_t now_ms)
{
	struct sp_dns_pending *pending = dns->oldest, *newer;

	for (; pending != NULL && dns->pulse.failures < SP_DNS_DEAD_AFTER &&
	       now_ms - asked_ms(pending) >= SP_PULSE_OVERDUE_MS;
	     pending = newer) {
		newer = pending->newer;
		if (pending->is_overdue)
			continue;
		pending->is_overdue = true;
		note(dns, sp_pulse_bad(&dns->pulse, asked_ms(pending), now_ms));
	}
}

/* Once each way, and without the lock. */
static void say(struct sp_dns *dns, bool *is_said_dead)
{
	struct sp_dns_health health;
	int64_t was_ms = dns->health.since_ms;

	pthread_mutex_lock(&dns->lock);
	dns->health.is_dead = dns->pulse.is_dead;
	dns->health.since_ms = dns->pulse.changed_ms;
	health = dns->health;
	pthread_mutex_unlock(&dns->lock);
	if (health.is_dead == *is_said_dead)
		return;
	*is_said_dead = health.is_dead;
	if (health.is_dead)
		sp_log(SP_LOG_ERROR,
		       "dns: the resolver (%s) does not answer, or with errors "
		       "only: mail goes on without DNS until it does (is it up, "
		       "and may this host ask it? see dns.server)",
		       health.servers);
	else
		sp_log(SP_LOG_WARNING,
		       "dns: the resolver (%s) answers again after %" PRId64
		       "s",
		       health.servers, (health.since_ms - was_ms) / 1000);
}

/* ----------------------------------------------------------------- answers */

static enum sp_dns_status status_of(const struct ub_result *result)
{
	if (result->bogus)
		return SP_DNS_FAILED;
	if (result->nxdomain || result->rcode == RCODE_NXDOMAIN)
		return SP_DNS_NXDOMAIN;
	if (result->rcode != 0)
		return SP_DNS_FAILED;
	return result->havedata ? SP_DNS_FOUND : SP_DNS_NODATA;
}

static struct sp_dns_held *read_answer(struct sp_dns *dns,
				       const struct sp_dns_lookup *lookup,
				       const struct ub_result *result)
{
	struct sp_dns_name alias = { "" };
	struct sp_dns_answer like = { .status = status_of(result) };

	if (like.status == SP_DNS_FAILED)
		return sp_dns_held_constant(SP_DNS_FAILED);
	like.is_secure = result->secure;
	like.ttl_sec = result->ttl > 0 ? (uint32_t)result->ttl : 0;
	/* One with odd bytes stays "". */
	if (result->canonname != NULL)
		sp_dns_name_domain(result->canonname, strlen(result->canonname),
				   &alias);
	like.alias = alias.text;
	sp_dns_reader_init(&dns->reader);
	for (size_t i = 0; like.status == SP_DNS_FOUND &&
			   result->data[i] != NULL && result->len[i] >= 0;
	     i++) {
		struct sp_dns_data data = {
			.bytes = (const uint8_t *)result->data[i],
			.length = (size_t)result->len[i],
		};

		sp_dns_reader_take(&dns->reader, lookup->key.type, &data);
	}
	return sp_dns_held_new(&dns->reader, &like);
}

static void note_lookup(struct sp_dns *dns, const struct sp_dns_lookup *lookup,
			struct sp_dns_held *held, int64_t now_us)
{
	if (lookup->is_probe)
		return;
	dns->health.lookups++;
	dns->health.latency_us += (uint64_t)(now_us - lookup->asked_us);
	sp_timing_add(SP_TIMING_DNS, now_us - lookup->asked_us);
	dns->health.dropped += held->answer.dropped;
	sp_dns_cache_put(dns->cache, &lookup->key, held, now_us);
}

/* Whoever still waits for it gets it. The lookup is gone then. */
static void deliver(struct sp_dns *dns, struct sp_dns_lookup *lookup,
		    struct sp_dns_held *held)
{
	int64_t now_us = sp_clock_mono_us();

	pthread_mutex_lock(&dns->lock);
	remove_from_table(dns, lookup);
	note_lookup(dns, lookup, held, now_us);
	while (lookup->waiters != NULL)
		answer(lookup->waiters, held, now_us);
	note_outcome(dns, lookup, held->answer.status);
	sp_dns_held_unref(held);
	pthread_mutex_unlock(&dns->lock);
	free(lookup);
}

static void on_answer(void *argument, int err, struct ub_result *result)
{
	struct sp_dns_lookup *lookup = argument;
	struct sp_dns *dns = lookup->dns;

	if (err != 0 || result == NULL)
		deliver(dns, lookup, sp_dns_held_constant(SP_DNS_FAILED));
	else
		deliver(dns, lookup, read_answer(dns, lookup, result));
	ub_resolve_free(result);
}

/* -------------------------------------------------------------- dispatcher */

static void submit(struct sp_dns *dns)
{
	struct sp_dns_lookup *lookup, *next;

	pthread_mutex_lock(&dns->lock);
	lookup = dns->queue;
	dns->queue = NULL;
	dns->queue_end = &dns->queue;
	pthread_mutex_unlock(&dns->lock);
	for (; lookup != NULL; lookup = next) {
		next = lookup->next_queued;
		if (ub_resolve_async(dns->context, lookup->name.text,
				     (int)lookup->key.type, CLASS_INTERNET,
				     lookup, on_answer, NULL) != 0)
			deliver(dns, lookup,
				sp_dns_held_constant(SP_DNS_FAILED));
	}
}

static void look_around(struct sp_dns *dns)
{
	int64_t now_ms = sp_clock_mono_ms();

	pthread_mutex_lock(&dns->lock);
	expire(dns, now_ms);
	count_overdue(dns, now_ms);
	if (dns->context != NULL)
		feel_pulse(dns, now_ms);
	sp_dns_run_ready(dns);
	pthread_mutex_unlock(&dns->lock);
}

/* From here on the dispatcher must be woken; 0 when there is work already. */
static int fall_asleep(struct sp_dns *dns)
{
	int pause_ms = FOREVER_MS;

	pthread_mutex_lock(&dns->lock);
	if (dns->is_stopping || dns->queue != NULL || dns->ready != NULL) {
		pause_ms = 0;
	} else {
		dns->is_awake = false;
		if (dns->oldest != NULL || dns->pulse.is_dead ||
		    dns->pulse.probes > 0)
			pause_ms = TICK_MS;
		else if (dns->context == NULL)
			pause_ms = FIND_PAUSE_MS;
	}
	pthread_mutex_unlock(&dns->lock);
	return pause_ms;
}

static bool wake_up(struct sp_dns *dns)
{
	uint64_t times;
	bool is_stopping;

	if (read(dns->wake_fd, &times, sizeof(times)) < 0)
		times = 0; /* it was libunbound, or the time */
	pthread_mutex_lock(&dns->lock);
	dns->is_awake = true;
	is_stopping = dns->is_stopping;
	pthread_mutex_unlock(&dns->lock);
	return !is_stopping;
}

static void nap(struct sp_dns *dns)
{
	struct pollfd fds[2] = {
		{ .fd = dns->wake_fd, .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
	};

	if (dns->context != NULL)
		fds[1].fd = ub_fd(dns->context);
	poll(fds, 2, fall_asleep(dns));
}

/* Whom the system names may be known later than we start. */
static void find_servers(struct sp_dns *dns)
{
	int64_t now_ms = sp_clock_mono_ms();
	bool is_first = dns->next_open_ms == 0;

	if (dns->context != NULL || now_ms < dns->next_open_ms)
		return;
	dns->next_open_ms = now_ms + FIND_PAUSE_MS;
	if (!sp_upstream_find(&dns->upstream)) {
		if (is_first)
			sp_log(SP_LOG_WARNING,
			       "dns: %s names no server: mail goes on without "
			       "DNS (dns.server: ADDRESS)",
			       dns->upstream.system_file);
		return;
	}
	dns->context = sp_upstream_open(&dns->upstream);
	if (dns->context == NULL) {
		/* It has said why, and would say it again. */
		dns->next_open_ms = INT64_MAX;
		return;
	}
	pthread_mutex_lock(&dns->lock);
	dns->health.has_servers = true;
	sp_upstream_write(&dns->upstream, dns->health.servers,
			  sizeof(dns->health.servers));
	pthread_mutex_unlock(&dns->lock);
	if (!is_first)
		sp_log(SP_LOG_WARNING, "dns: %s names a server now",
		       dns->upstream.system_file);
}

static void *dispatch(void *argument)
{
	struct sp_dns *dns = argument;
	bool is_said_dead = false;

	do {
		find_servers(dns);
		if (dns->context != NULL) {
			ub_process(dns->context);
			look_around(dns);
			submit(dns);
		} else {
			look_around(dns);
		}
		say(dns, &is_said_dead);
		nap(dns);
	} while (wake_up(dns));
	return NULL;
}

/* ---------------------------------------------------------------- lifetime */

/* Signals are for the threads that wait for them; libunbound's thread is made
 * by ours and inherits what we block. */
static enum sp_err start_dispatcher(struct sp_dns *dns)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&dns->dispatcher, NULL, dispatch, dns);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err == 0 ? SP_OK : SP_ERR_SYSTEM;
}

static void free_half(struct sp_dns *dns)
{
	if (dns->context != NULL)
		sp_upstream_close(dns->context);
	for (size_t i = 0; i < SP_DNS_TABLE_SLOTS; i++)
		while (dns->table[i] != NULL) {
			struct sp_dns_lookup *lookup = dns->table[i];

			dns->table[i] = lookup->next_in_slot;
			free(lookup);
		}
	if (dns->wake_fd >= 0)
		close(dns->wake_fd);
	sp_dns_cache_free(&dns->cache);
	sp_dns_free_spare(dns);
	pthread_mutex_destroy(&dns->lock);
	free(dns);
}

enum sp_err sp_dns_new(const struct sp_dns_config *config,
		       struct sp_dns **dns_out)
{
	struct sp_dns *dns = calloc(1, sizeof(*dns));

	*dns_out = NULL;
	if (dns == NULL)
		return SP_ERR_NO_MEMORY;
	pthread_mutex_init(&dns->lock, NULL);
	dns->queue_end = &dns->queue;
	dns->ready_end = &dns->ready;
	sp_dns_secret_init(&dns->secret);
	dns->cache = sp_dns_cache_new(config->cache_size_bytes / 2);
	dns->timeout_ms = config->timeout_ms;
	dns->max_in_flight = config->max_in_flight;
	dns->is_awake = true;
	sp_pulse_init(&dns->pulse, SP_DNS_DEAD_AFTER, sp_clock_mono_ms());
	sp_upstream_init(&dns->upstream, config);
	dns->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* Nobody shall have the answer to a probe in a cache: also not of the
	 * process before this one. */
	if (getrandom(&dns->probe_number, sizeof(dns->probe_number), 0) < 0)
		dns->probe_number = (uint64_t)sp_clock_mono_us();
	find_servers(dns);
	if (dns->wake_fd < 0 || start_dispatcher(dns) != SP_OK) {
		free_half(dns);
		return SP_ERR_SYSTEM;
	}
	*dns_out = dns;
	return SP_OK;
}

void sp_dns_free(struct sp_dns **dns)
{
	if (*dns == NULL)
		return;
	pthread_mutex_lock(&(*dns)->lock);
	assert((*dns)->batches == 0);
	(*dns)->is_stopping = true;
	sp_dns_wake(*dns);
	pthread_mutex_unlock(&(*dns)->lock);
	pthread_join((*dns)->dispatcher, NULL);
	free_half(*dns);
	*dns = NULL;
}

void sp_dns_health(struct sp_dns *dns, struct sp_dns_health *health_out)
{
	pthread_mutex_lock(&dns->lock);
	*health_out = dns->health;
	health_out->is_dead = dns->pulse.is_dead;
	health_out->since_ms = dns->pulse.changed_ms;
	health_out->in_flight = dns->in_flight;
	pthread_mutex_unlock(&dns->lock);
}
