/* desk_key.c - see desk_key.h; and the buckets of desk_store.h. */
#include "desk_key.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sallyport/desk_store.h"

static const unsigned bounds_sec[SP_DESK_BUCKETS - 1] = {
	60,   120,  180,  300,	 450,	600,   900,    1200,
	1800, 3600, 7200, 14400, 28800, 86400, 172800,
};

unsigned sp_desk_bound_sec(unsigned bucket)
{
	return bounds_sec[bucket];
}

double sp_desk_quantile_sec(const struct sp_desk_outcome *outcome, double share)
{
	double all = 0, below = 0, begin = 0, wanted;

	for (unsigned i = 0; i < SP_DESK_BUCKETS; i++)
		all += (double)outcome->in[i];
	wanted = share * all;
	for (unsigned i = 0; i < SP_DESK_BUCKETS - 1 && all > 0; i++) {
		double here = (double)outcome->in[i];

		if (here > 0 && below + here >= wanted)
			return begin + (bounds_sec[i] - begin) *
					       (wanted - below) / here;
		below += here;
		begin = bounds_sec[i];
	}
	return begin;
}

/* An identity's own key is "sp:grey:{IDENTITY}". */
enum sp_err sp_desk_identity_key(const char *identity,
				 char key_out[SP_GREYLIST_KEY_SIZE])
{
	char key[SP_GREYLIST_KEY_SIZE];
	struct sp_text text;
	enum sp_err err = sp_greylist_key(identity, NULL, NULL, key);
	size_t prefix = strlen(SP_GREYLIST_KEY_PREFIX);

	key_out[0] = '\0';
	if (err != SP_OK)
		return err;
	sp_text_init(&text, key_out, SP_GREYLIST_KEY_SIZE);
	sp_text_add(&text, SP_DESK_OF);
	sp_text_add_bytes(&text, key + prefix, strlen(key) - prefix - 1);
	return text.is_cut ? SP_ERR_TOO_LONG : SP_OK;
}

const char *sp_desk_day_key(int64_t now_ms, char key_out[SP_WORD_SIZE])
{
	(void)snprintf(key_out, SP_WORD_SIZE, "sp:desk:{grey}:day:%" PRId64,
		       now_ms / SP_DESK_DAY_MS);
	return key_out;
}

const char *sp_desk_bucket_name(unsigned bucket,
				char name_out[SP_DESK_FIELD_SIZE])
{
	if (bucket < SP_DESK_BUCKETS - 1)
		(void)snprintf(name_out, SP_DESK_FIELD_SIZE, "%u",
			       bounds_sec[bucket]);
	else
		sp_text_copy(name_out, SP_DESK_FIELD_SIZE, "more");
	return name_out;
}

enum sp_err sp_expect_key(const char *recipient,
			  char key_out[SP_GREYLIST_KEY_SIZE])
{
	char key[SP_GREYLIST_KEY_SIZE];
	struct sp_text text;
	enum sp_err err = sp_greylist_key(recipient, NULL, NULL, key);

	key_out[0] = '\0';
	if (err != SP_OK)
		return err;
	sp_text_init(&text, key_out, SP_GREYLIST_KEY_SIZE);
	sp_text_add(&text, "sp:expect:{");
	sp_text_add(&text, key + strlen(SP_GREYLIST_KEY_PREFIX));
	if (!text.is_cut)
		return SP_OK;
	key_out[0] = '\0';
	return SP_ERR_TOO_LONG;
}
