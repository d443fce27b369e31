/* One sender behind many addresses; and people, who are never one. */
#include "sallyport/sender.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void fold(const char *path, char key_out[SP_ADDRESS_SIZE])
{
	struct sp_address sender;

	sp_address_parse(path, &sender);
	sp_sender_fold(&sender, key_out);
}

struct fold_row {
	const char *sentence;
	const char *path;
	const char *expected;
};

static const struct fold_row fold_rows[] = {
	{ "a plain sender is its key", "<Joe@Example.ORG>", "joe@example.org" },
	{ "the null sender has none", "<>", "" },
	{ "nor has what cannot be read", "<joe@@example.org>", "" },
	{ "a local sender has no domain", "<MAILER-DAEMON>", "mailer-daemon" },

	{ "a BATV tag goes", "<prvs=1234abcdef=joe@d.example>",
	  "joe@d.example" },
	{ "in any case", "<PRVS=1234ABCDEF=Joe@d.example>", "joe@d.example" },
	{ "the btv1 form", "<btv1==034abcde==joe@d.example>", "joe@d.example" },
	{ "the msprvs1 form, and the VERP inside",
	  "<msprvs1=17abcDEF=bounces-263-77@d.example>",
	  "bounces-#-#@d.example" },
	{ "an = in the user behind the tag is kept",
	  "<prvs=1234abcdef=a=b@d.example>", "a=b@d.example" },
	{ "a tag without a digit is no tag", "<prvs=private=joe@d.example>",
	  "prvs=private=joe@d.example" },
	{ "a tag without a user is VERP", "<prvs=1234abcdef=@d.example>",
	  "prvs=#=@d.example" },
	{ "prvs alone is left alone", "<prvs=joe@d.example>",
	  "prvs=joe@d.example" },

	{ "SRS0", "<SRS0=HHH=TT=orig.example=joe@fwd.example>",
	  "srs0=orig.example=joe@fwd.example" },
	{ "SRS0 with a plus", "<SRS0+H+h=TT=orig.example=joe@fwd.example>",
	  "srs0=orig.example=joe@fwd.example" },
	{ "SRS0 with a hyphen", "<srs0-hhh=tt=orig.example=joe@fwd.example>",
	  "srs0=orig.example=joe@fwd.example" },
	{ "an = in the rewritten user",
	  "<SRS0=HHH=TT=orig.example=a=b@fwd.example>",
	  "srs0=orig.example=a=b@fwd.example" },
	{ "VERP inside of SRS0",
	  "<SRS0=HHH=TT=l.example=bounce-123456-joe=x.example@fwd.example>",
	  "srs0=l.example=bounce-#-#@fwd.example" },
	{ "BATV inside of SRS0",
	  "<SRS0=HHH=TT=o.example=prvs=1234abcdef=joe@fwd.example>",
	  "srs0=o.example=joe@fwd.example" },
	{ "SRS0 inside of BATV",
	  "<prvs=1234abcdef=SRS0=HHH=TT=o.example=joe@fwd.example>",
	  "srs0=o.example=joe@fwd.example" },
	{ "SRS1", "<SRS1=HHH=fwd1.example==HHH=TT=o.example=joe@fwd2.example>",
	  "srs1=fwd1.example=o.example=joe@fwd2.example" },
	{ "SRS1 over an SRS0 with a plus",
	  "<SRS1=HHH=fwd1.example=+HHH=TT=o.example=joe@fwd2.example>",
	  "srs1=fwd1.example=o.example=joe@fwd2.example" },
	{ "Exchange Online's SRS",
	  "<box+SRS=44ldt=IX=orig.example=joe@fwd.example>",
	  "box+srs=orig.example=joe@fwd.example" },
	{ "Exchange Online's SRS of a bounce address",
	  "<bounces+SRS=44ldt=IX@fwd.example>", "bounces+srs@fwd.example" },
	{ "SRS0 without a user is left alone",
	  "<SRS0=HHH=TT=orig.example@fwd.example>",
	  "srs0=hhh=tt=orig.example@fwd.example" },
	{ "somebody called srs0", "<srs0@d.example>", "srs0@d.example" },

	{ "VERP with a number and the recipient",
	  "<bounce-123456-joe=x.example@l.example>", "bounce-#-#@l.example" },
	{ "ezmlm's", "<secprog-return-486-joe=x.example@l.example>",
	  "secprog-return-#-#@l.example" },
	{ "qmail's, without a number",
	  "<announce-return-joe-doe=x.example@l.example>",
	  "announce-return-#@l.example" },
	{ "Postfix's and Mailman's",
	  "<news-bounces+joe-doe=x.example@l.example>",
	  "news-bounces+#@l.example" },
	{ "Sympa's", "<bounce+joe==a==x.example==news@l.example>",
	  "bounce+#==news@l.example" },
	{ "Yahoo's groups",
	  "<sentto-2242572-60178-1038817126-joe=x.example@g.example>",
	  "sentto-#-#@g.example" },
	{ "SendGrid's", "<bounces+1234567-ab12-joe.doe=x.example@e.example>",
	  "bounces+#-#@e.example" },
	{ "and one whose four hex digits are all letters",
	  "<bounces+1234567-abcd-joe.doe=x.example@e.example>",
	  "bounces+#-#@e.example" },
	{ "MailChimp's with the recipient",
	  "<bounce-mc.us1_12345.67890-joe=x.example@m.example>",
	  "bounce-mc.us1_#.#@m.example" },
	{ "MailChimp's in hex",
	  "<bounce-md_10612303.5adf1f70.v1-0f662aa357fe4841870c6a233ce23b66"
	  "@m.example>",
	  "bounce-md_#.#.v1-#@m.example" },
	{ "Amazon SES's",
	  "<0100018c1a2b3c4d-4f5e6a7b-1234-5678-9abc-def012345678-000000"
	  "@s.example>",
	  "#-#-#@s.example" },
	{ "a UUID without one digit in some of its parts",
	  "<b-4f5e6a7b-abcd-efab-cdef-def012345678@s.example>",
	  "b-#@s.example" },
	{ "Amazon's own, opaque", "<ems+P8T5PED6GPLZ4A@b.example>",
	  "ems+#@b.example" },
	{ "Lyris's", "<bounce-ora_webprog-1083425@l.example>",
	  "bounce-ora_webprog-#@l.example" },
	{ "Topica's",
	  "<list-errors.1700002104.0.1719965847.007.15118.0@t.example>",
	  "list-errors.#.#.#.#.#.#@t.example" },
	{ "counters beside a long number go too",
	  "<D-8-270241-5399979-2-24365-xy@x.example>",
	  "d-#-#-#-#-#-xy@x.example" },
	{ "hex in an extension", "<joe+12ab34cd56ef@d.example>",
	  "joe+#@d.example" },
	{ "a short number behind a machine's word", "<bounces-77@d.example>",
	  "bounces-#@d.example" },
	{ "a time of 14 digits glued to a word",
	  "<report20261121213000@d.example>", "report#@d.example" },
	{ "a recipient before a tag",
	  "<news-return-77-joe=x.example+tag@l.example>",
	  "news-return-#-#+tag@l.example" },
	{ "Gmail's forwarding", "<joe+caf_=ann=x.example@g.example>",
	  "joe+#@g.example" },
};

