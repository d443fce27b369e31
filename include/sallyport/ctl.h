/*
 * ctl.h - the operator's command, `sallyport`.
 *
 * One file per subcommand in src/ctl. Exit codes, the same for all:
 *
 *   0  fine                     (try: at least one recipient was accepted)
 *   1  the answer is no         (each subcommand's --help says what that is)
 *   2  used wrongly
 *   3  the daemon or Redis cannot be reached
 *   4  the configuration has errors
 *
 * Whatever a stranger may have written (senders, HELO names, headers) is made
 * safe for a terminal before it is printed.
 *
 * Threads:  one; it belongs to a program's main.
 */
#ifndef SALLYPORT_CTL_H
#define SALLYPORT_CTL_H

/* All of the program; returns its exit code. */
int sp_ctl_main(int argc, char **argv);

#endif
