/* test-users.c - submitters as JSON, byte for byte: programs rely on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sallyport/limits.h"
#include "sallyport/submitter_store.h"
#include "user_view.h"

static const int64_t now_ms = INT64_C(1763776800000);

static const struct sp_class class = {
	.name = "staff",
	.count = 2,
	.limits = {
		{ .counted = SP_COUNTED_RECIPIENTS,
		  .most = 300,
		  .window_ms = 3600000,
		  .state = SP_SUBMITTER_HOLD,
		  .stands = { "/etc/limits", 3 } },
		{ .counted = SP_COUNTED_NETWORKS,
		  .most = 5,
		  .window_ms = 86400000,
		  .state = SP_SUBMITTER_WATCH,
		  .stands = { "(default)", 0 } },
	},
};

static struct sp_submitter_entry new_entry(void)
{
	return (struct sp_submitter_entry){
		.submitter = "sasl:alice@example.org",
		.standing = { .state = SP_SUBMITTER_HOLD,
			      .since_ms = now_ms - 60000,
			      .until_ms = now_ms + 3600000,
			      .why = { .cause = SP_CAUSE_UNUSUAL,
				       .counted = SP_COUNTED_RECIPIENTS,
				       .count = 312,
				       .most = 14,
				       .window_ms = 3600000 } },
		.first_ms = now_ms - 86400000,
		.last_ms = now_ms,
		.class = &class,
		.counts = { 150, 1 },
		.usual = { 14 },
		.traffic = { { SP_COUNTED_MESSAGES, 3600000, true, 12 },
			     { SP_COUNTED_RECIPIENTS, 3600000, true, 150 },
			     { SP_COUNTED_MESSAGES, 86400000, false, 0 },
			     { SP_COUNTED_RECIPIENTS, 86400000, false, 0 } },
		.place_count = 1,
		.places = { { SP_COUNTED_NETWORKS, "192.0.2.0/24", now_ms } },
	};
}

static void assert_json(json_t *object, const char *expected)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER |
						JSON_REAL_PRECISION(6));

	assert_string_equal(text, expected);
	free(text);
	json_decref(object);
}

#define HELD                                                                   \
	"\"state\":\"hold\",\"since\":\"2025-11-22T01:59:00Z\","               \
	"\"since_ms\":1763776740000,\"until\":\"2025-11-22T03:00:00Z\","       \
	"\"until_ms\":1763780400000,\"observed\":false,"                       \
	"\"why\":\"312 recipients in the last hour; the most in 30 days was "  \
	"14\",\"cause\":\"unusual\""
#define OK                                                                     \
	"\"state\":\"ok\",\"since\":null,\"since_ms\":null,\"until\":null,"    \
	"\"until_ms\":null,\"observed\":false,\"why\":null,"                   \
	"\"cause\":\"none\""
#define REST                                                                   \
	"\"class\":\"staff\",\"first_mail\":\"2025-11-21T02:00:00Z\","         \
	"\"first_mail_ms\":1763690400000,"                                     \
	"\"last_mail\":\"2025-11-22T02:00:00Z\","                              \
	"\"last_mail_ms\":1763776800000,\"hour\":{"                            \
	"\"messages\":{\"count\":12,\"most\":null},"                           \
	"\"recipients\":{\"count\":150,\"most\":300}},\"day\":{"               \
	"\"messages\":{\"count\":null,\"most\":null},"                         \
	"\"recipients\":{\"count\":null,\"most\":null}},\"nearest\":"          \
	"{\"limit\":\"recipients: 300/1h hold\",\"share\":0.5}"

static void test_one_of_a_list(void **state)
{
	struct sp_submitter_entry entry = new_entry();

	(void)state;
	assert_json(sp_view_user(&entry, now_ms),
		    "{\"submitter\":\"sasl:alice@example.org\","
		    "\"kind\":\"login\"," HELD ",\"left_ms\":3600000," REST
		    "}");
	entry.standing = (struct sp_submitter_standing){ .since_ms = 1 };
	assert_json(sp_view_user(&entry, now_ms),
		    "{\"submitter\":\"sasl:alice@example.org\","
		    "\"kind\":\"login\"," OK ",\"left_ms\":null," REST "}");
}

static void test_everything(void **state)
{
	struct sp_submitter_entry entry = new_entry();
	const struct sp_class_reason reason = { "domain",
						"example.org",
						{ "/etc/classes", 7 } };

	(void)state;
	entry.was = entry.standing;
	entry.standing =
		(struct sp_submitter_standing){ .state = SP_SUBMITTER_OK };
	entry.was_released = true;
	entry.ended_ms = now_ms;
	assert_json(
		sp_view_user_whole(&entry, &reason, now_ms),
		"{\"submitter\":\"sasl:alice@example.org\","
		"\"kind\":\"login\"," OK ",\"left_ms\":null," REST
		",\"before\":{" HELD ",\"ended\":\"2025-11-22T02:00:00Z\","
		"\"ended_ms\":1763776800000,\"released\":true},"
		"\"class_reason\":{\"by\":\"domain\",\"whom\":\"example.org\","
		"\"file\":\"/etc/classes\",\"line\":7},\"limits\":["
		"{\"limit\":\"recipients: 300/1h hold\","
		"\"counted\":\"recipients\",\"window_ms\":3600000,"
		"\"most\":300,\"leads_to\":\"hold\",\"file\":\"/etc/limits\","
		"\"line\":3,\"count\":150,\"share\":0.5,\"usual\":14},"
		"{\"limit\":\"networks: 5/1d watch\",\"counted\":\"networks\","
		"\"window_ms\":86400000,\"most\":5,\"leads_to\":\"watch\","
		"\"file\":null,\"line\":null,\"count\":1,\"share\":0.2,"
		"\"usual\":null}],\"places\":[{\"kind\":\"networks\","
		"\"place\":\"192.0.2.0/24\",\"last\":\"2025-11-22T02:00:00Z\","
		"\"last_ms\":1763776800000}]}");
}

/* What Redis holds is not ours alone. */
static void test_what_json_cannot_hold(void **state)
{
	struct sp_submitter_entry entry = new_entry();
	json_t *object;

	(void)state;
	strcpy(entry.places[0].text, "\xff\"<b>");
	entry.last_ms = INT64_MAX;
	object = sp_view_user_whole(
		&entry, &(struct sp_class_reason){ .by = "" }, now_ms);
	assert_string_equal(
		json_string_value(json_object_get(
			json_array_get(json_object_get(object, "places"), 0),
			"place")),
		"\\xff\"<b>");
	assert_true(json_is_null(json_object_get(object, "class_reason")));
	json_decref(object);
}

struct share_row {
	const char *sentence;
	uint32_t count, most, share;
};

static const struct share_row shares[] = {
	{ "nothing of it", 0, 300, 0 },
	{ "a half", 150, 300, 500 },
	{ "all, which is allowed", 300, 300, 1000 },
	{ "more than all", 301, 300, 1003 },
	{ "very much more is cut", 1000000, 1, 10000 },
	{ "nothing of nothing", 0, 0, 0 },
	{ "something where nothing may be", 1, 0, 10000 },
	{ "no number is too large", UINT32_MAX, UINT32_MAX, 1000 },
};

static void test_shares(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
		const struct sp_limit limit = { .most = shares[i].most };

		print_message("  %s\n", shares[i].sentence);
		assert_int_equal(sp_limit_share(&limit, shares[i].count),
				 shares[i].share);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_of_a_list),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_what_json_cannot_hold),
		cmocka_unit_test(test_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
