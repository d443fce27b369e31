/* desk_note.c - what mails tell of their waiting; see desk_store.h. */
#include "sallyport/desk_store.h"

#include "desk_key.h"
#include "greylist_key.h"
#include "sallyport/config.h"
#include "sallyport/store.h"
#include "scripts.h"
#include "word.h"

enum {
	KEYS = 5,
	ARGS = 7
};

enum news {
	NO_NEWS,
	WAITS,
	CAME
};

static enum news news_of(const struct sp_greylist_config *config,
			 const struct sp_greylist_question *question,
			 const struct sp_greylist_answer *answer)
{
	switch (answer->state) {
	case SP_GREYLIST_NEW:
	case SP_GREYLIST_EARLY:
	case SP_GREYLIST_LATE:
		return WAITS;
	case SP_GREYLIST_PASSED:
	case SP_GREYLIST_RELEASED:
		return CAME;
	case SP_GREYLIST_NOTED:
		return answer->tries > 1 ? CAME : NO_NEWS;
	case SP_GREYLIST_KNOWN:
		/* It may have waited before its identity became known. */
		return answer->tries > 1 &&
				       question->now_ms - answer->first_ms <
					       config->retry_window_ms
			       ? CAME
			       : NO_NEWS;
	case SP_GREYLIST_SEEN:
		break;
	}
	return NO_NEWS;
}

static unsigned bucket_of(int64_t took_ms)
{
	unsigned bucket = 0;

	while (bucket < SP_DESK_BUCKETS - 1 &&
	       took_ms > (int64_t)sp_desk_bound_sec(bucket) * 1000)
		bucket++;
	return bucket;
}

enum sp_err sp_desk_note(struct sp_store *store,
			 const struct sp_greylist_config *config,
			 const struct sp_greylist_question *question,
			 const struct sp_greylist_answer *answer,
			 int64_t deadline_ms)
{
	enum news news = news_of(config, question, answer);
	unsigned bucket = bucket_of(question->now_ms - answer->first_ms);
	char triplet[SP_GREYLIST_KEY_SIZE], of[SP_GREYLIST_KEY_SIZE];
	char day[SP_WORD_SIZE], texts[ARGS][SP_WORD_SIZE];
	char name[SP_DESK_FIELD_SIZE];
	struct sp_store_bytes keys[KEYS], args[ARGS];
	const struct sp_store_call call = { &sp_script_desk_note, keys, KEYS,
					    args, ARGS };
	struct sp_store_reply *reply;
	enum sp_err err;

	if (news == NO_NEWS)
		return SP_OK;
	err = sp_greylist_key(question->identity, question->sender,
			      question->recipient, triplet);
	if (err == SP_OK)
		err = sp_desk_identity_key(question->identity, of);
	if (err != SP_OK)
		return err;
	keys[0] = sp_word(SP_DESK_WAITS);
	keys[1] = sp_word(SP_DESK_HONEST);
	keys[2] = sp_word(SP_DESK_WHO);
	keys[3] = sp_word(of);
	keys[4] = sp_word(sp_desk_day_key(question->now_ms, day));
	args[0] = sp_word_of_number(texts[0], question->now_ms);
	args[1] = sp_word(news == WAITS ? "waits" : "came");
	args[2] = sp_word(triplet);
	args[3] = sp_word_of_number(texts[3], answer->first_ms);
	args[4] = sp_word_of_number(texts[4], question->looks_honest);
	args[5] = sp_word_of_number(texts[5], config->retry_window_ms);
	args[6] = sp_word(sp_desk_bucket_name(bucket, name));
	err = sp_store_run(store, &call, deadline_ms, &reply);
	sp_store_reply_free(&reply);
	return err;
}
