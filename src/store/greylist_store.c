/* greylist_store.c - the question that a mail asks; see greylist_store.h. */
#include "sallyport/greylist_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "greylist_key.h"
#include "sallyport/config.h"
#include "sallyport/store.h"
#include "sallyport/text.h"
#include "scripts.h"

enum {
	STATE_COUNT = SP_GREYLIST_RELEASED + 1,
	WORD_SIZE = 64
};

static const char *const state_names[STATE_COUNT] = {
	[SP_GREYLIST_NEW] = "new",	     [SP_GREYLIST_EARLY] = "early",
	[SP_GREYLIST_LATE] = "late",	     [SP_GREYLIST_PASSED] = "passed",
	[SP_GREYLIST_SEEN] = "seen",	     [SP_GREYLIST_KNOWN] = "known",
	[SP_GREYLIST_RELEASED] = "released",
};

const char *sp_greylist_state_name(enum sp_greylist_state state)
{
	return (unsigned)state < STATE_COUNT ? state_names[state] : "unknown";
}

static enum sp_err read_answer(const struct sp_store_reply *reply,
			       struct sp_greylist_answer *answer_out)
{
	const char *name = sp_store_reply_text(reply, 0);
	unsigned state = 0;

	while (state < STATE_COUNT && strcmp(state_names[state], name) != 0)
		state++;
	if (state == STATE_COUNT || sp_store_reply_count(reply) != 7)
		return SP_ERR_PROTOCOL;
	*answer_out = (struct sp_greylist_answer){
		.state = (enum sp_greylist_state)state,
		.first_ms = sp_store_reply_number(reply, 1),
		.wait_ms = sp_store_reply_number(reply, 2),
		.tries = (uint32_t)sp_store_reply_number(reply, 3),
		.identity_passes = (uint32_t)sp_store_reply_number(reply, 4),
		.probes = {
			.unknown = (uint32_t)sp_store_reply_number(reply, 5),
			.relay = (uint32_t)sp_store_reply_number(reply, 6),
		},
	};
	return SP_OK;
}

static struct sp_store_bytes word(const char *text)
{
	return (struct sp_store_bytes){ text, strlen(text) };
}

/* One word of a value in Redis: no space, no comma, printable. */
static struct sp_store_bytes value_word(char buffer[WORD_SIZE],
					const char *text)
{
	struct sp_text out;

	sp_text_init(&out, buffer, WORD_SIZE);
	sp_text_add_safe(&out, text == NULL ? "" : text,
			 text == NULL ? 0 : strnlen(text, WORD_SIZE), " ,=");
	return word(buffer);
}

static struct sp_store_bytes number_word(char buffer[WORD_SIZE], int64_t number)
{
	snprintf(buffer, WORD_SIZE, "%" PRId64, number);
	return word(buffer);
}

enum sp_err sp_greylist_ask(struct sp_store *store,
			    const struct sp_greylist_config *config,
			    const struct sp_greylist_question *question,
			    int64_t deadline_ms,
			    struct sp_greylist_answer *answer_out)
{
	char identity_key[SP_GREYLIST_KEY_SIZE];
	char triplet_key[SP_GREYLIST_KEY_SIZE];
	char probe_key[SP_GREYLIST_KEY_SIZE];
	char texts[7][WORD_SIZE];
	struct sp_store_bytes keys[3], args[7];
	struct sp_store_reply *reply;
	enum sp_err err;

	err = sp_greylist_key(question->identity, NULL, NULL, identity_key);
	if (err == SP_OK)
		err = sp_greylist_key(question->identity, question->sender,
				      question->recipient, triplet_key);
	if (err == SP_OK)
		err = sp_probe_key(question->identity, probe_key);
	if (err != SP_OK)
		return err;
	keys[0] = word(identity_key);
	keys[1] = word(triplet_key);
	keys[2] = word(probe_key);
	args[0] = number_word(texts[0], question->now_ms);
	args[1] = number_word(texts[1], config->delay_ms);
	args[2] = number_word(texts[2], config->retry_window_ms);
	args[3] = number_word(texts[3], config->remember_ms);
	args[4] = number_word(texts[4], config->known_after);
	args[5] = value_word(texts[5], question->mail_id);
	args[6] = value_word(texts[6], question->client);
	err = sp_store_run(store,
			   &(struct sp_store_call){ &sp_script_greylist_ask,
						    keys, 3, args, 7 },
			   deadline_ms, &reply);
	if (err == SP_OK)
		err = read_answer(reply, answer_out);
	sp_store_reply_free(&reply);
	return err;
}
