/* Sessions that begin in one moment do not wait for each other's callbacks: with
 * the real libmilter, whose calls this program takes over as sallyportd does.
 *
 * A client says by its port how long its connect callback shall take. */
#include <libmilter/mfapi.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sallyport/clock.h"

enum {
	BURST = 20,
	ROUNDS = 3,
	HELD_MS = 1500,
	/* Whoever waits for another is there after twice that, at best. */
	TOO_LATE_MS = HELD_MS * 2 - 100,
	AT_ONCE_MS = HELD_MS - 500,
	STACK_BYTES = SP_THREAD_STACK_KB * 1024,
	PATIENCE_SEC = 60
};

static char socket_path[64];
static atomic_uint negotiated, connected, closed;
static atomic_uint sessions, clients_told; /* what they should be */

/* ------------------------------------------------------------ the milter */

static void rest(int64_t ms)
{
	const struct timespec time = { .tv_sec = ms / 1000,
				       .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions,
			     unsigned long steps, unsigned long unused_2,
			     unsigned long unused_3, unsigned long *actions_out,
			     unsigned long *steps_out,
			     unsigned long *unused_2_out,
			     unsigned long *unused_3_out)
{
	(void)ctx;
	(void)actions;
	(void)unused_2;
	(void)unused_3;
	negotiated++;
	*actions_out = 0;
	*steps_out = steps & SMFIP_NR_HELO;
	*unused_2_out = *unused_3_out = 0;
	return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	struct sockaddr_in ipv4;

	(void)ctx;
	(void)name;
	connected++;
	memcpy(&ipv4, address, sizeof(ipv4));
	rest(ntohs(ipv4.sin_port));
	return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
	(void)ctx;
	closed++;
	return SMFIS_CONTINUE;
}

static void *run_milter(void *unused)
{
	(void)unused;
	(void)smfi_main();
	return NULL;
}

static int start_milter(void **state)
{
	static char name[] = "test-handoff";
	const struct smfiDesc milter = {
		.xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_connect = on_connect,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate,
	};
	char where[sizeof(socket_path) + 8];
	pthread_attr_t attributes;
	pthread_t thread;

	(void)state;
	snprintf(socket_path, sizeof(socket_path), "/tmp/test-handoff-%d",
		 (int)getpid());
	snprintf(where, sizeof(where), "unix:%s", socket_path);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_setattr_default_np(&attributes);
	pthread_attr_destroy(&attributes);
	if (smfi_register(milter) != MI_SUCCESS ||
	    smfi_setconn(where) != MI_SUCCESS ||
	    smfi_setbacklog(BURST * 2) != MI_SUCCESS ||
	    smfi_opensocket(true) != MI_SUCCESS ||
	    pthread_create(&thread, NULL, run_milter, NULL) != 0)
		return -1;
	return pthread_detach(thread);
}

/* libmilter would take seconds to stop: it is left to the end of the program. */
static int remove_socket(void **state)
{
	(void)state;
	return unlink(socket_path);
}

/* ----------------------------------------------------------- the clients */

static const char offer[] = "\0\0\0\x0dO\0\0\0\6\0\0\1\xff\0\x1f\xff\xff";

struct client {
	uint16_t callback_ms;
	pthread_t thread;
	pthread_barrier_t *start;
	int64_t took_ms; /* -1: it was not answered */
};

static int dial(void)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SEC };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, socket_path, sizeof(socket_path));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	return fd;
}

static bool is_answered(int fd, char expected)
{
	unsigned char head[4];
	char body[256];
	size_t length;

	if (recv(fd, head, sizeof(head), MSG_WAITALL) != sizeof(head))
		return false;
	length = (size_t)head[2] << 8 | head[3];
	return length <= sizeof(body) &&
	       recv(fd, body, length, MSG_WAITALL) == (ssize_t)length &&
	       body[0] == expected;
}

static bool negotiate(int fd)
{
	sessions++;
	return send(fd, offer, sizeof(offer) - 1, MSG_NOSIGNAL) ==
		       sizeof(offer) - 1 &&
	       is_answered(fd, 'O');
}

