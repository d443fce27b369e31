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
	groups &= ~batch->released_groups;
	for (unsigned i = 0; i < batch->count; i++)
		if ((batch->pending[i]->groups & groups) != 0 &&
		    !batch->pending[i]->is_settled)
			return true;
	return false;
}

void sp_dns_held_unref(struct sp_dns_held *held)
{
	if (held == NULL || held->references == 0)
		return;
	if (--held->references == 0)
		free(held);
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

void sp_dns_resolve(struct sp_dns_pending *pending, struct sp_dns_held *held)
{
	struct sp_dns *dns = pending->batch->dns;

	count(&dns->health, held->answer.status);
	pending->held = held;
	pending->answered_us = sp_clock_mono_us();
	if (pending->follow == NULL) {
		sp_dns_settle(pending);
		return;
	}
	pending->follow_link = dns->follows_end;
	pending->next_follow = NULL;
	*dns->follows_end = pending;
	dns->follows_end = &pending->next_follow;
	sp_dns_wake(dns);
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

static void unlink_waiter(struct sp_dns_pending *pending)
{
	struct sp_dns *dns = pending->batch->dns;

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

static void unlink_follow(struct sp_dns_pending *pending)
{
	struct sp_dns *dns = pending->batch->dns;

	*pending->follow_link = pending->next_follow;
	if (pending->next_follow != NULL)
		pending->next_follow->follow_link = pending->follow_link;
	else
		dns->follows_end = pending->follow_link;
	pending->follow_link = NULL;
}

void sp_dns_unlink(struct sp_dns_pending *pending)
{
	if (pending->lookup != NULL)
		unlink_waiter(pending);
	if (pending->follow_link != NULL)
		unlink_follow(pending);
}

static struct sp_dns_pending *find_same(const struct sp_dns_batch *batch,
					const struct sp_dns_question *question,
					unsigned *number_out)
{
	for (unsigned i = 0; i < batch->count; i++) {
		struct sp_dns_pending *pending = batch->pending[i];

		*number_out = i;
		if (pending->type == question->type &&
		    strcmp(pending->name.text, question->name->text) == 0)
			return pending;
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

static struct sp_dns_pending *add(struct sp_dns_batch *batch,
				  const struct sp_dns_question *question)
{
	struct sp_dns_pending *pending = calloc(1, sizeof(*pending));

	if (pending == NULL)
		abort();
	pending->batch = batch;
	pending->groups = question->groups;
	pending->type = question->type;
	pending->follow = question->follow;
	pending->context = question->context;
	pending->name = *question->name;
	pending->asked_us = sp_clock_mono_us();
	make_room(batch);
	batch->pending[batch->count++] = pending;
	return pending;
}

/* The lookup to join or a new one; NULL when none may be begun. */
static struct sp_dns_lookup *lookup_for(struct sp_dns *dns,
					const struct sp_dns_pending *pending)
{
	struct sp_dns_lookup *lookup;

	if (pending->name.text[0] == '\0' || !dns->health.has_servers ||
	    !sp_pulse_lets_pass(&dns->pulse, pending->asked_us / 1000))
		return NULL;
	lookup = *sp_dns_find(dns, pending->name.text, pending->type);
	if (lookup != NULL) {
		dns->health.shared++;
		return lookup;
	}
	if (dns->in_flight >= dns->max_in_flight)
		return NULL;
	dns->health.sent++;
	return sp_dns_begin(dns, &pending->name, pending->type);
}

/* `same` was asked before in this batch, or is NULL. */
static void join_or_send(struct sp_dns_pending *pending,
			 const struct sp_dns_pending *same)
{
	struct sp_dns *dns = pending->batch->dns;
	struct sp_dns_lookup *lookup;

	if (same != NULL && same->held != NULL) {
		dns->health.shared++;
		if (same->held->references > 0)
			same->held->references++;
		sp_dns_resolve(pending, same->held);
		return;
	}
	lookup = lookup_for(dns, pending);
	if (lookup != NULL) {
		link_waiter(pending, lookup);
		return;
	}
	sp_dns_resolve(pending, sp_dns_held_constant(SP_DNS_NOT_ASKED));
}

/* What a follow-up asks belongs to the groups of the question before, unless it
 * names its own. */
static uint32_t groups_of(const struct sp_dns_batch *batch,
			  const struct sp_dns_question *question)
{
	const struct sp_dns *dns = batch->dns;

	if (question->groups != 0 || dns->running == NULL ||
	    dns->running->batch != batch ||
	    !pthread_equal(pthread_self(), dns->dispatcher))
		return question->groups;
	return dns->running->groups;
}

static unsigned ask(struct sp_dns_batch *batch,
		    const struct sp_dns_question *question)
{
	unsigned number;
	struct sp_dns_pending *same = find_same(batch, question, &number);

	batch->dns->health.asked++;
	if (same != NULL && question->follow == NULL) {
		batch->dns->health.shared++;
		same->groups |= question->groups;
		return number;
	}
	if (batch->count == SP_DNS_QUESTIONS_MAX || batch->is_clearing) {
		batch->dns->health.not_asked++;
		return SP_DNS_NO_QUESTION;
	}
	join_or_send(add(batch, question), same);
	return batch->count - 1;
}

unsigned sp_dns_ask(struct sp_dns_batch *batch,
		    const struct sp_dns_question *question)
{
	struct sp_dns_question own = *question;
	unsigned number;

	pthread_mutex_lock(&batch->dns->lock);
	own.groups = groups_of(batch, question);
	number = ask(batch, &own);
	pthread_mutex_unlock(&batch->dns->lock);
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

const struct sp_dns_answer *sp_dns_answer_get(struct sp_dns_batch *batch,
					      unsigned number)
{
	const struct sp_dns_held *held = sp_dns_held_constant(SP_DNS_NOT_ASKED);

	pthread_mutex_lock(&batch->dns->lock);
	if (number < batch->count)
		held = batch->pending[number]->held;
	pthread_mutex_unlock(&batch->dns->lock);
	if (held == NULL)
		held = sp_dns_held_constant(SP_DNS_PENDING);
	return &held->answer;
}

static void view(const struct sp_dns_pending *pending,
		 struct sp_dns_view *view_out)
{
	const struct sp_dns_held *held = pending->held;

	*view_out = (struct sp_dns_view){
		.name = pending->name.text,
		.type = pending->type,
		.groups = pending->groups,
		.asked_us = pending->asked_us,
		.took_us = -1,
	};
	if (held != NULL)
		view_out->took_us = pending->answered_us - pending->asked_us;
	else
		held = sp_dns_held_constant(SP_DNS_PENDING);
	view_out->answer = &held->answer;
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
	while (dns->running != NULL && dns->running->batch == batch)
		pthread_cond_wait(&batch->cond, &dns->lock);
	for (unsigned i = 0; i < batch->count; i++) {
		sp_dns_held_unref(batch->pending[i]->held);
		free(batch->pending[i]);
	}
	batch->count = 0;
	batch->released_groups = 0;
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
