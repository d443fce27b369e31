#include "handoff.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "sallyport/clock.h"

enum {
	SPARES = 8,
	/* A thread that is woken is there in a tenth of a millisecond. On a
	 * busy machine it takes longer, but then others get on. */
	STUCK_MS = 3,
	/* So long nobody waits, whoever else gets on. */
	TOO_LONG_MS = 30,
	/* No thread was made for it, and the pool knows it no more. */
	LOST_MS = 30000,
	SPARE_RETRY_MS = 1000
};

/* libmilter's own: only one that has a pool has this. */
extern int mi_pool_controller_init(void) __attribute__((weak));

/* Sessions handed over and not begun with, in a queue by age. Descriptors are
 * one too great in it, so that 0 is "none" and nothing is to be initialised. */
struct place {
	int older, newer;
	int64_t since_ms;
	atomic_bool is_waiting;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Guarded by lock; is_waiting may be read without it. */
static struct place places[SP_HANDOFF_DESCRIPTORS];
static int oldest, newest;
static int64_t progress_ms; /* when a thread last began with one of them */
static int64_t next_call_ms;
static int calls = 1; /* for so many threads, the next time */

/* The end that the pool has, and ours; 0 = none. */
static struct {
	_Atomic int pool;
	int ours; /* guarded by lock */
} spares[SPARES];
static int64_t next_spare_ms; /* of the one thread that accepts */

static bool is_in_range(int fd)
{
	return fd >= 0 && fd < SP_HANDOFF_DESCRIPTORS;
}

static struct place *place_of(int number)
{
	return &places[number - 1];
}

static void append(int fd)
{
	struct place *place = &places[fd];

	place->older = newest;
	place->newer = 0;
	place->since_ms = sp_clock_mono_ms();
	place->is_waiting = true;
	if (newest)
		place_of(newest)->newer = fd + 1;
	else
		oldest = fd + 1;
	newest = fd + 1;
}

static void take_out(int fd)
{
	struct place *place = &places[fd];

	if (place->older)
		place_of(place->older)->newer = place->newer;
	else
		oldest = place->newer;
	if (place->newer)
		place_of(place->newer)->older = place->older;
	else
		newest = place->older;
	place->is_waiting = false;
	if (!oldest)
		calls = 1;
}

void sp_handoff_promise(int fd)
{
	if (!is_in_range(fd))
		return;
	pthread_mutex_lock(&lock);
	if (!places[fd].is_waiting)
		append(fd);
	pthread_mutex_unlock(&lock);
}

void sp_handoff_begin(int fd)
{
	/* Whoever begins with a session sees the promise: libmilter's own lock
	 * is between. Most often there is none, as for each further packet. */
	if (!is_in_range(fd) || !places[fd].is_waiting)
		return;
	pthread_mutex_lock(&lock);
	if (places[fd].is_waiting) {
		take_out(fd);
		progress_ms = sp_clock_mono_ms();
	}
	pthread_mutex_unlock(&lock);
}

static bool is_stuck(int64_t now_ms)
{
	int64_t since_ms;

	if (!oldest)
		return false;
	since_ms = place_of(oldest)->since_ms;
	return now_ms - since_ms >= TOO_LONG_MS ||
	       (now_ms - since_ms >= STUCK_MS &&
		now_ms - progress_ms >= STUCK_MS);
}

static void call_for_threads(void)
{
	for (int i = 0; i < calls; i++)
		if (spares[i].ours)
			(void)!send(spares[i].ours, "", 1,
				    MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void forget_lost(int64_t now_ms)
{
	while (oldest && now_ms - place_of(oldest)->since_ms >= LOST_MS)
		take_out(oldest - 1);
}

/* How long a poll() may take; -1: any time. */
static int64_t look_after(void)
{
	int64_t now_ms, pause_ms;

	pthread_mutex_lock(&lock);
	now_ms = oldest ? sp_clock_mono_ms() : 0;
	forget_lost(now_ms);
	/* Twice as many each time: those that come may be held up as well. */
	if (is_stuck(now_ms) && now_ms >= next_call_ms) {
		call_for_threads();
		next_call_ms = now_ms + STUCK_MS;
		calls = calls * 2 < SPARES ? calls * 2 : SPARES;
	}
	pause_ms = oldest ? STUCK_MS : -1;
	pthread_mutex_unlock(&lock);
	return pause_ms;
}

static int poll_for(struct pollfd *polled, nfds_t count, int64_t ms)
{
	const struct timespec timeout = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000L,
	};

	return ppoll(polled, count, ms < 0 ? NULL : &timeout, NULL);
}

int sp_handoff_poll(struct pollfd *polled, nfds_t count, int timeout_ms)
{
	int64_t left_ms = timeout_ms;

	for (;;) {
		int64_t pause_ms = look_after();
		int ready;

		if (pause_ms < 0 || (left_ms >= 0 && left_ms <= pause_ms))
			return poll_for(polled, count, left_ms);
		ready = poll_for(polled, count, pause_ms);
		if (ready != 0)
			return ready;
		if (left_ms >= 0)
			left_ms -= pause_ms;
	}
}

static int find_spare(int fd)
{
	for (int i = 0; i < SPARES; i++)
		if (spares[i].pool == fd)
			return i;
	return -1;
}

bool sp_handoff_wants_spare(void)
{
	return mi_pool_controller_init && find_spare(0) >= 0 &&
	       sp_clock_mono_ms() >= next_spare_ms;
}

int sp_handoff_give_spare(int family, struct sockaddr *address,
			  const socklen_t *length)
{
	int place = find_spare(0);
	int ends[2];

	if (place < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
		next_spare_ms = sp_clock_mono_ms() + SPARE_RETRY_MS;
		return -1;
	}
	if (address && *length >= sizeof(address->sa_family))
		address->sa_family = (sa_family_t)family;
	pthread_mutex_lock(&lock);
	spares[place].ours = ends[1];
	spares[place].pool = ends[0];
	pthread_mutex_unlock(&lock);
	return ends[0];
}

bool sp_handoff_is_spare(int fd)
{
	char taken[64];

	if (fd <= 0 || find_spare(fd) < 0)
		return false;
	while (recv(fd, taken, sizeof(taken), MSG_DONTWAIT) ==
	       (ssize_t)sizeof(taken))
		;
	return true;
}

void sp_handoff_forget(int fd)
{
	int spare = fd > 0 ? find_spare(fd) : -1;

	sp_handoff_begin(fd);
	if (spare < 0)
		return;
	pthread_mutex_lock(&lock);
	close(spares[spare].ours);
	spares[spare].ours = 0;
	spares[spare].pool = 0;
	pthread_mutex_unlock(&lock);
}
