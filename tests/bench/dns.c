/*
 * dns.c - how many lookups a second, and what one costs.
 *
 *	tests/bench/dns [BATCHES [SECONDS [DELAY_MS]]]
 *
 * So many threads (50), each with batches of 20 questions, one after the other,
 * against a DNS server in a process of its own on loopback: first with new
 * names, then with names that are in the cache.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/dns_server.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/dns.h"

enum {
	QUESTIONS = 20,
	GROUP = 1,
	SAMPLES_MAX = 1 << 20
};

struct bench {
	struct sp_dns *dns;
	unsigned threads;
	int64_t end_ms;
	bool is_cached;
	atomic_uint number, samples, failures;
	unsigned took_us[SAMPLES_MAX];
};

static void run_batch(struct bench *bench, struct sp_dns_batch *batch)
{
	unsigned number = atomic_fetch_add(&bench->number, 1);
	int64_t begin_us = sp_clock_mono_us();
	unsigned sample;

	for (unsigned i = 0; i < QUESTIONS; i++) {
		struct sp_dns_name name;
		struct sp_dns_question question = { .name = &name,
						    .type = SP_DNS_A,
						    .groups = GROUP };

		snprintf(name.text, sizeof(name.text),
			 "n%u.%u.bench.example.org", i,
			 bench->is_cached ? number % 100 : 1000 + number);
		sp_dns_ask(batch, &question);
	}
	if (!sp_dns_wait(batch, GROUP, sp_clock_mono_ms() + 5000))
		atomic_fetch_add(&bench->failures, 1);
	for (unsigned i = 0; i < QUESTIONS; i++)
		if (sp_dns_answer_get(batch, i)->status != SP_DNS_FOUND)
			atomic_fetch_add(&bench->failures, 1);
	sample = atomic_fetch_add(&bench->samples, 1);
	if (sample < SAMPLES_MAX)
		bench->took_us[sample] =
			(unsigned)(sp_clock_mono_us() - begin_us);
	sp_dns_batch_clear(batch);
}

static void *run_thread(void *argument)
{
	struct bench *bench = argument;
	struct sp_dns_batch *batch = sp_dns_batch_new(bench->dns);

	while (sp_clock_mono_ms() < bench->end_ms)
		run_batch(bench, batch);
	sp_dns_batch_free(&batch);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	unsigned left = *(const unsigned *)a, right = *(const unsigned *)b;

	return (left > right) - (left < right);
}

static double cpu_sec(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Of now, not the most ever. */
static double rss_mb(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
		pages = 0;
	if (file != NULL)
		fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

static void measure(struct bench *bench, const char *what, unsigned seconds)
{
	pthread_t *threads = calloc(bench->threads, sizeof(*threads));
	int64_t begin_ms = sp_clock_mono_ms();
	double cpu = cpu_sec();
	double lookups, elapsed;
	unsigned samples;

	bench->number = bench->samples = bench->failures = 0;
	bench->end_ms = begin_ms + seconds * 1000;
	for (unsigned i = 0; i < bench->threads; i++)
		pthread_create(&threads[i], NULL, run_thread, bench);
	for (unsigned i = 0; i < bench->threads; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	elapsed = (double)(sp_clock_mono_ms() - begin_ms) / 1000;
	samples = bench->samples < SAMPLES_MAX ? bench->samples : SAMPLES_MAX;
	lookups = (double)bench->samples * QUESTIONS;
	qsort(bench->took_us, samples, sizeof(*bench->took_us), compare);
	printf("%-9s %8.0f lookups/s  p50 %7.3f ms  p99 %7.3f ms  "
	       "CPU %5.1f us  RSS %5.1f MB  failures %u\n",
	       what, lookups / elapsed, bench->took_us[samples / 2] / 1e3,
	       bench->took_us[samples - 1 - samples / 100] / 1e3,
	       (cpu_sec() - cpu) * 1e6 / lookups, rss_mb(), bench->failures);
}

/* The server in a process of its own, so that its CPU is not counted. */
static pid_t start_server(unsigned delay_ms, char address_out[64])
{
	static const struct test_dns_row rows[] = {
		{ "*.bench.example.org", "A", "127.0.0.2", 0, 0 },
		{ NULL, NULL, NULL, 0, 0 },
	};
	int fds[2];
	pid_t child;

	if (pipe(fds) != 0)
		abort();
	child = fork();
	if (child == 0) {
		struct test_dns_server *server = test_dns_start(rows);
		const char *address = test_dns_address(server);

		test_dns_delay(server, delay_ms);
		if (write(fds[1], address, strlen(address) + 1) > 0)
			for (;;)
				pause();
		_exit(1);
	}
	close(fds[1]);
	if (read(fds[0], address_out, 64) <= 0)
		abort();
	close(fds[0]);
	return child;
}

int main(int argc, char **argv)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct sp_dns_config config = {
		.max_in_flight = 8192,
		.cache_size_bytes = 16 * 1024 * 1024,
		.timeout_ms = 5000,
		.system_file = "/etc/resolv.conf",
	};
	unsigned seconds = argc > 2 ? (unsigned)atoi(argv[2]) : 5;
	unsigned delay_ms = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
	char address[64] = "";
	pid_t server = start_server(delay_ms, address);

	bench->threads = argc > 1 ? (unsigned)atoi(argv[1]) : 50;
	sp_list_new(SP_LIST_SERVERS, &config.servers);
	sp_list_add(config.servers, address, "", 0);
	if (sp_dns_new(&config, &bench->dns) != SP_OK)
		return 1;
	printf("%u batches of %u at a time, server answers after %u ms, idle "
	       "RSS %.1f MB\n",
	       bench->threads, QUESTIONS, delay_ms, rss_mb());
	measure(bench, "uncached", seconds);
	bench->is_cached = true;
	measure(bench, "warming", 1);
	measure(bench, "cached", seconds);
	sp_dns_free(&bench->dns);
	sp_list_free(&config.servers);
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	free(bench);
	return 0;
}
