/*
 * list_watch.h - asks the test points of every DNS list, now and then.
 *
 * RFC 5782 section 5: what every list must list, and what no list may. One
 * thread asks all zones at once through the resolver: at the start, every
 * `dnsbl.test-interval` after, and as soon as a reload has brought other lists.
 * What comes is told to the lists' health (list_set.h).
 *
 * Threads:  start and stop from the main thread.
 */
#ifndef SALLYPORT_LIST_WATCH_H
#define SALLYPORT_LIST_WATCH_H

#include "sallyport/err.h"

struct sp_list_watch;
struct sp_service_slot;

/* `slot` outlives the watch. */
enum sp_err sp_list_watch_start(struct sp_service_slot *slot,
				struct sp_list_watch **watch_out);
void sp_list_watch_stop(struct sp_list_watch **watch);

#endif
