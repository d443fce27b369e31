/* The greeting gate: what a client did, by looks at set times. No time passes
 * here, and nobody is asked. */
#include "sallyport/gate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sallyport/sock.h"

enum {
	BEGAN_MS = 1000000,
	SCENES = 4,
	STEPS_MAX = 1000
};

/* From this time on (after the beginning) a look shows this. */
struct scene {
	int64_t from_ms;
	struct sp_sock_look look;
};

#define SEEN(bytes, ...)                                                       \
	{                                                                      \
		.result = SP_SOCK_FOUND, .received_bytes = bytes,              \
		.rtt_us = 20300, .number = 7, __VA_ARGS__                      \
	}
#define SILENT                                                                 \
	{                                                                      \
		.result = SP_SOCK_FOUND, .rtt_us = 20300, .number = 7          \
	}
#define FINISHED .has_finished = true
#define GREETED	 .sent_bytes = 20
#define GONE                                                                   \
	{                                                                      \
		.result = SP_SOCK_GONE                                         \
	}
#define FAILED(why)                                                            \
	{                                                                      \
		.result = SP_SOCK_UNAVAILABLE, .error = why                    \
	}
#define ANOTHER                                                                \
	{                                                                      \
		.result = SP_SOCK_FOUND, .received_bytes = 5, .number = 8      \
	}

#define DELAY(ms)                                                              \
	{                                                                      \
		.delay_ms = ms, .step_ms = 50                                  \
	}
#define DELAY_TLS(ms)                                                          \
	{                                                                      \
		.delay_ms = ms, .step_ms = 50, .is_tls = true                  \
	}

