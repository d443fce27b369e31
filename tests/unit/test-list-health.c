/* When a DNS list is believed: one row, one life of a list. */
#include "sallyport/list_health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>

#include <cmocka.h>

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * A life is written in letters, each may have a count in front:
 *
 *	g  a good test			e  a test: lists everything
 *	n  a test: lists nothing	q  a test: over quota
 *	s  a silent test		m  a minute passes
 *	.  a live answer: not listed	!  a live answer: listed
 *	Q  a live error: over quota	S  a live question without an answer
 *	T  a live error that blames the question
 *	,  known before: not listed	;  known before: listed
 *	K  known before: over quota
 */
struct row {
	const char *sentence;
	const char *life;
	enum sp_health_state state;
	enum sp_health_reason reason;
	const char *events; /* '-' became unwell, '+' became well */
};

static const struct row rows[] = {
	{ "never tested, nothing is known", "", SP_HEALTH_UNKNOWN,
	  SP_HEALTH_FINE, "" },
	{ "live answers alone make no list well", "500.20!", SP_HEALTH_UNKNOWN,
	  SP_HEALTH_FINE, "" },
	{ "nor unwell", "50Q50S", SP_HEALTH_UNKNOWN, SP_HEALTH_FINE, "" },
	{ "the first good test is enough, and nothing to tell of", "g",
	  SP_HEALTH_WELL, SP_HEALTH_FINE, "" },
	{ "a list that was never well is told of", "e", SP_HEALTH_UNWELL,
	  SP_HEALTH_LISTS_EVERYTHING, "-" },
	{ "a list that is dead", "gn", SP_HEALTH_UNWELL,
	  SP_HEALTH_LISTS_NOTHING, "-" },
	{ "a list that refuses us", "gq", SP_HEALTH_UNWELL, SP_HEALTH_ERRORS,
	  "-" },
	{ "trouble upon trouble is told of once", "genqe", SP_HEALTH_UNWELL,
	  SP_HEALTH_LISTS_EVERYTHING, "-" },
	{ "one good test is a beginning", "geg", SP_HEALTH_ON_PROBATION,
	  SP_HEALTH_LISTS_EVERYTHING, "-" },
	{ "many good tests at once are not enough", "ge9g",
	  SP_HEALTH_ON_PROBATION, SP_HEALTH_LISTS_EVERYTHING, "-" },
	{ "two good tests over a long time are not enough", "geg60mg",
	  SP_HEALTH_ON_PROBATION, SP_HEALTH_LISTS_EVERYTHING, "-" },
	{ "three good tests over nine minutes are not enough", "geg5mg4mg",
	  SP_HEALTH_ON_PROBATION, SP_HEALTH_LISTS_EVERYTHING, "-" },
	{ "three good tests over ten minutes are", "geg5mg5mg", SP_HEALTH_WELL,
	  SP_HEALTH_FINE, "-+" },
	{ "time spent unwell does not count", "ge60mggg",
	  SP_HEALTH_ON_PROBATION, SP_HEALTH_LISTS_EVERYTHING, "-" },
	{ "a bad test on probation begins anew", "geg5mg4me1mg5mg",
	  SP_HEALTH_ON_PROBATION, SP_HEALTH_LISTS_EVERYTHING, "-" },
	{ "and is not told of again", "geg5me1mg5mg5mg", SP_HEALTH_WELL,
	  SP_HEALTH_FINE, "-+" },
	{ "silence on probation begins the wait anew", "geg5mg5ms1mg",
	  SP_HEALTH_ON_PROBATION, SP_HEALTH_LISTS_EVERYTHING, "-" },
	{ "well again, unwell again", "geg5mg5mgq", SP_HEALTH_UNWELL,
	  SP_HEALTH_ERRORS, "-+-" },
	{ "two silent tests may be lost questions", "gss", SP_HEALTH_WELL,
	  SP_HEALTH_FINE, "" },
	{ "three are not", "gsss", SP_HEALTH_UNWELL, SP_HEALTH_SILENT, "-" },
	{ "silent tests between good ones", "gssgssg", SP_HEALTH_WELL,
	  SP_HEALTH_FINE, "" },
	{ "silent from the beginning", "sss", SP_HEALTH_UNWELL,
	  SP_HEALTH_SILENT, "-" },
	{ "after silence one good test is enough", "gsssg", SP_HEALTH_WELL,
	  SP_HEALTH_FINE, "-+" },
	{ "not so when it was refusing before it was silent", "gq9sg",
	  SP_HEALTH_ON_PROBATION, SP_HEALTH_ERRORS, "-" },
	{ "nor when it is refusing after", "g3sqg", SP_HEALTH_ON_PROBATION,
	  SP_HEALTH_ERRORS, "-" },
	{ "four errors in live mail", "g4Q", SP_HEALTH_WELL, SP_HEALTH_FINE,
	  "" },
	{ "five errors in a row in live mail", "g5Q", SP_HEALTH_UNWELL,
	  SP_HEALTH_ERRORS, "-" },
	{ "five errors, but not in a row", "g4Q.4Q!", SP_HEALTH_WELL,
	  SP_HEALTH_FINE, "" },
	{ "nine questions without an answer", "g9S", SP_HEALTH_WELL,
	  SP_HEALTH_FINE, "" },
	{ "ten questions without an answer", "g10S", SP_HEALTH_UNWELL,
	  SP_HEALTH_SILENT, "-" },
	{ "ten, but not in a row", "g9S.9S", SP_HEALTH_WELL, SP_HEALTH_FINE,
	  "" },
	{ "a stranger's odd names silence no list", "g99T", SP_HEALTH_WELL,
	  SP_HEALTH_FINE, "" },
	{ "many mails that meet one error meet one", "gQ99K", SP_HEALTH_WELL,
	  SP_HEALTH_FINE, "" },
	{ "what was known ends no row of errors", "g4Q9,Q", SP_HEALTH_UNWELL,
	  SP_HEALTH_ERRORS, "-" },
	{ "nor one of silence", "g9S9;S", SP_HEALTH_UNWELL, SP_HEALTH_SILENT,
	  "-" },
	{ "nor is it a rate that jumps", "g600.200;", SP_HEALTH_WELL,
	  SP_HEALTH_FINE, "" },
	{ "live answers do not end a probation", "geg60m500.g",
	  SP_HEALTH_ON_PROBATION, SP_HEALTH_LISTS_EVERYTHING, "-" },
	{ "nor a live error", "geg5m5Qg5mg", SP_HEALTH_WELL, SP_HEALTH_FINE,
	  "-+" },
	{ "a hit rate that jumps from 1 % to all", "g198.2!198.2!198.2!200!",
	  SP_HEALTH_UNWELL, SP_HEALTH_HIT_RATE_JUMPED, "-" },
	{ "from 1 % to 10 %", "g198.2!198.2!198.2!180.20!", SP_HEALTH_UNWELL,
	  SP_HEALTH_HIT_RATE_JUMPED, "-" },
	{ "from 1 % to 9 %", "g198.2!198.2!198.2!182.18!", SP_HEALTH_WELL,
	  SP_HEALTH_FINE, "" },
	{ "from nothing to 5 %", "g600.190.10!", SP_HEALTH_WELL, SP_HEALTH_FINE,
	  "" },
	{ "from half to all is a wave of spam", "g100.100!100.100!100.100!600!",
	  SP_HEALTH_WELL, SP_HEALTH_FINE, "" },
	{ "without a baseline nothing can jump", "g200.200!", SP_HEALTH_WELL,
	  SP_HEALTH_FINE, "" },
	{ "199 questions are not enough to say so", "g600.199!", SP_HEALTH_WELL,
	  SP_HEALTH_FINE, "" },
	{ "the baseline is learned anew after a jump",
	  "g600.200!g5mg5mg200!200!", SP_HEALTH_WELL, SP_HEALTH_FINE, "-+" },
};

