/* What a DMARC record says: one row, one sentence. */
#include "sallyport/dmarc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sallyport/text.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* A text with its length: some hold a NUL. */
#define TEXT(literal) literal, sizeof(literal) - 1

/* "p/sp/np", then what differs from the defaults. */
static void say(const struct sp_dmarc_record *record, char *said, size_t size)
{
	struct sp_text text;

	sp_text_init(&text, said, size);
	sp_text_addf(&text, "%s/%s/%s", sp_dmarc_policy_text(record->p),
		     sp_dmarc_policy_text(record->sp),
		     sp_dmarc_policy_text(record->np));
	if (record->is_dkim_strict)
		sp_text_add(&text, " adkim=s");
	if (record->is_spf_strict)
		sp_text_add(&text, " aspf=s");
	if (record->is_testing)
		sp_text_add(&text, " t=y");
	if (record->psd != SP_DMARC_PSD_UNKNOWN)
		sp_text_add(&text, record->psd == SP_DMARC_PSD_YES ? " psd=y"
								   : " psd=n");
}

static const char *const validities[] = {
	[SP_DMARC_NOT_A_RECORD] = "not a record",
	[SP_DMARC_RECORD_GOOD] = "good",
	[SP_DMARC_RECORD_MONITORS] = "monitors",
	[SP_DMARC_RECORD_UNUSABLE] = "unusable",
};

struct row {
	const char *sentence;
	const char *text;
	size_t length;
	enum sp_dmarc_validity validity;
	const char *says;
};

/* Each from a copy of its own, for its ends to be guarded. */
static bool is_read_so(const struct row *row)
{
	struct sp_dmarc_record record;
	enum sp_dmarc_validity validity;
	char *copy = malloc(row->length > 0 ? row->length : 1);
	char says[200];

	assert_non_null(copy);
	memcpy(copy, row->text, row->length);
	memset(&record, 0x5a, sizeof(record));
	validity = sp_dmarc_record_parse(copy, row->length, &record);
	free(copy);
	say(&record, says, sizeof(says));
	if (validity == row->validity && strcmp(says, row->says) == 0)
		return true;
	print_error("%s: %s, %s\n", row->sentence, validities[validity], says);
	return false;
}

static void check_rows(const struct row *rows, size_t count)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < count; i++)
		wrong += !is_read_so(&rows[i]);
	assert_int_equal(wrong, 0);
}

#define NO	 SP_DMARC_NOT_A_RECORD
#define GOOD	 SP_DMARC_RECORD_GOOD
#define MONITORS SP_DMARC_RECORD_MONITORS
#define UNUSABLE SP_DMARC_RECORD_UNUSABLE
#define DEFAULTS "none/none/none"