static void what_varies_is_folded(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(fold_rows); i++) {
		const struct fold_row *row = &fold_rows[i];
		char key[SP_ADDRESS_SIZE];

		fold(row->path, key);
		if (strcmp(key, row->expected) != 0)
			fail_msg("%s: \"%s\"", row->sentence, key);
	}
}

/* Each stays as it is, so no two of them can be one. */
static const char *const people[] = {
	"john1@d.example",
	"john2@d.example",
	"john.1985@d.example",
	"john-1990@d.example",
	"john_2@d.example",
	"smith1985.john@d.example",
	"john19850312@d.example",
	"2001-archive@d.example",
	"2002-archive@d.example",
	"123456789@d.example",
	"13800138000@d.example",
	"li13800138000@d.example",
	"8613800138000@d.example",
	"+491701234567@d.example",
	"_12345678@d.example",
	"520012345678-0001@d.example",
	"0123456-0002@d.example",
	"ann.ab12cd3@d.example",
	"john+news@d.example",
	"john+2@d.example",
	"john+2026@d.example",
	"news-2026@d.example",
	"deadbeef@d.example",
	"ann.deadbeef@d.example",
	"ann.facade@d.example",
	"joe.r2d2c3@d.example",
	"web2print@d.example",
	"bounce@d.example",
	"owner-news@d.example",
	"john-smith=company.example@d.example",
	"john=company.example@d.example",
	"g=john/s=smith/o=org/@d.example",
	"imceaex-_o=org_ou=first+20group@d.example",
	"a=b@d.example",
	"j\xc3\xb6rg.1@d.example",
};

