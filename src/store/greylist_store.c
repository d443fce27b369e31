/* greylist_store.c - the question that a mail asks; see greylist_store.h. */
#include "sallyport/greylist_store.h"

#include <stdlib.h>
#include <string.h>

#include "desk_key.h"
#include "greylist_key.h"
#include "greylist_value.h"
#include "probe_value.h"
#include "sallyport/config.h"
#include "sallyport/desk_store.h"
#include "sallyport/store.h"
#include "scripts.h"
#include "word.h"

enum {
	STATE_COUNT = SP_GREYLIST_RELEASED + 1,
	TRY_WORDS = 10
};

static const char *const state_names[STATE_COUNT] = {
	[SP_GREYLIST_NEW] = "new",	 [SP_GREYLIST_EARLY] = "early",
	[SP_GREYLIST_LATE] = "late",	 [SP_GREYLIST_NOTED] = "noted",
	[SP_GREYLIST_PASSED] = "passed", [SP_GREYLIST_SEEN] = "seen",
	[SP_GREYLIST_KNOWN] = "known",	 [SP_GREYLIST_RELEASED] = "released",
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
	if (state == STATE_COUNT || sp_store_reply_count(reply) != 5)
		return SP_ERR_PROTOCOL;
	*answer_out = (struct sp_greylist_answer){
		.state = (enum sp_greylist_state)state,
		.first_ms = sp_store_reply_number(reply, 1),
		.wait_ms = sp_store_reply_number(reply, 2),
		.tries = (uint32_t)sp_store_reply_number(reply, 3),
		.identity_passes = (uint32_t)sp_store_reply_number(reply, 4),
	};
	return SP_OK;
}

/* The script's call: one try, to be judged and noted. */
struct try_call {
	char identity[SP_GREYLIST_KEY_SIZE], triplet[SP_GREYLIST_KEY_SIZE];
	char texts[TRY_WORDS][SP_WORD_SIZE];
	struct sp_store_bytes keys[2], args[TRY_WORDS];
};

/* Values that are only read. MGET calls one of another type absent, where GET
 * would answer with an error. */
struct look_call {
	char keys[2][SP_GREYLIST_KEY_SIZE];
	struct sp_store_bytes words[3];
};

/* All that is asked in one round trip; the try comes first. */
struct outgoing {
	struct sp_store_call calls[SP_STORE_CALLS_MAX];
	size_t count;
	size_t probes;	 /* which of them; 0: none */
	size_t expected; /* likewise */
	size_t also;	 /* from which on; the others are before */
	struct try_call try;
	struct look_call looks[SP_STORE_CALLS_MAX - 1];
};

static enum sp_err prepare_try(const struct sp_greylist_config *config,
			       const struct sp_greylist_question *question,
			       int64_t since_ms, struct try_call *try)
{
	struct sp_store_bytes *args = try->args;
	enum sp_err err;

	err = sp_greylist_key(question->identity, NULL, NULL, try->identity);
	if (err == SP_OK)
		err = sp_greylist_key(question->identity, question->sender,
				      question->recipient, try->triplet);
	if (err != SP_OK)
		return err;
	try->keys[0] = sp_word(try->identity);
	try->keys[1] = sp_word(try->triplet);
	args[0] = sp_word_of_number(try->texts[0], question->now_ms);
	args[1] = sp_word_of_number(try->texts[1], config->delay_ms);
	args[2] = sp_word_of_number(try->texts[2], config->retry_window_ms);
	args[3] = sp_word_of_number(try->texts[3], config->remember_ms);
	args[4] = sp_word_of_number(try->texts[4], config->known_after);
	args[5] = sp_word_of_value(try->texts[5], question->mail_id);
	args[6] = sp_word_of_value(try->texts[6], question->client);
	args[7] = sp_word_of_value(try->texts[7], question->proof);
	args[8] = sp_word_of_number(try->texts[8], question->lets_in);
	args[9] = sp_word_of_number(try->texts[9], since_ms);
	return SP_OK;
}

static struct sp_store_call call_of(const struct try_call *try)
{
	return (struct sp_store_call){ &sp_script_greylist_ask, try->keys, 2,
				       try->args, TRY_WORDS };
}

static struct look_call *next_look(struct outgoing *out)
{
	return &out->looks[out->count - 1];
}

static void add_look(struct outgoing *out, size_t key_count)
{
	struct look_call *look = next_look(out);

	look->words[0] = sp_word("MGET");
	for (size_t i = 0; i < key_count; i++)
		look->words[i + 1] = sp_word(look->keys[i]);
	out->calls[out->count++] = (struct sp_store_call){
		.keys = look->words,
		.key_count = key_count + 1,
	};
}

static enum sp_err look_at_probes(struct outgoing *out, const char *network)
{
	enum sp_err err = sp_probe_key(network, next_look(out)->keys[0]);

	if (err != SP_OK)
		return err;
	out->probes = out->count;
	add_look(out, 1);
	return SP_OK;
}

/* Whether the operator expects mail for that recipient. */
static enum sp_err look_at_expected(struct outgoing *out, const char *recipient)
{
	enum sp_err err = sp_expect_key(recipient, next_look(out)->keys[0]);

	if (err != SP_OK)
		return err;
	out->expected = out->count;
	add_look(out, 1);
	return SP_OK;
}

