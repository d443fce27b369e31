#include "dkim_world.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/text.h"

static void *need(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

void dkim_world_init(struct dkim_world *world)
{
	sp_arena_init(&world->arena, (size_t)256 << 20);
	world->count = 0;
}

void dkim_world_clear(struct dkim_world *world)
{
	sp_arena_clear(&world->arena);
	world->count = 0;
}

static struct dkim_world_name *get(struct dkim_world *world, const char *name)
{
	char *own = need(sp_arena_text(&world->arena, name));
	struct dkim_world_name *entry;

	sp_text_lower(own);
	for (size_t i = 0; i < world->count; i++)
		if (strcmp(world->names[i].name, own) == 0)
			return &world->names[i];
	if (world->count == DKIM_WORLD_NAMES_MAX)
		abort();
	entry = &world->names[world->count++];
	*entry = (struct dkim_world_name){
		.name = own,
		.answer = { .status = SP_DNS_NODATA, .alias = "" },
	};
	entry->answer.records = entry->records;
	return entry;
}

void dkim_world_add(struct dkim_world *world, const char *name,
		    const char *text, size_t length)
{
	struct dkim_world_name *entry = get(world, name);
	struct sp_dns_record *record = &entry->records[entry->answer.count++];

	if (entry->answer.count > DKIM_WORLD_RECORDS_MAX)
		abort();
	entry->answer.status = SP_DNS_FOUND;
	record->text = need(sp_arena_copy(&world->arena, text, length));
	record->length = length;
}

void dkim_world_set(struct dkim_world *world, const char *name,
		    enum sp_dns_status status)
{
	get(world, name)->answer.status = status;
}

const struct sp_dns_answer *dkim_world_answer(const struct dkim_world *world,
					      const char *name)
{
	static const struct sp_dns_answer absent = {
		.status = SP_DNS_NXDOMAIN,
		.alias = "",
	};

	for (size_t i = 0; i < world->count; i++)
		if (strcmp(world->names[i].name, name) == 0)
			return &world->names[i].answer;
	return &absent;
}

void dkim_world_answer_all(const struct dkim_world *world, struct sp_dkim *dkim)
{
	struct sp_dkim_key_question question;

	while (sp_dkim_next_key(dkim, &question))
		sp_dkim_key(dkim, question.number,
			    dkim_world_answer(world, question.name->text));
}

/* ------------------------------------------------------------------- mails */

/* Without its end, which `end` is behind of. */
static size_t line_length(const char *line, const char *end)
{
	size_t length = (size_t)(end - line);

	if (length > 0 && line[length - 1] == '\n')
		length--;
	if (length > 0 && line[length - 1] == '\r')
		length--;
	return length;
}

static const char *line_end(const char *line, const char *stop)
{
	const char *end = memchr(line, '\n', (size_t)(stop - line));

	return end != NULL ? end + 1 : stop;
}

/* A field with its folded lines, which a milter gets with LF between. */
static const char *take_field(const char *line, const char *stop, char *text)
{
	size_t used = 0;

	do {
		const char *end = line_end(line, stop);
		size_t length = line_length(line, end);

		if (used > 0)
			text[used++] = '\n';
		memcpy(text + used, line, length);
		used += length;
		line = end;
	} while (line < stop && (*line == ' ' || *line == '\t'));
	text[used] = '\0';
	return line;
}

/* Returns the body. */
static const char *feed_header(const struct dkim_world *world,
			       const struct dkim_world_mail *mail,
			       struct sp_dkim *dkim)
{
	const char *line = mail->bytes, *stop = mail->bytes + mail->length;
	char *text = need(malloc(mail->length + 1));

	while (line < stop && line_length(line, line_end(line, stop)) > 0) {
		char *colon;

		line = take_field(line, stop, text);
		colon = strchr(text, ':');
		if (colon == NULL)
			break;
		*colon = '\0';
		if (sp_dkim_header(dkim, text, colon + 1) && !mail->is_late)
			dkim_world_answer_all(world, dkim);
	}
	free(text);
	return line < stop ? line_end(line, stop) : stop;
}

/* SMTP ends lines with CRLF, files of a Unix system with LF. */
static size_t copy_body(const struct dkim_world_mail *mail, const char *body,
			char *out)
{
	bool is_as_sent = memmem(mail->bytes, mail->length, "\r\n", 2) != NULL;
	size_t used = 0;

	for (; body < mail->bytes + mail->length; body++) {
		if (*body == '\n' && !is_as_sent)
			out[used++] = '\r';
		out[used++] = *body;
	}
	return used;
}

static void feed_body(const struct dkim_world_mail *mail, const char *body,
		      struct sp_dkim *dkim)
{
	size_t length = (size_t)(mail->bytes + mail->length - body);
	char *bytes = need(malloc(2 * length + 1));
	size_t chunk, left = copy_body(mail, body, bytes);
	const char *at = bytes;

	for (; left > 0 && sp_dkim_wants_body(dkim);
	     at += chunk, left -= chunk) {
		chunk = mail->chunk > 0 && mail->chunk < left ? mail->chunk
							      : left;
		sp_dkim_body(dkim, (const unsigned char *)at, chunk);
	}
	free(bytes);
}

struct sp_dkim *dkim_world_verify(const struct dkim_world *world,
				  const struct dkim_world_mail *mail)
{
	struct sp_dkim *dkim = sp_dkim_new(mail->now_sec);
	const char *body = feed_header(world, mail, dkim);

	(void)sp_dkim_end_headers(dkim,
				  mail->author != NULL ? mail->author : "");
	if (!mail->is_late)
		dkim_world_answer_all(world, dkim);
	feed_body(mail, body, dkim);
	dkim_world_answer_all(world, dkim);
	sp_dkim_end(dkim);
	return dkim;
}
