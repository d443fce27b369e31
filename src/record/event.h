/*
 * event.h - records made into events, and counted.
 *
 * Threads:  one at a time per object.
 */
#ifndef SALLYPORT_SRC_RECORD_EVENT_H
#define SALLYPORT_SRC_RECORD_EVENT_H

#include <stddef.h>

struct sp_entry;
struct sp_event_batch;
struct sp_event_paper;
struct sp_service;

/* What `batch_out` stands on: give it back when the batch was written. NULL: no
 * memory. `count` is SP_EVENT_BATCH at most. */
struct sp_event_paper *sp_event_paper_new(const struct sp_service *service,
					  struct sp_entry *const *entries,
					  size_t count,
					  struct sp_event_batch *batch_out);
void sp_event_paper_free(struct sp_event_paper **paper);

#endif
