#include "message.h"

#include <string.h>

void sp_message_init(struct sp_message *message, FILE *file)
{
	message->file = file;
	message->start = message->end = 0;
	message->is_at_end = false;
	message->has_begun = false;
	message->is_in_body = false;
	message->is_cr_last = false;
	message->is_line_open = false;
	message->cut_fields = 0;
}

/* Have as much in the buffer as fits. */
static void fill(struct sp_message *message)
{
	size_t kept = message->end - message->start;
	size_t got;

	memmove(message->buffer, message->buffer + message->start, kept);
	message->start = 0;
	message->end = kept;
	if (message->is_at_end || kept == SP_MESSAGE_BUFFER_SIZE)
		return;
	got = fread(message->buffer + kept, 1, SP_MESSAGE_BUFFER_SIZE - kept,
		    message->file);
	message->end += got;
	message->is_at_end = got < SP_MESSAGE_BUFFER_SIZE - kept;
}

/*
 * A look at the next line, its end not counted; false at the end of the file.
 * *taken_out is how far it goes with its end; a line longer than the buffer is
 * seen as its beginning alone.
 */
static bool peek_line(struct sp_message *message, const char **line_out,
		      size_t *length_out, size_t *taken_out)
{
	const char *line = message->buffer + message->start;
	size_t there = message->end - message->start;
	const char *end = there > 0 ? memchr(line, '\n', there) : NULL;
	size_t length;

	if (!end) {
		fill(message);
		line = message->buffer;
		there = message->end;
		end = there > 0 ? memchr(line, '\n', there) : NULL;
	}
	if (there == 0)
		return false;
	length = end ? (size_t)(end - line) : there;
	*taken_out = end ? length + 1 : length;
	if (length > 0 && line[length - 1] == '\r')
		length--;
	*line_out = line;
	*length_out = length;
	return true;
}

/* Pass over the rest of a line of which `taken` bytes were seen. */
static void take_line(struct sp_message *message, size_t taken)
{
	bool is_ended = message->buffer[message->start + taken - 1] == '\n';

	message->start += taken;
	while (!is_ended) {
		const char *line, *end;

		if (message->start == message->end)
			fill(message);
		if (message->start == message->end)
			return;
		line = message->buffer + message->start;
		end = memchr(line, '\n', message->end - message->start);
		is_ended = end != NULL;
		message->start += is_ended ? (size_t)(end - line) + 1
					   : message->end - message->start;
	}
}

/* The length of the field name that `line` begins with; 0: it is no field. */
static size_t name_length(const char *line, size_t length)
{
	size_t name = 0, colon;

	while (name < length && line[name] > ' ' && line[name] < 127 &&
	       line[name] != ':')
		name++;
	colon = name;
	while (colon < length && (line[colon] == ' ' || line[colon] == '\t'))
		colon++;
	if (name == 0 || name >= SP_FIELD_NAME_SIZE || colon == length ||
	    line[colon] != ':')
		return 0;
	return name;
}

/* Add to the value what fits, without NULs. */
static bool append(struct sp_message_field *field, size_t *used,
		   const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\0')
			continue;
		if (*used == SP_FIELD_VALUE_SIZE - 1)
			return false;
		field->value[(*used)++] = bytes[i];
	}
	return true;
}

static void pass_mbox_line(struct sp_message *message)
{
	const char *line;
	size_t length, taken;

	message->has_begun = true;
	if (peek_line(message, &line, &length, &taken) && length >= 5 &&
	    memcmp(line, "From ", 5) == 0)
		take_line(message, taken);
}

/* The lines that continue the field. */
static bool append_folds(struct sp_message *message,
			 struct sp_message_field *field, size_t *used)
{
	const char *line;
	size_t length, taken;
	bool is_whole = true;

	while (peek_line(message, &line, &length, &taken) && length > 0 &&
	       (line[0] == ' ' || line[0] == '\t')) {
		is_whole = append(field, used, "\n", 1) &&
			   append(field, used, line, length) && is_whole;
		take_line(message, taken);
	}
	return is_whole;
}

bool sp_message_field(struct sp_message *message,
		      struct sp_message_field *field_out)
{
	const char *line, *colon;
	size_t length, taken, name, used = 0;
	bool is_whole;

	if (message->is_in_body)
		return false;
	if (!message->has_begun)
		pass_mbox_line(message);
	message->is_in_body = true;
	if (!peek_line(message, &line, &length, &taken))
		return false;
	if (length == 0) {
		take_line(message, taken);
		return false;
	}
	name = name_length(line, length);
	if (name == 0)
		return false;
	message->is_in_body = false;
	memcpy(field_out->name, line, name);
	field_out->name[name] = '\0';
	colon = memchr(line + name, ':', length - name);
	is_whole = append(field_out, &used, colon + 1,
			  length - (size_t)(colon + 1 - line));
	take_line(message, taken);
	is_whole = append_folds(message, field_out, &used) && is_whole;
	field_out->value[used] = '\0';
	message->cut_fields += !is_whole;
	return true;
}

size_t sp_message_body(struct sp_message *message, char *bytes_out, size_t size)
{
	size_t used = 0;

	/* One place is kept free: an LF may become two bytes. */
	while (used + 1 < size) {
		char byte;

		if (message->start == message->end)
			fill(message);
		if (message->start == message->end)
			break;
		byte = message->buffer[message->start++];
		if (byte == '\n' && !message->is_cr_last)
			bytes_out[used++] = '\r';
		bytes_out[used++] = byte;
		message->is_cr_last = byte == '\r';
		message->is_line_open = byte != '\n';
	}
	if (used == 0 && message->is_line_open) {
		if (!message->is_cr_last)
			bytes_out[used++] = '\r';
		bytes_out[used++] = '\n';
		message->is_line_open = false;
	}
	return used;
}
