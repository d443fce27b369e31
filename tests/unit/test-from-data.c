/* From: fields that others wrote: the mail of real people, and isemail's
 * addresses, made to be hard to read. */
#include "sallyport/from.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

enum {
	FILE_MAX = 1024 * 1024
};

/* A file below ../shared/data whole, to be freed. */
static char *read_data(const char *name)
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

/* Whether the line at `line` goes on with the next. */
static bool is_folded(const char *line_end)
{
	return line_end[0] == '\n' &&
	       (line_end[1] == ' ' || line_end[1] == '\t');
}

/* Each From: field in the head of `mail`. */
static void read_head(const char *mail, struct sp_from *from)
{
	const char *at = mail;

	sp_from_init(from);
	while (*at != '\0' && *at != '\n' && *at != '\r') {
		const char *end = at + strcspn(at, "\n");
		const char *value = at + strlen("From:");

		while (is_folded(end))
			end += 1 + strcspn(end + 1, "\n");
		if (strncasecmp(at, "From:", strlen("From:")) == 0)
			sp_from_add_field(from, value,
					  (size_t)(end - value) -
						  (end[-1] == '\r'));
		at = *end == '\0' ? end : end + 1;
	}
}

/* A mail of the collection, and the domain that its manifest names. */
static bool is_read_well(const char *file, const char *domain)
{
	char path[300];
	char *mail;
	struct sp_from from;
	const struct sp_from_domain *author;
	bool is_well;

	snprintf(path, sizeof(path), "ham/eml/%s", file);
	mail = read_data(path);
	read_head(mail, &from);
	free(mail);
	author = sp_from_author(&from);
	is_well = author != NULL && strcasecmp(author->name, domain) == 0;
	if (!is_well)
		print_error("%s: %s, %s, not %s\n", file,
			    sp_from_verdict_text(sp_from_judge(&from)),
			    sp_from_reason_text(from.reason), domain);
	if (from.shown.kind != SP_FROM_DOMAIN_NONE)
		print_error("%s: shows %s\n", file, from.shown.name);
	return is_well && from.shown.kind == SP_FROM_DOMAIN_NONE;
}

static void the_authors_of_real_mail_are_known(void **state)
{
	char *manifest = read_data("ham/manifest.tsv");
	char *rest = manifest;
	size_t total = 0, well = 0;
	char *line;

	(void)state;
	strsep(&rest, "\n"); /* the heading */
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		const char *file = strsep(&line, "\t");
		const char *domain = file;

		while (line != NULL)
			domain = strsep(&line, "\t");
		total++;
		well += is_read_well(file, domain);
	}
	free(manifest);
	print_message("From: fields of real mail: %zu of %zu\n", well, total);
	assert_int_equal(total, 200);
	assert_int_equal(well, total);
}

/* isemail's verdicts that we do not share. It asks what the RFCs allow, and
 * we ask whether all will read the same domain. */
static const struct {
	int first, last;
	const char *argument;
} argued[] = {
	{ 15, 16, "dots where the RFC has none: some networks hand them out" },
	{ 23, 24, "a domain that ends in a number is an address or nothing" },
	{ 28, 28, "no name has a label of 64" },
	{ 35, 35, "a domain's last dot is the root" },
	{ 40, 41, "no name is so long" },
	{ 58, 58, "a NUL, though escaped" },
	{ 63, 65,
	  "domain literals that are no addresses, and nobody's domain" },
	{ 67, 67, "as above" },
	{ 69, 70, "as above" },
	{ 73, 74, "as above" },
	{ 76, 76, "as above" },
	{ 78, 78, "as above" },
	{ 80, 80, "as above" },
	{ 82, 84, "as above" },
	{ 112, 112, "as above" },
	{ 115, 117, "as above" },
	{ 120, 121, "as above" },
	{ 124, 126, "control characters" },
	{ 134, 134, "a line break, though escaped" },
	{ 138, 140, "control characters" },
	{ 159, 159, "a literal that is no address" },
	{ 160, 160, "8-bit bytes in a local part do not blur its domain" },
	{ 161, 161, "a slash is in no name" },
};

static bool is_argued(int id)
{
	for (size_t i = 0; i < COUNT(argued); i++) {
		if (id >= argued[i].first && id <= argued[i].last)
			return true;
	}
	return false;
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

static bool is_told_alike(const char *test, int id)
{
	char address[1000];
	size_t text_length, category_length, length;
	const char *text = element(test, "address", &text_length);
	const char *category = element(test, "category", &category_length);
	bool is_address =
		strncmp(category, "ISEMAIL_ERR", category_length) != 0;
	struct sp_from from;
	bool is_author;

	assert_true(text_length < sizeof(address));
	length = decode(text, text + text_length, address);
	sp_from_init(&from);
	sp_from_add_field(&from, address, length);
	is_author = sp_from_author(&from) != NULL;
	if ((is_author == is_address) == is_argued(id))
		print_error("isemail %d: [%.*s] %.*s, here %s, %s\n", id,
			    (int)text_length, text, (int)category_length,
			    category,
			    sp_from_verdict_text(sp_from_judge(&from)),
			    sp_from_reason_text(from.reason));
	return is_author == is_address;
}

static void hard_addresses_are_told_alike(void **state)
{
	char *tests = read_data("addresses/isemail-tests.xml");
	size_t total = 0, alike = 0, failed = 0;
	const char *test = tests;

	(void)state;
	while ((test = strstr(test, "<test id=\"")) != NULL) {
		int id = (int)strtol(test + strlen("<test id=\""), NULL, 10);
		bool is_alike = is_told_alike(test, id);

		total++;
		alike += is_alike;
		failed += is_alike == is_argued(id);
		test++;
	}
	free(tests);
	print_message("isemail: %zu of %zu alike, %zu argued\n", alike, total,
		      total - alike);
	assert_int_equal(total, 164);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_authors_of_real_mail_are_known),
		cmocka_unit_test(hard_addresses_are_told_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
