/* Addresses and networks: what is read, how it is written, what is inside. */
#include "sallyport/ip.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

struct address_row {
	const char *sentence;
	const char *text;
	const char *expected; /* "unknown": refused */
};

static const struct address_row address_rows[] = {
	{ "IPv4 is read", "192.0.2.1", "192.0.2.1" },
	{ "the highest IPv4 address is read", "255.255.255.255",
	  "255.255.255.255" },
	{ "IPv6 is written as RFC 5952 says", "2001:DB8:0:0:1:0:0:1",
	  "2001:db8::1:0:0:1" },
	{ "an address literal's tag is taken", "IPv6:2001:db8::1",
	  "2001:db8::1" },
	{ "in any case", "ipv6:::1", "::1" },
	{ "a mapped address is IPv4", "::ffff:192.0.2.1", "192.0.2.1" },
	{ "a mapped address in hex too", "::FFFF:c000:201", "192.0.2.1" },
	{ "and behind a tag", "IPv6:::ffff:192.0.2.1", "192.0.2.1" },
	{ "the unspecified address is one", "::", "::" },
	{ "IPv4 behind the IPv6 tag is refused", "IPv6:192.0.2.1", "unknown" },
	{ "three numbers are refused", "192.0.2", "unknown" },
	{ "five numbers are refused", "192.0.2.1.1", "unknown" },
	{ "a number over 255 is refused", "192.0.2.256", "unknown" },
	{ "a leading zero, octal to some, is refused", "192.0.2.010",
	  "unknown" },
	{ "one number is refused", "3221225985", "unknown" },
	{ "blanks are refused", " 192.0.2.1", "unknown" },
	{ "a zone is refused", "fe80::1%eth0", "unknown" },
	{ "brackets are refused", "[192.0.2.1]", "unknown" },
	{ "two gaps are refused", "2001::db8::1", "unknown" },
	{ "a network is no address", "192.0.2.0/24", "unknown" },
	{ "a name is refused", "localhost", "unknown" },
	{ "nothing is refused", "", "unknown" },
	{ "a tag alone is refused", "IPv6:", "unknown" },
};

static void addresses_are_read_and_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(address_rows); i++) {
		const struct address_row *row = &address_rows[i];
		bool is_refused = strcmp(row->expected, "unknown") == 0;
		char text[SP_IP_TEXT_SIZE];
		struct sp_ip ip;
		enum sp_err err = sp_ip_parse(row->text, &ip);

		if (err != (is_refused ? SP_ERR_SYNTAX : SP_OK) ||
		    (ip.family == SP_IP_NONE) != is_refused ||
		    strcmp(sp_ip_format(&ip, text), row->expected) != 0)
			fail_msg("%s: %s", row->sentence, text);
	}
}

struct network_row {
	const char *sentence;
	const char *text;
	enum sp_err err;
	const char *expected;
};

static const struct network_row network_rows[] = {
	{ "a network is read", "192.0.2.0/24", SP_OK, "192.0.2.0/24" },
	{ "an address alone is a network of one", "192.0.2.7", SP_OK,
	  "192.0.2.7/32" },
	{ "IPv6 too", "2001:db8::1", SP_OK, "2001:db8::1/128" },
	{ "IPv6 network", "2001:db8::/32", SP_OK, "2001:db8::/32" },
	{ "a prefix within a byte", "192.0.2.128/25", SP_OK, "192.0.2.128/25" },
	{ "all of IPv4", "0.0.0.0/0", SP_OK, "0.0.0.0/0" },
	{ "all of IPv6", "::/0", SP_OK, "::/0" },
	{ "a mapped address is kept as IPv4", "::ffff:192.0.2.7", SP_OK,
	  "192.0.2.7/32" },
	{ "a mapped network too", "::ffff:192.0.2.0/120", SP_OK,
	  "192.0.2.0/24" },
	{ "every mapped address is all of IPv4", "::ffff:0:0/96", SP_OK,
	  "0.0.0.0/0" },
	{ "a mapped base and more than that is not one family",
	  "::ffff:0.0.0.0/80", SP_ERR_RANGE, "unknown" },
	{ "bits beyond the prefix are a slip", "192.0.2.7/24", SP_ERR_RANGE,
	  "unknown" },
	{ "even the last bit", "192.0.2.1/31", SP_ERR_RANGE, "unknown" },
	{ "bits beyond a mapped prefix too", "::ffff:192.0.2.7/120",
	  SP_ERR_RANGE, "unknown" },
	{ "33 bits are too many for IPv4", "192.0.2.0/33", SP_ERR_RANGE,
	  "unknown" },
	{ "129 for IPv6", "::/129", SP_ERR_RANGE, "unknown" },
	{ "a prefix of no digits is refused", "192.0.2.0/", SP_ERR_SYNTAX,
	  "unknown" },
	{ "a prefix with a leading zero too", "192.0.2.0/024", SP_ERR_SYNTAX,
	  "unknown" },
	{ "a sign too", "192.0.2.0/+24", SP_ERR_SYNTAX, "unknown" },
	{ "a prefix that would overflow too", "192.0.2.0/4294967320",
	  SP_ERR_SYNTAX, "unknown" },
	{ "a netmask too", "192.0.2.0/255.255.255.0", SP_ERR_SYNTAX,
	  "unknown" },
	{ "two prefixes too", "192.0.2.0/24/24", SP_ERR_SYNTAX, "unknown" },
	{ "a prefix alone too", "/24", SP_ERR_SYNTAX, "unknown" },
	{ "a name too", "example.org/24", SP_ERR_SYNTAX, "unknown" },
	{ "a long text is refused before it is copied",
	  "1111111111111111111111111111111111111111111111111111111111111111111",
	  SP_ERR_SYNTAX, "unknown" },
};

