#include "dns_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PACKET_MAX = 65535,
	UDP_MAX = 1200,
	HEADER_BYTES = 12,
	SEEN_MAX = 65536,
	TTL_SEC = 300,
	CLASS_IN = 1,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	RCODE_SERVFAIL = 2,
	RCODE_NXDOMAIN = 3,
	RCODE_REFUSED = 5
};

/* An answer on its way. */
struct reply {
	struct reply *next;
	int64_t due_us;
	struct sockaddr_in to;
	size_t length;
	uint8_t bytes[];
};

struct test_dns_server {
	const struct test_dns_row *rows;
	int udp, tcp;
	char address[32];
	pthread_t thread;
	atomic_bool is_stopping;
	atomic_int trick;
	atomic_uint delay_ms, ttl_sec;
	struct reply *replies; /* the next one first */
	pthread_mutex_t lock;
	/* guarded by lock */
	unsigned count;
	char (*seen)[96];
};

struct packet {
	unsigned ttl_sec; /* of its records */
	size_t length;
	uint8_t bytes[PACKET_MAX];
};

struct question {
	char name[256];
	uint16_t type;
	size_t end; /* in the packet */
};

static const struct {
	const char *name;
	uint16_t number;
} types[] = { { "A", 1 },   { "NS", 2 },   { "CNAME", 5 }, { "PTR", 12 },
	      { "MX", 15 }, { "TXT", 16 }, { "AAAA", 28 }, { "ANY", 255 } };

static uint16_t type_number(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].number;
	abort();
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ------------------------------------------------------------------ writing */

static void put(struct packet *packet, const void *bytes, size_t length)
{
	assert(length <= PACKET_MAX - packet->length);
	memcpy(packet->bytes + packet->length, bytes, length);
	packet->length += length;
}

static void put_number(struct packet *packet, unsigned long value,
		       unsigned size)
{
	while (size-- > 0) {
		uint8_t byte = (uint8_t)(value >> (8 * size));

		put(packet, &byte, 1);
	}
}

/* "a.b": \. is a dot that is part of its label, any other \c is c. */
static void put_name(struct packet *packet, const char *name)
{
	while (*name != '\0' && strcmp(name, ".") != 0) {
		uint8_t label[64];
		uint8_t length = 0;

		for (; *name != '\0' && *name != '.'; name++) {
			name += *name == '\\';
			label[1 + length++] = (uint8_t)*name;
		}
		label[0] = length;
		put(packet, label, length + 1u);
		name += *name == '.';
	}
	put_number(packet, 0, 1);
}

static void put_text(struct packet *packet, const char *data)
{
	size_t fill = strncmp(data, "fill:", 5) == 0
			      ? strtoul(data + 5, NULL, 10)
			      : 0;
	size_t left = fill > 0 ? fill : strlen(data);

	do {
		size_t size = left < 255 ? left : 255;

		put_number(packet, size, 1);
		for (size_t i = 0; i < size; i++)
			put(packet, fill > 0 ? "x" : data + i, 1);
		data += fill > 0 ? 0 : size;
		left -= size;
	} while (left > 0);
}

static void put_hex(struct packet *packet, const char *digits)
{
	unsigned byte;

	for (; sscanf(digits, "%2x", &byte) == 1; digits += 2)
		put_number(packet, byte, 1);
}

static void put_data(struct packet *packet, uint16_t type, const char *data)
{
	uint8_t address[16];
	unsigned preference;
	int used = 0;

	if (strncmp(data, "hex:", 4) == 0) {
		put_hex(packet, data + 4);
	} else if (inet_pton(AF_INET, data, address) == 1 && type == 1) {
		put(packet, address, 4);
	} else if (type == 28) {
		assert(inet_pton(AF_INET6, data, address) == 1);
		put(packet, address, 16);
	} else if (type == 15) {
		assert(sscanf(data, "%u %n", &preference, &used) == 1);
		put_number(packet, preference, 2);
		put_name(packet, data + used);
	} else if (type == 16) {
		put_text(packet, data);
	} else {
		put_name(packet, data);
	}
}

