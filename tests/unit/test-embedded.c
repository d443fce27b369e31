/* test-embedded.c - the private redis-server: begun, killed, ended, refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../support/redis_server.h"
#include "sallyport/clock.h"
#include "sallyport/config.h"
#include "sallyport/embedded.h"
#include "sallyport/log.h"
#include "sallyport/store.h"

struct world {
	char folder[64];
	char state_dir[96]; /* with a space in its name */
	char socket[108];
	char log[96];
	struct sp_config config;
	struct sp_embedded *embedded;
	struct sp_store *store;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct sp_log_options log = {
		.level = SP_LOG_DEBUG,
		.sink = SP_LOG_FILE,
	};

	test_folder_new(world->folder);
	snprintf(world->state_dir, sizeof(world->state_dir), "%s/state dir",
		 world->folder);
	snprintf(world->socket, sizeof(world->socket), "%s/redis.sock",
		 world->state_dir);
	snprintf(world->log, sizeof(world->log), "%s/log", world->folder);
	log.file = world->log;
	sp_log_configure(&log);
	mkdir(world->state_dir, 0700);
	world->config.state_dir = world->state_dir;
	world->config.redis = (struct sp_redis_config){
		.kind = SP_STORE_EMBEDDED,
		.path = world->socket,
		.connections = 2,
		.connect_timeout_ms = 1000,
		.command_timeout_ms = 1000,
		.breaker_failures = 1000,
		.breaker_pause_ms = 100,
		.server_program = "redis-server",
		.max_memory_bytes = 64 * 1024 * 1024,
	};
	*state = world;
	return sp_store_new(&world->config.redis, &world->store) == SP_OK ? 0
									  : -1;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	sp_embedded_stop(&world->embedded);
	sp_store_free(&world->store);
	test_folder_remove(world->folder);
	free(world);
	return 0;
}

static void start(struct world *world)
{
	assert_int_equal(
		sp_embedded_start(&world->config, 10000, &world->embedded),
		SP_OK);
}

