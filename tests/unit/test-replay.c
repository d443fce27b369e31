/* test-replay.c - verdicts made again, under other configurations. */
#include "sallyport/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sallyport/arena.h"
#include "sallyport/config.h"
#include "sallyport/dnsbl.h"

/* What a row changes in the default configuration, which enforces here. */
typedef void change(struct sp_config *config);

static void nothing(struct sp_config *config)
{
	(void)config;
}

static void observe(struct sp_config *config)
{
	config->score.mode = SP_MODE_OBSERVE;
	config->greylist.mode = SP_MODE_OBSERVE;
	config->access.mode = SP_MODE_OBSERVE;
	config->greylist.from_score = -1000;
}

static void no_greylist(struct sp_config *config)
{
	config->greylist.is_enabled = false;
	config->greylist.from_score = -1000;
}

static void all_wait(struct sp_config *config)
{
	config->greylist.from_score = -1000;
}

static void nobody_waits(struct sp_config *config)
{
	config->greylist.from_score = 1000;
}

static void strict(struct sp_config *config)
{
	config->score.refuse = 1;
}

static void no_rdns(struct sp_config *config)
{
	config->rdns.is_enabled = false;
}

/* "1 " and moments; defer is 2, refuse 3. */
#define NOTED	   "count:1 moment:0,0,0 facts:4 greylist:2,0,net:x,3,1,0,1"
#define HELD	   "count:1 moment:2,2,0,1 facts:4 greylist:2,0,net:x,0,1,90000,1"
#define BAD_NAME   "facts:4 rdns:2 helo:2,5"
#define LET_IN	   "count:1 facts:4 | count:1 facts:8"
#define DENIED	   "count:1 moment:3,3 facts:4 allow-client:2,2,list,1,192.0.2.7"
#define TWO_DENIED "count:2 moment:3,3 facts:4 allow-recipient:2,2,list,1,x@y"

struct row {
	const char *sentence;
	const char *text;
	change *change;
	const char *without;
	enum sp_outcome before, after, would;
	bool is_changed, is_open;
};

