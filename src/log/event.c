#include "sallyport/log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "log_private.h"

enum {
	VALUE_MAX = 1024,
	/* Kept free in the line: for what the sink puts in front, and for the
	 * word that something was left out. */
	PREFIX_ROOM = 96,
	END_ROOM = 16
};

static const char *level_name(enum sp_log_level level)
{
	switch (level) {
	case SP_LOG_ERROR:
		return "error";
	case SP_LOG_WARNING:
		return "warning";
	case SP_LOG_INFO:
		return "info";
	case SP_LOG_DEBUG:
		break;
	}
	return "debug";
}

static void start(struct sp_log_event *event, enum sp_log_level level)
{
	event->level = level;
	event->is_on = sp_log_is_on(level);
	event->format = sp_log_format();
	sp_text_init(&event->line, event->bytes,
		     sizeof(event->bytes) - PREFIX_ROOM - END_ROOM);
}

static bool is_json(const struct sp_log_event *event)
{
	return event->format == SP_LOG_JSON;
}

static void add_json_char(struct sp_text *out, char c)
{
	if (c == '"' || c == '\\')
		sp_text_addf(out, "\\%c", c);
	else if (c < ' ' || c > '~')
		sp_text_addf(out, "\\u%04x", (unsigned)(unsigned char)c);
	else
		sp_text_add_bytes(out, &c, 1);
}

/* Escape one byte for the format of the event; how many bytes it takes. */
static size_t escape(const struct sp_log_event *event, char c,
		     char bytes_out[8])
{
	struct sp_text out;

	sp_text_init(&out, bytes_out, 8);
	if (is_json(event))
		add_json_char(&out, c);
	else
		sp_text_add_safe(&out, &c, 1, "\"");
	return out.length;
}

/* What stands as it is, in both formats. */
static bool is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

static size_t plain_length(const char *value)
{
	size_t length = 0;

	while (is_plain(value[length]))
		length++;
	return length;
}

static void add_escaped(struct sp_log_event *event, const char *value)
{
	size_t left = VALUE_MAX;

	while (*value != '\0') {
		char bytes[8];
		size_t plain = plain_length(value);
		size_t length = plain;

		/* Most of it is plain, and goes in one piece. */
		if (plain == 0)
			length = escape(event, *value, bytes);
		if (length > left) {
			sp_text_add_bytes(&event->line, value,
					  plain > 0 ? left : 0);
			sp_text_add(&event->line, "...");
			return;
		}
		sp_text_add_bytes(&event->line, plain > 0 ? value : bytes,
				  length);
		left -= length;
		value += plain > 0 ? plain : 1;
	}
}

/* Quotes are for what would otherwise not read back as one value. */
static bool needs_quotes(const struct sp_log_event *event, const char *value)
{
	if (is_json(event) || *value == '\0')
		return true;
	for (; *value != '\0'; value++)
		if (*value == ' ' || !is_plain(*value))
			return true;
	return false;
}

static void add_key(struct sp_log_event *event, const char *key)
{
	struct sp_text *line = &event->line;

	if (line->length > 0)
		sp_text_add_bytes(line, is_json(event) ? "," : " ", 1);
	if (is_json(event))
		sp_text_add_bytes(line, "\"", 1);
	sp_text_add(line, key);
	sp_text_add(line, is_json(event) ? "\":" : "=");
}

/* A pair is in the line as a whole or not at all; after one that was left out
 * there are no more. */
static void keep_whole(struct sp_log_event *event, size_t length_before)
{
	if (!event->line.is_cut)
		return;
	event->line.length = length_before;
	event->line.bytes[length_before] = '\0';
}

/* `value` is known to be plain. */
static void add_bare(struct sp_log_event *event, const char *key,
		     const char *value)
{
	size_t length_before = event->line.length;

	add_key(event, key);
	sp_text_add(&event->line, value);
	keep_whole(event, length_before);
}

static void add_value(struct sp_log_event *event, const char *key,
		      const char *value)
{
	const char *quote = needs_quotes(event, value) ? "\"" : "";
	size_t length_before = event->line.length;

	add_key(event, key);
	sp_text_add(&event->line, quote);
	add_escaped(event, value);
	sp_text_add(&event->line, quote);
	keep_whole(event, length_before);
}

void sp_log_event_begin(struct sp_log_event *event, enum sp_log_level level,
			const char *name)
{
	start(event, level);
	if (event->is_on)
		add_value(event, "event", name);
}

void sp_log_event_text(struct sp_log_event *event, const char *key,
		       const char *value)
{
	if (event->is_on && value != NULL)
		add_value(event, key, value);
}

void sp_log_event_number(struct sp_log_event *event, const char *key,
			 int64_t value)
{
	char digits[32];
	struct sp_text text;

	if (!event->is_on)
		return;
	sp_text_init(&text, digits, sizeof(digits));
	sp_text_add_number(&text, value);
	add_bare(event, key, digits);
}

/* With three digits behind the point; -0 and what rounds to it is 0. */
static void write_real(struct sp_text *text, double value)
{
	double size = fabs(value);
	int64_t thousandths;

	if (size >= 1e15) {
		sp_text_addf(text, "%.3f", value);
		return;
	}
	thousandths = (int64_t)(size * 1000 + 0.5);
	if (value < 0 && thousandths > 0)
		sp_text_add(text, "-");
	sp_text_add_number(text, thousandths / 1000);
	/* 1000 more, and its 1 becomes the point. */
	sp_text_add_number(text, 1000 + thousandths % 1000);
	text->bytes[text->length - 4] = '.';
}

void sp_log_event_real(struct sp_log_event *event, const char *key,
		       double value)
{
	char digits[352]; /* the largest double has 309 before the point */
	struct sp_text text;

	if (!event->is_on)
		return;
	if (!isfinite(value)) {
		add_value(event, key, isnan(value) ? "nan" : "inf");
		return;
	}
	sp_text_init(&text, digits, sizeof(digits));
	write_real(&text, value);
	for (int i = 0; i < 2 && digits[text.length - 1] == '0'; i++)
		digits[--text.length] = '\0';
	add_bare(event, key, digits);
}

void sp_log_event_end(struct sp_log_event *event)
{
	struct sp_text *line = &event->line;

	if (!event->is_on)
		return;
	line->size += END_ROOM;
	if (line->is_cut) {
		line->is_cut = false;
		sp_text_add(line,
			    is_json(event) ? ",\"cut\":true" : " cut=yes");
	}
	if (is_json(event))
		sp_text_add(line, "}");
	sp_log_write(&(struct sp_log_line){ .level = event->level,
					    .format = event->format,
					    .pairs = line->bytes,
					    .length = line->length });
	event->is_on = false;
}

void sp_log_message(enum sp_log_level level, uint32_t suppressed,
		    const char *format, va_list args)
{
	struct sp_log_event event;
	char message[VALUE_MAX + 2]; /* one more than a value may have */

	start(&event, level);
	if (!event.is_on)
		return;
	if (vsnprintf(message, sizeof(message), format, args) < 0)
		message[0] = '\0';
	add_value(&event, "level", level_name(level));
	add_value(&event, "msg", message);
	if (suppressed > 0)
		sp_log_event_number(&event, "suppressed", suppressed);
	sp_log_event_end(&event);
}

void sp_log(enum sp_log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sp_log_message(level, 0, format, args);
	va_end(args);
}