struct player {
	struct sp_list_health *health;
	int64_t now_ms;
	char events[16];
};

static void note(struct player *player, enum sp_health_event event)
{
	size_t length = strlen(player->events);

	if (event == SP_HEALTH_NO_EVENT || length + 1 >= sizeof(player->events))
		return;
	player->events[length] = event == SP_HEALTH_BECAME_WELL ? '+' : '-';
	player->events[length + 1] = '\0';
}

static void test_points(struct player *player, bool lists, bool lists_all,
			enum sp_dnsbl_error error)
{
	const struct sp_health_answer listed = { lists, error };
	const struct sp_health_answer unlisted = { lists_all, error };

	note(player, sp_list_health_tested(player->health, &listed, &unlisted,
					   player->now_ms));
}

static void live(struct player *player, bool is_listed,
		 enum sp_dnsbl_error error)
{
	const struct sp_health_answer answer = { is_listed, error };

	note(player, sp_list_health_answered(player->health, &answer, 10,
					     player->now_ms));
}

static void known(struct player *player, bool is_listed,
		  enum sp_dnsbl_error error)
{
	const struct sp_health_answer answer = { is_listed, error };

	sp_list_health_known(player->health, &answer, player->now_ms);
}

static void play_letter(struct player *player, char letter)
{
	switch (letter) {
	case 'g':
		test_points(player, true, false, SP_DNSBL_FINE);
		break;
	case 'e':
		test_points(player, true, true, SP_DNSBL_FINE);
		break;
	case 'n':
		test_points(player, false, false, SP_DNSBL_FINE);
		break;
	case 'q':
		test_points(player, false, false, SP_DNSBL_OVER_QUOTA);
		break;
	case 's':
		test_points(player, false, false, SP_DNSBL_SILENT);
		break;
	case ',':
		known(player, false, SP_DNSBL_FINE);
		break;
	case ';':
		known(player, true, SP_DNSBL_FINE);
		break;
	case 'K':
		known(player, false, SP_DNSBL_OVER_QUOTA);
		break;
	case 'm':
		player->now_ms += 60000;
		break;
	case '.':
	case '!':
		live(player, letter == '!', SP_DNSBL_FINE);
		break;
	case 'Q':
		live(player, false, SP_DNSBL_OVER_QUOTA);
		break;
	case 'S':
		live(player, false, SP_DNSBL_SILENT);
		break;
	case 'T':
		live(player, false, SP_DNSBL_TYPING_ERROR);
		break;
	default:
		fail_msg("no such letter: %c", letter);
	}
}