static const struct {
	const char *sentence;
	struct sp_gate_plan plan;
	struct scene scenes[SCENES];
	struct sp_gate_fact fact;
	unsigned steps; /* looks that were taken; 0 = whatever */
} rows[] = {
	{ "who waits is quiet, and looked at until the end",
	  DELAY(6000),
	  { { 0, SILENT } },
	  { SP_GATE_QUIET, .held_ms = 6000, .rtt_us = 20300 },
	  121 },
	{ "the last look is at the end, not at the next step",
	  DELAY(120),
	  { { 0, SILENT } },
	  { SP_GATE_QUIET, .held_ms = 120, .rtt_us = 20300 },
	  4 },
	{ "without a delay there is one look",
	  DELAY(0),
	  { { 0, SILENT } },
	  { SP_GATE_QUIET, .held_ms = 0, .rtt_us = 20300 },
	  1 },
	{ "and it sees who talked at once",
	  DELAY(0),
	  { { 0, SEEN(14) } },
	  { SP_GATE_TALKED, .bytes = 14, .held_ms = 0, .rtt_us = 20300 },
	  1 },
	{ "who talks at once is let go at once",
	  DELAY(6000),
	  { { 0, SEEN(14) } },
	  { SP_GATE_TALKED, .bytes = 14, .held_ms = 0, .rtt_us = 20300 },
	  1 },
	{ "who talks later, at the next look",
	  DELAY(6000),
	  { { 0, SILENT }, { 701, SEEN(14) } },
	  { SP_GATE_TALKED, .bytes = 14, .held_ms = 750, .rtt_us = 20300 },
	  16 },
	{ "one byte is talk",
	  DELAY(6000),
	  { { 0, SILENT }, { 10, SEEN(1) } },
	  { SP_GATE_TALKED, .bytes = 1, .held_ms = 50, .rtt_us = 20300 },
	  2 },
	{ "talk in the last moment is talk",
	  DELAY(6000),
	  { { 0, SILENT }, { 6000, SEEN(14) } },
	  { SP_GATE_TALKED, .bytes = 14, .held_ms = 6000, .rtt_us = 20300 },
	  121 },
	{ "who closes has hung up",
	  DELAY(6000),
	  { { 0, SILENT }, { 3000, SEEN(0, FINISHED) } },
	  { SP_GATE_HUNG_UP, .has_hung_up = true, .held_ms = 3000,
	    .rtt_us = 20300 },
	  61 },
	{ "who had closed when we first looked, too",
	  DELAY(6000),
	  { { 0, SEEN(0, FINISHED) } },
	  { SP_GATE_HUNG_UP, .has_hung_up = true, .held_ms = 0,
	    .rtt_us = 20300 },
	  1 },
	{ "who resets has hung up",
	  DELAY(6000),
	  { { 0, SILENT }, { 3000, GONE } },
	  { SP_GATE_HUNG_UP, .has_hung_up = true, .held_ms = 3000,
	    .rtt_us = 20300 },
	  61 },
	{ "who talks and closes has talked, and hung up",
	  DELAY(6000),
	  { { 0, SILENT }, { 100, SEEN(13, FINISHED) } },
	  { SP_GATE_TALKED, .has_hung_up = true, .bytes = 13, .held_ms = 100,
	    .rtt_us = 20300 },
	  3 },
	{ "another connection in its place: it has gone, and that one's talk "
	  "is not its",
	  DELAY(6000),
	  { { 0, SILENT }, { 100, ANOTHER } },
	  { SP_GATE_HUNG_UP, .has_hung_up = true, .held_ms = 100,
	    .rtt_us = 20300 },
	  3 },

	{ "what was never seen has not hung up, and is held",
	  DELAY(6000),
	  { { 0, GONE } },
	  { SP_GATE_UNKNOWN, .why = SP_GATE_UNSEEN, .held_ms = 6000 },
	  121 },
	{ "a kernel that cannot be asked knows nothing",
	  DELAY(6000),
	  { { 0, FAILED(EPERM) } },
	  { SP_GATE_UNKNOWN, .why = SP_GATE_UNAVAILABLE, .error = EPERM,
	    .held_ms = 6000 },
	  121 },
	{ "a look that failed in between does not matter",
	  DELAY(6000),
	  { { 0, SILENT }, { 1000, FAILED(EMFILE) }, { 2000, SILENT } },
	  { SP_GATE_QUIET, .held_ms = 6000, .rtt_us = 20300 },
	  121 },
	{ "but at the end it does",
	  DELAY(6000),
	  { { 0, SILENT }, { 5000, FAILED(EMFILE) } },
	  { SP_GATE_UNKNOWN, .why = SP_GATE_UNAVAILABLE, .error = EMFILE,
	    .held_ms = 6000, .rtt_us = 20300 },
	  121 },
	{ "looks that fail at first do not hide a talker",
	  DELAY(6000),
	  { { 0, FAILED(EMFILE) }, { 1000, SEEN(14) } },
	  { SP_GATE_TALKED, .bytes = 14, .held_ms = 1000, .rtt_us = 20300 },
	  21 },

	{ "behind TLS the first word is the client's",
	  DELAY_TLS(6000),
	  { { 0, SEEN(597, GREETED) } },
	  { SP_GATE_UNKNOWN, .why = SP_GATE_TLS, .held_ms = 6000,
	    .rtt_us = 20300 },
	  121 },
	{ "behind TLS, and nothing was sent yet",
	  DELAY_TLS(6000),
	  { { 0, SEEN(597) } },
	  { SP_GATE_UNKNOWN, .why = SP_GATE_TLS, .held_ms = 6000,
	    .rtt_us = 20300 },
	  121 },
	{ "behind TLS, and not to be seen",
	  DELAY_TLS(6000),
	  { { 0, GONE } },
	  { SP_GATE_UNKNOWN, .why = SP_GATE_TLS, .held_ms = 6000 },
	  121 },
	{ "behind TLS nobody is waited for that has gone",
	  DELAY_TLS(6000),
	  { { 0, SEEN(597, GREETED) }, { 300, SEEN(597, GREETED, FINISHED) } },
	  { SP_GATE_UNKNOWN, .why = SP_GATE_TLS, .has_hung_up = true,
	    .held_ms = 300, .rtt_us = 20300 },
	  7 },
	{ "an answer to what the MTA said before is not early",
	  DELAY(6000),
	  { { 0, SEEN(40, GREETED) } },
	  { SP_GATE_UNKNOWN, .why = SP_GATE_GREETED_BEFORE, .held_ms = 6000,
	    .rtt_us = 20300 },
	  121 },
	{ "an answer to an MTA that did not wait for us is not early, and it "
	  "is over",
	  DELAY(25000),
	  { { 0, SILENT }, { 3020, SEEN(14, GREETED) } },
	  { SP_GATE_UNKNOWN, .why = SP_GATE_GREETED_MEANWHILE, .held_ms = 3050,
	    .rtt_us = 20300 },
	  62 },
	{ "an MTA that did not wait for us, and no answer yet",
	  DELAY(25000),
	  { { 0, SILENT }, { 3000, SEEN(0, GREETED) } },
	  { SP_GATE_UNKNOWN, .why = SP_GATE_GREETED_MEANWHILE, .held_ms = 3000,
	    .rtt_us = 20300 },
	  61 },
};

