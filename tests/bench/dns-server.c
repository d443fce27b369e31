/*
 * dns-server: the name server of ./dev bench. It answers by rule, for names
 * that nobody ever asked for, so that every question is new:
 *
 *	D.C.B.A.in-addr.arpa       PTR  host.cN.example, N the address' number
 *	host.cN, helo.cN .example  A    that address
 *	sN.example                 MX   10 mx.sN.example
 *	mx.sN.example              A    192.0.2.25
 *	WHAT.ZONE.list.example     A    127.0.0.2 for the test points that are
 *	                                listed (RFC 5782 section 5) and for 5 %
 *	                                of everything
 *
 * Each N is an organisation of its own: lists of domains are asked about those.
 * Names that stand in a file are answered from there (dns-zone.h). All else is
 * not there. UDP on a free port of 127.0.0.1; the first line of
 * output says which: 127.0.0.1@PORT. Standard input says how to answer from now
 * on, one line each: "delay MS", "silent", "zone FILE", "count"; each is
 * answered with how many questions came so far. It leaves when standard input
 * ends, or when a file is none.
 */
#include "dns-zone.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	HEADER_BYTES = 12,
	PACKET_BYTES = 1024, /* more than any answer of ours */
	RECORD_ROOM = 640,   /* of it, for records */
	QUEUE_SLOTS = 16384, /* answers on their way; a power of two */
	AT_A_TIME = 64,
	TTL_SEC = 3600, /* longer than a run: it is warm or it is not */
	RCODE_NXDOMAIN = 3,
	TYPE_A = 1,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	MX_ADDRESS = 0xc0000219,     /* 192.0.2.25 */
	LISTED_ADDRESS = 0x7f000002, /* 127.0.0.2 */
	ONE_IN = 20		     /* names are listed */
};

struct packet {
	struct sockaddr_in peer;
	int64_t due_us;
	size_t length;
	uint8_t bytes[PACKET_BYTES];
};

struct question {
	char name[256]; /* lower case, no dot at the end */
	unsigned type;
	size_t end; /* in the packet */
};

struct server {
	int udp;
	int64_t delay_us;
	bool is_silent;
	uint64_t questions;
	struct zone zone;
	unsigned head, tail; /* of the queue; all delays are alike */
	struct packet queue[QUEUE_SLOTS];
	struct packet taken[AT_A_TIME];
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ------------------------------------------------------------------ writing */

static void put_number(struct packet *packet, uint32_t value, unsigned bytes)
{
	while (bytes-- > 0)
		packet->bytes[packet->length++] = (uint8_t)(value >> 8 * bytes);
}

static void put_name(struct packet *packet, const char *name)
{
	while (*name) {
		size_t length = strcspn(name, ".");

		put_number(packet, (uint32_t)length, 1);
		memcpy(packet->bytes + packet->length, name, length);
		packet->length += length;
		name += length + (name[length] == '.');
	}
	put_number(packet, 0, 1);
}

/* A record of the name in the question, up to its data. */
static void put_record(struct packet *packet, unsigned type, size_t data_bytes)
{
	put_number(packet, 0xc000 | HEADER_BYTES, 2);
	put_number(packet, type, 2);
	put_number(packet, 1, 2);
	put_number(packet, TTL_SEC, 4);
	put_number(packet, (uint32_t)data_bytes, 2);
	packet->bytes[7]++;
}

static void put_address(struct packet *packet, uint32_t address)
{
	put_record(packet, TYPE_A, 4);
	put_number(packet, address, 4);
}

/* Makes "there is none" cacheable. */
static void put_soa(struct packet *packet)
{
	put_number(packet, 0, 1);
	put_number(packet, TYPE_SOA, 2);
	put_number(packet, 1, 2);
	put_number(packet, TTL_SEC, 4);
	put_number(packet, 1 + 1 + 5 * 4, 2);
	put_number(packet, 0, 2);
	for (unsigned i = 0; i < 5; i++)
		put_number(packet, TTL_SEC, 4);
	packet->bytes[9] = 1;
}

/* -------------------------------------------------------------------- rules */

/* Each rule says whether it knows the name, and puts the record that is asked
 * for, if there is one. `what` is the name without the zone. */
typedef bool rule(const struct question *question, const char *what,
		  struct packet *answer);

static bool answer_reverse(const struct question *question, const char *what,
			   struct packet *answer)
{
	unsigned a, b, c, d;
	char name[64];

	if (sscanf(what, "%3u.%3u.%3u.%3u", &d, &c, &b, &a) != 4)
		return false;
	if (question->type != TYPE_PTR)
		return true;
	snprintf(name, sizeof(name), "host.c%u.example",
		 a << 24 | b << 16 | c << 8 | d);
	put_record(answer, TYPE_PTR, strlen(name) + 2);
	put_name(answer, name);
	return true;
}

static bool answer_client(const struct question *question, const char *what,
			  struct packet *answer)
{
	unsigned address;

