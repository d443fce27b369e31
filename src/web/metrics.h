/*
 * metrics.h - /metrics: what Prometheus reads, in its text format 0.0.4.
 *
 * All of it is of this daemon since its start, from memory: a scrape asks
 * neither Redis nor DNS.
 *
 * Threads:  HTTP's only.
 */
#ifndef SALLYPORT_WEB_METRICS_H
#define SALLYPORT_WEB_METRICS_H

#include "call.h"

void sp_view_metrics(const struct sp_web_call *call);

#endif
