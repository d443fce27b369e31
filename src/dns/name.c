/* name.c - a name that is what was written, or none. */
#include "sallyport/dns.h"

#include <string.h>

#include "sallyport/text.h"

enum {
	LABEL_MAX = 63,
	NAME_MAX_LENGTH = SP_DOMAIN_SIZE - 1
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       is_digit(c) || c == '-' || c == '_';
}

/* The backslash begins an escape in libunbound's names: it would make another
 * name of this one. */
static bool is_expanded_char(char c)
{
	return c >= ' ' && c < 0x7f && c != '\\' && c != '.';
}

static bool is_label(const char *label, size_t length, bool is_expanded)
{
	if (length < 1 || length > LABEL_MAX)
		return false;
	if (!is_expanded && (label[0] == '-' || label[length - 1] == '-'))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!(is_expanded ? is_expanded_char(label[i])
				  : is_host_char(label[i])))
			return false;
	}
	return true;
}

/* One or more labels, no dot at the end. */
static bool is_labels(const char *text, size_t length, bool is_expanded)
{
	size_t at = 0;

	/* `<=`: behind a last dot stands one more label, the empty one. */
	while (at <= length) {
		const char *dot = memchr(text + at, '.', length - at);
		size_t size =
			dot != NULL ? (size_t)(dot - (text + at)) : length - at;

		if (!is_label(text + at, size, is_expanded))
			return false;
		at += size + 1;
	}
	return true;
}

/* 192.0.2.1 is an address, and 192.0.2.1 below something is none. */
static bool is_address_like(const char *name)
{
	const char *last = strrchr(name, '.');

	if (last == NULL)
		return false;
	for (last++; *last != '\0'; last++)
		if (!is_digit(*last))
			return false;
	return true;
}

static enum sp_err take(const char *text, size_t length, bool is_expanded,
			struct sp_dns_name *name_out)
{
	name_out->text[0] = '\0';
	if (length > 0 && text[length - 1] == '.')
		length--;
	if (length > NAME_MAX_LENGTH)
		return SP_ERR_TOO_LONG;
	if (!is_labels(text, length, is_expanded))
		return SP_ERR_SYNTAX;
	memcpy(name_out->text, text, length);
	name_out->text[length] = '\0';
	sp_text_lower(name_out->text);
	if (!is_expanded && is_address_like(name_out->text)) {
		name_out->text[0] = '\0';
		return SP_ERR_SYNTAX;
	}
	return SP_OK;
}

enum sp_err sp_dns_name_domain(const char *text, size_t length,
			       struct sp_dns_name *name_out)
{
	return take(text, length, false, name_out);
}

enum sp_err sp_dns_name_expanded(const char *text, size_t length,
				 struct sp_dns_name *name_out)
{
	return take(text, length, true, name_out);
}

enum sp_err sp_dns_name_join(const char *const *parts, size_t count,
			     struct sp_dns_name *name_out)
{
	/* Room for the last dot, which take() cuts. */
	char bytes[SP_DOMAIN_SIZE + 1];
	struct sp_text text;

	name_out->text[0] = '\0';
	sp_text_init(&text, bytes, sizeof(bytes));
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(parts[i]);

		/* Only the whole may end in a dot. */
		if (i + 1 == count && length > 1 && parts[i][length - 1] == '.')
			length--;
		if (!is_labels(parts[i], length, false))
			return length > NAME_MAX_LENGTH ? SP_ERR_TOO_LONG
							: SP_ERR_SYNTAX;
		sp_text_add(&text, i == 0 ? "" : ".");
		sp_text_add(&text, parts[i]);
	}
	if (text.is_cut)
		return SP_ERR_TOO_LONG;
	return take(bytes, text.length, false, name_out);
}

static void add_reversed(struct sp_text *text, const struct sp_ip *ip)
{
	static const char digits[] = "0123456789abcdef";

	if (ip->family == SP_IP_4) {
		sp_text_addf(text, "%u.%u.%u.%u.", ip->bytes[3], ip->bytes[2],
			     ip->bytes[1], ip->bytes[0]);
		return;
	}
	for (size_t i = 16; i-- > 0;)
		sp_text_addf(text, "%c.%c.", digits[ip->bytes[i] & 15],
			     digits[ip->bytes[i] >> 4]);
}

enum sp_err sp_dns_name_reverse(const struct sp_ip *ip, const char *zone,
				struct sp_dns_name *name_out)
{
	char bytes[SP_DOMAIN_SIZE + 1];
	struct sp_text text;

	name_out->text[0] = '\0';
	if (ip->family == SP_IP_NONE)
		return SP_ERR_RANGE;
	if (zone == NULL)
		zone = ip->family == SP_IP_4 ? "in-addr.arpa" : "ip6.arpa";
	sp_text_init(&text, bytes, sizeof(bytes));
	add_reversed(&text, ip);
	sp_text_add(&text, zone);
	if (text.is_cut)
		return SP_ERR_TOO_LONG;
	return take(bytes, text.length, false, name_out);
}
