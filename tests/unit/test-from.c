/* Who wrote a mail: one row, one sentence. */
#include "sallyport/from.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define TEN   "abcdefghi."
#define FIFTY TEN TEN TEN TEN TEN

struct row {
	const char *sentence;
	const char *value;
	enum sp_from_verdict verdict;
	enum sp_from_reason reason;
	unsigned mailboxes;
	const char *domains; /* a blank between */
	const char *shown;   /* "" for nothing */
};

#define ONE(domain)	   SP_FROM_OK_ONE, SP_FROM_READ, 1, domain, ""
#define SHOWS(domain, too) SP_FROM_OK_ONE, SP_FROM_READ, 1, domain, too
#define MANY(count, domains)                                                   \
	SP_FROM_SEVERAL_AUTHORS, SP_FROM_READ, count, domains, ""
#define GROUP(count, domains) SP_FROM_GROUP, SP_FROM_READ, count, domains, ""
#define NOBODY		      SP_FROM_EMPTY_GROUP, SP_FROM_READ, 0, "", ""
#define BAD(reason, count, domains)                                            \
	SP_FROM_UNREADABLE, SP_FROM_##reason, count, domains, ""

static const struct row rows[] = {
	/* What most mails have. */
	{ "an address alone", "ann@a.example", ONE("a.example") },
	{ "with the blank behind the colon", " ann@a.example",
	  ONE("a.example") },
	{ "in brackets", "<ann@a.example>", ONE("a.example") },
	{ "a name", "Ann Lee <ann@a.example>", ONE("a.example") },
	{ "a name in quotes", "\"Lee, Ann\" <ann@a.example>",
	  ONE("a.example") },
	{ "a name without a blank behind", "\"Ann\"<ann@a.example>",
	  ONE("a.example") },
	{ "the name as a comment", "ann@a.example (Ann Lee)",
	  ONE("a.example") },
	{ "a domain in capitals", "Ann@A.Example", ONE("a.example") },
	{ "a domain with its last dot", "<ann@a.example.>", ONE("a.example") },
	{ "a domain of one label", "root@localhost", ONE("localhost") },
	{ "folded before the address", "Ann\n <ann@a.example>",
	  ONE("a.example") },
	{ "folded with CR LF", "Ann\r\n\t<ann@a.example>", ONE("a.example") },
	{ "folded within quotes", "\"Ann\n Lee\" <ann@a.example>",
	  ONE("a.example") },
	{ "an apostrophe", "Dara O'Shea <dara@a.example>", ONE("a.example") },
	{ "an empty pair of quotes, and words, and quotes",
	  "\"\" Ann \" Lee\" <ann@a.example>", ONE("a.example") },
	{ "an encoded name", "=?utf-8?q?J=C3=B6rg?= <j@a.example>",
	  ONE("a.example") },
	{ "two encoded words",
	  "=?utf-8?b?SsO2?=\n =?UTF-8?B?cmc=?= <j@a.example>",
	  ONE("a.example") },
	{ "Latin-1 in a name", "J\xf6rg <j@a.example>", ONE("a.example") },
	{ "8-bit bytes in a local part", "J\xf6rg@a.example",
	  ONE("a.example") },

	/* What the RFC has besides. */
	{ "comments everywhere",
	  "Pete(A nice \\) chap) <pete(his account)@silly.example(his host)>",
	  ONE("silly.example") },
	{ "comments and blanks around each dot",
	  "ann . lee (x) @ (y) a (z) . \n example (w)", ONE("a.example") },
	{ "comments in comments", "(a(b(c)\\))d)ann@a.example",
	  ONE("a.example") },
	{ "a dot in a name without quotes", "Ann B. Lee <ann@a.example>",
	  ONE("a.example") },
	{ "a quoted local part", "\"ann lee\"@a.example", ONE("a.example") },
	{ "an escaped quote in a name", "\"A\\\"nn\" <ann@a.example>",
	  ONE("a.example") },
	{ "a quote that an escaped backslash does not keep open",
	  "\"Ann\\\\\" <ann@a.example>", ONE("a.example") },
	{ "a quoted word among others", "a.\"b c\".d@a.example",
	  ONE("a.example") },
	{ "nothing between commas", ",, ann@a.example ,(x),",
	  ONE("a.example") },
	{ "dots where the RFC has none", "<.a..b.@a.example>",
	  ONE("a.example") },
	{ "brackets in a name without quotes", "[Sales] Ann <ann@a.example>",
	  ONE("a.example") },
	{ "a source route names other hosts",
	  "<@r.example,@s.example:ann@a.example>",
	  SHOWS("a.example", "r.example") },
	{ "a source route with holes", "<,@a.example, ,:ann@a.example>",
	  ONE("a.example") },
	{ "an IPv4 literal", "<ann@[192.0.2.1]>", ONE("[192.0.2.1]") },
	{ "an IPv6 literal", "ann@[IPv6:2001:DB8::1]",
	  ONE("[ipv6:2001:db8::1]") },
	{ "U-labels stay as they are",
	  "ann@B\xc3\xbc"
	  "cher.Example",
	  ONE("b\xc3\xbc"
	      "cher.example") },
	{ "U-labels with a last dot", "ann@b\xc3\xbc.example.",
	  ONE("b\xc3\xbc.example") },
	{ "A-labels are a name", "ann@xn--bcher-kva.example",
	  ONE("xn--bcher-kva.example") },

	/* Several. */
	{ "two of one domain", "ann@a.example, Bob <bob@A.example>",
	  MANY(2, "a.example") },
	{ "two of two", "Ann <ann@a.example>,bob@b.example",
	  MANY(2, "a.example b.example") },
	{ "nine, and as many domains",
	  "x@a.ex,x@b.ex,x@c.ex,x@d.ex,x@e.ex,x@f.ex,x@g.ex,x@h.ex,x@i.ex",
	  MANY(9, "a.ex b.ex c.ex d.ex e.ex f.ex g.ex h.ex +") },
	{ "the first again behind the eighth",
	  "x@a.ex,x@b.ex,x@c.ex,x@d.ex,x@e.ex,x@f.ex,x@g.ex,x@h.ex,x@a.ex",
	  MANY(9, "a.ex b.ex c.ex d.ex e.ex f.ex g.ex h.ex") },
	{ "a comma in quotes is none", "\"a@a.example, b\" <b@a.example>",
	  ONE("a.example") },

	/* Groups. */
	{ "a group of nobody", "Undisclosed recipients:;", NOBODY },
	{ "a group of commas and comments", "A: ,(x), ; (y)", NOBODY },
	{ "two groups of nobody", "A:;,B:;", NOBODY },
	{ "a group of one", "A: ann@a.example;", GROUP(1, "a.example") },
	{ "a group of two", "\"A\": Ann <ann@a.example>, bob@b.example;",
	  GROUP(2, "a.example b.example") },
	{ "somebody beside a group", "A:;, ann@a.example",
	  GROUP(1, "a.example") },
	{ "a group that does not close", "A: ann@a.example",
	  BAD(OPEN_GROUP, 1, "a.example") },
	{ "a group in a group", "A: B: ann@a.example;;",
	  BAD(BAD_GROUP, 1, "a.example") },
	{ "a group without a name", ": ann@a.example;",
	  BAD(BAD_GROUP, 1, "a.example") },
	{ "a semicolon that closes nothing", "ann@a.example;",
	  BAD(BAD_GROUP, 1, "a.example") },
	{ "semicolons for commas", "ann@a.example; bob@b.example",
	  BAD(BAD_GROUP, 2, "a.example b.example") },
	{ "an address right behind a group", "A:; ann@a.example",
	  BAD(TRAILING, 1, "a.example") },

	/* One author, and a reader who believes in another. */
	{ "another address as a quoted name",
	  "\"a@good.example\" <b@evil.example>",
	  SHOWS("evil.example", "good.example") },
	{ "another one with brackets in a quoted name",
	  "\"Ann <a@good.example>\" <b@evil.example>",
	  SHOWS("evil.example", "good.example") },
	{ "its own address as a quoted name", "\"b@b.example\" <b@b.example>",
	  ONE("b.example") },
	{ "another one with a backslash in it",
	  "\"a\\@go\\od.example\" <b@evil.example>",
	  SHOWS("evil.example", "good.example") },
	{ "another one in a comment", "b@evil.example (a@good.example.)",
	  SHOWS("evil.example", "good.example") },
	{ "another one in a local part", "\"a@good.example \"@evil.example",
	  SHOWS("evil.example", "good.example") },
	{ "another one with U-labels",
	  "\"a@g\xc3\xb6\xc3\xb6"
	  "d.example\" <b@evil.example>",
	  SHOWS("evil.example", "g\xc3\xb6\xc3\xb6"
				"d.example") },
	{ "an @ that stands before no domain", "\"Ann @ home\" <a@a.example>",
	  ONE("a.example") },
	{ "an @ in an encoded word is no address",
	  "=?utf-8?q?a@good.example?= <b@evil.example>",
	  SHOWS("evil.example", "good.example") },
	{ "an encoded @ is text", "=?utf-8?q?a=40good.example?= <b@b.example>",
	  ONE("b.example") },
	{ "a comma in an encoded word", "=?utf-8?q?Lee,_Ann?= <ann@a.example>",
	  ONE("a.example") },

	/* Two readings, or none. */
	{ "nothing", "", BAD(NO_ADDRESS, 0, "") },
	{ "blanks", " \n ", BAD(NO_ADDRESS, 0, "") },
	{ "commas", ",,", BAD(NO_ADDRESS, 0, "") },
	{ "a comment", "(ann@a.example)", BAD(NO_ADDRESS, 1, "a.example") },
	{ "an empty pair of brackets", "<>", BAD(NO_ADDRESS, 0, "") },
	{ "a name and empty brackets", "ann@a.example <>",
	  BAD(ADDRESS_IN_NAME, 1, "a.example") },
	{ "a user without a domain", "root", BAD(NO_DOMAIN, 0, "") },
	{ "a user without a domain in brackets", "Cron <root>",
	  BAD(NO_DOMAIN, 0, "") },
	{ "a name cut by a comma", "Lee, Ann <ann@a.example>",
	  BAD(NO_DOMAIN, 1, "a.example") },
	{ "a quoted address is a name alone", "\"ann@a.example\"",
	  BAD(NO_DOMAIN, 1, "a.example") },
	{ "an address for a name", "a@good.example <b@evil.example>",
	  BAD(ADDRESS_IN_NAME, 2, "good.example evil.example") },
	{ "an address and a comment for a name",
	  "a@good.example (x) <b@evil.example>",
	  BAD(ADDRESS_IN_NAME, 2, "good.example evil.example") },
	{ "two pairs of brackets", "<a@x.example> <b@y.example>",
	  BAD(TRAILING, 2, "x.example y.example") },
	{ "brackets in brackets", "<<a@x.example>>",
	  BAD(BAD_CHARACTER, 1, "x.example") },
	{ "brackets behind an address in brackets",
	  "<a@x.example<b@y.example>>",
	  BAD(BAD_CHARACTER, 2, "x.example y.example") },
	{ "two @", "a@x.example@y.example",
	  BAD(SEVERAL_AT, 2, "x.example y.example") },
	{ "two @ in brackets", "<a@x.example@y.example>",
	  BAD(SEVERAL_AT, 2, "x.example y.example") },
	{ "two @ in a row", "a@@y.example", BAD(BAD_DOMAIN, 1, "y.example") },
	{ "a second name behind", "Ann <ann@a.example> Lee",
	  BAD(TRAILING, 1, "a.example") },
	{ "an @ behind", "<ann@a.example>@b.example",
	  BAD(TRAILING, 2, "a.example b.example") },
	{ "a word behind an address", "ann@a.example Lee",
	  BAD(TRAILING, 1, "a.example") },
	{ "a bracket that does not close", "Ann <ann@a.example",
	  BAD(OPEN_BRACKET, 1, "a.example") },
	{ "a bracket that does not open", "ann@a.example>",
	  BAD(TRAILING, 1, "a.example") },
	{ "a bracket that closes nothing in a name", "Ann> <ann@a.example>",
	  BAD(BAD_CHARACTER, 1, "a.example") },
	{ "quotes that do not close", "\"Ann <ann@a.example>",
	  BAD(OPEN_QUOTE, 1, "a.example") },
	{ "quotes too many", "\"A\"nn\" <ann@a.example>",
	  BAD(OPEN_QUOTE, 1, "a.example") },
	{ "quotes that an escape keeps open",
	  "\"a@good.example\\\" <b@evil.example>",
	  BAD(OPEN_QUOTE, 2, "good.example evil.example") },
	{ "a backslash at the end of quotes", "\"Ann\\",
	  BAD(OPEN_QUOTE, 0, "") },
	{ "a comment that does not close", "ann@a.example (Ann",
	  BAD(OPEN_COMMENT, 1, "a.example") },
	{ "a comment that an escape keeps open", "ann@a.example (Ann\\)",
	  BAD(OPEN_COMMENT, 1, "a.example") },
	{ "a parenthesis too many", "Ann) <ann@a.example>",
	  BAD(BAD_CHARACTER, 1, "a.example") },
	{ "a backslash without quotes", "a\\@b <ann@a.example>",
	  BAD(BAD_CHARACTER, 2, "b a.example") },
	{ "two words for a local part", "Ann Lee@a.example",
	  BAD(BAD_LOCAL, 1, "a.example") },
	{ "two words for a local part in brackets", "<ann lee@a.example>",
	  BAD(BAD_LOCAL, 1, "a.example") },
	{ "words side by side", "\"ann\"lee@a.example",
	  BAD(BAD_LOCAL, 1, "a.example") },
	{ "no local part", "@a.example", BAD(BAD_LOCAL, 1, "a.example") },
	{ "a dot for a local part", ".@a.example",
	  BAD(BAD_LOCAL, 1, "a.example") },
	{ "brackets in a local part", "a[b]@a.example",
	  BAD(BAD_LOCAL, 1, "a.example") },
	{ "an encoded local part", "=?utf-8?q?a=40good.example=20?=@b.example",
	  BAD(BAD_LOCAL, 1, "b.example") },
	{ "brackets in an encoded word",
	  "=?utf-8?q?<a@good.example>?= <b@evil.example>",
	  BAD(TRAILING, 2, "good.example evil.example") },
	{ "a list in an encoded word",
	  "=?utf-8?q?a@good.example,?= <b@evil.example>",
	  MANY(2, "good.example evil.example") },
	{ "a route without an address", "<@r.example>",
	  BAD(BAD_LOCAL, 1, "r.example") },
	{ "a route that leads nowhere", "<@r.example:>",
	  BAD(NO_ADDRESS, 1, "r.example") },
	{ "no domain", "ann@", BAD(BAD_DOMAIN, 0, "") },
	{ "no domain in brackets", "<ann@>", BAD(BAD_DOMAIN, 0, "") },
	{ "a domain with a hole", "ann@a..example", BAD(BAD_DOMAIN, 0, "") },
	{ "two words for a domain", "ann@a example", BAD(TRAILING, 1, "a") },
	{ "an address without brackets for a domain", "ann@192.0.2.1",
	  BAD(BAD_DOMAIN, 0, "") },
	{ "a character that no domain has", "ann@a!b.example",
	  BAD(BAD_DOMAIN, 1, "a") },
	{ "a domain in quotes", "ann@\"a.example\"", BAD(BAD_DOMAIN, 0, "") },
	{ "a literal that is no address", "ann@[a.example]",
	  BAD(BAD_DOMAIN, 0, "") },
	{ "a literal that does not close", "ann@[192.0.2.1",
	  BAD(OPEN_BRACKET, 0, "") },
	{ "a literal that goes on", "ann@[192.0.2.1].example",
	  BAD(TRAILING, 1, "[192.0.2.1]") },
	{ "a domain in Latin-1",
	  "ann@b\xfc"
	  "cher.example",
	  BAD(BAD_DOMAIN, 0, "") },
	{ "U-labels with a hole", "ann@b\xc3\xbc..example",
	  BAD(BAD_DOMAIN, 0, "") },
	{ "the longest domain", "a@" FIFTY FIFTY FIFTY FIFTY FIFTY "org",
	  ONE(FIFTY FIFTY FIFTY FIFTY FIFTY "org") },
	{ "a domain that is too long",
	  "a@" FIFTY FIFTY FIFTY FIFTY FIFTY "info", BAD(BAD_DOMAIN, 0, "") },
	{ "U-labels that are too long",
	  "a@" FIFTY FIFTY FIFTY FIFTY FIFTY "\xc3\xbc.a",
	  BAD(BAD_DOMAIN, 0, "") },
	{ "a line break that folds nothing", "Ann\n<ann@a.example>",
	  BAD(LINE_BREAK, 1, "a.example") },
	{ "a line break at the end", "ann@a.example\n",
	  BAD(LINE_BREAK, 1, "a.example") },
	{ "a CR alone", "Ann\r <ann@a.example>",
	  BAD(LINE_BREAK, 1, "a.example") },
	{ "an escape character in quotes", "\"A\x1bnn\" <ann@a.example>",
	  BAD(CONTROL, 1, "a.example") },
	{ "a DEL", "Ann\x7f <ann@a.example>", BAD(CONTROL, 1, "a.example") },
};

