#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sallyport/clock.h"

enum {
	/* Where the kernel has no pidfd to wait for. */
	LOOK_EVERY_MS = 50,
	ENVIRONMENT_MAX = 5,
	ZONE_SIZE = 128
};

/* What the child begins with, beside its words. */
struct frame {
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char zone[ZONE_SIZE];
	char *environment[ENVIRONMENT_MAX];
};

static void fill_environment(struct frame *frame)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:"
			     "/usr/sbin:/usr/bin:/sbin:/bin";
	static char home[] = "HOME=/";
	static char language[] = "LANG=C";
	const char *zone = getenv("TZ");
	size_t count = 0;

	frame->environment[count++] = path;
	frame->environment[count++] = home;
	frame->environment[count++] = language;
	if (zone != NULL && strlen(zone) + 4 <= sizeof(frame->zone)) {
		snprintf(frame->zone, sizeof(frame->zone), "TZ=%s", zone);
		frame->environment[count++] = frame->zone;
	}
	frame->environment[count] = NULL;
}

static void frame_clear(struct frame *frame)
{
	posix_spawn_file_actions_destroy(&frame->actions);
	posix_spawnattr_destroy(&frame->attributes);
}

/* Returns 0, or what errno would say. */
static int frame_init(struct frame *frame, int in_fd, int out_fd)
{
	posix_spawn_file_actions_t *actions = &frame->actions;
	posix_spawnattr_t *attributes = &frame->attributes;
	sigset_t all, none;
	int failure = 0;

	sigfillset(&all);
	sigemptyset(&none);
	fill_environment(frame);
	posix_spawn_file_actions_init(actions);
	posix_spawnattr_init(attributes);
	failure |= posix_spawn_file_actions_adddup2(actions, in_fd, 0);
	failure |= posix_spawn_file_actions_adddup2(actions, out_fd, 1);
	failure |= posix_spawn_file_actions_adddup2(actions, out_fd, 2);
	/* All of ours are closed on exec; a library's may not be. */
	failure |= posix_spawn_file_actions_addclosefrom_np(actions, 3);
	failure |= posix_spawn_file_actions_addchdir_np(actions, "/");
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF |
						     POSIX_SPAWN_SETSIGMASK |
						     POSIX_SPAWN_SETSID);
	if (failure != 0)
		frame_clear(frame);
	return failure == 0 ? 0 : ENOMEM;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

struct pipes {
	int in[2], out[2]; /* -1: none */
};

static void close_pipes(struct pipes *pipes)
{
	for (size_t i = 0; i < 2; i++) {
		close_fd(&pipes->in[i]);
		close_fd(&pipes->out[i]);
	}
}

/* Ours do not block; the child's do, as programs expect. Returns 0 or errno. */
static int open_pipes(struct pipes *pipes)
{
	*pipes = (struct pipes){ { -1, -1 }, { -1, -1 } };
	if (pipe2(pipes->in, O_CLOEXEC) == 0 &&
	    pipe2(pipes->out, O_CLOEXEC) == 0 &&
	    fcntl(pipes->in[1], F_SETFL, O_NONBLOCK) == 0 &&
	    fcntl(pipes->out[0], F_SETFL, O_NONBLOCK) == 0)
		return 0;
	return errno;
}

/* Returns 0, or what errno would say. posix_spawn tells what exec says too, and
 * in the child nothing but it runs: threads of ours hold what locks they may. */
static int spawn(const struct sp_run_order *order, struct pipes *pipes,
		 pid_t *pid_out)
{
	struct frame frame;
	int failure = open_pipes(pipes);

	if (failure == 0)
		failure = frame_init(&frame, pipes->in[0], pipes->out[1]);
	if (failure != 0)
		return failure;
	failure = posix_spawn(pid_out, order->words[0], &frame.actions,
			      &frame.attributes, (char *const *)order->words,
			      frame.environment);
	frame_clear(&frame);
	return failure;
}

enum sp_err sp_run_start(struct sp_run *run, const struct sp_run_order *order,
			 struct sp_run_end *end_out)
{
	struct pipes pipes;
	pid_t pid;
	int failure = spawn(order, &pipes, &pid);
	int64_t now_ms = sp_clock_mono_ms();

	if (failure != 0) {
		char reason[64];

		close_pipes(&pipes);
		free(order->input);
		*end_out = (struct sp_run_end){ .is_good = false };
		snprintf(end_out->how, sizeof(end_out->how),
			 "%.80s cannot be run: %s", order->words[0],
			 strerror_r(failure, reason, sizeof(reason)));
		return SP_ERR_SYSTEM;
	}
	*run = (struct sp_run){
		.stage = SP_RUN_GOING,
		.pid = pid,
		.pid_fd = pidfd_open(pid, 0),
		.in_fd = pipes.in[1],
		.out_fd = pipes.out[0],
		.input = order->input,
		.input_length = strlen(order->input),
		.began_ms = now_ms,
		.until_ms = now_ms + order->timeout_ms,
	};
	close(pipes.in[0]);
	close(pipes.out[1]);
	return SP_OK;
}

