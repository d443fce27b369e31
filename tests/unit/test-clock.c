/* The clock that tests may set: how far ahead it is stands in a shared file. */
#include "sallyport/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	DAY_MS = 24 * 60 * 60 * 1000,
	PATIENCE_MS = 60000
};

struct files {
	char directory[32];
	char clock[64];
};

static int make_files(void **state)
{
	struct files *files = calloc(1, sizeof(*files));

	*state = files;
	snprintf(files->directory, sizeof(files->directory),
		 "/tmp/test-clock-XXXXXX");
	if (mkdtemp(files->directory) == NULL)
		return -1;
	snprintf(files->clock, sizeof(files->clock), "%s/clock",
		 files->directory);
	return 0;
}

static int remove_files(void **state)
{
	struct files *files = *state;

	unlink(files->clock);
	rmdir(files->directory);
	free(files);
	return 0;
}

/* How far ahead of the system's clock `clock` is, within the time a slow
 * machine may need between two questions. */
static void assert_ahead(const struct sp_clock *clock, int64_t ahead_ms)
{
	int64_t real_ms = (int64_t)time(NULL) * 1000;
	int64_t off_ms = sp_clock_wall_ms(clock) - real_ms - ahead_ms;

	assert_true(off_ms >= -PATIENCE_MS && off_ms <= PATIENCE_MS);
}

static void write_bytes(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void the_real_clock_is_the_systems(void **state)
{
	(void)state;
	assert_ahead(sp_clock_real(), 0);
}

static void a_new_file_is_eight_zero_bytes(void **state)
{
	struct files *files = *state;
	struct sp_clock *clock;
	struct stat status;

	assert_int_equal(sp_clock_from_file(files->clock, &clock), SP_OK);
	assert_ahead(clock, 0);
	assert_int_equal(stat(files->clock, &status), 0);
	assert_int_equal(status.st_size, 8);
	sp_clock_free(&clock);
	assert_null(clock);
	sp_clock_free(&clock);
}

static void what_the_file_says_counts(void **state)
{
	struct files *files = *state;
	int64_t ahead_ms = 3 * (int64_t)DAY_MS;
	struct sp_clock *clock;

	write_bytes(files->clock, &ahead_ms, sizeof(ahead_ms));
	assert_int_equal(sp_clock_from_file(files->clock, &clock), SP_OK);
	assert_ahead(clock, ahead_ms);
	ahead_ms = -DAY_MS;
	write_bytes(files->clock, &ahead_ms, sizeof(ahead_ms));
	assert_ahead(clock, ahead_ms);
	sp_clock_free(&clock);
}

static void one_file_moves_every_clock_on_it(void **state)
{
	struct files *files = *state;
	struct sp_clock *mine;
	struct sp_clock *theirs;

	assert_int_equal(sp_clock_from_file(files->clock, &mine), SP_OK);
	assert_int_equal(sp_clock_from_file(files->clock, &theirs), SP_OK);
	sp_clock_advance(mine, DAY_MS);
	sp_clock_advance(mine, DAY_MS);
	assert_ahead(theirs, 2 * DAY_MS);
	assert_ahead(sp_clock_real(), 0);
	sp_clock_free(&mine);
	sp_clock_free(&theirs);
}

static void a_short_file_is_made_longer_not_shorter(void **state)
{
	struct files *files = *state;
	struct sp_clock *clock;

	write_bytes(files->clock, "\0\0", 2);
	assert_int_equal(sp_clock_from_file(files->clock, &clock), SP_OK);
	assert_ahead(clock, 0);
	sp_clock_free(&clock);
}

static void a_file_that_cannot_be_is_an_error(void **state)
{
	struct sp_clock *clock = (struct sp_clock *)*state;

	assert_int_equal(sp_clock_from_file("/nonexistent/clock", &clock),
			 SP_ERR_SYSTEM);
	assert_int_equal(errno, ENOENT);
	assert_null(clock);
	assert_int_equal(sp_clock_from_file("/tmp", &clock), SP_ERR_SYSTEM);
	assert_int_equal(errno, EISDIR);
}

static void moving_the_wall_leaves_deadlines_alone(void **state)
{
	struct files *files = *state;
	int64_t before_ms = sp_clock_mono_ms();
	struct sp_clock *clock;

	assert_int_equal(sp_clock_from_file(files->clock, &clock), SP_OK);
	sp_clock_advance(clock, DAY_MS);
	assert_in_range(sp_clock_mono_ms(), before_ms, before_ms + PATIENCE_MS);
	assert_in_range(sp_clock_mono_us() / 1000, before_ms,
			before_ms + PATIENCE_MS);
	sp_clock_free(&clock);
}

static void *advance_1000_times(void *argument)
{
	struct sp_clock *clock = argument;

	for (int i = 0; i < 1000; i++) {
		sp_clock_advance(clock, DAY_MS);
		sp_clock_wall_ms(clock);
	}
	return NULL;
}

static void threads_advance_without_loss(void **state)
{
	struct files *files = *state;
	pthread_t threads[4];
	struct sp_clock *clock;

	assert_int_equal(sp_clock_from_file(files->clock, &clock), SP_OK);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						advance_1000_times, clock),
				 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_ahead(clock, 4000 * (int64_t)DAY_MS);
	sp_clock_free(&clock);
}

#define WITH_FILES(test)                                                       \
	cmocka_unit_test_setup_teardown(test, make_files, remove_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_real_clock_is_the_systems),
		WITH_FILES(a_new_file_is_eight_zero_bytes),
		WITH_FILES(what_the_file_says_counts),
		WITH_FILES(one_file_moves_every_clock_on_it),
		WITH_FILES(a_short_file_is_made_longer_not_shorter),
		cmocka_unit_test(a_file_that_cannot_be_is_an_error),
		WITH_FILES(moving_the_wall_leaves_deadlines_alone),
		WITH_FILES(threads_advance_without_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
