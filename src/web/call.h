/*
 * call.h - what a view gets to answer one request, and how it answers.
 *
 * A row of the table in route.c names a path, what it needs (guard.h) and the
 * function that answers. For a POST `body` is a JSON object, not NULL.
 *
 * Threads:  HTTP's only.
 */
#ifndef SALLYPORT_WEB_CALL_H
#define SALLYPORT_WEB_CALL_H

#include <jansson.h>
#include <stdint.h>

#include "guard.h"
#include "http.h"

struct sp_embedded;
struct sp_now_history;
struct sp_service;

struct sp_web_call {
	const struct sp_http_request *request;
	const struct sp_service *service;
	const struct sp_embedded *embedded; /* NULL: not ours to run */
	struct sp_guard *guard;
	const json_t *body;
	struct sp_now_history *history; /* now_view.h */
	int64_t uptime_ms;
	struct sp_http_reply *reply;
};

typedef void (*sp_web_answer)(const struct sp_web_call *call);

/* Takes over `object`. */
void sp_reply_json(struct sp_http_reply *reply, unsigned status,
		   json_t *object);
/* {"error": TEXT} */
void sp_reply_error(struct sp_http_reply *reply, unsigned status,
		    const char *text);

/* Hostile text as a JSON string: what is no UTF-8 is escaped. */
json_t *sp_json_text(const char *text);

/* Of the query; "" when it has none of that name. */
const char *sp_web_argument(const struct sp_web_call *call, const char *name);

/* The text of the body's member `name`; NULL when it has none. */
const char *sp_body_text(const struct sp_web_call *call, const char *name);

#endif
