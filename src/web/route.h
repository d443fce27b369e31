/*
 * route.h - from a path to the view that answers.
 *
 * Threads:  HTTP's only.
 */
#ifndef SALLYPORT_WEB_ROUTE_H
#define SALLYPORT_WEB_ROUTE_H

#include "call.h"

/* Answers call->request; `body` is filled in here. */
void sp_route(struct sp_web_call *call);

#endif