	if (sscanf(what, "host.c%u", &address) != 1 &&
	    sscanf(what, "helo.c%u", &address) != 1)
		return false;
	if (question->type == TYPE_A)
		put_address(answer, address);
	return true;
}

static bool answer_sender(const struct question *question, const char *what,
			  struct packet *answer)
{
	unsigned number;
	char name[64];

	if (sscanf(what, "mx.s%u", &number) == 1) {
		if (question->type == TYPE_A)
			put_address(answer, MX_ADDRESS);
		return true;
	}
	if (sscanf(what, "s%u", &number) != 1)
		return false;
	if (question->type != TYPE_MX)
		return true;
	snprintf(name, sizeof(name), "mx.s%u.example", number);
	put_record(answer, TYPE_MX, strlen(name) + 4);
	put_number(answer, 10, 2);
	put_name(answer, name);
	return true;
}

static uint32_t hash(const char *text, size_t length)
{
	uint32_t value = UINT32_C(2166136261); /* FNV-1a */

	for (size_t i = 0; i < length; i++)
		value = (value ^ (unsigned char)text[i]) * UINT32_C(16777619);
	return value ^ value >> 15;
}

static bool is_listed(const char *what, size_t length)
{
	static const struct {
		const char *name;
		bool is_listed;
	} points[] = { { "2.0.0.127", true },
		       { "1.0.0.127", false },
		       { "test", true },
		       { "invalid", false } };

	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		if (strlen(points[i].name) == length &&
		    memcmp(points[i].name, what, length) == 0)
			return points[i].is_listed;
	return hash(what, length) % ONE_IN == 0;
}

static bool answer_list(const struct question *question, const char *what,
			struct packet *answer)
{
	const char *zone = strrchr(what, '.');

	if (!zone || !is_listed(what, (size_t)(zone - what)))
		return false;
	if (question->type == TYPE_A)
		put_address(answer, LISTED_ADDRESS);
	return true;
}

static bool answer_by_rule(const struct question *question,
			   struct packet *answer)
{
	static const struct {
		const char *zone;
		rule *rule;
	} rules[] = { { ".list.example", answer_list },
		      { ".in-addr.arpa", answer_reverse },
		      { ".example", answer_client },
		      { ".example", answer_sender } };
	size_t length = strlen(question->name);

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		size_t tail = strlen(rules[i].zone);
		char what[256];

		if (length <= tail ||
		    strcmp(question->name + length - tail, rules[i].zone) != 0)
			continue;
		memcpy(what, question->name, length - tail);
		what[length - tail] = '\0';
		if (rules[i].rule(question, what, answer))
			return true;
	}
	return false;
}

/* ---------------------------------------------------------------- from a file */

/* Text of any length in strings of at most 255 bytes. */
static void put_text(struct packet *packet, const char *text)
{
	size_t left = strlen(text);

	put_record(packet, ZONE_TXT, left + (left + 254) / 255);
	while (left > 0) {
		size_t piece = left < 255 ? left : 255;

		put_number(packet, (uint32_t)piece, 1);
		memcpy(packet->bytes + packet->length, text, piece);
		packet->length += piece;
		text += piece;
		left -= piece;
	}
}

static void put_zone_record(struct packet *packet,
			    const struct zone_record *record)
{
	struct in_addr address;

	/* More is in the file than a packet holds: say less, not nonsense. */
	if (packet->length + strlen(record->data) + 32 > PACKET_BYTES)
		return;
	switch (record->type) {
	case ZONE_A:
		if (inet_aton(record->data, &address))
			put_address(packet, ntohl(address.s_addr));
		break;
	case ZONE_MX:
		put_record(packet, TYPE_MX, strlen(record->data) + 4);
		put_number(packet, 10, 2);
		put_name(packet, record->data);
		break;
	case ZONE_TXT:
		put_text(packet, record->data);
		break;
	}
}

static bool answer_from_zone(const struct zone *zone,
			     const struct question *question,
			     struct packet *answer)
{
	size_t count;
	const struct zone_record *records =
		zone_find(zone, question->name, &count);

	for (size_t i = 0; i < count; i++)
		if (records[i].type == question->type)
			put_zone_record(answer, &records[i]);
	return count > 0;
}

/* ---------------------------------------------------------------- answering */

static bool read_question(const struct packet *packet,
			  struct question *question_out)
{
	size_t at = HEADER_BYTES, length = 0;

	while (at < packet->length && packet->bytes[at] != 0) {
		size_t label = packet->bytes[at++];

		if (label > 63 || at + label >= packet->length ||
		    length + label + 1 >= sizeof(question_out->name))
			return false;
		if (length > 0)
			question_out->name[length++] = '.';
		while (label-- > 0)
			question_out->name[length++] =
				(char)tolower(packet->bytes[at++]);
	}
	question_out->name[length] = '\0';
	if (at + 5 > packet->length)
		return false;
	question_out->type =
		(unsigned)(packet->bytes[at + 1] << 8 | packet->bytes[at + 2]);
	question_out->end = at + 5;
	return question_out->end < PACKET_BYTES - RECORD_ROOM;
}

