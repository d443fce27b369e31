/* submitter_sent.c - what became of a mail that was counted; see
 * submitter_store.h. */
#include "sallyport/submitter_store.h"

#include <inttypes.h>
#include <string.h>

#include "sallyport/store.h"
#include "sallyport/text.h"
#include "scripts.h"
#include "submitter_index.h"
#include "submitter_words.h"
#include "word.h"

enum {
	SENT_KEY_SIZE = SP_HASH_TEXT_SIZE + 16,
	COUNTS_SIZE = SP_LIMITS_MAX * 48 + 512
};

/* Bounces that come later are nobody's. */
static const int64_t remember_ms = INT64_C(5) * 86400000;
static const int64_t hour_ms = 3600000, day_ms = 86400000;

bool sp_message_id_hash(const char *message_id, struct sp_hash *hash_out)
{
	const char *bracket = strchr(message_id, '<');
	const char *begin = bracket ? bracket + 1 : message_id;
	size_t length;

	begin += strspn(begin, " \t\r\n<");
	length = strcspn(begin, " \t\r\n>");
	sp_hash_make(NULL, begin, length, hash_out);
	return length > 0;
}

/* Added up, not XORed: one that is named twice is not one that is not named. */
void sp_delivery_add(struct sp_hash *recipients, const char *recipient)
{
	uint64_t sums[2], more[2];
	struct sp_hash hash;

	sp_hash_make(NULL, recipient, strlen(recipient), &hash);
	memcpy(sums, recipients->bytes, sizeof(sums));
	memcpy(more, hash.bytes, sizeof(more));
	sums[0] += more[0];
	sums[1] += more[1];
	memcpy(recipients->bytes, sums, sizeof(sums));
}

static void write_sent_key(const struct sp_hash *id,
			   char key_out[SENT_KEY_SIZE])
{
	char digits[SP_HASH_TEXT_SIZE];
	struct sp_text key;

	sp_text_init(&key, key_out, SENT_KEY_SIZE);
	sp_text_addf(&key, "sp:sent:{%s}", sp_hash_text(id, digits));
}

static const char *write_delivery(const struct sp_submitter_mail *mail,
				  char text_out[SP_HASH_TEXT_SIZE])
{
	struct sp_hash both[2] = { mail->id, mail->recipients }, hash;

	sp_hash_make(NULL, both, sizeof(both), &hash);
	return sp_hash_text(&hash, text_out);
}

enum sp_err sp_submitter_sent(const struct sp_submitter_books *books,
			      const struct sp_submitter_mail *mail,
			      int64_t deadline_ms, bool *is_again_out)
{
	char key[SENT_KEY_SIZE], delivery[SP_HASH_TEXT_SIZE];
	char numbers[2][SP_WORD_SIZE];
	struct sp_store_bytes key_word;
	const struct sp_store_bytes args[] = {
		sp_word(mail->submitter),
		sp_word(write_delivery(mail, delivery)),
		sp_word_of_number(numbers[0],
				  mail->added[SP_COUNTED_RECIPIENTS]),
		sp_word_of_number(numbers[1], remember_ms),
	};
	struct sp_store_reply *reply;
	enum sp_err err;

	*is_again_out = false;
	write_sent_key(&mail->id, key);
	key_word = sp_word(key);
	err = sp_index_run_with(
		books, mail,
		&(struct sp_store_call){ &sp_script_submitter_sent, &key_word,
					 1, args, 4 },
		deadline_ms, &reply);
	if (err == SP_OK)
		*is_again_out = sp_store_reply_number(reply, 0) != 0;
	sp_store_reply_free(&reply);
	return *is_again_out ? sp_submitter_take_back(books, mail, deadline_ms)
			     : err;
}

