/*
 * user_ask.h - the questions of submitters on the operator's socket; control.h
 *              tells them.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_SRC_CONTROL_USER_ASK_H
#define SALLYPORT_SRC_CONTROL_USER_ASK_H

#include <jansson.h>

struct sp_service;

/* NULL: it is no question of submitters. `question` is written to; `by` is who
 * asks, for the log. */
json_t *sp_user_answer(const struct sp_service *service, char *question,
		       const char *by);

#endif
