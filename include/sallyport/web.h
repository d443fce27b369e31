/*
 * web.h - the dashboard, its API, and the metrics for Prometheus, over HTTP.
 *
 * Plain HTTP on one socket, served by one thread of its own that takes less of
 * the processor than mail does. What strangers may take is bounded: connections
 * (in all and of one address), the size of a request, the time that it takes.
 * TLS is a reverse proxy's work.
 *
 * Who may see what is told in src/web/guard.h, the paths in src/web/route.c.
 *
 * Threads:  all of it from the main thread.
 */
#ifndef SALLYPORT_WEB_H
#define SALLYPORT_WEB_H

#include "sallyport/err.h"

struct sp_config;
struct sp_embedded;
struct sp_service_slot;
struct sp_web;

struct sp_web_sources {
	struct sp_service_slot *slot;
	const struct sp_embedded *embedded; /* NULL: not ours to run */
};

/* Bind web.listen (while we may still be root); *web_out is NULL, and all is
 * well, when it is empty. What fails is said in the log. */
enum sp_err sp_web_open(const struct sp_config *config,
			struct sp_web **web_out);

/* NULL: nothing to do. */
enum sp_err sp_web_start(struct sp_web *web,
			 const struct sp_web_sources *sources);

/* Ends the thread and all connections. */
void sp_web_stop(struct sp_web **web);

#endif
