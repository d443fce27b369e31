#include "sallyport/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "sallyport/log.h"
#include "sallyport/text.h"

enum {
	DIGITS = 2 * SP_HASH_KEY_BYTES
};

static void make(struct sp_hash_key *secret_out)
{
	/* Up to 256 bytes come whole, and without a key nothing goes on. */
	if (getrandom(secret_out->bytes, sizeof(secret_out->bytes), 0) !=
	    (ssize_t)sizeof(secret_out->bytes))
		abort();
}

/* As sp_hash_text writes them. */
static int digit_of(char c)
{
	return c >= 'A' && c <= 'F' ? -1 : sp_hex_digit_any(c);
}

static bool decode(const char text[DIGITS], struct sp_hash_key *secret_out)
{
	struct sp_hash_key secret;

	for (size_t i = 0; i < SP_HASH_KEY_BYTES; i++) {
		int high = digit_of(text[2 * i]);
		int low = digit_of(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		secret.bytes[i] = (uint8_t)(16 * high + low);
	}
	*secret_out = secret;
	return true;
}

/* Whole, or errno says why not. */
static bool read_secret(const char *path, struct sp_hash_key *secret_out)
{
	char text[DIGITS];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return false;
	got = read(fd, text, sizeof(text));
	(void)close(fd);
	errno = EINVAL;
	return got == (ssize_t)sizeof(text) && decode(text, secret_out);
}

/* Under its name only when it is whole. */
static bool write_secret(const char *path, const struct sp_hash_key *secret)
{
	char fresh[PATH_MAX], text[SP_HASH_TEXT_SIZE];
	struct sp_hash digits;
	bool is_written;
	int fd;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >=
	    (int)sizeof(fresh)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(digits.bytes, secret->bytes, sizeof(digits.bytes));
	sp_hash_text(&digits, text);
	text[DIGITS] = '\n';
	(void)unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	is_written =
		write(fd, text, DIGITS + 1) == DIGITS + 1 && fsync(fd) == 0;
	if (close(fd) != 0 || !is_written)
		return false;
	return rename(fresh, path) == 0;
}

void sp_secret_load(const char *state_dir, struct sp_hash_key *secret_out)
{
	char path[PATH_MAX];
	const char *what = "read";

	make(secret_out);
	(void)snprintf(path, sizeof(path), "%s/secret", state_dir);
	if (read_secret(path, secret_out))
		return;
	if (errno == ENOENT) {
		if (write_secret(path, secret_out))
			return;
		what = "make";
	}
	sp_log(SP_LOG_WARNING,
	       "cannot %s %s (%s): expected %d hexadecimal digits. Until the next "
	       "start another secret holds, and X-Sallyport-Submitter shows "
	       "others than before",
	       what, path, strerror(errno), DIGITS);
}
