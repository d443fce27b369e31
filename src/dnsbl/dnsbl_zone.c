#include "sallyport/dnsbl.h"

#include <assert.h>
#include <string.h>

#include "sallyport/text.h"

enum {
	KEY_LENGTH = 16
};

/* Operators whose zones are [QUESTION.]KEY.LIST.SUFFIX. */
static const char *const keyed_suffixes[] = { "dq.spamhaus.net",
					      "mail.abusix.zone" };

/* Test points that differ from RFC 5782, as the operators document them. */
static const struct {
	const char *zone;
	const char *listed;
} own_points[] = {
	{ "dbl.spamhaus.org", "dbltest.com" },
	{ "dbl.dq.spamhaus.net", "dbltest.com" },
	{ "multi.surbl.org", "surbl-org-permanent-test-point.com" },
	{ "multi.uribl.com", "2.0.0.127" },
};

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *next_label(const char *label)
{
	const char *dot = strchr(label, '.');

	return dot ? dot + 1 : label + strlen(label);
}

static bool looks_like_key(const char *label, size_t length)
{
	bool has_digit = false, has_letter = false;

	for (size_t i = 0; i < length; i++) {
		char c = label[i];

		if (c >= '0' && c <= '9')
			has_digit = true;
		else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			has_letter = true;
		else
			return false;
	}
	return length >= KEY_LENGTH && has_digit && has_letter;
}

/* Whether exactly one label stands between the one at `label` and a suffix
 * below which keys are handed out. */
static bool is_keyed(const char *label)
{
	const char *list = next_label(label);
	const char *rest = next_label(list);

	for (size_t i = 0; *list && i < ARRAY_COUNT(keyed_suffixes); i++)
		if (sp_text_equals(rest, keyed_suffixes[i]))
			return true;
	return false;
}

static bool is_secret_label(const char *label)
{
	return is_keyed(label) || looks_like_key(label, strcspn(label, "."));
}

bool sp_dnsbl_zone_is_secret(const char *zone)
{
	for (; *zone; zone = next_label(zone))
		if (is_secret_label(zone))
			return true;
	return false;
}

const char *sp_dnsbl_zone_show(const char *zone, char text_out[SP_DOMAIN_SIZE])
{
	struct sp_text text;

	sp_text_init(&text, text_out, SP_DOMAIN_SIZE);
	for (; *zone; zone = next_label(zone)) {
		if (text.length > 0)
			sp_text_add(&text, ".");
		if (is_secret_label(zone))
			sp_text_add(&text, "*");
		else
			sp_text_add_safe(&text, zone, strcspn(zone, "."), NULL);
	}
	return text_out;
}

void sp_dnsbl_rule_show(const char *rule, struct sp_text *out)
{
	char zone[SP_DOMAIN_SIZE], shown[SP_DOMAIN_SIZE];
	size_t before = strcspn(rule, ":");
	size_t length;

	before += strspn(rule + before, ": \t");
	length = strcspn(rule + before, "=* \t");
	if (length >= sizeof(zone)) /* never of a rule that was taken */
		return;
	memcpy(zone, rule + before, length);
	zone[length] = '\0';
	sp_text_add_bytes(out, rule, before);
	sp_text_add(out, sp_dnsbl_zone_show(zone, shown));
	sp_text_add(out, rule + before + length);
}

static enum sp_err join(const char *front, const char *zone,
			char name_out[SP_DOMAIN_SIZE])
{
	size_t front_length = strlen(front), zone_length = strlen(zone);

	name_out[0] = '\0';
	if (front_length + 1 + zone_length >= SP_DOMAIN_SIZE)
		return SP_ERR_TOO_LONG;
	memcpy(name_out, front, front_length);
	name_out[front_length] = '.';
	memcpy(name_out + front_length + 1, zone, zone_length + 1);
	return SP_OK;
}

enum sp_err sp_dnsbl_question(const struct sp_ip *client, const char *zone,
			      char name_out[SP_DOMAIN_SIZE])
{
	char reversed[SP_IP_REVERSED_SIZE];

	name_out[0] = '\0';
	if (client->family == SP_IP_NONE)
		return SP_ERR_SYNTAX;
	sp_ip_reverse(client, reversed);
	return join(reversed, zone, name_out);
}

enum sp_err sp_dnsbl_domain_question(const char *name, const char *zone,
				     char name_out[SP_DOMAIN_SIZE])
{
	char normal[SP_DOMAIN_SIZE];
	enum sp_err err = sp_domain_normalise(name, normal);

	name_out[0] = '\0';
	return err ? err : join(normal, zone, name_out);
}

static const char *own_listed_point(const char *zone)
{
	for (size_t i = 0; i < ARRAY_COUNT(own_points); i++)
		if (sp_domain_is_within(zone, own_points[i].zone))
			return own_points[i].listed;
	return NULL;
}

/* ::ffff:7f00:2 or :1. Not parsed: that would make an IPv4 address of it. */
static void write_ipv6_points(const char *zone,
			      struct sp_dnsbl_points *points_out)
{
	struct sp_ip ip = { SP_IP_6, { [10] = 0xff, 0xff, 0x7f, 0, 0, 2 } };
	char reversed[SP_IP_REVERSED_SIZE];

	sp_ip_reverse(&ip, reversed);
	join(reversed, zone, points_out->listed);
	ip.bytes[15] = 1;
	sp_ip_reverse(&ip, reversed);
	join(reversed, zone, points_out->unlisted);
}

void sp_dnsbl_test_points(const char *zone, enum sp_dnsbl_kind kind,
			  struct sp_dnsbl_points *points_out)
{
	const char *own = own_listed_point(zone);

	assert(strlen(zone) < SP_DNSBL_ZONE_SIZE);
	if (kind == SP_DNSBL_IPV6) {
		write_ipv6_points(zone, points_out);
	} else if (kind == SP_DNSBL_IPV4) {
		join("2.0.0.127", zone, points_out->listed);
		join("1.0.0.127", zone, points_out->unlisted);
	} else {
		join(own ? own : "test", zone, points_out->listed);
		join("invalid", zone, points_out->unlisted);
	}
}
