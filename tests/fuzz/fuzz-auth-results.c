/* A field Authentication-Results or Received-SPF: one with our name at its
 * beginning is ours, however it goes on, and one that is ours stays so when
 * blanks and comments are put before it. */
#include "sallyport/auth_results.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(int is_true)
{
	if (!is_true)
		abort();
}

static const struct sp_auth_names names = {
	.names = { "mx.here.example", "here.example",
		   "mx.xn--bcher-kva.example" },
};

/* A copy of its own for each, for its ends to be guarded. */
static char *joined(const char *before, const uint8_t *bytes, size_t size)
{
	size_t length = strlen(before);
	char *copy = malloc(length + size + 1);

	require(copy != NULL);
	memcpy(copy, before, length);
	if (size > 0)
		memcpy(copy + length, bytes, size);
	return realloc(copy, length + size > 0 ? length + size : 1);
}

static bool claims(const char *before, const uint8_t *bytes, size_t size)
{
	char *copy = joined(before, bytes, size);
	bool is_ours =
		sp_auth_results_claims(copy, strlen(before) + size, &names);

	free(copy);
	return is_ours;
}

static bool claims_spf(const char *before, const uint8_t *bytes, size_t size)
{
	char *copy = joined(before, bytes, size);
	bool is_ours =
		sp_received_spf_claims(copy, strlen(before) + size, &names);

	free(copy);
	return is_ours;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	bool is_ours = claims("", bytes, size);

	require(claims("mx.here.example;", bytes, size));
	require(claims(" (a (b) \\)c)\n\t\"MX.here.example\" ", bytes, size));
	require(claims("mx.here.example/", bytes, size));
	require(!claims("other.example;", bytes, size));
	require(!claims("spf=pass", bytes, size));
	if (is_ours && size < SP_AUTH_OBSCURE_MAX)
		require(claims("\n\t", bytes, size));
	require(claims_spf("pass receiver=mx.here.example ", bytes, size));
	require(claims_spf("pass (mx.here.example:", bytes, size));
	if (claims_spf("", bytes, size))
		require(claims_spf("pass (other.example) ", bytes, size));
	return 0;
}
