/*
 * follow.c - follow-ups: on whose thread, and one after the other.
 *
 * Each batch has a queue of them, and at most one thread that runs it: the one
 * that asked, when the answer was there at once, or the dispatcher. Whoever
 * finds it running leaves what it has queued to that thread. So a chain whose
 * answers are all known is over before sp_dns_ask returns, and is no recursion:
 * what a follow-up asks is followed up after it has returned.
 */
#include "resolver.h"

void sp_dns_queue_follow(struct sp_dns_pending *pending)
{
	struct sp_dns_batch *batch = pending->batch;

	pending->next_follow = NULL;
	*batch->follows_end = pending;
	batch->follows_end = &pending->next_follow;
}

static struct sp_dns_pending *take_first(struct sp_dns_batch *batch)
{
	struct sp_dns_pending *pending = batch->follows;

	batch->follows = pending->next_follow;
	if (batch->follows == NULL)
		batch->follows_end = &batch->follows;
	return pending;
}

static void run(struct sp_dns_pending *pending)
{
	struct sp_dns_batch *batch = pending->batch;

	batch->running = pending;
	pthread_mutex_unlock(&batch->dns->lock);
	pending->follow(batch, &pending->answer, pending->context);
	pthread_mutex_lock(&batch->dns->lock);
	/* Whose batch is cleared has nobody who waits for it. */
	if (!batch->is_clearing)
		sp_dns_settle(pending);
}

void sp_dns_run_follows(struct sp_dns_batch *batch)
{
	if (batch->running != NULL)
		return;
	if (batch->follows != NULL)
		batch->runner = pthread_self();
	while (batch->follows != NULL)
		run(take_first(batch));
	batch->running = NULL;
	if (batch->is_clearing)
		pthread_cond_broadcast(&batch->cond);
}

static void leave_ready(struct sp_dns_batch *batch)
{
	struct sp_dns *dns = batch->dns;

	if (batch->ready_link == NULL)
		return;
	*batch->ready_link = batch->next_ready;
	if (batch->next_ready != NULL)
		batch->next_ready->ready_link = batch->ready_link;
	else
		dns->ready_end = batch->ready_link;
	batch->ready_link = NULL;
}

void sp_dns_stop_follows(struct sp_dns_batch *batch)
{
	batch->follows = NULL;
	batch->follows_end = &batch->follows;
	leave_ready(batch);
	while (batch->running != NULL)
		pthread_cond_wait(&batch->cond, &batch->dns->lock);
}

void sp_dns_make_ready(struct sp_dns_batch *batch)
{
	struct sp_dns *dns = batch->dns;

	if (batch->ready_link != NULL || batch->follows == NULL)
		return;
	batch->next_ready = NULL;
	batch->ready_link = dns->ready_end;
	*dns->ready_end = batch;
	dns->ready_end = &batch->next_ready;
	sp_dns_wake(dns);
}

void sp_dns_run_ready(struct sp_dns *dns)
{
	while (dns->ready != NULL) {
		struct sp_dns_batch *batch = dns->ready;

		leave_ready(batch);
		sp_dns_run_follows(batch);
	}
}

bool sp_dns_is_following(const struct sp_dns_batch *batch)
{
	return batch->running != NULL &&
	       pthread_equal(pthread_self(), batch->runner);
}
