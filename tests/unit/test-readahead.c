/* Reading ahead on an MTA's connections, and writing in one piece: what libmilter
 * and the MTA get is what they would have got without, and the kernel is asked
 * less often. This program has the daemon's read(), writev(), poll(), accept()
 * and close(). */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* What a libmilter that was built with _FORTIFY_SOURCE may call instead. */
ssize_t __read_chk(int fd, void *to, size_t size, size_t room);
int __poll_chk(struct pollfd *polled, nfds_t count, int timeout_ms,
	       size_t room);

struct pair {
	int listener, client, server;
};

static int make_pair(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(address);
	struct pair *pair = calloc(1, sizeof(*pair));

	*state = pair;
	pair->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	pair->client = socket(AF_UNIX, SOCK_STREAM, 0);
	/* Without a path the kernel chooses an abstract name. */
	if (bind(pair->listener, (struct sockaddr *)&address,
		 sizeof(address.sun_family)) != 0 ||
	    getsockname(pair->listener, (struct sockaddr *)&address, &length) !=
		    0 ||
	    listen(pair->listener, 1) != 0 ||
	    connect(pair->client, (struct sockaddr *)&address, length) != 0)
		return -1;
	pair->server = accept(pair->listener, NULL, NULL);
	return pair->server < 0 ? -1 : 0;
}

static int close_pair(void **state)
{
	struct pair *pair = *state;

	close(pair->server);
	close(pair->client);
	close(pair->listener);
	free(pair);
	return 0;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
}

/* How many bytes the kernel still has. */
static int left_in_kernel(int fd)
{
	int count = -1;

	assert_int_equal(ioctl(fd, FIONREAD, &count), 0);
	return count;
}

static bool polls_ready(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };

	return poll(&polled, 1, 0) == 1 && (polled.revents & POLLIN);
}

static void assert_reads(int fd, size_t size, const char *expected)
{
	char bytes[64] = "";

	assert_true(size < sizeof(bytes));
	assert_int_equal(read(fd, bytes, size), strlen(expected));
	assert_string_equal(bytes, expected);
}

static void packets_come_out_as_they_were_sent(void **state)
{
	struct pair *pair = *state;

	say(pair->client, "headeronebodytwo");
	assert_reads(pair->server, 6, "header");
	assert_int_equal(left_in_kernel(pair->server), 0);
	assert_reads(pair->server, 3, "one");
	assert_reads(pair->server, 4, "body");
	assert_reads(pair->server, 3, "two");
}

static void what_is_kept_counts_as_ready_and_nothing_else(void **state)
{
	struct pair *pair = *state;

	assert_false(polls_ready(pair->server));
	say(pair->client, "ab");
	assert_true(polls_ready(pair->server));
	assert_reads(pair->server, 1, "a");
	assert_true(polls_ready(pair->server));
	assert_reads(pair->server, 1, "b");
	assert_false(polls_ready(pair->server));
}

static void who_asks_twice_is_answered_twice(void **state)
{
	struct pair *pair = *state;

	say(pair->client, "one");
	assert_true(polls_ready(pair->server));
	assert_true(polls_ready(pair->server));
	assert_reads(pair->server, 3, "one");
	assert_false(polls_ready(pair->server));
	assert_false(polls_ready(pair->server));
}

static void a_read_gets_what_is_kept_before_what_comes_later(void **state)
{
	struct pair *pair = *state;

	say(pair->client, "12");
	assert_reads(pair->server, 1, "1");
	say(pair->client, "34");
	/* Short, as the kernel's may be. */
	assert_reads(pair->server, 3, "2");
	assert_reads(pair->server, 3, "34");
}

static void the_end_comes_behind_what_was_kept(void **state)
{
	struct pair *pair = *state;

	say(pair->client, "xy");
	assert_reads(pair->server, 1, "x");
	shutdown(pair->client, SHUT_WR);
	assert_reads(pair->server, 1, "y");
	assert_reads(pair->server, 1, "");
}

static void a_large_piece_goes_where_it_belongs(void **state)
{
	struct pair *pair = *state;
	char sent[20000], got[20000];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 7 + i / 256);
	assert_int_equal(send(pair->client, sent, sizeof(sent), 0),
			 sizeof(sent));
	assert_int_equal(read(pair->server, got, 5), 5);
	count = 5;
	while (count < sizeof(got)) {
		ssize_t length =
			read(pair->server, got + count, sizeof(got) - count);

		assert_true(length > 0);
		count += (size_t)length;
	}
	assert_memory_equal(got, sent, sizeof(sent));
}

