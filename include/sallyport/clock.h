/*
 * clock.h - what time it is, for everything that our own clock decides.
 *
 * Two times, both in milliseconds: the *wall* (since 1970; greylisting's ages)
 * and the *monotonic* (deadlines and durations; never set back).
 *
 * A settable clock moves the wall only: tests say how far ahead it is, in a
 * file of 8 bytes that several processes may share (sallyportd --test-clock).
 * Deadlines stay real, so a test that moves the wall times nothing out.
 *
 * Threads:  any thread may ask; the offset is an atomic.
 */
#ifndef SALLYPORT_CLOCK_H
#define SALLYPORT_CLOCK_H

#include <stdint.h>

#include "sallyport/err.h"

struct sp_clock;

/* The clock of the system. Never fails, never freed. */
const struct sp_clock *sp_clock_real(void);

/*
 * The clock of the system, ahead by the int64_t (milliseconds, the machine's
 * byte order) at the beginning of the file `path`. The file is mapped: what
 * another process writes there counts at once. It is created with 8 zero bytes
 * when it does not exist.
 */
enum sp_err sp_clock_from_file(const char *path, struct sp_clock **clock_out);
void sp_clock_free(struct sp_clock **clock); /* not for sp_clock_real() */

/* For unit tests: add `ms` to a clock made by sp_clock_from_file. */
void sp_clock_advance(struct sp_clock *clock, int64_t ms);

int64_t sp_clock_wall_ms(const struct sp_clock *clock);
int64_t sp_clock_mono_ms(void);
int64_t sp_clock_mono_us(void);

#endif