/* One command of up to three words; its first text, "" for none. */
static enum sp_err say(struct world *world, const char *first,
		       const char *second, const char *third,
		       char reply_out[64])
{
	struct sp_store_bytes words[3];
	const char *texts[] = { first, second, third };
	struct sp_store_reply *reply;
	size_t count = 0;
	enum sp_err err;

	while (count < 3 && texts[count] != NULL) {
		words[count] = (struct sp_store_bytes){ texts[count],
							strlen(texts[count]) };
		count++;
	}
	err = sp_store_command(world->store, words, count,
			       sp_clock_mono_ms() + 2000, &reply);
	snprintf(reply_out, 64, "%s", sp_store_reply_text(reply, 0));
	sp_store_reply_free(&reply);
	return err;
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static bool log_says(const struct world *world, const char *text)
{
	char bytes[16384];
	FILE *file = fopen(world->log, "r");
	size_t length = file == NULL ? 0 : fread(bytes, 1, 16383, file);

	if (file != NULL)
		fclose(file);
	bytes[length] = '\0';
	return strstr(bytes, text) != NULL;
}

static bool comes_true(bool (*is_true)(struct world *), struct world *world,
		       int wait_ms)
{
	for (int waited_ms = 0; waited_ms < wait_ms; waited_ms += 20) {
		if (is_true(world))
			return true;
		sleep_ms(20);
	}
	return false;
}

static bool answers(struct world *world)
{
	char reply[64];

	return say(world, "PING", NULL, NULL, reply) == SP_OK;
}

static void test_starts_private(void **state)
{
	struct world *world = *state;
	struct stat status;
	char reply[64];

	start(world);
	assert_true(sp_embedded_pid(world->embedded) > 0);
	assert_int_equal(sp_embedded_restarts(world->embedded), 0);
	assert_int_equal(stat(world->socket, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_int_equal(say(world, "PING", NULL, NULL, reply), SP_OK);
	assert_string_equal(reply, "PONG");
}

static int count_open_files(pid_t pid)
{
	char path[64];
	DIR *folder;
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	while (folder != NULL && readdir(folder) != NULL)
		count++;
	if (folder != NULL)
		closedir(folder);
	return count;
}

static void read_status(pid_t pid, const char *key, char value_out[64])
{
	char path[64], line[256];
	FILE *file;

	value_out[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			snprintf(value_out, 64, "%.60s", line + strlen(key));
	if (file != NULL)
		fclose(file);
}

static void test_inherits_nothing(void **state)
{
	struct world *world = *state;
	int before, after;
	char mask[64];
	int fds[50];

	start(world);
	before = count_open_files(sp_embedded_pid(world->embedded));
	sp_embedded_stop(&world->embedded);
	/* Without O_CLOEXEC, as a careless library opens them. */
	for (int i = 0; i < 50; i++)
		fds[i] = open("/dev/null", O_RDONLY);
	start(world);
	after = count_open_files(sp_embedded_pid(world->embedded));
	for (int i = 0; i < 50; i++)
		close(fds[i]);
	/* Redis itself has one more or less at times: a client, a file. */
	assert_in_range(after, before - 5, before + 5);
	read_status(sp_embedded_pid(world->embedded), "SigBlk:\t", mask);
	assert_string_equal(mask, "0000000000000000\n");
}

static void test_keeps_its_data(void **state)
{
	struct world *world = *state;
	char reply[64];

	start(world);
	assert_int_equal(say(world, "SET", "key", "kept", reply), SP_OK);
	sp_embedded_stop(&world->embedded);
	assert_null(world->embedded);
	assert_int_not_equal(say(world, "PING", NULL, NULL, reply), SP_OK);
	start(world);
	assert_int_equal(say(world, "GET", "key", NULL, reply), SP_OK);
	assert_string_equal(reply, "kept");
}

static void test_comes_back(void **state)
{
	struct world *world = *state;
	char reply[64];
	pid_t first;

	start(world);
	first = sp_embedded_pid(world->embedded);
	assert_int_equal(say(world, "SET", "key", "kept", reply), SP_OK);
	sleep_ms(1500); /* appendfsync everysec */
	kill(first, SIGKILL);
	sleep_ms(20);
	assert_true(comes_true(answers, world, 5000));
	assert_int_not_equal(sp_embedded_pid(world->embedded), first);
	assert_int_equal(sp_embedded_restarts(world->embedded), 1);
	assert_int_equal(say(world, "GET", "key", NULL, reply), SP_OK);
	assert_string_equal(reply, "kept");
	assert_true(log_says(world, "ended by signal 9"));
}

static void test_program_missing(void **state)
{
	struct world *world = *state;

	world->config.redis.server_program = "no-such-redis-server";
	assert_int_equal(
		sp_embedded_start(&world->config, 10000, &world->embedded),
		SP_ERR_NOT_FOUND);
	assert_non_null(world->embedded);
	assert_int_equal(sp_embedded_pid(world->embedded), 0);
	sleep_ms(400);
	sp_embedded_stop(&world->embedded);
	assert_true(log_says(world, "apt-get install redis-server"));
}

static void test_program_fails(void **state)
{
	struct world *world = *state;

	world->config.redis.server_program = "/bin/false";
	assert_int_equal(
		sp_embedded_start(&world->config, 500, &world->embedded),
		SP_ERR_TIMEOUT);
	assert_non_null(world->embedded);
	/* 100 ms, 200, 400: a few tries, not hundreds. */
	assert_in_range(sp_embedded_restarts(world->embedded), 1, 5);
	assert_true(log_says(world, "ended by exit 1"));
}

static void test_state_dir_missing(void **state)
{
	struct world *world = *state;

	world->config.state_dir = "/nonexistent/state";
	assert_int_equal(
		sp_embedded_start(&world->config, 300, &world->embedded),
		SP_ERR_TIMEOUT);
	assert_true(log_says(world, "/nonexistent/state/redis"));
}

static int listen_there(const char path[108])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, sizeof(address.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void test_socket_of_another(void **state)
{
	struct world *world = *state;
	int fd = listen_there(world->socket);

	assert_int_equal(
		sp_embedded_start(&world->config, 300, &world->embedded),
		SP_ERR_TIMEOUT);
	assert_true(log_says(world, "another process already listens"));
	/* It leaves: its dead socket is cleared away, and ours comes. */
	close(fd);
	assert_true(comes_true(answers, world, 5000));
}

static void test_folder_of_another(void **state)
{
	struct world *world = *state;
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/redis", world->state_dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/redis/lock", world->state_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(
		sp_embedded_start(&world->config, 300, &world->embedded),
		SP_ERR_TIMEOUT);
	assert_true(log_says(world, "still uses the folder"));
	close(fd);
	assert_true(comes_true(answers, world, 5000));
}

/* The server itself holds the lock, not only who started it: it may outlive a
 * daemon, and two of them would ruin the file. */
static void test_the_server_holds_the_lock(void **state)
{
	struct world *world = *state;
	char path[160];
	int fd;

	start(world);
	snprintf(path, sizeof(path), "%s/redis/lock", world->state_dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	sp_embedded_stop(&world->embedded);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
}

/* A daemon that is killed takes its server with it. */
static void test_dies_with_us(void **state)
{
	struct world *world = *state;
	int pipe_fds[2];
	pid_t daemon, server = 0;

	assert_int_equal(pipe(pipe_fds), 0);
	daemon = fork();
	if (daemon == 0) {
		struct sp_embedded *embedded;

		if (sp_embedded_start(&world->config, 10000, &embedded) !=
		    SP_OK)
			_exit(1);
		server = sp_embedded_pid(embedded);
		if (write(pipe_fds[1], &server, sizeof(server)) < 0)
			_exit(1);
		pause();
		_exit(0);
	}
	close(pipe_fds[1]);
	assert_int_equal(read(pipe_fds[0], &server, sizeof(server)),
			 sizeof(server));
	close(pipe_fds[0]);
	assert_int_equal(kill(server, 0), 0);
	kill(daemon, SIGKILL);
	waitpid(daemon, NULL, 0);
	for (int i = 0; i < 250 && answers(world); i++)
		sleep_ms(20);
	assert_false(answers(world));
	/* Its lock is gone with it. */
	start(world);
}

static void test_stops_a_frozen_server(void **state)
{
	struct world *world = *state;
	int64_t began_ms;
	pid_t pid;

	start(world);
	pid = sp_embedded_pid(world->embedded);
	kill(pid, SIGSTOP);
	began_ms = sp_clock_mono_ms();
	sp_embedded_stop(&world->embedded);
	assert_in_range(sp_clock_mono_ms() - began_ms, 9000, 13000);
	assert_int_not_equal(kill(pid, 0), 0);
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_starts_private),
		TEST(test_inherits_nothing),
		TEST(test_keeps_its_data),
		TEST(test_comes_back),
		TEST(test_program_missing),
		TEST(test_program_fails),
		TEST(test_state_dir_missing),
		TEST(test_socket_of_another),
		TEST(test_folder_of_another),
		TEST(test_the_server_holds_the_lock),
		TEST(test_dies_with_us),
		TEST(test_stops_a_frozen_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
