/*
 * greylist.h - `sallyport greylist`: what its parts share.
 *
 * greylist.c reads the command line and acts; greylist_rows.c collects and
 * prints entries.
 */
#ifndef SP_CTL_GREYLIST_H
#define SP_CTL_GREYLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"
#include "sallyport/greylist_store.h"

struct sp_config;

/* One entry; its texts stand behind it, as long as they need to be. */
struct sp_grey_row {
	int64_t first_ms, last_ms, pass_ms;
	uint32_t tries, passes;
	const char *identity, *proof, *sender, *recipient, *client, *state;
};

struct sp_grey_rows {
	struct sp_grey_row **rows;
	size_t count, size;
	/* Keep these alone; NULL = any. Sender and recipient exactly. */
	const char *identity, *sender, *recipient;
};

/* All entries that match `filter` and the exact texts in *rows, the latest
 * first. Errors as sp_greylist_list has them. */
enum sp_err sp_grey_collect(struct sp_store *store,
			    const struct sp_config *config,
			    const struct sp_greylist_filter *filter,
			    struct sp_grey_rows *rows);
void sp_grey_clear(struct sp_grey_rows *rows);

/* An entry of an identity itself has no recipient. */
bool sp_grey_is_identity(const struct sp_grey_row *row);

enum {
	SP_GREY_NOTE_SIZE = 96
};

/* What will happen at its next try, or has: "waits 42s more". */
const char *sp_grey_note(const struct sp_grey_row *row,
			 const struct sp_greylist_config *config,
			 int64_t now_ms, char note_out[SP_GREY_NOTE_SIZE]);

/* The first `limit` rows (0 = all) as a table. */
void sp_grey_print_table(const struct sp_grey_rows *rows, size_t limit,
			 const struct sp_greylist_config *config,
			 int64_t now_ms);
/* Each row as a paragraph. */
void sp_grey_print_all(const struct sp_grey_rows *rows,
		       const struct sp_greylist_config *config, int64_t now_ms);
void sp_grey_print_json(const struct sp_grey_rows *rows, size_t limit,
			const struct sp_greylist_config *config,
			int64_t now_ms);

#endif
