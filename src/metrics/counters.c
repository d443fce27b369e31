#include "sallyport/counters.h"

#include <stdatomic.h>

static _Atomic uint64_t counters[SP_COUNTERS];

void sp_count(enum sp_counter counter)
{
	atomic_fetch_add_explicit(&counters[counter], 1, memory_order_relaxed);
}

void sp_count_down(enum sp_counter counter)
{
	atomic_fetch_sub_explicit(&counters[counter], 1, memory_order_relaxed);
}

uint64_t sp_counter_value(enum sp_counter counter)
{
	return atomic_load_explicit(&counters[counter], memory_order_relaxed);
}
