#include "output.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/text.h"

/* `length` bytes, piece by piece, so that any length goes. */
static void put_safe(FILE *to, const char *bytes, size_t length)
{
	char buffer[4 * 64 + 1];
	struct sp_text text;

	while (length > 0) {
		size_t piece = length < 64 ? length : 64;

		sp_text_init(&text, buffer, sizeof(buffer));
		sp_text_add_safe(&text, bytes, piece, NULL);
		fputs(buffer, to);
		bytes += piece;
		length -= piece;
	}
}

void sp_output_safe(FILE *to, const char *text)
{
	put_safe(to, text, strlen(text));
}

void sp_output_lines(FILE *to, const char *text, const char *indent)
{
	for (;;) {
		size_t length = strcspn(text, "\n");
		size_t shown = length;

		if (shown > 0 && text[shown - 1] == '\r')
			shown--;
		put_safe(to, text, shown);
		if (text[length] == '\0')
			return;
		text += length + 1;
		text += strspn(text, " \t");
		fputc('\n', to);
		fputs(indent, to);
	}
}

const char *sp_output_span(int64_t ms, char span_out[SP_SPAN_SIZE])
{
	static const struct {
		int64_t seconds;
		char letter;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	long long left = ms < 0 ? 0 : ms / 1000;
	struct sp_text text;
	size_t unit = 0;

	while (unit < 3 && left < units[unit].seconds)
		unit++;
	sp_text_init(&text, span_out, SP_SPAN_SIZE);
	sp_text_addf(&text, "%lld%c", left / units[unit].seconds,
		     units[unit].letter);
	left %= units[unit].seconds;
	if (unit < 3 && left >= units[unit + 1].seconds)
		sp_text_addf(&text, " %lld%c", left / units[unit + 1].seconds,
			     units[unit + 1].letter);
	return span_out;
}

/* A copy of `text` in safe letters; abort when there is no memory. */
static char *safe_copy(const char *text)
{
	size_t length = strlen(text);
	char *bytes = malloc(4 * length + 1);
	struct sp_text safe;

	if (!bytes)
		abort();
	sp_text_init(&safe, bytes, 4 * length + 1);
	sp_text_add_safe(&safe, text, length, NULL);
	return bytes;
}

json_t *sp_output_json_text(const char *text)
{
	json_t *string;
	char *safe;

	if (!text)
		return json_null();
	string = json_string(text);
	if (string)
		return string;
	safe = safe_copy(text);
	string = json_string(safe);
	free(safe);
	return string;
}

void sp_output_json(json_t *object)
{
	json_dumpf(object, stdout,
		   JSON_INDENT(2) | JSON_PRESERVE_ORDER |
			   JSON_REAL_PRECISION(6) | JSON_ENSURE_ASCII);
	fputc('\n', stdout);
	json_decref(object);
}

void sp_table_init(struct sp_table *table, size_t columns)
{
	*table = (struct sp_table){ .columns = columns };
}

void sp_table_add(struct sp_table *table, const char *text)
{
	if (table->cells_used == table->cells_size) {
		size_t size = table->cells_size ? 2 * table->cells_size : 64;
		char **cells = realloc(table->cells, size * sizeof(*cells));

		if (!cells)
			abort();
		table->cells = cells;
		table->cells_size = size;
	}
	table->cells[table->cells_used++] = safe_copy(text);
}

static size_t width_of(const struct sp_table *table, size_t column)
{
	size_t width = 0;

	for (size_t i = column; i < table->cells_used; i += table->columns) {
		size_t length = strlen(table->cells[i]);

		if (length > width)
			width = length;
	}
	return width < SP_TABLE_WIDTH_MAX ? width : SP_TABLE_WIDTH_MAX;
}

void sp_table_print(const struct sp_table *table, FILE *to)
{
	size_t widths[SP_TABLE_COLUMNS_MAX];

	for (size_t i = 0; i < table->columns; i++)
		widths[i] = width_of(table, i);
	for (size_t i = 0; i < table->cells_used; i++) {
		size_t column = i % table->columns;

		if (column + 1 == table->columns)
			fprintf(to, "%s\n", table->cells[i]);
		else
			fprintf(to, "%-*s  ", (int)widths[column],
				table->cells[i]);
	}
}

void sp_table_clear(struct sp_table *table)
{
	for (size_t i = 0; i < table->cells_used; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct sp_table){ 0 };
}
