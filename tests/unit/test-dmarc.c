/* Whether a mail's author is proven: one row, one sentence. */
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

/* RFC 9989 appendix B, and the table in section 4.4. */
static void the_examples_of_the_standard(void **state)
{
	static const struct dmarc_row rows[] = {
		{ "B.1.1 example 1: SPF in strict alignment",
		  "sender@example.com", "example.com", "",
		  "example.com v=DMARC1; p=reject; aspf=s",
		  "pass spf reject by example.com of example.com" },
		{ "B.1.1 example 2: SPF in relaxed alignment",
		  "sender@example.com", "child.example.com", "",
		  "example.com v=DMARC1; p=reject",
		  "pass spf reject by example.com of example.com" },
		{ "B.1.1 example 2, were it strict", "sender@example.com",
		  "child.example.com", "",
		  "example.com v=DMARC1; p=reject; aspf=s",
		  "fail reject by example.com of example.com" },
		{ "B.1.1 example 3: no alignment", "sender@child.example.com",
		  "example.net", "",
		  "example.com v=DMARC1; p=reject | example.net v=DMARC1",
		  "fail reject by example.com of example.com" },
		{ "B.1.2 example 1: DKIM in strict alignment",
		  "sender@example.com", "", "example.com",
		  "example.com v=DMARC1;p=reject;adkim=s",
		  "pass dkim[0] reject by example.com of example.com" },
		{ "B.1.2 example 2: DKIM in relaxed alignment",
		  "sender@child.example.com", "", "example.com",
		  "example.com v=DMARC1; p=reject",
		  "pass dkim[0] reject by example.com of example.com" },
		{ "B.1.2 example 3: no alignment", "sender@child.example.com",
		  "", "example.net",
		  "example.com v=DMARC1; p=reject | example.net v=DMARC1",
		  "fail reject by example.com of example.com" },
		{ "B.2.1: monitoring", "a@example.com", "", "",
		  "example.com v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com",
		  "fail none by example.com of example.com" },
		{ "B.2.5: testing a subdomain", "a@test.example.com", "", "",
		  "test.example.com v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,mailto:tld-test@thirdparty.example.net; t=y",
		  "fail none<quarantine by test.example.com of test.example.com" },
		{ "B.3.1: both align", "a@example.com", "mail.example.com",
		  "example.com",
		  "example.com v=DMARC1; p=reject; aspf=r; rua=mailto:dmarc-feedback@example.com",
		  "pass spf dkim[0] reject by example.com of example.com" },
		{ "B.4.1: a simple walk", "a@example.com", "example.com",
		  "signing.example.com",
		  "example.com v=DMARC1; p=reject | signing.example.com v=DMARC1; p=none",
		  "pass spf dkim[0] reject by example.com of example.com" },
		{ "B.4.2: a deep walk", "a@a.b.c.d.e.f.g.h.i.j.k.example.com",
		  "example.com", "signing.example.com",
		  "example.com v=DMARC1; p=reject; sp=quarantine | signing.example.com v=DMARC1; p=none",
		  "pass spf dkim[0] quarantine by example.com of example.com" },
		{ "B.4.3: below a public suffix's record",
		  "a@giant.bank.example", "mail.giant.bank.example",
		  "mail.mega.bank.example",
		  "bank.example v=DMARC1; p=reject; psd=y | giant.bank.example v=DMARC1; p=quarantine",
		  "pass spf quarantine by giant.bank.example of giant.bank.example" },
		{ "4.10.2: the record with the fewest labels",
		  "a@a.mail.example.com", "other.example.com", "",
		  "mail.example.com v=DMARC1; p=none | example.com v=DMARC1; p=reject",
		  "pass spf reject by example.com of example.com" },
		{ "4.10.2: psd=n ends it before", "a@a.mail.example.com",
		  "other.example.com", "",
		  "mail.example.com v=DMARC1; p=quarantine; psd=n | example.com v=DMARC1; p=reject",
		  "fail quarantine by mail.example.com of mail.example.com" },
		{ "4.10.2: psd=y at the top", "a@a.mail.example.com",
		  "example.com", "", "com v=DMARC1; p=reject; psd=y",
		  "pass spf reject by com of example.com" },
		{ "5.1.8: a record that is too deep is never found",
		  "x@mail.a.b.c.d.e.f.g.example.com", "", "",
		  "b.c.d.e.f.g.example.com v=DMARC1; p=quarantine; psd=n | example.com v=DMARC1; p=reject",
		  "fail reject by example.com of example.com" },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void policies_apply_where_they_stand(void **state)
{
	static const struct dmarc_row rows[] = {
		{ "no record, no policy", "a@example.com", "example.com",
		  "example.com", "", "none" },
		{ "the author's own record is before its organisation's",
		  "a@sub.example.com", "", "",
		  "sub.example.com v=DMARC1;p=none;sp=reject | example.com v=DMARC1;p=reject;sp=reject",
		  "fail none by sub.example.com of example.com" },
		{ "sp is for subdomains", "a@sub.example.com", "", "",
		  "example.com v=DMARC1;p=none;sp=reject;np=quarantine",
		  "fail reject by example.com of example.com" },
		{ "p is for the domain", "a@example.com", "", "",
		  "example.com v=DMARC1;p=none;sp=reject;np=quarantine",
		  "fail none by example.com of example.com" },
		{ "np is for subdomains that are not there",
		  "a@sub.example.com", "", "",
		  "example.com v=DMARC1;p=none;sp=reject;np=quarantine | sub.example.com !gone",
		  "fail quarantine by example.com of example.com" },
		{ "np is not for the domain itself", "a@example.com", "", "",
		  "example.com v=DMARC1;p=none;np=reject | example.com !gone",
		  "fail none by example.com of example.com" },
		{ "an alias is there, wherever it leads", "a@sub.example.com",
		  "", "",
		  "example.com v=DMARC1;p=none;np=reject | sub.example.com !gone-alias",
		  "fail none by example.com of example.com" },
		{ "a name with something below it is there",
		  "a@sub.example.com", "", "",
		  "example.com v=DMARC1;p=none;np=reject | sub.example.com !gone | sub.example.com !nodata",
		  "fail none by example.com of example.com" },
		{ "a public suffix's np is for its registrants",
		  "a@gone.bank.example", "", "",
		  "bank.example v=DMARC1;p=none;np=reject;psd=y | gone.bank.example !gone",
		  "fail reject by bank.example of gone.bank.example" },
		{ "testing is one level less", "a@example.com", "", "",
		  "example.com v=DMARC1;p=reject;t=y",
		  "fail quarantine<reject by example.com of example.com" },
		{ "testing none is none", "a@example.com", "", "",
		  "example.com v=DMARC1;p=none;t=y",
		  "fail none by example.com of example.com" },
		{ "testing counts for subdomains", "a@sub.example.com", "", "",
		  "example.com v=DMARC1;p=reject;sp=quarantine;t=y",
		  "fail none<quarantine by example.com of example.com" },
		{ "pct is not read", "a@example.com", "", "",
		  "example.com v=DMARC1;p=reject;pct=0",
		  "fail reject by example.com of example.com" },
		{ "what is no record does not matter", "a@example.com", "", "",
		  "example.com v=spf1 -all | example.com v=DMARC1;p=reject | example.com v=dmarc1;p=none",
		  "fail reject by example.com of example.com" },
		{ "two records are none", "a@example.com", "example.com", "",
		  "example.com v=DMARC1;p=reject | example.com v=DMARC1;p=reject",
		  "none" },
		{ "two records let the one above count", "a@sub.example.com",
		  "", "",
		  "sub.example.com v=DMARC1;p=none | sub.example.com v=DMARC1;p=quarantine | example.com v=DMARC1;p=reject",
		  "fail reject by example.com of example.com" },
		{ "two with psd=n do not end a walk", "a@a.sub.example.com", "",
		  "",
		  "sub.example.com v=DMARC1;psd=n | sub.example.com v=DMARC1;psd=n | example.com v=DMARC1;p=reject",
		  "fail reject by example.com of example.com" },
		{ "an alias that leads nowhere is no record",
		  "a@sub.example.com", "", "",
		  "sub.example.com !alias | example.com v=DMARC1;p=reject",
		  "fail reject by example.com of example.com" },
		{ "the organisation's is before its public suffix's",
		  "a@a.giant.bank.example", "", "",
		  "bank.example v=DMARC1;p=reject;psd=y | giant.bank.example v=DMARC1;p=quarantine",
		  "fail quarantine by giant.bank.example of giant.bank.example" },
		{ "one between them counts for nothing",
		  "a@a.b.giant.bank.example", "", "",
		  "bank.example v=DMARC1;p=reject;psd=y | b.giant.bank.example v=DMARC1;p=none",
		  "fail reject by bank.example of giant.bank.example" },
		{ "one that cannot be used ends it", "a@sub.example.com",
		  "sub.example.com", "",
		  "sub.example.com v=DMARC1;p=rejct | example.com v=DMARC1;p=reject",
		  "permerror (one domain)" },
		{ "also at the organisation", "a@sub.example.com", "", "",
		  "example.com v=DMARC1;p=reject;sp=x",
		  "permerror (one domain)" },
		{ "one that asks for reports is none", "a@example.com", "", "",
		  "example.com v=DMARC1;p=rejct;rua=mailto:a@b.example",
		  "fail none by example.com of example.com" },
		{ "a single label may have one", "a@example", "example", "",
		  "example v=DMARC1;p=reject",
		  "pass spf reject by example of example" },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void identifiers_align(void **state)
{
	static const struct dmarc_row rows[] = {
		{ "nothing passed", "a@example.com", "", "",
		  "example.com v=DMARC1;p=reject",
		  "fail reject by example.com of example.com" },
		{ "one of several signatures is enough", "a@example.com",
		  "bounce.esp.example", "esp.example,example.com",
		  "example.com v=DMARC1;p=reject",
		  "pass dkim[1] reject by example.com of example.com" },
		{ "case does not matter", "a@Example.COM", "EXAMPLE.com",
		  "Example.Com.", "example.com v=DMARC1;aspf=s;adkim=s",
		  "pass spf dkim[0] none by example.com of example.com" },
		{ "adkim=s does not bind SPF", "a@example.com", "b.example.com",
		  "b.example.com", "example.com v=DMARC1;adkim=s",
		  "pass spf none by example.com of example.com" },
		{ "aspf=s does not bind DKIM", "a@example.com", "b.example.com",
		  "b.example.com", "example.com v=DMARC1;aspf=s",
		  "pass dkim[0] none by example.com of example.com" },
		{ "siblings align", "a@a.example.com", "b.example.com", "",
		  "example.com v=DMARC1",
		  "pass spf none by example.com of example.com" },
		{ "registrants below a public suffix do not", "a@a.co.example",
		  "b.co.example", "co.example",
		  "co.example v=DMARC1;psd=y | a.co.example v=DMARC1",
		  "fail none by a.co.example of a.co.example" },
		{ "a parent without a record is another's", "a@a.example.com",
		  "example.com", "", "a.example.com v=DMARC1;p=reject",
		  "fail reject by a.example.com of a.example.com" },
		{ "a child with psd=n is its own", "a@example.com",
		  "a.example.com", "b.a.example.com",
		  "example.com v=DMARC1 | a.example.com v=DMARC1;psd=n",
		  "fail none by example.com of example.com" },
		{ "... which aligns within itself", "a@c.a.example.com",
		  "a.example.com", "b.a.example.com",
		  "example.com v=DMARC1 | a.example.com v=DMARC1;psd=n",
		  "pass spf dkim[0] none by a.example.com of a.example.com" },
		{ "a public suffix as an author aligns with itself only",
		  "a@bank.example", "a.bank.example", "bank.example",
		  "bank.example v=DMARC1;psd=y",
		  "pass dkim[0] none by bank.example of bank.example" },
		{ "an end of the text is not a parent", "a@example.com",
		  "evilexample.com", "",
		  "example.com v=DMARC1 | evilexample.com v=DMARC1",
		  "fail none by example.com of example.com" },
		{ "what is no name proves nothing", "a@example.com",
		  "[192.0.2.1]", ",example..com,a b.example.com,\xff",
		  "example.com v=DMARC1",
		  "fail none by example.com of example.com" },
		{ "the ninth signature is not seen", "a@example.com", "",
		  "b.example,b.example,b.example,b.example,b.example,b.example,b.example,b.example,example.com",
		  "example.com v=DMARC1",
		  "fail none by example.com of example.com" },
		{ "one that DNS left undecided may have passed",
		  "a@example.com", "?example.com", "other.example",
		  "example.com v=DMARC1", "temperror" },
		{ "... which does not matter beside one that did",
		  "a@example.com", "?example.com", "m.example.com",
		  "example.com v=DMARC1",
		  "pass dkim[0] none by example.com of example.com" },
		{ "... nor when it is another's", "a@example.com",
		  "?other.example", "?example.net", "example.com v=DMARC1",
		  "fail none by example.com of example.com" },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void silence_matters_where_it_decides(void **state)
{
	static const struct dmarc_row rows[] = {
		{ "the author's own record", "a@example.com", "example.com", "",
		  "example.com !timeout", "temperror" },
		{ "one above it, where it has none", "a@a.example.com",
		  "a.example.com", "",
		  "example.com !failed | com v=DMARC1;psd=y", "temperror" },
		{ "the top, where nothing ends the walk below",
		  "a@a.example.com", "a.example.com", "",
		  "example.com v=DMARC1;p=reject | com !failed", "temperror" },
		{ "not behind psd=n", "a@a.example.com", "example.com", "",
		  "example.com v=DMARC1;p=reject;psd=n | com !failed",
		  "pass spf reject by example.com of example.com" },
		{ "not behind psd=y", "a@example.co.example",
		  "example.co.example", "",
		  "co.example v=DMARC1;p=reject;psd=y | example !failed",
		  "pass spf reject by co.example of example.co.example" },
		{ "not above the author's own record, with the same domain",
		  "a@example.com", "example.com", "",
		  "example.com v=DMARC1;p=reject | com !failed",
		  "pass spf reject by example.com of " },
		{ "nor with none", "a@example.com", "", "",
		  "example.com v=DMARC1;p=reject | com !failed",
		  "fail reject by example.com of " },
		{ "nor where both are below what is known", "a@example.com",
		  "mail.example.com", "",
		  "example.com v=DMARC1;p=reject | com !not-asked",
		  "pass spf reject by example.com of " },
		{ "but where it parts them", "a@example.com", "other.com", "",
		  "example.com v=DMARC1;p=reject | com !timeout", "temperror" },
		{ "an identifier's own name may part it", "a@example.com",
		  "mail.example.com", "",
		  "example.com v=DMARC1;p=reject | mail.example.com !failed",
		  "temperror" },
		{ "... which does not matter to another domain's",
		  "a@example.com", "mail.example.net", "",
		  "example.com v=DMARC1;p=reject | mail.example.net !failed",
		  "fail reject by example.com of example.com" },
		{ "... nor with strict alignment", "a@example.com",
		  "mail.example.com", "",
		  "example.com v=DMARC1;p=reject;aspf=s | mail.example.com !failed",
		  "fail reject by example.com of example.com" },
		{ "... nor beside one that aligns", "a@example.com",
		  "mail.example.com", "example.com",
		  "example.com v=DMARC1;p=reject | mail.example.com !failed",
		  "pass dkim[0] reject by example.com of example.com" },
		{ "... nor when psd=n parts them anyway", "a@a.example.com",
		  "mail.example.com", "",
		  "a.example.com v=DMARC1;p=reject;psd=n | mail.example.com !failed",
		  "fail reject by a.example.com of a.example.com" },
		{ "whether the author exists makes the milder one hold",
		  "a@a.example.com", "", "",
		  "example.com v=DMARC1;p=none;sp=quarantine;np=reject | a.example.com !silent",
		  "fail quarantine by example.com of example.com" },
		{ "... whichever that is", "a@a.example.com", "", "",
		  "example.com v=DMARC1;p=none;sp=reject;np=none | a.example.com !silent",
		  "fail none by example.com of example.com" },
		{ "everything", "a@a.example.com", "b.example.com", "c.example",
		  "a.example.com !timeout | b.example.com !timeout | example.com !timeout | com !timeout | c.example !timeout | example !timeout | a.example.com !silent",
		  "temperror" },
	};

	(void)state;
	check_rows(rows, COUNT(rows));
}

static void the_list_of_suffixes_decides_by_choice(void **state)
{
	static const struct dmarc_row rows[] = {
		{ "the organisation's policy", "a@a.b.example.co.uk", "", "",
		  "b.example.co.uk v=DMARC1;p=none | example.co.uk v=DMARC1;p=reject | co.uk v=DMARC1;p=none",
		  "fail reject by example.co.uk of example.co.uk" },
		{ "never the suffix's", "a@example.co.uk", "", "",
		  "co.uk v=DMARC1;p=reject;psd=y", "none" },
		{ "a parent needs no record to align", "a@a.example.co.uk",
		  "example.co.uk", "", "a.example.co.uk v=DMARC1;p=reject",
		  "pass spf reject by a.example.co.uk of example.co.uk" },
		{ "psd=n does not part", "a@a.example.co.uk", "b.example.co.uk",
		  "", "a.example.co.uk v=DMARC1;p=reject;psd=n",
		  "pass spf reject by a.example.co.uk of example.co.uk" },
		{ "psd=y does not either", "a@a.example.co.uk", "",
		  "b.example.co.uk", "example.co.uk v=DMARC1;p=reject;psd=y",
		  "pass dkim[0] reject by example.co.uk of example.co.uk" },
		{ "registrants do not align, whatever the suffix says",
		  "a@a.blogspot.com", "b.blogspot.com", "",
		  "a.blogspot.com v=DMARC1;p=reject | blogspot.com v=DMARC1",
		  "fail reject by a.blogspot.com of a.blogspot.com" },
		{ "a suffix is its own", "a@co.uk", "co.uk", "",
		  "co.uk v=DMARC1;p=reject",
		  "pass spf reject by co.uk of co.uk" },
		{ "np counts", "a@gone.example.com", "", "",
		  "example.com v=DMARC1;np=reject | gone.example.com !gone",
		  "fail reject by example.com of example.com" },
		{ "strict is strict", "a@example.com", "b.example.com", "",
		  "example.com v=DMARC1;p=reject;aspf=s",
		  "fail reject by example.com of example.com" },
		{ "silence of the organisation", "a@a.example.com", "", "",
		  "example.com !failed", "temperror" },
		{ "silence behind the author's own record does not matter",
		  "a@a.example.com", "b.example.com", "",
		  "a.example.com v=DMARC1;p=reject | example.com !failed",
		  "pass spf reject by a.example.com of example.com" },
	};

	(void)state;
	dmarc_check_rows(SP_ORGANISATION_PSL, suffixes, rows, COUNT(rows));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_standard),
		cmocka_unit_test(policies_apply_where_they_stand),
		cmocka_unit_test(identifiers_align),
		cmocka_unit_test(silence_matters_where_it_decides),
		cmocka_unit_test(the_list_of_suffixes_decides_by_choice),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
