/* The greeting gate with a real kernel: an MTA at one end of a link of 10 ms
 * each way and clients at the other. Time passes here: a quarter of a second to
 * nearly a second for each client. */
#include "sallyport/gate.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/far_link.h"
#include "sallyport/clock.h"
#include "sallyport/sock.h"

enum {
	LINK_MS = 10,
	DELAY_MS = 600,
	STEP_MS = 50,
	PATIENCE_SEC = 10,
	/* What is inferred from microseconds may fail on a busy machine. */
	TRIES = 10
};

enum habit {
	WAITS,
	TALKS,	/* at once */
	LATER,	/* after a quarter of a second */
	LEAVES, /* after a quarter of a second */
	RESETS	/* the same */
};

struct world {
	struct far_link *link;
	int listener;
	struct sockaddr_in where;
};

struct client {
	const struct world *world;
	enum habit habit;
	pthread_t thread;
};

static void rest(int64_t ms)
{
	const struct timespec time = { .tv_sec = ms / 1000,
				       .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

static void set_patience(int fd)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SEC };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

static bool hear(int fd)
{
	char bytes[64];

	return recv(fd, bytes, sizeof(bytes), 0) > 0;
}

static void say(int fd, const char *line)
{
	(void)!send(fd, line, strlen(line), MSG_NOSIGNAL);
}

/* Says HELO when its habit wants it, and from then on waits for each answer. */
static void talk(int fd, enum habit habit)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (habit == LATER || habit == LEAVES || habit == RESETS)
		rest(DELAY_MS * 2 / 5);
	if (habit == RESETS)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	if (habit == LEAVES || habit == RESETS)
		return;
	if (habit == WAITS && !hear(fd))
		return;
	say(fd, "EHLO far.example\r\n");
	if (habit != WAITS && !hear(fd))
		return;
	if (hear(fd))
		say(fd, "MAIL FROM:<a@far.example>\r\n");
	(void)hear(fd);
}

static void *run_client(void *argument)
{
	const struct client *client = argument;
	int fd;

	far_link_enter_client(client->world->link);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	set_patience(fd);
	if (connect(fd, (const struct sockaddr *)&client->world->where,
		    sizeof(client->world->where)) == 0)
		talk(fd, client->habit);
	close(fd);
	return NULL;
}

static void read_ends(int fd, struct sp_sock_ends *ends_out)
{
	struct sockaddr_in own, peer;
	socklen_t own_length = sizeof(own), peer_length = sizeof(peer);

	getsockname(fd, (struct sockaddr *)&own, &own_length);
	getpeername(fd, (struct sockaddr *)&peer, &peer_length);
	sp_ip_from_sockaddr((struct sockaddr *)&own, &ends_out->own,
			    &ends_out->own_port);
	sp_ip_from_sockaddr((struct sockaddr *)&peer, &ends_out->peer,
			    &ends_out->peer_port);
}

static void hold(int fd, struct sp_gate_fact *fact_out)
{
	const struct sp_gate_plan plan = { .delay_ms = DELAY_MS,
					   .step_ms = STEP_MS };
	struct sp_sock_ends ends;
	struct sp_gate gate;
	struct sp_sock_look look;

	read_ends(fd, &ends);
	sp_gate_begin(&gate, &plan, sp_clock_mono_ms());
	do {
		int64_t now_ms = sp_clock_mono_ms();

		if (gate.next_ms > now_ms)
			rest(gate.next_ms - now_ms);
		sp_sock_look(&ends, &look);
	} while (sp_gate_step(&gate, sp_clock_mono_ms(), &look));
	*fact_out = gate.fact;
}

static void greet(int fd, struct sp_gate_gap *gap_out)
{
	int64_t began_us = sp_clock_mono_us();

	*gap_out = (struct sp_gate_gap){ .helo_us = 0 };
	say(fd, "220 here\r\n");
	if (!hear(fd))
		return;
	gap_out->helo_us = sp_clock_mono_us() - began_us;
	began_us = sp_clock_mono_us();
	say(fd, "250 here\r\n");
	if (hear(fd))
		gap_out->round_us = sp_clock_mono_us() - began_us;
}

