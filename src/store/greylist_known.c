/* greylist_known.c - is an identity known? See greylist_store.h. */
#include "sallyport/greylist_store.h"

#include "greylist_key.h"
#include "greylist_value.h"
#include "sallyport/config.h"
#include "sallyport/store.h"
#include "word.h"

enum sp_err sp_greylist_is_known(struct sp_store *store,
				 const struct sp_greylist_config *config,
				 const struct sp_greylist_who *who,
				 int64_t deadline_ms, bool *known_out)
{
	char key[SP_GREYLIST_KEY_SIZE];
	struct sp_store_bytes words[2] = { sp_word("MGET") };
	struct sp_store_reply *reply;
	enum sp_err err = sp_greylist_key(who->identity, NULL, NULL, key);

	if (err != SP_OK)
		return err;
	words[1] = sp_word(key);
	err = sp_store_command(store, words, 2, deadline_ms, &reply);
	if (err != SP_OK)
		return err;
	*known_out = sp_greylist_value_is_known(
		config, sp_store_reply_text(reply, 0), who->now_ms);
	sp_store_reply_free(&reply);
	return SP_OK;
}
