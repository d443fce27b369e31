/*
 * greylist-store.c - what greylisting costs Redis: time and memory.
 *
 * Usage: greylist-store [TRIPLETS [THREADS]]
 *
 * Starts a redis-server of its own (Unix socket, append-only file), asks about
 * so many triplets of as many senders, 50 to an identity (a domain, by SPF), as
 * mail does: with what its network tried in vain, and, of what has to wait, with
 * what waits under its address. Prints
 *   - the memory that they take, per triplet;
 *   - Redis's own time per script (INFO commandstats), for mail that is noted,
 *     first sights, early tries and passes;
 *   - questions per second, and the time of one, as the asker sees it.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/redis_server.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/greylist_store.h"
#include "sallyport/store.h"

static const struct sp_greylist_config unknown = {
	.delay_ms = 90000,
	.retry_window_ms = INT64_C(172800000),
	.remember_ms = INT64_C(3110400000),
	.known_after = 1000000, /* never, but for the last round */
};

static const struct sp_greylist_config known = {
	.delay_ms = 90000,
	.retry_window_ms = INT64_C(172800000),
	.remember_ms = INT64_C(3110400000),
	.known_after = 5,
};

enum {
	START_SEC = 1763760000
};

struct worker {
	pthread_t thread;
	struct sp_store *store;
	const struct sp_greylist_config *config;
	long first, last;
	int64_t now_ms;
	bool lets_in;
	long failures;
};

static void *ask_all(void *argument)
{
	struct worker *worker = argument;

	for (long i = worker->first; i < worker->last; i++) {
		char identity[64], network[64], sender[64], recipient[64];
		char mail[27];
		struct sp_greylist_answer answer;
		const struct sp_greylist_question question = {
			.identity = identity,
			.proof = "spf",
			.also = { network },
			.network = network,
			.lets_in = worker->lets_in,
			.sender = sender,
			.recipient = recipient,
			.mail_id = mail,
			.client = "192.0.2.123",
			.now_ms = worker->now_ms,
		};

		snprintf(identity, sizeof(identity), "domain:d%05ld.example",
			 i / 50);
		snprintf(network, sizeof(network), "net:%ld.%ld.%ld.0/24",
			 11 + i / 50 / 65536, i / 50 / 256 % 256, i / 50 % 256);
		snprintf(sender, sizeof(sender), "sender-%06ld@example.org", i);
		snprintf(recipient, sizeof(recipient), "user%03ld@here.test",
			 i % 1000);
		snprintf(mail, sizeof(mail), "01JD%020ldXY", i);
		if (sp_greylist_ask(worker->store, worker->config, &question,
				    sp_clock_mono_ms() + 10000,
				    &answer) != SP_OK)
			worker->failures++;
	}
	return NULL;
}

/* The number behind `key` in what `command` says. */
static double read_info(const struct redis_server *redis, const char *command,
			const char *key)
{
	char reply[8192];
	const char *found;

	redis_server_tell(redis, command, reply, sizeof(reply));
	found = strstr(reply, key);
	return found == NULL ? 0 : strtod(found + strlen(key), NULL);
}

static double script_time_us(const struct redis_server *redis)
{
	char reply[8192];
	const char *found;

	redis_server_tell(redis, "INFO commandstats", reply, sizeof(reply));
	found = strstr(reply, "cmdstat_evalsha:");
	found = found == NULL ? NULL : strstr(found, "usec_per_call=");
	return found == NULL ? 0 : strtod(found + 14, NULL);
}

struct bench {
	struct redis_server redis;
	struct sp_store *store;
	const struct sp_greylist_config *config;
	long triplets;
	int threads;
};

static void run_round(const struct bench *bench, const char *name,
		      int64_t after_ms, bool lets_in)
{
	long triplets = bench->triplets;
	int threads = bench->threads;
	struct worker *workers = calloc((size_t)threads, sizeof(*workers));
	int64_t began_us;
	long failures = 0;
	double sec;

	if (workers == NULL)
		abort();
	read_info(&bench->redis, "CONFIG RESETSTAT", "");
	began_us = sp_clock_mono_us();
	for (int i = 0; i < threads; i++) {
		workers[i] = (struct worker){
			.store = bench->store,
			.config = bench->config,
			.first = triplets * i / threads,
			.last = triplets * (i + 1) / threads,
			.now_ms = START_SEC * INT64_C(1000) + after_ms,
			.lets_in = lets_in,
		};
		pthread_create(&workers[i].thread, NULL, ask_all, &workers[i]);
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		failures += workers[i].failures;
	}
	sec = (double)(sp_clock_mono_us() - began_us) / 1e6;
	printf("%-12s %9.0f/s  %6.1f us each  Redis %5.2f us per script  %ld failed\n",
	       name, (double)triplets / sec,
	       sec * 1e6 * threads / (double)triplets,
	       script_time_us(&bench->redis), failures);
	free(workers);
}

int main(int argc, char **argv)
{
	struct bench bench = {
		.config = &unknown,
		.triplets = argc > 1 ? atol(argv[1]) : 100000,
		.threads = argc > 2 ? atoi(argv[2]) : 1,
	};
	struct sp_redis_config config = {
		.kind = SP_STORE_UNIX,
		.user = "",
		.password = "",
		.connections = 8,
		.connect_timeout_ms = 5000,
		.command_timeout_ms = 5000,
		.breaker_failures = 5,
		.breaker_pause_ms = 1000,
	};
	double before;

	redis_server_start(&bench.redis, NULL, NULL);
	config.path = bench.redis.socket;
	if (bench.triplets < 1 || bench.threads < 1 ||
	    sp_store_new(&config, &bench.store) != SP_OK)
		return 1;
	run_round(&bench, "noted", 0, true);
	read_info(&bench.redis, "FLUSHALL", "");
	before = read_info(&bench.redis, "INFO memory", "used_memory:");
	run_round(&bench, "first sight", 0, false);
	printf("%.0f bytes per triplet (waiting)\n",
	       (read_info(&bench.redis, "INFO memory", "used_memory:") -
		before) /
		       (double)bench.triplets);
	run_round(&bench, "early", 1000, false);
	run_round(&bench, "passed", 100000, false);
	run_round(&bench, "seen", 200000, false);
	bench.config = &known;
	run_round(&bench, "known", 300000, false);
	printf("%.0f bytes per triplet (passed, with its share of an identity)\n",
	       (read_info(&bench.redis, "INFO memory", "used_memory:") -
		before) /
		       (double)bench.triplets);
	sp_store_free(&bench.store);
	redis_server_clear(&bench.redis);
	return 0;
}