static void add(struct sp_from *from, const char *value)
{
	sp_from_add_field(from, value, strlen(value));
}

/* "a.example b.example", and "+" if there are more than could be kept. */
static const char *domains_of(const struct sp_from *from, char text_out[4000])
{
	text_out[0] = '\0';
	for (unsigned i = 0; i < from->domain_count; i++) {
		strcat(text_out, i > 0 ? " " : "");
		strcat(text_out, from->domains[i].name);
	}
	return strcat(text_out, from->has_more_domains ? " +" : "");
}

static enum sp_from_domain_kind kind_of(const char *name)
{
	if (name[0] == '\0')
		return SP_FROM_DOMAIN_NONE;
	if (name[0] == '[')
		return SP_FROM_DOMAIN_LITERAL;
	while (*name != '\0' && (unsigned char)*name < 0x80)
		name++;
	return *name == '\0' ? SP_FROM_DOMAIN_NAME : SP_FROM_DOMAIN_IDN;
}

static bool is_as_said(const struct row *row, const struct sp_from *from)
{
	char domains[4000];

	for (unsigned i = 0; i < from->domain_count; i++) {
		if (from->domains[i].kind != kind_of(from->domains[i].name))
			return false;
	}
	return sp_from_judge(from) == row->verdict &&
	       from->reason == row->reason &&
	       from->mailbox_count == row->mailboxes &&
	       strcmp(domains_of(from, domains), row->domains) == 0 &&
	       strcmp(from->shown.name, row->shown) == 0 &&
	       from->shown.kind == kind_of(row->shown);
}

