/*
 * run.h - one run of a program, watched: from its start to its exit status,
 *         without ever waiting.
 *
 * Place:    the notifier's thread starts it, puts its descriptors into a
 *           poll(2), and steps it whenever that returns.
 * Threads:  one at a time; SIGPIPE must be blocked or ignored in it.
 */
#ifndef SALLYPORT_NOTIFY_RUN_H
#define SALLYPORT_NOTIFY_RUN_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sallyport/err.h"

enum {
	SP_RUN_FDS = 3,
	SP_RUN_GRACE_MS = 500, /* between SIGTERM, SIGKILL, and giving up */
	/* Whoever writes more finds nobody reading. */
	SP_RUN_OUTPUT_MOST = 1024 * 1024,
	SP_RUN_OUTPUT_KEPT = 480,
	SP_RUN_HOW_SIZE = 160
};

enum sp_run_stage {
	SP_RUN_IDLE,
	SP_RUN_GOING,
	SP_RUN_TERMINATED, /* SIGTERM was sent */
	SP_RUN_KILLED	   /* SIGKILL was sent */
};

struct sp_run {
	enum sp_run_stage stage;
	pid_t pid; /* its group's and its session's too */
	/* -1: none. */
	int pid_fd, in_fd, out_fd;
	char *input; /* owned; NULL: all is written */
	size_t input_length, input_done;
	int64_t began_ms, until_ms; /* monotonic: until the next stage */
	bool is_stopped;	    /* not by its own time */
	size_t output_total, output_length;
	char output[SP_RUN_OUTPUT_KEPT];
};

struct sp_run_order {
	const char *const *words; /* the path first; NULL behind the last */
	char *input;		  /* malloc()ed; taken over, in any case */
	int64_t timeout_ms;
};

/* How it ended. */
struct sp_run_end {
	bool is_good;
	char how[SP_RUN_HOW_SIZE];
	int64_t took_ms;
	/* The first bytes that it wrote, on either descriptor. */
	char output[SP_RUN_OUTPUT_KEPT];
	size_t output_length;
};

/* SP_ERR_SYSTEM: it cannot be run, and end_out->how says why; end_out is
 * written only then. */
enum sp_err sp_run_start(struct sp_run *run, const struct sp_run_order *order,
			 struct sp_run_end *end_out);

/* What to wait for. Returns until when, monotonic; INT64_MAX when it is idle. */
int64_t sp_run_poll(const struct sp_run *run,
		    struct pollfd fds_out[SP_RUN_FDS]);

/* Go on as far as can be. True: it is over, and idle again. */
bool sp_run_step(struct sp_run *run, int64_t now_ms,
		 struct sp_run_end *end_out);

/* End it now, as its timeout would. */
void sp_run_stop(struct sp_run *run, int64_t now_ms);

#endif
