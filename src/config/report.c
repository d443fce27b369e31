#include "report.h"

#include <stdarg.h>
#include <string.h>

#include "sallyport/text.h"

enum {
	QUOTED_MAX = 60
};

void sp_report_init(struct sp_report *report, struct sp_config_errors *errors)
{
	report->errors = errors;
	report->anchor = NULL;
	errors->count = 0;
	errors->texts[0][0] = '\0';
}

static bool is_before(const struct sp_place *a, const struct sp_place *b)
{
	if (a->line != b->line)
		return a->line < b->line;
	return a->column < b->column;
}

/* Errors are found by several walks and read from the top of the file. */
static char *make_room(struct sp_report *report, const struct sp_place *place)
{
	struct sp_config_errors *errors = report->errors;
	size_t at = errors->count;

	while (at > 0 && is_before(place, &report->places[at - 1]))
		at--;
	memmove(report->places + at + 1, report->places + at,
		(errors->count - at) * sizeof(*report->places));
	memmove(errors->texts + at + 1, errors->texts + at,
		(errors->count - at) * sizeof(*errors->texts));
	report->places[at] = *place;
	return errors->texts[at];
}

static void blank_controls(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void sp_report_add(struct sp_report *report, const struct sp_place *place,
		   const char *format, ...)
{
	struct sp_text text;
	char *room;
	va_list args;

	if (report->errors->count >= SP_CONFIG_ERRORS_MAX) {
		report->errors->count++;
		return;
	}
	room = make_room(report, report->anchor ? report->anchor : place);
	sp_text_init(&text, room, SP_CONFIG_ERROR_SIZE);
	sp_text_add(&text, place->file);
	if (place->line > 0)
		sp_text_addf(&text, ":%u:%u", place->line, place->column);
	sp_text_add(&text, ": ");
	va_start(args, format);
	sp_text_vaddf(&text, format, args);
	va_end(args);
	blank_controls(room);
	report->errors->count++;
}

const char *sp_quote(const char *text, char quote_out[SP_QUOTE_SIZE])
{
	size_t length = strlen(text);
	size_t shown = length > QUOTED_MAX ? QUOTED_MAX - 3 : length;
	struct sp_text quote;

	sp_text_init(&quote, quote_out, SP_QUOTE_SIZE);
	sp_text_add(&quote, "\"");
	sp_text_add_safe(&quote, text, shown, NULL);
	sp_text_add(&quote, shown < length ? "...\"" : "\"");
	return quote_out;
}
