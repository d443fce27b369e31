/*
 * load: the load client of ./dev bench. Plays sessions of the plan (plan.h) to
 * a milter and prints what came of it as one JSON object.
 *
 * Closed loop: CONNECTIONS threads, each one session at a time, as fast as the
 * milter lets them. Open loop (--rate): sessions arrive at random (Poisson),
 * and the first wait of each begins at its arrival, so a queue that grows
 * cannot hide. --hold opens sessions up to MAIL and keeps them until standard
 * input ends.
 */
#include <getopt.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "drive.h"
#include "mix.h"
#include "plan.h"
#include "sallyport/clock.h"

struct options {
	struct drive_options drive;
	uint64_t mails;
	uint64_t first; /* session of the plan */
	uint32_t connections;
	uint32_t held;
	double rate;	      /* sessions a second; 0 = closed loop */
	const char *mix_path; /* NULL = the plan's own mails */
	const char *kind;     /* of the mails of the mix; NULL = all */
};

/* What the threads of a run share. */
struct run {
	const struct options *options;
	uint64_t sessions;
	atomic_uint_fast64_t next;
	int64_t *arrivals_us; /* NULL in the closed loop */
};

struct worker {
	struct run *run;
	struct driver driver;
	pthread_t thread;
};

static void print_usage(void)
{
	fputs("usage: load [OPTION...] ADDRESS\n"
	      "  -n, --mails N         (10000)\n"
	      "  -m, --per-session N   mails of a session (1)\n"
	      "  -c, --connections N   at once (8)\n"
	      "  -s, --size BYTES      of a body (2048)\n"
	      "  -f, --first N         session of the plan to begin with (0)\n"
	      "  -r, --rate N          open loop: sessions a second\n"
	      "  -e, --envelope        MAIL, RCPT, abort; no message\n"
	      "  -H, --hold N          keep N sessions open after MAIL\n"
	      "  -u, --unseen          each with a client, a HELO name and a\n"
	      "                        sender's domain of its own\n"
	      "  -p, --pause MS        about so long, three times a session (0)\n"
	      "  -M, --mix FILE        mails from files, by their index (mix.h)\n"
	      "  -k, --kind KIND       only those of a kind\n"
	      "  -l, --logins N        submitted by N users in turn\n"
	      "  -R, --recipients N    of a mail (1)\n"
	      "  -x, --seek NAME=TEXT  count added headers that have TEXT\n",
	      stderr);
}

static uint64_t number_of(const char *text)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 10);

	if (*end != '\0' || end == text) {
		fprintf(stderr, "load: \"%s\" is no number\n", text);
		exit(2);
	}
	return number;
}

/* NAME=TEXT; what it points to lives as long as the arguments. */
static void seek(char *argument, struct drive_options *drive)
{
	char *text = strchr(argument, '=');

	if (!text || drive->sought_count == DRIVE_SOUGHT_MAX) {
		fprintf(stderr, "load: \"%s\" cannot be sought\n", argument);
		exit(2);
	}
	*text = '\0';
	drive->sought[drive->sought_count++] =
		(struct drive_sought){ argument, text + 1 };
}

static void take_option(int letter, struct options *options)
{
	switch (letter) {
	case 'n':
		options->mails = number_of(optarg);
		break;
	case 'm':
		options->drive.mails_per_session = (uint32_t)number_of(optarg);
		break;
	case 'c':
		options->connections = (uint32_t)number_of(optarg);
		break;
	case 's':
		options->drive.body_size = number_of(optarg);
		break;
	case 'f':
		options->first = number_of(optarg);
		break;
	case 'r':
		options->rate = (double)number_of(optarg);
		break;
	case 'e':
		options->drive.only_envelope = true;
		break;
	case 'H':
		options->held = (uint32_t)number_of(optarg);
		break;
	case 'u':
		options->drive.is_unseen = true;
		break;
	case 'p':
		options->drive.pause_ms = (uint32_t)number_of(optarg);
		break;
	case 'M':
		options->mix_path = optarg;
		break;
	case 'k':
		options->kind = optarg;
		break;
	case 'l':
		options->drive.logins = (uint32_t)number_of(optarg);
		break;
	case 'R':
		options->drive.recipients = (uint32_t)number_of(optarg);
		break;
	case 'x':
		seek(optarg, &options->drive);
		break;
	default:
		print_usage();
		exit(2);
	}
}

