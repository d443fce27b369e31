#include "walk.h"

#include <stdio.h>
#include <string.h>

#include "sallyport/clock.h"
#include "word.h"

/* SCAN is asked for so many keys at a time. */
#define SCAN_COUNT "1000"
enum {
	COMMAND_MS = 5000
};

int64_t sp_walk_soon(void)
{
	return sp_clock_mono_ms() + COMMAND_MS;
}

static enum sp_err visit_all(struct sp_store *store,
			     const struct sp_store_reply *keys,
			     const struct sp_walker *walker, bool *go_on_out)
{
	size_t count = sp_store_reply_count(keys);
	enum sp_err err = SP_OK;

	for (size_t done = 0; done < count && *go_on_out && err == SP_OK;) {
		struct sp_store_bytes batch[SP_WALK_BATCH];
		size_t taken = 0;

		while (taken < SP_WALK_BATCH && done < count)
			batch[taken++] =
				sp_word(sp_store_reply_text(keys, done++));
		err = walker->visit(store, batch, taken, go_on_out,
				    walker->context);
	}
	return err;
}

enum sp_err sp_walk(struct sp_store *store, const char *pattern,
		    const struct sp_walker *walker)
{
	char cursor[32] = "0";
	bool go_on = true;

	do {
		const struct sp_store_bytes words[] = {
			sp_word("SCAN"),  sp_word(cursor),  sp_word("MATCH"),
			sp_word(pattern), sp_word("COUNT"), sp_word(SCAN_COUNT),
		};
		struct sp_store_reply *reply;
		enum sp_err err = sp_store_command(store, words, 6,
						   sp_walk_soon(), &reply);

		if (err != SP_OK)
			return err;
		snprintf(cursor, sizeof(cursor), "%s",
			 sp_store_reply_text(reply, 0));
		err = visit_all(store, sp_store_reply_array(reply, 1), walker,
				&go_on);
		sp_store_reply_free(&reply);
		if (err != SP_OK)
			return err;
	} while (go_on && cursor[0] != '\0' && strcmp(cursor, "0") != 0);
	return SP_OK;
}
