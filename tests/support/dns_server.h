/*
 * dns_server.h - an authoritative DNS server for tests, one thread, on a free
 * port of 127.0.0.1, UDP and TCP.
 *
 * Zones are rows. A name without a row does not exist (NXDOMAIN), one without
 * a row of the type asked for has no data. A row "*.example.org" holds for all
 * names below that have no rows of their own. A CNAME is answered alone: the
 * resolver goes on by itself.
 */
#ifndef TESTS_SUPPORT_DNS_SERVER_H
#define TESTS_SUPPORT_DNS_SERVER_H

#include <stddef.h>

enum test_dns_trick {
	TEST_DNS_HONEST,
	TEST_DNS_SILENT,
	TEST_DNS_SERVFAIL,
	TEST_DNS_REFUSED,
	TEST_DNS_WRONG_ID,  /* a forged answer; the true one never comes */
	TEST_DNS_GARBAGE,   /* random bytes behind the right id */
	TEST_DNS_TRUNCATED, /* by UDP; whole by TCP */
};

struct test_dns_row {
	const char *name;
	/* A AAAA PTR MX TXT CNAME; "ANY" plays its trick for every type */
	const char *type;
	/* A AAAA: an address; MX: "10 mx.example.org", "0 ." for none; TXT:
	 * text, in strings of 255; names: \. is a dot within a label. "xN"
	 * behind TXT's "fill:": N letters. HEX: "hex:0a0b" are raw bytes. */
	const char *data;
	unsigned delay_ms;
	enum test_dns_trick trick;
};

struct test_dns_server;

/* `rows` end in a name of NULL and outlive the server. */
struct test_dns_server *test_dns_start(const struct test_dns_row *rows);
void test_dns_stop(struct test_dns_server *server);

/* "127.0.0.1@PORT" */
const char *test_dns_address(const struct test_dns_server *server);

/* What it does with every question, until set again: a trick, or a delay that
 * comes on top of the rows'. */
void test_dns_play(struct test_dns_server *server, enum test_dns_trick trick);
void test_dns_delay(struct test_dns_server *server, unsigned delay_ms);

/* How long its answers hold, from now on: at first 300 seconds. */
void test_dns_ttl(struct test_dns_server *server, unsigned ttl_sec);

/* How often it was asked for that, retries included; NULL: for anything but the
 * resolver's own probes. */
unsigned test_dns_count(struct test_dns_server *server, const char *name);

#endif
