/* Whose From: it is: a submitter and a field -> own, foreign, or not judged. */
#include "sallyport/own_from.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sallyport/from.h"
#include "sallyport/senders.h"
#include "sallyport/submitter.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define TEN   "abcdefghi."
#define FIFTY TEN TEN TEN TEN TEN

/* The alias map of all rows. */
static const char *const owners[] = {
	"info@example.org alice@example.org",
	"info@example.org bob@example.org",
	"@brand.example alice@example.org",
	"boss@far.example alice@example.org",
	"old@plain.example carol",
	"@xn--bcher-kva.example alice@example.org",
	"@site.example uid:71023",
	"Shop@Other.example uid:71023",
};

static struct sp_senders *senders;

static int make_senders(void **state)
{
	static const struct sp_stands stands = { "senders", 1 };
	char error[SP_LIMIT_ERROR_SIZE];

	(void)state;
	if (sp_senders_new("", &senders) != SP_OK)
		return -1;
	for (size_t i = 0; i < COUNT(owners); i++)
		if (sp_senders_add(senders, owners[i], &stands, error) != SP_OK)
			return -1;
	return 0;
}

static int free_senders(void **state)
{
	(void)state;
	sp_senders_free(&senders);
	return 0;
}

struct row {
	const char *sentence;
	const char *who;      /* a login, "uid:N" or "net:ADDRESS" */
	const char *from;     /* fields, a '|' between; NULL: none */
	const char *expected; /* "own", "-", or the reason */
};

#define ALICE "alice@example.org"

static const struct row by_login[] = {
	{ "the login itself", ALICE, "Alice <alice@example.org>", "own" },
	{ "in other letters", "ALICE@Example.ORG", "alice@EXAMPLE.org", "own" },
	{ "the login was written so", ALICE, "\"ALICE\"@example.org", "own" },
	{ "an extension of it", ALICE, "alice+shop@example.org", "own" },
	{ "an empty extension", ALICE, "alice+@example.org", "own" },
	{ "somebody whose name begins like it", ALICE, "alicia@example.org",
	  "From: alicia@example.org is not alice@example.org's" },
	{ "somebody whose name goes on", ALICE, "alice2@example.org",
	  "From: alice2@example.org is not alice@example.org's" },
	{ "somebody whose name is shorter", ALICE, "alic@example.org",
	  "From: alic@example.org is not alice@example.org's" },
	{ "another extension mark is another name", ALICE,
	  "alice-shop@example.org",
	  "From: alice-shop@example.org is not alice@example.org's" },
	{ "a colleague", ALICE, "bob@example.org",
	  "From: bob@example.org is not alice@example.org's" },
	{ "the same name elsewhere", ALICE, "alice@b.example",
	  "From: alice@b.example is not alice@example.org's" },
	{ "below its domain is elsewhere", ALICE, "alice@sub.example.org",
	  "From: alice@sub.example.org is not alice@example.org's" },
	{ "an alias", ALICE, "info@example.org", "own" },
	{ "an alias with an extension", ALICE, "INFO+x@example.org", "own" },
	{ "an alias of two logins", "bob@example.org", "info@example.org",
	  "own" },
	{ "an alias of others", "eve@example.org", "info@example.org",
	  "From: info@example.org is not eve@example.org's" },
	{ "a domain of its own", ALICE, "anybody@brand.example", "own" },
	{ "below that domain", ALICE, "anybody@x.brand.example",
	  "From: anybody@x.brand.example is not alice@example.org's" },
	{ "an address elsewhere", ALICE, "boss@far.example", "own" },
	{ "somebody else there", ALICE, "cfo@far.example",
	  "From: cfo@far.example is not alice@example.org's" },
	{ "another name on show does not make it foreign", ALICE,
	  "\"boss@bank.example\" <alice@example.org>", "own" },
	{ "a quote in the name", ALICE, "\"a\\\"b\"@example.org",
	  "From: a\"b@example.org is not alice@example.org's" },
};