int64_t sp_run_poll(const struct sp_run *run, struct pollfd fds_out[SP_RUN_FDS])
{
	bool is_idle = run->stage == SP_RUN_IDLE;
	int64_t look_ms;

	fds_out[0] = (struct pollfd){ is_idle ? -1 : run->pid_fd, POLLIN, 0 };
	fds_out[1] = (struct pollfd){ is_idle ? -1 : run->in_fd, POLLOUT, 0 };
	fds_out[2] = (struct pollfd){ is_idle ? -1 : run->out_fd, POLLIN, 0 };
	if (is_idle)
		return INT64_MAX;
	look_ms = sp_clock_mono_ms() + LOOK_EVERY_MS;
	return run->pid_fd < 0 && look_ms < run->until_ms ? look_ms
							  : run->until_ms;
}

static void end_input(struct sp_run *run)
{
	close_fd(&run->in_fd);
	free(run->input);
	run->input = NULL;
}

static void feed(struct sp_run *run)
{
	while (run->in_fd >= 0) {
		ssize_t put = write(run->in_fd, run->input + run->input_done,
				    run->input_length - run->input_done);

		if (put < 0 && errno == EAGAIN)
			return;
		if (put > 0)
			run->input_done += (size_t)put;
		/* A program that does not read (EPIPE) has its reasons. */
		if (put < 0 || run->input_done == run->input_length)
			end_input(run);
	}
}

static void keep(struct sp_run *run, const char *bytes, size_t length)
{
	size_t room = sizeof(run->output) - run->output_length;
	size_t kept = length < room ? length : room;

	memcpy(run->output + run->output_length, bytes, kept);
	run->output_length += kept;
	run->output_total += length;
}

static void drain(struct sp_run *run)
{
	char bytes[16384];

	while (run->out_fd >= 0) {
		ssize_t got = read(run->out_fd, bytes, sizeof(bytes));

		if (got < 0 && errno == EAGAIN)
			return;
		if (got > 0)
			keep(run, bytes, (size_t)got);
		if (got <= 0 || run->output_total > SP_RUN_OUTPUT_MOST)
			close_fd(&run->out_fd);
	}
}

/* Not reaped yet: as long as it is not, its pid and its group are nobody
 * else's, and may be sent signals. */
static bool has_ended(const struct sp_run *run)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)run->pid, &info,
		      WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == run->pid;
}

/* Its time is over: the next stage. False when there is none left. */
static bool escalate(struct sp_run *run, int64_t now_ms)
{
	if (run->stage == SP_RUN_KILLED)
		return false;
	run->stage =
		run->stage == SP_RUN_GOING ? SP_RUN_TERMINATED : SP_RUN_KILLED;
	kill(-run->pid, run->stage == SP_RUN_KILLED ? SIGKILL : SIGTERM);
	run->until_ms = now_ms + SP_RUN_GRACE_MS;
	return true;
}

static void describe(const struct sp_run *run, int status, char *how,
		     size_t how_size)
{
	const char *flood = run->output_total > SP_RUN_OUTPUT_MOST
				    ? ", after more than 1 MB of output"
				    : "";

	if (run->stage != SP_RUN_GOING)
		snprintf(how, how_size, "ended by us after %lld ms (%s)",
			 (long long)(sp_clock_mono_ms() - run->began_ms),
			 run->is_stopped ? "we stop" : "notify.timeout");
	else if (WIFSIGNALED(status))
		snprintf(how, how_size, "signal %d%s", WTERMSIG(status), flood);
	else
		snprintf(how, how_size, "exit %d%s", WEXITSTATUS(status),
			 flood);
}

static void finish(struct sp_run *run, int status, struct sp_run_end *end_out)
{
	*end_out = (struct sp_run_end){
		.is_good = run->stage == SP_RUN_GOING && WIFEXITED(status) &&
			   WEXITSTATUS(status) == 0,
		.took_ms = sp_clock_mono_ms() - run->began_ms,
		.output_length = run->output_length,
	};
	describe(run, status, end_out->how, sizeof(end_out->how));
	memcpy(end_out->output, run->output, run->output_length);
	end_input(run);
	close_fd(&run->out_fd);
	close_fd(&run->pid_fd);
	run->stage = SP_RUN_IDLE;
}

bool sp_run_step(struct sp_run *run, int64_t now_ms, struct sp_run_end *end_out)
{
	int status = 0;

	if (run->stage == SP_RUN_IDLE)
		return false;
	feed(run);
	if (!has_ended(run)) {
		drain(run);
		if (now_ms < run->until_ms || escalate(run, now_ms))
			return false;
		/* Not even SIGKILL ends it: it sits in the kernel, and is left
		 * there. */
		finish(run, status, end_out);
		return true;
	}
	drain(run);
	/* Whom its time has run out for takes its children along. */
	if (run->stage != SP_RUN_GOING)
		kill(-run->pid, SIGKILL);
	while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
		;
	finish(run, status, end_out);
	return true;
}

void sp_run_stop(struct sp_run *run, int64_t now_ms)
{
	if (run->stage != SP_RUN_GOING)
		return;
	run->is_stopped = true;
	run->until_ms = now_ms;
}