static const struct sp_sock_look *scene_at(size_t row, int64_t at_ms)
{
	const struct scene *scenes = rows[row].scenes;
	int last = 0;

	while (last + 1 < SCENES && scenes[last + 1].from_ms > 0 &&
	       scenes[last + 1].from_ms <= at_ms)
		last++;
	return &scenes[last].look;
}

static unsigned run(size_t row, struct sp_gate *gate)
{
	unsigned steps = 0;
	int64_t now_ms;

	sp_gate_begin(gate, &rows[row].plan, BEGAN_MS);
	do {
		now_ms = gate->next_ms;
		steps++;
		assert_true(steps < STEPS_MAX);
		assert_int_equal(gate->fact.answer, SP_GATE_WAITING);
	} while (sp_gate_step(gate, now_ms, scene_at(row, now_ms - BEGAN_MS)));
	return steps;
}

static bool is_same(const struct sp_gate_fact *a, const struct sp_gate_fact *b)
{
	return a->answer == b->answer && a->why == b->why &&
	       a->error == b->error && a->has_hung_up == b->has_hung_up &&
	       a->is_inferred == b->is_inferred && a->bytes == b->bytes &&
	       a->rtt_us == b->rtt_us && a->held_ms == b->held_ms;
}

static void show(const char *sentence, const struct sp_gate_fact *fact)
{
	print_error("%s: %s, why %d, error %d, hung up %d, inferred %d, %lu "
		    "bytes, rtt %u us, held %ld ms\n",
		    sentence, sp_gate_answer_text(fact->answer), fact->why,
		    fact->error, fact->has_hung_up, fact->is_inferred,
		    fact->bytes, fact->rtt_us, fact->held_ms);
}

static void test_what_a_client_does_while_it_is_held(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sp_gate gate;
		unsigned steps = run(i, &gate);

		if (is_same(&gate.fact, &rows[i].fact) &&
		    (rows[i].steps == 0 || steps == rows[i].steps))
			continue;
		show(rows[i].sentence, &gate.fact);
		print_error("in %u looks\n", steps);
		failed++;
	}
	assert_int_equal(failed, 0);
}

static const struct sp_sock_look silent = SILENT;

static void test_a_gate_cut_short_has_one_more_look(void **state)
{
	const struct sp_sock_look talk = SEEN(9);
	struct sp_gate gate;

	(void)state;
	sp_gate_begin(&gate, &(struct sp_gate_plan)DELAY(6000), BEGAN_MS);
	assert_true(sp_gate_step(&gate, BEGAN_MS, &silent));
	assert_int_equal(gate.next_ms, BEGAN_MS + 50);
	sp_gate_shorten(&gate, BEGAN_MS + 20);
	assert_int_equal(gate.next_ms, BEGAN_MS + 20);
	assert_false(sp_gate_step(&gate, BEGAN_MS + 20, &talk));
	assert_int_equal(gate.fact.answer, SP_GATE_TALKED);
	assert_int_equal(gate.fact.held_ms, 20);
}