static void networks_are_read_and_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(network_rows); i++) {
		const struct network_row *row = &network_rows[i];
		char text[SP_NETWORK_TEXT_SIZE];
		struct sp_network network;
		enum sp_err err = sp_network_parse(row->text, &network);

		sp_network_format(&network, text);
		if (err != row->err || strcmp(text, row->expected) != 0)
			fail_msg("%s: %s (%d)", row->sentence, text, err);
	}
}

struct around_row {
	const char *sentence;
	const char *ip;
	unsigned prefix;
	const char *expected;
};

static const struct around_row around_rows[] = {
	{ "/24 keeps three bytes", "192.0.2.77", 24, "192.0.2.0/24" },
	{ "/31 keeps all bits but one", "192.0.2.77", 31, "192.0.2.76/31" },
	{ "/0 keeps none", "192.0.2.77", 0, "0.0.0.0/0" },
	{ "/32 keeps all", "192.0.2.77", 32, "192.0.2.77/32" },
	{ "/64 in IPv4 is cut to /32", "192.0.2.77", 64, "192.0.2.77/32" },
	{ "/64 in IPv6", "2001:db8:1:2:3:4:5:6", 64, "2001:db8:1:2::/64" },
	{ "/61 in IPv6", "2001:db8:1:f::", 61, "2001:db8:1:8::/61" },
	{ "/200 in IPv6 is cut to /128", "2001:db8::1", 200,
	  "2001:db8::1/128" },
	{ "no address has no network", "nonsense", 24, "unknown" },
};

static void networks_are_put_around_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(around_rows); i++) {
		const struct around_row *row = &around_rows[i];
		char text[SP_NETWORK_TEXT_SIZE];
		struct sp_network network;
		struct sp_ip ip;

		sp_ip_parse(row->ip, &ip);
		sp_network_around(&ip, row->prefix, &network);
		sp_network_format(&network, text);
		if (strcmp(text, row->expected) != 0)
			fail_msg("%s: %s", row->sentence, text);
	}
}

struct inside_row {
	const char *sentence;
	const char *network;
	const char *ip;
	bool is_inside;
};

static const struct inside_row inside_rows[] = {
	{ "the first address is inside", "192.0.2.0/24", "192.0.2.0", true },
	{ "the last one too", "192.0.2.0/24", "192.0.2.255", true },
	{ "the next one is not", "192.0.2.0/24", "192.0.3.0", false },
	{ "a prefix within a byte counts bits", "192.0.2.128/25", "192.0.2.127",
	  false },
	{ "a mapped address is inside an IPv4 network", "192.0.2.0/24",
	  "::ffff:192.0.2.9", true },
	{ "IPv6 is inside IPv6", "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "all of IPv4 holds no IPv6", "0.0.0.0/0", "::1", false },
	{ "all of IPv6 holds no IPv4", "::/0", "192.0.2.1", false },
	{ "what is no address is nowhere", "0.0.0.0/0", "nonsense", false },
	{ "what is no network holds nothing", "nonsense", "192.0.2.1", false },
	{ "not even what is no address", "nonsense", "nonsense", false },
};

static void networks_hold_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(inside_rows); i++) {
		const struct inside_row *row = &inside_rows[i];
		struct sp_network network;
		struct sp_ip ip;

		sp_ip_parse(row->ip, &ip);
		sp_network_parse(row->network, &network);
		if (sp_network_contains(&network, &ip) != row->is_inside)
			fail_msg("%s", row->sentence);
	}
}

