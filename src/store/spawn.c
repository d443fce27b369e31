/* spawn.c - see spawn.h. */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

extern char **environ;

/* Everything that the child needs, made before the fork: between fork and exec
 * a process with threads may call async-signal-safe functions only. */
struct launch {
	char program[SP_SPAWN_PATH_SIZE];
	const char *folder;
	char memory[24];
	const char *words[40];
	pid_t parent;
	int null_fd, log_fd, lock_fd; /* all above 2; -1: not open */
};

/* Descriptors at or above this are out of the way of 0, 1, 2. */
enum {
	LOW_FD = 10
};

static bool is_program(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
	       access(path, X_OK) == 0;
}

enum sp_err sp_spawn_find(const struct sp_spawn *spawn,
			  char path_out[SP_SPAWN_PATH_SIZE])
{
	const char *folders = getenv("PATH");

	path_out[0] = '\0';
	if (strchr(spawn->program, '/') != NULL) {
		if (!is_program(spawn->program))
			return SP_ERR_NOT_FOUND;
		memcpy(path_out, spawn->program, SP_SPAWN_PATH_SIZE);
		return SP_OK;
	}
	/* Also when a service manager gave us no PATH. */
	if (folders == NULL || folders[0] == '\0')
		folders = "/usr/local/bin:/usr/bin:/bin";
	while (*folders != '\0') {
		size_t length = strcspn(folders, ":");
		char path[SP_SPAWN_PATH_SIZE];
		int written = snprintf(path, sizeof(path), "%.*s/%s",
				       (int)length, folders, spawn->program);

		if (length > 0 && written < (int)sizeof(path) &&
		    is_program(path)) {
			memcpy(path_out, path, sizeof(path));
			return SP_OK;
		}
		folders += length;
		folders += *folders == ':';
	}
	return SP_ERR_NOT_FOUND;
}

static enum sp_err say(char why_out[SP_SPAWN_WHY_SIZE], enum sp_err err,
		       const char *what, const char *path)
{
	char reason[64];

	if (err == SP_ERR_SYSTEM)
		snprintf(why_out, SP_SPAWN_WHY_SIZE, "%s %s: %s", what, path,
			 strerror_r(errno, reason, sizeof(reason)));
	else
		snprintf(why_out, SP_SPAWN_WHY_SIZE, "%s %s", what, path);
	return err;
}

/* The same number or a higher one, closed on exec. */
static int lift(int fd)
{
	int lifted;

	if (fd < 0 || fd >= LOW_FD)
		return fd;
	lifted = fcntl(fd, F_DUPFD_CLOEXEC, LOW_FD);
	close(fd);
	return lifted;
}

/*
 * The lock goes over to the server with the descriptor: it holds as long as the
 * server lives, also one that a killed daemon left behind. Two servers on one
 * append-only file would ruin it.
 */
