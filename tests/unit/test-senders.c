/* Who may write as whom: entries and files -> owners. */
#include "../support/config_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sallyport/config.h"
#include "sallyport/limits.h"
#include "sallyport/senders.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define SIXTEEN "0123456789abcdef"
#define LONG	SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN

/* --- one entry ------------------------------------------------------------ */

static void entries_name_owners(void **state)
{
	static const struct {
		const char *sentence;
		const char *entry;
		const char *submitter, *local, *domain;
		bool may;
	} rows[] = {
		{ "an address and its login",
		  "info@example.org alice@example.org",
		  "sasl:alice@example.org", "info", "example.org", true },
		{ "a tab between", "info@example.org\tdave",
		  "sasl:dave@here.example", "info", "example.org", true },
		{ "small letters and capitals are the same",
		  "Info@Example.ORG ALICE@Example.org",
		  "sasl:alice@example.org", "INFO", "example.org", true },
		{ "a login without a domain gets it", "info@example.org dave",
		  "sasl:dave@here.example", "info", "example.org", true },
		{ "another login does not", "info@example.org dave",
		  "sasl:eve@here.example", "info", "example.org", false },
		{ "another address is not its own", "info@example.org dave",
		  "sasl:dave@here.example", "sales", "example.org", false },
		{ "another domain is not its own", "info@example.org dave",
		  "sasl:dave@here.example", "info", "example.com", false },
		{ "an extension belongs to the address",
		  "info@example.org dave", "sasl:dave@here.example", "info+x",
		  "example.org", true },
		{ "an address with an extension is that one only",
		  "info+x@example.org dave", "sasl:dave@here.example", "info",
		  "example.org", false },
		{ "a domain", "@example.org dave", "sasl:dave@here.example",
		  "anybody", "example.org", true },
		{ "a domain as a whole", "@example.org dave",
		  "sasl:dave@here.example", NULL, "example.org", true },
		{ "an address is not its domain", "info@example.org dave",
		  "sasl:dave@here.example", NULL, "example.org", false },
		{ "a domain is not those below it", "@example.org dave",
		  "sasl:dave@here.example", "x", "a.example.org", false },
		{ "a local part alone is in the logins' domain", "sales dave",
		  "sasl:dave@here.example", "sales", "here.example", true },
		{ "a user", "@example.org uid:71023", "uid:71023", "x",
		  "example.org", true },
		{ "a login that is written like a key",
		  "info@example.org sasl:dave@here.example",
		  "sasl:dave@here.example", "info", "example.org", true },
		{ "a colon behind the address", "info@example.org: dave",
		  "sasl:dave@here.example", "info", "example.org", true },
		{ "an @ in the login", "info@example.org a@b@example.org",
		  "sasl:a@b@example.org", "info", "example.org", true },
		{ "UTF-8 before the @", "b\xc3\xbcro@example.org dave",
		  "sasl:dave@here.example", "b\xc3\xbcro", "example.org",
		  true },
	};
	static const struct sp_stands stands = { "list", 7 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char error[SP_LIMIT_ERROR_SIZE] = "";
		struct sp_senders *senders;

		assert_int_equal(sp_senders_new("here.example", &senders),
				 SP_OK);
		if (sp_senders_add(senders, rows[i].entry, &stands, error) !=
		    SP_OK)
			fail_msg("%s: %s", rows[i].sentence, error);
		if (sp_senders_may(senders, rows[i].submitter, rows[i].local,
				   rows[i].domain) != rows[i].may)
			fail_msg("%s", rows[i].sentence);
		assert_false(sp_senders_know(senders, "sasl:nobody"));
		sp_senders_free(&senders);
	}
}

static void wrong_entries_are_refused(void **state)
{
	static const struct {
		const char *sentence;
		const char *entry;
		enum sp_err err;
	} rows[] = {
		{ "an address without a login", "info@example.org",
		  SP_ERR_SYNTAX },
		{ "and a blank", "info@example.org ", SP_ERR_SYNTAX },
		{ "nothing", "", SP_ERR_SYNTAX },
		{ "a domain that is none", "info@a..b dave", SP_ERR_SYNTAX },
		{ "a domain in Unicode", "x@m\xc3\xbcnchen.example dave",
		  SP_ERR_SYNTAX },
		{ "no domain behind the @", "info@ dave", SP_ERR_SYNTAX },
		{ "a pattern", "/^(.*)$/ dave", SP_ERR_SYNTAX },
		{ "a colon alone", ": dave", SP_ERR_SYNTAX },
		{ "a user that is none", "@a.example uid:x", SP_ERR_SYNTAX },
		{ "a local part that is too long", LONG LONG "x@a.example dave",
		  SP_ERR_SYNTAX },
		{ "both together are too long",
		  LONG SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN
		  "@" SIXTEEN SIXTEEN SIXTEEN "." SIXTEEN SIXTEEN SIXTEEN
		  "." SIXTEEN SIXTEEN SIXTEEN "." SIXTEEN SIXTEEN SIXTEEN
		  " " LONG LONG,
		  SP_ERR_TOO_LONG },
	};
	static const struct sp_stands stands = { "list", 7 };
	struct sp_senders *senders;

	(void)state;
	assert_int_equal(sp_senders_new("here.example", &senders), SP_OK);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char error[SP_LIMIT_ERROR_SIZE] = "";
		enum sp_err err =
			sp_senders_add(senders, rows[i].entry, &stands, error);

		if (err != rows[i].err || error[0] == '\0')
			fail_msg("%s: %d, %s", rows[i].sentence, err, error);
	}
	assert_false(sp_senders_know(NULL, "sasl:dave"));
	assert_false(sp_senders_may(NULL, "sasl:dave", "x", "a.example"));
	sp_senders_free(&senders);
	sp_senders_free(&senders);
}

