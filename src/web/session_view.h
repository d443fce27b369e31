/*
 * session_view.h - signing in and out.
 *
 *   GET  /api/session   {"version", "needs_sign_in", "may_look", "may_change"}
 *   POST /api/sign-in   {"password": TEXT}; sets the cookie
 *   POST /api/sign-out  {}
 *
 * Threads:  HTTP's only.
 */
#ifndef SALLYPORT_WEB_SESSION_VIEW_H
#define SALLYPORT_WEB_SESSION_VIEW_H

#include "call.h"

void sp_view_session(const struct sp_web_call *call);
void sp_view_sign_in(const struct sp_web_call *call);
void sp_view_sign_out(const struct sp_web_call *call);

#endif