static void add_count(struct sp_text *text,
		      const struct sp_submitter_mail *mail,
		      enum sp_counted counted, int64_t window_ms)
{
	if (mail->added[counted] > 0)
		sp_text_addf(text, "%s %" PRId64 " %" PRIu32 " ",
			     sp_counted_name(counted), window_ms,
			     mail->added[counted]);
}

static bool is_window_of(const struct sp_class *class, size_t end,
			 enum sp_counted counted, int64_t window_ms)
{
	for (size_t i = 0; i < end; i++)
		if (class->limits[i].counted == counted &&
		    class->limits[i].window_ms == window_ms)
			return true;
	return false;
}

/* Every window that it was counted in, each once: those of the limits, and
 * those that show what is usual. */
static void write_counts(const struct sp_submitter_mail *mail,
			 char text_out[COUNTS_SIZE])
{
	static const int64_t usual_ms[] = { hour_ms, day_ms };
	const struct sp_class *class = mail->class;
	struct sp_text text;

	sp_text_init(&text, text_out, COUNTS_SIZE);
	for (size_t i = 0; i < class->count; i++) {
		const struct sp_limit *limit = &class->limits[i];

		if (limit->counted < SP_COUNTED_DISTINCT &&
		    !is_window_of(class, i, limit->counted, limit->window_ms))
			add_count(&text, mail, limit->counted,
				  limit->window_ms);
	}
	for (unsigned i = SP_COUNTED_MESSAGES; i <= SP_COUNTED_RECIPIENTS; i++)
		for (size_t j = 0; j < 2; j++)
			if (!is_window_of(class, class->count,
					  (enum sp_counted)i, usual_ms[j]))
				add_count(&text, mail, (enum sp_counted)i,
					  usual_ms[j]);
}

enum sp_err sp_submitter_take_back(const struct sp_submitter_books *books,
				   const struct sp_submitter_mail *mail,
				   int64_t deadline_ms)
{
	char key[SP_SUBMITTER_KEY_SIZE], counts[COUNTS_SIZE];
	char number[SP_WORD_SIZE];
	struct sp_store_bytes key_word, args[2];
	struct sp_store_reply *reply;
	enum sp_err err;

	sp_submitter_key(mail->submitter, false, key);
	write_counts(mail, counts);
	key_word = sp_word(key);
	args[0] = sp_word_of_number(number, mail->counted_ms);
	args[1] = sp_word(counts);
	if (counts[0] == '\0')
		return SP_OK;
	err = sp_index_run_with(
		books, mail,
		&(struct sp_store_call){ &sp_script_submitter_return, &key_word,
					 1, args, 2 },
		deadline_ms, &reply);
	sp_store_reply_free(&reply);
	return err;
}

enum sp_err sp_submitter_bounce(struct sp_store *store,
				const struct sp_hash *id, uint32_t recipients,
				int64_t deadline_ms,
				struct sp_submitter_bounced *bounced_out)
{
	char key[SENT_KEY_SIZE], number[SP_WORD_SIZE];
	struct sp_store_bytes key_word, arg;
	struct sp_store_reply *reply;
	struct sp_text submitter;
	enum sp_err err;

	*bounced_out = (struct sp_submitter_bounced){ .counts = 0 };
	write_sent_key(id, key);
	key_word = sp_word(key);
	arg = sp_word_of_number(number, recipients);
	err = sp_store_run(store,
			   &(struct sp_store_call){ &sp_script_submitter_bounce,
						    &key_word, 1, &arg, 1 },
			   deadline_ms, &reply);
	if (err == SP_OK && sp_store_reply_count(reply) != 2)
		err = SP_ERR_NOT_FOUND;
	if (err == SP_OK) {
		sp_text_init(&submitter, bounced_out->submitter,
			     sizeof(bounced_out->submitter));
		sp_text_add(&submitter, sp_store_reply_text(reply, 0));
		bounced_out->counts = (uint32_t)sp_store_reply_number(reply, 1);
	}
	sp_store_reply_free(&reply);
	return err;
}
