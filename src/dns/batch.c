/* batch.c - the session's side: asking, waiting, reading, forgetting. */
#include "resolver.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sallyport/clock.h"

struct sp_dns_batch *sp_dns_batch_new(struct sp_dns *dns)
{
	struct sp_dns_batch *batch = calloc(1, sizeof(*batch));
	pthread_condattr_t attributes;

	if (batch == NULL)
		abort();
	batch->dns = dns;
	batch->follows_end = &batch->follows;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&batch->cond, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_lock(&dns->lock);
	dns->batches++;
	pthread_mutex_unlock(&dns->lock);
	return batch;
}

static bool has_open_question(const struct sp_dns_batch *batch, uint32_t groups)
{
	if (batch->open_count == 0)
		return false;
	groups &= ~batch->released_groups;
	for (unsigned i = 0; i < batch->count; i++)
		if ((batch->pending[i]->groups & groups) != 0 &&
		    !batch->pending[i]->is_settled)
			return true;
	return false;
}

/* Waking a thread costs more than the look around. */
static void wake_waiter(struct sp_dns_batch *batch)
{
	if (batch->is_waiting &&
	    !has_open_question(batch, batch->waited_groups))
		pthread_cond_broadcast(&batch->cond);
}

void sp_dns_settle(struct sp_dns_pending *pending)
{
	pending->is_settled = true;
	pending->batch->open_count--;
	wake_waiter(pending->batch);
}

void sp_dns_release(struct sp_dns_batch *batch, uint32_t groups)
{
	pthread_mutex_lock(&batch->dns->lock);
	batch->released_groups |= groups;
	wake_waiter(batch);
	pthread_mutex_unlock(&batch->dns->lock);
}

static void count(struct sp_dns_health *health, enum sp_dns_status status)
{
	if (status == SP_DNS_FAILED)
		health->failed++;
	else if (status == SP_DNS_TIMEOUT)
		health->timeouts++;
	else if (status == SP_DNS_NOT_ASKED)
		health->not_asked++;
	else
		health->answered++;
}

void sp_dns_resolve(struct sp_dns_pending *pending, struct sp_dns_held *held,
		    int64_t now_us)
{
	count(&pending->batch->dns->health, held->answer.status);
	pending->held = sp_dns_held_ref(held);
	pending->answer = held->answer;
	pending->answered_us = now_us;
	if (pending->follow == NULL)
		sp_dns_settle(pending);
	else
		sp_dns_queue_follow(pending);
}

static void link_waiter(struct sp_dns_pending *pending,
			struct sp_dns_lookup *lookup)
{
	struct sp_dns *dns = lookup->dns;

	pending->lookup = lookup;
	pending->next_waiter = lookup->waiters;
	pending->waiter_link = &lookup->waiters;
	if (lookup->waiters != NULL)
		lookup->waiters->waiter_link = &pending->next_waiter;
	lookup->waiters = pending;
	pending->older = dns->newest;
	pending->newer = NULL;
	if (dns->newest != NULL) {
		dns->newest->newer = pending;
	} else {
		dns->oldest = pending;
		/* It may sleep without an end: what is joined was perhaps
		 * begun for one who has gone. */
		sp_dns_wake(dns);
	}
	dns->newest = pending;
}

void sp_dns_unlink(struct sp_dns_pending *pending)
{
	struct sp_dns *dns = pending->batch->dns;

	if (pending->lookup == NULL)
		return;
	*pending->waiter_link = pending->next_waiter;
	if (pending->next_waiter != NULL)
		pending->next_waiter->waiter_link = pending->waiter_link;
	if (pending->older != NULL)
		pending->older->newer = pending->newer;
	else
		dns->oldest = pending->newer;
	if (pending->newer != NULL)
		pending->newer->older = pending->older;
	else
		dns->newest = pending->older;
	pending->lookup = NULL;
}

static struct sp_dns_pending *find_same(const struct sp_dns_batch *batch,
					const struct sp_dns_key *key,
					unsigned *number_out)
{
	for (unsigned i = 0; i < batch->count; i++) {
		*number_out = i;
		if (sp_dns_key_equals(&batch->pending[i]->key, key))
			return batch->pending[i];
	}
	return NULL;
}

