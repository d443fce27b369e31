#include "der.h"

#include <string.h>

enum {
	INTEGER = 0x02,
	BIT_STRING = 0x03,
	SEQUENCE = 0x30,
	HEADER_MAX = 5 /* a tag and a length that we read or write */
};

/* rsaEncryption, 1.2.840.113549.1.1.1, with its NULL parameter. */
static const unsigned char algorithm[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a,
					   0x86, 0x48, 0x86, 0xf7, 0x0d,
					   0x01, 0x01, 0x01, 0x05, 0x00 };
enum {
	OID_AT = 2,
	OID_LENGTH = 11
};

static bool take_length(struct sp_dkim_der *der, size_t *length_out)
{
	size_t length, bytes;

	if (der->left < 1)
		return false;
	length = *der->at++;
	der->left--;
	if (length < 0x80) {
		*length_out = length;
		return true;
	}
	bytes = length - 0x80;
	if (bytes < 1 || bytes > 3 || bytes > der->left)
		return false;
	length = 0;
	for (; bytes > 0; bytes--, der->left--)
		length = length << 8 | *der->at++;
	*length_out = length;
	return true;
}

/* What stands in the next element, which is a `tag`; `der` is behind it. */
static bool take(struct sp_dkim_der *der, unsigned char tag,
		 struct sp_dkim_der *inside_out)
{
	struct sp_dkim_der rest = *der;
	size_t length;

	if (rest.left < 1 || *rest.at != tag)
		return false;
	rest.at++;
	rest.left--;
	if (!take_length(&rest, &length) || length > rest.left)
		return false;
	*inside_out = (struct sp_dkim_der){ rest.at, length };
	*der = (struct sp_dkim_der){ rest.at + length, rest.left - length };
	return true;
}

static unsigned bits_of(struct sp_dkim_der number)
{
	unsigned bits = 0;

	while (number.left > 0 && *number.at == 0) {
		number.at++;
		number.left--;
	}
	if (number.left == 0)
		return 0;
	for (unsigned char first = *number.at; first != 0; first >>= 1)
		bits++;
	return bits + 8 * (unsigned)(number.left - 1);
}

static bool read_key(struct sp_dkim_der der, struct sp_dkim_rsa *rsa_out)
{
	struct sp_dkim_der whole = der, inside, modulus, exponent;

	if (!take(&der, SEQUENCE, &inside) ||
	    !take(&inside, INTEGER, &modulus) ||
	    !take(&inside, INTEGER, &exponent))
		return false;
	*rsa_out = (struct sp_dkim_rsa){
		.modulus = modulus,
		.exponent = exponent,
		.bits = bits_of(modulus),
		.exponent_bits = bits_of(exponent),
		.bytes = whole.at,
		.length = whole.left - der.left,
	};
	return rsa_out->bits > 0 && rsa_out->exponent_bits > 0;
}

static bool is_rsa(struct sp_dkim_der identifier)
{
	return identifier.left >= OID_LENGTH &&
	       memcmp(identifier.at, algorithm + OID_AT, OID_LENGTH) == 0;
}

static bool read_info(struct sp_dkim_der der, struct sp_dkim_rsa *rsa_out)
{
	struct sp_dkim_der inside, identifier, key;

	if (!take(&der, SEQUENCE, &inside) ||
	    !take(&inside, SEQUENCE, &identifier) || !is_rsa(identifier) ||
	    !take(&inside, BIT_STRING, &key) || key.left < 1 || key.at[0] != 0)
		return false;
	key.at++; /* no unused bits */
	key.left--;
	return read_key(key, rsa_out);
}

bool sp_dkim_rsa_read(const unsigned char *bytes, size_t length,
		      struct sp_dkim_rsa *rsa_out)
{
	struct sp_dkim_der der = { bytes, length };

	return read_info(der, rsa_out) || read_key(der, rsa_out);
}

/* Tag and length before `length` bytes. */
static size_t write_header(unsigned char tag, size_t length,
			   unsigned char out[HEADER_MAX])
{
	size_t used = 0;

	out[used++] = tag;
	if (length >= 0x80)
		out[used++] = length > 0xff ? 0x82 : 0x81;
	if (length > 0xff)
		out[used++] = (unsigned char)(length >> 8);
	out[used++] = (unsigned char)length;
	return used;
}

bool sp_dkim_rsa_write(const struct sp_dkim_rsa *rsa, unsigned char *bytes_out,
		       size_t size, size_t *length_out)
{
	unsigned char outer[HEADER_MAX], inner[HEADER_MAX + 1];
	size_t inner_length, outer_length, inside;

	if (rsa->length > 0xff00)
		return false;
	inner_length = write_header(BIT_STRING, rsa->length + 1, inner);
	inner[inner_length++] = 0; /* no unused bits */
	inside = sizeof(algorithm) + inner_length + rsa->length;
	outer_length = write_header(SEQUENCE, inside, outer);
	if (outer_length + inside > size)
		return false;
	memcpy(bytes_out, outer, outer_length);
	bytes_out += outer_length;
	memcpy(bytes_out, algorithm, sizeof(algorithm));
	bytes_out += sizeof(algorithm);
	memcpy(bytes_out, inner, inner_length);
	memcpy(bytes_out + inner_length, rsa->bytes, rsa->length);
	*length_out = outer_length + inside;
	return true;
}
