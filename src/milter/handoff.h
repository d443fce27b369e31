/*
 * handoff.h - no session waits for another session's callback.
 *
 * libmilter's pool keeps an idle thread or two. When a session has something to
 * read, its controller wakes one of them, or starts a thread if none is idle;
 * but it counts a thread as idle until that has really woken. So of sessions
 * that speak in the same moment several are promised to one thread, and all
 * but the first wait until a callback returns somewhere: for as long as that
 * waits for DNS or holds a greeting. (With 20 greetings held for 6 seconds,
 * one run in ten made each wait for the one before it: a minute.)
 *
 * What we do about it: note each session that is handed to the pool, and when a
 * thread begins with it. Both happen in calls of libmilter's that this program
 * takes over (readahead.c). When somebody waits for a thread, and nobody got one
 * for 3 ms, one more is needed. The pool starts one for any session that has
 * something to read while no thread is idle. So there are a few sessions of our
 * own in it, which never say anything (*spares*): a byte on one is the call for
 * a thread. That one finds nothing to do there, and takes those that wait.
 *
 * Cost: nothing but a note where all goes well. The calls are made by the
 *       threads that hand over, from their own poll(): no thread of ours is
 *       awake for it. Idle threads in excess leave by themselves.
 * Threads: any.
 */
#ifndef SALLYPORT_SRC_HANDOFF_H
#define SALLYPORT_SRC_HANDOFF_H

#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

enum {
	/* Connections beyond are served like before. */
	SP_HANDOFF_DESCRIPTORS = 65536
};

/* The session of `fd` has been handed to the pool. */
void sp_handoff_promise(int fd);

/* A thread has begun with it; or it is closed. Not promised: nothing happens. */
void sp_handoff_begin(int fd);

/*
 * poll() for a thread that hands over: as long as a session waits to be begun
 * with, it looks after that.
 */
int sp_handoff_poll(struct pollfd *polled, nfds_t count, int timeout_ms);

/* Whether accept() should give libmilter a spare instead of a connection. */
bool sp_handoff_wants_spare(void);

/*
 * A spare's descriptor, for accept() to return as if from a client of
 * `family`; -1 when there is none. `address` and `length` as in accept().
 */
int sp_handoff_give_spare(int family, struct sockaddr *address,
			  const socklen_t *length);

/* Whether it is one; there is never anything to read then, and what called for
 * a thread is taken from it. */
bool sp_handoff_is_spare(int fd);

/* It is about to be closed. */
void sp_handoff_forget(int fd);

#endif