static void test_a_gate_is_not_made_longer(void **state)
{
	struct sp_gate gate;

	(void)state;
	sp_gate_begin(&gate, &(struct sp_gate_plan)DELAY(100), BEGAN_MS);
	sp_gate_shorten(&gate, BEGAN_MS + 1000);
	assert_true(sp_gate_step(&gate, BEGAN_MS, &silent));
	/* Late, as on a busy machine: it ends all the same. */
	assert_false(sp_gate_step(&gate, BEGAN_MS + 170, &silent));
	assert_int_equal(gate.fact.answer, SP_GATE_QUIET);
	assert_int_equal(gate.fact.held_ms, 170);
}

static const struct {
	const char *sentence;
	unsigned held, most;
	int64_t delay_ms; /* of 6000 */
} loads[] = {
	{ "nobody is held", 0, 50, 6000 },
	{ "half are held, but for one", 24, 50, 6000 },
	{ "half are held", 25, 50, 6000 },
	{ "three quarters: half the delay", 37, 49, 2880 },
	{ "one place is left", 49, 50, 240 },
	{ "none is left", 50, 50, 0 },
	{ "more than there are places", 60, 50, 0 },
	{ "one place, and nobody in it", 0, 1, 6000 },
	{ "one place, and it is taken", 1, 1, 0 },
	{ "no place at all", 0, 0, 0 },
};

static void test_delays_shorten_and_vanish_under_load(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		int64_t delay_ms =
			sp_gate_delay_ms(6000, loads[i].held, loads[i].most);

		if (delay_ms != loads[i].delay_ms)
			fail_msg("%s: %ld", loads[i].sentence, delay_ms);
	}
	for (unsigned held = 0; held < 60; held++)
		assert_true(sp_gate_delay_ms(6000, held, 50) >=
			    sp_gate_delay_ms(6000, held + 1, 50));
}

#define UNSEEN(...)                                                            \
	{                                                                      \
		.answer = SP_GATE_UNKNOWN, .why = SP_GATE_UNSEEN,              \
		.held_ms = 6000, __VA_ARGS__                                   \
	}

