/*
 * http.h - HTTP on libmicrohttpd: requests in, replies out, and no more than
 *          a stranger may take.
 *
 * The only part that knows microhttpd.h. A request is handed on when it is
 * whole: at most SP_HTTP_BODY_MAX bytes of body, 16 KiB of header, within 20 s.
 * Every reply carries the headers that keep a browser from doing anything with
 * it but showing it.
 *
 * Bounds:   96 connections, 32 of one address; 10 s of silence, 20 s for a
 *           request and its answer.
 * Threads:  one of its own calls `answer`; start and stop from the main thread.
 * Standard: RFC 9110, RFC 9112.
 */
#ifndef SALLYPORT_WEB_HTTP_H
#define SALLYPORT_WEB_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "sallyport/err.h"
#include "sallyport/ip.h"

enum {
	SP_HTTP_BODY_MAX = 4096,
	SP_HTTP_COOKIE_SIZE = 192
};

enum sp_http_method {
	SP_HTTP_GET, /* and HEAD */
	SP_HTTP_POST
};

struct sp_http_request {
	enum sp_http_method method;
	const char *path; /* letters, digits and -._~/ only */
	const char *body; /* NUL-terminated; "" for none */
	struct sp_ip peer;
	void *wire; /* http.c's own */
};

struct sp_http_reply {
	unsigned status;
	const char *type;  /* constant: "application/json" */
	const char *bytes; /* the body */
	size_t length;
	bool is_ours_to_free;		  /* by free(), once it is sent */
	char cookie[SP_HTTP_COOKIE_SIZE]; /* to set; "" for none */
	unsigned retry_after_sec;	  /* 0: does not say */
};

/* NULL when the request has none. Borrowed, as long as the request. */
const char *sp_http_header(const struct sp_http_request *request,
			   const char *name);
const char *sp_http_cookie(const struct sp_http_request *request,
			   const char *name);
/* Of the query; percent signs are read. */
const char *sp_http_argument(const struct sp_http_request *request,
			     const char *name);

/* Who answers; it may wait, but then all others wait too. */
struct sp_http_server {
	void (*answer)(void *context, const struct sp_http_request *request,
		       struct sp_http_reply *reply_out);
	void *context;
};

struct sp_http;

/* `listener` is a listening socket; it belongs to *http_out then. */
enum sp_err sp_http_start(int listener, const struct sp_http_server *server,
			  struct sp_http **http_out);
void sp_http_stop(struct sp_http **http);

#endif
