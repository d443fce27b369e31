/* submitter_store.c - the questions that a mail asks; see submitter_store.h. */
#include "sallyport/submitter_store.h"

#include <inttypes.h>
#include <string.h>

#include "sallyport/config.h"
#include "sallyport/store.h"
#include "scripts.h"
#include "submitter_index.h"
#include "submitter_memory.h"
#include "submitter_words.h"
#include "word.h"

enum {
	COUNT_WORDS = 12,
	LIMITS_SIZE = SP_LIMITS_MAX * 64,
	PLACES_SIZE = 256,
	UNUSUAL_SIZE = 512,
	SHORT_SIZE = 192,
	/* What the answer has before the sums. */
	ANSWER_FIXED = 7,
	HASH_SHOWN = 16
};

static const int64_t hour_ms = 3600000, day_ms = 86400000;

/* The script's call: what is asked, and by which rules. */
struct count_call {
	char key[SP_SUBMITTER_KEY_SIZE], recipients[SP_SUBMITTER_KEY_SIZE];
	char adds[SHORT_SIZE], limits[LIMITS_SIZE], places[PLACES_SIZE];
	char recipient[SP_HASH_TEXT_SIZE], unusual[UNUSUAL_SIZE];
	char terms[SHORT_SIZE], unsaved[SP_STANDING_TEXT_SIZE];
	char numbers[3][SP_WORD_SIZE];
	struct sp_store_bytes keys[2], args[COUNT_WORDS];
	/* Which of the class's limits are asked, in their order. */
	size_t asked[SP_LIMITS_MAX], asked_count;
};

/* Where it comes from, of a kind that counts once; NULL: nothing is said. */
static const char *place_of(const struct sp_submitter_question *question,
			    enum sp_counted counted)
{
	return counted == SP_COUNTED_NETWORKS	 ? question->network
	       : counted == SP_COUNTED_COUNTRIES ? question->country
	       : counted == SP_COUNTED_ASNS	 ? question->asn
						 : NULL;
}

static bool is_added(const struct sp_submitter_question *question,
		     enum sp_counted counted)
{
	if (counted < SP_COUNTED_DISTINCT)
		return question->adds[counted] > 0;
	if (counted == SP_COUNTED_DISTINCT_RECIPIENTS)
		return question->recipient != NULL;
	return place_of(question, counted) != NULL;
}

/* Of what counts once, one more than the limits need is kept; and the longest
 * window of theirs. 0: there is no such limit. */
static uint32_t kept_of(const struct sp_class *class, enum sp_counted counted,
			int64_t *longest_ms_out)
{
	uint32_t kept = 0;

	*longest_ms_out = 0;
	for (size_t i = 0; i < class->count; i++) {
		const struct sp_limit *limit = &class->limits[i];

		if (limit->counted != counted)
			continue;
		if (limit->most + 1 > kept)
			kept = limit->most + 1;
		if (limit->window_ms > *longest_ms_out)
			*longest_ms_out = limit->window_ms;
	}
	return kept;
}

static void write_adds(const struct sp_submitter_question *question,
		       char text_out[SHORT_SIZE])
{
	struct sp_text text;

	sp_text_init(&text, text_out, SHORT_SIZE);
	for (unsigned i = 0; i < SP_COUNTED_DISTINCT; i++)
		if (question->adds[i] > 0)
			sp_text_addf(&text, "%s %" PRIu32 " ",
				     sp_counted_name((enum sp_counted)i),
				     question->adds[i]);
}

static void write_limits(const struct sp_submitter_question *question,
			 struct count_call *call)
{
	struct sp_text text;

	sp_text_init(&text, call->limits, sizeof(call->limits));
	call->asked_count = 0;
	for (size_t i = 0; i < question->class->count; i++) {
		const struct sp_limit *limit = &question->class->limits[i];

		if (!is_added(question, limit->counted))
			continue;
		call->asked[call->asked_count++] = i;
		sp_text_addf(&text, "%s %" PRIu32 " %" PRId64 " %u ",
			     sp_counted_name(limit->counted), limit->most,
			     limit->window_ms, (unsigned)limit->state);
	}
}