/* Most batches ask a dozen, and many connections lie idle. */
static void make_room(struct sp_dns_batch *batch)
{
	unsigned capacity = batch->capacity == 0 ? 16 : 2 * batch->capacity;
	struct sp_dns_pending **pending;

	if (batch->count < batch->capacity)
		return;
	pending = realloc(batch->pending, capacity * sizeof(*pending));
	if (pending == NULL)
		abort();
	batch->pending = pending;
	batch->capacity = capacity;
}

/* One call of sp_dns_ask. */
struct asking {
	const struct sp_dns_question *question;
	struct sp_dns_key key;
	uint32_t groups;
	int64_t now_us;
};

static struct sp_dns_pending *add(struct sp_dns_batch *batch,
				  const struct asking *asking)
{
	const struct sp_dns_key *key = &asking->key;
	struct sp_dns_pending *pending =
		sp_dns_take_room(batch, sizeof(*pending) + key->length + 1);

	*pending = (struct sp_dns_pending){
		.batch = batch,
		.key = *key,
		.groups = asking->groups,
		.follow = asking->question->follow,
		.context = asking->question->context,
		.asked_us = asking->now_us,
	};
	memcpy(pending->name, key->name, key->length + 1);
	pending->key.name = pending->name;
	make_room(batch);
	batch->pending[batch->count++] = pending;
	batch->open_count++;
	return pending;
}

/* The lookup to join or a new one; NULL when none may be begun. */
static struct sp_dns_lookup *lookup_for(struct sp_dns *dns,
					const struct sp_dns_pending *pending)
{
	struct sp_dns_lookup *lookup;

	if (!dns->health.has_servers ||
	    !sp_pulse_lets_pass(&dns->pulse, pending->asked_us / 1000))
		return NULL;
	lookup = *sp_dns_find(dns, &pending->key);
	if (lookup != NULL) {
		dns->health.shared++;
		return lookup;
	}
	if (dns->in_flight >= dns->max_in_flight)
		return NULL;
	dns->health.sent++;
	return sp_dns_begin(dns, &pending->key);
}

static void join_or_send(struct sp_dns_pending *pending)
{
	struct sp_dns_lookup *lookup = NULL;

	if (pending->key.length > 0)
		lookup = lookup_for(pending->batch->dns, pending);
	if (lookup != NULL)
		link_waiter(pending, lookup);
	else
		sp_dns_resolve(pending, sp_dns_held_constant(SP_DNS_NOT_ASKED),
			       pending->asked_us);
}

/* From memory: of this batch (`same` was asked before in it, or is NULL), or
 * the cache's. False when it is not there. */
static bool remember(struct sp_dns_pending *pending,
		     const struct sp_dns_pending *same)
{
	struct sp_dns *dns = pending->batch->dns;
	struct sp_dns_held *held;
	uint32_t ttl_sec;

	if (same != NULL && same->held != NULL) {
		dns->health.shared++;
		held = same->held;
		ttl_sec = same->answer.ttl_sec;
	} else {
		held = sp_dns_cache_get(dns->cache, &pending->key,
					pending->asked_us, &ttl_sec);
		if (held == NULL)
			return false;
		dns->health.cached++;
	}
	pending->is_cached = true;
	sp_dns_resolve(pending, held, pending->asked_us);
	pending->answer.ttl_sec = ttl_sec;
	return true;
}

static unsigned ask(struct sp_dns_batch *batch, const struct asking *asking)
{
	struct sp_dns_health *health = &batch->dns->health;
	struct sp_dns_pending *same, *pending;
	unsigned number;

	health->asked++;
	same = find_same(batch, &asking->key, &number);
	if (same != NULL && asking->question->follow == NULL) {
		health->shared++;
		same->groups |= asking->groups;
		return number;
	}
	if (batch->count == SP_DNS_QUESTIONS_MAX || batch->is_clearing) {
		health->not_asked++;
		return SP_DNS_NO_QUESTION;
	}
	pending = add(batch, asking);
	number = batch->count - 1;
	if (!remember(pending, same))
		join_or_send(pending);
	return number;
}

/* What a follow-up asks belongs to the groups of the question before, unless it
 * names its own. */
static uint32_t groups_of(const struct sp_dns_batch *batch,
			  const struct sp_dns_question *question)
{
	if (question->groups == 0 && sp_dns_is_following(batch))
		return batch->running->groups;
	return question->groups;
}