static const struct row rows[] = {
	{ "a mail that was let in is let in again", "1 " LET_IN, nothing, NULL,
	  SP_OUTCOME_ACCEPT, SP_OUTCOME_ACCEPT, SP_OUTCOME_ACCEPT, false,
	  false },
	{ "a mail that was aborted stays so", "1 count:1 facts:4", nothing,
	  NULL, SP_OUTCOME_ABORTED, SP_OUTCOME_ABORTED, SP_OUTCOME_ACCEPT,
	  false, false },
	{ "who had to wait has to wait", "1 " HELD, all_wait, NULL,
	  SP_OUTCOME_DEFER, SP_OUTCOME_DEFER, SP_OUTCOME_ACCEPT, false, false },
	{ "where too little speaks against him now, he comes in, and nobody "
	  "knows with what",
	  "1 " HELD, nobody_waits, NULL, SP_OUTCOME_DEFER, SP_OUTCOME_ACCEPT,
	  SP_OUTCOME_ACCEPT, true, true },
	{ "without greylisting as well", "1 " HELD, no_greylist, NULL,
	  SP_OUTCOME_DEFER, SP_OUTCOME_ACCEPT, SP_OUTCOME_ACCEPT, true, true },
	{ "without the finding as well", "1 " HELD, all_wait, "GREYLISTED",
	  SP_OUTCOME_DEFER, SP_OUTCOME_ACCEPT, SP_OUTCOME_ACCEPT, true, true },
	{ "observed, it is let in and would not be", "1 " HELD, observe, NULL,
	  SP_OUTCOME_DEFER, SP_OUTCOME_ACCEPT, SP_OUTCOME_DEFER, true, true },
	{ "who was noted is let in where as little speaks against him",
	  "1 " NOTED " | count:1 facts:8", nothing, NULL, SP_OUTCOME_ACCEPT,
	  SP_OUTCOME_ACCEPT, SP_OUTCOME_ACCEPT, false, false },
	{ "who was noted has to wait where that is enough", "1 " NOTED,
	  all_wait, NULL, SP_OUTCOME_ABORTED, SP_OUTCOME_DEFER,
	  SP_OUTCOME_ACCEPT, true, false },
	{ "who is denied is refused", "1 " DENIED, nothing, NULL,
	  SP_OUTCOME_REJECT, SP_OUTCOME_REJECT, SP_OUTCOME_ACCEPT, false,
	  false },
	{ "without the list he is let in", "1 " DENIED, nothing, "ACCESS_DENY",
	  SP_OUTCOME_REJECT, SP_OUTCOME_ACCEPT, SP_OUTCOME_ACCEPT, true, true },
	{ "two recipients denied and one let in is mixed",
	  "1 " TWO_DENIED " | count:1 facts:4 | count:1 facts:8", nothing, NULL,
	  SP_OUTCOME_MIXED, SP_OUTCOME_MIXED, SP_OUTCOME_ACCEPT, false, false },
	{ "without the list all are let in, and the message was seen",
	  "1 " TWO_DENIED " | count:1 facts:4 | count:1 facts:8", nothing,
	  "ACCESS_DENY", SP_OUTCOME_MIXED, SP_OUTCOME_ACCEPT, SP_OUTCOME_ACCEPT,
	  true, false },
	{ "a lower score refuses", "1 count:1 moment:0,0,2500000 " BAD_NAME,
	  strict, NULL, SP_OUTCOME_ABORTED, SP_OUTCOME_REJECT,
	  SP_OUTCOME_ACCEPT, true, false },
	{ "one finding less may not be enough to be let in",
	  "1 count:1 moment:0,0,2500000 " BAD_NAME, strict, "RDNS_NONE",
	  SP_OUTCOME_ABORTED, SP_OUTCOME_REJECT, SP_OUTCOME_ACCEPT, true,
	  false },
	{ "what is not asked any more is not found",
	  "1 count:1 moment:3,3,1500000 facts:4 rdns:2", no_rdns, NULL,
	  SP_OUTCOME_REJECT, SP_OUTCOME_ACCEPT, SP_OUTCOME_ACCEPT, true, true },
	{ "who was refused at MAIL for a lock stays refused",
	  "1 count:1 moment:2,2 facts:3,,1 submitter:2,sasl:a,3", nothing, NULL,
	  SP_OUTCOME_DEFER, SP_OUTCOME_DEFER, SP_OUTCOME_ACCEPT, false, false },
	{ "without the lock he is let in",
	  "1 count:1 moment:2,2 facts:3,,1 submitter:2,sasl:a,3", nothing,
	  "SUBMITTER_LOCKED", SP_OUTCOME_DEFER, SP_OUTCOME_ABORTED,
	  SP_OUTCOME_ACCEPT, true, false },
};

static void check(const struct row *row, const struct sp_config *defaults)
{
	struct sp_moment moments[SP_MOMENTS_MAX];
	struct sp_config config = *defaults;
	struct sp_arena arena;
	struct sp_replay_task task = {
		.moments = moments,
		.config = &config,
		.without = row->without,
		.arena = &arena,
	};
	struct sp_replay replay;

	config.score.mode = config.greylist.mode = config.access.mode =
		SP_MODE_ENFORCE;
	config.outbound.mode = SP_MODE_ENFORCE;
	row->change(&config);
	sp_arena_init(&arena, 1 << 20);
	assert_int_equal(sp_moments_read(row->text, &config, &arena, moments,
					 &task.count),
			 SP_OK);
	sp_replay(&task, &replay);
	assert_int_equal(replay.before.outcome, row->before);
	assert_int_equal(replay.after.outcome, row->after);
	assert_int_equal(replay.after.would, row->would);
	assert_int_equal(replay.is_changed, row->is_changed);
	assert_int_equal(replay.is_open, row->is_open);
	sp_arena_clear(&arena);
}

static void test_verdicts_made_again(void **state)
{
	static struct sp_config_errors errors;
	const struct sp_config *config;

	(void)state;
	assert_int_equal(sp_config_load(NULL, &config, &errors), SP_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("  %s\n", rows[i].sentence);
		check(&rows[i], config);
	}
	sp_config_unref(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts_made_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