static void fields_have_their_authors(void **state)
{
	size_t failed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sp_from from;
		char domains[4000];

		sp_from_init(&from);
		add(&from, rows[i].value);
		assert_true((sp_from_author(&from) != NULL) ==
			    (rows[i].verdict == SP_FROM_OK_ONE));
		if (is_as_said(&rows[i], &from))
			continue;
		print_error("%s: [%s] is %s, %s; %u mailboxes of [%s], shows "
			    "[%s]\n",
			    rows[i].sentence, rows[i].value,
			    sp_from_verdict_text(sp_from_judge(&from)),
			    sp_from_reason_text(from.reason),
			    from.mailbox_count, domains_of(&from, domains),
			    from.shown.name);
		failed++;
	}
	print_message("%zu fields\n", COUNT(rows));
	assert_int_equal(failed, 0);
}

/* "local@domain", with a blank between. */
static void write_mailboxes(const struct sp_from *from, char *text_out,
			    size_t size)
{
	size_t length = 0;

	text_out[0] = '\0';
	for (unsigned i = 0; i < from->mailboxes_kept; i++) {
		const struct sp_from_mailbox *mailbox = &from->mailboxes[i];

		length += (size_t)snprintf(text_out + length, size - length,
					   "%s%s@%s", i == 0 ? "" : " ",
					   mailbox->local,
					   from->domains[mailbox->domain].name);
		assert_true(length < size);
	}
}