static enum sp_err look_also(struct outgoing *out, const char *identity,
			     const struct sp_greylist_question *question)
{
	struct look_call *look = next_look(out);
	enum sp_err err = sp_greylist_key(identity, NULL, NULL, look->keys[0]);

	if (err == SP_OK)
		err = sp_greylist_key(identity, question->sender,
				      question->recipient, look->keys[1]);
	if (err == SP_OK)
		add_look(out, 2);
	return err;
}

static enum sp_err prepare(const struct sp_greylist_config *config,
			   const struct sp_greylist_question *question,
			   struct outgoing *out)
{
	enum sp_err err = prepare_try(config, question, 0, &out->try);

	out->calls[0] = call_of(&out->try);
	out->count = 1;
	out->probes = 0;
	if (err == SP_OK && question->network != NULL)
		err = look_at_probes(out, question->network);
	out->expected = 0;
	if (err == SP_OK && !question->lets_in)
		err = look_at_expected(out, question->recipient);
	out->also = out->count;
	/* Who is let in need not have waited anywhere. */
	for (size_t i = 0; i < SP_GREYLIST_ALSO_MAX && !question->lets_in; i++)
		if (err == SP_OK && question->also[i] != NULL)
			err = look_also(out, question->also[i], question);
	return err;
}

static bool is_waiting(enum sp_greylist_state state)
{
	return state == SP_GREYLIST_NEW || state == SP_GREYLIST_EARLY ||
	       state == SP_GREYLIST_LATE;
}

/* Since when this sender has waited at the longest, under any of its other
 * identities; 0: it has not. */
static int64_t waits_since(const struct sp_greylist_config *config,
			   const struct outgoing *out,
			   struct sp_store_reply *const *replies,
			   int64_t now_ms)
{
	int64_t longest_ms = 0;

	for (size_t i = out->also; i < out->count; i++) {
		int64_t since_ms = sp_greylist_waits_since(
			config, sp_store_reply_text(replies[i], 0),
			sp_store_reply_text(replies[i], 1), now_ms);

		if (since_ms > 0 && (longest_ms == 0 || since_ms < longest_ms))
			longest_ms = since_ms;
	}
	return longest_ms;
}

static bool is_expected(const struct outgoing *out,
			struct sp_store_reply *const *replies, int64_t now_ms)
{
	return out->expected > 0 &&
	       strtoll(sp_store_reply_text(replies[out->expected], 0), NULL,
		       10) > now_ms;
}

/* The same try again, now that we know since when it has waited, or that it
 * need not. */
static enum sp_err ask_again(struct sp_store *store,
			     const struct sp_greylist_config *config,
			     const struct sp_greylist_question *question,
			     int64_t deadline_ms,
			     struct sp_greylist_answer *answer)
{
	const struct sp_greylist_answer first = *answer;
	struct sp_store_reply *reply;
	struct sp_store_call call;
	struct try_call try;
	enum sp_err err = prepare_try(config, question, answer->first_ms, &try);

	if (err != SP_OK)
		return err;
	call = call_of(&try);
	err = sp_store_run(store, &call, deadline_ms, &reply);
	if (err == SP_OK)
		err = read_answer(reply, answer);
	answer->has_probes = first.has_probes;
	answer->probes = first.probes;
	sp_store_reply_free(&reply);
	return err;
}

enum sp_err sp_greylist_ask(struct sp_store *store,
			    const struct sp_greylist_config *config,
			    const struct sp_greylist_question *question,
			    int64_t deadline_ms,
			    struct sp_greylist_answer *answer_out)
{
	struct sp_store_reply *replies[SP_STORE_CALLS_MAX] = { NULL };
	struct sp_greylist_question again = *question;
	struct sp_greylist_answer answer;
	struct outgoing out;
	int64_t since_ms = 0;
	enum sp_err err = prepare(config, question, &out);

	if (err == SP_OK)
		err = sp_store_run_all(store, out.calls, out.count, deadline_ms,
				       replies);
	if (err == SP_OK)
		err = read_answer(replies[0], &answer);
	if (err == SP_OK && out.probes > 0) {
		answer.has_probes = true;
		answer.probes = sp_probe_sum(
			sp_store_reply_text(replies[out.probes], 0),
			question->now_ms);
	}
	if (err == SP_OK && is_waiting(answer.state)) {
		since_ms = waits_since(config, &out, replies, question->now_ms);
		again.lets_in = is_expected(&out, replies, question->now_ms);
	}
	for (size_t i = 0; i < SP_STORE_CALLS_MAX; i++)
		sp_store_reply_free(&replies[i]);
	if (since_ms <= 0 || since_ms > answer.first_ms)
		since_ms = answer.first_ms;
	if (err == SP_OK && (since_ms < answer.first_ms ||
			     again.lets_in != question->lets_in)) {
		answer.first_ms = since_ms;
		err = ask_again(store, config, &again, deadline_ms, &answer);
	}
	if (err != SP_OK)
		return err;
	*answer_out = answer;
	/* Whether people see it is no matter of the mail's. */
	if (question->is_for_desk)
		(void)sp_desk_note(store, config, question, &answer,
				   deadline_ms);
	return SP_OK;
}
