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

/* As it is written in a name: in lower case. NUL for what may not stand there.
 * Twenty names are made for a mail, so this looks at each byte once. */
static char fold(char c, bool is_expanded)
{
	char lower = (char)(c | 0x20);

	if (lower >= 'a' && lower <= 'z')
		return lower;
	if (is_digit(c) || c == '-' || c == '_')
		return c;
	/* The backslash begins an escape in libunbound's names: it would make
	 * another name of this one. */
	return is_expanded && c >= ' ' && c < 0x7f && c != '\\' ? c : '\0';
}

/* `end` is where the label's dot stands, or would. */
static bool is_label(const char *label, const char *end, bool is_expanded)
{
	if (end == label || end - label > LABEL_MAX)
		return false;
	return is_expanded || (label[0] != '-' && end[-1] != '-');
}

/* 192.0.2.1 is an address, and 192.0.2.1 below something is none. */
static bool is_address_like(const char *name, const char *last_label)
{
	if (last_label == name)
		return false;
	while (is_digit(*last_label))
		last_label++;
	return *last_label == '\0';
}

/* One or more labels, no dot at the end. */
static bool copy_labels(const char *text, size_t length, bool is_expanded,
			char *name_out)
{
	const char *label = name_out;
	char *at = name_out;

	for (size_t i = 0; i < length; i++, at++) {
		*at = text[i] == '.' ? '.' : fold(text[i], is_expanded);
		if (*at == '\0')
			return false;
		if (*at != '.')
			continue;
		if (!is_label(label, at, is_expanded))
			return false;
		label = at + 1;
	}
	*at = '\0';
	return is_label(label, at, is_expanded) &&
	       (is_expanded || !is_address_like(name_out, label));
}

static enum sp_err take(const char *text, size_t length, bool is_expanded,
			struct sp_dns_name *name_out)
{
	name_out->text[0] = '\0';
	if (length > 0 && text[length - 1] == '.')
		length--;
	if (length > NAME_MAX_LENGTH)
		return SP_ERR_TOO_LONG;
	if (copy_labels(text, length, is_expanded, name_out->text))
		return SP_OK;
	name_out->text[0] = '\0';
	return SP_ERR_SYNTAX;
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
		/* All other dots too many make an empty label of the whole. */
		if (parts[i][0] == '\0')
			return SP_ERR_SYNTAX;
		if (i > 0)
			sp_text_add(&text, ".");
		sp_text_add(&text, parts[i]);
	}
	if (text.is_cut)
		return SP_ERR_TOO_LONG;
	return take(bytes, text.length, false, name_out);
}

enum sp_err sp_dns_name_reverse(const struct sp_ip *ip, const char *zone,
				struct sp_dns_name *name_out)
{
	char bytes[SP_DOMAIN_SIZE + 1];
	size_t length, zone_length;

	name_out->text[0] = '\0';
	if (ip->family == SP_IP_NONE)
		return SP_ERR_RANGE;
	if (zone == NULL)
		zone = ip->family == SP_IP_4 ? "in-addr.arpa" : "ip6.arpa";
	length = sp_ip_reverse(ip, bytes);
	bytes[length++] = '.';
	zone_length = strlen(zone);
	if (zone_length > sizeof(bytes) - length)
		return SP_ERR_TOO_LONG;
	memcpy(bytes + length, zone, zone_length);
	return take(bytes, length + zone_length, false, name_out);
}
