#include "decode.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "der.h"

void sp_dkim_own_decoder(void)
{
}

static OSSL_PARAM *parameters_of(const BIGNUM *modulus, const BIGNUM *exponent)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *parameters = NULL;

	if (build != NULL && modulus != NULL && exponent != NULL &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) ==
		    1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
		parameters = OSSL_PARAM_BLD_to_param(build);
	OSSL_PARAM_BLD_free(build);
	return parameters;
}

static BIGNUM *number_of(struct sp_dkim_der der)
{
	return BN_bin2bn(der.at, (int)der.left, NULL);
}

/* NULL when libcrypto does not want to. */
static EVP_PKEY *key_of(const struct sp_dkim_rsa *rsa)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *modulus = number_of(rsa->modulus);
	BIGNUM *exponent = number_of(rsa->exponent);
	OSSL_PARAM *parameters = parameters_of(modulus, exponent);
	EVP_PKEY *key = NULL;

	if (context != NULL && parameters != NULL &&
	    EVP_PKEY_fromdata_init(context) == 1)
		(void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY,
					parameters);
	OSSL_PARAM_free(parameters);
	BN_free(exponent);
	BN_free(modulus);
	EVP_PKEY_CTX_free(context);
	return key;
}

EVP_PKEY *d2i_PUBKEY_bio(BIO *bio, EVP_PKEY **key_out)
{
	EVP_PKEY *key = NULL;
	struct sp_dkim_rsa rsa;
	char *bytes = NULL;
	long length = 0;

	if (BIO_method_type(bio) == BIO_TYPE_MEM)
		length = BIO_get_mem_data(bio, &bytes);
	if (bytes != NULL && length > 0 &&
	    sp_dkim_rsa_read((const unsigned char *)bytes, (size_t)length,
			     &rsa))
		key = key_of(&rsa);
	if (key == NULL)
		return ASN1_d2i_bio_of(EVP_PKEY, EVP_PKEY_new, d2i_PUBKEY, bio,
				       key_out);
	if (key_out != NULL) {
		EVP_PKEY_free(*key_out);
		*key_out = key;
	}
	return key;
}