static void versions_are_exact(void **state)
{
	static const struct row rows[] = {
		{ "v alone is a record", TEXT("v=DMARC1"), GOOD, DEFAULTS },
		{ "v with a semicolon", TEXT("v=DMARC1;"), GOOD, DEFAULTS },
		{ "blanks around the = and the ;",
		  TEXT("v \t= DMARC1 \t; p=reject"), GOOD,
		  "reject/reject/reject" },
		{ "the name of the tag has no case", TEXT("V=DMARC1;p=reject"),
		  GOOD, "reject/reject/reject" },
		{ "blanks before it are none of the record's",
		  TEXT(" v=DMARC1;p=reject"), GOOD, "reject/reject/reject" },
		{ "nothing", TEXT(""), NO, DEFAULTS },
		{ "a blank", TEXT(" "), NO, DEFAULTS },
		{ "a semicolon first", TEXT(";v=DMARC1;p=reject"), NO,
		  DEFAULTS },
		{ "its value has case", TEXT("v=dmarc1;p=reject"), NO,
		  DEFAULTS },
		{ "another version", TEXT("v=DMARC2;p=reject"), NO, DEFAULTS },
		{ "a longer one", TEXT("v=DMARC11;p=reject"), NO, DEFAULTS },
		{ "a shorter one", TEXT("v=DMARC;p=reject"), NO, DEFAULTS },
		{ "a blank in it", TEXT("v=DMARC 1;p=reject"), NO, DEFAULTS },
		{ "no semicolon behind it", TEXT("v=DMARC1 p=reject"), NO,
		  DEFAULTS },
		{ "a comma behind it", TEXT("v=DMARC1,p=reject"), NO,
		  DEFAULTS },
		{ "a NUL behind it", TEXT("v=DMARC1\0;p=reject"), NO,
		  DEFAULTS },
		{ "no =", TEXT("v;p=reject"), NO, DEFAULTS },
		{ "no value", TEXT("v=;p=reject"), NO, DEFAULTS },
		{ "quotes in the text", TEXT("\"v=DMARC1;p=reject\""), NO,
		  DEFAULTS },
		{ "not the first tag", TEXT("p=reject;v=DMARC1"), NO,
		  DEFAULTS },
		{ "another tag's value", TEXT("x=v=DMARC1;p=reject"), NO,
		  DEFAULTS },
		{ "SPF's", TEXT("v=spf1 -all"), NO, DEFAULTS },
		{ "a report's permission",
		  TEXT("v=DMARC1; rua=mailto:a@b.example"), GOOD, DEFAULTS },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void policies_are_three_words(void **state)
{
	static const struct row rows[] = {
		{ "p holds for all", TEXT("v=DMARC1;p=quarantine"), GOOD,
		  "quarantine/quarantine/quarantine" },
		{ "sp for those below, there or not",
		  TEXT("v=DMARC1;p=reject;sp=none"), GOOD, "reject/none/none" },
		{ "np for those that are not there",
		  TEXT("v=DMARC1;p=none;np=reject"), GOOD, "none/none/reject" },
		{ "each its own",
		  TEXT("v=DMARC1;np=reject;sp=quarantine;p=none"), GOOD,
		  "none/quarantine/reject" },
		{ "case does not matter", TEXT("v=DMARC1;P=REJECT;Sp=None"),
		  GOOD, "reject/none/none" },
		{ "without p it is none", TEXT("v=DMARC1;adkim=s"), GOOD,
		  DEFAULTS " adkim=s" },
		{ "without p the others hold", TEXT("v=DMARC1;sp=reject"), GOOD,
		  "none/reject/reject" },
		{ "of two the first counts", TEXT("v=DMARC1;p=none;p=reject"),
		  GOOD, DEFAULTS },
		{ "of two the first counts, wrong as it is",
		  TEXT("v=DMARC1;p=rejct;p=reject"), UNUSABLE, DEFAULTS },
		{ "a wrong p makes it unusable", TEXT("v=DMARC1;p=rejct"),
		  UNUSABLE, DEFAULTS },
		{ "an empty p is wrong", TEXT("v=DMARC1;p=;sp=reject"),
		  UNUSABLE, DEFAULTS },
		{ "so is one with more behind it",
		  TEXT("v=DMARC1;p=reject none"), UNUSABLE, DEFAULTS },
		{ "so is one with a NUL", TEXT("v=DMARC1;p=reject\0"), UNUSABLE,
		  DEFAULTS },
		{ "so is one in 8 bits", TEXT("v=DMARC1;p=r\xc3\xa9ject"),
		  UNUSABLE, DEFAULTS },
		{ "so is one in quotes", TEXT("v=DMARC1;p=\"reject\""),
		  UNUSABLE, DEFAULTS },
		{ "a wrong sp spoils it", TEXT("v=DMARC1;p=reject;sp=all"),
		  UNUSABLE, DEFAULTS },
		{ "a wrong np spoils it", TEXT("v=DMARC1;p=reject;np=y"),
		  UNUSABLE, DEFAULTS },
		{ "with reports asked for, it monitors",
		  TEXT("v=DMARC1;p=rejct;rua=mailto:a@b.example"), MONITORS,
		  DEFAULTS },
		{ "then nothing else is enforced",
		  TEXT("v=DMARC1;p=reject;sp=al;np=reject;rua=mailto:a@b.example"),
		  MONITORS, DEFAULTS },
		{ "but what is no policy holds",
		  TEXT("v=DMARC1;p=;adkim=s;psd=n;t=y;rua=mailto:a@b.example"),
		  MONITORS, DEFAULTS " adkim=s t=y psd=n" },
		{ "psd holds in an unusable one", TEXT("v=DMARC1;p=x;psd=y"),
		  UNUSABLE, DEFAULTS " psd=y" },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void reports_have_an_address(void **state)
{
	static const struct row rows[] = {
		{ "any scheme", TEXT("v=DMARC1;p=x;rua=https://r.example/in"),
		  MONITORS, DEFAULTS },
		{ "one of a list",
		  TEXT("v=DMARC1;p=x;rua=none , mailto:a@b.example"), MONITORS,
		  DEFAULTS },
		{ "with an old size",
		  TEXT("v=DMARC1;p=x;rua=mailto:a@b.example!10m"), MONITORS,
		  DEFAULTS },
		{ "empty", TEXT("v=DMARC1;p=x;rua="), UNUSABLE, DEFAULTS },
		{ "an address without a scheme",
		  TEXT("v=DMARC1;p=x;rua=a@b.example"), UNUSABLE, DEFAULTS },
		{ "a scheme without an address",
		  TEXT("v=DMARC1;p=x;rua=mailto:"), UNUSABLE, DEFAULTS },
		{ "a size without an address",
		  TEXT("v=DMARC1;p=x;rua=mailto:!10m"), UNUSABLE, DEFAULTS },
		{ "a scheme that is none",
		  TEXT("v=DMARC1;p=x;rua=1a:b,:b,a b:c"), UNUSABLE, DEFAULTS },
		{ "blanks in it", TEXT("v=DMARC1;p=x;rua=mailto:a b@b.example"),
		  UNUSABLE, DEFAULTS },
		{ "8 bits in it",
		  TEXT("v=DMARC1;p=x;rua=mailto:\xe9@b.example"), UNUSABLE,
		  DEFAULTS },
		{ "a NUL in it", TEXT("v=DMARC1;p=x;rua=mailto:a\0b@b.example"),
		  UNUSABLE, DEFAULTS },
		{ "commas only", TEXT("v=DMARC1;p=x;rua=,,,"), UNUSABLE,
		  DEFAULTS },
		{ "of two tags the first counts",
		  TEXT("v=DMARC1;p=x;rua=no;rua=mailto:a@b.example"), UNUSABLE,
		  DEFAULTS },
		{ "ruf does not count",
		  TEXT("v=DMARC1;p=x;ruf=mailto:a@b.example"), UNUSABLE,
		  DEFAULTS },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void other_tags_have_defaults(void **state)
{
	static const struct row rows[] = {
		{ "strict for DKIM", TEXT("v=DMARC1;p=none;adkim=s"), GOOD,
		  DEFAULTS " adkim=s" },
		{ "strict for SPF, in capitals", TEXT("v=DMARC1;p=none;ASPF=S"),
		  GOOD, DEFAULTS " aspf=s" },
		{ "relaxed, said", TEXT("v=DMARC1;p=none;adkim=r;aspf=r"), GOOD,
		  DEFAULTS },
		{ "relaxed, where the value is wrong",
		  TEXT("v=DMARC1;p=none;adkim=strict;aspf="), GOOD, DEFAULTS },
		{ "of two the first counts", TEXT("v=DMARC1;aspf=r;aspf=s"),
		  GOOD, DEFAULTS },
		{ "testing", TEXT("v=DMARC1;p=reject;t=y"), GOOD,
		  "reject/reject/reject t=y" },
		{ "not testing", TEXT("v=DMARC1;p=reject;t=n"), GOOD,
		  "reject/reject/reject" },
		{ "yes is not y", TEXT("v=DMARC1;p=reject;t=yes"), GOOD,
		  "reject/reject/reject" },
		{ "a public suffix", TEXT("v=DMARC1;p=reject;psd=y"), GOOD,
		  "reject/reject/reject psd=y" },
		{ "none", TEXT("v=DMARC1;p=reject;psd=N"), GOOD,
		  "reject/reject/reject psd=n" },
		{ "unknown, said", TEXT("v=DMARC1;p=reject;psd=u"), GOOD,
		  "reject/reject/reject" },
		{ "unknown, where the value is wrong", TEXT("v=DMARC1;psd=1"),
		  GOOD, DEFAULTS },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void the_rest_is_passed_over(void **state)
{
	static const struct row rows[] = {
		{ "what RFC 9989 took out",
		  TEXT("v=DMARC1;pct=0;rf=afrf;ri=x;p=reject"), GOOD,
		  "reject/reject/reject" },
		{ "unknown tags", TEXT("v=DMARC1;pp=none;x=1;p=reject;psp=y"),
		  GOOD, "reject/reject/reject" },
		{ "words without =", TEXT("v=DMARC1;none;p;0;p=reject"), GOOD,
		  "reject/reject/reject" },
		{ "a : for a =", TEXT("v=DMARC1;p=reject;sp:none"), GOOD,
		  "reject/reject/reject" },
		{ "an = without a name", TEXT("v=DMARC1;=none;p=reject"), GOOD,
		  "reject/reject/reject" },
		{ "a name with a blank in it",
		  TEXT("v=DMARC1;s p=none;p=reject"), GOOD,
		  "reject/reject/reject" },
		{ "empty tags", TEXT("v=DMARC1;;; ;\t;p=reject;;"), GOOD,
		  "reject/reject/reject" },
		{ "a semicolon and blanks at the end",
		  TEXT("v=DMARC1; p=reject ; "), GOOD, "reject/reject/reject" },
		{ "blanks around the =", TEXT("v=DMARC1; p \t=\t reject"), GOOD,
		  "reject/reject/reject" },
		{ "line breaks around a tag",
		  TEXT("v=DMARC1;\r\n p=reject\r\n"), GOOD,
		  "reject/reject/reject" },
		{ "control characters in unknown tags",
		  TEXT("v=DMARC1;\0=\0;\x01;\x7f=x;p=reject"), GOOD,
		  "reject/reject/reject" },
		{ "8 bits in unknown tags",
		  TEXT("v=DMARC1;\xff\xfe=\xff;\xd1\x80=none;p=reject"), GOOD,
		  "reject/reject/reject" },
		{ "a second version", TEXT("v=DMARC1;v=DMARC2;p=reject"), GOOD,
		  "reject/reject/reject" },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

/* `size` bytes: a version, then `piece` over and over. */
static char *long_record(size_t size, const char *piece)
{
	char *text = malloc(size);

	assert_non_null(text);
	memcpy(text, "v=DMARC1;", 9);
	for (size_t i = 9; i < size; i++)
		text[i] = piece[(i - 9) % strlen(piece)];
	return text;
}

static void long_records_are_bounded(void **state)
{
	static const struct {
		const char *sentence;
		size_t size;
		const char *piece;
		enum sp_dmarc_validity validity;
		enum sp_dmarc_policy p;
	} rows[] = {
		{ "as long as it may be", SP_DMARC_RECORD_MAX, "p=reject;",
		  GOOD, SP_DMARC_POLICY_REJECT },
		{ "a byte more", SP_DMARC_RECORD_MAX + 1, "p=reject;", UNUSABLE,
		  SP_DMARC_POLICY_NONE },
		{ "64 KB", 65536, "p=reject;", UNUSABLE, SP_DMARC_POLICY_NONE },
		{ "10,000 tags", 40009, "x=1;", UNUSABLE,
		  SP_DMARC_POLICY_NONE },
		{ "8,000 semicolons", 8009, ";", GOOD, SP_DMARC_POLICY_NONE },
		{ "one tag of 16,000 bytes", 16009, "p", GOOD,
		  SP_DMARC_POLICY_NONE },
		{ "8,000 equals", 8009, "=", GOOD, SP_DMARC_POLICY_NONE },
		{ "5,000 commas in a rua", 15009, "rua=,", GOOD,
		  SP_DMARC_POLICY_NONE },
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = long_record(rows[i].size, rows[i].piece);
		struct sp_dmarc_record record;

		if (sp_dmarc_record_parse(text, rows[i].size, &record) !=
			    rows[i].validity ||
		    record.p != rows[i].p) {
			print_error("%s\n", rows[i].sentence);
			wrong++;
		}
		free(text);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_exact),
		cmocka_unit_test(policies_are_three_words),
		cmocka_unit_test(reports_have_an_address),
		cmocka_unit_test(other_tags_have_defaults),
		cmocka_unit_test(the_rest_is_passed_over),
		cmocka_unit_test(long_records_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