/* Some are kept in any case, for people. */
static void write_places(const struct sp_submitter_question *question,
			 char text_out[PLACES_SIZE])
{
	struct sp_text text;

	sp_text_init(&text, text_out, PLACES_SIZE);
	for (unsigned i = SP_COUNTED_NETWORKS; i < SP_COUNTED_KINDS; i++) {
		const char *place = place_of(question, (enum sp_counted)i);
		char word[SP_WORD_SIZE];
		int64_t longest_ms;
		uint32_t kept;

		if (place == NULL)
			continue;
		kept = kept_of(question->class, (enum sp_counted)i,
			       &longest_ms);
		sp_text_addf(&text, "%s %s %" PRIu32 " ",
			     sp_counted_name((enum sp_counted)i),
			     sp_word_of_value(word, place).bytes,
			     kept > SP_SUBMITTER_PLACES_SHOWN
				     ? kept
				     : SP_SUBMITTER_PLACES_SHOWN);
	}
}

static void write_recipient(const struct sp_submitter_question *question,
			    struct count_call *call)
{
	int64_t longest_ms;
	uint32_t kept = kept_of(question->class, SP_COUNTED_DISTINCT_RECIPIENTS,
				&longest_ms);
	struct sp_hash hash;

	call->recipient[0] = '\0';
	if (question->recipient != NULL && kept > 0) {
		sp_hash_make(NULL, question->recipient,
			     strlen(question->recipient), &hash);
		sp_hash_text(&hash, call->recipient);
		call->recipient[HASH_SHOWN] = '\0';
	}
	call->args[4] = sp_word(call->recipient);
	call->args[5] = sp_word_of_number(call->numbers[1], kept);
	call->args[6] = sp_word_of_number(call->numbers[2], longest_ms);
}

static void add_measure(struct sp_text *text,
			const struct sp_submitter_question *question,
			enum sp_counted counted, int64_t window_ms,
			unsigned floor)
{
	if (is_added(question, counted))
		sp_text_addf(text, " %s %" PRId64 " %u",
			     sp_counted_name(counted), window_ms, floor);
}

static void write_unusual(const struct sp_unusual_config *unusual,
			  const struct sp_submitter_question *question,
			  char text_out[UNUSUAL_SIZE])
{
	struct sp_text text;

	sp_text_init(&text, text_out, UNUSUAL_SIZE);
	if (unusual->state == SP_SUBMITTER_OK)
		return;
	sp_text_addf(&text, "%u %.3f %" PRId64, (unsigned)unusual->state,
		     unusual->factor, unusual->after_ms);
	for (unsigned i = SP_COUNTED_MESSAGES; i <= SP_COUNTED_RECIPIENTS;
	     i++) {
		add_measure(&text, question, (enum sp_counted)i, hour_ms,
			    unusual->hour);
		add_measure(&text, question, (enum sp_counted)i, day_ms,
			    unusual->day);
	}
	add_measure(&text, question, SP_COUNTED_NETWORKS, day_ms,
		    unusual->networks);
	add_measure(&text, question, SP_COUNTED_COUNTRIES, day_ms,
		    unusual->countries);
}

static void write_terms(const struct sp_outbound_config *config,
			char text_out[SHORT_SIZE])
{
	struct sp_text text;

	sp_text_init(&text, text_out, SHORT_SIZE);
	for (unsigned i = SP_SUBMITTER_WATCH; i <= SP_SUBMITTER_LOCKED; i++)
		sp_text_addf(&text, "%" PRId64 " ", config->terms_ms[i]);
}

/* What was found here while Redis was gone, for it to know. */
static void write_unsaved(const struct sp_submitter_books *books,
			  const struct sp_submitter_question *question,
			  char text_out[SP_STANDING_TEXT_SIZE])
{
	struct sp_submitter_standing standing;

	text_out[0] = '\0';
	if (sp_memory_look(books->memory, question->submitter, question->now_ms,
			   &standing))
		sp_standing_write(&standing, text_out);
}

static void prepare(const struct sp_submitter_books *books,
		    const struct sp_submitter_question *question,
		    struct count_call *call)
{
	bool is_enforced = books->config->mode == SP_MODE_ENFORCE;

	sp_submitter_key(question->submitter, false, call->key);
	sp_submitter_key(question->submitter, true, call->recipients);
	call->keys[0] = sp_word(call->key);
	call->keys[1] = sp_word(call->recipients);
	write_adds(question, call->adds);
	write_limits(question, call);
	write_places(question, call->places);
	write_recipient(question, call);
	write_unusual(&books->config->unusual, question, call->unusual);
	write_terms(books->config, call->terms);
	write_unsaved(books, question, call->unsaved);
	call->args[0] = sp_word_of_number(call->numbers[0], question->now_ms);
	call->args[1] = sp_word(call->adds);
	call->args[2] = sp_word(call->limits);
	call->args[3] = sp_word(call->places);
	call->args[7] = sp_word(call->unusual);
	call->args[8] = sp_word(call->terms);
	call->args[9] = sp_word(is_enforced ? "e" : "o");
	/* Nothing is kept back while nothing is enforced. */
	call->args[10] =
		sp_word(question->has_happened || !is_enforced ? "1" : "0");
	call->args[11] = sp_word(call->unsaved);
}

