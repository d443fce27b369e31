#include "sallyport/list_health.h"

#include <pthread.h>
#include <stdlib.h>

enum {
	ERRORS_IN_A_ROW = 5,
	SILENCES_IN_A_ROW = 10,
	SILENT_TESTS_IN_A_ROW = 3,
	GOOD_TESTS_IN_A_ROW = 3,
	PROBATION_MS = 10 * 60 * 1000,
	WINDOW = 200,	     /* answers by which a hit rate is measured */
	BASELINE_WINDOWS = 3 /* so many, before a rate can be said to jump */
};

static const double jump_factor = 10;
static const double jump_least = 0.1;
static const double baseline_share = 0.2; /* of a new window */
static const double latency_share = 0.1;  /* of a new answer */

struct sp_list_health {
	pthread_mutex_t lock;
	/* guarded by lock */
	struct sp_health_view view;
	unsigned errors_in_a_row;
	unsigned silences_in_a_row;
	unsigned silent_tests_in_a_row;
	unsigned good_tests_in_a_row;
	unsigned window_answers;
	unsigned window_hits;
	unsigned windows;
};

struct sp_list_health *sp_list_health_new(void)
{
	struct sp_list_health *health = calloc(1, sizeof(*health));

	if (!health || pthread_mutex_init(&health->lock, NULL) != 0)
		abort();
	health->view.hit_rate = -1;
	return health;
}

void sp_list_health_free(struct sp_list_health **health)
{
	if (!*health)
		return;
	pthread_mutex_destroy(&(*health)->lock);
	free(*health);
	*health = NULL;
}

static void enter(struct sp_list_health *health, enum sp_health_state state,
		  int64_t now_ms)
{
	health->view.state = state;
	health->view.since_ms = now_ms;
}

/* What was learned before says nothing of the list as it is now. */
static void forget(struct sp_list_health *health)
{
	health->errors_in_a_row = 0;
	health->silences_in_a_row = 0;
	health->window_answers = 0;
	health->window_hits = 0;
	health->windows = 0;
	health->view.hit_rate = -1;
}

static enum sp_health_event become_well(struct sp_list_health *health,
					int64_t now_ms)
{
	bool is_again = health->view.state != SP_HEALTH_UNKNOWN;

	enter(health, SP_HEALTH_WELL, now_ms);
	health->view.reason = SP_HEALTH_FINE;
	health->view.error = SP_DNSBL_FINE;
	forget(health);
	return is_again ? SP_HEALTH_BECAME_WELL : SP_HEALTH_NO_EVENT;
}

/* Said once: trouble upon trouble changes the reason, and is no event. */
static enum sp_health_event become_unwell(struct sp_list_health *health,
					  enum sp_health_reason reason,
					  enum sp_dnsbl_error error,
					  int64_t now_ms)
{
	bool is_news = health->view.state == SP_HEALTH_UNKNOWN ||
		       health->view.state == SP_HEALTH_WELL;

	health->view.reason = reason;
	health->view.error = error;
	health->good_tests_in_a_row = 0;
	if (health->view.state != SP_HEALTH_UNWELL)
		enter(health, SP_HEALTH_UNWELL, now_ms);
	return is_news ? SP_HEALTH_BECAME_UNWELL : SP_HEALTH_NO_EVENT;
}

static enum sp_health_event test_was_good(struct sp_list_health *health,
					  int64_t now_ms)
{
	struct sp_health_view *view = &health->view;

	health->silent_tests_in_a_row = 0;
	health->errors_in_a_row = 0;
	if (view->state == SP_HEALTH_WELL)
		return SP_HEALTH_NO_EVENT;
	if (view->state == SP_HEALTH_UNKNOWN ||
	    view->reason == SP_HEALTH_SILENT)
		return become_well(health, now_ms);
	if (view->state == SP_HEALTH_UNWELL)
		enter(health, SP_HEALTH_ON_PROBATION, now_ms);
	if (now_ms < view->since_ms)
		view->since_ms = now_ms;
	health->good_tests_in_a_row++;
	if (health->good_tests_in_a_row >= GOOD_TESTS_IN_A_ROW &&
	    now_ms - view->since_ms >= PROBATION_MS)
		return become_well(health, now_ms);
	return SP_HEALTH_NO_EVENT;
}

