#include "isemail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

enum {
	FILE_MAX = 1024 * 1024
};

char *read_shared_data(const char *name)
{
	const char *srcdir = getenv("srcdir");
	const char *ci = getenv("CI");
	char path[1000];
	char *text;
	FILE *stream;

	snprintf(path, sizeof(path), "%s/../shared/data/%s",
		 srcdir != NULL ? srcdir : ".", name);
	stream = fopen(path, "r");
	if (stream == NULL) {
		if (ci != NULL && strcmp(ci, "true") == 0)
			fail_msg("%s is missing", path);
		print_message("skipped: ../shared/data is not here (%s)\n",
			      path);
		skip();
		return NULL;
	}
	text = calloc(1, FILE_MAX);
	assert_non_null(text);
	assert_true(fread(text, 1, FILE_MAX - 1, stream) > 0);
	fclose(stream);
	return text;
}

char *isemail_load(void)
{
	return read_shared_data("addresses/isemail-tests.xml");
}

/* A character reference at `*text`, as isemail means it: from &#x2400; on, a
 * control character. Moves `*text` behind it. */
static char read_reference(const char **text)
{
	static const struct {
		const char *name;
		char c;
	} names[] = {
		{ "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }
	};
	const char *name = *text + 1;

	*text = strchr(*text, ';') + 1;
	if (name[0] == '#')
		return (char)(strtol(name + 2, NULL, 16) & 0xff);
	for (size_t i = 0; i < COUNT(names); i++) {
		if (strncmp(name, names[i].name, strlen(names[i].name)) == 0)
			return names[i].c;
	}
	fail_msg("an unknown character &%.5s", name);
	return 0;
}

static size_t decode(const char *text, const char *end, char *out)
{
	size_t length = 0;

	while (text < end) {
		if (*text == '&')
			out[length++] = read_reference(&text);
		else
			out[length++] = *text++;
	}
	out[length] = '\0';
	return length;
}

/* What is between <name> and </name> behind `text`; empty when <name/>. */
static const char *element(const char *text, const char *name, size_t *length)
{
	char tag[40];
	const char *begin;

	*length = 0;
	snprintf(tag, sizeof(tag), "<%s", name);
	begin = strstr(text, tag);
	assert_non_null(begin);
	begin += strlen(tag);
	if (*begin == '/')
		return begin;
	*length = strcspn(++begin, "<");
	return begin;
}

bool isemail_next(const char **at, struct isemail_test *test_out)
{
	const char *test = strstr(*at, "<test id=\"");
	const char *text;
	size_t length;

	if (test == NULL)
		return false;
	*at = test + 1;
	test_out->id = (int)strtol(test + strlen("<test id=\""), NULL, 10);
	text = element(test, "address", &length);
	assert_true(length < sizeof(test_out->address));
	test_out->length = decode(text, text + length, test_out->address);
	text = element(test, "category", &length);
	assert_true(length < sizeof(test_out->category));
	memcpy(test_out->category, text, length);
	test_out->category[length] = '\0';
	return true;
}
