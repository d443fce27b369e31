/* Histograms of time: in which bucket, and what quantiles follow from them. */
#include "sallyport/timing.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum {
	ADDED_MAX = 8
};

struct row {
	const char *sentence;
	enum sp_timing timing; /* each row one of its own: nothing is reset */
	int64_t added_us[ADDED_MAX];
	size_t count;
	double half_us, most_us; /* quantiles 0.5 and 1 */
	uint64_t sum_us;
};

static const struct row rows[] = {
	{ "nothing has no quantile", SP_TIMING_STAGE, { 0 }, 0, 0, 0, 0 },
	{ "a bound belongs to its bucket",
	  SP_TIMING_STAGE + 1,
	  { 500 },
	  1,
	  250,
	  500,
	  500 },
	{ "one more is in the next",
	  SP_TIMING_STAGE + 2,
	  { 501 },
	  1,
	  750,
	  1000,
	  501 },
	{ "a clock that was set back is nothing",
	  SP_TIMING_STAGE + 3,
	  { -7 },
	  1,
	  250,
	  500,
	  0 },
	{ "what is behind the last bound is shown as that",
	  SP_TIMING_STAGE + 4,
	  { 11000000, 90000000 },
	  2,
	  10000000,
	  10000000,
	  101000000 },
	{ "half of two buckets is the first one's end",
	  SP_TIMING_STAGE + 5,
	  { 100, 200, 6000, 7000 },
	  4,
	  500,
	  10000,
	  13300 },
	{ "empty buckets between are passed over",
	  SP_TIMING_STAGE + 6,
	  { 100, 2000000, 2000000 },
	  3,
	  1375000,
	  2500000,
	  4000100 },
};

static void times_fall_into_buckets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct sp_timing_view view;

		for (size_t j = 0; j < row->count; j++)
			sp_timing_add(row->timing, row->added_us[j]);
		sp_timing_get(row->timing, &view);
		print_message("  %s\n", row->sentence);
		assert_int_equal(view.count, row->count);
		assert_int_equal(view.sum_us, row->sum_us);
		assert_true(fabs(sp_timing_quantile_us(&view, 0.5) -
				 row->half_us) < 0.5);
		assert_true(fabs(sp_timing_quantile_us(&view, 1) -
				 row->most_us) < 0.5);
	}
}

static void bounds_rise(void **state)
{
	(void)state;
	for (unsigned i = 1; i < SP_TIMING_BUCKETS - 1; i++)
		assert_true(sp_timing_bound_us(i) > sp_timing_bound_us(i - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_fall_into_buckets),
		cmocka_unit_test(bounds_rise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
