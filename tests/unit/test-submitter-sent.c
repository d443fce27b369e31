/* test-submitter-sent.c - what becomes of a mail that was counted: it went out,
 * or did not, or came back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/submitter_world.h"
#include "sallyport/clock.h"
#include "sallyport/store.h"
#include "sallyport/text.h"

static int64_t soon(void)
{
	return sp_clock_mono_ms() + 5000;
}

/* --- one mail ------------------------------------------------------------- */

/* Alice's mail with that Message-ID to `recipients`, by spaces. */
static struct sp_submitter_mail make_mail(const struct submitter_world *world,
					  const char *id,
					  const char *recipients)
{
	struct sp_submitter_mail mail = {
		.submitter = ALICE,
		.class = world->class,
		.added = { [SP_COUNTED_MESSAGES] = 1 },
		.counted_ms = START,
	};
	char text[256], *rest = NULL;

	sp_message_id_hash(id, &mail.id);
	snprintf(text, sizeof(text), "%s", recipients);
	for (char *word = strtok_r(text, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		sp_delivery_add(&mail.recipients, word);
		mail.added[SP_COUNTED_RECIPIENTS]++;
	}
	return mail;
}

/* Count it, and send it; whether it had gone out before. */
static bool send_mail(struct submitter_world *world, const char *id,
		      const char *recipients)
{
	struct sp_submitter_mail mail = make_mail(world, id, recipients);
	char what[64];
	bool is_again;

	snprintf(what, sizeof(what), "messages 1 recipients %u",
		 mail.added[SP_COUNTED_RECIPIENTS]);
	submitter_world_ask(world, START, what);
	assert_int_equal(
		sp_submitter_sent(&world->books, &mail, soon(), &is_again),
		SP_OK);
	return is_again;
}

static uint32_t sum_of(struct submitter_world *world, const char *ring)
{
	const char *text = submitter_world_field(world, ring);
	const char *space = strchr(text, ' ');

	return space == NULL ? 0 : (uint32_t)strtoul(space + 1, NULL, 10);
}

static const char *const usual_limits[] = { "recipients: 20/1h hold",
					    "messages: 50/1d hold",
					    "messages: 90/1d locked", NULL };

struct sent_row {
	const char *sentence;
	struct {
		const char *id, *recipients;
		bool is_again;
	} mails[4];
	uint32_t recipients, messages; /* that count in the end */
};

static const struct sent_row sents[] = {
	{ "a mail counts", { { "<1@x>", "a@x b@x", false } }, 2, 1 },
	{ "a retry does not",
	  { { "<1@x>", "a@x b@x", false },
	    { "<1@x>", "a@x b@x", true },
	    { "<1@x>", "a@x b@x", true } },
	  2,
	  1 },
	{ "whatever the order of its recipients",
	  { { "<1@x>", "a@x b@x c@x", false },
	    { "<1@x>", "c@x a@x b@x", true } },
	  3,
	  1 },
	{ "to others it is another delivery",
	  { { "<1@x>", "a@x b@x", false }, { "<1@x>", "a@x c@x", false } },
	  4,
	  2 },
	{ "to fewer too",
	  { { "<1@x>", "a@x b@x", false }, { "<1@x>", "a@x", false } },
	  3,
	  2 },
	{ "to the same one twice too",
	  { { "<1@x>", "a@x", false }, { "<1@x>", "a@x a@x a@x", false } },
	  4,
	  2 },
	{ "another mail to the same ones counts",
	  { { "<1@x>", "a@x", false }, { "<2@x>", "a@x", false } },
	  2,
	  2 },
};

static void test_a_mail_counts_once(void **state)
{
	struct submitter_world *world = *state;

	for (size_t i = 0; i < sizeof(sents) / sizeof(*sents); i++) {
		const struct sent_row *row = &sents[i];

		print_message("  %s\n", row->sentence);
		submitter_world_wipe(world);
		submitter_world_limit(world, usual_limits);
		for (int j = 0; j < 4 && row->mails[j].id != NULL; j++)
			assert_int_equal(send_mail(world, row->mails[j].id,
						   row->mails[j].recipients),
					 row->mails[j].is_again);
		assert_int_equal(sum_of(world, "recipients/3600000"),
				 row->recipients);
		assert_int_equal(sum_of(world, "messages/86400000"),
				 row->messages);
	}
}

static void test_many_deliveries_of_one_mail(void **state)
{
	struct submitter_world *world = *state;
	char recipient[32];

	submitter_world_wipe(world);
	submitter_world_limit(world, usual_limits);
	for (int i = 0; i < 40; i++) {
		snprintf(recipient, sizeof(recipient), "user%d@x", i);
		assert_false(send_mail(world, "<1@x>", recipient));
	}
	/* The last ones are known, as many as there is room for. */
	assert_true(send_mail(world, "<1@x>", "user39@x"));
	assert_true(send_mail(world, "<1@x>", "user24@x"));
	assert_false(send_mail(world, "<1@x>", "user23@x"));
}

static void test_what_did_not_go_out_is_taken_back(void **state)
{
	struct submitter_world *world = *state;
	struct sp_submitter_mail mail;

	submitter_world_wipe(world);
	submitter_world_limit(world, usual_limits);
	world->config.unusual = (struct sp_unusual_config){
		.state = SP_SUBMITTER_WATCH,
		.factor = 5,
		.after_ms = 7 * DAY,
		.hour = 50,
		.day = 200,
	};
	/* A deferred mail's retries: each counted, and taken back. */
	for (int i = 0; i < 5; i++) {
		submitter_world_ask(world, START, "messages 1 recipients 10");
		mail = make_mail(world, "<1@x>", "");
		mail.added[SP_COUNTED_RECIPIENTS] = 10;
		assert_int_equal(
			sp_submitter_take_back(&world->books, &mail, soon()),
			SP_OK);
		assert_int_equal(submitter_world_answer.standing.state,
				 SP_SUBMITTER_OK);
	}
	assert_int_equal(sum_of(world, "recipients/3600000"), 0);
	assert_int_equal(sum_of(world, "recipients/86400000"), 0);
	assert_int_equal(sum_of(world, "messages/3600000"), 0);
	assert_int_equal(sum_of(world, "messages/86400000"), 0);
}

static void test_it_is_taken_from_where_it_was_counted(void **state)
{
	struct submitter_world *world = *state;
	struct sp_submitter_mail mail;

	submitter_world_wipe(world);
	submitter_world_limit(world, usual_limits);
	submitter_world_ask(world, START, "recipients 3");
	submitter_world_ask(world, START + 5 * MINUTE, "recipients 4");
	submitter_world_ask(world, START + 20 * MINUTE, "recipients 5");
	mail = make_mail(world, "<1@x>", "a@x b@x");
	mail.counted_ms = START + 6 * MINUTE;
	sp_submitter_take_back(&world->books, &mail, soon());
	assert_string_equal(submitter_world_field(world, "recipients/3600000"),
			    "5879236 10 5 0 0 2 3");
	/* More than there is: from the older ones, and never below nothing. */
	mail.added[SP_COUNTED_RECIPIENTS] = 4;
	sp_submitter_take_back(&world->books, &mail, soon());
	assert_string_equal(submitter_world_field(world, "recipients/3600000"),
			    "5879236 6 5 0 0 0 1");
	mail.added[SP_COUNTED_RECIPIENTS] = 99;
	sp_submitter_take_back(&world->books, &mail, soon());
	assert_string_equal(submitter_world_field(world, "recipients/3600000"),
			    "5879236 5 5 0 0 0 0");
	/* One that nothing is known of. */
	submitter_world_wipe(world);
	submitter_world_limit(world, usual_limits);
	mail.class = world->class;
	assert_int_equal(sp_submitter_take_back(&world->books, &mail, soon()),
			 SP_OK);
}

/* --- bounces -------------------------------------------------------------- */

static enum sp_err bounce(struct submitter_world *world, const char *id,
			  uint32_t recipients,
			  struct sp_submitter_bounced *bounced)
{
	struct sp_hash hash;

	sp_message_id_hash(id, &hash);
	return sp_submitter_bounce(world->store, &hash, recipients, soon(),
				   bounced);
}

static void test_bounces(void **state)
{
	struct submitter_world *world = *state;
	struct sp_submitter_bounced bounced;

	submitter_world_wipe(world);
	submitter_world_limit(world, usual_limits);
	assert_int_equal(bounce(world, "<1@x>", 1, &bounced), SP_ERR_NOT_FOUND);
	assert_string_equal(bounced.submitter, "");
	send_mail(world, "<1@x>", "a@x b@x c@x");
	/* Without its brackets, or with blanks, it is the same. */
	assert_int_equal(bounce(world, " 1@x\r\n", 1, &bounced), SP_OK);
	assert_string_equal(bounced.submitter, ALICE);
	assert_int_equal(bounced.counts, 1);
	/* It went to three: no more can come back, whoever says so. */
	assert_int_equal(bounce(world, "<1@x>", 1000, &bounced), SP_OK);
	assert_int_equal(bounced.counts, 2);
	assert_int_equal(bounce(world, "<1@x>", 1000, &bounced), SP_OK);
	assert_int_equal(bounced.counts, 0);
	assert_int_equal(bounce(world, "<2@x>", 1, &bounced), SP_ERR_NOT_FOUND);
}

static void test_message_ids(void **state)
{
	static const char *const same[] = {
		"1@x",
		" <1@x>\r\n",
		"\r\n\t<1@x> (a comment)",
		" (a comment) <1@x>",
		"< 1@x >",
	};
	static const char *const none[] = { "", " \r\n", "<>", "< >", "a <>" };
	struct sp_hash wanted, hash;

	(void)state;
	assert_true(sp_message_id_hash("<1@x>", &wanted));
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_true(sp_message_id_hash(same[i], &hash));
		assert_memory_equal(&hash, &wanted, sizeof(hash));
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(sp_message_id_hash(none[i], &hash));
	assert_true(sp_message_id_hash("<2@x>", &hash));
	assert_memory_not_equal(&hash, &wanted, sizeof(hash));
}

static void test_nobody_takes_anothers_mail_for_his(void **state)
{
	struct submitter_world *world = *state;
	struct sp_submitter_mail mail;
	struct sp_submitter_bounced bounced;
	bool is_again;

	submitter_world_wipe(world);
	submitter_world_limit(world, usual_limits);
	send_mail(world, "<1@x>", "a@x");
	mail = make_mail(world, "<1@x>", "a@x");
	mail.submitter = "sasl:bob@example.org";
	assert_int_equal(
		sp_submitter_sent(&world->books, &mail, soon(), &is_again),
		SP_OK);
	assert_false(is_again);
	assert_int_equal(bounce(world, "<1@x>", 1, &bounced), SP_OK);
	assert_string_equal(bounced.submitter, ALICE);
}

static void test_sent_mail_is_remembered_for_five_days(void **state)
{
	struct submitter_world *world = *state;
	char digits[SP_HASH_TEXT_SIZE], command[128], reply[64];
	struct sp_submitter_bounced bounced;
	struct sp_hash hash;

	submitter_world_wipe(world);
	submitter_world_limit(world, usual_limits);
	send_mail(world, "<1@x>", "a@x b@x");
	sp_message_id_hash("<1@x>", &hash);
	for (int i = 0; i < 2; i++) {
		snprintf(command, sizeof(command), "PTTL sp:sent:{%s}",
			 sp_hash_text(&hash, digits));
		redis_server_tell(&world->redis, command, reply, sizeof(reply));
		assert_in_range(strtoll(reply + 1, NULL, 10), 5 * DAY - MINUTE,
				5 * DAY);
		bounce(world, "<1@x>", 1, &bounced);
	}
	snprintf(command, sizeof(command), "SET sp:sent:{%s} nonsense",
		 sp_hash_text(&hash, digits));
	redis_server_tell(&world->redis, command, reply, sizeof(reply));
	assert_int_equal(bounce(world, "<1@x>", 1, &bounced), SP_ERR_NOT_FOUND);
	assert_false(send_mail(world, "<1@x>", "a@x"));
	assert_int_equal(bounce(world, "<1@x>", 1, &bounced), SP_OK);
}

/* --- rights --------------------------------------------------------------- */

/* The command of redis-schema/README.md, in one line and with a password. */
static void read_rights(char command_out[512])
{
	FILE *file = fopen(SP_TOP_SRCDIR "/redis-schema/README.md", "r");
	char line[512];
	bool goes_on = false;

	assert_non_null(file);
	command_out[0] = '\0';
	while (fgets(line, sizeof(line), file) != NULL) {
		char *begin = line + strspn(line, " ");

		if (!goes_on && strncmp(begin, "ACL SETUSER", 11) != 0)
			continue;
		goes_on = strchr(begin, '\\') != NULL;
		begin[strcspn(begin, "\\\n")] = '\0';
		assert_true(strlen(command_out) + strlen(begin) < 500);
		strcat(command_out, begin);
		if (!goes_on)
			break;
	}
	fclose(file);
	assert_non_null(strstr(command_out, ">PASSWORD"));
}

static bool count_entry(const struct sp_submitter_entry *entry, void *context)
{
	(void)entry;
	++*(unsigned *)context;
	return true;
}

/* All that is asked is allowed to who may do no more than the manual says. */
static void test_the_rights_that_the_readme_names_are_enough(void **state)
{
	struct submitter_world *world = *state;
	const struct sp_redis_config config = {
		.kind = SP_STORE_UNIX,
		.path = world->redis.socket,
		.user = "sallyport",
		.password = "PASSWORD",
		.connections = 1,
		.connect_timeout_ms = 2000,
		.command_timeout_ms = 2000,
		.breaker_failures = 5,
		.breaker_pause_ms = 1000,
	};
	const struct sp_submitter_order lock = {
		.submitter = ALICE,
		.state = SP_SUBMITTER_LOCKED,
		.until_ms = START + DAY,
		.now_ms = START,
	};
	const struct sp_submitter_order release = { .submitter = ALICE,
						    .now_ms = START };
	static const char *const limits[] = {
		"recipients: 1/1h watch", "distinct-recipients: 1/1h locked",
		NULL
	};
	struct sp_submitter_bounced bounced;
	struct sp_submitter_standing was;
	struct sp_submitter_entry entry;
	struct sp_submitter alice;
	struct sp_store *store;
	char command[512], reply[64];
	unsigned count = 0;
	size_t total;

	submitter_world_wipe(world);
	submitter_world_limit(world, limits);
	read_rights(command);
	redis_server_tell(&world->redis, command, reply, sizeof(reply));
	assert_string_equal(reply, "+OK\r\n");
	assert_int_equal(sp_store_new(&config, &store), SP_OK);
	world->books.store = store;
	submitter_world_ask(world, START, "recipients 1 to a@x");
	submitter_world_ask(world, START, "recipients 1 to b@x");
	assert_false(submitter_world_answer.is_from_memory);
	assert_int_equal(sp_submitter_set(&world->books, &release, &was),
			 SP_OK);
	assert_int_equal(was.state, SP_SUBMITTER_LOCKED);
	send_mail(world, "<1@x>", "a@x");
	assert_true(send_mail(world, "<1@x>", "a@x"));
	assert_int_equal(bounce(world, "<1@x>", 1, &bounced), SP_OK);
	assert_int_equal(sp_submitter_set(&world->books, &lock, &was), SP_OK);
	/* Its term is over. */
	submitter_world_ask(world, START + DAY, "recipients 1 to c@x");
	assert_false(submitter_world_answer.is_from_memory);
	sp_submitter_parse(ALICE, "", &alice);
	assert_int_equal(
		sp_submitter_show(&world->books, &alice, START, &entry), SP_OK);
	for (unsigned by = 0; by <= SP_SUBMITTERS_BY_SHARE; by++) {
		const struct sp_submitter_range range = {
			.by = (enum sp_submitter_sorting)by,
			.count = 10,
		};

		assert_int_equal(
			sp_submitter_page(&world->books, &range, START + DAY,
					  &(struct sp_submitter_lister){
						  count_entry, &count },
					  &total),
			SP_OK);
	}
	assert_int_equal(count, 2);
	sp_store_free(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_mail_counts_once),
		cmocka_unit_test(test_many_deliveries_of_one_mail),
		cmocka_unit_test(test_what_did_not_go_out_is_taken_back),
		cmocka_unit_test(test_it_is_taken_from_where_it_was_counted),
		cmocka_unit_test(test_bounces),
		cmocka_unit_test(test_message_ids),
		cmocka_unit_test(test_nobody_takes_anothers_mail_for_his),
		cmocka_unit_test(test_sent_mail_is_remembered_for_five_days),
		cmocka_unit_test(
			test_the_rights_that_the_readme_names_are_enough),
	};

	return cmocka_run_group_tests(tests, submitter_world_set_up,
				      submitter_world_tear_down);
}