static void addresses_come_from_sockets(void **state)
{
	struct sockaddr_in ipv4 = { .sin_family = AF_INET,
				    .sin_port = htons(4025) };
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6,
				     .sin6_port = htons(26) };
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	char text[SP_IP_TEXT_SIZE];
	struct sp_ip ip;
	uint16_t port;

	(void)state;
	memcpy(&ipv4.sin_addr, "\300\0\2\1", 4);
	sp_ip_from_sockaddr((struct sockaddr *)&ipv4, &ip, &port);
	assert_string_equal(sp_ip_format(&ip, text), "192.0.2.1");
	assert_int_equal(port, 4025);
	memcpy(&ipv6.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\300\0\2\1", 16);
	sp_ip_from_sockaddr((struct sockaddr *)&ipv6, &ip, &port);
	assert_string_equal(sp_ip_format(&ip, text), "192.0.2.1");
	assert_int_equal(port, 26);
	sp_ip_from_sockaddr((struct sockaddr *)&local, &ip, &port);
	assert_int_equal(ip.family, SP_IP_NONE);
	assert_int_equal(port, 0);
	sp_ip_from_sockaddr(NULL, &ip, NULL);
	assert_int_equal(ip.family, SP_IP_NONE);
}

static void addresses_are_reversed(void **state)
{
	static const char *const reversed_rows[][2] = {
		{ "192.0.2.1", "1.2.0.192" },
		{ "0.10.99.255", "255.99.10.0" },
		{ "100.101.9.109", "109.9.101.100" },
		{ "2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0."
					"0.0.0.0.0.8.b.d.0.1.0.0.2" },
	};
	char text[SP_IP_REVERSED_SIZE];
	struct sp_ip ip = { .family = SP_IP_NONE };

	(void)state;
	assert_int_equal(sp_ip_reverse(&ip, text), 0);
	assert_string_equal(text, "");
	for (size_t i = 0; i < COUNT(reversed_rows); i++) {
		assert_int_equal(sp_ip_parse(reversed_rows[i][0], &ip), SP_OK);
		assert_int_equal(sp_ip_reverse(&ip, text),
				 strlen(reversed_rows[i][1]));
		assert_string_equal(text, reversed_rows[i][1]);
	}
}

static void addresses_are_compared_by_their_own_bytes(void **state)
{
	struct sp_ip a = { .family = SP_IP_4, .bytes = { 192, 0, 2, 1, 99 } };
	struct sp_ip b = { .family = SP_IP_4, .bytes = { 192, 0, 2, 1, 7 } };
	struct sp_ip c = { .family = SP_IP_6, .bytes = { 192, 0, 2, 1, 99 } };

	(void)state;
	assert_true(sp_ip_equals(&a, &b));
	assert_false(sp_ip_equals(&a, &c));
	b.bytes[3] = 2;
	assert_false(sp_ip_equals(&a, &b));
}

static void the_loopback_is_known(void **state)
{
	static const struct {
		const char *text;
		bool is_loopback;
	} rows[] = {
		{ "127.0.0.1", true },	{ "127.255.255.255", true },
		{ "::1", true },	{ "::ffff:127.0.0.1", true },
		{ "128.0.0.1", false }, { "126.255.255.255", false },
		{ "0.0.0.0", false },	{ "::", false },
		{ "::2", false },	{ "7f00::1", false },
	};
	const struct sp_ip none = { 0 };

	(void)state;
	assert_false(sp_ip_is_loopback(&none));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_ip ip;

		assert_int_equal(sp_ip_parse(rows[i].text, &ip), SP_OK);
		if (sp_ip_is_loopback(&ip) != rows[i].is_loopback)
			fail_msg("%s", rows[i].text);
	}
}

static void private_addresses_are_known(void **state)
{
	static const struct {
		const char *text;
		bool is_private;
	} rows[] = {
		{ "10.255.255.255", true },
		{ "11.0.0.0", false },
		{ "172.16.0.1", true },
		{ "172.32.0.1", false },
		{ "192.168.7.7", true },
		{ "192.169.0.1", false },
		{ "169.254.1.1", true },
		{ "100.64.0.1", true },
		{ "100.128.0.1", false },
		{ "127.0.0.1", true },
		{ "0.1.2.3", true },
		{ "192.0.2.1", false },
		{ "fe80::1", true },
		{ "fd00::1", true },
		{ "::1", true },
		{ "::", true },
		{ "2001:db8::1", false },
		{ "::2", false },
	};
	const struct sp_ip none = { 0 };

	(void)state;
	assert_false(sp_ip_is_private(&none));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_ip ip;

		assert_int_equal(sp_ip_parse(rows[i].text, &ip), SP_OK);
		if (sp_ip_is_private(&ip) != rows[i].is_private)
			fail_msg("%s", rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_and_written),
		cmocka_unit_test(networks_are_read_and_written),
		cmocka_unit_test(networks_are_put_around_addresses),
		cmocka_unit_test(networks_hold_addresses),
		cmocka_unit_test(addresses_come_from_sockets),
		cmocka_unit_test(addresses_are_reversed),
		cmocka_unit_test(addresses_are_compared_by_their_own_bytes),
		cmocka_unit_test(the_loopback_is_known),
		cmocka_unit_test(private_addresses_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
