/*
 * output.h - how the operator is told: safe texts, spans of time, tables, JSON.
 */
#ifndef SP_CTL_OUTPUT_H
#define SP_CTL_OUTPUT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Print `text` so that no terminal can be told anything by it: what is no
 * printable ASCII, and the backslash, is written \xhh. */
void sp_output_safe(FILE *to, const char *text);

/* The same for several lines (an SMTP reply, a folded header): the second and
 * later ones begin with `indent`, their own leading white space left out. */
void sp_output_lines(FILE *to, const char *text, const char *indent);

enum {
	SP_SPAN_SIZE = 32
};

/* A length of time in at most two units, rounded down: "42s", "3m 5s",
 * "2h 10m", "4d 3h"; below a second "0s". Negative counts as 0.
 * Returns `span_out`. */
const char *sp_output_span(int64_t ms, char span_out[SP_SPAN_SIZE]);

/* A JSON string; what is no UTF-8 is written \xhh in it. NULL is null. */
json_t *sp_output_json_text(const char *text);

/* Print on stdout, and give the object back. */
void sp_output_json(json_t *object);

/* A table: columns as wide as their widest cell; the last one runs free. */
enum {
	SP_TABLE_COLUMNS_MAX = 8,
	SP_TABLE_WIDTH_MAX = 44
};

struct sp_table {
	size_t columns;
	size_t cells_used, cells_size;
	char **cells;
};

/* The first row is the heading. */
void sp_table_init(struct sp_table *table, size_t columns);
/* The next cell, row after row; made safe here. */
void sp_table_add(struct sp_table *table, const char *text);
void sp_table_print(const struct sp_table *table, FILE *to);
void sp_table_clear(struct sp_table *table);

#endif
