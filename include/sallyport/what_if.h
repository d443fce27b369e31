/*
 * what_if.h - what would have changed a verdict: for `sallyport explain` and the
 * page.
 *
 * Place:    pure.
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_WHAT_IF_H
#define SALLYPORT_WHAT_IF_H

#include <jansson.h>

struct sp_config;

/*
 * An object: "verdict" and "would" by `config`, "refuse" (the score that is
 * refused), "is_changed" when that is not what was decided, and "without": for
 * each finding that another verdict would do without, its "name" and the
 * "verdict" and "would" then; "together": the fewest findings, the heaviest
 * first, that it takes when none does alone. NULL: the facts cannot be read.
 */
json_t *sp_what_if(const char *facts, const struct sp_config *config);

#endif
