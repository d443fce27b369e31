/*
 * metrics.h - /metrics: what Prometheus reads, in its text format 0.0.4.
 *
 * All of it is of this daemon since its start, from memory, but for how many
 * submitters are in which state: that is in Redis, and left out when it does not
 * answer.
 *
 * Threads:  HTTP's only.
 */
#ifndef SALLYPORT_WEB_METRICS_H
#define SALLYPORT_WEB_METRICS_H

#include "call.h"

void sp_view_metrics(const struct sp_web_call *call);

#endif
