#include "raw_milter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void note(struct milter *milter, const char *text)
{
	size_t length = strlen(milter->notes);

	snprintf(milter->notes + length, NOTES_SIZE - length, "%s", text);
}

static bool read_all(int fd, uint8_t *bytes, size_t length)
{
	while (length > 0) {
		ssize_t got = recv(fd, bytes, length, 0);

		if (got <= 0)
			return false;
		bytes += got;
		length -= (size_t)got;
	}
	return true;
}

/* "D" + the letter it is for + "(name=value ...)". */
static void note_macros(struct milter *milter, const char *data, size_t length)
{
	const char to[] = { 'D', data[0], '(', '\0' };
	size_t at = 1;

	note(milter, to);
	while (at < length) {
		const char *name = data + at;
		const char *value = name + strlen(name) + 1;

		note(milter, at == 1 ? "" : " ");
		note(milter, name);
		note(milter, "=");
		note(milter, value);
		at += strlen(name) + strlen(value) + 2;
	}
	note(milter, ")");
}

/* Whether the client still reads is not the milter's concern. */
static void say(int fd, const struct line *line)
{
	uint8_t head[4] = { 0, (uint8_t)(line->length >> 16),
			    (uint8_t)(line->length >> 8),
			    (uint8_t)line->length };

	if (!line->is_raw)
		(void)!send(fd, head, sizeof head, MSG_NOSIGNAL);
	(void)!send(fd, line->bytes, line->length, MSG_NOSIGNAL);
}

/* All lines of this letter up to the first one of another: several packets
 * may follow one event. */
static bool answer(struct milter *milter, char letter)
{
	for (size_t i = 0; i < ROWS && milter->script[i].on; i++) {
		const struct line *line = &milter->script[i];

		if (milter->is_used[i] || line->on != letter)
			continue;
		milter->is_used[i] = true;
		if (!line->bytes)
			return false;
		say(milter->fd, line);
		if (milter->script[i + 1].on != letter || letter == 'L')
			break;
	}
	return true;
}

static void *serve(void *context)
{
	struct milter *milter = context;
	static uint8_t data[70000];
	uint8_t head[4];

	milter->fd = accept(milter->listener, NULL, NULL);
	while (read_all(milter->fd, head, 4)) {
		size_t length =
			(size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
		char letter[2] = { 0 };

		if (length > sizeof data - 1 ||
		    !read_all(milter->fd, data, length))
			break;
		data[length] = '\0';
		letter[0] = (char)data[0];
		if (letter[0] == 'D')
			note_macros(milter, (char *)data + 1, length - 1);
		else
			note(milter, letter);
		if (letter[0] == 'B')
			milter->body_bytes += length - 1;
		if (!answer(milter, letter[0]))
			break;
	}
	close(milter->fd);
	return NULL;
}

void milter_start(struct milter *milter, const struct line *script)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*milter = (struct milter){ .script = script };
	strcpy(milter->directory, "/tmp/sp-mta-XXXXXX");
	assert_non_null(mkdtemp(milter->directory));
	snprintf(milter->path, sizeof milter->path, "%s/m", milter->directory);
	snprintf(milter->address, sizeof milter->address, "unix:%s",
		 milter->path);
	strcpy(address.sun_path, milter->path);
	milter->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(milter->listener, (struct sockaddr *)&address,
			      sizeof address),
			 0);
	assert_int_equal(listen(milter->listener, 1), 0);
	assert_int_equal(pthread_create(&milter->thread, NULL, serve, milter),
			 0);
}

void milter_join(struct milter *milter)
{
	pthread_join(milter->thread, NULL);
	close(milter->listener);
	unlink(milter->path);
	rmdir(milter->directory);
}
