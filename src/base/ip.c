#include "sallyport/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sallyport/text.h"

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0,    0,
					   0, 0, 0, 0, 0xff, 0xff };

static unsigned family_bits(enum sp_ip_family family)
{
	switch (family) {
	case SP_IP_4:
		return 32;
	case SP_IP_6:
		return 128;
	case SP_IP_NONE:
		break;
	}
	return 0;
}

static void set_ipv4(struct sp_ip *ip, const void *bytes)
{
	*ip = (struct sp_ip){ .family = SP_IP_4 };
	memcpy(ip->bytes, bytes, 4);
}

static void set_ipv6(struct sp_ip *ip, const uint8_t bytes[16])
{
	if (memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) == 0) {
		set_ipv4(ip, bytes + sizeof(mapped_prefix));
		return;
	}
	ip->family = SP_IP_6;
	memcpy(ip->bytes, bytes, 16);
}

enum sp_err sp_ip_parse(const char *text, struct sp_ip *ip_out)
{
	bool is_tagged = sp_text_starts(text, "IPv6:");
	struct in_addr ipv4;
	struct in6_addr ipv6;

	if (is_tagged)
		text += strlen("IPv6:");
	if (inet_pton(AF_INET6, text, &ipv6) == 1) {
		set_ipv6(ip_out, ipv6.s6_addr);
		return SP_OK;
	}
	if (!is_tagged && inet_pton(AF_INET, text, &ipv4) == 1) {
		set_ipv4(ip_out, &ipv4);
		return SP_OK;
	}
	*ip_out = (struct sp_ip){ .family = SP_IP_NONE };
	return SP_ERR_SYNTAX;
}

static uint16_t from_ipv4_socket(const struct sockaddr *address,
				 struct sp_ip *ip_out)
{
	struct sockaddr_in ipv4;

	/* The caller's storage may be less aligned than ours. */
	memcpy(&ipv4, address, sizeof(ipv4));
	set_ipv4(ip_out, &ipv4.sin_addr);
	return ntohs(ipv4.sin_port);
}

static uint16_t from_ipv6_socket(const struct sockaddr *address,
				 struct sp_ip *ip_out)
{
	struct sockaddr_in6 ipv6;

	memcpy(&ipv6, address, sizeof(ipv6));
	set_ipv6(ip_out, ipv6.sin6_addr.s6_addr);
	return ntohs(ipv6.sin6_port);
}

void sp_ip_from_sockaddr(const struct sockaddr *address, struct sp_ip *ip_out,
			 uint16_t *port_out)
{
	uint16_t port = 0;

	*ip_out = (struct sp_ip){ .family = SP_IP_NONE };
	if (address != NULL && address->sa_family == AF_INET)
		port = from_ipv4_socket(address, ip_out);
	else if (address != NULL && address->sa_family == AF_INET6)
		port = from_ipv6_socket(address, ip_out);
	if (port_out != NULL)
		*port_out = port;
}

const char *sp_ip_format(const struct sp_ip *ip, char text_out[SP_IP_TEXT_SIZE])
{
	int family = ip->family == SP_IP_4 ? AF_INET : AF_INET6;

	if (ip->family == SP_IP_NONE)
		snprintf(text_out, SP_IP_TEXT_SIZE, "unknown");
	else
		inet_ntop(family, ip->bytes, text_out, SP_IP_TEXT_SIZE);
	return text_out;
}

bool sp_ip_is_loopback(const struct sp_ip *ip)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (ip->family == SP_IP_4)
		return ip->bytes[0] == 127;
	return ip->family == SP_IP_6 &&
	       memcmp(ip->bytes, one, sizeof(one)) == 0;
}

static char *write_number(char *at, unsigned byte)
{
	if (byte >= 100)
		*at++ = (char)('0' + byte / 100);
	if (byte >= 10)
		*at++ = (char)('0' + byte / 10 % 10);
	*at++ = (char)('0' + byte % 10);
	return at;
}

static char *write_nibbles(char *at, unsigned byte)
{
	static const char digits[] = "0123456789abcdef";

	*at++ = digits[byte & 15];
	*at++ = '.';
	*at++ = digits[byte >> 4];
	return at;
}

/* By hand: it is written a dozen times for a client. */
size_t sp_ip_reverse(const struct sp_ip *ip, char text_out[SP_IP_REVERSED_SIZE])
{
	size_t count = family_bits(ip->family) / 8;
	char *at = text_out;

	for (size_t i = count; i-- > 0;) {
		if (i + 1 < count)
			*at++ = '.';
		at = ip->family == SP_IP_4 ? write_number(at, ip->bytes[i])
					   : write_nibbles(at, ip->bytes[i]);
	}
	*at = '\0';
	return (size_t)(at - text_out);
}

