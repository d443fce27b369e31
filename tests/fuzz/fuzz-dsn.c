/* A mail that may have come back: what it says is within its bounds, and does not
 * depend on how the mail comes. */
#include "sallyport/dsn.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dsn_feed.h"

enum {
	SIZE_MAX_BYTES = 65536
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void check(const struct sp_dsn_report *report)
{
	require(report->is_dsn == (report->recipients > 0));
	require(report->failed <= report->recipients);
	require(report->recipients <= SP_DSN_RECIPIENTS_MAX);
	require(strlen(report->message_id) <= 2000);
}

static void check_same(const struct sp_dsn_report *one,
		       const struct sp_dsn_report *other)
{
	require(one->is_dsn == other->is_dsn);
	require(one->recipients == other->recipients);
	require(one->failed == other->failed);
	require(one->was_here == other->was_here);
	require(strcmp(one->message_id, other->message_id) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct dsn_feed feed = {
		.bytes = (const char *)bytes,
		.length = size,
	};
	struct sp_dsn_report one, other;
	struct sp_arena arena, arena_other;

	if (size > SIZE_MAX_BYTES)
		return 0;
	dsn_feed(&feed, &arena, &one);
	check(&one);
	feed.chunk = 1 + size % 7;
	dsn_feed(&feed, &arena_other, &other);
	check_same(&one, &other);
	sp_arena_clear(&arena_other);
	sp_arena_clear(&arena);
	return 0;
}
