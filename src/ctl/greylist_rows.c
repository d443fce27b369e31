#include "greylist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "sallyport/config.h"

bool sp_grey_is_identity(const struct sp_grey_row *row)
{
	return row->recipient[0] == '\0';
}

static const char *put_text(char **to, const char *text)
{
	const char *at = *to;
	size_t size = strlen(text) + 1;

	memcpy(*to, text, size);
	*to += size;
	return at;
}

static struct sp_grey_row *row_of(const struct sp_greylist_entry *entry)
{
	size_t size = strlen(entry->identity) + strlen(entry->proof) +
		      strlen(entry->sender) + strlen(entry->recipient) +
		      strlen(entry->client) + strlen(entry->state) + 6;
	struct sp_grey_row *row = malloc(sizeof(*row) + size);
	char *to;

	if (!row)
		abort();
	to = (char *)(row + 1);
	row->first_ms = entry->first_ms;
	row->last_ms = entry->last_ms;
	row->pass_ms = entry->pass_ms;
	row->tries = entry->tries;
	row->passes = entry->passes;
	row->identity = put_text(&to, entry->identity);
	row->proof = put_text(&to, entry->proof);
	row->sender = put_text(&to, entry->sender);
	row->recipient = put_text(&to, entry->recipient);
	row->client = put_text(&to, entry->client);
	row->state = put_text(&to, entry->state);
	return row;
}

static bool is_equal(const char *wanted, const char *text)
{
	return !wanted || strcmp(wanted, text) == 0;
}

static bool add_row(const struct sp_greylist_entry *entry, void *context)
{
	struct sp_grey_rows *rows = context;

	if (!is_equal(rows->identity, entry->identity) ||
	    !is_equal(rows->sender, entry->sender) ||
	    !is_equal(rows->recipient, entry->recipient))
		return true;
	if (rows->count == rows->size) {
		size_t size = rows->size ? 2 * rows->size : 64;
		struct sp_grey_row **grown = realloc(
			rows->rows, size * sizeof(struct sp_grey_row *));

		if (!grown)
			abort();
		rows->rows = grown;
		rows->size = size;
	}
	rows->rows[rows->count++] = row_of(entry);
	return true;
}

/* The latest first; then by name, so that two runs say the same. */
static int compare(const void *a, const void *b)
{
	const struct sp_grey_row *left = *(struct sp_grey_row *const *)a;
	const struct sp_grey_row *right = *(struct sp_grey_row *const *)b;
	int order;

	if (left->last_ms != right->last_ms)
		return left->last_ms < right->last_ms ? 1 : -1;
	order = strcmp(left->identity, right->identity);
	if (order == 0)
		order = strcmp(left->sender, right->sender);
	return order ? order : strcmp(left->recipient, right->recipient);
}

enum sp_err sp_grey_collect(struct sp_store *store,
			    const struct sp_config *config,
			    const struct sp_greylist_filter *filter,
			    struct sp_grey_rows *rows)
{
	enum sp_err err = sp_greylist_list(store, &config->greylist, filter,
					   add_row, rows);

	if (rows->count > 1)
		qsort(rows->rows, rows->count, sizeof(struct sp_grey_row *),
		      compare);
	return err;
}

void sp_grey_clear(struct sp_grey_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free(rows->rows[i]);
	free(rows->rows);
	*rows = (struct sp_grey_rows){ 0 };
}

static const char *identity_note(const struct sp_grey_row *row,
				 const struct sp_greylist_config *config,
				 char note_out[SP_GREY_NOTE_SIZE])
{
	if (strcmp(row->state, "known") == 0 || config->known_after == 0)
		snprintf(note_out, SP_GREY_NOTE_SIZE, "%u passed",
			 (unsigned)row->passes);
	else
		snprintf(note_out, SP_GREY_NOTE_SIZE,
			 "%u of %u passed to be known", (unsigned)row->passes,
			 config->known_after);
	return note_out;
}

const char *sp_grey_note(const struct sp_grey_row *row,
			 const struct sp_greylist_config *config,
			 int64_t now_ms, char note_out[SP_GREY_NOTE_SIZE])
{
	int64_t wait_ms = row->first_ms + config->delay_ms - now_ms;
	char span[SP_SPAN_SIZE];
	const char *note = "";

	if (sp_grey_is_identity(row))
		return identity_note(row, config, note_out);
	if (strcmp(row->state, "waiting") == 0) {
		/* Rounded up: "waits 0s more" would be a puzzle. */
		snprintf(note_out, SP_GREY_NOTE_SIZE, "waits %s more",
			 sp_output_span(wait_ms + 999, span));
		return note_out;
	}
	if (strcmp(row->state, "passed") == 0) {
		/* Who came back did so later than it came. */
		snprintf(note_out, SP_GREY_NOTE_SIZE, "%s %s ago",
			 row->pass_ms == row->first_ms ? "let in at once"
						       : "passed",
			 sp_output_span(now_ms - row->pass_ms, span));
		return note_out;
	}
	if (strcmp(row->state, "ready") == 0)
		note = "passes when it comes back";
	else if (strcmp(row->state, "released") == 0)
		note = "passes at its next try";
	else if (strcmp(row->state, "expired") == 0)
		note = "came too late, will wait again";
	snprintf(note_out, SP_GREY_NOTE_SIZE, "%s", note);
	return note_out;
}

static const char *shown_sender(const struct sp_grey_row *row)
{
	if (sp_grey_is_identity(row))
		return "";
	return row->sender[0] ? row->sender : "<>";
}