/* Silence changes nothing at once: a question may get lost. But a list that
 * was bad is not on its way to be good while it is silent. */
static enum sp_health_event test_was_silent(struct sp_list_health *health,
					    int64_t now_ms)
{
	enum sp_health_state state = health->view.state;

	health->silent_tests_in_a_row++;
	if (state == SP_HEALTH_ON_PROBATION) {
		health->good_tests_in_a_row = 0;
		health->view.since_ms = now_ms;
	}
	if (health->silent_tests_in_a_row < SILENT_TESTS_IN_A_ROW ||
	    (state != SP_HEALTH_WELL && state != SP_HEALTH_UNKNOWN))
		return SP_HEALTH_NO_EVENT;
	return become_unwell(health, SP_HEALTH_SILENT, SP_DNSBL_SILENT, now_ms);
}

static enum sp_health_event judge_test(struct sp_list_health *health,
				       const struct sp_health_answer *listed,
				       const struct sp_health_answer *unlisted,
				       int64_t now_ms)
{
	enum sp_dnsbl_error error =
		listed->error && listed->error != SP_DNSBL_SILENT
			? listed->error
			: unlisted->error;

	if (error && error != SP_DNSBL_SILENT)
		return become_unwell(health, SP_HEALTH_ERRORS, error, now_ms);
	if (unlisted->is_listed)
		return become_unwell(health, SP_HEALTH_LISTS_EVERYTHING,
				     SP_DNSBL_FINE, now_ms);
	if (!listed->error && !listed->is_listed)
		return become_unwell(health, SP_HEALTH_LISTS_NOTHING,
				     SP_DNSBL_FINE, now_ms);
	if (listed->error || unlisted->error)
		return test_was_silent(health, now_ms);
	return test_was_good(health, now_ms);
}

enum sp_health_event sp_list_health_tested(
	struct sp_list_health *health,
	const struct sp_health_answer *listed_point,
	const struct sp_health_answer *unlisted_point, int64_t now_ms)
{
	enum sp_health_event event;

	pthread_mutex_lock(&health->lock);
	health->view.tested_ms = now_ms;
	event = judge_test(health, listed_point, unlisted_point, now_ms);
	pthread_mutex_unlock(&health->lock);
	return event;
}

static bool has_jumped(double rate, double baseline)
{
	return rate >= jump_least && rate >= jump_factor * baseline;
}

/* A window is full: compare it with what was, or learn from it. */
static enum sp_health_event end_window(struct sp_list_health *health,
				       int64_t now_ms)
{
	double rate = (double)health->window_hits / health->window_answers;
	double *baseline = &health->view.hit_rate;

	health->window_answers = 0;
	health->window_hits = 0;
	if (health->windows >= BASELINE_WINDOWS && has_jumped(rate, *baseline))
		return become_unwell(health, SP_HEALTH_HIT_RATE_JUMPED,
				     SP_DNSBL_FINE, now_ms);
	*baseline = health->windows == 0
			    ? rate
			    : *baseline + baseline_share * (rate - *baseline);
	if (health->windows < BASELINE_WINDOWS)
		health->windows++;
	return SP_HEALTH_NO_EVENT;
}

static void count(struct sp_health_view *view,
		  const struct sp_health_answer *answer, int64_t now_ms)
{
	view->questions++;
	if (answer->error) {
		view->errors++;
	} else if (answer->is_listed) {
		view->hits++;
		view->hit_ms = now_ms;
	}
}

