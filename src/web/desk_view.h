/*
 * desk_view.h - greylisting's desk: who waits, what came of it, and the
 *               operator's word (README: paths and members).
 *
 * What is changed is told in the log, with the address that it came from.
 *
 * Threads:  HTTP's only.
 */
#ifndef SALLYPORT_WEB_DESK_VIEW_H
#define SALLYPORT_WEB_DESK_VIEW_H

#include "call.h"

void sp_view_waiting(const struct sp_web_call *call);
void sp_view_outcome(const struct sp_web_call *call);
void sp_view_release(const struct sp_web_call *call);
void sp_view_trust(const struct sp_web_call *call);
void sp_view_expect(const struct sp_web_call *call);

#endif
