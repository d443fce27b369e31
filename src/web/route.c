#include "route.h"

#include <string.h>

#include "assets.h"
#include "desk_view.h"
#include "metrics.h"
#include "now_view.h"
#include "sallyport/config.h"
#include "sallyport/service.h"
#include "session_view.h"
#include "submitter_view.h"
#include "verdict_view.h"

struct route {
	const char *path;
	enum sp_http_method method;
	enum sp_guard_need need;
	sp_web_answer answer;
};

static const struct route routes[] = {
	{ "/metrics", SP_HTTP_GET, SP_GUARD_LOOK, sp_view_metrics },
	{ "/api/now", SP_HTTP_GET, SP_GUARD_LOOK, sp_view_now },
	{ "/api/greylist", SP_HTTP_GET, SP_GUARD_LOOK, sp_view_waiting },
	{ "/api/greylist/outcome", SP_HTTP_GET, SP_GUARD_LOOK,
	  sp_view_outcome },
	{ "/api/greylist/release", SP_HTTP_POST, SP_GUARD_CHANGE,
	  sp_view_release },
	{ "/api/greylist/trust", SP_HTTP_POST, SP_GUARD_CHANGE, sp_view_trust },
	{ "/api/greylist/expect", SP_HTTP_POST, SP_GUARD_CHANGE,
	  sp_view_expect },
	{ "/api/verdicts", SP_HTTP_GET, SP_GUARD_LOOK, sp_view_verdicts },
	{ "/api/verdicts/show", SP_HTTP_GET, SP_GUARD_LOOK, sp_view_verdict },
	{ "/api/submitters", SP_HTTP_GET, SP_GUARD_LOOK, sp_view_submitters },
	{ "/api/submitters/show", SP_HTTP_GET, SP_GUARD_LOOK,
	  sp_view_submitter },
	{ "/api/submitters/set", SP_HTTP_POST, SP_GUARD_CHANGE,
	  sp_view_set_submitter },
	{ "/api/session", SP_HTTP_GET, SP_GUARD_NOTHING, sp_view_session },
	{ "/api/sign-in", SP_HTTP_POST, SP_GUARD_PAGE, sp_view_sign_in },
	{ "/api/sign-out", SP_HTTP_POST, SP_GUARD_PAGE, sp_view_sign_out },
};

static const struct route *find(const struct sp_http_request *request,
				bool *is_path_known_out)
{
	*is_path_known_out = false;
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		if (strcmp(routes[i].path, request->path) != 0)
			continue;
		*is_path_known_out = true;
		if (routes[i].method == request->method)
			return &routes[i];
	}
	return NULL;
}

static void answer_route(struct sp_web_call *call, const struct route *route)
{
	json_t *body = NULL;

	if (route->method == SP_HTTP_POST) {
		body = json_loads(call->request->body, JSON_REJECT_DUPLICATES,
				  NULL);
		if (!json_is_object(body)) {
			json_decref(body);
			sp_reply_error(call->reply, 400,
				       "expected a JSON object");
			return;
		}
	}
	call->body = body;
	route->answer(call);
	call->body = NULL;
	json_decref(body);
}

/* They tell nothing of anybody. */
static bool answer_asset(struct sp_web_call *call)
{
	if (call->request->method != SP_HTTP_GET)
		return false;
	for (size_t i = 0; i < sp_asset_count; i++) {
		const struct sp_asset *asset = &sp_assets[i];

		if (strcmp(asset->path, call->request->path) != 0)
			continue;
		*call->reply = (struct sp_http_reply){
			.status = 200,
			.type = asset->type,
			.bytes = asset->text,
			.length = strlen(asset->text),
		};
		return true;
	}
	return false;
}

void sp_route(struct sp_web_call *call)
{
	bool is_path_known;
	const struct route *route = find(call->request, &is_path_known);
	struct sp_guard_answer pass;

	if (answer_asset(call))
		return;
	/* What else exists is no stranger's business either: asked first. */
	sp_guard_ask(call->guard, &call->service->config->web, call->request,
		     route != NULL ? route->need : SP_GUARD_LOOK, &pass);
	if (pass.status != 200) {
		sp_reply_error(call->reply, pass.status, pass.error);
		call->reply->retry_after_sec = pass.retry_after_sec;
	} else if (route != NULL) {
		answer_route(call, route);
	} else if (is_path_known) {
		sp_reply_error(call->reply, 405, "not by this method");
	} else {
		sp_reply_error(call->reply, 404, "there is nothing here");
	}
}
