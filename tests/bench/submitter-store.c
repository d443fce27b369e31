/*
 * submitter-store.c - what submitters cost Redis: time and memory.
 *
 * Usage: submitter-store [SUBMITTERS [DAYS]]
 *
 * Starts a redis-server of its own (Unix socket, append-only file). So many
 * submitters, under the shipped limits, send one mail to three recipients on
 * each of so many days. Printed are
 *   - the memory that they take, per submitter, after the first day and after
 *     the last;
 *   - Redis's own time per script (INFO commandstats): the first recipient of a
 *     mail, further ones, the note that it went out;
 *   - the time of one question as the asker sees it;
 *   - the time of a page of the list, in each order.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/redis_server.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/limits.h"
#include "sallyport/store.h"
#include "sallyport/submitter_store.h"

enum {
	RECIPIENTS = 3
};

static const int64_t start_ms = INT64_C(1763769600000), day_ms = 86400000;

struct bench {
	struct redis_server redis;
	struct sp_submitter_books books;
	const struct sp_config *config;
	long submitters, failures;
};

/* The number behind `key` in what `command` says. */
static double read_info(const struct bench *bench, const char *command,
			const char *key)
{
	char reply[16384];
	const char *found;

	redis_server_tell(&bench->redis, command, reply, sizeof(reply));
	found = strstr(reply, key);
	return found == NULL ? 0 : strtod(found + strlen(key), NULL);
}

static double script_time_us(const struct bench *bench)
{
	char reply[16384];
	const char *found;

	redis_server_tell(&bench->redis, "INFO commandstats", reply,
			  sizeof(reply));
	found = strstr(reply, "cmdstat_evalsha:");
	found = found == NULL ? NULL : strstr(found, "usec_per_call=");
	return found == NULL ? 0 : strtod(found + 14, NULL);
}

static void ask(struct bench *bench, long number, int recipient, int64_t now_ms)
{
	struct sp_submitter submitter;
	char login[64], address[64], network[32];
	struct sp_submitter_question question = { .now_ms = now_ms };
	struct sp_submitter_answer answer;

	snprintf(login, sizeof(login), "user%06ld@example.org", number);
	sp_submitter_of_login(login, "", &submitter);
	question.submitter = submitter.key;
	question.class =
		sp_classes_find(bench->config->outbound.classes, &submitter);
	/* Two of three are usual recipients. */
	snprintf(address, sizeof(address), "friend%ld@example.net",
		 recipient < 2 ? recipient : now_ms / day_ms);
	question.recipient = address;
	question.adds[SP_COUNTED_RECIPIENTS] = 1;
	snprintf(network, sizeof(network), "10.%ld.%ld.0/24",
		 number / 256 % 256, number % 256);
	if (recipient == 0) {
		question.adds[SP_COUNTED_MESSAGES] = 1;
		question.network = network;
		question.country = "DE";
		question.asn = "64500";
	}
	if (sp_submitter_ask(&bench->books, &question,
			     sp_clock_mono_ms() + 10000, &answer) != SP_OK)
		bench->failures++;
}

static void send_one(struct bench *bench, long number, int64_t now_ms)
{
	struct sp_submitter_mail mail = { .counted_ms = now_ms };
	struct sp_submitter submitter;
	char login[64], id[64];
	bool is_again;

	snprintf(login, sizeof(login), "user%06ld@example.org", number);
	sp_submitter_of_login(login, "", &submitter);
	mail.submitter = submitter.key;
	mail.class =
		sp_classes_find(bench->config->outbound.classes, &submitter);
	mail.added[SP_COUNTED_RECIPIENTS] = RECIPIENTS;
	snprintf(id, sizeof(id), "<%ld.%ld@example.org>", number,
		 (long)(now_ms / 1000));
	sp_message_id_hash(id, &mail.id);
	if (sp_submitter_sent(&bench->books, &mail, sp_clock_mono_ms() + 10000,
			      &is_again) != SP_OK)
		bench->failures++;
}

/* Round `round` of a day: a recipient's number, or RECIPIENTS: it goes out. */
static void run_round(struct bench *bench, int round, int64_t now_ms,
		      const char *name)
{
	int64_t began_us;

	read_info(bench, "CONFIG RESETSTAT", "");
	began_us = sp_clock_mono_us();
	for (long i = 0; i < bench->submitters; i++) {
		if (round < RECIPIENTS)
			ask(bench, i, round, now_ms);
		else
			send_one(bench, i, now_ms);
	}
	if (name != NULL)
		printf("%-26s %6.1f us each  Redis %5.2f us per script  %ld failed\n",
		       name,
		       (double)(sp_clock_mono_us() - began_us) /
			       (double)bench->submitters,
		       script_time_us(bench), bench->failures);
}

