/*
 * sock.c - what a look at the kernel costs.
 *
 * Usage: sock [CONNECTIONS [LOOKS]]
 *
 * Opens so many connections over loopback (1,000 without argument), looks at
 * all of them in turn, and prints the time of a look, of asking for an owner,
 * and of a search, in microseconds, at 2 connections and at all of them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "../support/tcp_pair.h"
#include "sallyport/clock.h"
#include "sallyport/sock.h"

enum {
	SEARCHES = 100
};

static double each_us(int64_t began_us, long count)
{
	return (double)(sp_clock_mono_us() - began_us) / (double)count;
}

static double time_looks(const struct tcp_pair *pairs, long count, long looks)
{
	int64_t began_us = sp_clock_mono_us();

	for (long i = 0; i < looks; i++) {
		struct sp_sock_look look;

		sp_sock_look(&pairs[i % count].ends, &look);
		if (look.result != SP_SOCK_FOUND)
			abort();
	}
	return each_us(began_us, looks);
}

static double time_owners(const struct tcp_pair *pairs, long count, long looks)
{
	int64_t began_us = sp_clock_mono_us();

	for (long i = 0; i < looks; i++) {
		struct sp_sock_owner owner;

		sp_sock_owner(&pairs[i % count].ends, &owner);
		if (owner.kind != SP_SOCK_OWNER_KNOWN)
			abort();
	}
	return each_us(began_us, looks);
}

/* All connections have the same two addresses, so that a guess would hit: the
 * one that nobody would guess is opened for it. */
static double time_searches(const struct tcp_pair *pair)
{
	int64_t began_us = sp_clock_mono_us();

	for (long i = 0; i < SEARCHES; i++) {
		struct sp_sock_ends ends = pair->ends;
		struct sp_sock_look look;

		ends.own.family = SP_IP_NONE;
		sp_sock_find(&ends, &look);
		if (look.result != SP_SOCK_FOUND)
			abort();
	}
	return each_us(began_us, SEARCHES);
}

static void show(const struct tcp_pair *pairs, long count, long looks,
		 const struct tcp_pair *hidden)
{
	printf("%7ld connections: look %.2f us, owner %.2f us, search %.0f "
	       "us\n",
	       count, time_looks(pairs, count, looks),
	       time_owners(pairs, count, looks), time_searches(hidden));
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
	long looks = argc > 2 ? strtol(argv[2], NULL, 10) : 100000;
	struct rlimit limit;
	struct tcp_pair *pairs, hidden;

	if (count < 2 || looks < 1)
		return EXIT_FAILURE;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	pairs = calloc((size_t)count, sizeof(*pairs));
	if (!pairs ||
	    !tcp_pair_open_between("127.0.0.77", 0, "127.0.0.5", &hidden))
		return EXIT_FAILURE;
	for (long i = 0; i < count; i++) {
		if (!(i == 0 ? tcp_pair_open(TCP_IPV4, &pairs[0])
			     : tcp_pair_again(&pairs[0], 0, &pairs[i]))) {
			perror("sock: cannot open the connections");
			return EXIT_FAILURE;
		}
		if (i == 1)
			show(pairs, 2, looks, &hidden);
	}
	show(pairs, count, looks, &hidden);
	free(pairs);
	return EXIT_SUCCESS;
}
