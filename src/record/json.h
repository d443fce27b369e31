/*
 * json.h - JSON written into a buffer of fixed size, in one pass.
 *
 * Threads:  one at a time per object.
 */
#ifndef SALLYPORT_SRC_RECORD_JSON_H
#define SALLYPORT_SRC_RECORD_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "sallyport/text.h"

struct sp_json {
	struct sp_text text; /* `is_cut`: it is no JSON */
	bool needs_comma;
};

void sp_json_init(struct sp_json *json, char *buffer, size_t size);

/* `key` is NULL within an array and for the outermost; `bracket` is '{' or '['. */
void sp_json_open(struct sp_json *json, const char *key, char bracket);
void sp_json_close(struct sp_json *json, char bracket);

/* What is no UTF-8 is written \xHH in it; NULL is left out. */
void sp_json_add_text(struct sp_json *json, const char *key, const char *value);
void sp_json_add_number(struct sp_json *json, const char *key, int64_t value);
void sp_json_add_points(struct sp_json *json, const char *key, double value);
/* `us` is no less than 0. */
void sp_json_add_ms(struct sp_json *json, const char *key, int64_t us);
void sp_json_add_bool(struct sp_json *json, const char *key, bool value);

#endif
