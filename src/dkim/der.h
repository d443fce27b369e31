/*
 * der.h - the modulus of an RSA key, to know its length before anybody
 * calculates with it.
 *
 * Threads:  reentrant.
 * Standard: X.690 (DER), RFC 8017 appendix A.1.1 (RSAPublicKey), RFC 5280
 *           section 4.1.2.7 (SubjectPublicKeyInfo).
 */
#ifndef SALLYPORT_DKIM_DER_H
#define SALLYPORT_DKIM_DER_H

#include <stdbool.h>
#include <stddef.h>

struct sp_dkim_der {
	const unsigned char *at;
	size_t left;
};

struct sp_dkim_rsa {
	struct sp_dkim_der modulus; /* big-endian, perhaps with zeros first */
	struct sp_dkim_der exponent;
	unsigned bits; /* of the modulus */
	unsigned exponent_bits;
	const unsigned char *bytes; /* the RSAPublicKey, as it was given */
	size_t length;
};

/* `bytes` begin with a SubjectPublicKeyInfo, as everybody publishes it, or with
 * an RSAPublicKey, as RFC 6376 says. False for anything else. */
bool sp_dkim_rsa_read(const unsigned char *bytes, size_t length,
		      struct sp_dkim_rsa *rsa_out);

/* Write the key as a SubjectPublicKeyInfo. False when `size` is too small. */
bool sp_dkim_rsa_write(const struct sp_dkim_rsa *rsa, unsigned char *bytes_out,
		       size_t size, size_t *length_out);

#endif
