/* secret.c - passwords and tokens, which stand in files of their own. */
#include "loader.h"

#include <stdlib.h>
#include <string.h>

/* NULL, or what is the matter with the file. */
static const char *take(struct sp_loader *loader, const struct sp_file *content,
			size_t least, const char **secret_out)
{
	size_t length = strcspn(content->bytes, "\r\n");

	if ((content->mode & 07) != 0)
		return "can be read by everybody: expected mode 0640 or 0600 "
		       "(chmod 0640)";
	if (strlen(content->bytes) != content->length)
		return "holds a zero byte: expected a password in its first "
		       "line";
	if (length == 0)
		return "is empty: expected a password in its first line";
	if (length < least)
		return "holds a secret that can be guessed: expected 12 "
		       "characters or more in its first line";
	*secret_out = sp_arena_copy(&loader->snapshot->strings, content->bytes,
				    length);
	if (*secret_out == NULL) {
		*secret_out = "";
		return "cannot be read: no memory";
	}
	return NULL;
}

const char *sp_loader_secret(struct sp_loader *loader, const char *option,
			     const char *path, size_t least)
{
	const struct sp_yaml_node *node =
		loader->written[sp_option_find(option)];
	char reason[SP_FILE_REASON_SIZE];
	char quote[SP_QUOTE_SIZE];
	const char *wrong = reason;
	const char *secret = "";
	struct sp_file content;

	if (*path == '\0' || node == NULL)
		return "";
	if (sp_file_read(path, SP_PASSWORD_MAX, &content, reason) == SP_OK)
		wrong = take(loader, &content, least, &secret);
	if (wrong != NULL)
		sp_report_add(&loader->report, &node->place,
			      "%s: the file %s %s", option,
			      sp_quote(path, quote), wrong);
	if (content.bytes != NULL)
		explicit_bzero(content.bytes, content.length);
	free(content.bytes);
	return secret;
}
