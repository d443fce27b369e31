/*
 * verdict_view.h - what became of mails: the events that Redis keeps (README:
 *                  the query's words and an event's members).
 *
 * Threads:  HTTP's only.
 */
#ifndef SALLYPORT_WEB_VERDICT_VIEW_H
#define SALLYPORT_WEB_VERDICT_VIEW_H

#include "call.h"

void sp_view_verdicts(const struct sp_web_call *call);

/* The one with `id`, and what would have changed it: what `sallyport explain
 * --json` says. */
void sp_view_verdict(const struct sp_web_call *call);

#endif
