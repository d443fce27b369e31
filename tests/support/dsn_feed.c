#include "dsn_feed.h"

#include <stdlib.h>
#include <string.h>

static bool is_own(void *context, const char *name)
{
	(void)context;
	return strcmp(name, "mx.here.example") == 0 ||
	       strcmp(name, "gate.here.example") == 0;
}

static void *take(size_t size)
{
	void *bytes = malloc(size > 0 ? size : 1);

	if (!bytes)
		abort();
	return bytes;
}

/* One field from `line` to `end`, without its last line feed. */
static void feed_field(struct sp_dsn *dsn, const char *line, const char *end)
{
	size_t length = (size_t)(end - line);
	char *field = take(length + 1);
	char *colon;

	memcpy(field, line, length);
	field[length] = '\0';
	colon = strchr(field, ':');
	if (colon) {
		*colon = '\0';
		sp_dsn_header(dsn, field, colon + 1);
	}
	free(field);
}

/* Returns where the body begins. */
static const char *feed_header(struct sp_dsn *dsn, const char *at,
			       const char *end)
{
	const char *field = at;

	while (at < end && *at != '\n') {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		const char *next = lf ? lf + 1 : end;

		if (next == end || (*next != ' ' && *next != '\t')) {
			feed_field(dsn, field, lf ? lf : end);
			field = next;
		}
		at = next;
	}
	return at < end ? at + 1 : end;
}

/* A copy of its own for each piece, for its ends to be guarded. */
static void feed_piece(struct sp_dsn *dsn, const char *bytes, size_t length)
{
	unsigned char *copy = take(length);

	if (length > 0)
		memcpy(copy, bytes, length);
	sp_dsn_body(dsn, copy, length);
	free(copy);
}

static char *with_crlf(const char *bytes, size_t length, size_t *length_out)
{
	char *copy = take(2 * length);

	*length_out = 0;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\n')
			copy[(*length_out)++] = '\r';
		copy[(*length_out)++] = bytes[i];
	}
	return copy;
}

static void feed_body(struct sp_dsn *dsn, const struct dsn_feed *feed,
		      const char *bytes, size_t length)
{
	char *copy = NULL;
	size_t chunk;

	if (feed->has_crlf)
		bytes = copy = with_crlf(bytes, length, &length);
	chunk = feed->chunk > 0 ? feed->chunk : length;
	for (size_t at = 0; at < length; at += chunk)
		feed_piece(dsn, bytes + at,
			   length - at < chunk ? length - at : chunk);
	free(copy);
}

void dsn_feed(const struct dsn_feed *feed, struct sp_arena *arena,
	      struct sp_dsn_report *report_out)
{
	struct sp_dsn *dsn;
	const char *body;

	sp_arena_init(arena, 65536);
	dsn = sp_dsn_new(arena, &(struct sp_dsn_names){ .is_own = is_own });
	if (!dsn)
		abort();
	body = feed_header(dsn, feed->bytes, feed->bytes + feed->length);
	if (sp_dsn_wants_body(dsn))
		feed_body(dsn, feed, body,
			  (size_t)(feed->bytes + feed->length - body));
	sp_dsn_end(dsn, report_out);
}