static enum sp_health_event live_error(struct sp_list_health *health,
				       enum sp_dnsbl_error error,
				       int64_t now_ms)
{
	if (error == SP_DNSBL_SILENT)
		health->silences_in_a_row++;
	else if (error != SP_DNSBL_TYPING_ERROR)
		health->errors_in_a_row++;
	/* Only what is believed can lose that by live answers; whoever is
	 * tested anew is judged by the tests. */
	if (health->view.state != SP_HEALTH_WELL)
		return SP_HEALTH_NO_EVENT;
	if (health->errors_in_a_row >= ERRORS_IN_A_ROW)
		return become_unwell(health, SP_HEALTH_ERRORS, error, now_ms);
	if (health->silences_in_a_row >= SILENCES_IN_A_ROW)
		return become_unwell(health, SP_HEALTH_SILENT, error, now_ms);
	return SP_HEALTH_NO_EVENT;
}

static enum sp_health_event live_answer(struct sp_list_health *health,
					bool is_listed, double latency_ms,
					int64_t now_ms)
{
	struct sp_health_view *view = &health->view;

	health->errors_in_a_row = 0;
	health->silences_in_a_row = 0;
	view->latency_ms =
		view->latency_ms > 0
			? view->latency_ms + latency_share * (latency_ms -
							      view->latency_ms)
			: latency_ms;
	if (view->state != SP_HEALTH_WELL)
		return SP_HEALTH_NO_EVENT;
	health->window_answers++;
	health->window_hits += is_listed;
	return health->window_answers == WINDOW ? end_window(health, now_ms)
						: SP_HEALTH_NO_EVENT;
}

enum sp_health_event sp_list_health_answered(
	struct sp_list_health *health, const struct sp_health_answer *answer,
	double latency_ms, int64_t now_ms)
{
	enum sp_health_event event;

	pthread_mutex_lock(&health->lock);
	count(&health->view, answer, now_ms);
	event = answer->error ? live_error(health, answer->error, now_ms)
			      : live_answer(health, answer->is_listed,
					    latency_ms, now_ms);
	pthread_mutex_unlock(&health->lock);
	return event;
}

void sp_list_health_known(struct sp_list_health *health,
			  const struct sp_health_answer *answer, int64_t now_ms)
{
	pthread_mutex_lock(&health->lock);
	count(&health->view, answer, now_ms);
	pthread_mutex_unlock(&health->lock);
}

static enum sp_health_state state_of(struct sp_list_health *health)
{
	enum sp_health_state state;

	pthread_mutex_lock(&health->lock);
	state = health->view.state;
	pthread_mutex_unlock(&health->lock);
	return state;
}

bool sp_list_health_is_well(struct sp_list_health *health)
{
	return state_of(health) == SP_HEALTH_WELL;
}

bool sp_list_health_is_asked(struct sp_list_health *health)
{
	enum sp_health_state state = state_of(health);

	return state == SP_HEALTH_WELL || state == SP_HEALTH_UNKNOWN;
}

void sp_list_health_view(struct sp_list_health *health,
			 struct sp_health_view *view_out)
{
	pthread_mutex_lock(&health->lock);
	*view_out = health->view;
	pthread_mutex_unlock(&health->lock);
}

const char *sp_health_state_text(enum sp_health_state state)
{
	switch (state) {
	case SP_HEALTH_UNKNOWN:
		return "unknown";
	case SP_HEALTH_WELL:
		return "well";
	case SP_HEALTH_UNWELL:
		return "unwell";
	case SP_HEALTH_ON_PROBATION:
		return "probation";
	}
	return "unknown";
}

const char *sp_health_reason_text(const struct sp_health_view *view)
{
	switch (view->reason) {
	case SP_HEALTH_FINE:
		break;
	case SP_HEALTH_ERRORS:
		return sp_dnsbl_error_text(view->error);
	case SP_HEALTH_SILENT:
		return "it does not answer";
	case SP_HEALTH_LISTS_NOTHING:
		return "it does not list its own test entry";
	case SP_HEALTH_LISTS_EVERYTHING:
		return "it lists what no list may list";
	case SP_HEALTH_HIT_RATE_JUMPED:
		return "it suddenly lists many times more than usual";
	}
	return "";
}
