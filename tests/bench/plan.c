#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WORD_LENGTH = 6,
	LINE_LENGTH = 72
};

/* A number as letters of which none is a hexadecimal digit: no rule about
 * digits in senders may touch it. */
static const char *word(uint32_t number, char word_out[WORD_LENGTH + 1])
{
	static const char letters[] = "ghjklmnpqrstuvwx";

	for (size_t i = 0; i < WORD_LENGTH; i++) {
		word_out[WORD_LENGTH - 1 - i] = letters[number & 15];
		number >>= 4;
	}
	word_out[WORD_LENGTH] = '\0';
	return word_out;
}

static void choose_kind(uint64_t number, struct plan_session *session)
{
	uint32_t cycle = (uint32_t)(number / 10);
	uint32_t place = (uint32_t)(number % 10);

	if (place < 6) {
		session->kind = PLAN_KNOWN;
		session->index = (cycle * 6 + place) % PLAN_KNOWN_NETWORKS;
	} else if (place < 8) {
		session->kind = PLAN_SEEN;
		session->index = cycle * 2 + place - 6;
	} else if (place == 8 || cycle == 0) {
		session->kind = PLAN_NEW;
		session->index = cycle;
	} else {
		session->kind = PLAN_EARLY;
		session->index = cycle - 1;
	}
}

void plan_session(uint64_t number, struct plan_session *session_out)
{
	static const struct {
		uint8_t network;
		const char *sender;
	} kinds[] = {
		[PLAN_KNOWN] = { 11, "news" },
		[PLAN_SEEN] = { 12, "anna.beispiel" },
		[PLAN_NEW] = { 60, "offer" },
		[PLAN_EARLY] = { 60, "offer" },
	};
	struct plan_session *session = session_out;
	char letters[WORD_LENGTH + 1];
	uint32_t index;

	*session = (struct plan_session){ .client.port = 40000 };
	choose_kind(number, session);
	index = session->index;
	session->client.ip = (struct sp_ip){
		.family = SP_IP_4,
		.bytes = { (uint8_t)(kinds[session->kind].network +
				     (index >> 16)),
			   (uint8_t)(index >> 8), (uint8_t)index, 7 },
	};
	word(index, letters);
	snprintf(session->helo, sizeof session->helo, "mx.%s.example", letters);
	snprintf(session->client_name, sizeof session->client_name,
		 "mx.%s.example", letters);
	session->client.name = session->client_name;
	snprintf(session->client_address, sizeof session->client_address,
		 "mx.%s.example [%u.%u.%u.7]", letters,
		 session->client.ip.bytes[0], session->client.ip.bytes[1],
		 session->client.ip.bytes[2]);
	snprintf(session->sender, sizeof session->sender, "<%s@%s.example>",
		 kinds[session->kind].sender, letters);
}

void plan_unseen(uint64_t number, struct plan_session *session_out)
{
	struct plan_session *session = session_out;
	uint32_t address = PLAN_UNSEEN_FIRST + (uint32_t)number;
	unsigned domain = (unsigned)number;

	*session = (struct plan_session){
		.kind = PLAN_NEW,
		.index = (uint32_t)number,
		.client = { .port = 40000 },
	};
	session->client.ip.family = SP_IP_4;
	for (unsigned i = 0; i < 4; i++)
		session->client.ip.bytes[i] =
			(uint8_t)(address >> (24 - 8 * i));
	snprintf(session->helo, sizeof session->helo, "helo.c%u.example",
		 address);
	snprintf(session->client_name, sizeof session->client_name,
		 "host.c%u.example", address);
	session->client.name = session->client_name;
	snprintf(session->client_address, sizeof session->client_address,
		 "%s [%u.%u.%u.%u]", session->client_name, address >> 24,
		 address >> 16 & 255, address >> 8 & 255, address & 255);
	snprintf(session->sender, sizeof session->sender, "<anna@s%u.example>",
		 domain);
	snprintf(session->from, sizeof session->from,
		 " Anna Beispiel <anna@s%u.example>", domain);
}

