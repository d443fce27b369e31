/* What the kernel says of a connection that a client does something with. */
#include "sallyport/sock.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/tcp_pair.h"
#include "sallyport/clock.h"

enum {
	PATIENCE_MS = 5000
};

static const struct {
	const char *sentence;
	/* What is done, in order: the client sends so many bytes ("s100"),
	 * closes its half ("h"), closes ("c"), resets ("r"); the server reads
	 * ("R"), answers with so many bytes ("a10"), or closes ("C"). */
	const char *deeds;
	enum sp_sock_result result;
	bool has_finished;
	uint64_t received, sent;
} rows[] = {
	{ "nothing was said", "", SP_SOCK_FOUND, false, 0, 0 },
	{ "one byte", "s1", SP_SOCK_FOUND, false, 1, 0 },
	{ "a hundred bytes", "s100", SP_SOCK_FOUND, false, 100, 0 },
	{ "several times", "s1 s10 s100", SP_SOCK_FOUND, false, 111, 0 },
	{ "what has been read counts as well", "s100 R", SP_SOCK_FOUND, false,
	  100, 0 },
	{ "a closed half is not a byte", "h", SP_SOCK_FOUND, true, 0, 0 },
	{ "nor is a closed connection", "c", SP_SOCK_FOUND, true, 0, 0 },
	{ "one byte and a closed half", "s1 h", SP_SOCK_FOUND, true, 1, 0 },
	{ "words and goodbye", "s100 c", SP_SOCK_FOUND, true, 100, 0 },
	{ "words, read, and goodbye", "s100 R c", SP_SOCK_FOUND, true, 100, 0 },
	{ "a reset", "r", SP_SOCK_GONE, false, 0, 0 },
	{ "words and a reset", "s100 r", SP_SOCK_GONE, false, 0, 0 },
	{ "the server has greeted", "a10", SP_SOCK_FOUND, false, 0, 10 },
	{ "and was answered", "a10 s5", SP_SOCK_FOUND, false, 5, 10 },
	{ "the server has closed first", "C", SP_SOCK_GONE, false, 0, 0 },
	{ "both have closed", "c C", SP_SOCK_GONE, false, 0, 0 },
};

static void rest(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void send_bytes(int fd, const char *count)
{
	static const char bytes[256];
	size_t length = (size_t)strtoul(count, NULL, 10);

	assert_true(length > 0 && length <= sizeof(bytes));
	assert_int_equal(send(fd, bytes, length, 0), length);
}

static void shut(int *fd)
{
	close(*fd);
	*fd = -1;
}

static void do_deed(struct tcp_pair *pair, const char *deed)
{
	char bytes[256];

	switch (deed[0]) {
	case 's':
		send_bytes(pair->client, deed + 1);
		break;
	case 'a':
		send_bytes(pair->server, deed + 1);
		break;
	case 'h':
		assert_int_equal(shutdown(pair->client, SHUT_WR), 0);
		break;
	case 'c':
		shut(&pair->client);
		break;
	case 'r':
		tcp_pair_reset(pair);
		break;
	case 'R':
		assert_true(recv(pair->server, bytes, sizeof(bytes), 0) > 0);
		break;
	case 'C':
		shut(&pair->server);
		break;
	default:
		fail_msg("no such deed: %s", deed);
	}
}

static void do_deeds(struct tcp_pair *pair, const char *deeds)
{
	while (*deeds) {
		do_deed(pair, deeds);
		deeds += strcspn(deeds, " ");
		deeds += *deeds == ' ';
	}
}

static bool is_as_told(const struct sp_sock_look *look, size_t row)
{
	return look->result == rows[row].result && look->error == 0 &&
	       look->has_finished == rows[row].has_finished &&
	       look->received_bytes == rows[row].received &&
	       look->sent_bytes == rows[row].sent &&
	       (look->number != 0) == (look->result == SP_SOCK_FOUND) &&
	       (look->rtt_us != 0) == (look->result == SP_SOCK_FOUND);
}

/* What is sent over loopback has most often come already when send() returns,
 * but nobody promises it. */
static bool comes_true(const struct tcp_pair *pair, size_t row,
		       struct sp_sock_look *look_out)
{
	int64_t end_ms = sp_clock_mono_ms() + PATIENCE_MS;

	do {
		sp_sock_look(&pair->ends, look_out);
		if (is_as_told(look_out, row))
			return true;
		rest();
	} while (sp_clock_mono_ms() < end_ms);
	return false;
}

static void test_what_a_client_does_is_seen(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (enum tcp_kind kind = 0; kind < TCP_KINDS; kind++) {
			struct tcp_pair pair;
			struct sp_sock_look look;

			assert_true(tcp_pair_open(kind, &pair));
			do_deeds(&pair, rows[i].deeds);
			if (!comes_true(&pair, i, &look)) {
				print_error("%s: %s: result %d error %d, "
					    "finished %d, %lu received, %lu "
					    "sent\n",
					    tcp_kind_name(kind),
					    rows[i].sentence, look.result,
					    look.error, look.has_finished,
					    look.received_bytes,
					    look.sent_bytes);
				failed++;
			}
			tcp_pair_close(&pair);
		}
	}
	assert_int_equal(failed, 0);
}

