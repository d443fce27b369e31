/* greylist_teach.c - what an accepted mail proves beyond how it came; see
 * greylist_store.h. */
#include "sallyport/greylist_store.h"

#include "greylist_key.h"
#include "sallyport/config.h"
#include "sallyport/store.h"
#include "scripts.h"
#include "word.h"

enum {
	WORDS = 5
};

enum sp_err sp_greylist_teach(struct sp_store *store,
			      const struct sp_greylist_config *config,
			      const struct sp_greylist_lesson *lesson,
			      int64_t deadline_ms, unsigned *taught_out)
{
	char keys[SP_GREYLIST_LESSONS_MAX][SP_GREYLIST_KEY_SIZE];
	char texts[WORDS][SP_WORD_SIZE];
	struct sp_store_bytes words[SP_GREYLIST_LESSONS_MAX];
	struct sp_store_call calls[SP_GREYLIST_LESSONS_MAX];
	struct sp_store_reply *replies[SP_GREYLIST_LESSONS_MAX];
	const struct sp_store_bytes args[WORDS] = {
		sp_word_of_number(texts[0], lesson->now_ms),
		sp_word_of_number(texts[1], config->remember_ms),
		sp_word_of_number(texts[2], config->known_after),
		sp_word_of_value(texts[3], lesson->mail_id),
		sp_word_of_value(texts[4], lesson->proof),
	};
	enum sp_err err = SP_OK;

	*taught_out = 0;
	for (size_t i = 0; i < lesson->count && err == SP_OK; i++) {
		err = sp_greylist_key(lesson->identities[i], NULL, NULL,
				      keys[i]);
		words[i] = sp_word(keys[i]);
		calls[i] = (struct sp_store_call){ &sp_script_greylist_teach,
						   &words[i], 1, args, WORDS };
	}
	if (err == SP_OK)
		err = sp_store_run_all(store, calls, lesson->count, deadline_ms,
				       replies);
	for (size_t i = 0; i < lesson->count && err == SP_OK; i++) {
		if (sp_store_reply_number(replies[i], 0) == 1)
			*taught_out |= 1U << i;
		sp_store_reply_free(&replies[i]);
	}
	return err;
}