void plan_recipient(const struct plan_session *session, uint32_t mail,
		    char recipient_out[96])
{
	char letters[WORD_LENGTH + 1];

	/* A triplet that has passed must be one of those in Redis. */
	if (session->kind == PLAN_SEEN)
		mail = 0;
	snprintf(recipient_out, 96, "<user.%s@here.example>",
		 word(mail, letters));
}

size_t plan_headers(const struct plan_session *session, uint64_t number,
		    struct plan_header headers_out[PLAN_HEADERS_MAX])
{
	static const struct plan_header all[PLAN_HEADERS_MAX] = {
		{ "Received",
		  " from mx.sender.example (mx.sender.example "
		  "[192.0.2.44])\n\tby relay.sender.example (Postfix) "
		  "with ESMTPS id 4XyZ1b2c3d4\n\tfor "
		  "<otto@here.example>; Sat, 21 Nov 2026 21:00:02 "
		  "+0000 (UTC)" },
		{ "Received",
		  " by mx.sender.example (Postfix, from userid 33)\n"
		  "\tid 4XyZ0a1b2c3d4; Sat, 21 Nov 2026 21:00:01 "
		  "+0000 (UTC)" },
		{ "DKIM-Signature",
		  " v=1; a=rsa-sha256; c=relaxed/relaxed; d=sender.example;\n"
		  "\ts=mail2026; t=1795294801;\n"
		  "\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\n"
		  "\th=Date:From:To:Subject:Message-ID:MIME-Version:"
		  "Content-Type;\n"
		  "\tb=hYk3bO2c0dQ1xw0yq8fE0m1vQb1wJpJt7b8b6yQ8i1v2bq9Yp0cQ7x\n"
		  "\t 9vWm2nqkT0cXb1hQdQ8wq1r1w3mVb7eJq0kE8b5aHf6sQm0oYw2cTg4\n"
		  "\t Zt3rJ1uFq0pLd7nX5cVb9mK2wA8sE4tYiO6pG3hJ1kR5dQ==" },
		{ "Date", " Sat, 21 Nov 2026 21:00:00 +0000" },
		{ "From", " \"Anna Beispiel\" <anna.beispiel@sender.example>" },
		{ "To", " Otto <otto@here.example>" },
		{ "Subject", " =?UTF-8?Q?Die_Unterlagen_f=C3=BCr_Montag?=" },
		{ "Message-ID", " <20261121210000.4XyZ0a1b@sender.example>" },
		{ "MIME-Version", " 1.0" },
		{ "Content-Type", " text/plain; charset=utf-8" },
		{ "Content-Transfer-Encoding", " 8bit" },
		{ "User-Agent", " Mozilla/5.0 (X11; Linux x86_64; rv:128.0) "
				"Gecko/20100101 Thunderbird/128.4.0" },
		{ "Content-Language", " de-DE" },
		{ "References", " <20261120101010.1a2b3c4d@here.example>\n"
				"\t<20261120111111.5e6f7a8b@sender.example>" },
		{ "In-Reply-To", " <20261120111111.5e6f7a8b@sender.example>" },
		{ "List-Unsubscribe", " <https://sender.example/u?id=12345>" },
	};
	size_t count = PLAN_HEADERS_MAX - 4 + number % 5;

	memcpy(headers_out, all, sizeof all);
	for (size_t i = 0; session->from[0] && i < count; i++)
		if (strcmp(all[i].name, "From") == 0)
			headers_out[i].value = session->from;
	return count;
}

char *plan_body_new(size_t size)
{
	static const char text[] = "Der Plan steht, und die Zahlen folgen. ";
	char *body = malloc(size + 1);

	if (!body)
		abort();
	for (size_t i = 0; i < size; i++)
		body[i] = text[i % (sizeof text - 1)];
	for (size_t i = LINE_LENGTH; i + 1 < size; i += LINE_LENGTH)
		memcpy(body + i, "\r\n", 2);
	body[size] = '\0';
	return body;
}