static void parse_options(int argc, char **argv, struct options *options_out)
{
	static const struct option known[] = {
		{ "mails", required_argument, NULL, 'n' },
		{ "per-session", required_argument, NULL, 'm' },
		{ "connections", required_argument, NULL, 'c' },
		{ "size", required_argument, NULL, 's' },
		{ "first", required_argument, NULL, 'f' },
		{ "rate", required_argument, NULL, 'r' },
		{ "envelope", no_argument, NULL, 'e' },
		{ "hold", required_argument, NULL, 'H' },
		{ "unseen", no_argument, NULL, 'u' },
		{ "pause", required_argument, NULL, 'p' },
		{ "mix", required_argument, NULL, 'M' },
		{ "kind", required_argument, NULL, 'k' },
		{ "logins", required_argument, NULL, 'l' },
		{ "recipients", required_argument, NULL, 'R' },
		{ "seek", required_argument, NULL, 'x' },
		{ NULL, 0, NULL, 0 },
	};
	int letter;

	*options_out = (struct options){
		.drive = { .mails_per_session = 1, .body_size = 2048 },
		.mails = 10000,
		.connections = 8,
	};
	while ((letter = getopt_long(argc, argv, "n:m:c:s:f:r:eH:up:M:k:l:R:x:",
				     known, NULL)) != -1)
		take_option(letter, options_out);
	if (optind + 1 != argc || options_out->drive.mails_per_session == 0 ||
	    options_out->connections == 0) {
		print_usage();
		exit(2);
	}
	options_out->drive.address = argv[optind];
}

static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Seeded by a constant: every run has the same arrivals. */
static int64_t *arrivals_new(uint64_t count, double rate)
{
	int64_t *arrivals_us = calloc(count, sizeof *arrivals_us);
	double at_us = 0;
	unsigned short state[3] = { 5, 25, 125 };

	if (!arrivals_us)
		abort();
	for (uint64_t i = 0; i < count; i++) {
		at_us -= log(1.0 - erand48(state)) / rate * 1e6;
		arrivals_us[i] = (int64_t)at_us;
	}
	for (uint64_t i = 0, now_us = (uint64_t)sp_clock_mono_us(); i < count;
	     i++)
		arrivals_us[i] += (int64_t)now_us;
	return arrivals_us;
}

/* When session `index` begins; sleeps until then. */
static int64_t wait_for_arrival(const struct run *run, uint64_t index)
{
	struct timespec at;

	if (!run->arrivals_us)
		return sp_clock_mono_us();
	at.tv_sec = run->arrivals_us[index] / 1000000;
	at.tv_nsec = run->arrivals_us[index] % 1000000 * 1000;
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
	return run->arrivals_us[index];
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	struct run *run = worker->run;

	for (;;) {
		uint64_t index = atomic_fetch_add(&run->next, 1);

		if (index >= run->sessions)
			return NULL;
		drive_session(&worker->driver, run->options->first + index,
			      wait_for_arrival(run, index));
	}
}

static void add_tally(struct drive_tally *to, const struct drive_tally *from)
{
	to->mails += from->mails;
	to->held += from->held;
	to->is_signed += from->is_signed;
	to->is_own += from->is_own;
	to->kept_off += from->kept_off;
	to->accepted += from->accepted;
	to->deferred += from->deferred;
	to->refused += from->refused;
	to->would_defer += from->would_defer;
	to->degraded += from->degraded;
	to->headers += from->headers;
	to->errors += from->errors;
	for (size_t i = 0; i < DRIVE_SOUGHT_MAX; i++)
		to->found[i] += from->found[i];
	if (from->errors > 0)
		to->last_error = from->last_error;
	if (from->agreement.version != 0)
		to->agreement = from->agreement;
}

