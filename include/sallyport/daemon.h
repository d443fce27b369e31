/*
 * daemon.h - what a process does to be a good daemon: gives up root, tells
 * its supervisor, leaves a pid file, and takes no socket from anybody.
 *
 * Threads:  all of it from the main thread, before others exist, but for
 *           sp_notify.
 */
#ifndef SALLYPORT_DAEMON_H
#define SALLYPORT_DAEMON_H

#include "sallyport/err.h"

struct sp_config;

struct sp_daemon_folder {
	const char *option; /* that names it, for the log */
	const char *path;
	const char *group; /* who may enter it beside us; "" = our own group */
};

/*
 * Make the folder (one level) for the account of `config`, when it is not
 * there. One that is there stays as it is; that its group cannot enter it is
 * said. SP_ERR_SYSTEM, SP_ERR_CONFIG (no such group) are said in the log.
 */
enum sp_err sp_daemon_make_folder(const struct sp_config *config,
				  const struct sp_daemon_folder *folder);

/*
 * Become `user` and `group` of `config` for good: supplementary groups, group,
 * user, and no way back. Not root: nothing to do. Root and no `user`: refused,
 * since a mail filter has no business being root (`user: root` insists).
 * Afterwards the process leaves no core file.
 */
enum sp_err sp_daemon_drop_root(const struct sp_config *config);

/* As many open files as the system lets us have. */
void sp_daemon_raise_file_limit(void);

/* The process id, in a file of its own, written whole; "" = no file. */
enum sp_err sp_daemon_write_pid_file(const char *path);
void sp_daemon_remove_pid_file(const char *path);

/*
 * Make room for a Unix socket at `path`: a socket on which nobody answers is
 * removed. SP_ERR_EXISTS when somebody does, or when it is no socket. Errors
 * are said in the log, with `option` as their name.
 */
enum sp_err sp_daemon_clear_socket(const char *option, const char *path);

/* The group of that name; SP_ERR_CONFIG, said in the log. */
enum sp_err sp_daemon_find_group(const char *option, const char *name,
				 unsigned *gid_out);

/*
 * Tell the supervisor, in the protocol of sd_notify(3): "READY=1",
 * "STOPPING=1", "RELOADING=1" ... Nothing happens without NOTIFY_SOCKET.
 */
void sp_daemon_notify(const char *state);

#endif
