/* What libspf2 sees of a record: nothing that a stranger wrote, and as much as
 * it can read right. */
#include "rewrite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *sentence;
	const char *record;
	const char *client; /* NULL: 192.0.2.1 */
	const char *rewritten;
} rows[] = {
	{ "names are references",
	  "v=spf1 a mx:x.test include:y.test -exists:z.test", NULL,
	  "v=spf1 +a:\\C0.0.x +mx:\\C0.1.x +include:\\C0.2.x -exists:\\C0.3.x" },
	{ "so are macros",
	  "v=spf1 a:%{l1r-}.%{d}.x.test/24 ?exists:%{S}%_%%.y.test", NULL,
	  "v=spf1 +a:\\C0.0.x/24 ?exists:\\C0.1.x" },
	{ "modifiers are left out, and redirect is the last",
	  "v=spf1 redirect=r.test exp=%{d} moo=%{h} ~a", NULL,
	  "v=spf1 ~a:\\C0.0.x redirect=\\C0.1.x" },
	{ "nothing comes behind all", "v=spf1 a -ALL mx redirect=r.test", NULL,
	  "v=spf1 +a:\\C0.0.x -all" },
	{ "of another family there is nothing",
	  "v=spf1 ip6:2001:db8::/32 ip4:192.0.2.0/24 a/24//64", NULL,
	  "v=spf1 +ip4:192.0.2.0/24 +a:\\C0.2.x/24" },
	{ "nor to a client of IPv6",
	  "v=spf1 ip6:2001:DB8::/32 ip4:192.0.2.0/24 a/24//64 mx/24",
	  "2001:db8::1",
	  "v=spf1 +ip6:2001:db8::/32 +a:\\C0.2.x//64 +mx:\\C0.3.x" },
	{ "a full prefix needs no words",
	  "v=spf1 ip4:192.0.2.1/32 a/32 mx//128", NULL,
	  "v=spf1 +ip4:192.0.2.1 +a:\\C0.1.x +mx:\\C0.2.x" },
	{ "a prefix of 0 is all, or for the answer to see to",
	  "v=spf1 a/0 mx/0 -ip4:10.0.0.0/0 all", NULL,
	  "v=spf1 +a:\\C0.0.x +mx:\\C0.1.x -all +all" },
	{ "the names of a ptr are compared", "v=spf1 ptr ptr:X.test", NULL,
	  "v=spf1 +ptr:e.test +ptr:x.test" },
	{ "but not what cannot be one", "v=spf1 ptr:%{l}.%_.test", NULL,
	  "v=spf1 +exists:\\C0.0.x" },
	{ "nothing", "v=spf1", NULL, "v=spf1" },
};

static struct sp_spf *begin(const char *record, const char *client)
{
	struct sp_spf_request request = { .helo = "helo.test",
					  .sender = "u@e.test",
					  .receiver = "here.test" };
	struct sp_dns_record text = { .text = record,
				      .length = strlen(record) };
	struct sp_dns_answer answer = { .status = SP_DNS_FOUND,
					.alias = "",
					.count = 1,
					.records = &text };
	struct sp_spf_question question;
	struct sp_spf *spf;

	sp_ip_parse(client != NULL ? client : "192.0.2.1", &request.client);
	spf = sp_spf_new(&request);
	assert_true(sp_spf_next(spf, &question));
	spf->open++; /* as if more were asked: nothing is given back */
	sp_spf_answer(spf, question.number, &answer);
	assert_non_null(spf->entries[0]->record);
	return spf;
}

static void test_rows(void **state)
{
	static const struct sp_spf_reference all = { .referent = SP_SPF_RECORD,
						     .role = SP_SPF_CHECKED };
	char bytes[SP_SPF_REWRITTEN_SIZE];
	struct sp_text text;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sp_spf *spf = begin(rows[i].record, rows[i].client);

		sp_text_init(&text, bytes, sizeof(bytes));
		assert_int_equal(sp_spf_rewrite(spf, &all, SIZE_MAX, &text),
				 SP_SPF_YES);
		if (strcmp(bytes, rows[i].rewritten) != 0)
			fail_msg("%s: %s", rows[i].sentence, bytes);
		sp_spf_free(&spf);
	}
}

