/* spf_lines.h - a DNS of lines, of which every name gets one: the first line is
 * the sender, too, the second the HELO name. */
#ifndef SALLYPORT_TESTS_FUZZ_SPF_LINES_H
#define SALLYPORT_TESTS_FUZZ_SPF_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/spf.h"

void spf_lines_require(bool is_true);

/* Kept until spf_lines_clear. False for too much, of which nothing is. */
bool spf_lines_read(const uint8_t *bytes, size_t size);
void spf_lines_clear(void);

/* To its end: there is a result within all bounds. Free it. */
struct sp_spf *spf_lines_evaluate(enum sp_spf_engine engine,
				  bool is_last_first);

/* Both say the same of the sender. */
void spf_lines_require_same(const struct sp_spf *one,
			    const struct sp_spf *other);

#endif
