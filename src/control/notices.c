/* What is told to the administrator, as far as the operator asks for it. */
#include "views.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/control.h"
#include "sallyport/notify.h"
#include "sallyport/service.h"

static json_t *complaint(const char *text)
{
	return json_pack("{s:s}", "error", text);
}

static bool has_program(const struct sp_config *config)
{
	return sp_list_count(config->notify.program) > 0;
}

static bool has_mail(const struct sp_config *config)
{
	return config->notify.mail[0] != '\0';
}

json_t *sp_view_notices(const struct sp_service *service)
{
	struct sp_notifier_health health = { 0 };

	if (service->notifier)
		sp_notifier_health(service->notifier, &health);
	return json_pack("{s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:s}", //
			 "program", has_program(service->config),    //
			 "mail", has_mail(service->config),	     //
			 "good", (json_int_t)health.good,	     //
			 "failed", (json_int_t)health.failed,	     //
			 "dropped", (json_int_t)health.dropped,	     //
			 "waiting", (json_int_t)health.waiting,	     //
			 "running", (json_int_t)health.running,	     //
			 "last_error", health.last_error);
}

static json_t *answer_test(const struct sp_service *service)
{
	const struct sp_notice notice = {
		.about = SP_NOTICE_TEST,
		.at_ms = sp_clock_wall_ms(service->clock),
	};
	uint64_t number;

	if (!has_program(service->config) && !has_mail(service->config))
		return complaint("nobody is to be told: neither notify.program "
				 "nor notify.mail is set");
	number = sp_notify(service->notifier, &notice);
	if (number == 0)
		return complaint("too many notices wait already");
	return json_pack("{s:I, s:I}", "number", (json_int_t)number,
			 "timeout_ms",
			 (json_int_t)service->config->notify.timeout_ms);
}

static json_t *one_result(const struct sp_notice_result *result)
{
	return json_pack("{s:s, s:s, s:I, s:s}",		       //
			 "stage", sp_notice_stage_name(result->stage), //
			 "how", result->how,			       //
			 "ms", (json_int_t)result->took_ms,	       //
			 "output", result->output);
}

static json_t *answer_result(const struct sp_service *service, uint64_t number)
{
	struct sp_notice_result results[SP_NOTICE_WAYS];
	json_t *object;

	if (!service->notifier ||
	    sp_notifier_result(service->notifier, number, results) != SP_OK)
		return complaint("not among the last 16 notices");
	object = json_object();
	json_object_set_new(object, "number", json_integer((json_int_t)number));
	for (unsigned way = 0; way < SP_NOTICE_WAYS; way++)
		json_object_set_new(object, sp_notice_way_name(way),
				    one_result(&results[way]));
	return object;
}

json_t *sp_answer_notify(const struct sp_control_sources *sources,
			 const char *word)
{
	const struct sp_service *service = sp_service_get(sources->slot);
	uint64_t number;
	json_t *answer;

	if (strcmp(word, "test") == 0)
		answer = answer_test(service);
	else if (sscanf(word, "%" SCNu64, &number) == 1)
		answer = answer_result(service, number);
	else
		answer = complaint("notify test, or notify NUMBER");
	sp_service_unref(&service);
	return answer;
}