static void people_are_left_as_they_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(people); i++) {
		char key[SP_ADDRESS_SIZE];

		fold(people[i], key);
		if (strcmp(key, people[i]) != 0)
			fail_msg("%s became %s", people[i], key);
	}
}

struct pair_row {
	const char *sentence;
	const char *a;
	const char *b;
	bool is_one;
};

static const struct pair_row pair_rows[] = {
	{ "two mails of one list", "list-return-77-joe=x.example@l.example",
	  "list-return-78-joe=x.example@l.example", true },
	{ "one mail to two recipients", "bounce-77777-joe=x.example@l.example",
	  "bounce-77777-ann.doe=y.example@l.example", true },
	{ "two lists of one server", "news-return-77-joe=x.example@l.example",
	  "jobs-return-77-joe=x.example@l.example", false },
	{ "two days of a BATV tag", "prvs=1234abcdef=joe@d.example",
	  "prvs=2345bcdef0=joe@d.example", true },
	{ "two people behind one forwarder",
	  "SRS0=aa=bb=o.example=joe@f.example",
	  "SRS0=aa=bb=o.example=ann@f.example", false },
	{ "two people of two domains behind one forwarder",
	  "SRS0=aa=bb=o.example=joe@f.example",
	  "SRS0=aa=bb=p.example=joe@f.example", false },
	{ "one person behind a forwarder, on two days",
	  "SRS0=aa=bb=o.example=joe@f.example",
	  "SRS0=cc=dd=o.example=joe@f.example", true },
	{ "one person behind two forwarders",
	  "SRS0=aa=bb=o.example=joe@f.example",
	  "SRS0=aa=bb=o.example=joe@g.example", false },
	{ "two people who forward at Gmail",
	  "john.1985+caf_=ann=x.example@g.example",
	  "john.1990+caf_=ann=x.example@g.example", false },
	{ "two people with tags made of hex", "john1985+12ab34cd56ef@d.example",
	  "john1990+12ab34cd56ef@d.example", false },
	{ "the same sender of two domains", "bounce-12345@a.example",
	  "bounce-12345@b.example", false },
	{ "two mails of Amazon SES",
	  "0100018c1a2b3c4d-4f5e6a7b-1234-5678-9abc-def012345678-000000"
	  "@s.example",
	  "010f018c1a2bffff-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee-000000"
	  "@s.example",
	  true },
};

static void pairs_are_one_or_two(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pair_rows); i++) {
		const struct pair_row *row = &pair_rows[i];
		char a[SP_ADDRESS_SIZE];
		char b[SP_ADDRESS_SIZE];

		fold(row->a, a);
		fold(row->b, b);
		if ((strcmp(a, b) == 0) != row->is_one)
			fail_msg("%s: %s and %s", row->sentence, a, b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_varies_is_folded),
		cmocka_unit_test(people_are_left_as_they_are),
		cmocka_unit_test(pairs_are_one_or_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
