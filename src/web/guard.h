/*
 * guard.h - who may see and change what over HTTP.
 *
 * With web.password-file or web.token-file: whoever brings the token in
 * "Authorization: Bearer", or has signed in with the password and brings the
 * cookie that he got (where only one of the files is set, it serves for both).
 * Without either we listen on the loopback only: everybody there may look, as
 * long as he asks us by a name of the loopback (a stranger's page that a browser
 * here shows cannot do that), and nobody may change anything.
 *
 * A browser sends its cookie with whatever any page makes it send. So who has
 * signed in changes something only by a request that no page of others can make:
 * with a header of ours, JSON for a body, and by the browser's own word (Sec-
 * Fetch-Site, or Origin held against Host) from our page.
 *
 * Guessing: ten tries, then one in six seconds of an address; the others are
 * not even compared. Secrets are compared in a time that says nothing of them.
 * Sessions: 32 at most, 12 hours each, in memory; another password ends them.
 *
 * Threads:  HTTP's only.
 */
#ifndef SALLYPORT_WEB_GUARD_H
#define SALLYPORT_WEB_GUARD_H

#include <stdbool.h>

#include "http.h"
#include "sallyport/err.h"

struct sp_guard;
struct sp_web_config;

enum sp_guard_need {
	SP_GUARD_NOTHING, /* the page itself, which tells nothing */
	SP_GUARD_PAGE,	  /* nothing but that no other page has sent it */
	SP_GUARD_LOOK,
	SP_GUARD_CHANGE
};

struct sp_guard_answer {
	unsigned status;   /* of HTTP; 200: go on */
	const char *error; /* constant; "" for 200 */
	unsigned retry_after_sec;
	char cookie[SP_HTTP_COOKIE_SIZE]; /* to be set; "" */
};

/* `is_near`: we listen on the loopback. */
enum sp_err sp_guard_new(bool is_near, struct sp_guard **guard_out);
void sp_guard_free(struct sp_guard **guard);

void sp_guard_ask(struct sp_guard *guard, const struct sp_web_config *config,
		  const struct sp_http_request *request,
		  enum sp_guard_need need, struct sp_guard_answer *answer_out);

/* A session for who knows the password; asked for what SP_GUARD_PAGE wants. */
void sp_guard_sign_in(struct sp_guard *guard,
		      const struct sp_web_config *config,
		      const struct sp_http_request *request,
		      const char *password, struct sp_guard_answer *answer_out);
/* End the request's session, if there is one. */
void sp_guard_sign_out(struct sp_guard *guard,
		       const struct sp_http_request *request);

#endif
