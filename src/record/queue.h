/*
 * queue.h - how records come to the recorder.
 *
 * Threads:  any.
 */
#ifndef SALLYPORT_SRC_RECORD_QUEUE_H
#define SALLYPORT_SRC_RECORD_QUEUE_H

struct sp_entry;

/* Takes a reference of its own; drops what has no room. Never waits. */
void sp_queue_put(struct sp_entry *entry);

#endif