static void print_memory(const struct bench *bench, const char *what,
			 double before)
{
	printf("%.0f bytes per submitter%s\n",
	       (read_info(bench, "INFO memory", "used_memory:") - before) /
		       (double)bench->submitters,
	       what);
}

static void run(struct bench *bench, int days)
{
	double before = read_info(bench, "INFO memory", "used_memory:");

	run_round(bench, 0, start_ms, "new, first recipient");
	run_round(bench, 1, start_ms, "second recipient");
	run_round(bench, 2, start_ms, "third recipient");
	print_memory(bench, " (one mail to three)", before);
	for (int day = 1; day < days; day++) {
		bool is_last = day == days - 1;

		for (int i = 0; i < RECIPIENTS; i++)
			run_round(bench, i, start_ms + day * day_ms,
				  !is_last ? NULL
				  : i == 0 ? "known, first recipient"
					   : "known, another recipient");
	}
	print_memory(bench, " (one on each day)", before);
	before = read_info(bench, "INFO memory", "used_memory:");
	run_round(bench, RECIPIENTS, start_ms, "it went out");
	print_memory(bench, " more, for five days, for one mail that went out",
		     before);
}

static bool count_entry(const struct sp_submitter_entry *entry, void *context)
{
	size_t *count = context;

	(void)entry;
	++*count;
	return true;
}

static void run_page(struct bench *bench, const char *name,
		     const struct sp_submitter_range *range)
{
	enum {
		TIMES = 20
	};
	int64_t began_us = sp_clock_mono_us();
	size_t count = 0, total = 0;
	const struct sp_submitter_lister lister = { count_entry, &count };

	for (int i = 0; i < TIMES; i++)
		if (sp_submitter_page(&bench->books, range, start_ms + 1000,
				      &lister, &total) != SP_OK)
			bench->failures++;
	printf("%-26s %6.2f ms each  %zu of %zu  %ld failed\n", name,
	       (double)(sp_clock_mono_us() - began_us) / TIMES / 1000,
	       count / TIMES, total, bench->failures);
}

/* Each sends a mail once more; one in 50 is held. */
static void run_pages(struct bench *bench)
{
	for (long i = 0; i < bench->submitters; i++) {
		struct sp_submitter_standing was;
		struct sp_submitter submitter;
		char login[64];
		struct sp_submitter_order order = {
			.submitter = submitter.key,
			.state = SP_SUBMITTER_HOLD,
			.until_ms = start_ms + day_ms,
			.now_ms = start_ms,
		};

		ask(bench, i, 0, start_ms);
		send_one(bench, i, start_ms);
		if (i % 50 != 0)
			continue;
		snprintf(login, sizeof(login), "user%06ld@example.org", i);
		sp_submitter_of_login(login, "", &submitter);
		if (sp_submitter_set(&bench->books, &order, &was) != SP_OK)
			bench->failures++;
	}
	printf("%.0f bytes per submitter of these in the index by last mail\n",
	       read_info(bench, "MEMORY USAGE sp:index:{out}:last SAMPLES 0",
			 ":") /
		       (double)bench->submitters);
	run_page(bench, "50 by state",
		 &(struct sp_submitter_range){ .count = 50 });
	run_page(bench, "50 by last mail, in the middle",
		 &(struct sp_submitter_range){
			 .by = SP_SUBMITTERS_BY_LAST,
			 .offset = (size_t)bench->submitters / 2,
			 .count = 50,
		 });
	run_page(bench, "50 by share",
		 &(struct sp_submitter_range){ .by = SP_SUBMITTERS_BY_SHARE,
					       .count = 50 });
}

int main(int argc, char **argv)
{
	static struct sp_config_errors errors;
	struct bench bench = {
		.submitters = argc > 1 ? atol(argv[1]) : 100000,
	};
	int days = argc > 2 ? atoi(argv[2]) : 30;
	struct sp_redis_config redis = {
		.kind = SP_STORE_UNIX,
		.user = "",
		.password = "",
		.connections = 8,
		.connect_timeout_ms = 5000,
		.command_timeout_ms = 5000,
		.breaker_failures = 5,
		.breaker_pause_ms = 1000,
	};

	redis_server_start(&bench.redis, NULL, NULL);
	redis.path = bench.redis.socket;
	if (bench.submitters < 1 ||
	    sp_config_load(NULL, &bench.config, &errors) != SP_OK ||
	    sp_store_new(&redis, &bench.books.store) != SP_OK ||
	    sp_submitter_memory_new(1000, &bench.books.memory) != SP_OK)
		return 1;
	bench.books.config = &bench.config->outbound;
	run(&bench, days);
	run_pages(&bench);
	sp_submitter_memory_free(&bench.books.memory);
	sp_store_free(&bench.books.store);
	sp_config_unref(&bench.config);
	redis_server_clear(&bench.redis);
	return 0;
}
