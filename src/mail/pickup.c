#include "sallyport/pickup.h"

#include <stddef.h>
#include <string.h>

#include "sallyport/text.h"

enum {
	UID_DIGITS_MAX = 10
};

static const char *skip(const char *text, const char *word)
{
	size_t length = strlen(word);

	return strncmp(text, word, length) == 0 ? text + length : NULL;
}

/* Digits as printf() writes them; what stands behind them, or NULL. The
 * greatest number means "no user" to the kernel. */
static const char *read_uid(const char *text, uint32_t *uid_out)
{
	size_t length = strspn(text, "0123456789");
	uint64_t uid = 0;

	if (length == 0 || length > UID_DIGITS_MAX ||
	    (length > 1 && text[0] == '0'))
		return NULL;
	for (size_t i = 0; i < length; i++)
		uid = uid * 10 + (uint64_t)(text[i] - '0');
	if (uid >= UINT32_MAX)
		return NULL;
	*uid_out = (uint32_t)uid;
	return text + length;
}

/* "uid=N id=QUEUEID", and nothing else. */
static bool read_value(const struct sp_pickup_field *field, uint32_t *uid_out)
{
	const char *rest = field->value + strspn(field->value, " \t");

	rest = skip(rest, "uid=");
	if (rest)
		rest = read_uid(rest, uid_out);
	if (rest)
		rest = skip(rest, " id=");
	return rest && field->queue_id && field->queue_id[0] &&
	       strcmp(rest, field->queue_id) == 0;
}

enum sp_pickup sp_pickup_read(const struct sp_pickup_field *field,
			      uint32_t *uid_out)
{
	uint32_t uid;

	if (!sp_text_equals(field->name, SP_PICKUP_HEADER))
		return SP_PICKUP_ANOTHER;
	if (!field->is_local || !field->is_first || !read_value(field, &uid))
		return SP_PICKUP_FORGED;
	*uid_out = uid;
	return SP_PICKUP_KNOWN;
}
