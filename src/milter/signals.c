/*
 * libmilter's smfi_main() starts a thread that calls sigwait() for HUP, TERM
 * and INT and stops the milter on any of them. We want HUP to reload and TERM
 * to drain, so the program brings a sigwait() of its own, which the library
 * finds before the C library's and which never returns. Signals are blocked in
 * every thread and taken by our own thread with sigwaitinfo() (sallyportd.c).
 */
#include "milter.h"

#include <signal.h>
#include <unistd.h>

void sp_milter_own_signals(void)
{
}

int sigwait(const sigset_t *restrict set, int *restrict signal_out)
{
	(void)set;
	(void)signal_out;
	for (;;)
		(void)pause();
}