static const struct row by_domain[] = {
	{ "the login itself", ALICE, "alice@example.org", "own" },
	{ "a colleague", ALICE, "Bob <bob@example.org>", "own" },
	{ "in another case", ALICE, "BOB@EXAMPLE.ORG", "own" },
	{ "below its domain", ALICE, "bob@sales.example.org", "own" },
	{ "above its domain", "alice@mail.example.org", "alice@example.org",
	  "From: alice@example.org is not alice@mail.example.org's" },
	{ "a domain that ends like it", ALICE, "bob@badexample.org",
	  "From: bob@badexample.org is not alice@example.org's" },
	{ "another domain", ALICE, "bob@b.example",
	  "From: bob@b.example is not alice@example.org's" },
	{ "a domain that the map gives", ALICE, "x@brand.example", "own" },
	{ "an address that the map gives", ALICE, "boss@far.example", "own" },
	{ "an address in brackets for a domain", ALICE, "bob@[192.0.2.1]",
	  "From: bob@[192.0.2.1] is not alice@example.org's" },

	/* What is not one author. */
	{ "no From:", ALICE, NULL, "-" },
	{ "two authors, both its own", ALICE,
	  "alice@example.org, bob@example.org", "own" },
	{ "two authors, the second a stranger", ALICE,
	  "alice@example.org, bob@b.example",
	  "From: bob@b.example is not alice@example.org's" },
	{ "two authors, the first a stranger", ALICE,
	  "bob@b.example, alice@example.org",
	  "From: bob@b.example is not alice@example.org's" },
	{ "more authors than we keep", ALICE,
	  "a@example.org, b@example.org, c@example.org, d@example.org, "
	  "e@b.example",
	  "From: has 5 authors" },
	{ "the same field twice", ALICE, "alice@example.org|alice@example.org",
	  "own" },
	{ "two fields, the second a stranger's", ALICE,
	  "alice@example.org|bob@b.example",
	  "From: bob@b.example is not alice@example.org's" },
	{ "a group of its own", ALICE, "us: alice@example.org;", "own" },
	{ "a group of strangers", ALICE, "us: bob@b.example;",
	  "From: bob@b.example is not alice@example.org's" },
	{ "an empty group", ALICE, "undisclosed:;", "-" },
	{ "a name alone", ALICE, "root", "-" },
	{ "nothing", ALICE, "", "-" },
	{ "a name with a comma, its own", ALICE, "Doe, Ann <ann@example.org>",
	  "-" },
	{ "a name with a comma, another's", ALICE, "Doe, Ann <ann@b.example>",
	  "From: cannot be read (words without an address), and names "
	  "b.example, which is not alice@example.org's" },
	{ "an address before the address", ALICE,
	  "support@bank.example <alice@example.org>",
	  "From: cannot be read (an address in place of a name), and names "
	  "bank.example, which is not alice@example.org's" },
	{ "a good field and one that cannot be read", ALICE,
	  "alice@example.org|<x@bank.example",
	  "From: cannot be read (a bracket that does not close), and names "
	  "bank.example, which is not alice@example.org's" },
	{ "a good field and one with words only", ALICE,
	  "alice@example.org|root", "-" },

	/* Letters of the world. */
	{ "a domain in Unicode is its ASCII form",
	  "alice@xn--mnchen-3ya.example", "x@m\xc3\xbcnchen.example", "own" },
	{ "and the other way round", "alice@M\xc3\xbcnchen.example",
	  "x@xn--mnchen-3ya.example", "own" },
	{ "in capitals", "alice@m\xc3\xbcnchen.example",
	  "x@M\xc3\x9cNCHEN.example", "own" },
	{ "a domain in Unicode that the map gives", ALICE,
	  "x@b\xc3\xbc"
	  "cher.example",
	  "own" },
	{ "one that looks like it", ALICE, "x@ex\xd0\xb0mple.org",
	  "From: x@xn--exmple-4nf.org is not alice@example.org's" },
	{ "one that cannot be registered", ALICE, "x@\xe2\x80\xae.example",
	  "From: x@\\xe2\\x80\\xae.example is not alice@example.org's" },

	/* Whoever is not a login with a domain. */
	{ "a login without a domain", "dave", "dave@anywhere.example", "-" },
	{ "a login without a domain, in the map", "carol", "old@plain.example",
	  "own" },
	{ "a login without a domain, in the map with another", "carol",
	  "carol@b.example", "From: carol@b.example is not carol's" },
	{ "a login whose domain is none", "alice@a..b", "alice@a..b", "-" },
	{ "a user that the map does not know", "uid:33", "bob@b.example", "-" },
	{ "a user with a site", "uid:71023", "shop@site.example", "own" },
	{ "a user with an address", "uid:71023", "shop@other.example", "own" },
	{ "a user as another's site", "uid:71023", "shop@b.example",
	  "From: shop@b.example is not uid:71023's" },
	{ "a relay", "net:192.0.2.7", "bob@b.example", "-" },

	/* Bounds. */
	{ "a login too long to be kept is not judged",
	  FIFTY FIFTY FIFTY "@example.org", "bob@b.example", "-" },
	{ "a long local part is cut in the reason", ALICE,
	  FIFTY FIFTY "x@b.example",
	  "From: " FIFTY "a...@b.example is not alice@example.org's" },
	{ "one that is too long is nobody's", ALICE,
	  FIFTY FIFTY FIFTY FIFTY FIFTY "aaaaaa@example.org",
	  "From: @example.org is not alice@example.org's" },
	{ "no line break gets into the reason", ALICE,
	  "\"a\n b\x7f\"@b.example",
	  "From: cannot be read (a control character), and names b.example, "
	  "which is not alice@example.org's" },
};

