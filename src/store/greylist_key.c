/* greylist_key.c - see greylist_key.h. */
#include "greylist_key.h"

#include <string.h>

static void add_escaped(struct sp_text *text, const char *part,
			const char *also)
{
	for (; *part != '\0'; part++) {
		unsigned char byte = (unsigned char)*part;

		if (byte <= ' ' || byte >= 0x7f || strchr(also, byte) != NULL)
			sp_text_addf(text, "%%%02X", byte);
		else
			sp_text_add_bytes(text, part, 1);
	}
}

/* Half a key would be another's. */
static enum sp_err finish(struct sp_text *key)
{
	if (!key->is_cut)
		return SP_OK;
	key->bytes[0] = '\0';
	return SP_ERR_TOO_LONG;
}

enum sp_err sp_greylist_key(const char *identity, const char *sender,
			    const char *recipient,
			    char key_out[SP_GREYLIST_KEY_SIZE])
{
	struct sp_text key;

	sp_text_init(&key, key_out, SP_GREYLIST_KEY_SIZE);
	sp_text_add(&key, SP_GREYLIST_KEY_PREFIX);
	add_escaped(&key, identity, "%{}");
	sp_text_add(&key, "}");
	if (sender != NULL && recipient != NULL) {
		sp_text_add(&key, ":");
		add_escaped(&key, sender, "%:{}");
		sp_text_add(&key, ":");
		add_escaped(&key, recipient, "%:{}");
	}
	return finish(&key);
}

enum sp_err sp_probe_key(const char *identity,
			 char key_out[SP_GREYLIST_KEY_SIZE])
{
	struct sp_text key;

	sp_text_init(&key, key_out, SP_GREYLIST_KEY_SIZE);
	sp_text_add(&key, "sp:probe:{");
	add_escaped(&key, identity, "%{}");
	sp_text_add(&key, "}");
	return finish(&key);
}

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Undo the escapes of `length` bytes. */
static enum sp_err unescape(const char *part, size_t length, char *out,
			    size_t out_size)
{
	size_t done = 0;

	for (size_t i = 0; i < length; i++) {
		char byte = part[i];

		if (byte == '%') {
			int high = i + 2 < length ? hex_digit(part[i + 1]) : -1;
			int low = high >= 0 ? hex_digit(part[i + 2]) : -1;

			if (low < 0)
				return SP_ERR_SYNTAX;
			byte = (char)(high * 16 + low);
			i += 2;
		}
		if (done + 1 >= out_size)
			return SP_ERR_TOO_LONG;
		out[done++] = byte;
	}
	out[done] = '\0';
	return SP_OK;
}

static enum sp_err parse_addresses(const char *rest,
				   struct sp_greylist_entry *entry_out)
{
	const char *colon = rest[0] == ':' ? strchr(rest + 1, ':') : NULL;
	enum sp_err err;

	if (colon == NULL)
		return SP_ERR_SYNTAX;
	err = unescape(rest + 1, (size_t)(colon - rest - 1), entry_out->sender,
		       sizeof(entry_out->sender));
	if (err != SP_OK)
		return err;
	return unescape(colon + 1, strlen(colon + 1), entry_out->recipient,
			sizeof(entry_out->recipient));
}

enum sp_err sp_greylist_key_parse(const char *key, bool *is_identity_out,
				  struct sp_greylist_entry *entry_out)
{
	const size_t prefix = strlen(SP_GREYLIST_KEY_PREFIX);
	const char *end;
	enum sp_err err;

	if (strncmp(key, SP_GREYLIST_KEY_PREFIX, prefix) != 0)
		return SP_ERR_SYNTAX;
	end = strchr(key, '}');
	if (end == NULL)
		return SP_ERR_SYNTAX;
	entry_out->sender[0] = '\0';
	entry_out->recipient[0] = '\0';
	err = unescape(key + prefix, (size_t)(end - key) - prefix,
		       entry_out->identity, sizeof(entry_out->identity));
	*is_identity_out = end[1] == '\0';
	if (err != SP_OK || *is_identity_out)
		return err;
	return parse_addresses(end + 1, entry_out);
}

enum sp_err sp_greylist_key_pattern(const char *identity,
				    char pattern_out[2 * SP_GREYLIST_KEY_SIZE])
{
	char key[SP_GREYLIST_KEY_SIZE];
	struct sp_text pattern;
	enum sp_err err = sp_greylist_key(identity, NULL, NULL, key);

	sp_text_init(&pattern, pattern_out, 2 * SP_GREYLIST_KEY_SIZE);
	for (const char *byte = key; *byte != '\0'; byte++) {
		/* What means something to MATCH is meant literally. */
		if (strchr("*?[]\\^", *byte) != NULL)
			sp_text_add(&pattern, "\\");
		sp_text_add_bytes(&pattern, byte, 1);
	}
	sp_text_add(&pattern, ":*");
	return err;
}
