/* redis_server.c - see redis_server.h. */

#include "redis_server.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void give_up(const char *what)
{
	fprintf(stderr, "redis_server: %s: %s\n", what, strerror(errno));
	abort();
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

void test_folder_new(char path_out[64])
{
	strcpy(path_out, "/tmp/sallyport-test-XXXXXX");
	if (mkdtemp(path_out) == NULL)
		give_up("mkdtemp");
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *where)
{
	(void)status, (void)type, (void)where;
	return remove(path);
}

void test_folder_remove(const char *path)
{
	/* A server that ends meanwhile may still add a file. */
	for (int tries = 0; tries < 20; tries++) {
		nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
		if (access(path, F_OK) != 0)
			return;
		sleep_ms(10);
	}
}

static int talk(const char *socket_path, const char *command, char *reply_out,
		size_t reply_size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = 5 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char line[512];
	ssize_t count = -1;

	if (fd < 0)
		give_up("socket");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	snprintf(line, sizeof(line), "%s\r\n", command);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    send(fd, line, strlen(line), MSG_NOSIGNAL) > 0)
		count = recv(fd, reply_out, reply_size - 1, 0);
	reply_out[count > 0 ? count : 0] = '\0';
	close(fd);
	return count > 0;
}

bool redis_server_answers(const char *socket_path, int wait_ms)
{
	char reply[64];

	for (int waited_ms = 0; waited_ms <= wait_ms; waited_ms += 10) {
		/* NOAUTH is an answer too. */
		if (talk(socket_path, "PING", reply, sizeof(reply)) &&
		    strncmp(reply, "-LOADING", 8) != 0)
			return true;
		sleep_ms(10);
	}
	return false;
}

static void run_server(const struct redis_server *server)
{
	char log[128];
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(log, sizeof(log), "%s/log", server->folder);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	execlp("redis-server", "redis-server", "--port", "0", "--unixsocket",
	       server->socket, "--dir", server->folder, "--appendonly", "yes",
	       "--appendfsync", "everysec", "--save", "", server->extra,
	       server->value, (char *)NULL);
	_exit(127);
}

void redis_server_restart(struct redis_server *server)
{
	server->pid = fork();
	if (server->pid < 0)
		give_up("fork");
	if (server->pid == 0)
		run_server(server);
	if (!redis_server_answers(server->socket, 5000))
		give_up("redis-server does not answer (is it installed?)");
}

void redis_server_start(struct redis_server *server, const char *extra,
			const char *value)
{
	*server = (struct redis_server){ .extra = extra, .value = value };
	test_folder_new(server->folder);
	snprintf(server->socket, sizeof(server->socket), "%s/redis.sock",
		 server->folder);
	redis_server_restart(server);
}

void redis_server_signal(struct redis_server *server, int signal)
{
	if (server->pid > 0)
		kill(server->pid, signal);
}

static void end(struct redis_server *server, int signal)
{
	if (server->pid <= 0)
		return;
	kill(server->pid, signal);
	kill(server->pid, SIGCONT);
	waitpid(server->pid, NULL, 0);
	server->pid = 0;
}

void redis_server_stop(struct redis_server *server)
{
	end(server, SIGTERM);
}

void redis_server_kill(struct redis_server *server)
{
	end(server, SIGKILL);
}

void redis_server_clear(struct redis_server *server)
{
	redis_server_kill(server);
	test_folder_remove(server->folder);
}

void redis_server_tell(const struct redis_server *server, const char *command,
		       char *reply_out, size_t reply_size)
{
	if (!talk(server->socket, command, reply_out, reply_size))
		give_up(command);
}
