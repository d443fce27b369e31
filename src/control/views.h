/*
 * views.h - the JSON that the operator's socket answers with.
 */
#ifndef SALLYPORT_SRC_CONTROL_VIEWS_H
#define SALLYPORT_SRC_CONTROL_VIEWS_H

#include <jansson.h>

#include <stdint.h>

struct sp_control_sources;
struct sp_record;
struct sp_service;

/* Text from strangers may be no UTF-8, which JSON cannot hold: escaped then. */
json_t *sp_view_text(const char *value);

/* New references; NULL without memory. */
json_t *sp_view_status(const struct sp_control_sources *sources,
		       int64_t uptime_ms, const char *reload_error);
/* `facts` as facts_text.h writes them, or "". */
json_t *sp_view_record(const struct sp_record *record, const char *facts);
json_t *sp_view_notices(const struct sp_service *service);

/* What is answered to "notify WORD". */
json_t *sp_answer_notify(const struct sp_control_sources *sources,
			 const char *word);

#endif