unsigned sp_dns_ask(struct sp_dns_batch *batch,
		    const struct sp_dns_question *question)
{
	struct sp_dns *dns = batch->dns;
	struct asking asking = {
		.question = question,
		.now_us = sp_clock_mono_us(),
	};
	unsigned number;

	sp_dns_key_init(&asking.key, &dns->secret, question->name->text,
			question->type);
	pthread_mutex_lock(&dns->lock);
	asking.groups = groups_of(batch, question);
	number = ask(batch, &asking);
	sp_dns_run_follows(batch);
	pthread_mutex_unlock(&dns->lock);
	return number;
}

bool sp_dns_wait(struct sp_dns_batch *batch, uint32_t groups,
		 int64_t deadline_ms)
{
	struct timespec until = {
		.tv_sec = deadline_ms / 1000,
		.tv_nsec = deadline_ms % 1000 * 1000000,
	};
	bool is_open;

	pthread_mutex_lock(&batch->dns->lock);
	batch->is_waiting = true;
	batch->waited_groups = groups;
	while ((is_open = has_open_question(batch, groups)) &&
	       pthread_cond_timedwait(&batch->cond, &batch->dns->lock,
				      &until) == 0)
		;
	/* The last answer may have come with the last moment. */
	is_open = is_open && has_open_question(batch, groups);
	batch->is_waiting = false;
	pthread_mutex_unlock(&batch->dns->lock);
	return !is_open;
}

/* A pending one is written once, before anybody sees it. */
static const struct sp_dns_answer *answer_of(
	const struct sp_dns_pending *pending)
{
	if (pending->held == NULL)
		return &sp_dns_held_constant(SP_DNS_PENDING)->answer;
	return &pending->answer;
}

const struct sp_dns_answer *sp_dns_answer_get(struct sp_dns_batch *batch,
					      unsigned number)
{
	const struct sp_dns_answer *answer =
		&sp_dns_held_constant(SP_DNS_NOT_ASKED)->answer;

	pthread_mutex_lock(&batch->dns->lock);
	if (number < batch->count)
		answer = answer_of(batch->pending[number]);
	pthread_mutex_unlock(&batch->dns->lock);
	return answer;
}

static void view(const struct sp_dns_pending *pending,
		 struct sp_dns_view *view_out)
{
	*view_out = (struct sp_dns_view){
		.name = pending->key.name,
		.type = pending->key.type,
		.groups = pending->groups,
		.answer = answer_of(pending),
		.asked_us = pending->asked_us,
		.took_us = -1,
		.is_cached = pending->is_cached,
	};
	if (pending->held != NULL)
		view_out->took_us = pending->answered_us - pending->asked_us;
}

bool sp_dns_question_get(struct sp_dns_batch *batch, unsigned number,
			 struct sp_dns_view *view_out)
{
	bool is_there;

	*view_out = (struct sp_dns_view){
		.name = "",
		.answer = &sp_dns_held_constant(SP_DNS_NOT_ASKED)->answer,
		.took_us = -1,
	};
	pthread_mutex_lock(&batch->dns->lock);
	is_there = number < batch->count;
	if (is_there)
		view(batch->pending[number], view_out);
	pthread_mutex_unlock(&batch->dns->lock);
	return is_there;
}

void sp_dns_batch_clear(struct sp_dns_batch *batch)
{
	struct sp_dns *dns = batch->dns;

	pthread_mutex_lock(&dns->lock);
	batch->is_clearing = true;
	for (unsigned i = 0; i < batch->count; i++)
		sp_dns_unlink(batch->pending[i]);
	sp_dns_stop_follows(batch);
	for (unsigned i = 0; i < batch->count; i++)
		sp_dns_held_unref(batch->pending[i]->held);
	sp_dns_give_back(batch);
	batch->count = 0;
	batch->released_groups = 0;
	batch->open_count = 0;
	batch->is_clearing = false;
	pthread_mutex_unlock(&dns->lock);
}

void sp_dns_batch_free(struct sp_dns_batch **batch)
{
	struct sp_dns *dns;

	if (*batch == NULL)
		return;
	dns = (*batch)->dns;
	sp_dns_batch_clear(*batch);
	pthread_mutex_lock(&dns->lock);
	assert(dns->batches > 0);
	dns->batches--;
	pthread_mutex_unlock(&dns->lock);
	pthread_cond_destroy(&(*batch)->cond);
	free((*batch)->pending);
	free(*batch);
	*batch = NULL;
}