/* The owner is the name in the question, by a pointer to it. */
static void put_record(struct packet *packet, uint16_t type, const char *data)
{
	size_t at, length;

	put_number(packet, 0xc000 | HEADER_BYTES, 2);
	put_number(packet, type, 2);
	put_number(packet, CLASS_IN, 2);
	put_number(packet, packet->ttl_sec, 4);
	at = packet->length;
	put_number(packet, 0, 2);
	put_data(packet, type, data);
	length = packet->length - at - 2;
	packet->bytes[at] = (uint8_t)(length >> 8);
	packet->bytes[at + 1] = (uint8_t)length;
}

/* Makes "there is none" cacheable. Its owner is the last label. */
static void put_soa(struct packet *packet, const char *name)
{
	const char *last = strrchr(name, '.');

	put_name(packet, last == NULL ? name : last + 1);
	put_number(packet, TYPE_SOA, 2);
	put_number(packet, CLASS_IN, 2);
	put_number(packet, packet->ttl_sec, 4);
	put_number(packet, 1 + 1 + 20, 2);
	put_number(packet, 0, 2);
	for (unsigned i = 0; i < 5; i++)
		put_number(packet, packet->ttl_sec, 4);
}

/* ---------------------------------------------------------------- answering */

static bool read_question(const struct packet *packet,
			  struct question *question_out)
{
	size_t at = HEADER_BYTES;
	size_t length = 0;

	while (at < packet->length && packet->bytes[at] != 0) {
		size_t label = packet->bytes[at];

		if (at + label + 1 >= packet->length ||
		    length + label + 2 > sizeof(question_out->name))
			return false;
		if (length > 0)
			question_out->name[length++] = '.';
		memcpy(question_out->name + length, packet->bytes + at + 1,
		       label);
		length += label;
		at += label + 1;
	}
	question_out->name[length] = '\0';
	if (at + 5 > packet->length)
		return false;
	question_out->type =
		(uint16_t)(packet->bytes[at + 1] << 8 | packet->bytes[at + 2]);
	question_out->end = at + 5;
	return true;
}

static bool is_row_of(const struct test_dns_row *row, const char *name,
		      bool is_wild)
{
	size_t length = strlen(name);
	size_t tail;

	if (!is_wild)
		return strcasecmp(row->name, name) == 0;
	if (row->name[0] != '*')
		return false;
	tail = strlen(row->name) - 1;
	return length > tail &&
	       strcasecmp(name + length - tail, row->name + 1) == 0;
}

/* The first row of the name, and whether there is only a wildcard for it. */
static const struct test_dns_row *find(const struct test_dns_server *server,
				       const char *name, bool *is_wild_out)
{
	for (int wild = 0; wild <= 1; wild++)
		for (const struct test_dns_row *row = server->rows;
		     row->name != NULL; row++)
			if (is_row_of(row, name, wild != 0)) {
				*is_wild_out = wild != 0;
				return row;
			}
	return NULL;
}

struct plan {
	enum test_dns_trick trick;
	unsigned delay_ms;
};

/* The records into the answer; their number is returned. */
static unsigned put_rows(struct packet *answer, const struct question *question,
			 const struct test_dns_row *row, bool is_wild,
			 struct plan *plan)
{
	unsigned count = 0;

	for (; row != NULL && row->name != NULL; row++) {
		uint16_t type = type_number(row->type);

		if (!is_row_of(row, question->name, is_wild))
			continue;
		if (type != question->type && type != TYPE_CNAME && type != 255)
			continue;
		if (row->delay_ms > plan->delay_ms)
			plan->delay_ms = row->delay_ms;
		if (row->trick != TEST_DNS_HONEST)
			plan->trick = row->trick;
		if (row->data == NULL)
			continue;
		put_record(answer, type, row->data);
		count++;
	}
	return count;
}

static void set_number(struct packet *packet, size_t at, unsigned value)
{
	packet->bytes[at] = (uint8_t)(value >> 8);
	packet->bytes[at + 1] = (uint8_t)value;
}

static void cut(struct packet *answer, const struct question *question)
{
	answer->length = question->end;
	answer->bytes[2] |= 2; /* TC */
	set_number(answer, 6, 0);
	set_number(answer, 8, 0);
}