/* --- files ---------------------------------------------------------------- */

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* As Postfix's postmap(1) tells of it. */
static const char postfix_file[] =
	"# who may send as whom\n"
	"\n"
	"info@example.org   alice@example.org, bob@example.org\n"
	"sales@example.org\talice@example.org,bob@example.org\n"
	"     carol@example.org\n"
	"\n"
	"  # a comment within\n"
	"\tuid:71023\n"
	"@brand.example  carol@example.org dave@example.org\r\n"
	"many@example.org\n"
	"  eve@example.org\n";

static const struct {
	const char *sentence;
	const char *submitter, *local, *domain;
	bool may;
} in_the_file[] = {
	{ "the first of two", "sasl:alice@example.org", "info", "example.org",
	  true },
	{ "the second of two", "sasl:bob@example.org", "info", "example.org",
	  true },
	{ "without a blank behind the comma", "sasl:bob@example.org", "sales",
	  "example.org", true },
	{ "in a line that goes on", "sasl:carol@example.org", "sales",
	  "example.org", true },
	{ "in one behind a comment", "uid:71023", "sales", "example.org",
	  true },
	{ "not of the line before", "uid:71023", "info", "example.org", false },
	{ "without a comma", "sasl:dave@example.org", "x", "brand.example",
	  true },
	{ "all of them in a line that goes on", "sasl:eve@example.org", "many",
	  "example.org", true },
	{ "not beyond its line", "sasl:dave@example.org", "sales",
	  "example.org", false },
};

static void postfix_s_own_file_is_read(void **state)
{
	const struct sp_config *config;

	(void)state;
	write_file("owners", postfix_file);
	assert_int_equal(load_text("outbound:\n"
				   "  senders:\n"
				   "  - file:owners\n"
				   "  - x@y.example frank, grace@a.example\n"
				   "  login-domain: example.org\n",
				   &config),
			 SP_OK);
	for (size_t i = 0; i < COUNT(in_the_file); i++)
		if (sp_senders_may(config->outbound.senders,
				   in_the_file[i].submitter,
				   in_the_file[i].local,
				   in_the_file[i].domain) != in_the_file[i].may)
			fail_msg("%s", in_the_file[i].sentence);
	assert_true(sp_senders_may(config->outbound.senders,
				   "sasl:frank@example.org", "x", "y.example"));
	assert_true(sp_senders_may(config->outbound.senders,
				   "sasl:grace@a.example", "x", "y.example"));
	sp_config_unref(&config);
}

static void wrong_lines_are_named(void **state)
{
	const struct sp_config *config;

	(void)state;
	write_file("owners", "  alice@example.org\n"
			     "a@example.org b@example.org\n"
			     "last@example.org\n");
	assert_int_equal(
		load_text("outbound: {senders: [file:owners]}\n", &config),
		SP_ERR_CONFIG);
	assert_int_equal(errors.count, 2);
	assert_string_equal(
		plain_error(0),
		"owners:1:3: outbound.senders: expected an address or "
		"@DOMAIN, and the logins that own it, such as "
		"\"info@example.org alice, bob\", found "
		"\"alice@example.org\"");
	assert_string_equal(
		plain_error(1),
		"owners:3:1: outbound.senders: expected an address or "
		"@DOMAIN, and the logins that own it, such as "
		"\"info@example.org alice, bob\", found "
		"\"last@example.org\"");
	write_file("owners", "a@example.org b@example.org\n"
			     "/^x/ alice\n"
			     "info@a..b alice\n");
	assert_int_equal(
		load_text("outbound: {senders: [file:owners]}\n", &config),
		SP_ERR_CONFIG);
	assert_int_equal(errors.count, 2);
	assert_string_equal(
		plain_error(1),
		"owners:3:1: outbound.senders: expected an address or "
		"@DOMAIN, and the logins that own it, such as "
		"\"info@example.org alice@example.org\", found \"info@a..b "
		"alice\"");
}

static int tidy(void **state)
{
	(void)remove(path_of("owners"));
	return remove_folder(state);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_name_owners),
		cmocka_unit_test(wrong_entries_are_refused),
		cmocka_unit_test(postfix_s_own_file_is_read),
		cmocka_unit_test(wrong_lines_are_named),
	};

	return cmocka_run_group_tests_name("senders", tests, make_folder, tidy);
}
