/* probe_value.c - see probe_value.h. */
#include "probe_value.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	SLICES = 12,
	COUNT_MAX = 1000000
};

/* `before` and digits; goes on behind them. A number that is too large is as
 * large as there are. */
static bool read_number(const char **at, char before, uint64_t *number_out)
{
	const char *digit = *at + 1;
	uint64_t number = 0;

	if (**at != before || *digit < '0' || *digit > '9')
		return false;
	for (; *digit >= '0' && *digit <= '9'; digit++)
		number = number > INT64_MAX / 10 - 1
				 ? INT64_MAX
				 : number * 10 + (uint64_t)(*digit - '0');
	*at = digit;
	*number_out = number;
	return true;
}

static uint32_t add(uint32_t sum, uint64_t more)
{
	return more > COUNT_MAX - sum ? COUNT_MAX : sum + (uint32_t)more;
}

struct sp_probe_counts sp_probe_sum(const char *value, int64_t now_ms)
{
	struct sp_probe_counts sum = { 0 };
	uint64_t width, slice, unknown, relay, hung_up, now;

	if (*value++ != 'w' || !read_number(&value, '=', &width) ||
	    width == 0 || now_ms < 0)
		return sum;
	now = (uint64_t)now_ms / width;
	while (read_number(&value, ' ', &slice) &&
	       read_number(&value, ':', &unknown) &&
	       read_number(&value, ':', &relay)) {
		if (!read_number(&value, ':', &hung_up))
			hung_up = 0; /* not counted then */
		if (slice + SLICES <= now)
			continue;
		sum.unknown = add(sum.unknown, unknown);
		sum.relay = add(sum.relay, relay);
		sum.hung_up = add(sum.hung_up, hung_up);
	}
	return sum;
}