/* What it refers to at its end is its continuation. */
static bool take_continuation(const char *text,
			      struct sp_spf_reference *reference_out)
{
	const char *redirect = strstr(text, " redirect=");

	return redirect != NULL &&
	       sp_spf_reference_read(redirect + strlen(" redirect="),
				     reference_out) &&
	       reference_out->referent == SP_SPF_RECORD;
}

/* libspf2 forgets what is beyond 511 bytes of a compiled record. */
static size_t compiled_bytes(const char *text)
{
	size_t bytes = 0;

	for (const char *term = strchr(text, ' '); term != NULL;
	     term = strchr(term + 1, ' '))
		bytes += strncmp(term + 2, "ip6", 3) == 0 ? 20
			 : strncmp(term + 2, "ip4", 3) == 0
				 ? 8
				 : 12 + strcspn(term + 1, " ");
	return bytes;
}

static void assert_comes_in_pieces(const char *term, const char *client,
				   unsigned count)
{
	char record[SP_SPF_RECORD_MAX + 64] = "v=spf1";
	char bytes[SP_SPF_REWRITTEN_SIZE];
	struct sp_spf_reference reference = { .referent = SP_SPF_RECORD,
					      .role = SP_SPF_GRANTS };
	struct sp_spf *spf;
	unsigned terms = 0;
	struct sp_text text;

	for (unsigned i = 0; i < count; i++)
		strcat(strcat(record, " "), term);
	spf = begin(record, client);
	do {
		sp_text_init(&text, bytes, sizeof(bytes));
		sp_spf_rewrite(spf, &reference, SIZE_MAX, &text);
		assert_false(text.is_cut);
		assert_in_range(compiled_bytes(bytes), 1, 507);
		for (const char *at = bytes; (at = strchr(at, ' ')); at++)
			terms += strncmp(at, " redirect=", 10) != 0;
	} while (take_continuation(bytes, &reference));
	assert_int_equal(terms, count);
	assert_int_equal(reference.role, SP_SPF_GRANTS);
	sp_spf_free(&spf);
}

static void test_a_long_record_comes_in_pieces(void **state)
{
	(void)state;
	assert_comes_in_pieces("ip4:10.0.0.0/8", NULL, 256);
	assert_comes_in_pieces("ip6:2001:db8::", "2001:db8::1", 256);
	assert_comes_in_pieces("a", NULL, 256);
	assert_comes_in_pieces("mx:%{d}/24", NULL, 256);
	assert_comes_in_pieces("ptr:%{l}.%{l}.%{l}.%{d}.%{d}.%{d}.test", NULL,
			       90);
}

static void test_references(void **state)
{
	static const char *const none[] = {
		"",	  "e.test", "\\",	"\\C",	  "\\C1",
		"\\C1.2", "\\C1.x", "\\q1.2.x", "C1.2.x", "\\C99999.1.x"
	};
	struct sp_spf_reference reference;
	char bytes[64];
	struct sp_text text;

	(void)state;
	for (int referent = SP_SPF_RECORD; referent <= SP_SPF_ANY_HOST;
	     referent++)
		for (int role = SP_SPF_CHECKED; role <= SP_SPF_OTHER; role++) {
			struct sp_spf_reference own = {
				(enum sp_spf_referent)referent,
				(enum sp_spf_role)role, 63, 256
			};

			sp_text_init(&text, bytes, sizeof(bytes));
			sp_spf_reference_write(&own, "h.test", &text);
			assert_true(sp_spf_reference_read(bytes, &reference));
			assert_int_equal(reference.referent, referent);
			assert_int_equal(reference.entry, 63);
			assert_int_equal(reference.index, 256);
			if (referent < SP_SPF_HOST)
				assert_int_equal(reference.role, role);
			assert_non_null(strstr(bytes, ".h.test"));
		}
	for (size_t i = 0; i < COUNT(none); i++)
		if (sp_spf_reference_read(none[i], &reference))
			fail_msg("%s", none[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_a_long_record_comes_in_pieces),
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
