/*
 * far_link.h - a slow link between two network namespaces, for who wants to see
 * what distance does. netem is not in every kernel: two TUN devices and a
 * thread that carries each packet later do the same.
 *
 * Wants root and /dev/net/tun.
 */
#ifndef SALLYPORT_TESTS_FAR_LINK_H
#define SALLYPORT_TESTS_FAR_LINK_H

#include <stdbool.h>
#include <stdint.h>

#define FAR_SERVER "10.99.0.1"
#define FAR_CLIENT "10.99.0.2"

struct far_link;

/* A packet takes `delay_ms` each way. NULL when this machine does not allow it:
 * *why_out then says what. */
struct far_link *far_link_open(int64_t delay_ms, const char **why_out);
void far_link_close(struct far_link **link);

/* The calling thread's namespace: what it opens belongs there. */
void far_link_enter_server(const struct far_link *link);
void far_link_enter_client(const struct far_link *link);
void far_link_leave(const struct far_link *link);

#endif