/* A session, by an MTA whose namespace we see or do not. */
static void serve(const struct world *world, enum habit habit, bool is_seen,
		  struct sp_gate_fact *fact_out)
{
	struct client client = { .world = world, .habit = habit };
	struct sp_gate_gap gap;
	int fd;

	assert_int_equal(
		pthread_create(&client.thread, NULL, run_client, &client), 0);
	fd = accept(world->listener, NULL, NULL);
	assert_true(fd >= 0);
	set_patience(fd);
	if (is_seen)
		far_link_enter_server(world->link);
	hold(fd, fact_out);
	far_link_leave(world->link);
	greet(fd, &gap);
	sp_gate_judge_gap(&gap, fact_out);
	close(fd);
	pthread_join(client.thread, NULL);
}

static const struct {
	const char *sentence;
	enum habit habit;
	bool is_seen;
	enum sp_gate_answer answer;
	bool is_inferred, is_early;
} rows[] = {
	{ "who waits is quiet", WAITS, true, SP_GATE_QUIET, false, false },
	{ "who talks at once is seen at once", TALKS, true, SP_GATE_TALKED,
	  false, true },
	{ "who talks later is seen then", LATER, true, SP_GATE_TALKED, false,
	  true },
	{ "who leaves has hung up", LEAVES, true, SP_GATE_HUNG_UP, false,
	  true },
	{ "who resets has hung up", RESETS, true, SP_GATE_HUNG_UP, false,
	  true },
	{ "unseen, who waits is quiet by its time", WAITS, false, SP_GATE_QUIET,
	  true, false },
	{ "unseen, who talks is found out by its time", TALKS, false,
	  SP_GATE_TALKED, true, false },
	{ "unseen, who talks later as well", LATER, false, SP_GATE_TALKED, true,
	  false },
	{ "unseen, who leaves is unknown", LEAVES, false, SP_GATE_UNKNOWN,
	  false, false },
};

static bool is_as_told(size_t row, const struct sp_gate_fact *fact)
{
	return fact->answer == rows[row].answer &&
	       fact->is_inferred == rows[row].is_inferred &&
	       (fact->held_ms < DELAY_MS) == rows[row].is_early &&
	       /* Two ways, whatever else the machine has to do. */
	       (fact->rtt_us >= 2 * LINK_MS * 1000) == rows[row].is_seen;
}

static bool check(const struct world *world, size_t row)
{
	struct sp_gate_fact fact;

	for (int i = 0; i < (rows[row].is_inferred ? TRIES : 1); i++) {
		serve(world, rows[row].habit, rows[row].is_seen, &fact);
		if (is_as_told(row, &fact))
			return true;
		/* Whatever the machine does, this may not be. */
		if (rows[row].habit == WAITS && fact.answer == SP_GATE_TALKED)
			break;
	}
	print_error("%s: %s, inferred %d, held %ld ms, rtt %u us\n",
		    rows[row].sentence, sp_gate_answer_text(fact.answer),
		    fact.is_inferred, fact.held_ms, fact.rtt_us);
	return false;
}

static void open_world(struct world *world)
{
	const char *why;
	socklen_t length = sizeof(world->where);

	world->link = far_link_open(LINK_MS, &why);
	if (!world->link) {
		print_message("skipped: %s\n", why);
		skip();
	}
	world->where = (struct sockaddr_in){ .sin_family = AF_INET };
	inet_pton(AF_INET, FAR_SERVER, &world->where.sin_addr);
	far_link_enter_server(world->link);
	world->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	far_link_leave(world->link);
	set_patience(world->listener);
	assert_int_equal(
		bind(world->listener, (struct sockaddr *)&world->where, length),
		0);
	assert_int_equal(listen(world->listener, 1), 0);
	assert_int_equal(getsockname(world->listener,
				     (struct sockaddr *)&world->where, &length),
			 0);
}

static void test_clients_over_a_slow_link(void **state)
{
	struct world world;
	size_t failed = 0;

	(void)state;
	open_world(&world);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		failed += !check(&world, i);
	close(world.listener);
	far_link_close(&world.link);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clients_over_a_slow_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
