/*
 * submitter_view.h - who sends out through us, how much against which limit,
 *                    and the operator's lock and release (users.h: the members).
 *
 * Threads:  HTTP's only.
 */
#ifndef SALLYPORT_WEB_SUBMITTER_VIEW_H
#define SALLYPORT_WEB_SUBMITTER_VIEW_H

#include "call.h"

void sp_view_submitters(const struct sp_web_call *call);
void sp_view_submitter(const struct sp_web_call *call);
void sp_view_set_submitter(const struct sp_web_call *call);

#endif
