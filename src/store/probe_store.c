/* probe_store.c - see probe_store.h. */
#include "sallyport/probe_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "greylist_key.h"
#include "sallyport/store.h"
#include "scripts.h"

enum {
	WORD_SIZE = 24,
	WORDS = 5
};

static enum sp_err read_sum(const struct sp_store_reply *reply,
			    struct sp_probe_counts *sum_out)
{
	if (sp_store_reply_count(reply) != 3)
		return SP_ERR_PROTOCOL;
	*sum_out = (struct sp_probe_counts){
		.unknown = (uint32_t)sp_store_reply_number(reply, 0),
		.relay = (uint32_t)sp_store_reply_number(reply, 1),
		.hung_up = (uint32_t)sp_store_reply_number(reply, 2),
	};
	return SP_OK;
}

enum sp_err sp_probe_count(struct sp_store *store,
			   const struct sp_probe_question *question,
			   int64_t deadline_ms, struct sp_probe_counts *sum_out)
{
	const int64_t numbers[WORDS] = {
		question->now_ms,	question->window_ms,
		question->more.unknown, question->more.relay,
		question->more.hung_up,
	};
	char key[SP_GREYLIST_KEY_SIZE];
	char texts[WORDS][WORD_SIZE];
	struct sp_store_bytes args[WORDS], key_word;
	struct sp_store_reply *reply;
	enum sp_err err = sp_probe_key(question->identity, key);

	if (err != SP_OK)
		return err;
	for (size_t i = 0; i < WORDS; i++) {
		snprintf(texts[i], WORD_SIZE, "%" PRId64, numbers[i]);
		args[i] = (struct sp_store_bytes){ texts[i], strlen(texts[i]) };
	}
	key_word = (struct sp_store_bytes){ key, strlen(key) };
	err = sp_store_run(store,
			   &(struct sp_store_call){
				   .script = &sp_script_probe_count,
				   .keys = &key_word,
				   .key_count = 1,
				   .args = args,
				   .arg_count = WORDS,
			   },
			   deadline_ms, &reply);
	if (err == SP_OK)
		err = read_sum(reply, sum_out);
	sp_store_reply_free(&reply);
	return err;
}
