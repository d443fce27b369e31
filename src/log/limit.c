#include "sallyport/log.h"

#include <stdatomic.h>

#include "log_private.h"
#include "sallyport/clock.h"

bool sp_log_limit_allows(struct sp_log_limit *limit, uint32_t *suppressed_out)
{
	int64_t now_ms = sp_clock_mono_ms();
	int64_t next_ms = limit->next_ms;

	/* Of threads that come at the same time one gets the line. */
	if (now_ms < next_ms ||
	    !atomic_compare_exchange_strong(&limit->next_ms, &next_ms,
					    now_ms + limit->every_ms)) {
		limit->suppressed++;
		return false;
	}
	*suppressed_out = atomic_exchange(&limit->suppressed, 0);
	return true;
}

void sp_log_limited(struct sp_log_limit *limit, enum sp_log_level level,
		    const char *format, ...)
{
	uint32_t suppressed;
	va_list args;

	if (!sp_log_is_on(level) || !sp_log_limit_allows(limit, &suppressed))
		return;
	va_start(args, format);
	sp_log_message(level, suppressed, format, args);
	va_end(args);
}
