/*
 * user_view.h - submitters, limits and classes as JSON; users.h tells the names.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_SRC_CONTROL_USER_VIEW_H
#define SALLYPORT_SRC_CONTROL_USER_VIEW_H

#include <jansson.h>

#include <stdint.h>

struct sp_class;
struct sp_class_reason;
struct sp_submitter_entry;
struct sp_submitter_standing;
struct sp_unusual_config;

/* NAME and NAME_ms; 0 is null. */
void sp_view_time(json_t *object, const char *name, int64_t ms);

/* state, since, until, observed, why, cause. */
void sp_view_standing(json_t *object,
		      const struct sp_submitter_standing *standing);

/* One of users, without limits and places. */
json_t *sp_view_user(const struct sp_submitter_entry *entry, int64_t now_ms);
/* And with everything; `reason` is why it is in its class. */
json_t *sp_view_user_whole(const struct sp_submitter_entry *entry,
			   const struct sp_class_reason *reason,
			   int64_t now_ms);

json_t *sp_view_class(const struct sp_class *class);
json_t *sp_view_class_reason(const struct sp_class_reason *reason);
json_t *sp_view_unusual(const struct sp_unusual_config *unusual);

#endif
