#include "config_files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	PATH_SIZE = 128
};

static char folder[] = "/tmp/sallyport-test-config-XXXXXX";
struct sp_config_errors errors;

const char *folder_path(void)
{
	return folder;
}

const char *path_of(const char *name)
{
	static char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_bytes(const char *name, const char *bytes, size_t length,
			mode_t mode)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path_of(name), mode), 0);
}

static void write_text(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text), 0644);
}

enum sp_err load_text(const char *text, const struct sp_config **config_out)
{
	write_text("c", text);
	return sp_config_load(path_of("c"), config_out, &errors);
}

/* Take each `part` out of `text`. */
static void leave_out(char *text, const char *part)
{
	size_t length = strlen(part);
	char *at = strstr(text, part);

	for (; at != NULL; at = strstr(at, part))
		memmove(at, at + length, strlen(at + length) + 1);
}

const char *plain_error(size_t index)
{
	char *text = errors.texts[index];
	char main_file[PATH_SIZE];

	snprintf(main_file, sizeof(main_file), "%s/c:", folder);
	if (strncmp(text, main_file, strlen(main_file)) == 0)
		memmove(text, text + strlen(main_file),
			strlen(text + strlen(main_file)) + 1);
	snprintf(main_file, sizeof(main_file), "%s/", folder);
	leave_out(text, main_file);
	return text;
}

int make_folder(void **state)
{
	static const char bad_list[] = "# comment\nnonsense\n\n"
				       "  10.0.0.1 10.0.0.2 # two\n\0\n";
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	write_text("good.list", "# ours\n192.0.2.0/24 # the office\r\n"
				"  2001:db8::/32\n192.0.2.7");
	write_text("good.classes",
		   "# those who write to many\n"
		   "news login: news@example.org\n"
		   "news messages: 5000/1h hold   # instead of 200\n"
		   "students uid: 70000-79999\n"
		   "students messages: 10/1h hold\n"
		   "students bounces: none\n");
	write_text("bad.classes", "news login: news@example.org\n"
				  "\n"
				  "news mails: 5000/1h hold\n"
				  "news messages: 5000/1h stop\n");
	write_text("odd.classes", "news login: x\n"
				  "news messages: 50/1d hold\n"
				  "news messages: 50/1h hold\n"
				  "late login: x\n"
				  "late messages: 1/1h hold\n");
	write_bytes("bad.list", bad_list, sizeof(bad_list) - 1, 0644);
	write_bytes("password", "geheim\nsecond line\n", 19, 0640);
	write_text("open-password", "geheim\n");
	write_bytes("empty-password", "\n", 1, 0600);
	write_text("picture", "\x89\n\x89\n\x89\n\x89\n\x89\n\x89\n\x89\n"
			      "\x89\n\x89\n\x89\n\x89\n\x89\n\x89\n\x89\n"
			      "\x89\n\x89\n\x89\n\x89\n\x89\n");
	assert_int_equal(mkdir(path_of("dir"), 0700), 0);
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	/* One byte more than may be read, and none of them on the disk. */
	fd = open(path_of("large.list"), O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (64 << 20) + 1), 0);
	close(fd);
	return 0;
}

int remove_folder(void **state)
{
	static const char *const names[] = {
		"c",	      "good.list",     "bad.list",
		"password",   "open-password", "empty-password",
		"picture",    "fifo",	       "large.list",
		"long.list",  "good.classes",  "bad.classes",
		"odd.classes"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(path_of(names[i]));
	rmdir(path_of("dir"));
	return rmdir(folder);
}