static void play(struct player *player, const char *life)
{
	while (*life) {
		char *end;
		long count = strtol(life, &end, 10);

		if (end == life)
			count = 1;
		for (; count > 0; count--)
			play_letter(player, *end);
		life = end + 1;
	}
}

static void test_rows(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct player player = { .health = sp_list_health_new(),
					 .now_ms = 1000 };
		struct sp_health_view view;
		bool is_right;

		play(&player, row->life);
		sp_list_health_view(player.health, &view);
		is_right = view.state == row->state &&
			   view.reason == row->reason &&
			   !strcmp(player.events, row->events) &&
			   sp_list_health_is_well(player.health) ==
				   (row->state == SP_HEALTH_WELL) &&
			   sp_list_health_is_asked(player.health) ==
				   (row->state <= SP_HEALTH_WELL);
		sp_list_health_free(&player.health);
		assert_null(player.health);
		if (is_right)
			continue;
		print_error("%s: %s, \"%s\", events \"%s\"\n", row->sentence,
			    sp_health_state_text(view.state),
			    sp_health_reason_text(&view), player.events);
		failed++;
	}
	assert_int_equal(failed, 0);
}

static void test_view(void **state)
{
	struct player player = { .health = sp_list_health_new(),
				 .now_ms = 60000 };
	struct sp_health_view view;

	(void)state;
	sp_list_health_view(player.health, &view);
	assert_true(view.hit_rate < 0);
	play(&player, "gm150.m50!m3S5,m4;2K");
	sp_list_health_view(player.health, &view);
	assert_int_equal(view.questions, 214);
	assert_int_equal(view.hits, 54);
	assert_int_equal(view.errors, 5);
	assert_int_equal(view.since_ms, 60000);
	assert_int_equal(view.tested_ms, 60000);
	assert_int_equal(view.hit_ms, 300000);
	assert_true(view.latency_ms > 9.99 && view.latency_ms < 10.01);
	assert_true(view.hit_rate > 0.249 && view.hit_rate < 0.251);
	assert_string_equal(sp_health_reason_text(&view), "");
	play(&player, "q");
	sp_list_health_view(player.health, &view);
	assert_int_equal(view.error, SP_DNSBL_OVER_QUOTA);
	assert_string_equal(sp_health_reason_text(&view),
			    sp_dnsbl_error_text(SP_DNSBL_OVER_QUOTA));
	sp_list_health_free(&player.health);
	sp_list_health_free(&player.health);
}

/* A clock that is set back neither ends a probation nor makes it endless. */
static void test_clock_set_back(void **state)
{
	struct player player = { .health = sp_list_health_new(),
				 .now_ms = INT64_C(100) * 3600000 };

	(void)state;
	play(&player, "geg5mg");
	player.now_ms -= 50 * 3600000;
	play(&player, "g");
	assert_false(sp_list_health_is_well(player.health));
	play(&player, "5mg5mg");
	assert_true(sp_list_health_is_well(player.health));
	sp_list_health_free(&player.health);
}

/* Many sessions feed one list: nothing is lost, an event is told to one. */
enum {
	THREADS = 8,
	ROUNDS = 100000
};

struct feeding {
	struct sp_list_health *health;
	pthread_barrier_t start;
};

static void *feed(void *argument)
{
	struct feeding *feeding = argument;
	struct sp_list_health *health = feeding->health;
	const struct sp_health_answer error = { false, SP_DNSBL_OVER_QUOTA };
	uintptr_t events = 0;

	pthread_barrier_wait(&feeding->start);
	for (int i = 0; i < ROUNDS; i++)
		events += sp_list_health_answered(health, &error, 1, i) ==
			  SP_HEALTH_BECAME_UNWELL;
	return (void *)events;
}

static void test_threads(void **state)
{
	struct player player = { .health = sp_list_health_new() };
	struct feeding feeding = { .health = player.health };
	struct sp_health_view view;
	pthread_t threads[THREADS];
	uintptr_t events = 0;

	(void)state;
	pthread_barrier_init(&feeding.start, NULL, THREADS);
	play(&player, "g");
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, feed, &feeding), 0);
	for (int i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		events += (uintptr_t)result;
	}
	sp_list_health_view(player.health, &view);
	assert_int_equal(events, 1);
	assert_int_equal(view.errors, THREADS * ROUNDS);
	pthread_barrier_destroy(&feeding.start);
	sp_list_health_free(&player.health);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
