/*
 * recorder.h - verdicts on their way to Redis, beside the mail.
 *
 * A mail that is over leaves its record in a queue and is done; a thread of ours
 * takes records from there, makes events of them and writes them, several at a
 * time (event_store.h). Nobody ever waits for it: while Redis is gone, or slower
 * than mail comes in, records are dropped, counted, and said once, as is that
 * they are kept again.
 *
 * Threads:  start and stop from the main thread.
 */
#ifndef SALLYPORT_RECORDER_H
#define SALLYPORT_RECORDER_H

#include "sallyport/err.h"

struct sp_service_slot;

enum {
	SP_RECORDER_QUEUE = 1024
};

enum sp_err sp_recorder_start(struct sp_service_slot *slot);

/* Writes what is in the queue, and ends. No more than a moment when Redis does
 * not answer. */
void sp_recorder_stop(void);

#endif
