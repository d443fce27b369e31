/*
 * isemail.h - Dominic Sayers's addresses that are made to be hard to read, with
 * what isemail says of each (../shared/data/addresses).
 *
 * Threads:  one at a time.
 */
#ifndef SALLYPORT_TEST_ISEMAIL_H
#define SALLYPORT_TEST_ISEMAIL_H

#include <stdbool.h>
#include <stddef.h>

enum {
	ISEMAIL_TESTS = 164,
	ISEMAIL_ADDRESS_MAX = 1000
};

struct isemail_test {
	int id;
	size_t length;
	char address[ISEMAIL_ADDRESS_MAX]; /* NUL-terminated; may hold one */
	char category[64];		   /* "ISEMAIL_RFC5321", ... */
};

/* The whole file, to be freed. Without it the test is skipped, in CI it fails. */
char *isemail_load(void);

/* The next test from `*at` on, which it is moved behind; false at the end. */
bool isemail_next(const char **at, struct isemail_test *test_out);

/* A file below ../shared/data whole, to be freed; as isemail_load. */
char *read_shared_data(const char *name);

#endif