static enum sp_err read_answer(const struct sp_store_reply *reply,
			       const struct count_call *call,
			       struct sp_submitter_answer *answer_out,
			       struct sp_memory_news *news_out)
{
	struct sp_submitter_standing *standing = &answer_out->standing;

	*standing = (struct sp_submitter_standing){ .state = SP_SUBMITTER_OK };
	if (sp_store_reply_count(reply) != ANSWER_FIXED + call->asked_count ||
	    sp_submitter_state_by_name(sp_store_reply_text(reply, 0),
				       &standing->state) != SP_OK)
		return SP_ERR_PROTOCOL;
	if (standing->state != SP_SUBMITTER_OK) {
		standing->since_ms = sp_store_reply_number(reply, 1);
		standing->until_ms = sp_store_reply_number(reply, 2);
		standing->is_observed = sp_store_reply_text(reply, 5)[0] == 'o';
		sp_why_read(sp_store_reply_text(reply, 6), &standing->why);
	}
	answer_out->is_new = sp_store_reply_number(reply, 3) != 0;
	answer_out->is_counted = sp_store_reply_number(reply, 4) != 0;
	answer_out->is_from_memory = false;
	*news_out = (struct sp_memory_news){ .standing = standing };
	for (size_t i = 0; i < call->asked_count; i++) {
		news_out->is_known[call->asked[i]] = answer_out->is_counted;
		news_out->sums[call->asked[i]] =
			(uint32_t)sp_store_reply_number(reply,
							ANSWER_FIXED + i);
	}
	return SP_OK;
}

enum sp_err sp_submitter_ask(const struct sp_submitter_books *books,
			     const struct sp_submitter_question *question,
			     int64_t deadline_ms,
			     struct sp_submitter_answer *answer_out)
{
	struct sp_store_reply *reply;
	struct sp_memory_news news;
	struct count_call call;
	enum sp_err err;

	prepare(books, question, &call);
	err = sp_store_run(books->store,
			   &(struct sp_store_call){ &sp_script_submitter_count,
						    call.keys, 2, call.args,
						    COUNT_WORDS },
			   deadline_ms, &reply);
	if (err == SP_OK)
		err = read_answer(reply, &call, answer_out, &news);
	sp_store_reply_free(&reply);
	if (err != SP_OK) {
		sp_memory_count(books->memory, books->config, question,
				answer_out);
		return err;
	}
	news.begins = question->adds[SP_COUNTED_MESSAGES] > 0;
	sp_memory_note(books->memory, question->submitter, question->class,
		       &news, question->now_ms);
	/* Of others the end of the mail tells it. */
	if (answer_out->is_new || question->adds[SP_COUNTED_BOUNCES] > 0)
		sp_index_tell(books, question->submitter, question->now_ms,
			      deadline_ms);
	return SP_OK;
}

/* What is over, or was only observed, is ok. */
static void judge(struct sp_submitter_standing *standing, int64_t now_ms,
		  enum sp_mode mode)
{
	if (standing->until_ms <= now_ms ||
	    (standing->is_observed && mode == SP_MODE_ENFORCE))
		*standing = (struct sp_submitter_standing){
			.state = SP_SUBMITTER_OK
		};
}

enum sp_err sp_submitter_look(const struct sp_submitter_books *books,
			      const char *submitter, int64_t now_ms,
			      int64_t deadline_ms,
			      struct sp_submitter_standing *standing_out)
{
	static const struct sp_class no_limits = { .name = "" };
	/* Nothing is added: it is only asked. */
	const struct sp_submitter_question question = {
		.submitter = submitter,
		.class = &no_limits,
		.now_ms = now_ms,
	};
	struct sp_submitter_answer answer;
	enum sp_err err;

	sp_memory_look(books->memory, submitter, now_ms, standing_out);
	judge(standing_out, now_ms, books->config->mode);
	if (standing_out->state < SP_SUBMITTER_HOLD)
		return SP_OK;
	err = sp_submitter_ask(books, &question, deadline_ms, &answer);
	*standing_out = answer.standing;
	return err;
}
