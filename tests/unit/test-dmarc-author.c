/* Who the author is, and what it means to DMARC: one row, one sentence. */
#include "sallyport/dmarc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dmarc_world.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct sp_suffixes *suffixes;

static int load(void **state)
{
	(void)state;
	return sp_suffixes_new(NULL, &suffixes) == SP_OK ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	sp_suffixes_free(&suffixes);
	return 0;
}

static void check_rows(const struct dmarc_row *rows, size_t count)
{
	dmarc_check_rows(SP_ORGANISATION_TREE_WALK, suffixes, rows, count);
}

#define RECORDS                                                                    \
	"good.example v=DMARC1;p=quarantine | strict.example v=DMARC1;p=reject | " \
	"silent.example !timeout | broken.example v=DMARC1;p=x | lax.example v=DMARC1;p=none"

static void every_author_has_an_outcome(void **state)
{
	static const struct dmarc_row rows[] = {
		{ "no From field", NULL, "good.example", "", RECORDS,
		  "permerror (no author)" },
		{ "an empty field", "", "good.example", "", RECORDS,
		  "permerror (a From field that cannot be read)" },
		{ "one that is not closed", "Ann <a@good.example",
		  "good.example", "", RECORDS,
		  "permerror (a From field that cannot be read)" },
		{ "two domains in one address",
		  "<a@good.example@strict.example>", "good.example", "",
		  RECORDS, "permerror (a From field that cannot be read)" },
		{ "an address in a name", "a@strict.example <a@good.example>",
		  "good.example", "", RECORDS,
		  "permerror (a From field that cannot be read)" },
		{ "one in quotes is a name",
		  "\"a@strict.example\" <a@good.example>", "good.example", "",
		  RECORDS,
		  "pass spf quarantine by good.example of good.example" },
		{ "comments and encoded words are no part of it",
		  "=?utf-8?q?a=40strict=2Eexample?= (a@lax.example) <\"a@b\" @ good (x) . example>",
		  "good.example", "", RECORDS,
		  "pass spf quarantine by good.example of good.example" },
		{ "a group of nobody", "undisclosed: ;", "good.example", "",
		  RECORDS, "permerror (no author)" },
		{ "a group of one", "Us: a@good.example;", "good.example", "",
		  RECORDS,
		  "pass spf quarantine by good.example of good.example" },
		{ "a group of several", "Us: a@good.example, b@strict.example;",
		  "good.example", "", RECORDS,
		  "fail reject by strict.example of strict.example" },
		{ "several of one domain", "a@good.example, b@Good.Example",
		  "good.example", "", RECORDS,
		  "pass spf quarantine by good.example of good.example" },
		{ "of several domains the strictest that fails",
		  "a@good.example, b@strict.example, c@lax.example",
		  "lax.example", "", RECORDS,
		  "fail reject by strict.example of strict.example" },
		{ "in whatever order",
		  "b@strict.example, c@lax.example, a@good.example",
		  "lax.example", "", RECORDS,
		  "fail reject by strict.example of strict.example" },
		{ "all of them are proven", "a@good.example, b@strict.example",
		  "good.example", "strict.example", RECORDS,
		  "pass spf quarantine by good.example of good.example" },
		{ "one without a policy keeps it from passing",
		  "a@good.example, b@other.example", "good.example", "",
		  RECORDS, "none" },
		{ "one that cannot be used does, too",
		  "a@good.example, b@broken.example", "good.example", "",
		  RECORDS, "permerror (several domains)" },
		{ "a silent one does, too",
		  "a@good.example, b@silent.example, c@broken.example",
		  "good.example", "", RECORDS, "temperror" },
		{ "a failure says more than silence",
		  "a@silent.example, b@lax.example", "good.example", "",
		  RECORDS, "fail none by lax.example of lax.example" },
		{ "an address beside a domain", "a@good.example, b@[192.0.2.1]",
		  "good.example", "", RECORDS, "permerror (several domains)" },
		{ "four domains",
		  "a@a.example, a@b.example, a@c.example, a@d.example",
		  "good.example", "", RECORDS, "none" },
		{ "five",
		  "a@a.example,a@b.example,a@c.example,a@d.example,a@strict.example",
		  "good.example", "", RECORDS, "permerror (too many domains)" },
		{ "an address for a domain", "a@[192.0.2.1]", "good.example",
		  "", RECORDS, "permerror (an address instead of a domain)" },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void unicode_is_read_as_people_mean_it(void **state)
{
	static const struct dmarc_row rows[] = {
		{ "a U-label's policy stands at its A-label",
		  "a@b\xc3\xbc"
		  "cher.example",
		  "xn--bcher-kva.example", "",
		  "xn--bcher-kva.example v=DMARC1;p=reject",
		  "pass spf reject by xn--bcher-kva.example of xn--bcher-kva.example" },
		{ "U-labels prove A-labels", "a@xn--bcher-kva.example", "",
		  "mail.b\xc3\xbc"
		  "cher.example",
		  "xn--bcher-kva.example v=DMARC1;p=reject",
		  "pass dkim[0] reject by xn--bcher-kva.example of xn--bcher-kva.example" },
		{ "capital letters are mapped",
		  "a@B\xc3\x9c"
		  "CHER.example",
		  "xn--bcher-kva.example", "",
		  "xn--bcher-kva.example v=DMARC1;p=reject",
		  "pass spf reject by xn--bcher-kva.example of xn--bcher-kva.example" },
		{ "the sharp s is a letter of its own", "a@fa\xc3\x9f.example",
		  "fass.example", "",
		  "xn--fa-hia.example v=DMARC1;p=reject | fass.example v=DMARC1;p=none",
		  "fail reject by xn--fa-hia.example of xn--fa-hia.example" },
		{ "an unassigned character is no name", "a@\xcd\xb8.example",
		  "good.example", "", RECORDS,
		  "permerror (a Unicode name that is no domain)" },
		{ "a picture is none", "a@\xf0\x9f\x98\x80.example",
		  "good.example", "", RECORDS,
		  "permerror (a Unicode name that is no domain)" },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

/* sp_from never is so; but were it, it would be no silent pass. */
static void a_field_without_domains_has_an_outcome(void **state)
{
	const struct sp_from from = { .field_count = 1, .mailbox_count = 1 };
	const struct sp_dmarc_question question = {
		.from = &from,
		.suffixes = suffixes,
	};
	struct sp_dmarc_outcome outcome;

	(void)state;
	sp_dmarc_evaluate(&question, dmarc_world_answer, NULL, &outcome);
	assert_int_equal(outcome.result, SP_DMARC_PERMERROR);
	assert_int_equal(outcome.author, SP_DMARC_AUTHOR_MISSING);
	assert_non_null(outcome.reason);
}

/* Numbers that are in no enum, from a fact that was never filled. */
static void words_are_always_there(void **state)
{
	(void)state;
	assert_string_equal(sp_dmarc_result_text((enum sp_dmarc_result)99),
			    "permerror");
	assert_string_equal(sp_dmarc_policy_text((enum sp_dmarc_policy)99),
			    "none");
	assert_string_equal(sp_dmarc_author_text((enum sp_dmarc_author)99),
			    "unknown");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_author_has_an_outcome),
		cmocka_unit_test(unicode_is_read_as_people_mean_it),
		cmocka_unit_test(a_field_without_domains_has_an_outcome),
		cmocka_unit_test(words_are_always_there),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