static double cpu_sec(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void print(const struct run *run, struct driver *sum, double seconds)
{
	const struct drive_tally *tally = &sum->tally;

	printf("{\"sessions\":%llu,\"mails\":%llu,\"seconds\":%.4f,"
	       "\"mails_per_sec\":%.1f,\"client_cpu_sec\":%.4f,",
	       (unsigned long long)run->sessions,
	       (unsigned long long)tally->mails, seconds,
	       (double)tally->mails / seconds, cpu_sec());
	printf("\"accepted\":%llu,\"deferred\":%llu,\"refused\":%llu,"
	       "\"would_defer\":%llu,\"degraded\":%llu,\"headers\":%llu,",
	       (unsigned long long)tally->accepted,
	       (unsigned long long)tally->deferred,
	       (unsigned long long)tally->refused,
	       (unsigned long long)tally->would_defer,
	       (unsigned long long)tally->degraded,
	       (unsigned long long)tally->headers);
	printf("\"held\":%llu,\"signed\":%llu,\"own\":%llu,\"kept_off\":%llu,"
	       "\"found\":[",
	       (unsigned long long)tally->held,
	       (unsigned long long)tally->is_signed,
	       (unsigned long long)tally->is_own,
	       (unsigned long long)tally->kept_off);
	for (size_t i = 0; i < sum->options->sought_count; i++)
		printf("%s%llu", i ? "," : "",
		       (unsigned long long)tally->found[i]);
	printf("],\"errors\":%llu,\"last_error\":\"%s\","
	       "\"agreed_actions\":%u,\"agreed_steps\":%u,\"stages\":",
	       (unsigned long long)tally->errors,
	       tally->errors > 0 ? sp_err_text(tally->last_error) : "",
	       tally->agreement.actions, tally->agreement.steps);
	latencies_print(&sum->latencies, stdout);
	puts("}");
}

static int drive_all(const struct options *options)
{
	struct run run = {
		.options = options,
		.sessions = options->mails / options->drive.mails_per_session,
	};
	struct worker *workers = calloc(options->connections, sizeof *workers);
	struct driver sum = { .options = &options->drive };
	int64_t begun_us;

	if (!workers)
		abort();
	if (options->rate > 0)
		run.arrivals_us = arrivals_new(run.sessions, options->rate);
	begun_us = sp_clock_mono_us();
	for (uint32_t i = 0; i < options->connections; i++) {
		workers[i].run = &run;
		workers[i].driver.options = &options->drive;
		if (pthread_create(&workers[i].thread, NULL, work,
				   &workers[i]) != 0)
			abort();
	}
	for (uint32_t i = 0; i < options->connections; i++)
		pthread_join(workers[i].thread, NULL);
	double seconds = (double)(sp_clock_mono_us() - begun_us) / 1e6;
	for (uint32_t i = 0; i < options->connections; i++) {
		add_tally(&sum.tally, &workers[i].driver.tally);
		latencies_add_all(&sum.latencies, &workers[i].driver.latencies);
		latencies_clear(&workers[i].driver.latencies);
	}
	print(&run, &sum, seconds);
	latencies_clear(&sum.latencies);
	free(run.arrivals_us);
	free(workers);
	return sum.tally.errors > 0;
}

static int hold(const struct options *options)
{
	struct sp_mta **held = calloc(options->held, sizeof(struct sp_mta *));
	uint32_t count = 0;
	char byte;

	if (!held)
		abort();
	for (uint32_t i = 0; i < options->held; i++) {
		held[i] =
			drive_half_session(&options->drive, options->first + i);
		count += held[i] != NULL;
	}
	printf("{\"held\":%u}\n", count);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	for (uint32_t i = 0; i < options->held; i++)
		sp_mta_close(&held[i]);
	free(held);
	return count != options->held;
}

int main(int argc, char **argv)
{
	struct options options;
	struct mix *mix = NULL;
	char *body;
	int status;

	parse_options(argc, argv, &options);
	signal(SIGPIPE, SIG_IGN);
	raise_file_limit();
	if (options.mix_path)
		mix = mix_new(options.mix_path, options.kind);
	options.drive.mix = mix;
	if (options.held > 0)
		return hold(&options);
	body = plan_body_new(options.drive.body_size);
	options.drive.body = body;
	status = drive_all(&options);
	free(body);
	mix_free(&mix);
	return status;
}