static void test_the_listener_is_not_taken_for_a_connection(void **state)
{
	struct tcp_pair pair;
	struct sp_sock_look look;

	(void)state;
	assert_true(tcp_pair_open(TCP_IPV4, &pair));
	/* Nobody has connected from there. */
	pair.ends.peer_port = 1;
	sp_sock_look(&pair.ends, &look);
	assert_int_equal(look.result, SP_SOCK_GONE);
	pair.ends.peer_port = 0;
	sp_sock_look(&pair.ends, &look);
	assert_int_equal(look.result, SP_SOCK_GONE);
	tcp_pair_close(&pair);
}

static void test_ends_that_are_not_known_are_not_found(void **state)
{
	struct sp_sock_ends ends = { .own_port = 25, .peer_port = 1 };
	struct sp_sock_look look;

	(void)state;
	sp_sock_look(&ends, &look);
	assert_int_equal(look.result, SP_SOCK_GONE);
	assert_int_equal(sp_ip_parse("192.0.2.1", &ends.own), SP_OK);
	assert_int_equal(sp_ip_parse("2001:db8::1", &ends.peer), SP_OK);
	sp_sock_look(&ends, &look);
	assert_int_equal(look.result, SP_SOCK_GONE);
	/* A search without ports would find whatever there is. */
	ends = (struct sp_sock_ends){ .own_port = 0 };
	assert_int_equal(sp_ip_parse("127.0.0.1", &ends.peer), SP_OK);
	sp_sock_find(&ends, &look);
	assert_int_equal(look.result, SP_SOCK_GONE);
}

static void test_a_connection_of_the_same_ends_is_another(void **state)
{
	struct tcp_pair pair, again;
	struct sp_sock_look first, second, third;

	(void)state;
	assert_true(tcp_pair_open(TCP_IPV4, &pair));
	sp_sock_look(&pair.ends, &first);
	sp_sock_look(&pair.ends, &second);
	assert_int_equal(first.number, second.number);
	/* After a reset the port is free at once. */
	tcp_pair_reset(&pair);
	assert_true(tcp_pair_again(&pair, pair.ends.peer_port, &again));
	sp_sock_look(&pair.ends, &third);
	assert_int_equal(third.result, SP_SOCK_FOUND);
	assert_int_not_equal(third.number, first.number);
	tcp_pair_close(&again);
	tcp_pair_close(&pair);
}

static const struct {
	const char *sentence;
	const char *client, *server; /* IPv4 */
	const char *told;	     /* what the MTA says of itself; "" */
} searches[] = {
	{ "it is known", "127.0.0.1", "127.0.0.1", "127.0.0.1" },
	{ "one address at both ends", "127.0.0.1", "127.0.0.1", "0.0.0.0" },
	{ "the MTA does not say it", "127.0.0.1", "127.0.0.1", "" },
	{ "the same, not the usual one", "127.0.0.9", "127.0.0.9", "0.0.0.0" },
	{ "from another to the usual one", "127.0.0.77", "127.0.0.1",
	  "0.0.0.0" },
	{ "said in IPv6", "127.0.0.77", "127.0.0.1", "::" },
	{ "two that nobody would guess", "127.0.0.77", "127.0.0.5", "0.0.0.0" },
};

static void test_an_untold_address_is_found(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(searches) / sizeof(searches[0]); i++) {
		struct tcp_pair pair;
		struct sp_sock_ends ends;
		struct sp_sock_look look;

		assert_true(tcp_pair_open_between(searches[i].client, 0,
						  searches[i].server, &pair));
		do_deeds(&pair, "s7 R");
		ends = pair.ends;
		(void)sp_ip_parse(searches[i].told, &ends.own);
		sp_sock_find(&ends, &look);
		if (look.result != SP_SOCK_FOUND || look.received_bytes != 7 ||
		    !sp_ip_equals(&ends.own, &pair.ends.own)) {
			print_error("%s: %d %d\n", searches[i].sentence,
				    look.result, look.error);
			failed++;
		}
		tcp_pair_close(&pair);
	}
	assert_int_equal(failed, 0);
}

