/*
 * desk_key.h - the names of the desk's keys and fields.
 *
 * Threads:  reentrant.
 */
#ifndef SALLYPORT_STORE_DESK_KEY_H
#define SALLYPORT_STORE_DESK_KEY_H

#include <stdint.h>

#include "greylist_key.h"
#include "sallyport/err.h"
#include "word.h"

#define SP_DESK_WAITS  "sp:desk:{grey}:waits"
#define SP_DESK_HONEST "sp:desk:{grey}:honest"
#define SP_DESK_WHO    "sp:desk:{grey}:who"
#define SP_DESK_OF     "sp:desk:{grey}:of:"

enum {
	SP_DESK_FIELD_SIZE = 16,
	SP_DESK_DAY_MS = 24 * 3600 * 1000
};

/* "sp:desk:{grey}:of:IDENTITY", with the escapes of the identity's own key. */
enum sp_err sp_desk_identity_key(const char *identity,
				 char key_out[SP_GREYLIST_KEY_SIZE]);

/* "sp:desk:{grey}:day:20405"; returns `key_out`. */
const char *sp_desk_day_key(int64_t now_ms, char key_out[SP_WORD_SIZE]);

/* "300", "more"; returns `name_out`. */
const char *sp_desk_bucket_name(unsigned bucket,
				char name_out[SP_DESK_FIELD_SIZE]);

/* "sp:expect:{RECIPIENT}"; SP_ERR_TOO_LONG, and it is "". */
enum sp_err sp_expect_key(const char *recipient,
			  char key_out[SP_GREYLIST_KEY_SIZE]);

#endif