static bool connect_client(int fd, uint16_t port)
{
	char packet[] = "\0\0\0\x12"
			"Cc\0"
			"4pp192.0.2.77";
	const uint16_t written = htons(port);

	clients_told++;
	packet[3] = (char)(sizeof(packet) - 4);
	memcpy(packet + 8, &written, sizeof(written));
	return send(fd, packet, sizeof(packet), MSG_NOSIGNAL) ==
		       sizeof(packet) &&
	       is_answered(fd, 'c');
}

/* All have negotiated before anybody is held. */
static void *run_client(void *argument)
{
	struct client *client = argument;
	int fd = dial();
	bool is_ready = fd >= 0 && negotiate(fd);
	int64_t began_ms;

	pthread_barrier_wait(client->start);
	began_ms = sp_clock_mono_ms();
	if (is_ready && connect_client(fd, client->callback_ms))
		client->took_ms = sp_clock_mono_ms() - began_ms;
	close(fd);
	return NULL;
}

static void start_client(struct client *client, uint16_t callback_ms,
			 pthread_barrier_t *start)
{
	*client = (struct client){ .callback_ms = callback_ms,
				   .start = start,
				   .took_ms = -1 };
	assert_int_equal(
		pthread_create(&client->thread, NULL, run_client, client), 0);
}

static size_t count_late(struct client *clients, int count, int64_t limit_ms)
{
	size_t late = 0;

	for (int i = 0; i < count; i++) {
		pthread_join(clients[i].thread, NULL);
		if (clients[i].took_ms >= clients[i].callback_ms &&
		    clients[i].took_ms < limit_ms)
			continue;
		print_error("one held for %d ms was answered after %ld ms\n",
			    clients[i].callback_ms, clients[i].took_ms);
		late++;
	}
	return late;
}

/* ------------------------------------------------------------- the tests */

static void test_sessions_of_one_moment_do_not_wait_for_each_other(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct client clients[BURST];
		pthread_barrier_t start;

		pthread_barrier_init(&start, NULL, BURST);
		for (int i = 0; i < BURST; i++)
			start_client(&clients[i], HELD_MS, &start);
		assert_int_equal(count_late(clients, BURST, TOO_LATE_MS), 0);
		pthread_barrier_destroy(&start);
	}
}

static void test_who_comes_while_others_are_held_is_served(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct client held[BURST], quick[BURST];
		pthread_barrier_t start;

		/* In the same moment, each beside one that is held. */
		pthread_barrier_init(&start, NULL, 2 * BURST);
		for (int i = 0; i < BURST; i++) {
			start_client(&held[i], HELD_MS, &start);
			start_client(&quick[i], 0, &start);
		}
		assert_int_equal(count_late(quick, BURST, AT_ONCE_MS), 0);
		assert_int_equal(count_late(held, BURST, TOO_LATE_MS), 0);
		pthread_barrier_destroy(&start);
	}
}

/* They wait in the backlog until libmilter accepts them. */
static void test_connections_of_one_moment_are_served(void **state)
{
	int fds[BURST];
	int64_t began_ms = sp_clock_mono_ms();

	(void)state;
	for (int i = 0; i < BURST; i++) {
		fds[i] = dial();
		assert_true(fds[i] >= 0);
	}
	for (int i = 0; i < BURST; i++)
		assert_true(negotiate(fds[i]));
	for (int i = 0; i < BURST; i++)
		close(fds[i]);
	assert_true(sp_clock_mono_ms() - began_ms < AT_ONCE_MS);
}

/* Last: when all sessions of the tests above have ended. */
static void test_what_calls_for_threads_runs_no_callback(void **state)
{
	int64_t end_ms = sp_clock_mono_ms() + INT64_C(1000) * PATIENCE_SEC;

	(void)state;
	while (closed < sessions && sp_clock_mono_ms() < end_ms)
		rest(10);
	assert_true(sessions > 0);
	assert_int_equal(negotiated, sessions);
	assert_int_equal(connected, clients_told);
	assert_int_equal(closed, sessions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_sessions_of_one_moment_do_not_wait_for_each_other),
		cmocka_unit_test(
			test_who_comes_while_others_are_held_is_served),
		cmocka_unit_test(test_connections_of_one_moment_are_served),
		cmocka_unit_test(test_what_calls_for_threads_runs_no_callback),
	};

	return cmocka_run_group_tests(tests, start_milter, remove_socket);
}
