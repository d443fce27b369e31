/* Reading ahead on an MTA's connections: what libmilter gets is what it would
 * have got without, and the kernel is asked less often. This program has the
 * daemon's read(), poll(), accept() and close(). */
#include <poll.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			packets_come_out_as_they_were_sent, make_pair,
			close_pair),
		cmocka_unit_test_setup_teardown(
			what_is_kept_counts_as_ready_and_nothing_else,
			make_pair, close_pair),
		cmocka_unit_test_setup_teardown(
			a_read_gets_what_is_kept_before_what_comes_later,
			make_pair, close_pair),
		cmocka_unit_test_setup_teardown(
			the_end_comes_behind_what_was_kept, make_pair,
			close_pair),
		cmocka_unit_test_setup_teardown(
			a_large_piece_goes_where_it_belongs, make_pair,
			close_pair),
		cmocka_unit_test_setup_teardown(
			a_descriptor_used_again_brings_nothing_old, make_pair,
			close_pair),
		cmocka_unit_test_setup_teardown(
			fortified_calls_see_the_same_bytes, make_pair,
			close_pair),
		cmocka_unit_test_setup_teardown(
			other_descriptors_are_not_read_ahead, make_pair,
			close_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