bool sp_ip_equals(const struct sp_ip *a, const struct sp_ip *b)
{
	return a->family == b->family &&
	       memcmp(a->bytes, b->bytes, family_bits(a->family) / 8) == 0;
}

/* One to three digits without a leading zero. */
static bool parse_prefix(const char *text, unsigned *prefix_out)
{
	unsigned prefix = 0;
	size_t length = strlen(text);

	if (length < 1 || length > 3 || (text[0] == '0' && length > 1))
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		prefix = prefix * 10 + (unsigned)(*text - '0');
	}
	*prefix_out = prefix;
	return true;
}

/* `prefix` counts the bits as they were written: of ::ffff:192.0.2.0/120 the
 * first 96 are not kept. */
static enum sp_err make_network(const struct sp_ip *ip, unsigned prefix,
				bool is_mapped, struct sp_network *network_out)
{
	struct sp_network network;

	if (is_mapped && prefix < 96)
		return SP_ERR_RANGE;
	if (is_mapped)
		prefix -= 96;
	if (prefix > family_bits(ip->family))
		return SP_ERR_RANGE;
	sp_network_around(ip, prefix, &network);
	if (!sp_ip_equals(&network.base, ip))
		return SP_ERR_RANGE;
	*network_out = network;
	return SP_OK;
}

enum sp_err sp_network_parse(const char *text, struct sp_network *network_out)
{
	char address[64];
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct sp_ip ip;
	unsigned prefix;
	bool is_mapped;

	*network_out = (struct sp_network){ .prefix = 0 };
	if (length >= sizeof(address))
		return SP_ERR_SYNTAX;
	memcpy(address, text, length);
	address[length] = '\0';
	if (sp_ip_parse(address, &ip) != SP_OK)
		return SP_ERR_SYNTAX;
	is_mapped = ip.family == SP_IP_4 && strchr(address, ':') != NULL;
	prefix = is_mapped ? 128 : family_bits(ip.family);
	if (slash != NULL && !parse_prefix(slash + 1, &prefix))
		return SP_ERR_SYNTAX;
	return make_network(&ip, prefix, is_mapped, network_out);
}

static uint8_t byte_mask(unsigned prefix, unsigned index)
{
	unsigned bits_before = index * 8;

	if (prefix <= bits_before)
		return 0;
	if (prefix >= bits_before + 8)
		return 0xff;
	return (uint8_t)(0xff << (8 - (prefix - bits_before)));
}

void sp_network_around(const struct sp_ip *ip, unsigned prefix,
		       struct sp_network *network_out)
{
	unsigned bits = family_bits(ip->family);
	struct sp_network network = { .base.family = ip->family,
				      .prefix = prefix < bits ? prefix : bits };

	for (unsigned i = 0; i < bits / 8; i++)
		network.base.bytes[i] =
			ip->bytes[i] & byte_mask(network.prefix, i);
	*network_out = network;
}

bool sp_network_contains(const struct sp_network *network,
			 const struct sp_ip *ip)
{
	struct sp_network around;

	/* No network holds what is not an address. */
	if (ip->family == SP_IP_NONE)
		return false;
	sp_network_around(ip, network->prefix, &around);
	return sp_ip_equals(&around.base, &network->base);
}

const char *sp_network_format(const struct sp_network *network,
			      char text_out[SP_NETWORK_TEXT_SIZE])
{
	char address[SP_IP_TEXT_SIZE];

	if (network->base.family == SP_IP_NONE)
		snprintf(text_out, SP_NETWORK_TEXT_SIZE, "unknown");
	else
		snprintf(text_out, SP_NETWORK_TEXT_SIZE, "%s/%u",
			 sp_ip_format(&network->base, address),
			 network->prefix);
	return text_out;
}

bool sp_ip_is_private(const struct sp_ip *ip)
{
	static const struct sp_network networks[] = {
		{ { SP_IP_4, { 0 } }, 8 },
		{ { SP_IP_4, { 10 } }, 8 },
		{ { SP_IP_4, { 100, 64 } }, 10 },
		{ { SP_IP_4, { 127 } }, 8 },
		{ { SP_IP_4, { 169, 254 } }, 16 },
		{ { SP_IP_4, { 172, 16 } }, 12 },
		{ { SP_IP_4, { 192, 168 } }, 16 },
		{ { SP_IP_6, { 0 } }, 127 }, /* ::, ::1 */
		{ { SP_IP_6, { 0xfc } }, 7 },
		{ { SP_IP_6, { 0xfe, 0x80 } }, 10 },
	};

	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++)
		if (sp_network_contains(&networks[i], ip))
			return true;
	return false;
}
