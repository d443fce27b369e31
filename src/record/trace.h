/*
 * trace.h - what a record tells of how its verdict came about, for people who
 * want to know: each result with its reason, each lookup with its time.
 */
#ifndef SALLYPORT_SRC_RECORD_TRACE_H
#define SALLYPORT_SRC_RECORD_TRACE_H

struct sp_record;
struct sp_session;

void sp_trace_results(struct sp_record *record,
		      const struct sp_session *session);
void sp_trace_lookups(struct sp_record *record,
		      const struct sp_session *session);

#endif