static void add_ago(struct sp_table *table, int64_t then_ms, int64_t now_ms)
{
	char span[SP_SPAN_SIZE], ago[SP_SPAN_SIZE + 8];

	snprintf(ago, sizeof(ago), "%s ago",
		 sp_output_span(now_ms - then_ms, span));
	sp_table_add(table, ago);
}

static size_t shown_count(const struct sp_grey_rows *rows, size_t limit)
{
	return limit > 0 && limit < rows->count ? limit : rows->count;
}

void sp_grey_print_table(const struct sp_grey_rows *rows, size_t limit,
			 const struct sp_greylist_config *config,
			 int64_t now_ms)
{
	static const char *const heading[] = { "STATE",	    "IDENTITY",
					       "PROOF",	    "SENDER",
					       "RECIPIENT", "LAST TRY",
					       "TRIES",	    "WHAT NEXT" };
	enum {
		COLUMNS = sizeof(heading) / sizeof(heading[0])
	};
	char note[SP_GREY_NOTE_SIZE], number[16];
	struct sp_table table;

	sp_table_init(&table, COLUMNS);
	for (size_t i = 0; i < COLUMNS; i++)
		sp_table_add(&table, heading[i]);
	for (size_t i = 0; i < shown_count(rows, limit); i++) {
		const struct sp_grey_row *row = rows->rows[i];

		sp_table_add(&table, row->state);
		sp_table_add(&table, row->identity);
		sp_table_add(&table, row->proof);
		sp_table_add(&table, shown_sender(row));
		sp_table_add(&table, row->recipient);
		add_ago(&table, row->last_ms, now_ms);
		snprintf(number, sizeof(number), "%u", (unsigned)row->tries);
		sp_table_add(&table, sp_grey_is_identity(row) ? "" : number);
		sp_table_add(&table, sp_grey_note(row, config, now_ms, note));
	}
	sp_table_print(&table, stdout);
	sp_table_clear(&table);
}

static void print_text(const char *label, const char *text)
{
	printf("%-10s ", label);
	sp_output_safe(stdout, text);
	putchar('\n');
}

static void print_ago(const char *label, int64_t then_ms, int64_t now_ms)
{
	char span[SP_SPAN_SIZE];

	printf("%-10s %s ago\n", label, sp_output_span(now_ms - then_ms, span));
}

static void print_row(const struct sp_grey_row *row,
		      const struct sp_greylist_config *config, int64_t now_ms)
{
	char note[SP_GREY_NOTE_SIZE];

	print_text("identity", row->identity);
	print_text("proof", row->proof);
	if (!sp_grey_is_identity(row)) {
		print_text("sender", shown_sender(row));
		print_text("recipient", row->recipient);
	}
	printf("%-10s %s (%s)\n", "state", row->state,
	       sp_grey_note(row, config, now_ms, note));
	if (row->client[0])
		print_text("client", row->client);
	if (row->first_ms > 0)
		print_ago("first try", row->first_ms, now_ms);
	if (row->last_ms > 0)
		print_ago("last try", row->last_ms, now_ms);
	if (row->pass_ms > 0)
		print_ago("passed", row->pass_ms, now_ms);
	if (!sp_grey_is_identity(row))
		printf("%-10s %u\n", "tries", (unsigned)row->tries);
	printf("%-10s %u\n", "passes", (unsigned)row->passes);
}

void sp_grey_print_all(const struct sp_grey_rows *rows,
		       const struct sp_greylist_config *config, int64_t now_ms)
{
	for (size_t i = 0; i < rows->count; i++) {
		if (i > 0)
			putchar('\n');
		print_row(rows->rows[i], config, now_ms);
	}
}

static json_t *row_json(const struct sp_grey_row *row,
			const struct sp_greylist_config *config, int64_t now_ms)
{
	json_t *object = json_object();
	int64_t wait_ms = row->first_ms + config->delay_ms - now_ms;

	json_object_set_new(object, "identity",
			    sp_output_json_text(row->identity));
	json_object_set_new(object, "proof", sp_output_json_text(row->proof));
	if (!sp_grey_is_identity(row)) {
		json_object_set_new(object, "sender",
				    sp_output_json_text(row->sender));
		json_object_set_new(object, "recipient",
				    sp_output_json_text(row->recipient));
		json_object_set_new(object, "tries", json_integer(row->tries));
	}
	json_object_set_new(object, "client", sp_output_json_text(row->client));
	json_object_set_new(object, "state", sp_output_json_text(row->state));
	json_object_set_new(object, "first_ms", json_integer(row->first_ms));
	json_object_set_new(object, "last_ms", json_integer(row->last_ms));
	json_object_set_new(object, "pass_ms", json_integer(row->pass_ms));
	json_object_set_new(object, "passes", json_integer(row->passes));
	if (strcmp(row->state, "waiting") == 0)
		json_object_set_new(object, "wait_ms",
				    json_integer(wait_ms > 0 ? wait_ms : 0));
	return object;
}

void sp_grey_print_json(const struct sp_grey_rows *rows, size_t limit,
			const struct sp_greylist_config *config, int64_t now_ms)
{
	json_t *object = json_object();
	json_t *array = json_array();

	for (size_t i = 0; i < shown_count(rows, limit); i++)
		json_array_append_new(array,
				      row_json(rows->rows[i], config, now_ms));
	json_object_set_new(object, "now_ms", json_integer(now_ms));
	json_object_set_new(object, "total",
			    json_integer((json_int_t)rows->count));
	json_object_set_new(object, "entries", array);
	sp_output_json(object);
}