static void answer(struct server *server, const struct packet *packet)
{
	struct packet *to = &server->queue[server->tail % QUEUE_SLOTS];
	struct question question;

	server->questions++;
	if (server->is_silent || server->tail - server->head == QUEUE_SLOTS ||
	    packet->length < HEADER_BYTES || !read_question(packet, &question))
		return;
	to->peer = packet->peer;
	to->due_us = now_us() + server->delay_us;
	to->length = question.end;
	memcpy(to->bytes, packet->bytes, question.end);
	memset(to->bytes + 6, 0, HEADER_BYTES - 6);
	to->bytes[2] = 0x84; /* an answer, authoritative */
	to->bytes[3] = 0x80; /* recursion: say we did */
	if (!answer_from_zone(&server->zone, &question, to) &&
	    !answer_by_rule(&question, to))
		to->bytes[3] |= RCODE_NXDOMAIN;
	if (to->bytes[7] == 0)
		put_soa(to);
	server->tail++;
}

/* --------------------------------------------------------------- transport */

static void describe(struct mmsghdr *message, struct iovec *vector,
		     struct packet *packet, size_t length)
{
	*vector = (struct iovec){ packet->bytes, length };
	*message = (struct mmsghdr){
		.msg_hdr = { .msg_name = &packet->peer,
			     .msg_namelen = sizeof(packet->peer),
			     .msg_iov = vector,
			     .msg_iovlen = 1 },
	};
}

static void take(struct server *server)
{
	struct mmsghdr messages[AT_A_TIME];
	struct iovec vectors[AT_A_TIME];
	int count;

	do {
		for (size_t i = 0; i < AT_A_TIME; i++)
			describe(&messages[i], &vectors[i], &server->taken[i],
				 PACKET_BYTES);
		count = recvmmsg(server->udp, messages, AT_A_TIME, MSG_DONTWAIT,
				 NULL);
		for (int i = 0; i < count; i++) {
			server->taken[i].length = messages[i].msg_len;
			answer(server, &server->taken[i]);
		}
	} while (count == AT_A_TIME);
}

static void send_due(struct server *server)
{
	int64_t at_us = now_us();

	while (server->head != server->tail) {
		struct mmsghdr messages[AT_A_TIME];
		struct iovec vectors[AT_A_TIME];
		unsigned count = 0;

		while (count < AT_A_TIME &&
		       server->head + count != server->tail) {
			struct packet *packet =
				&server->queue[(server->head + count) %
					       QUEUE_SLOTS];

			if (packet->due_us > at_us)
				break;
			describe(&messages[count], &vectors[count], packet,
				 packet->length);
			count++;
		}
		if (count == 0)
			return;
		count = (unsigned)sendmmsg(server->udp, messages, count, 0);
		/* One that cannot be sent is passed by. */
		server->head += (int)count > 0 ? count : 1;
	}
}

/* False at the end of standard input. */
static bool obey(struct server *server)
{
	char line[512];
	unsigned delay_ms;

	if (!fgets(line, sizeof(line), stdin))
		return false;
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "zone ", 5) == 0 &&
	    !zone_load(&server->zone, line + 5))
		return false;
	if (sscanf(line, "delay %u", &delay_ms) == 1) {
		server->delay_us = (int64_t)delay_ms * 1000;
		server->is_silent = false;
	} else if (strcmp(line, "silent") == 0) {
		server->is_silent = true;
	}
	printf("%llu\n", (unsigned long long)server->questions);
	return true;
}

static void serve(struct server *server)
{
	struct pollfd fds[2] = {
		{ .fd = server->udp, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};

	for (;;) {
		int64_t wait_us = 1000000;
		struct timespec wait;

		if (server->head != server->tail)
			wait_us = server->queue[server->head % QUEUE_SLOTS]
					  .due_us -
				  now_us();
		if (wait_us < 0)
			wait_us = 0;
		wait.tv_sec = wait_us / 1000000;
		wait.tv_nsec = wait_us % 1000000 * 1000;
		if (ppoll(fds, 2, &wait, NULL) > 0 && fds[1].revents != 0 &&
		    !obey(server))
			return;
		take(server);
		send_due(server);
	}
}

static bool open_socket(struct server *server)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int bytes = 8 * 1024 * 1024;

	server->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (server->udp < 0)
		return false;
	(void)setsockopt(server->udp, SOL_SOCKET, SO_RCVBUF, &bytes,
			 sizeof(bytes));
	(void)setsockopt(server->udp, SOL_SOCKET, SO_RCVBUFFORCE, &bytes,
			 sizeof(bytes));
	if (bind(server->udp, (struct sockaddr *)&address, size) != 0 ||
	    getsockname(server->udp, (struct sockaddr *)&address, &size) != 0)
		return false;
	printf("127.0.0.1@%u\n", ntohs(address.sin_port));
	return true;
}

int main(void)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return 1;
	/* A line at a time: poll must not miss what was read ahead. */
	setvbuf(stdin, NULL, _IONBF, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!open_socket(server)) {
		perror("dns-server");
		return 1;
	}
	serve(server);
	close(server->udp);
	zone_clear(&server->zone);
	free(server);
	return 0;
}
