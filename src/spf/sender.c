/* sender.c - the sender as SPF wants it. */
#include "sallyport/spf.h"

#include <string.h>

#include "sallyport/idn.h"
#include "sallyport/text.h"

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* The text behind the last '@' as A-labels, when it has U-labels. */
static void convert_domain(struct sp_text *sender)
{
	char *at = strrchr(sender->bytes, '@');
	char domain[SP_DOMAIN_SIZE];

	if (at == NULL || is_ascii(at + 1) ||
	    sp_idn_to_ascii(at + 1, domain) != SP_OK)
		return;
	sender->length = (size_t)(at + 1 - sender->bytes);
	sp_text_add(sender, domain);
}

void sp_spf_sender(const char *path, char sender_out[SP_SPF_SENDER_SIZE])
{
	size_t length = strlen(path);
	struct sp_text sender;
	const char *colon;

	if (length >= 2 && path[0] == '<' && path[length - 1] == '>') {
		path++;
		length -= 2;
	}
	colon = length > 0 && path[0] == '@' ? memchr(path, ':', length) : NULL;
	if (colon != NULL) {
		length -= (size_t)(colon + 1 - path);
		path = colon + 1;
	}
	sp_text_init(&sender, sender_out, SP_SPF_SENDER_SIZE);
	sp_text_add_bytes(&sender, path, length);
	convert_domain(&sender);
	if (length > 0 && strchr(sender_out, '@') == NULL)
		sp_text_add(&sender, "@");
}
