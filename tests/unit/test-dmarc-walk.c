/* Tree walks: the names, where they end, what is asked when, and a second
 * implementation of RFC 9989 section 4.10 that must agree. */
#include "sallyport/dmarc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dmarc_naive.h"
#include "dmarc_world.h"
#include "sallyport/text.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

enum {
	ZONES = 20000,
	DEPTH_MAX = 12
};

static struct sp_suffixes *suffixes;
static struct dmarc_world *world;

static int load(void **state)
{
	(void)state;
	world = malloc(sizeof(*world));
	return world != NULL && sp_suffixes_new(NULL, &suffixes) == SP_OK ? 0
									  : -1;
}

static int unload(void **state)
{
	(void)state;
	sp_suffixes_free(&suffixes);
	free(world);
	return 0;
}

/* ------------------------------------------------------------------- names */

#define SIXTY "a23456789012345678901234567890123456789012345678901234567890"

static void walks_are_short(void **state)
{
	static const struct {
		const char *sentence;
		const char *domain;
		const char *names; /* without "_dmarc.", a blank between */
	} rows[] = {
		{ "one label", "example", "example" },
		{ "two", "example.com", "example.com com" },
		{ "seven", "1.2.3.4.5.example.com",
		  "1.2.3.4.5.example.com 2.3.4.5.example.com 3.4.5.example.com "
		  "4.5.example.com 5.example.com example.com com" },
		{ "eight: each is asked for", "1.2.3.4.5.6.example.com",
		  "1.2.3.4.5.6.example.com 2.3.4.5.6.example.com "
		  "3.4.5.6.example.com 4.5.6.example.com 5.6.example.com "
		  "6.example.com example.com com" },
		{ "nine: the second is left out", "1.2.3.4.5.6.7.example.com",
		  "1.2.3.4.5.6.7.example.com 3.4.5.6.7.example.com "
		  "4.5.6.7.example.com 5.6.7.example.com 6.7.example.com "
		  "7.example.com example.com com" },
		{ "the example of section 4.10",
		  "a.b.c.d.e.f.g.h.i.j.mail.example.com",
		  "a.b.c.d.e.f.g.h.i.j.mail.example.com g.h.i.j.mail.example.com "
		  "h.i.j.mail.example.com i.j.mail.example.com "
		  "j.mail.example.com mail.example.com example.com com" },
		{ "what is too long to be asked for is left out",
		  SIXTY "." SIXTY "." SIXTY "." SIXTY ".com",
		  SIXTY "." SIXTY "." SIXTY ".com " SIXTY "." SIXTY
			".com " SIXTY ".com com" },
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sp_dns_name names[SP_DMARC_WALK_MAX];
		size_t count = sp_dmarc_walk(rows[i].domain, names);
		char bytes[2048];
		struct sp_text text;

		sp_text_init(&text, bytes, sizeof(bytes));
		for (size_t at = 0; at < count; at++)
			sp_text_addf(&text, "%s%s", at == 0 ? "" : " ",
				     names[at].text + strlen("_dmarc."));
		if (strcmp(bytes, rows[i].names) != 0) {
			print_error("%s: %s\n", rows[i].sentence, bytes);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

/* ------------------------------------------------------------------- depth */

/* The last `count` labels of a name that is deep enough. */
static const char *end_of(unsigned count)
{
	const char *name = "l12.l11.l10.l9.l8.l7.l6.l5.l4.l3.l2.l1";

	for (unsigned labels = DEPTH_MAX; labels > count; labels--)
		name = strchr(name, '.') + 1;
	return name;
}

static bool is_asked(unsigned depth, unsigned author)
{
	return depth == author || depth <= 7;
}

/* A psd tag at each depth below and at an author of each depth: where is the
 * organisation? With other records beside it, and without. */
static void check_psd(unsigned author, unsigned depth, bool is_suffix,
		      bool has_others)
{
	unsigned organisation = depth;
	struct sp_dmarc_outcome outcome;
	char from[100];
	char zone[DMARC_ZONE_MAX];
	struct sp_text text;
	struct dmarc_row row = { .from = from, .spf = "", .dkim = "" };

	if (is_suffix && depth < author)
		organisation++;
	snprintf(from, sizeof(from), "a@%s", end_of(author));
	sp_text_init(&text, zone, sizeof(zone));
	sp_text_addf(&text, "%s v=DMARC1;p=reject;psd=%s", end_of(depth),
		     is_suffix ? "y" : "n");
	for (unsigned other = 1; other <= author && has_others; other++)
		if (other != depth)
			sp_text_addf(&text, " | %s v=DMARC1;p=none",
				     end_of(other));
	dmarc_world_init(world, zone);
	dmarc_evaluate(&row, SP_ORGANISATION_TREE_WALK, suffixes, world,
		       &outcome);
	if (!is_asked(depth, author)) {
		assert_int_equal(outcome.result,
				 has_others ? SP_DMARC_FAIL : SP_DMARC_NONE);
		assert_string_equal(outcome.organisation,
				    has_others ? end_of(1) : "");
		return;
	}
	assert_int_equal(outcome.result, SP_DMARC_FAIL);
	assert_string_equal(outcome.organisation, end_of(organisation));
	assert_string_equal(outcome.policy_domain,
			    end_of(has_others ? author : depth));
}

static void psd_counts_at_all_depths(void **state)
{
	(void)state;
	for (unsigned author = 1; author <= DEPTH_MAX; author++)
		for (unsigned depth = 1; depth <= author; depth++)
			for (unsigned i = 0; i < 4; i++)
				check_psd(author, depth, i & 1, i & 2);
}

/* --------------------------------------------------------------- questions */

/* The questions that were asked, the walks' names without "_dmarc.". */
static void list_asked(char *list_out, size_t size)
{
	struct sp_text text;

	sp_text_init(&text, list_out, size);
	for (size_t i = 0; i < world->asked_count; i++) {
		const char *asked = world->asked[i];

		sp_text_addf(&text, "%s%s", i == 0 ? "" : " ",
			     strncmp(asked, "TXT ", 4) == 0
				     ? asked + strlen("TXT _dmarc.")
				     : asked);
	}
}

static void only_what_may_matter_is_asked(void **state)
{
	static const struct {
		const char *sentence;
		struct dmarc_row row; /* `found` is what was asked */
		enum sp_organisation_method method;
	} rows[] = {
		{ "the author's walk",
		  { "", "a@example.com", "example.com", "example.com", "",
		    "example.com com" },
		  SP_ORGANISATION_TREE_WALK },
		{ "whether a subdomain exists",
		  { "", "a@a.example.com", "", "", "",
		    "a.example.com example.com com MX a.example.com" },
		  SP_ORGANISATION_TREE_WALK },
		{ "... not when something is below it",
		  { "", "a@a.example.com", "", "", "a.example.com !nodata",
		    "a.example.com example.com com" },
		  SP_ORGANISATION_TREE_WALK },
		{ "the organisation's other domains, at once",
		  { "", "a@example.com", "m.example.com", "b.c.example.com",
		    "example.com !pending | com !pending",
		    "example.com com m.example.com b.c.example.com "
		    "c.example.com" },
		  SP_ORGANISATION_TREE_WALK },
		{ "not other organisations'",
		  { "", "a@example.com", "esp.com", "m.example.net",
		    "example.com v=DMARC1", "example.com com" },
		  SP_ORGANISATION_TREE_WALK },
		{ "but when they may have a common top",
		  { "", "a@example.com", "esp.com", "esp.net",
		    "example.com v=DMARC1 | com v=DMARC1",
		    "example.com com esp.com" },
		  SP_ORGANISATION_TREE_WALK },
		{ "not those in strict alignment, when that is known",
		  { "", "a@example.com", "esp.com", "",
		    "example.com v=DMARC1;aspf=s | com v=DMARC1",
		    "example.com com" },
		  SP_ORGANISATION_TREE_WALK },
		{ "none for mail without an author",
		  { "", "<a@example.com", "example.com", "",
		    "example.com v=DMARC1", "" },
		  SP_ORGANISATION_TREE_WALK },
		{ "whether a registrant exists, when its suffix's record differs",
		  { "", "a@example.com", "", "", "com v=DMARC1;np=reject;psd=y",
		    "example.com com MX example.com" },
		  SP_ORGANISATION_TREE_WALK },
		{ "... not when it does not",
		  { "", "a@example.com", "", "", "com v=DMARC1;psd=y",
		    "example.com com" },
		  SP_ORGANISATION_TREE_WALK },
		{ "by the list, the author's organisation",
		  { "", "a@a.b.example.com", "c.example.com", "", "",
		    "a.b.example.com example.com MX a.b.example.com" },
		  SP_ORGANISATION_PSL },
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sp_dmarc_outcome outcome;
		char asked[4096];

		dmarc_world_init(world, rows[i].row.zone);
		dmarc_evaluate(&rows[i].row, rows[i].method, suffixes, world,
			       &outcome);
		list_asked(asked, sizeof(asked));
		if (strcmp(asked, rows[i].row.found) != 0) {
			print_error("%s: %s\n", rows[i].sentence, asked);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void questions_are_bounded(void **state)
{
	static const struct dmarc_row row = {
		.from = "x@1.2.3.4.5.6.7.8.9.a.b, x@2.2.3.4.5.6.7.8.9.a.c, "
			"x@3.2.3.4.5.6.7.8.9.a.d, x@4.2.3.4.5.6.7.8.9.a.e",
		.spf = "5.2.3.4.5.6.7.8.9.a.b",
		.dkim = "1.1.1.1.1.1.1.1.a.c,1.1.1.1.1.1.1.2.a.c,"
			"1.1.1.1.1.1.1.3.a.c,1.1.1.1.1.1.1.4.a.c,"
			"1.1.1.1.1.1.1.5.a.c,1.1.1.1.1.1.1.6.a.c,"
			"1.1.1.1.1.1.1.7.a.c,1.1.1.1.1.1.1.8.a.c,"
			"1.1.1.1.1.1.1.9.a.c",
		.zone = "b !timeout | c !timeout | d !timeout | e !timeout",
	};
	struct sp_dmarc_outcome outcome;

	(void)state;
	dmarc_world_init(world, row.zone);
	dmarc_evaluate(&row, SP_ORGANISATION_TREE_WALK, suffixes, world,
		       &outcome);
	assert_int_equal(outcome.result, SP_DMARC_TEMPERROR);
	assert_true(world->asked_count > 60);
	assert_true(world->asked_count <= SP_DMARC_QUESTIONS_MAX);
}

/* Whoever asks is told PENDING first: how many calls until it is judged? */
static void one_wait_is_enough_or_two(void **state)
{
	static const struct {
		struct dmarc_row row;
		unsigned calls;
	} rows[] = {
		{ { "the author's record decides", "a@example.com",
		    "example.com", "", "example.com v=DMARC1;p=reject",
		    "pass spf reject by example.com of example.com" },
		  2 },
		{ { "all of its organisation are asked for at once",
		    "a@b.example.com", "m.example.com", "n.example.com",
		    "example.com v=DMARC1;p=reject;np=none",
		    "pass spf dkim[0] reject by example.com of example.com" },
		  2 },
		{ { "whether the author exists, too", "a@b.example.com", "", "",
		    "example.com v=DMARC1;np=reject | b.example.com !gone",
		    "fail reject by example.com of example.com" },
		  2 },
		{ { "several authors at once", "a@example.com, a@example.net",
		    "m.example.com", "m.example.net",
		    "example.com v=DMARC1 | example.net v=DMARC1;p=reject",
		    "pass spf none by example.com of example.com" },
		  2 },
		{ { "other organisations' only when they must be",
		    "a@example.com", "esp.com", "", "com v=DMARC1;p=reject",
		    "pass spf reject by com of com" },
		  3 },
		{ { "whether a registrant exists", "a@example.com", "", "",
		    "com v=DMARC1;np=reject;psd=y | example.com !gone",
		    "fail reject by com of example.com" },
		  3 },
		{ { "nothing to ask", NULL, "esp.com", "", "",
		    "permerror (no author)" },
		  1 },
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sp_dmarc_outcome outcome;
		char found[DMARC_SUMMARY_SIZE];
		unsigned calls = 0;

		dmarc_world_init(world, rows[i].row.zone);
		world->is_first_pending = true;
		do {
			dmarc_evaluate(&rows[i].row, SP_ORGANISATION_TREE_WALK,
				       suffixes, world, &outcome);
		} while (++calls < 10 && outcome.is_pending);
		dmarc_summary(&outcome, found);
		if (calls != rows[i].calls ||
		    strcmp(found, rows[i].row.found) != 0) {
			print_error("%s: %u calls, %s\n", rows[i].row.sentence,
				    calls, found);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

/* What is told is judged, but what is not may still be worse. */
static void one_pending_author_of_several_is_waited_for(void **state)
{
	static const struct dmarc_row row = {
		.from = "a@example.com, a@example.net",
		.spf = "",
		.dkim = "",
		.zone = "example.com !pending | example.net v=DMARC1;p=none",
	};
	struct sp_dmarc_outcome outcome;

	(void)state;
	dmarc_world_init(world, row.zone);
	dmarc_evaluate(&row, SP_ORGANISATION_TREE_WALK, suffixes, world,
		       &outcome);
	assert_int_equal(outcome.result, SP_DMARC_FAIL);
	assert_true(outcome.is_pending);
}

/* ------------------------------------------------- a second implementation */

static uint64_t random_state = 0x9989;

static unsigned draw(unsigned below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 33) % below;
}

/* Few labels, so that names meet; now and then more than a walk has. */
static void draw_name(char *name_out, size_t size)
{
	unsigned depth = draw(8) == 0 ? 6 + draw(5) : 1 + draw(4);
	struct sp_text text;

	sp_text_init(&text, name_out, size);
	for (unsigned i = depth; i > 0; i--)
		sp_text_addf(&text, "%c%s", i > 4 || draw(3) != 0 ? 'a' : 'b',
			     i > 1 ? "." : "");
}

/* What the names say, with at most three that say nothing. */
static void draw_zone(const struct naive_mail *mail, char *zone_out,
		      size_t size)
{
	static const char *const texts[] = {
		"v=DMARC1;p=quarantine",
		"v=DMARC1;p=quarantine;aspf=s",
		"v=DMARC1;p=quarantine;psd=y",
		"v=DMARC1;p=quarantine;sp=none;adkim=s;psd=y",
		"v=DMARC1;p=quarantine;psd=n",
		"v=DMARC1;p=none;sp=quarantine;psd=n",
		"v=spf1 -all",
		"v=DMARC1;p=x;psd=y",
	};
	const char *names[NAIVE_NAMES_MAX];
	size_t count = naive_names(mail, names);
	unsigned silent = 0;
	struct sp_text text;

	sp_text_init(&text, zone_out, size);
	for (size_t i = 0; i < count; i++) {
		const char *said = texts[draw(COUNT(texts))];
		unsigned dice = draw(16);

		if (dice < 8)
			continue;
		if (dice == 8 && silent++ < 3)
			said = "!timeout";
		sp_text_addf(&text, "%s%s %s", text.length > 0 ? " | " : "",
			     names[i], said);
		if (dice == 9)
			sp_text_addf(&text, " | %s v=DMARC1", names[i]);
	}
	assert_false(text.is_cut);
}

static bool both_agree(unsigned number)
{
	static char zone[DMARC_ZONE_MAX];
	struct naive_mail mail = { .zone = zone };
	struct sp_dmarc_outcome outcome;
	char ours[DMARC_SUMMARY_SIZE];
	char theirs[DMARC_SUMMARY_SIZE];
	char from[300];
	struct dmarc_row row = {
		.from = from,
		.spf = mail.spf,
		.dkim = mail.dkim,
		.zone = zone,
	};

	draw_name(mail.author, sizeof(mail.author));
	draw_name(mail.spf, sizeof(mail.spf));
	draw_name(mail.dkim, sizeof(mail.dkim));
	draw_zone(&mail, zone, sizeof(zone));
	snprintf(from, sizeof(from), "a@%s", mail.author);
	dmarc_world_init(world, zone);
	dmarc_evaluate(&row, SP_ORGANISATION_TREE_WALK, NULL, world, &outcome);
	snprintf(ours, sizeof(ours), "%s",
		 sp_dmarc_result_text(outcome.result));
	if (outcome.result == SP_DMARC_PASS || outcome.result == SP_DMARC_FAIL)
		snprintf(ours, sizeof(ours), "%s %s by %s",
			 sp_dmarc_result_text(outcome.result),
			 sp_dmarc_policy_text(outcome.policy),
			 outcome.policy_domain);
	naive_evaluate(&mail, theirs, sizeof(theirs));
	if (strcmp(ours, theirs) == 0)
		return true;
	print_error("%u: author %s, spf %s, dkim %s\n  %s\n  %s, but %s\n",
		    number, mail.author, mail.spf, mail.dkim, zone, ours,
		    theirs);
	return false;
}

static void a_naive_evaluation_agrees(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (unsigned i = 0; i < ZONES && wrong < 5; i++)
		wrong += !both_agree(i);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_are_short),
		cmocka_unit_test(psd_counts_at_all_depths),
		cmocka_unit_test(only_what_may_matter_is_asked),
		cmocka_unit_test(questions_are_bounded),
		cmocka_unit_test(one_wait_is_enough_or_two),
		cmocka_unit_test(one_pending_author_of_several_is_waited_for),
		cmocka_unit_test(a_naive_evaluation_agrees),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