static void play(struct packet *answer, const struct question *question,
		 const struct plan *plan, bool is_tcp)
{
	switch (plan->trick) {
	case TEST_DNS_SERVFAIL:
		answer->bytes[3] = 0x80 | RCODE_SERVFAIL;
		break;
	case TEST_DNS_REFUSED:
		answer->bytes[3] = 0x80 | RCODE_REFUSED;
		break;
	case TEST_DNS_WRONG_ID:
		answer->bytes[0] ^= 0x55;
		break;
	case TEST_DNS_GARBAGE:
		for (size_t i = 3; i < answer->length; i++)
			answer->bytes[i] = (uint8_t)(i * 151 + 7);
		break;
	case TEST_DNS_SILENT:
		answer->length = 0;
		break;
	default:
		if (!is_tcp && (plan->trick == TEST_DNS_TRUNCATED ||
				answer->length > UDP_MAX))
			cut(answer, question);
	}
}

static void record(struct test_dns_server *server, const char *name)
{
	pthread_mutex_lock(&server->lock);
	if (server->count < SEEN_MAX)
		snprintf(server->seen[server->count], 96, "%.95s", name);
	server->count++;
	pthread_mutex_unlock(&server->lock);
}

/* An answer of 0 bytes is none. */
static struct plan answer(struct test_dns_server *server,
			  const struct packet *packet, bool is_tcp,
			  struct packet *answer_out)
{
	enum test_dns_trick trick =
		(enum test_dns_trick)atomic_load(&server->trick);
	struct plan plan = { trick, 0 };
	struct question question;
	const struct test_dns_row *row;
	bool is_wild = false;
	unsigned count;

	answer_out->length = 0;
	answer_out->ttl_sec = atomic_load(&server->ttl_sec);
	if (!read_question(packet, &question))
		return plan;
	if (strncmp(question.name, "sp-", 3) != 0)
		record(server, question.name);
	put(answer_out, packet->bytes, question.end);
	answer_out->bytes[2] = 0x84; /* an answer, authoritative */
	answer_out->bytes[3] = 0x80; /* recursion: say we did */
	set_number(answer_out, 8, 0);
	set_number(answer_out, 10, 0);
	row = find(server, question.name, &is_wild);
	count = put_rows(answer_out, &question, row, is_wild, &plan);
	set_number(answer_out, 6, count);
	if (row == NULL)
		answer_out->bytes[3] |= RCODE_NXDOMAIN;
	if (count == 0) {
		set_number(answer_out, 8, 1);
		put_soa(answer_out, question.name);
	}
	play(answer_out, &question, &plan, is_tcp);
	plan.delay_ms += atomic_load(&server->delay_ms);
	return plan;
}

/* --------------------------------------------------------------- transport */

static void send_later(struct test_dns_server *server,
		       const struct packet *packet, unsigned delay_ms,
		       const struct sockaddr_in *to)
{
	struct reply *reply = malloc(sizeof(*reply) + packet->length);
	struct reply **place = &server->replies;

	assert(reply != NULL);
	reply->due_us = now_us() + (int64_t)delay_ms * 1000;
	reply->to = *to;
	reply->length = packet->length;
	memcpy(reply->bytes, packet->bytes, packet->length);
	/* Delays are alike: the place is near the end, but tests are small. */
	while (*place != NULL && (*place)->due_us <= reply->due_us)
		place = &(*place)->next;
	reply->next = *place;
	*place = reply;
}

static void send_due(struct test_dns_server *server)
{
	while (server->replies != NULL && server->replies->due_us <= now_us()) {
		struct reply *reply = server->replies;

		server->replies = reply->next;
		sendto(server->udp, reply->bytes, reply->length, 0,
		       (const struct sockaddr *)&reply->to, sizeof(reply->to));
		free(reply);
	}
}

static void take_udp(struct test_dns_server *server, struct packet *question,
		     struct packet *reply)
{
	struct sockaddr_in from;

	for (;;) {
		socklen_t size = sizeof(from);
		ssize_t got =
			recvfrom(server->udp, question->bytes, PACKET_MAX,
				 MSG_DONTWAIT, (struct sockaddr *)&from, &size);
		struct plan plan;

		if (got < HEADER_BYTES)
			return;
		question->length = (size_t)got;
		plan = answer(server, question, false, reply);
		if (reply->length == 0)
			continue;
		if (plan.delay_ms > 0)
			send_later(server, reply, plan.delay_ms, &from);
		else
			sendto(server->udp, reply->bytes, reply->length, 0,
			       (const struct sockaddr *)&from, size);
	}
}

static bool read_all(int fd, uint8_t *bytes, size_t length)
{
	return recv(fd, bytes, length, MSG_WAITALL) == (ssize_t)length;
}