static const struct {
	const char *sentence;
	struct sp_gate_fact fact;
	struct sp_gate_gap gap;
	enum sp_gate_answer answer;
	bool is_inferred;
} gaps[] = {
	{ "a HELO that was there, from 20 ms away",
	  UNSEEN(),
	  { .helo_us = 700, .round_us = 21000 },
	  SP_GATE_TALKED,
	  true },
	{ "a HELO after a round trip of 20 ms",
	  UNSEEN(),
	  { .helo_us = 21000, .round_us = 22000 },
	  SP_GATE_QUIET,
	  true },
	{ "a HELO at once from next door",
	  UNSEEN(),
	  { .helo_us = 700, .round_us = 900 },
	  SP_GATE_UNKNOWN,
	  false },
	{ "a HELO at once from who says everything at once",
	  UNSEEN(),
	  { .helo_us = 700, .round_us = 50 },
	  SP_GATE_UNKNOWN,
	  false },
	{ "nothing came after HELO yet",
	  UNSEEN(),
	  { .helo_us = 700 },
	  SP_GATE_UNKNOWN,
	  false },
	{ "a HELO at once from somewhat far away",
	  UNSEEN(),
	  { .helo_us = 1900, .round_us = 12000 },
	  SP_GATE_UNKNOWN,
	  false },
	{ "neither at once nor after a round trip",
	  UNSEEN(),
	  { .helo_us = 5000, .round_us = 80000 },
	  SP_GATE_UNKNOWN,
	  false },
	{ "a HELO at once, but the greeting was hardly held",
	  { .answer = SP_GATE_UNKNOWN, .why = SP_GATE_UNSEEN, .held_ms = 400 },
	  { .helo_us = 700, .round_us = 21000 },
	  SP_GATE_UNKNOWN,
	  false },
	{ "the kernel could not be asked: the same",
	  { .answer = SP_GATE_UNKNOWN,
	    .why = SP_GATE_UNAVAILABLE,
	    .error = EPERM,
	    .held_ms = 6000 },
	  { .helo_us = 700, .round_us = 21000 },
	  SP_GATE_TALKED,
	  true },
	{ "the kernel had measured the way: no delay is needed",
	  { .answer = SP_GATE_UNKNOWN,
	    .why = SP_GATE_UNAVAILABLE,
	    .error = EMFILE,
	    .rtt_us = 20300 },
	  { .helo_us = 9000 },
	  SP_GATE_TALKED,
	  true },
	{ "by the kernel's measure, a whole round trip",
	  UNSEEN(.rtt_us = 20300),
	  { .helo_us = 20300 },
	  SP_GATE_QUIET,
	  true },
	{ "by the kernel's measure, more than half of one",
	  UNSEEN(.rtt_us = 20300),
	  { .helo_us = 12000, .round_us = 100000 },
	  SP_GATE_UNKNOWN,
	  false },
	{ "by the kernel's measure it is near, whatever the dialogue says",
	  UNSEEN(.rtt_us = 300),
	  { .helo_us = 100, .round_us = 100000 },
	  SP_GATE_UNKNOWN,
	  false },
	{ "no HELO was said", UNSEEN(), { 0, 0 }, SP_GATE_UNKNOWN, false },
	{ "behind TLS nothing is inferred",
	  { .answer = SP_GATE_UNKNOWN, .why = SP_GATE_TLS, .held_ms = 6000 },
	  { .helo_us = 700, .round_us = 21000 },
	  SP_GATE_UNKNOWN,
	  false },
	{ "nor of who had been greeted",
	  { .answer = SP_GATE_UNKNOWN,
	    .why = SP_GATE_GREETED_MEANWHILE,
	    .held_ms = 6000 },
	  { .helo_us = 700, .round_us = 21000 },
	  SP_GATE_UNKNOWN,
	  false },
	{ "what was seen stays what it is",
	  { .answer = SP_GATE_QUIET, .held_ms = 6000 },
	  { .helo_us = 700, .round_us = 21000 },
	  SP_GATE_QUIET,
	  false },
	{ "what was not asked, too",
	  { .answer = SP_GATE_NOT_RUN },
	  { .helo_us = 700, .round_us = 21000 },
	  SP_GATE_NOT_RUN,
	  false },
};

static void test_what_the_time_until_helo_says(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
		struct sp_gate_fact fact = gaps[i].fact;

		sp_gate_judge_gap(&gaps[i].gap, &fact);
		if (fact.answer == gaps[i].answer &&
		    fact.is_inferred == gaps[i].is_inferred &&
		    fact.bytes == 0 &&
		    (fact.answer == SP_GATE_UNKNOWN) ==
			    (fact.why != SP_GATE_TOLD))
			continue;
		show(gaps[i].sentence, &fact);
		failed++;
	}
	assert_int_equal(failed, 0);
}

static void test_each_answer_has_its_own_words(void **state)
{
	(void)state;
	for (enum sp_gate_answer a = 0; a <= SP_GATE_UNKNOWN; a++)
		for (enum sp_gate_answer b = 0; b < a; b++)
			assert_string_not_equal(sp_gate_answer_text(a),
						sp_gate_answer_text(b));
	for (enum sp_gate_why a = 0; a <= SP_GATE_GREETED_MEANWHILE; a++)
		for (enum sp_gate_why b = 0; b < a; b++)
			assert_string_not_equal(sp_gate_why_text(a),
						sp_gate_why_text(b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_client_does_while_it_is_held),
		cmocka_unit_test(test_a_gate_cut_short_has_one_more_look),
		cmocka_unit_test(test_a_gate_is_not_made_longer),
		cmocka_unit_test(test_delays_shorten_and_vanish_under_load),
		cmocka_unit_test(test_what_the_time_until_helo_says),
		cmocka_unit_test(test_each_answer_has_its_own_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
