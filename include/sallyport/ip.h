/*
 * ip.h - addresses and networks, IPv4 and IPv6 alike.
 *
 * An IPv4-mapped IPv6 address (::ffff:192.0.2.1) is always stored as IPv4.
 *
 * Threads:  reentrant.
 * Standard: RFC 5952 (how IPv6 is written), RFC 4632 (CIDR).
 */
#ifndef SALLYPORT_IP_H
#define SALLYPORT_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sallyport/err.h"

struct sockaddr;

enum sp_ip_family {
	SP_IP_NONE = 0, /* not an IP address: a Unix socket, or not known */
	SP_IP_4 = 4,
	SP_IP_6 = 6
};

struct sp_ip {
	enum sp_ip_family family;
	uint8_t bytes[16]; /* network order; IPv4 uses the first four */
};

struct sp_network {
	struct sp_ip base; /* bits beyond the prefix are zero */
	unsigned prefix;   /* 0..32 or 0..128 */
};

enum {
	SP_IP_TEXT_SIZE = 46,
	SP_IP_REVERSED_SIZE = 64,
	SP_NETWORK_TEXT_SIZE = 50
};

/* Accepts "192.0.2.1", "2001:db8::1", and with the prefix "IPv6:" too.
 * On failure *ip_out has family SP_IP_NONE. */
enum sp_err sp_ip_parse(const char *text, struct sp_ip *ip_out);

/* Family SP_IP_NONE for anything but AF_INET and AF_INET6, and for NULL.
 * *port_out (may be NULL) is 0 then. */
void sp_ip_from_sockaddr(const struct sockaddr *address, struct sp_ip *ip_out,
			 uint16_t *port_out);

/* SP_IP_NONE is written "unknown". Returns `text_out`. */
const char *sp_ip_format(const struct sp_ip *ip,
			 char text_out[SP_IP_TEXT_SIZE]);

/* 127.0.0.0/8 or ::1. */
bool sp_ip_is_loopback(const struct sp_ip *ip);

/* As names in DNS have it (RFC 1035 section 3.5, RFC 3596 section 2.5):
 * "1.2.0.192", or 32 nibbles with dots between; "" for SP_IP_NONE. Returns its
 * length. */
size_t sp_ip_reverse(const struct sp_ip *ip,
		     char text_out[SP_IP_REVERSED_SIZE]);

bool sp_ip_equals(const struct sp_ip *a, const struct sp_ip *b);

/* Loopback, private, shared, link-local and "this network": nobody out there has
 * them (RFC 6890). Networks for documentation are not meant: they do no harm. */
bool sp_ip_is_private(const struct sp_ip *ip);

/*
 * "192.0.2.0/24", or an address alone (/32, /128). SP_ERR_SYNTAX when it is
 * neither; SP_ERR_RANGE when the prefix is too long or bits beyond it are set
 * (192.0.2.7/24: surely a slip; the caller can say what was meant). On failure
 * the base of *network_out has family SP_IP_NONE, which contains nothing.
 * Of an IPv4-mapped network (::ffff:192.0.2.0/120) the IPv4 one is kept.
 */
enum sp_err sp_network_parse(const char *text, struct sp_network *network_out);

/* The network of `prefix` bits around `ip`; too long a prefix is cut to 32
 * or 128. */
void sp_network_around(const struct sp_ip *ip, unsigned prefix,
		       struct sp_network *network_out);

bool sp_network_contains(const struct sp_network *network,
			 const struct sp_ip *ip);

/* "192.0.2.0/24"; returns `text_out`. */
const char *sp_network_format(const struct sp_network *network,
			      char text_out[SP_NETWORK_TEXT_SIZE]);

#endif
