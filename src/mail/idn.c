#include "sallyport/idn.h"

#include <idn2.h>
#include <string.h>

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

static enum sp_err error_of(int code)
{
	switch (code) {
	case IDN2_TOO_BIG_DOMAIN:
	case IDN2_TOO_BIG_LABEL:
	case IDN2_PUNYCODE_BIG_OUTPUT:
		return SP_ERR_TOO_LONG;
	default:
		return SP_ERR_SYNTAX;
	}
}

enum sp_err sp_idn_to_ascii(const char *name, char name_out[SP_DOMAIN_SIZE])
{
	uint8_t *ascii = NULL;
	enum sp_err error;
	int code;

	name_out[0] = '\0';
	if (is_ascii(name))
		return sp_domain_normalise(name, name_out);
	if (strlen(name) > SP_IDN_MAX)
		return SP_ERR_TOO_LONG;
	code = idn2_lookup_u8((const uint8_t *)name, &ascii,
			      IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (code != IDN2_OK)
		return error_of(code);
	/* Mapping may bring a space or an @ ("℀" is "a/c"): what comes out is
	 * read like any name of a stranger. */
	error = sp_domain_normalise((const char *)ascii, name_out);
	idn2_free(ascii);
	return error;
}
