/*
 * outbox.h - what is said to an MTA about one mail goes out in one piece.
 *
 * libmilter writes each packet by itself: a poll() and a writev() for each
 * header that we add and for the answer behind them, and each wakes the MTA,
 * which can do nothing with a header before it has the answer. So edits wait
 * here until the answer comes, which is always the next packet of another kind:
 * the protocol has them only before an answer, and the MTA does not act on them
 * before either.
 *
 * Writing waits for room itself, for as long as libmilter would have polled:
 * most often there is room, and nobody has to be asked.
 *
 * Memory:  HELD_MAX bytes for a connection, and only within the callback
 *          at end of message; none for an idle one.
 * Threads: one at a time for a connection, as with reading (readahead.c).
 */
#ifndef SALLYPORT_SRC_OUTBOX_H
#define SALLYPORT_SRC_OUTBOX_H

#include <sys/types.h>

struct iovec;

/* In place of poll() for room: how long a write may wait. Below 0: any time. */
void sp_outbox_note_timeout(int fd, int timeout_ms);

/* writev() of one packet to an MTA. All of it or -1, and then the connection is
 * of no use any more: ETIMEDOUT, or as send() says. */
ssize_t sp_outbox_write(int fd, const struct iovec *pieces, int count);

/* The connection is about to be closed; what was held is lost with it. */
void sp_outbox_forget(int fd);

#endif
