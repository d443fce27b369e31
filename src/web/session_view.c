#include "session_view.h"

#include "sallyport/config.h"
#include "sallyport/service.h"
#include "sallyport/text.h"

void sp_view_session(const struct sp_web_call *call)
{
	const struct sp_web_config *web = &call->service->config->web;
	bool has_secret = *web->password != '\0' || *web->token != '\0';
	struct sp_guard_answer look;

	sp_guard_ask(call->guard, web, call->request, SP_GUARD_LOOK, &look);
	sp_reply_json(call->reply, 200,
		      json_pack("{s:s, s:b, s:b, s:b}", "version",
				PACKAGE_VERSION, "needs_sign_in",
				has_secret && look.status != 200, "may_look",
				look.status == 200, "may_change",
				has_secret && look.status == 200));
}

void sp_view_sign_in(const struct sp_web_call *call)
{
	const char *password = sp_body_text(call, "password");
	struct sp_guard_answer answer;

	if (password == NULL) {
		sp_reply_error(call->reply, 400, "expected a password");
		return;
	}
	sp_guard_sign_in(call->guard, &call->service->config->web,
			 call->request, password, &answer);
	call->reply->retry_after_sec = answer.retry_after_sec;
	if (answer.status != 200) {
		sp_reply_error(call->reply, answer.status, answer.error);
		return;
	}
	sp_text_copy(call->reply->cookie, sizeof(call->reply->cookie),
		     answer.cookie);
	sp_reply_json(call->reply, 200, json_pack("{s:b}", "may_look", 1));
}

void sp_view_sign_out(const struct sp_web_call *call)
{
	sp_guard_sign_out(call->guard, call->request);
	sp_text_copy(call->reply->cookie, sizeof(call->reply->cookie),
		     "sallyport=; Path=/; Max-Age=0; HttpOnly; "
		     "SameSite=Strict");
	sp_reply_json(call->reply, 200, json_pack("{s:b}", "may_look", 0));
}
