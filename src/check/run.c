#include "sallyport/check.h"

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/service.h"
#include "sallyport/session.h"
#include "sallyport/timing.h"

_Static_assert((int)SP_STAGE_COUNT <= (int)SP_TIMING_STAGES,
	       "a stage has no histogram");

/* What is left of the mail's budget, and no more than one callback may take. */
static int64_t time_left_ms(const struct sp_session *session)
{
	const struct sp_budget_config *budget =
		&session->service->config->budget;
	int64_t left_ms = budget->mail_ms - session->mail.waited_us / 1000;

	return left_ms < budget->callback_ms ? left_ms : budget->callback_ms;
}

static uint32_t add_us(uint32_t sum_us, int64_t more_us)
{
	int64_t total_us = sum_us + more_us;

	return total_us < UINT32_MAX ? (uint32_t)total_us : UINT32_MAX;
}

void sp_checks_run(struct sp_session *session, enum sp_stage stage)
{
	bool is_exempt = sp_session_is_exempt(session);
	int64_t begun_us = sp_clock_mono_us();
	int64_t deadline_ms = begun_us / 1000 + time_left_ms(session);
	const struct sp_check *check;
	int64_t spent_us;

	/* It is looked what has come; the greeting is what waits. */
	if (stage == SP_STAGE_GREETING)
		deadline_ms = begun_us / 1000;

	for (size_t i = 0; (check = sp_check_row(i)) != NULL; i++) {
		if (!check->at[stage] || (is_exempt && !check->is_for_all))
			continue;
		if (check->waits[stage] && sp_clock_mono_ms() >= deadline_ms) {
			session->mail.degraded |= SP_DEGRADED_TIME;
			continue;
		}
		check->at[stage](session, deadline_ms);
	}
	spent_us = sp_clock_mono_us() - begun_us;
	sp_timing_add((enum sp_timing)(SP_TIMING_STAGE + stage), spent_us);
	if (stage < SP_STAGE_MAIL) {
		session->connection.stage_us[stage] =
			add_us(session->connection.stage_us[stage], spent_us);
		return;
	}
	session->mail.stage_us[stage] =
		add_us(session->mail.stage_us[stage], spent_us);
	session->mail.waited_us = add_us(session->mail.waited_us, spent_us);
}