static enum sp_err take_lock(const struct sp_spawn *spawn,
			     struct launch *launch,
			     char why_out[SP_SPAWN_WHY_SIZE])
{
	char path[SP_SPAWN_PATH_SIZE + 8];

	snprintf(path, sizeof(path), "%s/lock", spawn->folder);
	launch->lock_fd = lift(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	if (launch->lock_fd < 0)
		return say(why_out, SP_ERR_SYSTEM, "cannot write", path);
	if (flock(launch->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return SP_OK;
	if (errno != EWOULDBLOCK)
		return say(why_out, SP_ERR_SYSTEM, "cannot lock", path);
	return say(why_out, SP_ERR_EXISTS,
		   "another redis-server still uses the folder", spawn->folder);
}

/* Whether somebody answers on the socket; a dead one is removed. */
static enum sp_err clear_socket(const struct sp_spawn *spawn,
				char why_out[SP_SPAWN_WHY_SIZE])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(spawn->socket);
	int fd, reason;

	if (length >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return say(why_out, SP_ERR_SYSTEM, "cannot listen on",
			   spawn->socket);
	}
	memcpy(address.sun_path, spawn->socket, length + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return say(why_out, SP_ERR_SYSTEM, "cannot look at",
			   spawn->socket);
	reason = connect(fd, (const struct sockaddr *)&address,
			 sizeof(address)) == 0
			 ? 0
			 : errno;
	close(fd);
	if (reason == ENOENT)
		return SP_OK;
	if (reason == ECONNREFUSED && unlink(spawn->socket) == 0)
		return SP_OK;
	if (reason == 0 || reason == EAGAIN)
		return say(why_out, SP_ERR_EXISTS,
			   "another process already listens on", spawn->socket);
	errno = reason;
	return say(why_out, SP_ERR_SYSTEM, "cannot use", spawn->socket);
}

static enum sp_err prepare(const struct sp_spawn *spawn, struct launch *launch,
			   char why_out[SP_SPAWN_WHY_SIZE])
{
	enum sp_err err;

	if (sp_spawn_find(spawn, launch->program) != SP_OK) {
		snprintf(
			why_out, SP_SPAWN_WHY_SIZE,
			"the program %s was not found; on Debian: apt-get install redis-server (or set store: to a Redis of yours)",
			spawn->program);
		return SP_ERR_NOT_FOUND;
	}
	if (mkdir(spawn->folder, 0700) != 0 && errno != EEXIST)
		return say(why_out, SP_ERR_SYSTEM, "cannot make",
			   spawn->folder);
	err = take_lock(spawn, launch, why_out);
	if (err == SP_OK)
		err = clear_socket(spawn, why_out);
	if (err != SP_OK)
		return err;
	launch->null_fd = lift(open("/dev/null", O_RDWR | O_CLOEXEC));
	launch->log_fd = lift(open(
		spawn->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
	if (launch->null_fd < 0 || launch->log_fd < 0)
		return say(why_out, SP_ERR_SYSTEM, "cannot write", spawn->log);
	return SP_OK;
}

static void fill_words(const struct sp_spawn *spawn, struct launch *launch)
{
	/* It writes its log to standard output, which is our log file: so what
	 * it says before it reads its options stands there too. */
	const char *const words[] = {
		launch->program,
		"--port",
		"0",
		"--unixsocket",
		spawn->socket,
		"--unixsocketperm",
		"700",
		"--dir",
		".",
		"--daemonize",
		"no",
		"--supervised",
		"no",
		"--appendonly",
		"yes",
		"--appendfsync",
		"everysec",
		"--save",
		"",
		"--maxmemory",
		launch->memory,
		"--maxmemory-policy",
		"volatile-ttl",
		"--maxclients",
		"1000",
	};
	const size_t count = sizeof(words) / sizeof(words[0]);

	snprintf(launch->memory, sizeof(launch->memory), "%" PRIu64,
		 spawn->max_memory_bytes);
	memcpy(launch->words, words, sizeof(words));
	launch->words[count] = NULL;
	launch->folder = spawn->folder;
	launch->parent = getpid();
}

/* In the child: async-signal-safe calls only. */
static void reset_signals(void)
{
	struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int signal = 1; signal < NSIG; signal++)
		sigaction(signal, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: async-signal-safe calls only. */
static void run_child(const struct launch *launch)
{
	/* A session of its own: Ctrl-C on our terminal is not for it; we stop
	 * it when the mails that are open no longer need it. */
	setsid();
	reset_signals();
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != launch->parent)
		_exit(126); /* our parent died before it could tell us so */
	if (dup2(launch->null_fd, 0) < 0 || dup2(launch->log_fd, 1) < 0 ||
	    dup2(launch->log_fd, 2) < 0 || dup2(launch->lock_fd, 3) < 0 ||
	    chdir(launch->folder) != 0)
		_exit(126);
	close_range(4, ~0U, 0);
	execve(launch->program, (char *const *)launch->words, environ);
	_exit(127);
}

enum sp_err sp_spawn(const struct sp_spawn *spawn, pid_t *pid_out,
		     char why_out[SP_SPAWN_WHY_SIZE])
{
	struct launch launch = { .null_fd = -1, .log_fd = -1, .lock_fd = -1 };
	enum sp_err err = prepare(spawn, &launch, why_out);
	pid_t pid;

	*pid_out = 0;
	if (err == SP_OK) {
		fill_words(spawn, &launch);
		pid = fork();
		if (pid == 0)
			run_child(&launch);
		if (pid < 0)
			err = say(why_out, SP_ERR_SYSTEM, "cannot fork for",
				  launch.program);
		else
			*pid_out = pid;
	}
	if (launch.null_fd >= 0)
		close(launch.null_fd);
	if (launch.log_fd >= 0)
		close(launch.log_fd);
	if (launch.lock_fd >= 0)
		close(launch.lock_fd);
	return err;
}

void sp_spawn_last_words(const struct sp_spawn *spawn, char *line_out,
			 size_t line_size)
{
	char tail[1024];
	int fd = open(spawn->log, O_RDONLY | O_CLOEXEC);
	ssize_t count = 0;
	char *line;

	line_out[0] = '\0';
	if (fd < 0)
		return;
	if (lseek(fd, -(off_t)(sizeof(tail) - 1), SEEK_END) < 0)
		lseek(fd, 0, SEEK_SET);
	count = read(fd, tail, sizeof(tail) - 1);
	close(fd);
	while (count > 0 && tail[count - 1] == '\n')
		count--;
	tail[count > 0 ? count : 0] = '\0';
	line = strrchr(tail, '\n');
	snprintf(line_out, line_size, "%s", line == NULL ? tail : line + 1);
}
