#include "submitter_view.h"

#include <stdlib.h>
#include <string.h>

#include "sallyport/ip.h"
#include "sallyport/service.h"
#include "sallyport/submitter_store.h"
#include "sallyport/text.h"
#include "sallyport/users.h"

enum {
	PAGE = 50,
	TYPED_MAX = 512,
	BY_SIZE = SP_IP_TEXT_SIZE + 8
};

/* Takes over `told`, which says itself what is wrong. */
static void reply(const struct sp_web_call *call, json_t *told)
{
	const char *code = json_string_value(json_object_get(told, "code"));
	unsigned status = 200;

	if (code != NULL)
		status = strcmp(code, "usage") == 0	? 400
			 : strcmp(code, "nothing") == 0 ? 404
							: 503;
	sp_reply_json(call->reply, status, told);
}

void sp_view_submitters(const struct sp_web_call *call)
{
	const char *by = sp_web_argument(call, "by");
	const char *state = sp_web_argument(call, "state");
	struct sp_submitter_range range = {
		.by = SP_SUBMITTERS_BY_STATE,
		.offset = strtoul(sp_web_argument(call, "from"), NULL, 10),
		.count = PAGE,
	};

	if (strcmp(by, "last") == 0)
		range.by = SP_SUBMITTERS_BY_LAST;
	else if (strcmp(by, "share") == 0)
		range.by = SP_SUBMITTERS_BY_SHARE;
	if (*state != '\0' &&
	    sp_submitter_state_by_name(state, &range.state) != SP_OK) {
		sp_reply_error(call->reply, 400,
			       "expected watch, hold or locked");
		return;
	}
	reply(call, sp_users_list(call->service, &range));
}

void sp_view_submitter(const struct sp_web_call *call)
{
	reply(call,
	      sp_users_show(call->service, sp_web_argument(call, "submitter")));
}

void sp_view_set_submitter(const struct sp_web_call *call)
{
	const char *typed = sp_body_text(call, "submitter");
	const char *state = sp_body_text(call, "state");
	const char *words = sp_body_text(call, "why");
	const json_t *term = json_object_get(call->body, "term_ms");
	char by[BY_SIZE], peer[SP_IP_TEXT_SIZE];
	struct sp_text text;
	struct sp_users_order order = {
		.typed = typed,
		.term_ms = json_integer_value(term),
		.words = words != NULL ? words : "",
		.by = by,
	};

	if (typed == NULL || strlen(typed) > TYPED_MAX || state == NULL ||
	    sp_submitter_state_by_name(state, &order.state) != SP_OK ||
	    order.term_ms < 0) {
		sp_reply_error(call->reply, 400,
			       "expected a submitter, and a state: ok, watch, "
			       "hold or locked");
		return;
	}
	sp_text_init(&text, by, sizeof(by));
	sp_text_addf(&text, "web %s", sp_ip_format(&call->request->peer, peer));
	reply(call, sp_users_set(call->service, &order));
}