/* One question per connection is all that a fallback needs. */
static void take_tcp(struct test_dns_server *server, struct packet *question,
		     struct packet *reply)
{
	struct timeval limit = { .tv_sec = 1 };
	int fd = accept(server->tcp, NULL, NULL);
	uint8_t size[2];

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (read_all(fd, size, 2)) {
		question->length = (size_t)(size[0] << 8 | size[1]);
		if (read_all(fd, question->bytes, question->length)) {
			answer(server, question, true, reply);
			size[0] = (uint8_t)(reply->length >> 8);
			size[1] = (uint8_t)reply->length;
			if (reply->length > 0) {
				send(fd, size, 2, MSG_NOSIGNAL | MSG_MORE);
				send(fd, reply->bytes, reply->length,
				     MSG_NOSIGNAL);
			}
		}
	}
	close(fd);
}

static void *serve(void *argument)
{
	struct test_dns_server *server = argument;
	struct packet *question = malloc(sizeof(*question));
	struct packet *reply = malloc(sizeof(*reply));

	assert(question != NULL && reply != NULL);
	while (!atomic_load(&server->is_stopping)) {
		struct pollfd fds[2] = {
			{ .fd = server->udp, .events = POLLIN },
			{ .fd = server->tcp, .events = POLLIN },
		};
		/* To the millisecond is near enough. */
		poll(fds, 2, server->replies == NULL ? 20 : 1);
		if (fds[0].revents != 0)
			take_udp(server, question, reply);
		if (fds[1].revents != 0)
			take_tcp(server, question, reply);
		send_due(server);
	}
	free(question);
	free(reply);
	return NULL;
}

static int open_socket(int type, struct sockaddr_in *address)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(*address);
	int bytes = 8 * 1024 * 1024;

	assert(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (bind(fd, (struct sockaddr *)address, size) != 0) {
		close(fd);
		return -1;
	}
	getsockname(fd, (struct sockaddr *)address, &size);
	return fd;
}

struct test_dns_server *test_dns_start(const struct test_dns_row *rows)
{
	struct test_dns_server *server = calloc(1, sizeof(*server));
	struct sockaddr_in address;

	assert(server != NULL);
	server->rows = rows;
	server->ttl_sec = TTL_SEC;
	server->seen = calloc(SEEN_MAX, sizeof(*server->seen));
	pthread_mutex_init(&server->lock, NULL);
	/* A port that is free for both. */
	do {
		address = (struct sockaddr_in){
			.sin_family = AF_INET,
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};
		server->udp = open_socket(SOCK_DGRAM, &address);
		server->tcp = open_socket(SOCK_STREAM, &address);
		if (server->tcp < 0)
			close(server->udp);
	} while (server->tcp < 0);
	assert(listen(server->tcp, 64) == 0);
	snprintf(server->address, sizeof(server->address), "127.0.0.1@%u",
		 ntohs(address.sin_port));
	assert(pthread_create(&server->thread, NULL, serve, server) == 0);
	return server;
}

void test_dns_stop(struct test_dns_server *server)
{
	atomic_store(&server->is_stopping, true);
	pthread_join(server->thread, NULL);
	while (server->replies != NULL) {
		struct reply *reply = server->replies;

		server->replies = reply->next;
		free(reply);
	}
	close(server->udp);
	close(server->tcp);
	pthread_mutex_destroy(&server->lock);
	free(server->seen);
	free(server);
}

const char *test_dns_address(const struct test_dns_server *server)
{
	return server->address;
}

void test_dns_play(struct test_dns_server *server, enum test_dns_trick trick)
{
	atomic_store(&server->trick, trick);
}

void test_dns_delay(struct test_dns_server *server, unsigned delay_ms)
{
	atomic_store(&server->delay_ms, delay_ms);
}

void test_dns_ttl(struct test_dns_server *server, unsigned ttl_sec)
{
	atomic_store(&server->ttl_sec, ttl_sec);
}

unsigned test_dns_count(struct test_dns_server *server, const char *name)
{
	unsigned count = 0;

	pthread_mutex_lock(&server->lock);
	for (unsigned i = 0; i < server->count && i < SEEN_MAX; i++)
		count += name != NULL && strcasecmp(server->seen[i], name) == 0;
	if (name == NULL)
		count = server->count;
	pthread_mutex_unlock(&server->lock);
	return count;
}