static const struct row with_login_domain[] = {
	{ "a login gets its domain", "dave", "dave@example.org", "own" },
	{ "a colleague", "dave", "bob@example.org", "own" },
	{ "a stranger", "dave", "bob@b.example",
	  "From: bob@b.example is not dave@example.org's" },
	{ "a login that has one", "dave@c.example", "bob@example.org",
	  "From: bob@example.org is not dave@c.example's" },
};

static void read_fields(const char *fields, struct sp_from *from_out)
{
	sp_from_init(from_out);
	for (;;) {
		size_t length = strcspn(fields, "|");

		sp_from_add_field(from_out, fields, length);
		if (fields[length] == '\0')
			return;
		fields += length + 1;
	}
}

static void judge(const struct row *row, struct sp_own_from_question *question)
{
	bool is_login = strncmp(row->who, "uid:", 4) != 0 &&
			strncmp(row->who, "net:", 4) != 0;
	struct sp_own_from_fact fact;
	struct sp_submitter who;
	struct sp_from from;
	const char *found;

	if (is_login)
		sp_submitter_of_login(row->who, question->login_domain, &who);
	else
		assert_int_equal(sp_submitter_parse(row->who, "", &who), SP_OK);
	if (row->from)
		read_fields(row->from, &from);
	question->submitter = &who;
	question->login = is_login ? row->who : "";
	question->senders = senders;
	question->from = row->from ? &from : NULL;
	sp_own_from_judge(question, &fact);
	found = fact.verdict == SP_OWN_FROM_OWN	      ? "own"
		: fact.verdict == SP_OWN_FROM_FOREIGN ? fact.reason
						      : "-";
	if (strcmp(found, row->expected) != 0)
		fail_msg("%s: \"%s\"", row->sentence, found);
}

static void judge_all(const struct row *rows, size_t count,
		      enum sp_own_from_rule rule, const char *login_domain)
{
	for (size_t i = 0; i < count; i++) {
		struct sp_own_from_question question = {
			.rule = rule,
			.login_domain = login_domain,
		};

		judge(&rows[i], &question);
	}
}

static void by_login_its_address_is_own(void **state)
{
	(void)state;
	judge_all(by_login, COUNT(by_login), SP_OWN_FROM_LOGIN, "");
}

static void by_domain_its_domain_is_own(void **state)
{
	(void)state;
	judge_all(by_domain, COUNT(by_domain), SP_OWN_FROM_DOMAIN, "");
}

static void a_login_gets_its_domain(void **state)
{
	(void)state;
	judge_all(with_login_domain, COUNT(with_login_domain),
		  SP_OWN_FROM_DOMAIN, "example.org");
}

static void off_judges_nothing(void **state)
{
	static const struct row row = { "off", ALICE, "bob@b.example", "-" };

	(void)state;
	judge_all(&row, 1, SP_OWN_FROM_OFF, "example.org");
}

static void without_a_map_the_login_counts(void **state)
{
	static const struct row row = {
		"no map", ALICE, "x@brand.example",
		"From: x@brand.example is not alice@example.org's"
	};
	struct sp_senders *kept = senders;

	(void)state;
	senders = NULL;
	judge_all(&row, 1, SP_OWN_FROM_DOMAIN, "");
	senders = kept;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_login_its_address_is_own),
		cmocka_unit_test(by_domain_its_domain_is_own),
		cmocka_unit_test(a_login_gets_its_domain),
		cmocka_unit_test(off_judges_nothing),
		cmocka_unit_test(without_a_map_the_login_counts),
	};

	return cmocka_run_group_tests_name("own-from", tests, make_senders,
					   free_senders);
}
