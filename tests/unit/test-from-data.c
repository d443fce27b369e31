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

#include "isemail.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

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
	mail = read_shared_data(path);
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
	char *manifest = read_shared_data("ham/manifest.tsv");
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

static bool is_told_alike(const struct isemail_test *test)
{
	bool is_address = strcmp(test->category, "ISEMAIL_ERR") != 0;
	struct sp_from from;
	bool is_author;

	sp_from_init(&from);
	sp_from_add_field(&from, test->address, test->length);
	is_author = sp_from_author(&from) != NULL;
	if ((is_author == is_address) == is_argued(test->id))
		print_error("isemail %d: [%s] %s, here %s, %s\n", test->id,
			    test->address, test->category,
			    sp_from_verdict_text(sp_from_judge(&from)),
			    sp_from_reason_text(from.reason));
	return is_author == is_address;
}

static void hard_addresses_are_told_alike(void **state)
{
	char *tests = isemail_load();
	size_t total = 0, alike = 0, failed = 0;
	const char *at = tests;
	struct isemail_test test;

	(void)state;
	while (isemail_next(&at, &test)) {
		bool is_alike = is_told_alike(&test);

		total++;
		alike += is_alike;
		failed += is_alike == is_argued(test.id);
	}
	free(tests);
	print_message("isemail: %zu of %zu alike, %zu argued\n", alike, total,
		      total - alike);
	assert_int_equal(total, ISEMAIL_TESTS);
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