static void mailboxes_are_kept(void **state)
{
	static const struct {
		const char *sentence;
		const char *value;
		const char *mailboxes;
	} cases[] = {
		{ "an address alone", "ann@a.example", "ann@a.example" },
		{ "in brackets, its case kept", "Lee <Ann.Lee@A.example>",
		  "Ann.Lee@a.example" },
		{ "in quotes that say nothing", "\"ann\"@a.example",
		  "ann@a.example" },
		{ "in quotes, with what needs them",
		  "\"ann b\\\"c, d\"@a.example", "ann b\"c, d@a.example" },
		{ "comments and blanks around it and in it",
		  " (x) ann (y) . (z) lee (\"w\") @ a.example",
		  "ann.lee@a.example" },
		{ "folded within quotes", "\"ann\r\n lee\"@a.example",
		  "ann lee@a.example" },
		{ "in UTF-8", "<\xc3\xa4nn@a.example>",
		  "\xc3\xa4nn@a.example" },
		{ "behind a source route", "<@r.example:ann@a.example>",
		  "ann@a.example" },
		{ "with a part behind a plus", "ann+list@a.example",
		  "ann+list@a.example" },
		{ "several of two domains",
		  "a@x.example, b@y.example, c@x.example",
		  "a@x.example b@y.example c@x.example" },
		{ "of more the first four",
		  "a@x.example, b@x.example, c@x.example, d@x.example, "
		  "e@x.example",
		  "a@x.example b@x.example c@x.example d@x.example" },
		{ "those of a group", "us: a@x.example, b@x.example;",
		  "a@x.example b@x.example" },
		{ "none of a field that cannot be read",
		  "a@x.example, b@y.example <c@z.example>", "" },
		{ "a local part of 255 bytes is kept",
		  "<" FIFTY FIFTY FIFTY FIFTY FIFTY "aaaaa@x.example>",
		  FIFTY FIFTY FIFTY FIFTY FIFTY "aaaaa@x.example" },
		{ "a longer one is nobody's",
		  "<" FIFTY FIFTY FIFTY FIFTY FIFTY "aaaaaa@x.example>",
		  "@x.example" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sp_from from;
		char found[2048];

		sp_from_init(&from);
		add(&from, cases[i].value);
		write_mailboxes(&from, found, sizeof(found));
		if (strcmp(found, cases[i].mailboxes) != 0)
			fail_msg("%s: \"%s\"", cases[i].sentence, found);
	}
}

static void fields_add_up(void **state)
{
	struct sp_from from;
	char domains[4000];

	(void)state;
	sp_from_init(&from);
	assert_int_equal(sp_from_judge(&from), SP_FROM_NO_FROM);
	assert_null(sp_from_author(&from));

	add(&from, "ann@a.example");
	add(&from, "ann@a.example");
	assert_int_equal(sp_from_judge(&from), SP_FROM_SEVERAL_FIELDS);
	assert_int_equal(from.field_count, 2);
	assert_int_equal(from.mailbox_count, 2);
	assert_null(sp_from_author(&from));

	add(&from, "bob@b.example (");
	add(&from, "Lee, Ann <ann@c.example>");
	assert_int_equal(sp_from_judge(&from), SP_FROM_SEVERAL_FIELDS);
	assert_int_equal(from.reason, SP_FROM_OPEN_COMMENT);
	assert_string_equal(domains_of(&from, domains),
			    "a.example b.example c.example");

	sp_from_init(&from);
	sp_from_add_field(&from, "ann@a.example\0@b.example", 24);
	assert_int_equal(sp_from_judge(&from), SP_FROM_UNREADABLE);
	assert_int_equal(from.reason, SP_FROM_CONTROL);
	assert_string_equal(domains_of(&from, domains), "a.example b.example");
}

static void texts_are_there(void **state)
{
	(void)state;
	for (unsigned i = SP_FROM_NO_FROM; i <= SP_FROM_UNREADABLE; i++)
		assert_true(sp_from_verdict_text(i)[0] != '\0');
	for (unsigned i = SP_FROM_READ; i <= SP_FROM_TOO_DEEP; i++)
		assert_true(sp_from_reason_text(i)[0] != '\0');
}

/* `piece` again and again, and "a@a.example" at the end of `size` bytes. */
static enum sp_from_reason reason_of_many(const char *piece, size_t size)
{
	static const char tail[] = "a@a.example";
	char *value = malloc(size);
	struct sp_from from;
	size_t begin = size - strlen(tail);

	assert_non_null(value);
	for (size_t i = 0; i < size; i++)
		value[i] =
			i < begin ? piece[i % strlen(piece)] : tail[i - begin];
	sp_from_init(&from);
	sp_from_add_field(&from, value, size);
	free(value);
	return from.reason;
}

static void long_fields_end_soon(void **state)
{
	static const struct {
		const char *piece;
		enum sp_from_reason reason;
	} pieces[] = {
		{ ",", SP_FROM_READ },
		{ " ", SP_FROM_READ },
		{ "()", SP_FROM_READ },
		{ "a@b,", SP_FROM_READ },
		{ "(", SP_FROM_TOO_DEEP },
		{ "\\", SP_FROM_BAD_CHARACTER },
		{ "<", SP_FROM_BAD_CHARACTER },
		{ "@", SP_FROM_BAD_LOCAL },
		{ "@[", SP_FROM_BAD_LOCAL },
		{ "a@", SP_FROM_SEVERAL_AT },
		{ "=?", SP_FROM_READ }, /* a long local part */
		{ "=?a?q?", SP_FROM_READ },
		{ "=?a?q?b ", SP_FROM_BAD_LOCAL },
		{ "a:", SP_FROM_BAD_GROUP },
		{ "a:;,", SP_FROM_READ },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		const char *piece = pieces[i].piece;
		size_t size = SP_FROM_VALUE_MAX;

		/* Whole pieces only, for the tail to begin anew. */
		size -= (size - strlen("a@a.example")) % strlen(piece);
		assert_int_equal(reason_of_many(piece, size), pieces[i].reason);
	}
	assert_int_equal(reason_of_many(",", SP_FROM_VALUE_MAX + 1),
			 SP_FROM_TOO_LONG);
}

static void comments_are_nested_so_deep(void **state)
{
	char value[200];
	struct sp_from from;

	(void)state;
	for (int depth = SP_FROM_DEPTH_MAX; depth < SP_FROM_DEPTH_MAX + 2;
	     depth++) {
		int length = snprintf(value, sizeof(value), "a@a.example ");

		memset(value + length, '(', (size_t)depth);
		memset(value + length + depth, ')', (size_t)depth);
		value[length + 2 * depth] = '\0';
		sp_from_init(&from);
		add(&from, value);
		assert_int_equal(from.reason, depth <= SP_FROM_DEPTH_MAX
						      ? SP_FROM_READ
						      : SP_FROM_TOO_DEEP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_have_their_authors),
		cmocka_unit_test(mailboxes_are_kept),
		cmocka_unit_test(fields_add_up),
		cmocka_unit_test(texts_are_there),
		cmocka_unit_test(long_fields_end_soon),
		cmocka_unit_test(comments_are_nested_so_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