static void test_an_untold_address_is_found_in_each_family(void **state)
{
	(void)state;
	for (enum tcp_kind kind = 0; kind < TCP_KINDS; kind++) {
		struct tcp_pair pair;
		struct sp_sock_ends ends;
		struct sp_sock_look look;

		assert_true(tcp_pair_open(kind, &pair));
		ends = pair.ends;
		ends.own.family = SP_IP_NONE;
		sp_sock_find(&ends, &look);
		assert_int_equal(look.result, SP_SOCK_FOUND);
		assert_true(sp_ip_equals(&ends.own, &pair.ends.own));
		tcp_pair_close(&pair);
	}
}

/* An IPv6 socket that took an IPv4 client, and no guess would find it. */
static void test_a_search_sees_mapped_addresses(void **state)
{
	struct tcp_pair listener, pair;
	struct sp_sock_ends ends;
	struct sp_sock_look look;

	(void)state;
	assert_true(tcp_pair_open(TCP_MAPPED_SERVER, &listener));
	assert_int_equal(sp_ip_parse("127.0.0.5", &listener.ends.own), SP_OK);
	assert_int_equal(sp_ip_parse("127.0.0.77", &listener.ends.peer), SP_OK);
	assert_true(tcp_pair_again(&listener, 0, &pair));
	ends = pair.ends;
	ends.own.family = SP_IP_NONE;
	sp_sock_find(&ends, &look);
	assert_int_equal(look.result, SP_SOCK_FOUND);
	assert_true(sp_ip_equals(&ends.own, &listener.ends.own));
	tcp_pair_close(&pair);
	tcp_pair_close(&listener);
}

/* The same client and the same ports, at two addresses of ours. */
static void test_a_search_that_finds_nothing_or_two_says_so(void **state)
{
	struct tcp_pair listener, one, two;
	struct sp_sock_ends ends;
	struct sp_sock_look look;

	(void)state;
	assert_true(tcp_pair_open(TCP_MAPPED_SERVER, &listener));
	assert_int_equal(sp_ip_parse("127.0.0.77", &listener.ends.peer), SP_OK);
	assert_int_equal(sp_ip_parse("127.0.0.5", &listener.ends.own), SP_OK);
	assert_true(tcp_pair_again(&listener, 0, &one));
	assert_int_equal(sp_ip_parse("127.0.0.6", &listener.ends.own), SP_OK);
	assert_true(tcp_pair_again(&listener, one.ends.peer_port, &two));

	ends = one.ends;
	ends.own.family = SP_IP_NONE;
	sp_sock_find(&ends, &look);
	assert_int_equal(look.result, SP_SOCK_UNAVAILABLE);
	assert_int_equal(look.error, ENOTUNIQ);
	assert_int_equal(ends.own.family, SP_IP_NONE);

	tcp_pair_reset(&one);
	tcp_pair_reset(&two);
	sp_sock_find(&ends, &look);
	assert_int_equal(look.result, SP_SOCK_GONE);
	assert_int_equal(ends.own.family, SP_IP_NONE);
	tcp_pair_close(&two);
	tcp_pair_close(&one);
	tcp_pair_close(&listener);
}

static void *look_often(void *argument)
{
	const struct tcp_pair *pair = argument;
	uintptr_t missed = 0;

	for (int i = 0; i < 1000; i++) {
		struct sp_sock_look look;

		sp_sock_look(&pair->ends, &look);
		missed += look.result != SP_SOCK_FOUND ||
			  look.received_bytes != 5;
	}
	return (void *)missed;
}

static void test_threads_do_not_disturb_each_other(void **state)
{
	struct tcp_pair pair;
	pthread_t threads[8];

	(void)state;
	assert_true(tcp_pair_open(TCP_IPV4, &pair));
	do_deeds(&pair, "s5 R");
	for (int i = 0; i < 8; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, look_often, &pair),
			0);
	for (int i = 0; i < 8; i++) {
		void *missed;

		pthread_join(threads[i], &missed);
		assert_null(missed);
	}
	tcp_pair_close(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_client_does_is_seen),
		cmocka_unit_test(
			test_the_listener_is_not_taken_for_a_connection),
		cmocka_unit_test(test_ends_that_are_not_known_are_not_found),
		cmocka_unit_test(test_a_connection_of_the_same_ends_is_another),
		cmocka_unit_test(test_an_untold_address_is_found),
		cmocka_unit_test(
			test_an_untold_address_is_found_in_each_family),
		cmocka_unit_test(test_a_search_sees_mapped_addresses),
		cmocka_unit_test(
			test_a_search_that_finds_nothing_or_two_says_so),
		cmocka_unit_test(test_threads_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