static void a_descriptor_used_again_brings_nothing_old(void **state)
{
	struct pair *pair = *state;
	int ends[2];

	say(pair->client, "old");
	assert_reads(pair->server, 1, "o");
	close(pair->server);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(ends[0], pair->server);
	assert_false(polls_ready(ends[0]));
	assert_int_equal(write(ends[1], "new", 3), 3);
	assert_reads(ends[0], 3, "new");
	close(ends[1]);
}

static void fortified_calls_see_the_same_bytes(void **state)
{
	struct pair *pair = *state;
	struct pollfd polled = { .fd = pair->server, .events = POLLIN };
	char bytes[8] = "";

	say(pair->client, "onetwo");
	assert_reads(pair->server, 3, "one");
	assert_int_equal(__poll_chk(&polled, 1, 0, sizeof(polled)), 1);
	/* From the kernel it would wait forever. */
	shutdown(pair->client, SHUT_WR);
	assert_int_equal(__read_chk(pair->server, bytes, 3, sizeof(bytes)), 3);
	assert_string_equal(bytes, "two");
	assert_int_equal(__poll_chk(&polled, 1, 0, sizeof(polled)), 1);
	assert_int_equal(__read_chk(pair->server, bytes, 3, sizeof(bytes)), 0);
}

static void other_descriptors_are_not_read_ahead(void **state)
{
	struct pair *pair = *state;

	say(pair->server, "reply");
	assert_reads(pair->client, 1, "r");
	assert_int_equal(left_in_kernel(pair->client), 4);
	assert_reads(pair->client, 4, "eply");
}

/* As libmilter does it: poll() for room, then length and command in one piece,
 * what they are about in another. */
static ssize_t write_packet(int fd, char command, const char *bytes,
			    size_t length)
{
	struct pollfd polled = { .fd = fd, .events = POLLOUT };
	char head[5] = { (char)((length + 1) >> 24), (char)((length + 1) >> 16),
			 (char)((length + 1) >> 8), (char)(length + 1),
			 command };
	const struct iovec pieces[] = { { head, sizeof(head) },
					{ (char *)(uintptr_t)bytes, length } };

	assert_int_equal(poll(&polled, 1, 100), 1);
	assert_int_equal(polled.revents, POLLOUT);
	return writev(fd, pieces, length > 0 ? 2 : 1);
}

static void assert_packet(int fd, char command, const char *bytes,
			  size_t length)
{
	char head[5], got[1024];

	assert_true(length <= sizeof(got));
	assert_int_equal(recv(fd, head, sizeof(head), MSG_WAITALL),
			 sizeof(head));
	assert_int_equal(head[4], command);
	assert_int_equal((unsigned char)head[2] << 8 | (unsigned char)head[3],
			 length + 1);
	if (length > 0)
		assert_int_equal(recv(fd, got, length, MSG_WAITALL), length);
	assert_memory_equal(got, bytes, length);
}

static void edits_wait_for_the_answer(void **state)
{
	struct pair *pair = *state;

	assert_int_equal(write_packet(pair->server, 'm', "change", 6), 11);
	assert_int_equal(write_packet(pair->server, 'i', "insert", 6), 11);
	assert_int_equal(write_packet(pair->server, 'h', "add", 3), 8);
	assert_int_equal(left_in_kernel(pair->client), 0);
	assert_int_equal(write_packet(pair->server, 'c', "", 0), 5);
	assert_int_equal(left_in_kernel(pair->client), 11 + 11 + 8 + 5);
	assert_packet(pair->client, 'm', "change", 6);
	assert_packet(pair->client, 'i', "insert", 6);
	assert_packet(pair->client, 'h', "add", 3);
	assert_packet(pair->client, 'c', "", 0);
	/* And the next mail begins with nothing. */
	assert_int_equal(write_packet(pair->server, 'c', "", 0), 5);
	assert_int_equal(left_in_kernel(pair->client), 5);
}

static void all_else_goes_at_once(void **state)
{
	struct pair *pair = *state;

	for (const char *c = "Oacdrtypqsb+-2eyf4"; *c; c++) {
		assert_int_equal(write_packet(pair->server, *c, "him", 3), 8);
		assert_int_equal(left_in_kernel(pair->client), 8);
		assert_packet(pair->client, *c, "him", 3);
	}
}

static void more_edits_than_are_held_arrive_in_order(void **state)
{
	struct pair *pair = *state;
	char value[700];

	for (int i = 0; i < 100; i++) {
		memset(value, 'a' + i % 26, sizeof(value));
		assert_int_equal(
			write_packet(pair->server, 'i', value, sizeof(value)),
			sizeof(value) + 5);
	}
	assert_int_equal(write_packet(pair->server, 'c', "", 0), 5);
	for (int i = 0; i < 100; i++) {
		memset(value, 'a' + i % 26, sizeof(value));
		assert_packet(pair->client, 'i', value, sizeof(value));
	}
	assert_packet(pair->client, 'c', "", 0);
	assert_int_equal(left_in_kernel(pair->client), 0);
}

