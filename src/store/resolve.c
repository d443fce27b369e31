/* resolve.c - see resolve.h. */
#include "resolve.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sp_resolver {
	pthread_mutex_t lock;
	pthread_cond_t done; /* CLOCK_MONOTONIC */
	char *host;
	char port[8];
	/* guarded by lock */
	unsigned references; /* the owner's, and the thread's while it runs */
	bool is_running;
	uint64_t finished; /* look-ups so far */
	enum sp_err last_err;
	struct sp_resolved last; /* good ones only */
};

static void release(struct sp_resolver *resolver)
{
	bool is_last;

	pthread_mutex_lock(&resolver->lock);
	is_last = --resolver->references == 0;
	pthread_mutex_unlock(&resolver->lock);
	if (!is_last)
		return;
	pthread_cond_destroy(&resolver->done);
	pthread_mutex_destroy(&resolver->lock);
	free(resolver->host);
	free(resolver);
}

enum sp_err sp_resolver_new(const char *host, unsigned port,
			    struct sp_resolver **resolver_out)
{
	struct sp_resolver *resolver = calloc(1, sizeof(*resolver));
	pthread_condattr_t attributes;

	*resolver_out = NULL;
	if (resolver == NULL)
		return SP_ERR_NO_MEMORY;
	resolver->host = strdup(host);
	if (resolver->host == NULL) {
		free(resolver);
		return SP_ERR_NO_MEMORY;
	}
	snprintf(resolver->port, sizeof(resolver->port), "%u", port % 65536);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&resolver->done, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&resolver->lock, NULL);
	resolver->references = 1;
	*resolver_out = resolver;
	return SP_OK;
}

void sp_resolver_free(struct sp_resolver **resolver)
{
	if (*resolver != NULL)
		release(*resolver);
	*resolver = NULL;
}

/* `flags`: AI_NUMERICHOST asks nobody. */
static enum sp_err look_up(const struct sp_resolver *resolver, int flags,
			   struct sp_resolved *resolved_out)
{
	struct addrinfo hints = {
		.ai_flags = flags | AI_NUMERICSERV,
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found = NULL;
	struct sp_resolved resolved = { .count = 0 };

	if (getaddrinfo(resolver->host, resolver->port, &hints, &found) != 0)
		return SP_ERR_NOT_FOUND;
	for (struct addrinfo *one = found; one != NULL; one = one->ai_next) {
		if (resolved.count == SP_RESOLVE_MAX)
			break;
		memcpy(&resolved.addresses[resolved.count], one->ai_addr,
		       one->ai_addrlen);
		resolved.lengths[resolved.count++] = one->ai_addrlen;
	}
	freeaddrinfo(found);
	*resolved_out = resolved;
	return resolved.count > 0 ? SP_OK : SP_ERR_NOT_FOUND;
}

static void *look_up_thread(void *argument)
{
	struct sp_resolver *resolver = argument;
	struct sp_resolved resolved;
	enum sp_err err = look_up(resolver, 0, &resolved);

	pthread_mutex_lock(&resolver->lock);
	if (err == SP_OK)
		resolver->last = resolved;
	resolver->last_err = err;
	resolver->is_running = false;
	resolver->finished++;
	pthread_cond_broadcast(&resolver->done);
	pthread_mutex_unlock(&resolver->lock);
	release(resolver);
	return NULL;
}

/* With the lock held. */
static void start(struct sp_resolver *resolver)
{
	pthread_t thread;
	pthread_attr_t attributes;
	sigset_t all, before;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	/* The daemon's signals are for its own signal thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, &attributes, look_up_thread, resolver) ==
	    0) {
		resolver->is_running = true;
		resolver->references++;
	} else {
		resolver->last_err = SP_ERR_SYSTEM;
		resolver->finished++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
}

enum sp_err sp_resolver_ask(struct sp_resolver *resolver, int64_t deadline_ms,
			    struct sp_resolved *resolved_out)
{
	struct timespec until = {
		.tv_sec = deadline_ms / 1000,
		.tv_nsec = deadline_ms % 1000 * 1000000,
	};
	enum sp_err err = SP_ERR_TIMEOUT;
	uint64_t before;

	if (look_up(resolver, AI_NUMERICHOST, resolved_out) == SP_OK)
		return SP_OK;
	pthread_mutex_lock(&resolver->lock);
	before = resolver->finished;
	if (!resolver->is_running)
		start(resolver);
	while (resolver->finished == before &&
	       pthread_cond_timedwait(&resolver->done, &resolver->lock,
				      &until) == 0)
		;
	if (resolver->finished != before)
		err = resolver->last_err;
	if (err != SP_OK && resolver->last.count > 0)
		err = SP_OK;
	if (err == SP_OK)
		*resolved_out = resolver->last;
	pthread_mutex_unlock(&resolver->lock);
	return err;
}
