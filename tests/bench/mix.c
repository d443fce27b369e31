#include "mix.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINE_SIZE = 1024,
	FIELDS_MAX = 6,
	HEADERS_MAX = 32
};

struct client {
	size_t group;
	char *name;
	struct sp_ip ip;
	bool is_own;
};

struct mail {
	size_t group;
	char *bytes; /* of the file; what `plan` has points into it */
	char *sender;
	char *recipient;
	struct plan_header *headers;
	struct plan_mail plan;
};

struct group {
	size_t first; /* of the mails, which stand together */
	size_t count;
};

struct mix {
	struct client *clients;
	struct mail *mails;
	struct group *groups;
	size_t client_count, mail_count, group_count;
};

__attribute__((noreturn, format(printf, 1, 2))) static void fail(
	const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("load: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

/* `list` with room for one more of `size` bytes, which is zeroed. */
static void *grow(void *list, size_t count, size_t size)
{
	/* Powers of two only: most calls find that there is room. */
	if ((count & (count - 1)) == 0)
		list = realloc(list, (count ? 2 * count : 1) * size);
	if (!list)
		abort();
	memset((char *)list + count * size, 0, size);
	return list;
}

static char *copy(const char *text)
{
	char *copied = strdup(text);

	if (!copied)
		abort();
	return copied;
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *bytes;
	long size;

	if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
		fail("%s cannot be read", path);
	rewind(file);
	bytes = malloc((size_t)size + 1);
	if (!bytes)
		abort();
	bytes[fread(bytes, 1, (size_t)size, file)] = '\0';
	fclose(file);
	return bytes;
}

/* Where the header field that begins at `field` ends: at the CR of the last of
 * its lines. Folds become LF alone, as an MTA hands them to a milter. */
static char *end_of_field(char *field)
{
	char *end = strstr(field, "\r\n");

	while (end && (end[2] == ' ' || end[2] == '\t')) {
		memmove(end, end + 1, strlen(end));
		end = strstr(end + 1, "\r\n");
	}
	return end;
}

static void split_message(struct mail *mail, const char *path)
{
	char *at = mail->bytes;

	mail->headers = calloc(HEADERS_MAX, sizeof(*mail->headers));
	if (!mail->headers)
		abort();
	while (strncmp(at, "\r\n", 2) != 0) {
		struct plan_header *header =
			&mail->headers[mail->plan.header_count++];
		char *end = end_of_field(at);
		char *colon = strchr(at, ':');

		if (!end || !colon || colon > end ||
		    mail->plan.header_count == HEADERS_MAX)
			fail("%s is no message", path);
		*colon = '\0';
		*end = '\0';
		*header = (struct plan_header){ at, colon + 1 };
		mail->plan.is_signed |= strcmp(at, "DKIM-Signature") == 0;
		at = end + 2;
	}
	mail->plan.headers = mail->headers;
	mail->plan.body = at + 2;
}

static void add_mail(struct mix *mix, char **fields)
{
	struct mail *mail;
	size_t group = strtoul(fields[1], NULL, 10);

	mix->mails = grow(mix->mails, mix->mail_count, sizeof(*mix->mails));
	mail = &mix->mails[mix->mail_count];
	if (group >= mix->group_count) {
		mix->groups = grow(mix->groups, mix->group_count,
				   sizeof(*mix->groups));
		mix->groups[mix->group_count++].first = mix->mail_count;
	}
	if (group + 1 != mix->group_count)
		fail("group %zu is out of order", group);
	mix->groups[group].count++;
	mix->mail_count++;
	mail->bytes = read_file(fields[5]);
	mail->sender = copy(fields[3]);
	mail->recipient = copy(fields[4]);
	split_message(mail, fields[5]);
	mail->plan.sender = mail->sender;
	mail->plan.recipient = mail->recipient;
	mail->plan.body_size = strlen(mail->plan.body);
}

static void add_client(struct mix *mix, char **fields)
{
	struct client *client;

	mix->clients =
		grow(mix->clients, mix->client_count, sizeof(*mix->clients));
	client = &mix->clients[mix->client_count++];
	client->group = strtoul(fields[1], NULL, 10);
	client->name = copy(fields[3]);
	client->is_own = strcmp(fields[4], "own") == 0;
	if (sp_ip_parse(fields[2], &client->ip) != SP_OK)
		fail("%s is no address", fields[2]);
}

static void add_line(struct mix *mix, char *line, const char *kind)
{
	char *fields[FIELDS_MAX] = { NULL };
	size_t count = 0;

	line[strcspn(line, "\n")] = '\0';
	for (char *field; count < FIELDS_MAX && (field = strsep(&line, "\t"));)
		fields[count++] = field;
	if (count == 5 && strcmp(fields[0], "client") == 0)
		add_client(mix, fields);
	else if (count != 6 || strcmp(fields[0], "mail") != 0)
		fail("what does a line of the index with \"%s\" mean?",
		     fields[0]);
	else if (!kind || strcmp(kind, fields[2]) == 0)
		add_mail(mix, fields);
}

struct mix *mix_new(const char *index_path, const char *kind)
{
	FILE *file = fopen(index_path, "re");
	struct mix *mix = calloc(1, sizeof(*mix));
	char line[LINE_SIZE];

	if (!mix)
		abort();
	if (!file)
		fail("%s cannot be read", index_path);
	while (fgets(line, sizeof(line), file))
		add_line(mix, line, kind);
	fclose(file);
	for (size_t i = 0; i < mix->client_count; i++)
		if (mix->clients[i].group >= mix->group_count)
			fail("client %zu has no mails", i);
	if (mix->client_count == 0)
		fail("%s names no clients", index_path);
	return mix;
}

void mix_free(struct mix **mix)
{
	if (!*mix)
		return;
	for (size_t i = 0; i < (*mix)->mail_count; i++) {
		free((*mix)->mails[i].bytes);
		free((*mix)->mails[i].sender);
		free((*mix)->mails[i].recipient);
		free((*mix)->mails[i].headers);
	}
	for (size_t i = 0; i < (*mix)->client_count; i++)
		free((*mix)->clients[i].name);
	free((*mix)->mails);
	free((*mix)->clients);
	free((*mix)->groups);
	free(*mix);
	*mix = NULL;
}

void mix_session(const struct mix *mix, uint64_t number,
		 struct plan_session *session_out)
{
	const struct client *client = &mix->clients[number % mix->client_count];
	char address[SP_IP_TEXT_SIZE];

	*session_out = (struct plan_session){
		.client = { .port = 40000, .ip = client->ip },
		.is_own = client->is_own,
	};
	sp_ip_format(&client->ip, address);
	snprintf(session_out->helo, sizeof(session_out->helo), "%s",
		 client->name);
	snprintf(session_out->client_name, sizeof(session_out->client_name),
		 "%s", client->name);
	snprintf(session_out->client_address,
		 sizeof(session_out->client_address), "%s [%s]", client->name,
		 address);
	session_out->client.name = session_out->client_name;
}

const struct plan_mail *mix_mail(const struct mix *mix, uint64_t number,
				 uint32_t mail)
{
	uint64_t place = number % mix->client_count;
	uint64_t round = number / mix->client_count;
	const struct group *group = &mix->groups[mix->clients[place].group];

	return &mix->mails[group->first + (place + round + mail) % group->count]
			.plan;
}