static void what_was_held_is_lost_with_its_connection(void **state)
{
	struct pair *pair = *state;
	struct sockaddr_un address;
	socklen_t length = sizeof(address);
	int client = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(getsockname(pair->listener,
				     (struct sockaddr *)&address, &length),
			 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, length),
			 0);
	assert_int_equal(write_packet(pair->server, 'i', "old", 3), 8);
	close(pair->server);
	/* The number that has become free. */
	assert_int_equal(accept(pair->listener, NULL, NULL), pair->server);
	assert_int_equal(write_packet(pair->server, 'c', "", 0), 5);
	assert_int_equal(left_in_kernel(client), 5);
	close(client);
}

static void *read_slowly(void *argument)
{
	const struct pair *pair = argument;
	const struct timespec pause = { .tv_nsec = 2000000 };
	char bytes[4096];
	size_t total = 0;
	ssize_t length;

	while ((length = recv(pair->client, bytes, sizeof(bytes), 0)) > 0) {
		for (ssize_t i = 0; i < length; i++)
			if (total + (size_t)i >= 5 &&
			    bytes[i] != (char)((total + (size_t)i - 5) % 251))
				return "what arrives is not what was written";
		total += (size_t)length;
		nanosleep(&pause, NULL);
	}
	return total == 5 + (1 << 20) ? NULL : "not all of it arrived";
}

static void a_slow_mta_gets_all_of_it(void **state)
{
	struct pair *pair = *state;
	size_t length = 1 << 20;
	char *bytes = malloc(length);
	pthread_t thread;
	void *complaint;

	assert_non_null(bytes);
	for (size_t i = 0; i < length; i++)
		bytes[i] = (char)(i % 251);
	assert_int_equal(pthread_create(&thread, NULL, read_slowly, pair), 0);
	assert_int_equal(write_packet(pair->server, 'b', bytes, length),
			 length + 5);
	shutdown(pair->server, SHUT_WR);
	pthread_join(thread, &complaint);
	if (complaint)
		fail_msg("%s", (const char *)complaint);
	free(bytes);
}

static void one_that_does_not_read_is_given_up(void **state)
{
	struct pair *pair = *state;
	size_t length = 1 << 20;
	char *bytes = calloc(1, length);

	assert_non_null(bytes);
	assert_int_equal(write_packet(pair->server, 'b', bytes, length), -1);
	assert_int_equal(errno, ETIMEDOUT);
	free(bytes);
}

static void one_that_has_gone_kills_nobody(void **state)
{
	struct pair *pair = *state;

	close(pair->client);
	assert_int_equal(write_packet(pair->server, 'i', "late", 4), 9);
	assert_int_equal(write_packet(pair->server, 'c', "", 0), -1);
	assert_int_equal(errno, EPIPE);
	pair->client = -1;
}

static void other_descriptors_are_written_as_ever(void **state)
{
	const struct iovec pieces[] = { { (char *)(uintptr_t) "\0\0\0\4i", 5 },
					{ (char *)(uintptr_t) "now", 3 } };
	char got[16] = "";
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(writev(ends[1], pieces, 2), 8);
	assert_int_equal(read(ends[0], got, sizeof(got)), 8);
	assert_string_equal(got + 4, "inow");
	close(ends[0]);
	close(ends[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_pair, close_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(packets_come_out_as_they_were_sent),
		TEST(what_is_kept_counts_as_ready_and_nothing_else),
		TEST(who_asks_twice_is_answered_twice),
		TEST(a_read_gets_what_is_kept_before_what_comes_later),
		TEST(the_end_comes_behind_what_was_kept),
		TEST(a_large_piece_goes_where_it_belongs),
		TEST(a_descriptor_used_again_brings_nothing_old),
		TEST(fortified_calls_see_the_same_bytes),
		TEST(other_descriptors_are_not_read_ahead),
		TEST(edits_wait_for_the_answer),
		TEST(all_else_goes_at_once),
		TEST(more_edits_than_are_held_arrive_in_order),
		TEST(what_was_held_is_lost_with_its_connection),
		TEST(a_slow_mta_gets_all_of_it),
		TEST(one_that_does_not_read_is_given_up),
		TEST(one_that_has_gone_kills_nobody),
		cmocka_unit_test(other_descriptors_are_written_as_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
